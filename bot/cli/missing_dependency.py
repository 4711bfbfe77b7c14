"""What to install where a command needs a module that is not there."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

POSTGRES: Final = frozenset({"asyncpg", "greenlet"})
"""What the extra of that name installs."""


def explain(missing: BaseException, command: str) -> str:
    """Return what to install; raises the error again where the module is one of ours, or of Python itself."""
    while isinstance(missing, BaseExceptionGroup):
        missing = missing.exceptions[0]
    module = (getattr(missing, "name", None) or "").partition(".")[0]
    if command == "demo" and not find_spec("sandbox"):
        return (
            "`demo` needs the sandbox, which is in the project's repository and not in the package. In a clone (git"
            f" clone) type: {_lines(command)}"
        )
    if module in {"", "bot", "sandbox"} | sys.stdlib_module_names:
        raise missing
    needs, extra = ("PostgreSQL", "[postgres]") if module in POSTGRES else (f"`{command}`", "")
    lacking = f"{needs} needs {module}, which is not installed for {sys.executable}."
    if not Path(__file__).parents[2].joinpath("pyproject.toml").is_file():
        return f"{lacking} Install undersigned{extra} there."
    # Most often somebody has typed `python3` where the virtual environment's Python was meant.
    return f"{lacking} In the clone type: {_lines(command)}"


def _lines(command: str) -> str:
    file = "sandbox/requirements.txt" if command == "demo" else "requirements.txt"
    return f"python3 -m venv .venv && .venv/bin/pip install -r {file} && .venv/bin/python -m bot {command}"
