"""`python -m benchmarks NAME` measures one thing and prints it as Markdown, with the goals that were set for it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from benchmarks.report import Options, Report, markdown

NAMES = ("accept", "storm", "pages", "sizes", "start", "reading", "reliability")
COMPARING = ("accept", "start")


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--quick", action="store_true", help="only see that it runs; the figures mean little")
    parser.add_argument("--rounds", type=int, help="how often each server has its turn (accept, start)")
    parser.add_argument(
        "--against", type=Path, metavar="CHECKOUT", help="have another checkout's bot take turns (accept, start)"
    )
    given = parser.parse_args()
    if given.name not in COMPARING and (given.against or given.rounds):
        parser.error(f"{given.name} knows neither --against nor --rounds")
    if given.against and not Path(given.against, "bot", "__main__.py").is_file():
        parser.error(f"{given.against} is no checkout")
    # One that is not asked for need not be imported: some want packages that others do not.
    measure: Callable[[Options], Report] = import_module(f"benchmarks.{given.name}").measure
    report = measure(Options(given.quick, given.rounds, given.against and given.against.resolve()))
    print(markdown(given.name, report), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
