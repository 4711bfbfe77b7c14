"""Many people sign at once: what reaches GitHub, how soon the body is right, what is lost; ours and a naive bot."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import median

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from benchmarks.databases import sqlite_files
from benchmarks.drawing import Chart, Line
from benchmarks.figures import stairs, thinned
from benchmarks.report import Goal, Section, Table, at_most, none_of
from benchmarks.rivals import naive
from benchmarks.servers import bot_environment, serving
from bot.petition import block
from bot.reconcile.write_limiter import WriteRate
from sandbox.api.limits import Limits
from sandbox.models import Issue
from sandbox.server import Sandbox

LATENCY = 0.05
"""Seconds that the sandbox's API takes for an answer; GitHub's takes more."""

PARALLEL = 32
"""Deliveries that are under way at once."""

QUIET = 21.0
"""Seconds for which nothing happens before a storm, so that it comes as a surprise."""

PATIENCE = 90.0
RATE = WriteRate()
BURST, MINUTE = 500, 2_000
ROUNDS = 3
NOTES = f"""
The sandbox stands in for GitHub, with an API that takes {LATENCY * 1000:.0f} ms, {PARALLEL} deliveries under way at
once, and the limits switched on that GitHub documents for an installation: 5,000 calls an hour, 900 points a minute
(a read takes 1, a write 5), 80 and 500 contents a minute and an hour, 100 calls at once. The bots are processes of
their own, and unchanged: *ours* is `python -m bot serve` on SQLite, at its own pace. *Naive* reads the body, adds a
line and writes the body, for each comment (`benchmarks/rivals/naive.py`); in the last column GitHub's limits are
off, so that what it loses there it loses to itself.

A burst is all people at once, after {QUIET:.0f} s of quiet; the minute is a minute of true time. Calls are counted
from the first comment to the right body, without those for tokens. Acknowledgements are reactions; they go on
afterwards, a second apart, as the budget allows. Times are from the last comment, or the first. Bursts of ours were
repeated; the numbers are medians.
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A bot: how it is started, and how to read from a body how many have signed."""

    name: str
    command: tuple[str, ...]
    said: Callable[[str | None], int]
    limits: Limits


@dataclass(slots=True)
class Storm:
    """What happened in one storm; times are seconds since the first comment."""

    signers: int
    calls: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    signed: list[tuple[float, float]] = field(default_factory=list)
    shown: list[tuple[float, float]] = field(default_factory=list)
    seconds: float | None = None
    """From the last comment to the right body."""
    delivered: float = 0.0
    """When the last comment's delivery was answered."""

    @property
    def lost(self) -> int:
        """Give how many signatures the body lacks at the end."""
        return self.signers - int(self.shown[-1][1])

    @property
    def api_calls(self) -> int:
        """Give all calls but the acknowledgements."""
        return self.calls["read"] + self.calls["write"]

    @property
    def first_shown(self) -> float:
        """Tell when the body first showed a signature."""
        return next((at for at, count in self.shown if count), PATIENCE)


def _ours_said(body: str | None) -> int:
    line = block.machine_line(body)
    return line.count if line else 0


def _naive_said(body: str | None) -> int:
    return len(naive.signatures(body))


_NAIVE = ("-m", "benchmarks.rivals.naive")
OURS = Contender("ours", ("-m", "bot", "serve"), _ours_said, Limits.like_github())
NAIVE = Contender("naive", _NAIVE, _naive_said, Limits.like_github())
UNLIMITED = Contender("naive, no limits", _NAIVE, _naive_said, Limits())

Storms = Mapping[str, Sequence[Storm]]


def measure(*, quick: bool = False) -> Section:
    """Let the bots live through a burst, one after the other, then through a minute together."""
    return asyncio.run(_measure(1 if quick else ROUNDS))


async def _measure(rounds: int) -> Section:
    bursts = {OURS.name: [await _weather(OURS, BURST, 0.0) for _ in range(rounds)]} | {
        bot.name: [await _weather(bot, BURST, 0.0)] for bot in (NAIVE, UNLIMITED)
    }
    together = await asyncio.gather(*(_weather(bot, MINUTE, 60.0) for bot in (OURS, NAIVE)))
    minutes = {OURS.name: [together[0]], NAIVE.name: [together[1]]}
    return Section(
        name="storm",
        title="A storm",
        notes=NOTES,
        tables=[_table(f"{BURST} people at once", bursts), _table(f"{MINUTE:,} people in a minute", minutes)],
        charts=[_chart(minutes)],
        goals=_goals(bursts, minutes),
    )


async def _weather(bot: Contender, signers: int, seconds: float) -> Storm:
    storm = Storm(signers)
    async with _sandbox(storm, bot.limits) as sandbox:
        with ExitStack() as stack:
            environment = bot_environment(stack.enter_context(sqlite_files())(), sandbox.api_url) | {
                "GITHUB_APP_ID": str(sandbox.app_id),
                "GITHUB_PRIVATE_KEY": sandbox.private_key,
                "GITHUB_WEBHOOK_SECRET": sandbox.webhook_secret,
            }
            # Starting blocks this loop, and the sandbox with it, for a second.
            server = stack.enter_context(serving(*bot.command, environment=environment))
            sandbox.webhook_url = f"http://127.0.0.1:{server.port}/webhook"
            petition = sandbox.petition("An open letter", "Dear all,\r\n\r\nplease.")
            await asyncio.sleep(QUIET)
            await _sign(sandbox, petition, storm, seconds, bot)
    return storm


