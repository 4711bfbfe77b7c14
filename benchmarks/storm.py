"""Many people sign at once: what reaches GitHub, how soon the body is right, what is lost; ours and a naive bot.

The sandbox stands in for GitHub, with an API that takes a while, and with the limits that GitHub documents for an
installation. *Naive* reads the body, adds a line and writes the body, for each comment; once more without limits,
so that what it loses there it loses to itself. Calls are counted from the first comment to the right body.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import median

from aiohttp import web
from aiohttp.typedefs import Handler

from benchmarks import gidgethub_bots
from benchmarks.databases import sqlite_files
from benchmarks.report import Goal, Options, Report, Table, number
from benchmarks.servers import bot_environment, serving
from sandbox.api.limits import Limits
from sandbox.models import Comment, Issue
from sandbox.server import Sandbox

LATENCY = 0.05
"""Seconds that the sandbox's API takes for an answer; GitHub's takes more."""

QUIET, QUICK_QUIET = 21.0, 0.5
"""Seconds in which nothing happens before a storm, so that it comes as a surprise."""

PATIENCE = 90.0
ROUNDS = 3
BURST, QUICK_BURST = (500, 0.0), (50, 0.0)
MINUTE, QUICK_MINUTE = (2_000, 60.0), (50, 1.0)
"""How many people sign, and within how many seconds."""

PARALLEL = 32
"""Deliveries that are under way at once."""

CALLS, WRITES = "API calls, acknowledgements apart", "… of them writes of the body"
SHOWN, RIGHT = "seconds to the first signature in the body", "seconds from the last comment to the right body"
LOST = "signatures lost"

Outcome = Mapping[str, float]


def measure(options: Options) -> Report:
    """Run each bot through a burst, then two of them through a minute together."""
    if options.quick:
        return asyncio.run(_measure(1, QUICK_BURST, QUICK_MINUTE, QUICK_QUIET, [NAIVE]))
    return asyncio.run(_measure(ROUNDS, BURST, MINUTE, QUIET, [NAIVE, UNLIMITED]))


async def _measure(
    rounds: int, burst: tuple[int, float], minute: tuple[int, float], quiet: float, rivals: Sequence[Contender]
) -> Report:
    ours = [await _storm(OURS, *burst, quiet) for _ in range(rounds)]
    middle = {what: median(one[what] for one in ours) for what in ours[0]}
    bursts = {OURS.name: middle} | {bot.name: await _storm(bot, *burst, quiet) for bot in rivals}
    together = await asyncio.gather(*(_storm(bot, *minute, quiet) for bot in (OURS, NAIVE)))
    goals = [
        Goal("burst: API calls, acknowledgements apart", middle[CALLS], 6),
        Goal("burst: from the last comment to the right body", middle[RIGHT], 3, " s"),
        Goal("burst: first signature shown after", middle[SHOWN], 2, " s"),
        Goal("minute: API writes per signature", together[0][WRITES] / minute[0], 0.02),
        Goal("minute: from the last comment to the right body", together[0][RIGHT], 30, " s"),
        Goal("signatures lost", sum(one[LOST] for one in [*ours, together[0]]), 0),
    ]
    minutes = {OURS.name: together[0], NAIVE.name: together[1]}
    at_once, evenly = f"{burst[0]:,} people at once", f"{minute[0]:,} people in {minute[1]:.0f} s"
    return Report([_table(at_once, bursts), _table(evenly, minutes)], goals)


async def _storm(bot: Contender, signers: int, seconds: float, quiet: float) -> Outcome:
    with sqlite_files() as file:
        async with storming(file(), 1, bot, latency=LATENCY) as storm:
            await asyncio.sleep(quiet)
            return await _sign(storm, signers, seconds)


async def _sign(storm: Storm, signers: int, seconds: float) -> Outcome:
    storm.calls.clear()
    began, began_at = time.monotonic(), time.time()
    first_shown, right = PATIENCE, PATIENCE

    def look(_: object) -> None:
        nonlocal first_shown, right
        if shown := storm.shown():
            first_shown = min(first_shown, time.monotonic() - began)
        if shown == signers:
            right = min(right, time.monotonic() - last)

    storm.sandbox.world.on_change.append(look)
    for place in range(signers):
        due = seconds * place / signers - (time.monotonic() - began)
        if due > 0 or place % 20 == 0:
            await asyncio.sleep(max(due, 0.0))
        last = time.monotonic()
        storm.act()
    # From ours the right body must come; of the naive bot it is certain at some time that it will not.
    over = storm.until_right(PATIENCE) if storm.bot is OURS else storm.sandbox.settled()
    await asyncio.wait([asyncio.ensure_future(over)], timeout=PATIENCE)
    attempts = [one for one in storm.sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
    return {
        CALLS: storm.calls["read"] + storm.calls["write"],
        WRITES: storm.calls["write"],
        "refused for GitHub's limits": storm.calls["refused"],
        SHOWN: first_shown,
        "seconds until the last delivery was answered": max(one.delivered_at for one in attempts) - began_at,
        # It may have been right once, and have been overwritten since.
        RIGHT: PATIENCE if storm.lost else right,
        LOST: storm.lost,
    }


def _table(caption: str, found: Mapping[str, Outcome]) -> Table:
    def cell(what: str, value: float) -> str:
        return "never" if what == RIGHT and value == PATIENCE else number(value)

    rows = [[what, *(cell(what, one[what]) for one in found.values())] for what in found[OURS.name]]
    return Table([caption, *found], rows)


def _ours_said(body: str | None) -> int:
    """Return the count that our block tells programs; a public format."""
    found = re.search(r'<!-- undersigned \{[^}]*"count":(\d+)', body or "")
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot: how it is started, how to read from a body how many have signed, and what GitHub allows it."""

    name: str
    command: tuple[str, ...] = ("-m", "bot", "serve")
    said: Callable[[str | None], int] = _ours_said
    limits: Limits = field(default_factory=Limits.like_github)


