"""`python -m benchmarks.reliability` breaks what the bot stands on, and writes what came of it into a document.

With a NAME it measures only that, and leaves the document's other figures as they are.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from benchmarks import faults, soak
from benchmarks.machine import ROOT, circumstances
from benchmarks.report import Section, markdown, show

DOCUMENT = ROOT / "docs" / "RELIABILITY.md"

MEASURES: dict[str, Callable[[argparse.Namespace], Section]] = {
    "faults": lambda options: faults.measure(quick=options.quick),
    "soak": lambda options: soak.measure(quick=options.quick, minutes=options.minutes),
}


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description=__doc__)
    parser.add_argument("name", nargs="?", choices=MEASURES, help="measure only this")
    parser.add_argument("--quick", action="store_true", help="shorter; the document stays as it is")
    parser.add_argument(
        "--minutes", type=float, default=soak.MINUTES, help="how long to let it rain (default: %(default)g)"
    )
    options = parser.parse_args()
    where = circumstances()
    for name, measure in MEASURES.items():
        if options.name in (None, name):
            section = measure(options)
            print(show(section), flush=True)
            if not options.quick:
                text = put(DOCUMENT.read_text(encoding="utf-8"), name, markdown(section, where))
                DOCUMENT.write_text(text, encoding="utf-8")
                print(f"{DOCUMENT} is written.")
    return 0


def put(document: str, name: str, figures: str) -> str:
    """Put the figures of one measurement between its markers in a document; raises ValueError where it has none."""
    begin, end = markers(name)
    if begin not in document or end not in document:
        raise ValueError(f"no {begin} and {end}")
    between = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    return between.sub(lambda _: f"{begin}\n\n{figures.strip()}\n\n{end}", document, count=1)


def markers(name: str) -> tuple[str, str]:
    """Give what stands before and after the figures of a measurement."""
    return f"<!-- {name}:begin -->", f"<!-- {name}:end -->"


if __name__ == "__main__":
    raise SystemExit(main())
