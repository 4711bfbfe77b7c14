"""`python -m fuzz TARGET OPTIONS`: feed a target by coverage, from the corpus in this folder; needs atheris.

The options are libFuzzer's, such as `-runs=1000000` or `-max_total_time=600`. What makes a target fail is written
into the folder `fuzz/found`, as is what reached something new. Put it into `fuzz/corpus`: the tests replay that.

`python -m fuzz web OPTIONS` starts a bot and runs schemathesis on it, whose options these are; it needs no atheris.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"


def main() -> int:
    """Run what the command line names."""
    targets = sorted(path.name for path in CORPUS.iterdir())
    match sys.argv[1:]:
        case ["web", *options]:
            from fuzz import web  # noqa: PLC0415 - the other targets need nothing of it

            return web.run(options)
        case [target, *options] if target in targets:
            _feed(target, options)
    print(f"usage: python -m fuzz {'|'.join(targets)}|web OPTIONS", file=sys.stderr)
    return 2


def _feed(target: str, options: list[str]) -> None:
    """Feed until something is found or the options say that it is enough; libFuzzer ends the process then."""
    import atheris  # noqa: PLC0415 - only this needs it

    # Not the parsers of other people: ours are looked at ten times as often without.
    with atheris.instrument_imports(include=["bot"]):
        from fuzz.targets import TARGETS  # noqa: PLC0415 - what shall be watched is imported after atheris

    found = HERE / "found"
    found.mkdir(exist_ok=True)
    # A long body has little that a short one lacks.
    longest = 1024 if target == "body" else 4096
    defaults = [f"-max_len={longest}", f"-dict={HERE / 'words.dict'}", f"-artifact_prefix={found}/"]
    # libFuzzer writes into the first folder that it is given, and only reads the others.
    atheris.Setup(["fuzz", "-timeout=10", *defaults, *options, str(found), str(CORPUS / target)], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    raise SystemExit(main())
