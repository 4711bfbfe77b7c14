"""What the facts mean, and what somebody can do about each; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from bot.doctor.facts import AtGitHub, Facts, Place
from bot.github.answers import AppInfo, Installation
from bot.github.errors import GitHubError, Unauthorized
from bot.github.needs import HANDY, NEEDS, REASONS, lacking
from bot.github.sending import Reply
from bot.github.site import site_of
from bot.petition.addresses import SIGNED_IN
from bot.reconcile.sweep import Fates

SKEW: Final = 30.0
"""Seconds that clocks may differ by; from sixty on GitHub refuses what we sign."""


class Level(StrEnum):
    """How bad it is: only a problem keeps petitions from being kept."""

    FINE = "fine"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor found: what it is, why it matters, and what to do."""

    topic: str
    level: Level
    what: str
    why: str = ""
    do: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        sign = {Level.FINE: "✓", Level.NOTE: "·", Level.PROBLEM: "✗"}[self.level]
        return " ".join(part for part in (f"{sign} {self.topic}: {self.what}", self.why, self.do) if part)

    def fields(self) -> dict[str, str]:
        """Give it for machines."""
        return asdict(self)


def judge(facts: Facts) -> list[Finding]:
    """Judge everything; a topic that nothing is wrong with has one finding that says so."""
    return [
        *_credentials(facts),
        *_clock(facts),
        *_about_the_app(facts),
        *_delivery(facts),
        *_public_url(facts),
        *_organizers(facts),
        *_database(facts),
        *_petitions(facts),
    ]


def are_fine(findings: list[Finding]) -> bool:
    """Tell whether there is no problem."""
    return all(one.level is not Level.PROBLEM for one in findings)


def _fine(topic: str, what: str) -> Finding:
    return Finding(topic, Level.FINE, what)


def _problem(topic: str, what: str, why: str, do: str) -> Finding:
    return Finding(topic, Level.PROBLEM, what, why, do)


def _note(topic: str, what: str, why: str, do: str) -> Finding:
    return Finding(topic, Level.NOTE, what, why, do)


def _credentials(facts: Facts) -> Iterator[Finding]:
    match facts.at_github:
        case Unauthorized() as error:
            yield _problem(
                "credentials",
                f"GitHub does not accept the App's id and private key ({error}).",
                "Nothing can be read or written without them.",
                f"Take the id from the App's settings at {site_of(facts.patient.api_url)}/settings/apps , generate"
                " a new private key there, and set both GITHUB_… variables; or begin anew with drop-app.",
            )
        case GitHubError() as error:
            yield _problem(
                "credentials",
                f"GitHub did not answer as it should ({error}).",
                "Nothing could be checked there, and the bot cannot work meanwhile.",
                f"See whether {facts.patient.api_url} is right (GITHUB_API_URL) and reachable from here.",
            )
        case AtGitHub(app=app):
            yield _fine("credentials", f"GitHub knows the App as {app.name} ({app.html_url}).")


def _clock(facts: Facts) -> Iterator[Finding]:
    if facts.skew is None:
        return
    if abs(facts.skew) < SKEW:
        yield _fine("clock", "This computer's clock agrees with GitHub's.")
        return
    direction = "ahead of" if facts.skew > 0 else "behind"
    yield _problem(
        "clock",
        f"This computer's clock is {abs(facts.skew):.0f} seconds {direction} GitHub's.",
        "GitHub refuses an App whose clock is off by a minute or more.",
        "Switch on its synchronisation, for example with: timedatectl set-ntp true",
    )


def _about_the_app(facts: Facts) -> Iterator[Finding]:
    if isinstance(facts.at_github, GitHubError):
        return
    yield from _permissions(facts.at_github)
    yield from _installations(facts, facts.at_github)
    yield from _webhook(facts, facts.at_github)
    yield from _deliveries(facts.at_github)


def _permissions(known: AtGitHub) -> Iterator[Finding]:
    app = known.app
    settings = f"{app.html_url} under App settings, Permissions & events"
    missing = _missing(app)
    if missing:
        reasons = [f"{name} is there {REASONS[name]}" for name in NEEDS.permissions if _is_about(missing, name)]
        why = "; ".join(reasons) or "What GitHub does not tell at once is only found when the bot looks by itself"
        yield _problem(
            "permissions",
            f"The App does not ask for: {', '.join(missing)}.",
            f"{why[0].upper()}{why[1:]}.",
            f"Add it at {settings}; then the owner of each account with the App has to accept it.",
        )
    if surplus := sorted(set(app.permissions) - set(NEEDS.permissions)):
        yield _note(
            "permissions",
            f"The App asks for more than the bot uses: {', '.join(surplus)}.",
            "What the App may not do, nobody can do with a key that was stolen from it.",
            f"Take it back at {settings}.",
        )
    if list(lacking(app.permissions, app.events, HANDY)):
        yield _note(
            "permissions",
            "The App is not told of pushes.",
            "So a changed settings file is only read when the bot looks by itself, every few minutes.",
            f"Tick Push under Subscribe to events at {settings}, if that is too late; nothing else depends on it.",
        )
    if not missing and not surplus:
        yield _fine("permissions", "The App asks for the permissions and events that it needs, and for no others.")


