"""Which version of the program this is, and how it calls itself over HTTP."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import metadata
from pathlib import Path


@cache
def version() -> str:
    """Return the version of the installed package; in a clone, that of its `pyproject.toml`."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return metadata.version("undersigned")
    except metadata.PackageNotFoundError:
        return "unknown"


def user_agent() -> str:
    """Return the header `User-Agent`, which GitHub demands.

    https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent
    """
    return f"undersigned/{version()}"
