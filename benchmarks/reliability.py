"""`python -m benchmarks.reliability` breaks what the bot stands on, and writes what came of it into a document.

With a NAME it prints one measurement; with `--quick` it is shorter, and the document stays as it is.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from benchmarks import faults, soak
from benchmarks.machine import ROOT, circumstances
from benchmarks.report import Section, markdown, show

DOCUMENT = ROOT / "docs" / "RELIABILITY.md"
BEGIN, END = "<!-- figures:begin -->", "<!-- figures:end -->"

MEASURES: dict[str, Callable[..., Section]] = {"faults": faults.measure, "soak": soak.measure}


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description=__doc__)
    parser.add_argument("name", nargs="?", choices=MEASURES, help="measure only this, and print it")
    parser.add_argument("--quick", action="store_true", help="shorter; the document stays as it is")
    options = parser.parse_args()
    where = circumstances()
    sections: list[Section] = []
    for name, measure in MEASURES.items():
        if options.name in (None, name):
            sections.append(measure(quick=options.quick))
            print(show(sections[-1]), flush=True)
    if options.name is None and not options.quick:
        figures = "\n\n".join(markdown(section, where) for section in sections)
        DOCUMENT.write_text(put(DOCUMENT.read_text(encoding="utf-8"), figures), encoding="utf-8")
        print(f"{DOCUMENT} is written.")
    return 0


def put(document: str, figures: str) -> str:
    """Put figures between the two markers of a document; raises ValueError where it has none."""
    if BEGIN not in document or END not in document:
        raise ValueError(f"no {BEGIN} and {END}")
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return between.sub(lambda _: f"{BEGIN}\n\n{figures.strip()}\n\n{END}", document, count=1)


if __name__ == "__main__":
    raise SystemExit(main())
