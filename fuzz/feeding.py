"""`python -m fuzz.feeding TARGET OPTIONS`: hand a target to libFuzzer, whose options these are."""

from __future__ import annotations

import sys

import atheris


def main() -> None:
    """Feed until something is found or the options say that it is enough."""
    # Not the parsers of other people: ours are looked at ten times as often without.
    with atheris.instrument_imports(include=["bot"]):
        from fuzz.targets import TARGETS  # noqa: PLC0415 - what shall be watched is imported after atheris

    atheris.Setup(["fuzz", *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