def _missing(asked: AppInfo | Installation) -> list[str]:
    """Name what is needed and was not asked for, or not granted, except what only saves waiting."""
    handy = set(lacking({}, (), HANDY))
    return [one for one in lacking(asked.permissions, asked.events) if one not in handy]


def _is_about(missing: list[str], permission: str) -> bool:
    return any(one.startswith(f"permission {permission}:") for one in missing)


def _installations(facts: Facts, known: AtGitHub) -> Iterator[Finding]:
    if not known.places:
        yield _problem(
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
        yield _problem(
            "installations",
            f"The installation on {one.account} is suspended.",
            "Until that is lifted, its petitions stay as they are.",
            f"Its owner can lift it at {one.html_url} .",
        )
    elif missing:
        yield _problem(
            "installations",
            f"{one.account} has not granted: {', '.join(missing)}.",
            "What was added to the App later counts only once the account's owner has accepted it.",
            f"The owner accepts it at {one.html_url} .",
        )
    else:
        yield _fine("installations", f"{one.account} has granted all that is needed.")


def _label(place: Place, label: str) -> Iterator[Finding]:
    account = place.installation.account
    if place.looked_at is None:
        return
    if not place.looked_at:
        yield _note("label", f"The App sees no repository of {account} that is not archived.", "", "")
    elif place.labelled:
        yield _fine("label", f"The label `{label}` is there on {account}.")
    elif place.is_all:
        yield _problem(
            "label",
            f"No repository of {account} that has the App has the label `{label}`.",
            "It is what makes an issue a petition.",
            f"Make it: python -m bot init-repo {account}/REPOSITORY",
        )
    else:
        yield _note(
            "label",
            f"Of the many repositories of {account}, the first {place.looked_at} have no label `{label}`.",
            "It is what makes an issue a petition.",
            f"Where it is missing, make it: python -m bot init-repo {account}/REPOSITORY",
        )


def _webhook(facts: Facts, known: AtGitHub) -> Iterator[Finding]:
    found = list(_webhook_problems(facts, known))
    yield from found or [_fine("webhook", f"GitHub delivers to {known.hook.url}, signed.")]


def _webhook_problems(facts: Facts, known: AtGitHub) -> Iterator[Finding]:
    hook, settings = known.hook, f"{known.app.html_url} under App settings, General, Webhook"
    expected = None if facts.patient.public_url is None else f"{facts.patient.public_url}/webhook"
    if not hook.url:
        yield _problem(
            "webhook",
            "GitHub has no address to deliver to.",
            "Without deliveries the bot learns of a comment only when it looks by itself, minutes later.",
            f"Set {expected or 'https://YOUR-HOST/webhook'} at {settings}.",
        )
    elif expected is not None and hook.url != expected:
        yield _problem(
            "webhook",
            f"GitHub delivers to {hook.url}, not to {expected}.",
            "Whoever is there hears of the comments in the place of this bot.",
            f"Correct it at {settings}, or correct PUBLIC_URL.",
        )
    if not hook.has_secret:
        yield _problem(
            "webhook",
            "GitHub has no secret to sign deliveries with.",
            "The bot refuses what is not signed, for anybody could have sent it.",
            f"Set the value of GITHUB_WEBHOOK_SECRET at {settings}.",
        )
    if hook.insecure_ssl:
        yield _problem(
            "webhook",
            "GitHub does not check the certificate of the address it delivers to.",
            "Deliveries about private repositories could be read on the way.",
            f"Switch SSL verification on at {settings}.",
        )


def _deliveries(known: AtGitHub) -> Iterator[Finding]:
    if known.deliveries and known.deliveries[0].status_code == 401:
        yield _problem(
            "secret",
            "The newest delivery was answered with 401: GitHub signs with another secret than the bot has.",
            "Nothing that GitHub tells is taken.",
            f"Set the same secret at {known.app.html_url} (App settings, General) and in GITHUB_WEBHOOK_SECRET.",
        )
    fates = Fates()
    fates.take(known.deliveries)
    failed = fates.failed()
    if not failed:
        yield _fine("deliveries", "All deliveries of the last three days have arrived.")
        return
    newest = max(failed, key=lambda one: one.delivery_id)
    status = next(one.status for one in known.deliveries if one.id == newest.delivery_id)
    yield _problem(
        "deliveries",
        f"Of the last three days' deliveries, {len(failed):,} did not arrive; the newest: {status}.",
        "What they told is found when the bot looks by itself, and only later.",
        "A running bot asks GitHub for them again every RESYNC_SECONDS;"
        f" {known.app.html_url} (App settings, Advanced) shows each of them.",
    )


def _delivery(facts: Facts) -> Iterator[Finding]:
    reply = facts.delivered
    if reply is None:
        return
    if reply.is_good:
        yield _fine("delivery", "A delivery signed here was taken by the running bot.")
        return
    why = "GitHub's deliveries will fare no better."
    match reply.status:
        case None:
            what = f"Nothing answers where deliveries go ({reply.text})."
            do = "Start the bot with: python -m bot serve; and see that the address leads to it from outside."
        case 401:
            what = "The running bot refuses a delivery signed with the secret of this configuration."
            do = "Give both the same GITHUB_WEBHOOK_SECRET, and start the bot again."
        case 503:
            what = f"The running bot cannot take deliveries ({_said(reply)})."
            do = "See its log, and the findings about the database."
        case _:
            what = f"Where deliveries go, something else than this bot answers ({reply.status})."
            do = "The address has to end in /webhook and to lead to this bot."
    yield _problem("delivery", what, why, do)


def _public_url(facts: Facts) -> Iterator[Finding]:
    reply, url = facts.home, facts.patient.public_url
    if reply is None:
        yield _note(
            "public address",
            "PUBLIC_URL is not set.",
            "Without it the block cannot link to the full roster.",
            "Set it to the address under which this bot is reachable, for example https://petitions.example.org .",
        )
    elif reply.is_good:
        yield _fine("public address", f"{url} leads to a bot that is ready.")
    elif reply.status == 503:
        yield _problem(
            "public address",
            f"The bot at {url} is not ready ({_said(reply)}).",
            "Its database does not answer or takes nothing, or its loops have stopped.",
            "See its log; if nothing helps, start it again.",
        )
    else:
        yield _problem(
            "public address",
            f"{url} does not lead to the bot ({reply.status or reply.text}).",
            "The links in petitions lead there, and so do GitHub's deliveries.",
            "Correct PUBLIC_URL, or the proxy or name server that should lead there.",
        )


def _organizers(facts: Facts) -> Iterator[Finding]:
    if facts.patient.lets_sign_in:
        yield _fine("organizers", "They can sign in on their petitions' pages.")
        return
    settings = "the App's settings"
    if isinstance(facts.at_github, AtGitHub):
        settings = f"{facts.at_github.app.html_url} (App settings, General)"
    callback = f"{facts.patient.public_url or 'https://YOUR-HOST'}{SIGNED_IN}"
    yield _note(
        "organizers",
        "They cannot sign in on their petitions' pages.",
        "Who looks odd among the signatures they see only with: python -m bot audit OWNER/REPO#N",
        f"Add the callback URL {callback} and generate a client secret at {settings}, and set GITHUB_CLIENT_ID,"
        " GITHUB_CLIENT_SECRET and SECRET_KEY.",
    )


def _database(facts: Facts) -> Iterator[Finding]:
    health = facts.health
    if health.trouble:
        yield _problem(
            "database",
            f"The database cannot be used: {health.trouble}.",
            "What cannot be stored is not acknowledged, and GitHub does not send it again by itself.",
            "See that DATABASE_URL is right, that the server runs, and that there is room and permission to write.",
        )
    elif health.is_newer:
        yield _problem(
            "database",
            f"The database is at version {health.version}, which is newer than this program.",
            "This program would not understand what it finds there.",
            "Update the program.",
        )
    elif health.version is None:
        yield _note("database", "The database is still empty.", "", "The bot makes its tables when it starts.")
    elif health.is_older:
        yield _note(
            "database",
            f"The database is at version {health.version}, which is older than this program.",
            "",
            "The bot brings it up to date when it starts; python -m bot migrate does so now.",
        )
    else:
        yield _fine("database", "It can be read and written, and is up to date.")


def _petitions(facts: Facts) -> Iterator[Finding]:
    if facts.health.version is None or facts.health.is_older or facts.health.is_newer:
        return
    amiss = [one for one in facts.health.conditions if not one.state.is_wanted]
    for one in amiss:
        detail = f" ({one.detail})" if one.detail else ""
        yield _problem("petitions", f"{one.name} is not kept: {one.state}{detail}.", "", one.state.advice)
    if not amiss:
        yield _fine("petitions", "All are kept.")


def _said(reply: Reply) -> str:
    return " ".join(reply.text.split())[:200] or str(reply.status)
