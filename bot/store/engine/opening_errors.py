"""Which database or copy cannot be opened or written, why, and what to do about it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bot.store.engine.url import Address, SqliteFile, read_address
from bot.store.errors import Damaged, DatabaseUnavailable, StoreError


@contextmanager
def opening(address: Address) -> Iterator[None]:
    """Raise DatabaseUnavailable with the name, the reason and the remedy where a database cannot be opened."""
    try:
        yield
    except Damaged:
        raise
    except DatabaseUnavailable as error:
        remedy = "Check DATABASE_URL, and that the database server runs and can be reached from this computer."
        if isinstance(address, SqliteFile):
            remedy = "DATABASE_URL must name a file in a folder that the bot can write to."
        what = f"The database {describe(address)} cannot be opened: {reason(address, error)}. {remedy}"
        raise DatabaseUnavailable(what) from error


def describe(address: Address) -> str:
    """Return which database an address names, without user and password."""
    if isinstance(address, SqliteFile):
        return str(address.path)
    parts = urlsplit(address.dsn)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def reason(address: Address, error: StoreError) -> str:
    """Return why a database cannot be opened: of a file SQLite says too little."""
    return (obstacle(address.path) if isinstance(address, SqliteFile) else "") or str(error)


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


def delete_database(database_url: str) -> None:
    """Delete a database that is a file, and the files beside it; raises WrongDatabase."""
    address = read_address(database_url)
    if isinstance(address, SqliteFile):
        for ending in ("", "-wal", "-shm", "-lease"):
            Path(f"{address.path}{ending}").unlink(missing_ok=True)
