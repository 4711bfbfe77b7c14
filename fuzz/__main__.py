"""`python -m fuzz TARGET --runs N`: feed a target by coverage, from the corpus in this folder; needs atheris.

The targets `http` and `setup`, a running bot and one that is not set up, are asked over HTTP; they need no atheris.

What makes a target fail is written into the folder `fuzz/found`, and its path printed. Put it into `fuzz/corpus`:
the tests replay that. `--grow N` keeps N of the inputs that reached what none did before.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz.web import running

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
FOUND = HERE / "found"
WORDS = HERE / "words.dict"
LONGEST = {"body": 1024}
"""Bytes of the longest input, where it is not 4,096: a long body has little that a short one lacks."""
SMALL = 300
"""Bytes up to which an input is small enough to be kept in the tree."""


def main() -> int:
    """Run what the command line names; 1 is the exit code where something was found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(path.name for path in CORPUS.iterdir()))
    parser.add_argument("--runs", type=int, default=100_000, help="how many inputs (default: 100,000)")
    parser.add_argument("--seconds", type=int, default=0, help="end after so many seconds at the latest")
    parser.add_argument("--grow", type=int, default=0, metavar="N", help="keep up to N new inputs")
    options = parser.parse_args()
    FOUND.mkdir(exist_ok=True)
    known = CORPUS / options.target
    if (place := running.PLACES.get(options.target)) is not None:
        return running.run(place, options.runs, options.seconds, known, FOUND, options.grow)
    with tempfile.TemporaryDirectory() as fresh:
        arguments = [
            f"-runs={options.runs}", f"-max_total_time={options.seconds}", "-timeout=10",
            f"-max_len={LONGEST.get(options.target, 4096)}", f"-dict={WORDS}", "-print_final_stats=1",
            f"-artifact_prefix={FOUND}/", fresh, str(known),
        ]  # fmt: skip
        # In a process of its own, which libFuzzer ends as it likes.
        line = [sys.executable, "-m", "fuzz.feeding", options.target, *arguments]
        ended = subprocess.run(line, check=False)  # noqa: S603 - ourselves
        _keep(Path(fresh), known, options.grow)
    return 1 if ended.returncode else 0


def _keep(fresh: Path, known: Path, number: int) -> None:
    """Keep some of the new inputs, small and large ones."""
    small = sorted(
        (one for one in fresh.iterdir() if one.stat().st_size <= SMALL), key=lambda one: one.stat().st_size
    )
    step = max(len(small) // max(number, 1), 1)
    for one in small[::step][:number]:
        shutil.copy(one, known / one.name)


if __name__ == "__main__":
    raise SystemExit(main())