async def _sign(sandbox: Sandbox, petition: Issue, storm: Storm, seconds: float, bot: Contender) -> None:
    storm.calls.clear()
    storm.refused = 0
    began, began_at = time.monotonic(), time.time()
    is_right = asyncio.Event()

    def look(_: object) -> None:
        shown = bot.said(petition.body)
        if not storm.shown or storm.shown[-1][1] != shown:
            storm.shown.append((time.monotonic() - began, shown))
        if shown == storm.signers and not is_right.is_set():
            is_right.set()
            storm.seconds = time.monotonic() - began - storm.signed[-1][0]

    look(None)
    sandbox.world.on_change.append(look)
    for number in range(storm.signers):
        due = seconds * number / storm.signers - (time.monotonic() - began)
        if due > 0 or number % 20 == 0:
            await asyncio.sleep(max(due, 0.0))
        # Noted before, because the body may be right before this returns.
        storm.signed.append((time.monotonic() - began, number + 1.0))
        sandbox.comment(petition, f"signer-{number}")
    await _within(PATIENCE, is_right.wait(), sandbox.settled() if bot is not OURS else None)
    storm.shown.append((time.monotonic() - began, bot.said(petition.body)))
    attempts = [one for one in sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
    storm.delivered = max(one.delivered_at for one in attempts) - began_at
    if storm.lost:
        # It may have been right once, and have been overwritten since.
        storm.seconds = None


async def _within(seconds: float, right: Awaitable[object], over: Awaitable[object] | None) -> None:
    """Wait for the right body, or until it is certain that it will not come."""
    waits = [asyncio.ensure_future(one) for one in (right, over) if one is not None]
    await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


@asynccontextmanager
async def _sandbox(storm: Storm, limits: Limits) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    sandbox.limits = limits
    sandbox.deliveries.concurrency = PARALLEL
    sandbox.app.middlewares.append(_counting(storm))
    await sandbox.start()
    sandbox.repository()
    try:
        yield sandbox
    finally:
        await sandbox.stop()


def _counting(storm: Storm) -> Middleware:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        await asyncio.sleep(LATENCY)
        try:
            response = await handler(request)
        except ConnectionResetError:  # the storm is over, and the bot has been ended
            return web.Response()
        storm.calls[_kind(request)] += 1
        storm.refused += response.status in (403, 429)
        return response

    return count


def _kind(request: web.Request) -> str:
    if request.path.endswith("/access_tokens"):
        return "token"
    if "/reactions" in request.path:
        return "acknowledgement"
    return "read" if request.method == "GET" else "write"


def _table(caption: str, storms: Storms) -> Table:
    rows: list[tuple[str, Callable[[Storm], float], str]] = [
        ("API calls, acknowledgements apart", lambda storm: storm.api_calls, ",.0f"),
        ("… per signature", lambda storm: storm.api_calls / storm.signers, ".3f"),
        ("… of them writes of the body", lambda storm: storm.calls["write"], ",.0f"),
        ("… writes per signature", lambda storm: storm.calls["write"] / storm.signers, ".3f"),
        ("refused for GitHub's limits", lambda storm: storm.refused, ",.0f"),
        ("acknowledgements meanwhile", lambda storm: storm.calls["acknowledgement"], ",.0f"),
        ("seconds to the first signature in the body", lambda storm: storm.first_shown, ".1f"),
        ("seconds until the last delivery was answered", lambda storm: storm.delivered, ".1f"),
        ("seconds from the last comment to the right body", _seconds, ".1f"),
        ("signatures lost", lambda storm: storm.lost, ",.0f"),
    ]
    return Table(
        ["", *storms],
        [[name, *(_cell(ones, give, form) for ones in storms.values())] for name, give, form in rows],
        caption,
    )


def _cell(storms: Sequence[Storm], give: Callable[[Storm], float], form: str) -> str:
    value = median(map(give, storms))
    return "never" if value >= PATIENCE and give is _seconds else format(value, form)


def _seconds(storm: Storm) -> float:
    return PATIENCE if storm.seconds is None else storm.seconds


def _chart(storms: Storms) -> Chart:
    lines = [Line("have signed", thinned(storms[OURS.name][0].signed, 100))]
    lines += [Line(f"shown by {name}", stairs(one.shown)) for name, (one,) in storms.items()]
    return Chart(f"{MINUTE:,} signatures in a minute", "seconds", "signatures", lines)


def _goals(bursts: Storms, minutes: Storms) -> list[Goal]:
    ours, minute = bursts[OURS.name], minutes[OURS.name][0]
    theirs = [bursts[NAIVE.name][0], minutes[NAIVE.name][0]]
    told = " and ".join(f"{storm.lost:,} of {storm.signers:,}" for storm in theirs)
    delivered = median(storm.delivered for storm in ours)
    late = f"""
    A burst takes three publications, the third {RATE.period:.0f} s after the first, where it has not all been
    delivered when the second begins. Here the last delivery was answered after {delivered:.1f} s, because other
    work kept the cores busy.
    """
    burst = f"burst of {BURST}:"
    crowd = f"{MINUTE:,} in a minute:"
    return [
        at_most(
            f"{burst} API calls, acknowledgements apart", 6, median(storm.api_calls for storm in ours), why=late
        ),
        at_most(f"{burst} from the last comment to the right body", 3, median(map(_seconds, ours)), " s", why=late),
        at_most(f"{burst} first signature shown after", 2, median(storm.first_shown for storm in ours), " s"),
        at_most(f"{crowd} API writes per signature", 0.02, minute.calls["write"] / MINUTE),
        at_most(f"{crowd} from the last comment to the right body", 30, _seconds(minute), " s"),
        none_of(
            f"signatures lost in the bursts and the minute (the naive bot: {told})",
            sum(storm.lost for storm in [*ours, minute]),
        ),
    ]
