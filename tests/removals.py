"""Take away every defence that SECURITY.md names, one at a time, and see that the tests named there notice.

`python -m tests.removals` works on a copy of the checkout. What is taken away how stands in `removals.toml`.
The exit code is 1 where a test stays green without its defence, or is red with it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_suffix(".toml")
LONGEST = 110
"""Letters of a test's complaint that are printed."""


@dataclass(frozen=True, slots=True)
class Removal:
    """A defence that is taken away by one replacement in one file, and the tests that must notice, by their ids."""

    threat: str
    what: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]

    def applied(self, text: str) -> str:
        """Give the file's text without the defence; raises ValueError where it is not there exactly once."""
        if (found := text.count(self.before)) != 1:
            raise ValueError(f"{self.file} has this {found} times, not once:\n{self.before}")
        return text.replace(self.before, self.after)


def read_removals() -> list[Removal]:
    """Read the table."""
    rows = tomllib.loads(TABLE.read_text(encoding="utf-8"))["removal"]
    return [Removal(**row | {"tests": tuple(row["tests"])}) for row in rows]


def noticed(said: str, tests: Iterable[str]) -> dict[str, str | None]:
    """Read pytest's summary: of each test how it complains, None where it does not.

    A test that could not begin has noticed nothing.
    """
    return {test: _complaint(said, test) for test in tests}


def _complaint(said: str, test: str) -> str | None:
    found = re.search(rf"^FAILED {re.escape(test)}(?:\[.*?\])?(?: - (.*))?$", said, re.MULTILINE)
    return None if found is None else (found[1] or "failed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Take away what is asked for, or everything."""
    options = _parser().parse_args(arguments)
    removals = [one for one in read_removals() if options.word in f"{one.threat}: {one.what}"]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        _copy_to(copy)
        tests = sorted({test for one in removals for test in one.tests})
        print(f"{len(removals)} defences, {len(tests)} tests; first with everything in place", flush=True)
        said, code = _run(copy, tests)
        if code:
            print(said)
            return 1
        silent = [test for one in removals for test in _try(one, copy)]
    print(f"{len(silent)} tests have not noticed." if silent else "Every test has noticed.")
    return 1 if silent else 0


def _try(removal: Removal, copy: Path) -> list[str]:
    """Take one defence away and put it back; give the tests that have not noticed."""
    file = copy / removal.file
    whole = file.read_text(encoding="utf-8")
    print(f"\n{removal.threat}: {removal.what}", flush=True)
    file.write_text(removal.applied(whole), encoding="utf-8")
    try:
        said, _ = _run(copy, removal.tests)
    finally:
        file.write_text(whole, encoding="utf-8")
    found = noticed(said, removal.tests)
    _tell(found, said)
    return [test for test, complaint in found.items() if complaint is None]


def _tell(found: Mapping[str, str | None], said: str) -> None:
    for test, complaint in found.items():
        name = test.rpartition("::")[2]
        print(f"  red    {name}: {complaint[:LONGEST]}" if complaint else f"  GREEN  {test}", flush=True)
    if None in found.values():
        print(said)


def _run(copy: Path, tests: Sequence[str]) -> tuple[str, int]:
    line = [sys.executable, "-m", "pytest", "-rA", "--tb=no", "--show-capture=no", *tests]
    # So wide that a complaint has room beside a test's name.
    wide = os.environ | {"COLUMNS": "400"}
    done = subprocess.run(line, cwd=copy, env=wide, capture_output=True, text=True, check=False)
    return done.stdout[-20_000:] + done.stderr[-2_000:], done.returncode


def _copy_to(copy: Path) -> None:
    """Copy what git knows or would add, as it is now."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    said = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in said.split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.removals", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("word", nargs="?", default="", help="only what has this in it, for example 'private'")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
