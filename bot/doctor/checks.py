"""Check the facts; a finding says what is wrong, why it matters, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from bot.config import Config
from bot.doctor.app_checks import check_app
from bot.doctor.fact_collection import AppFacts, Facts, collect
from bot.doctor.findings import Finding, advice, fine, problem
from bot.github.api_urls import web_url_of
from bot.github.errors import GitHubError, Unauthorized
from bot.github.http_exchange import Reply
from bot.links import SIGNED_IN
from bot.store import State
from bot.store_and_github_from_config import SYSTEM_CLOCK
from bot.time_types import Clock, Seconds

MAX_SKEW: Final[Seconds] = 30.0
"""How much clocks may differ; from sixty seconds on, GitHub refuses our tokens."""

RIGHT_CLIENT: Final = "bad_verification_code"
"""What GitHub says of a made-up code where it has nothing against the client's id and secret."""


async def examine(config: Config, clock: Clock = SYSTEM_CLOCK, *, has_trials: bool = True) -> list[Finding]:
    """Check the installation that a configuration describes; raises nothing that a finding can say.

    With trials, GitHub is asked to repeat a delivery that has just failed, and about the client secret.
    """
    return check(await collect(config, clock, has_trials=has_trials))


def check(facts: Facts) -> list[Finding]:
    """Check everything; a topic without problems has one finding that says so."""
    return [
        *_credentials(facts),
        *_clock(facts),
        *check_app(facts),
        *_delivery(facts),
        *_callers(facts),
        *_public_url(facts),
        *_organizers(facts),
        *_database(facts),
        *_petitions(facts),
    ]


def _credentials(facts: Facts) -> Iterator[Finding]:
    match facts.app_facts:
        case Unauthorized() as error:
            yield problem(
                "credentials",
                f"GitHub does not accept the App's id and private key ({error}).",
                "The bot can read and write nothing without them.",
                "Copy the id from the App's settings at"
                f" {web_url_of(facts.config.api_url)}/settings/apps and generate a"
                f" new private key there. Then {_set_both(facts)}",
            )
        case GitHubError() as error:
            yield problem(
                "credentials",
                f"GitHub did not respond as expected ({error}).",
                "The doctor could check nothing there, and the bot cannot work until it does.",
                f"Check that GITHUB_API_URL ({facts.config.api_url}) is right and reachable from this computer.",
            )
        case AppFacts(app=app):
            yield fine("credentials", f"GitHub knows the App as {app.name} ({app.html_url}).")


def _set_both(facts: Facts) -> str:
    if facts.config.is_stored:
        return "store both: GITHUB_APP_ID=… GITHUB_PRIVATE_KEY_PATH=… python -m bot import-app --replace"
    return "set both GITHUB_… variables; or start again with drop-app."


def _clock(facts: Facts) -> Iterator[Finding]:
    if facts.skew is None:
        return
    if abs(facts.skew) < MAX_SKEW:
        yield fine("clock", "This computer's clock agrees with GitHub's.")
        return
    direction = "ahead of" if facts.skew > 0 else "behind"
    yield problem(
        "clock",
        f"This computer's clock is {abs(facts.skew):.0f} seconds {direction} GitHub's.",
        "GitHub refuses requests when the clock is off by a minute or more.",
        "Turn on time synchronisation, for example with: timedatectl set-ntp true",
    )


def _delivery(facts: Facts) -> Iterator[Finding]:
    reply = facts.delivered
    if reply is None:
        return
    if reply.is_good:
        yield fine("delivery", "The running bot accepted a signed test delivery.")
        return
    why = "GitHub's deliveries fail in the same way."
    match reply.status:
        case None:
            what = f"No server responds at the address for deliveries ({reply.text})."
            do = "Start the bot with: python -m bot serve . Check that the address leads to it from the internet."
        case 401:
            what = "The running bot refuses a delivery that is signed with the secret of this configuration."
            do = "Set the same GITHUB_WEBHOOK_SECRET for the bot and for this command, and restart the bot."
            if facts.config.is_stored:
                do = "Restart the bot without GITHUB_WEBHOOK_SECRET, so that it uses the stored secret."
        case 503:
            what = f"The running bot cannot accept deliveries ({_excerpt(reply)})."
            do = "Read its log, and the findings about the database."
        case _:
            what = f"Another server than this bot responds at the address for deliveries ({reply.status})."
            do = "The address must end in /webhook and lead to this bot."
    yield problem("delivery", what, why, do)


def _callers(facts: Facts) -> Iterator[Finding]:
    seen = facts.client
    if seen is None:
        return
    told = "is not set" if seen.proxies is None else f"is {seen.proxies}"
    header = f"X-Forwarded-For has {seen.forwarded}" if seen.forwarded else "it has no X-Forwarded-For"
    what = (
        f"The doctor's delivery came from {seen.peer or 'this machine'}: {header}, and TRUSTED_PROXIES {told}."
        f" The rate limit of {seen.address or 'this machine'} applied."
    )
    believed = int(seen.near) if seen.proxies is None else seen.proxies
    has_proxy = (facts.config.public_url or "").startswith("https:") or bool(seen.proxies)
    if seen.forwarded > believed:
        why = "All clients behind a proxy that is not trusted share one rate limit."
        do = f"If all of these proxies are yours, set TRUSTED_PROXIES to {seen.forwarded}."
    elif seen.forwarded < believed and has_proxy:
        why = "If the proxy does not add addresses, its clients share one rate limit, and can forge addresses."
        do = f"Configure the proxy to write X-Forwarded-For, or set TRUSTED_PROXIES to {seen.forwarded}."
    else:
        yield fine("callers", what)
        return
    yield advice("callers", what, why, do)


