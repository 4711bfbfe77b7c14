"""What the facts mean, and what somebody can do about each; pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from bot.doctor.app_checks import judge_app
from bot.doctor.facts import AtGitHub, Facts
from bot.doctor.findings import Finding, fine, note, problem
from bot.github.errors import GitHubError, Unauthorized
from bot.github.urls import web_url_of
from bot.github.webhook_sender import Reply
from bot.urls import SIGNED_IN

SKEW: Final = 30.0
"""Seconds that clocks may differ by; from sixty on GitHub refuses what we sign."""


def judge(facts: Facts) -> list[Finding]:
    """Judge everything; a topic that nothing is wrong with has one finding that says so."""
    return [
        *_credentials(facts),
        *_clock(facts),
        *judge_app(facts),
        *_delivery(facts),
        *_callers(facts),
        *_public_url(facts),
        *_organizers(facts),
        *_database(facts),
        *_petitions(facts),
    ]


def _credentials(facts: Facts) -> Iterator[Finding]:
    match facts.at_github:
        case Unauthorized() as error:
            yield problem(
                "credentials",
                f"GitHub does not accept the App's id and private key ({error}).",
                "Nothing can be read or written without them.",
                f"Take the id from the App's settings at {web_url_of(facts.patient.api_url)}/settings/apps ,"
                " generate a new private key there, and set both GITHUB_… variables; or begin anew with drop-app.",
            )
        case GitHubError() as error:
            yield problem(
                "credentials",
                f"GitHub did not answer as it should ({error}).",
                "Nothing could be checked there, and the bot cannot work meanwhile.",
                f"See whether {facts.patient.api_url} is right (GITHUB_API_URL) and reachable from here.",
            )
        case AtGitHub(app=app):
            yield fine("credentials", f"GitHub knows the App as {app.name} ({app.html_url}).")


def _clock(facts: Facts) -> Iterator[Finding]:
    if facts.skew is None:
        return
    if abs(facts.skew) < SKEW:
        yield fine("clock", "This computer's clock agrees with GitHub's.")
        return
    direction = "ahead of" if facts.skew > 0 else "behind"
    yield problem(
        "clock",
        f"This computer's clock is {abs(facts.skew):.0f} seconds {direction} GitHub's.",
        "GitHub refuses an App whose clock is off by a minute or more.",
        "Switch on its synchronisation, for example with: timedatectl set-ntp true",
    )


def _delivery(facts: Facts) -> Iterator[Finding]:
    reply = facts.delivered
    if reply is None:
        return
    if reply.is_good:
        yield fine("delivery", "A delivery signed here was taken by the running bot.")
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
    yield problem("delivery", what, why, do)


def _callers(facts: Facts) -> Iterator[Finding]:
    seen = facts.seen
    if seen is None:
        return
    told = "is not set" if seen.proxies is None else f"is {seen.proxies}"
    header = f"X-Forwarded-For has {seen.forwarded}" if seen.forwarded else "X-Forwarded-For is not there"
    what = (
        f"The doctor's delivery came from {seen.peer or 'this machine'}; {header}, TRUSTED_PROXIES {told}."
        f" It was counted for {seen.address or 'this machine'}."
    )
    believed = int(seen.near) if seen.proxies is None else seen.proxies
    has_proxy = (facts.patient.public_url or "").startswith("https:") or bool(seen.proxies)
    if seen.forwarded > believed:
        why = "Who comes by a proxy that is not believed shares its limits with all the others."
        do = f"If all of these proxies are yours, set TRUSTED_PROXIES to {seen.forwarded}."
    elif seen.forwarded < believed and has_proxy:
        why = (
            "Where a proxy does not say who calls, all who come by it share its limits, and can say so themselves."
        )
        do = f"Have the proxy write X-Forwarded-For; or set TRUSTED_PROXIES to {seen.forwarded}."
    else:
        yield fine("callers", what)
        return
    yield note("callers", what, why, do)


def _public_url(facts: Facts) -> Iterator[Finding]:
    reply, url = facts.home, facts.patient.public_url
    if reply is None:
        yield note(
            "public address",
            "PUBLIC_URL is not set.",
            "Without it the block cannot link to the full roster.",
            "Set it to the address under which this bot is reachable, for example https://petitions.example.org .",
        )
    elif reply.is_good:
        yield fine("public address", f"{url} leads to a bot that is ready.")
        yield from _tasks(reply)
    elif reply.status == 503:
        yield problem(
            "public address",
            f"The bot at {url} is not ready ({_said(reply)}).",
            "Its database does not answer or takes nothing.",
            "See its log, and the findings about the database; if nothing helps, start it again.",
        )
    else:
        yield problem(
            "public address",
            f"{url} does not lead to the bot ({reply.status or reply.text}).",
            "The links in petitions lead there, and so do GitHub's deliveries.",
            "Correct PUBLIC_URL, or the proxy or name server that should lead there.",
        )


def _tasks(reply: Reply) -> Iterator[Finding]:
    """Judge what `/readyz` says of the bot's tasks; a `true` or a `running` is fine."""
    try:
        parts = msgspec.json.decode(reply.text, type=_Readiness).parts
    except msgspec.DecodeError:
        return
    states = {name: state for name, state in parts.items() if name != "loops"}
    if failing := sorted(name for name, state in states.items() if state not in (True, "running")):
        yield problem(
            "tasks",
            f"Not everything runs in the bot: {', '.join(failing)}.",
            "It is started again and again; deliveries are recorded, and what waits for it is done later.",
            "See the tracebacks in its log, at `task failed`, and report them.",
        )


