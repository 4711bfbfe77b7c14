"""Ask so many questions, one bot after the other, and tell how it went."""

from __future__ import annotations

import hashlib
import random
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from fuzz.web.document import routes, setup_routes
from fuzz.web.feeding import Asker, Tally
from fuzz.web.house import Broken, House, open_house, open_setup
from fuzz.web.judging import Judge
from fuzz.web.question import Question, read, write

RESIDENCE: Final = 50_000
"""Questions to one bot; then it must end as it should, and another one begins with an empty database."""

ENOUGH: Final = 20
"""Findings after which there is no point in looking for more."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where questions are asked: how to come there, and who knows what may be answered."""

    open: Callable[[], AbstractContextManager[House]]
    judge: Callable[[], Judge]


PLACES: Final = {
    "http": Place(open_house, lambda: Judge(routes())),
    "setup": Place(open_setup, lambda: Judge(setup_routes(), ready=False)),
}


def run(place: Place, runs: int, seconds: int, corpus: Path, found: Path, grow: int = 0) -> int:
    """Ask, write what was found into a folder, and what was new into the corpus; 1 where something was found.

    Without `seconds` there is no end before `runs`.
    """
    started = time.monotonic()
    asker = Asker(place.judge(), random.Random(), questions(corpus))  # noqa: S311 - no secrets
    tally = asker.tally

    def is_over() -> bool:
        return bool(seconds and time.monotonic() - started >= seconds) or len(tally.found) >= ENOUGH

    broken: list[str] = []
    while tally.asked < runs and not is_over() and not broken:
        try:
            with place.open() as house:
                asker.feed(house, min(RESIDENCE, runs - tally.asked), is_over)
        except Broken as told:
            broken = told.complaints
        print(f"{tally.asked} asked, {_rate(tally, started)}/s, {tally.by_status()}", file=sys.stderr, flush=True)
    _report(tally, started, broken)
    _write(found, [question for question, _ in tally.found])
    _write(corpus, tally.new[:: max(len(tally.new) // grow, 1)][:grow] if grow else [])
    return 1 if tally.found or broken else 0


def questions(folder: Path) -> list[Question]:
    """Read the questions that were kept."""
    return [read(path.read_bytes()) for path in sorted(folder.iterdir())]


def _report(tally: Tally, started: float, broken: Sequence[str]) -> None:
    print(
        f"{tally.asked:,} questions in {time.monotonic() - started:.0f} s, {_rate(tally, started)} a second:"
        f" {tally.made:,} as schemathesis made them, {tally.varied:,} varied"
    )
    print("answers by status (- is a connection closed without one):", tally.by_status())
    for name, statuses in tally.by_route().items():
        print(f"  {name}: {statuses}")
    for question, mistake in tally.found:
        print(f"FOUND {mistake}: {question}")
    for line in broken:
        print(f"LOGGED {line}")


def _rate(tally: Tally, started: float) -> int:
    return round(tally.asked / (time.monotonic() - started))


def _write(folder: Path, several: Sequence[Question]) -> None:
    folder.mkdir(exist_ok=True)
    for question in several:
        text = write(question)
        path = folder / hashlib.sha1(text, usedforsecurity=False).hexdigest()
        path.write_bytes(text)
        print(path)
