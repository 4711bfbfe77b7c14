"""Undersigned: signatures by comment for petitions on GitHub."""

from __future__ import annotations

from pathlib import Path


def _version() -> str:
    """Return the version of the installed package; in a clone, that of its `pyproject.toml`."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    # Each command waits for the one that it needs.
    if project.is_file():
        import tomllib  # noqa: PLC0415

        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    from importlib import metadata  # noqa: PLC0415

    try:
        return metadata.version("undersigned")
    except metadata.PackageNotFoundError:
        return "unknown"


__version__ = _version()