class _Readiness(msgspec.Struct):
    """What we read of an answer of `/readyz`."""

    parts: dict[str, bool | str] = {}


def _organizers(facts: Facts) -> Iterator[Finding]:
    if facts.patient.lets_sign_in:
        yield fine("organizers", "They can sign in on their petitions' pages.")
        return
    settings = "the App's settings"
    if isinstance(facts.at_github, AtGitHub):
        settings = f"{facts.at_github.app.html_url} (App settings, General)"
    callback = f"{facts.patient.public_url or 'https://YOUR-HOST'}{SIGNED_IN}"
    yield note(
        "organizers",
        "They cannot sign in on their petitions' pages.",
        "Who looks odd among the signatures they see only with: python -m bot audit OWNER/REPO#N",
        f"Add the callback URL {callback} and generate a client secret at {settings}, and set GITHUB_CLIENT_ID,"
        " GITHUB_CLIENT_SECRET and SECRET_KEY.",
    )


def _database(facts: Facts) -> Iterator[Finding]:
    health = facts.health
    if health.is_damaged:
        yield problem(
            "database",
            f"{health.problem}.",
            "Until then deliveries are refused; GitHub keeps them for three days.",
            "Then stop the bot, move the damaged file away, and put the new one in its place with:"
            " python -m bot restore NEW-FILE",
        )
    elif health.problem:
        yield problem(
            "database",
            f"The database cannot be used: {health.problem}.",
            "What cannot be stored is not acknowledged, and GitHub does not send it again by itself.",
            "See that DATABASE_URL is right, that the server runs, and that there is room and permission to write.",
        )
    elif health.is_newer:
        yield problem(
            "database",
            f"The database is at version {health.version}, which is newer than this program.",
            "This program would not understand what it finds there.",
            "Update the program.",
        )
    elif health.version is None:
        yield note("database", "The database is still empty.", "", "The bot makes its tables when it starts.")
    elif health.is_older:
        yield note(
            "database",
            f"The database is at version {health.version}, which is older than this program.",
            "",
            "The bot brings it up to date when it starts; python -m bot migrate does so now.",
        )
    else:
        yield fine("database", "It can be read and written, and is up to date.")


def _petitions(facts: Facts) -> Iterator[Finding]:
    if facts.health.version is None or facts.health.is_older or facts.health.is_newer:
        return
    amiss = [one for one in facts.health.conditions if not one.state.is_wanted]
    for one in amiss:
        detail = f" ({one.detail})" if one.detail else ""
        yield problem("petitions", f"{one.name} is not kept: {one.state}{detail}.", "", one.state.advice)
    if not amiss:
        yield fine("petitions", "All are kept.")


def _said(reply: Reply) -> str:
    return " ".join(reply.text.split())[:200] or str(reply.status)
