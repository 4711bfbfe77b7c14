"""`python -m benchmarks` measures everything and writes RESULTS.md; with a NAME it measures one thing."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from benchmarks import accept
from benchmarks.report import RECORD, Section, record, show

BENCHMARKS: dict[str, Callable[..., Section]] = {
    "accept": accept.measure,
}


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", choices=BENCHMARKS, help="measure only this, and print it")
    parser.add_argument("--rounds", type=int, help="how often to measure, where medians are taken (default: 5)")
    options = parser.parse_args()
    choice = {} if options.rounds is None else {"rounds": options.rounds}
    if options.name:
        print(show(BENCHMARKS[options.name](**choice)))
        return 0
    began = time.monotonic()
    sections: list[Section] = []
    for measure in BENCHMARKS.values():
        sections.append(measure(**choice))
        print(show(sections[-1]), flush=True)
    record(sections, time.monotonic() - began)
    print(f"{RECORD} is written.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
