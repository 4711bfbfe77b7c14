"""What can go wrong with the database, one class per reader, and why a file cannot be used."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


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


def reason_of(error: Exception) -> str:
    """Return what an error says, without the number and the name of a temporary file that the system adds."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def obstacle(path: Path) -> str:
    """Return why a file cannot be used; empty where no reason is found."""
    folder = path.absolute().parent
    if not folder.is_dir():
        return f"the folder {folder} does not exist"
    if path.is_dir():
        return "it is a folder"
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return "the file cannot be read and written by this user"
    return "" if os.access(folder, os.W_OK) else f"the folder {folder} cannot be written to by this user"


def is_damage(error: Exception) -> bool:
    """Check whether an error says that the file is damaged, or is no database at all.

    https://www.sqlite.org/rescode.html: the low byte of an extended code is the code.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def describe_damage(path: Path, what: object) -> str:
    """Return what to do about a damaged file."""
    reason = str(what).removeprefix("*** in database main ***\n").partition("\n")[0]
    return (
        f"{path.name} is damaged ({reason}). Save what can be read into a new file with:"
        " python -m bot recover NEW-FILE"
    )
