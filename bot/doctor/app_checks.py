"""Check the App as GitHub has it: its permissions, installations, webhook and deliveries."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.fact_collection import AppFacts, Facts, InstallationFacts
from bot.doctor.findings import Finding, advice, fine, problem
from bot.github.app_client import AppInfo, Installation
from bot.github.errors import GitHubError
from bot.github.manifest import NEEDS, OPTIONAL_EVENT, REASONS, lacking


def check_app(facts: Facts) -> Iterator[Finding]:
    """Check the App, if GitHub could be asked."""
    known = facts.app_facts
    if isinstance(known, GitHubError):
        return
    yield from _permissions(known)
    yield from _installations(facts, known)
    yield from _webhook(facts, known)
    yield from _deliveries(facts, known)


def _permissions(known: AppFacts) -> Iterator[Finding]:
    app = known.app
    settings = f"{app.html_url} under App settings, Permissions & events"
    missing = _missing(app)
    if missing:
        reasons = [f"{name} is needed {REASONS[name]}" for name in NEEDS.permissions if _is_about(missing, name)]
        why = "; ".join(reasons) or "Without these events, the bot finds changes only at the next resync"
        yield problem(
            "permissions",
            f"The App does not ask for: {', '.join(missing)}.",
            f"{why[0].upper()}{why[1:]}.",
            f"Add it at {settings}. Then the owner of each account with the App must accept it.",
        )
    if surplus := sorted(set(app.permissions) - set(NEEDS.permissions)):
        yield advice(
            "permissions",
            f"The App asks for more than the bot uses: {', '.join(surplus)}.",
            "Somebody with a stolen key could use all permissions of the App.",
            f"Remove it at {settings}.",
        )
    if OPTIONAL_EVENT not in app.events:
        yield advice(
            "permissions",
            "The App does not receive push events.",
            "A changed settings file is therefore read only at the next resync, minutes later.",
            f"To read it at once, select Push under Subscribe to events at {settings}.",
        )
    if not missing and not surplus:
        yield fine("permissions", "The App asks for the permissions and events that it needs, and no others.")


def _missing(asked: AppInfo | Installation) -> list[str]:
    """List what is needed and was not requested or not granted, except what only saves time."""
    return [one for one in lacking(asked.permissions, asked.events) if one != f"event {OPTIONAL_EVENT}"]


def _is_about(missing: list[str], permission: str) -> bool:
    return any(one.startswith(f"permission {permission}:") for one in missing)


def _installations(facts: Facts, known: AppFacts) -> Iterator[Finding]:
    if not known.installations:
        yield problem(
            "installations",
            "The App is not installed anywhere.",
            "Petitions only work in repositories that have the App.",
            f"Install it at {known.app.html_url}/installations/new .",
        )
    for one in known.installations:
        yield from _check_installation(one)
        yield from _check_label(one, facts.config.petition_label)


def _check_installation(facts: InstallationFacts) -> Iterator[Finding]:
    one = facts.installation
    missing = _missing(one)
    if one.suspended:
        yield problem(
            "installations",
            f"The installation on {one.account} is suspended.",
            "Until it is unsuspended, its petitions are not updated.",
            f"Its owner can unsuspend it at {one.html_url} .",
        )
    elif missing:
        yield problem(
            "installations",
            f"{one.account} has not granted: {', '.join(missing)}.",
            "New permissions of the App take effect only when the account's owner accepts them.",
            f"The owner can accept them at {one.html_url} .",
        )
    else:
        yield fine("installations", f"{one.account} has granted all that is needed.")


def _check_label(one: InstallationFacts, label: str) -> Iterator[Finding]:
    account = one.installation.account
    if one.searched is None:
        return
    if not one.searched:
        yield advice(
            "label",
            f"The App has access to no repository of {account}, except archived ones.",
            "Petitions only work in repositories that have the App.",
            "Add a repository to the installation in the account's settings, under Applications.",
        )
    elif one.labelled:
        yield fine("label", f"{account} has the label `{label}`.")
    elif one.is_complete:
        yield problem(
            "label",
            f"The App finds the label `{label}` in no repository of {account}.",
            "An issue becomes a petition by this label.",
            f"Create it with: python -m bot init-repo {account}/REPOSITORY",
        )
    else:
        yield advice(
            "label",
            f"The first {one.searched} repositories of {account} do not have the label"
            f" `{label}`; the others were not checked.",
            "An issue becomes a petition by this label.",
            f"If it is missing, create it with: python -m bot init-repo {account}/REPOSITORY",
        )


def _webhook(facts: Facts, known: AppFacts) -> Iterator[Finding]:
    found = list(_webhook_problems(facts, known))
    yield from found or [fine("webhook", f"GitHub sends signed deliveries to {known.hook.url} .")]


def _webhook_problems(facts: Facts, known: AppFacts) -> Iterator[Finding]:
    hook, settings = known.hook, f"{known.app.html_url} under App settings, General, Webhook"
    expected = None if facts.config.public_url is None else f"{facts.config.public_url}/webhook"
    if not hook.url:
        yield problem(
            "webhook",
            "GitHub has no address to deliver to.",
            "Without deliveries, the bot finds a comment only at the next resync, minutes later.",
            f"Set {expected or 'https://YOUR-HOST/webhook'} at {settings}.",
        )
    elif expected is not None and hook.url not in (expected, facts.config.hook_url):
        yield problem(
            "webhook",
            f"GitHub delivers to {hook.url}, not to {expected}.",
            "The server there receives the comments instead of this bot.",
            f"Correct the address at {settings}, or correct PUBLIC_URL.",
        )
    if not hook.secret:
        yield problem(
            "webhook",
            "GitHub does not sign deliveries, because the webhook has no secret.",
            "The bot refuses unsigned deliveries, because anybody could send them.",
            _new_secret(settings)
            if facts.config.is_stored
            else f"Set the value of GITHUB_WEBHOOK_SECRET at {settings}.",
        )
    if hook.is_insecure:
        yield problem(
            "webhook",
            "GitHub does not check the certificate of the address it delivers to.",
            "Deliveries about private repositories could be read in transit.",
            f"Enable SSL verification at {settings}.",
        )


def _new_secret(settings: str) -> str:
    """Return how a stored App gets another secret: a variable beside it would be half of another App."""
    return (
        f"Create a new secret and set it at {settings}. Store it with:"
        " GITHUB_WEBHOOK_SECRET=NEW-SECRET python -m bot"
        " import-app --replace . Then restart the bot without that variable."
    )


def _deliveries(facts: Facts, known: AppFacts) -> Iterator[Finding]:
    newest, settings = known.deliveries.newest, f"{known.app.html_url} (App settings, General)"
    if newest is not None and newest.status_code == 401:
        yield problem(
            "secret",
            "The bot refused the newest delivery (401), because GitHub signs with another secret.",
            "The bot refuses all deliveries.",
            _new_secret(settings)
            if facts.config.is_stored
            else f"Set the same secret at {settings} and in GITHUB_WEBHOOK_SECRET.",
        )
    failed = known.deliveries.failed()
    if not failed:
        yield fine("deliveries", "All deliveries of the last three days have arrived.")
        return
    why = "The bot finds what they reported only at the next resync."
    do = (
        "A running bot asks GitHub to redeliver them every RESYNC_SECONDS."
        f" {known.app.html_url} (App settings, Advanced) lists them."
    )
    number = "1 delivery" if len(failed) == 1 else f"{len(failed):,} deliveries"
    missed = f"{number} of the last three days did not arrive"
    if newest is not None and newest.status == "OK":
        yield advice("deliveries", f"{missed}, but the newest one did.", why, do)
    else:
        status = max(failed, key=lambda one: one.id).status
        yield problem("deliveries", f"{missed}. GitHub says of the newest of them: {status}.", why, do)
