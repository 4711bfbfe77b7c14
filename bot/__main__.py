"""`python -m bot`."""

import sys


def _main() -> int:
    try:
        from bot.cli import main  # noqa: PLC0415 - what is missing is to be explained

        return main()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "bot":
            raise
        # Most often somebody has typed `python3` where the virtual environment's Python was meant.
        sys.stderr.write(
            f"{error.name} is not installed for {sys.executable}. In a clone: python3 -m venv .venv &&"
            " .venv/bin/pip install -r requirements.txt, and then .venv/bin/python -m bot\n"
        )
        return 2


if __name__ == "__main__":
    raise SystemExit(_main())
