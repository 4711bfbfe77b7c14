"""What GitHub's answers about the App mean: what it asks for, where it is installed, how it is told; pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.doctor.facts import AtGitHub, Facts, Place
from bot.doctor.findings import Finding, fine, note, problem
from bot.github.errors import GitHubError
from bot.github.models.rest import AppInfo, Installation
from bot.github.permissions import HANDY, NEEDS, REASONS, lacking
from bot.reconcile.redelivery import Fates


def judge_app(facts: Facts) -> Iterator[Finding]:
    """Judge everything that GitHub tells of the App, if it tells anything."""
    known = facts.at_github
    if isinstance(known, GitHubError):
        return
    yield from _permissions(known)
    yield from _installations(facts, known)
    yield from _webhook(facts, known)
    yield from _deliveries(known)


def _permissions(known: AtGitHub) -> Iterator[Finding]:
    app = known.app
    settings = f"{app.html_url} under App settings, Permissions & events"
    missing = _missing(app)
    if missing:
        reasons = [f"{name} is there {REASONS[name]}" for name in NEEDS.permissions if _is_about(missing, name)]
        why = "; ".join(reasons) or "What GitHub does not tell at once is only found when the bot looks by itself"
        yield problem(
            "permissions",
            f"The App does not ask for: {', '.join(missing)}.",
            f"{why[0].upper()}{why[1:]}.",
            f"Add it at {settings}; then the owner of each account with the App has to accept it.",
        )
    if surplus := sorted(set(app.permissions) - set(NEEDS.permissions)):
        yield note(
            "permissions",
            f"The App asks for more than the bot uses: {', '.join(surplus)}.",
            "What the App may not do, nobody can do with a key that was stolen from it.",
            f"Take it back at {settings}.",
        )
    if list(lacking(app.permissions, app.events, HANDY)):
        yield note(
            "permissions",
            "The App is not told of pushes.",
            "So a changed settings file is only read when the bot looks by itself, every few minutes.",
            f"Tick Push under Subscribe to events at {settings}, if that is too late; nothing else depends on it.",
        )
    if not missing and not surplus:
        yield fine("permissions", "The App asks for the permissions and events that it needs, and for no others.")


def _missing(asked: AppInfo | Installation) -> list[str]:
    """Name what is needed and was not asked for, or not granted, except what only saves waiting."""
    handy = set(lacking({}, (), HANDY))
    return [one for one in lacking(asked.permissions, asked.events) if one not in handy]


def _is_about(missing: list[str], permission: str) -> bool:
    return any(one.startswith(f"permission {permission}:") for one in missing)


def _installations(facts: Facts, known: AtGitHub) -> Iterator[Finding]:
    if not known.places:
        yield problem(
            "installations",
            "The App is not installed anywhere.",
            "Petitions are kept only in repositories that have the App.",
            f"Install it at {known.app.html_url}/installations/new .",
        )
    for place in known.places:
        yield from _installation(place)
        yield from _label(place, facts.patient.label)


def _installation(place: Place) -> Iterator[Finding]:
    one = place.installation
    missing = _missing(one)
    if one.suspended:
        yield problem(
            "installations",
            f"The installation on {one.account} is suspended.",
            "Until that is lifted, its petitions stay as they are.",
            f"Its owner can lift it at {one.html_url} .",
        )
    elif missing:
        yield problem(
            "installations",
            f"{one.account} has not granted: {', '.join(missing)}.",
            "What was added to the App later counts only once the account's owner has accepted it.",
            f"The owner accepts it at {one.html_url} .",
        )
    else:
        yield fine("installations", f"{one.account} has granted all that is needed.")


def _label(place: Place, label: str) -> Iterator[Finding]:
    account = place.installation.account
    if place.looked_at is None:
        return
    if not place.looked_at:
        yield note("label", f"The App sees no repository of {account} that is not archived.", "", "")
    elif place.labelled:
        yield fine("label", f"The label `{label}` is there on {account}.")
    elif place.is_all:
        yield problem(
            "label",
            f"No repository of {account} that has the App has the label `{label}`.",
            "It is what makes an issue a petition.",
            f"Make it: python -m bot init-repo {account}/REPOSITORY",
        )
    else:
        yield note(
            "label",
            f"Of the many repositories of {account}, the first {place.looked_at} have no label `{label}`.",
            "It is what makes an issue a petition.",
            f"Where it is missing, make it: python -m bot init-repo {account}/REPOSITORY",
        )


def _webhook(facts: Facts, known: AtGitHub) -> Iterator[Finding]:
    found = list(_webhook_problems(facts, known))
    yield from found or [fine("webhook", f"GitHub delivers to {known.hook.url}, signed.")]


def _webhook_problems(facts: Facts, known: AtGitHub) -> Iterator[Finding]:
    hook, settings = known.hook, f"{known.app.html_url} under App settings, General, Webhook"
    expected = None if facts.patient.public_url is None else f"{facts.patient.public_url}/webhook"
    if not hook.url:
        yield problem(
            "webhook",
            "GitHub has no address to deliver to.",
            "Without deliveries the bot learns of a comment only when it looks by itself, minutes later.",
            f"Set {expected or 'https://YOUR-HOST/webhook'} at {settings}.",
        )
    elif expected is not None and hook.url != expected:
        yield problem(
            "webhook",
            f"GitHub delivers to {hook.url}, not to {expected}.",
            "Whoever is there hears of the comments in the place of this bot.",
            f"Correct it at {settings}, or correct PUBLIC_URL.",
        )
    if not hook.has_secret:
        yield problem(
            "webhook",
            "GitHub has no secret to sign deliveries with.",
            "The bot refuses what is not signed, for anybody could have sent it.",
            f"Set the value of GITHUB_WEBHOOK_SECRET at {settings}.",
        )
    if hook.insecure_ssl:
        yield problem(
            "webhook",
            "GitHub does not check the certificate of the address it delivers to.",
            "Deliveries about private repositories could be read on the way.",
            f"Switch SSL verification on at {settings}.",
        )


def _deliveries(known: AtGitHub) -> Iterator[Finding]:
    if known.deliveries and known.deliveries[0].status_code == 401:
        yield problem(
            "secret",
            "The newest delivery was answered with 401: GitHub signs with another secret than the bot has.",
            "Nothing that GitHub tells is taken.",
            f"Set the same secret at {known.app.html_url} (App settings, General) and in GITHUB_WEBHOOK_SECRET.",
        )
    fates = Fates()
    fates.take(known.deliveries)
    failed = fates.failed()
    if not failed:
        yield fine("deliveries", "All deliveries of the last three days have arrived.")
        return
    newest = max(failed, key=lambda one: one.delivery_id)
    status = next(one.status for one in known.deliveries if one.id == newest.delivery_id)
    yield problem(
        "deliveries",
        f"Of the last three days' deliveries, {len(failed):,} did not arrive; the newest: {status}.",
        "What they told is found when the bot looks by itself, and only later.",
        "A running bot asks GitHub for them again every RESYNC_SECONDS;"
        f" {known.app.html_url} (App settings, Advanced) shows each of them.",
    )
