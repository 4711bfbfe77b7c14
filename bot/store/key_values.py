"""Times and numbers that the store keeps by name."""

from __future__ import annotations

from typing import Final

from bot.store.engine.database import Transaction, upsert
from bot.time_types import WholeEpochSeconds


def read_mark(transaction: Transaction, name: str) -> int | None:
    """Return what is stored under a name; None for nothing."""
    rows = transaction.fetch("SELECT at FROM marks WHERE name = $1", name)
    return rows[0][0] if rows else None


_PUT: Final = upsert("marks", "name", "name TEXT, at BIGINT")


def put_mark(transaction: Transaction, name: str, at: WholeEpochSeconds) -> None:
    """Store a number under a name, and replace another one."""
    transaction.put(_PUT, [(name, at)])


def drop_mark(transaction: Transaction, name: str) -> None:
    """Drop what is stored under a name."""
    transaction.execute("DELETE FROM marks WHERE name = $1", name)
