"""The arrival times of real open letters, replayed as they were and up to a thousand times as fast."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.drawing import Chart, Line
from benchmarks.figures import busiest, percentile
from benchmarks.report import Goal, Section, Table, at_most, none_of
from benchmarks.simulation import Replay, run_all

TIMES = Path(__file__).with_name("letters.json")
"""Seconds from the first signature to each, by letter: when the commits that brought them were made."""

SPEEDS = (1, 10, 100, 1_000)
QUICK_SPEEDS = (1, 1_000)
QUICK_SIGNATURES = 300
SLOW, SLOW_SIGNATURES = 10, 1_000
"""Up to which speed only so many are replayed: nearly every one is published by itself, which takes time."""

NOTES = f"""
When people signed four open letters, from the histories of their repositories: seconds since the first signature,
and nothing else (`benchmarks/letters.json`). Here each of them comments `/sign`. The slowest of these replays would
last four years; they run by the same simulated clock as the front-page hour, which tells what that means. Up to
{SLOW} times as fast, the first {SLOW_SIGNATURES:,} signatures of each letter are replayed, else all of them.

*Shown after* is the time from a comment to the body that counts it. *Acknowledged* are those who got their 👍;
GitHub lets an App make 500 contents an hour, so in a storm not everybody does, and the tally is the truth.
"""

Results = Mapping[tuple[str, int], Replay]


def measure(*, quick: bool = False) -> Section:
    """Replay every letter at every speed."""
    letters: dict[str, list[int]] = json.loads(TIMES.read_text(encoding="utf-8"))
    speeds = QUICK_SPEEDS if quick else SPEEDS
    keys = [(name, speed) for speed in speeds for name in letters]
    replays = run_all(
        Replay([at / speed for at in letters[name][: _most(speed, quick=quick)]]) for name, speed in keys
    )
    return _section(dict(zip(keys, replays, strict=True)), list(letters), speeds)


def _most(speed: int, *, quick: bool) -> int | None:
    if quick:
        return QUICK_SIGNATURES
    return SLOW_SIGNATURES if speed <= SLOW else None


def _section(found: Results, letters: Sequence[str], speeds: Sequence[int]) -> Section:
    headings = [
        "letter", "speed", "signatures", "most in a minute", "writes of the body", "… per signature", "reads",
        "most writes a minute", "shown after p50 / p99 / max, s", "acknowledged", "refused",
    ]  # fmt: skip

    def chart(title: str, unit: str, value: Callable[[Replay], float]) -> Chart:
        lines = [Line(name, [(speed, value(found[name, speed])) for speed in speeds]) for name in letters]
        return Chart(title, "times as fast as it was", unit, lines, log_x=True)

    return Section(
        name="letters",
        title="Real letters",
        notes=NOTES,
        tables=[Table(headings, [_row(name, speed, found[name, speed]) for name in letters for speed in speeds])],
        charts=[
            chart("99 of 100 signatures are in the body after", "seconds", _p99),
            chart("Writes of the body per signature", "writes", _writes),
        ],
        goals=_goals(list(found.values())),
    )


def _row(name: str, speed: int, replay: Replay) -> list[str]:
    delays = replay.delays()
    return [
        name,
        f"{speed:,}×",
        f"{len(replay.arrivals):,}",
        f"{busiest(replay.arrivals, 60):,}",
        f"{replay.calls['write']:,}",
        f"{replay.writes_per_signature:.3f}",
        f"{replay.calls['read']:,}",
        f"{replay.most_writes():,}",
        f"{percentile(delays, 0.5):.1f} / {percentile(delays, 0.99):.1f} / {max(delays):.1f}",
        f"{replay.acknowledged / len(replay.arrivals):.0%}",
        f"{replay.refused:,}",
    ]


def _p99(replay: Replay) -> float:
    return percentile(replay.delays(), 0.99)


def _writes(replay: Replay) -> float:
    return replay.writes_per_signature


def _goals(replays: Sequence[Replay]) -> list[Goal]:
    slowest = max(max(replay.delays()) for replay in replays)
    most = max(replay.most_writes() for replay in replays)
    at_any = "letters, at any speed:"
    return [
        at_most(f"{at_any} the longest that a signature waits for the body", 30, slowest, " s"),
        at_most(f"{at_any} most writes of one body in a minute", 8, most),
        none_of(f"{at_any} calls that GitHub would have refused", sum(one.refused for one in replays)),
        none_of(f"{at_any} signatures lost", sum(one.lost for one in replays)),
    ]
