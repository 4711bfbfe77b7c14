"""Many people sign at once: what reaches GitHub, how soon the body is right, what is lost; ours and a naive bot.

The sandbox stands in for GitHub, with an API that takes a while, and with the limits that GitHub documents for an
installation. *Naive* reads the body, adds a line and writes the body, for each comment; once more without limits,
so that what it loses there it loses to itself. Calls are counted from the first comment to the right body.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.databases import sqlite_files
from benchmarks.report import Options, Report, Table, number
from benchmarks.storming import NAIVE, OURS, UNLIMITED, Contender, Storm, storming

LATENCY = 0.05
"""Seconds that the sandbox's API takes for an answer; GitHub's takes more."""

QUIET, QUICK_QUIET = 21.0, 0.5
"""Seconds in which nothing happens before a storm, so that it comes as a surprise."""

PATIENCE = 90.0
ROUNDS = 3
BURST, QUICK_BURST = (500, 0.0), (50, 0.0)
MINUTE, QUICK_MINUTE = (2_000, 60.0), (50, 1.0)
"""How many people sign, and within how many seconds."""

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
    figures = {
        "burst: API calls, acknowledgements apart": middle[CALLS],
        "burst: from the last comment to the right body": middle[RIGHT],
        "burst: first signature shown after": middle[SHOWN],
        "minute: API writes per signature": together[0][WRITES] / minute[0],
        "minute: from the last comment to the right body": together[0][RIGHT],
        "signatures lost": sum(one[LOST] for one in [*ours, together[0]]),
    }
    return Report(
        [
            _table(f"{burst[0]:,} people at once", bursts),
            _table(f"{minute[0]:,} people in {minute[1]:.0f} s", {OURS.name: together[0], NAIVE.name: together[1]}),
        ],
        figures,
    )


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
