"""Copy an SQLite database while it is in use, and put a copy in its place; PostgreSQL has tools of its own."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from bot.store import owned
from bot.store.address import Address, SqliteFile, existing, read_address
from bot.store.errors import Unavailable, WrongDatabase
from bot.store.migrations import HEAD

ELSEWHERE: Final = "PostgreSQL has pg_dump and pg_restore for this; docs/OPERATING.md has the lines to type"


def backup(database_url: str, file: Path) -> None:
    """Copy the database, as it is at one moment, into a file that only its owner may read.

    A bot that runs goes on meanwhile. What was in the file goes once the copy is complete.
    Raises WrongDatabase and Unavailable.
    """
    path = _sqlite(existing(database_url))
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(_open(path)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            # A copy is one file; with this it stays so when somebody looks into it.
            copy.execute("PRAGMA journal_mode = DELETE")
            _check(copy, part)
        part.replace(file)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise Unavailable(f"{file} could not be written: {error}") from error


def restore(database_url: str, file: Path) -> None:
    """Put a copy in the place of the database, in one transaction, while no bot uses it.

    Raises WrongDatabase, also where the file is no copy that this version can use, and Unavailable.
    """
    path = _sqlite(read_address(database_url))
    if not file.is_file():
        raise WrongDatabase(f"there is no file {file}")
    with closing(_open(file)) as copy:
        _check(copy, file)
        owned.make(path)
        try:
            with closing(sqlite3.connect(path, timeout=1.0)) as database:
                # Only who is alone with a database can change its journal.
                database.execute("PRAGMA journal_mode = DELETE")
                copy.backup(database)
        except sqlite3.OperationalError as error:
            raise Unavailable(f"{path} is in use or cannot be written; stop the bot first ({error})") from error


def _sqlite(address: Address) -> Path:
    if not isinstance(address, SqliteFile):
        raise WrongDatabase(ELSEWHERE)
    return address.path


def _open(path: Path) -> sqlite3.Connection:
    """Open a file for reading, without making one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _check(copy: sqlite3.Connection, file: Path) -> None:
    """See that a copy is whole, is ours, and is not from a newer program."""
    try:
        (said,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        versions = [version for (version,) in copy.execute("SELECT version_num FROM alembic_version")]
    except sqlite3.DatabaseError as error:
        raise WrongDatabase(f"{file} is no copy of a database of ours: {error}") from error
    if said != "ok":
        raise WrongDatabase(f"{file} is damaged: {said}")
    if not versions or max(versions) > HEAD:
        raise WrongDatabase(f"{file} is from a newer version of this program")
