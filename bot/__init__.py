"""Undersigned: signatures by comment for petitions on GitHub."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path


def _version() -> str:
    """Return the version of the installed package; in a clone, that of its `pyproject.toml`."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return metadata.version("undersigned")
    except metadata.PackageNotFoundError:
        return "unknown"


__version__ = _version()