_NAIVE = ("-m", "benchmarks.gidgethub_bots", "naive")
OURS = Contender("ours")
NAIVE = Contender("naive", _NAIVE, lambda body: len(gidgethub_bots.signatures(body)))
UNLIMITED = Contender("naive, no limits", _NAIVE, NAIVE.said, Limits())


@dataclass(slots=True)
class Storm:
    """A running bot, and the petitions that people sign."""

    sandbox: Sandbox
    bot: Contender
    latency: float
    port: int = 0
    petitions: list[Issue] = field(default_factory=list)
    signers: int = 0
    acts: int = 0
    """How often somebody wrote or edited a comment."""
    comments: list[Comment] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    """Calls of the API, by what they are for; those that are over GitHub's limits also as `refused`."""
    complaints: Sequence[str] = ()
    """Lines of the log that tell of a mistake of ours, not of GitHub's or the database's; known at the end."""

    async def sign(self, per_second: float, seconds: float, most: int = 10**9, editors: int = 1) -> None:
        """Sign as many people, each another petition in turn; from `most` on, the last `editors` edit it."""
        began, acts = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            while acts < int(passed * per_second):
                self.act(most, editors)
                acts += 1
            await asyncio.sleep(0.02)

    def act(self, most: int = 10**9, editors: int = 1) -> None:
        """Sign as one more person, or edit as one who has."""
        if self.signers < most:
            petition = self.petitions[self.signers % len(self.petitions)]
            self.signers += 1
            self.comments.append(self.sandbox.comment(petition, f"signer-{self.signers}"))
        else:
            comment = self.comments[-1 - self.acts % editors]
            self.sandbox.comments.edit(comment, comment.user, f"/sign Signer {self.acts}")
        self.acts += 1

    def answers(self) -> tuple[int, int]:
        """Count the attempts to deliver a comment that were accepted, and those that were not."""
        told = [one for one in self.sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
        accepted = sum(one.status == "OK" for one in told)
        return accepted, len(told) - accepted

    def shown(self) -> int:
        """Sum up what the bodies say."""
        return sum(self.bot.said(petition.body) for petition in self.petitions)

    @property
    def lost(self) -> int:
        """Return how many have signed and are not counted in the bodies."""
        return self.signers - self.shown()

    async def until_right(self, patience: float = 180.0) -> float:
        """Wait until the bodies count everybody; give the seconds that it took."""
        return await _until(lambda: self.lost <= 0, patience)

    async def until_accepted(self) -> float:
        """Wait until a delivery is accepted that was attempted after now; give the seconds that it took."""
        before = self.answers()[0]
        return await _until(lambda: self.answers()[0] > before, 60.0)

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer like GitHub, which takes a while, and count the call."""
        await asyncio.sleep(self.latency)
        try:
            response = await handler(request)
        except ConnectionResetError:  # the storm is over, and the bot has been ended
            return web.Response()
        is_token, is_thanks = request.path.endswith("/access_tokens"), "/reactions" in request.path
        kind = "token" if is_token else "thanks" if is_thanks else "read" if request.method == "GET" else "write"
        self.calls[kind] += 1
        self.calls["refused"] += response.status in (403, 429)
        return response


@asynccontextmanager
async def storming(
    url: str, petitions: int, bot: Contender = OURS, *, latency: float = 0.0, **more: str
) -> AsyncIterator[Storm]:
    """Run a bot until the context ends, and open petitions for it. What it forgets to close, its log tells."""
    sandbox = Sandbox()
    storm = Storm(sandbox, bot, latency)
    sandbox.rate_limiter.limits = bot.limits
    sandbox.deliveries.concurrency = PARALLEL
    sandbox.app.middlewares.append(storm.count)
    await sandbox.start()
    sandbox.repository()
    environment = bot_environment(
        url, sandbox.api_url, GITHUB_APP_ID=str(sandbox.app_id), GITHUB_WEBHOOK_SECRET=sandbox.webhook_secret,
        PYTHONWARNINGS="default::ResourceWarning", **more,
    )  # fmt: skip
    with ExitStack() as stack:
        try:
            starting = serving(*bot.command, environment=environment)
            server = await asyncio.to_thread(stack.enter_context, starting)
            storm.port = server.port
            sandbox.deliveries.url = f"http://127.0.0.1:{storm.port}/webhook"
            storm.petitions = [sandbox.petition(f"Letter {number}", "Dear all,") for number in range(petitions)]
            yield storm
        finally:
            await asyncio.to_thread(stack.close)
            await sandbox.stop()
    storm.complaints = server.complaints


async def _until(holds: Callable[[], bool], patience: float) -> float:
    began = time.monotonic()
    while not holds() and time.monotonic() - began < patience:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.02)
    return time.monotonic() - began
