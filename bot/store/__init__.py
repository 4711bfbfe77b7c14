"""The only SQL: what GitHub told, durably, and what follows from it."""

from bot.store.errors import Busy, StoreError, Unavailable, Unrecordable, WrongDatabase
from bot.store.listing import ListingOutcome
from bot.store.reading import AckDue, Due, Letter, Snapshot, Thread, ThreadToRead
from bot.store.store import Store

__all__ = [
    "AckDue",
    "Busy",
    "Due",
    "Letter",
    "ListingOutcome",
    "Snapshot",
    "Store",
    "StoreError",
    "Thread",
    "ThreadToRead",
    "Unavailable",
    "Unrecordable",
    "WrongDatabase",
]
