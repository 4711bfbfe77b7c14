"""`python -m fuzz TARGET --runs N`: feed a target by coverage, from the corpus in this folder; needs atheris.

What makes a target fail is written into the folder `fuzz/found`, and its path printed. Put it into `fuzz/corpus`:
the tests replay that. `--grow` keeps in the corpus the inputs that reach what none did before.
"""

from __future__ import annotations

import argparse
import atexit
import shutil
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
FOUND = HERE / "found"
SMALL = 300
"""Bytes up to which an input is small enough for the tree, when it grows."""


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=sorted(path.name for path in CORPUS.iterdir()))
    parser.add_argument("--runs", type=int, default=100_000, help="how many inputs (default: 100,000)")
    parser.add_argument("--seconds", type=int, default=0, help="end after so many seconds at the latest")
    parser.add_argument("--grow", type=int, default=0, metavar="N", help="keep up to N new inputs")
    options = parser.parse_args()

    import atheris  # noqa: PLC0415 - what it shall watch is imported after it

    # Not the parsers of other people: ours are looked at ten times as often without.
    with atheris.instrument_imports(include=["bot"]):
        from fuzz.targets import TARGETS  # noqa: PLC0415 - as above

    known = CORPUS / options.target
    FOUND.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh:
        arguments = [
            "fuzz", f"-runs={options.runs}", f"-max_total_time={options.seconds}", "-max_len=4096", "-timeout=10",
            "-print_final_stats=1", f"-artifact_prefix={FOUND}/", fresh, str(known),
        ]  # fmt: skip
        atheris.Setup(arguments, TARGETS[options.target])
        # libFuzzer ends the process, so what is to be kept is kept on the way out.
        atexit.register(_keep, Path(fresh), known, options.grow)
        atheris.Fuzz()


def _keep(fresh: Path, known: Path, number: int) -> None:
    small = sorted(
        (one for one in fresh.iterdir() if one.stat().st_size <= SMALL), key=lambda one: one.stat().st_size
    )
    for one in small[len(small) // 2 :: max(len(small) // (2 * number or 1), 1)][:number]:
        shutil.copy(one, known / one.name)


if __name__ == "__main__":
    main()