def _public_url(facts: Facts) -> Iterator[Finding]:
    reply, url = facts.readiness, facts.config.public_url
    if reply is None:
        yield advice(
            "public address",
            "PUBLIC_URL is not set.",
            "Without it, the issues cannot link to the web pages.",
            "Set it to the address under which this bot is reachable, for example https://petitions.example.org .",
        )
    elif reply.is_good:
        yield fine("public address", f"{url} leads to a bot that is ready.")
        yield from _tasks(reply)
    elif reply.status == 503:
        yield problem(
            "public address",
            f"The bot at {url} is not ready ({_excerpt(reply)}).",
            "Its database does not respond, or cannot be written.",
            "Read its log, and the findings about the database. If that does not help, restart the bot.",
        )
    else:
        yield problem(
            "public address",
            f"{url} does not lead to the bot ({reply.status or reply.text}).",
            "The links in petitions and GitHub's deliveries use this address.",
            "Correct PUBLIC_URL, or the configuration of your proxy or DNS.",
        )


def _tasks(reply: Reply) -> Iterator[Finding]:
    """Check the bot's tasks as `/readyz` has them."""
    try:
        parts = msgspec.json.decode(reply.text, type=_Readiness).parts
    except msgspec.DecodeError:
        return
    states = {name: state for name, state in parts.items() if name != "loops"}
    if failing := sorted(name for name, state in states.items() if state not in (True, "running")):
        yield problem(
            "tasks",
            f"Some tasks of the bot are not running: {', '.join(failing)}.",
            "The bot restarts them automatically. It records deliveries, and processes them later.",
            "Find the tracebacks in its log, at `task failed`, and report them.",
        )


class _Readiness(msgspec.Struct):
    """An answer of `/readyz`."""

    parts: dict[str, bool | str] = {}


def _organizers(facts: Facts) -> Iterator[Finding]:
    has_client = facts.config.lets_sign_in
    if has_client and facts.sign_in in (None, RIGHT_CLIENT):
        yield fine("organizers", "Organizers can sign in on their petitions' pages.")
        return
    settings = "the App's settings"
    if isinstance(facts.app_facts, AppFacts):
        settings = f"{facts.app_facts.app.html_url} (App settings, General)"
    why = "Signatures can be reviewed only with: python -m bot audit OWNER/REPO#N"
    if has_client:
        yield problem(
            "organizers",
            f"Organizers cannot sign in: GitHub refuses the App's client id and client secret ({facts.sign_in}).",
            why,
            f"Generate a new client secret at {settings}. Set GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET; if the"
            " App is stored, set them for one run of: python -m bot import-app --replace . Then restart the bot.",
        )
        return
    callback = f"{facts.config.public_url or 'https://YOUR-HOST'}{SIGNED_IN}"
    yield advice(
        "organizers",
        "Organizers cannot sign in on their petitions' pages.",
        why,
        f"Add the callback URL {callback} and generate a client secret at {settings}. Then set GITHUB_CLIENT_ID,"
        " GITHUB_CLIENT_SECRET and SECRET_KEY.",
    )


def _database(facts: Facts) -> Iterator[Finding]:
    health = facts.health
    if health.is_damaged:
        yield problem(
            "database",
            f"{health.problem}.",
            "Until the database is restored, the bot refuses deliveries; GitHub keeps them for three days.",
            "Then stop the bot, move the damaged file away, and run: python -m bot restore NEW-FILE",
        )
    elif health.problem:
        yield problem(
            "database",
            f"The database cannot be used: {health.problem}.",
            "The bot refuses deliveries that it cannot store.",
            "Check that DATABASE_URL is right, that the database server runs, and that there"
            " is space and permission to write.",
        )
    elif health.is_newer:
        yield problem(
            "database",
            f"The database is at version {health.version}, which is newer than this program.",
            "This program cannot read it.",
            "Upgrade the program.",
        )
    elif health.version is None:
        yield advice("database", "The database is empty.", "", "The bot creates its tables when it starts.")
    elif health.is_older:
        yield advice(
            "database",
            f"The database is at version {health.version}, which is older than this program.",
            "",
            "The bot upgrades it when it starts. To do so now, run: python -m bot migrate",
        )
    else:
        yield fine("database", "The database can be read and written, and is up to date.")


def _petitions(facts: Facts) -> Iterator[Finding]:
    if facts.health.version is None or facts.health.is_older or facts.health.is_newer:
        return
    amiss = [one for one in facts.health.conditions if not one.state.is_wanted]
    for one in amiss:
        detail = f" ({one.detail})" if one.detail else ""
        yield problem("petitions", f"{one.name} is not up to date: {one.state}{detail}.", "", one.state.advice)
    for one in facts.health.conditions:
        if one.state is State.COUNTED_ELSEWHERE:
            yield advice("petitions", f"{one.name} is counted by a workflow.", "", one.state.advice)
    if not amiss:
        yield fine("petitions", "All petitions are up to date.")


def _excerpt(reply: Reply) -> str:
    return " ".join(reply.text.split())[:200] or str(reply.status)
