"""Undersigned: signatures by comment for petitions on GitHub."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    """Return `__version__`, which is looked up only when somebody asks."""
    if name != "__version__":
        raise AttributeError(name)
    from bot.version import version  # noqa: PLC0415 - see above

    return version()
