"""A front-page hour: ten thousand signatures, for one petition or for many of one installation."""

from __future__ import annotations

import random
from collections.abc import Mapping

from benchmarks.drawing import Chart, Line
from benchmarks.figures import percentile, thinned
from benchmarks.report import Goal, Section, Table, at_most, none_of
from benchmarks.simulation import LATENCY, Replay, run_all

SIGNATURES, QUICK_SIGNATURES = 10_000, 1_000
SECONDS = 3_600.0
PETITIONS = (1, 10, 1_000)
QUICK_PETITIONS = (1, 100)

NOTES = f"""
{SIGNATURES:,} people sign within an hour, at random moments, one petition or, in turn, one of many that belong to
one installation. GitHub's limits are for the installation, so that many petitions share what one has for itself:
5,000 calls an hour, 80 contents a minute and 500 an hour; of these the bot takes 70 writes a minute and 450
reactions an hour.

**The clock is simulated**: it stands still while something is computed, and jumps to whatever comes next: the next
signature, the end of a wait of the bot's, the {LATENCY * 1000:.0f} ms that a call takes. The rest is real: the
events go through the bot's decoder into its store (SQLite), its worker decides by this clock what to do, and its
client calls the sandbox over HTTP, which keeps GitHub's limits by this clock too. Left out are the deliveries' own
HTTP, which is measured above, and the surveys every ten minutes. So these numbers depend on no machine. An issue
takes 2,500 comments; people sign on the newest issue of a petition, as soon as the bot has opened it.
"""


def measure(*, quick: bool = False) -> Section:
    """Let the hour pass for each number of petitions."""
    number, seconds = (QUICK_SIGNATURES, SECONDS / 10) if quick else (SIGNATURES, SECONDS)
    chance = random.Random(1)  # noqa: S311 - reproducible, not secret
    arrivals = sorted(chance.uniform(0, seconds) for _ in range(number))
    petitions = QUICK_PETITIONS if quick else PETITIONS
    replays = run_all(Replay(arrivals, each) for each in petitions)
    return _section(dict(zip(petitions, replays, strict=True)))


def _section(found: Mapping[int, Replay]) -> Section:
    headings = [
        "petitions", "writes of bodies", "… per signature", "reads", "most writes of one body in a minute",
        "shown after p50 / p99 / max, s", "acknowledged", "refused", "lost",
    ]  # fmt: skip
    return Section(
        name="hour",
        title="A front-page hour",
        notes=NOTES,
        tables=[Table(headings, [_row(petitions, replay) for petitions, replay in found.items()])],
        charts=[
            Chart(
                "Signatures still missing in the bodies",
                "minutes",
                "signatures",
                [Line(_petitions(each), thinned(_missing(replay), 400)) for each, replay in found.items()],
            )
        ],
        goals=[
            *_goals_of_one(found[1]),
            none_of("… and for any number of petitions: signatures lost", sum(r.lost for r in found.values())),
        ],
    )


def _row(petitions: int, replay: Replay) -> list[str]:
    delays = replay.delays()
    return [
        f"{petitions:,}",
        f"{replay.calls['write']:,}",
        f"{replay.writes_per_signature:.3f}",
        f"{replay.calls['read']:,}",
        f"{replay.most_writes():,}",
        f"{percentile(delays, 0.5):,.1f} / {percentile(delays, 0.99):,.1f} / {max(delays):,.1f}",
        f"{replay.acknowledged / len(replay.arrivals):.1%}",
        f"{replay.refused:,}",
        f"{replay.lost:,}",
    ]


def _goals_of_one(replay: Replay) -> list[Goal]:
    hour = f"{len(replay.arrivals):,} in an hour, one petition:"
    return [
        at_most(f"{hour} the longest that a signature waits for the body", 30, max(replay.delays()), " s"),
        none_of(f"{hour} calls that GitHub would have refused", replay.refused),
    ]


def _missing(replay: Replay) -> list[tuple[float, float]]:
    """Count at each moment, in minutes, who has signed and is not shown yet."""
    news = [(at, 1) for at in replay.arrivals]
    for writes in replay.writes:
        before = 0
        for at, count in writes:
            news.append((at, before - count))
            before = count
    missing, found = 0, [(0.0, 0.0)]
    for at, more in sorted(news):
        missing += more
        found.append((at / 60, float(missing)))
    return found


def _petitions(number: int) -> str:
    return "one petition" if number == 1 else f"{number:,} petitions"
