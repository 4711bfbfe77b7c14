"""`python -m benchmarks` measures everything and writes RESULTS.md; with a NAME it prints one measurement."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from benchmarks import accept, hour, letters, pages, processes, reading, sizes, starting, storm
from benchmarks.drawing import draw
from benchmarks.machine import Circumstances, circumstances
from benchmarks.report import PICTURES, Section, document, picture, show

HERE = Path(__file__).parent
RECORD = HERE / "RESULTS.md"


class Measure(Protocol):
    """Measures one thing; `quick` is for a look while working, with less of everything."""

    def __call__(self, *, quick: bool = False) -> Section:
        """Measure, and say what was found."""


BENCHMARKS: dict[str, Measure] = {
    "accept": accept.measure,
    "storm": storm.measure,
    "sizes": sizes.measure,
    "start": starting.measure,
    "processes": processes.measure,
    "pages": pages.measure,
    "hour": hour.measure,
    "letters": letters.measure,
    "reading": reading.measure,
}


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="measure only this, and print it")
    parser.add_argument("--quick", action="store_true", help="less of everything; RESULTS.md stays as it is")
    options = parser.parse_args()
    before, began = circumstances(), time.monotonic()
    sections: list[Section] = []
    for name, measure in BENCHMARKS.items():
        if options.name in (None, name):
            sections.append(measure(quick=options.quick))
            print(show(sections[-1]), flush=True)
    if options.name is None and not options.quick:
        _record(sections, before, time.monotonic() - began)
        print(f"{RECORD} is written.")
    return 0


def _record(sections: Sequence[Section], where: Circumstances, seconds: float) -> None:
    """Write RESULTS.md, and the plots beside it."""
    (HERE / PICTURES).mkdir(exist_ok=True)
    for section in sections:
        for place, chart in enumerate(section.charts):
            (HERE / picture(section, place)).write_text(draw(chart), encoding="utf-8")
    RECORD.write_text(document(sections, where, seconds), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
