"""What can go wrong with recording, one class per reader."""

from __future__ import annotations


class StoreError(Exception):
    """The database did not do what was asked."""


class Busy(StoreError):
    """More facts are waiting than the queue takes; the webhook asks GitHub to come back later."""


class DatabaseUnavailable(StoreError):
    """The database cannot take anything at the moment: unreachable, locked, full or read-only."""


class Damaged(DatabaseUnavailable):
    """The SQLite file is damaged, or is no database; the message says which command saves what can be read."""


class Unrecordable(StoreError):
    """One fact holds something that no database can store, now or later; the others were stored."""


class NoSuchPetition(StoreError, KeyError):
    """There is no petition of this id, or not any more: it has turned out to be part of another one."""


class WrongDatabase(StoreError):
    """`DATABASE_URL` does not name a database that this version can use; the message says why."""
