"""Back up an SQLite database while it is in use, and restore it; PostgreSQL has its own tools."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from bot.store.engine.sqlite_coordinator import make_database_file, make_temporary_file
from bot.store.engine.url import Address, SqliteFile, read_address, read_existing_address
from bot.store.errors import (
    Damaged,
    DatabaseUnavailable,
    WrongDatabase,
    describe_damage,
    is_damage,
    obstacle,
    reason_of,
)
from bot.store.migrations import HEAD

_BESIDE: Final = ("", "-wal", "-shm", "-journal", "-lease", "-lease-journal")
"""What follows a database's name in the names of the files that SQLite and we put beside it."""

MOVE_AWAY: Final = "Stop the bot, move this file and its -wal and -shm files to another folder, and try again"

ELSEWHERE: Final = "For PostgreSQL, use pg_dump and pg_restore; docs/OPERATING.md has the commands"


def backup(database_url: str, file: Path) -> None:
    """Copy the database, as it is at one moment, into a file that only its owner may read.

    A bot that runs goes on meanwhile. What was in the file goes once the copy is complete.
    Raises WrongDatabase and DatabaseUnavailable.
    """
    path = _sqlite(read_existing_address(database_url))
    check_apart(file, path)
    _check_replaceable(file)
    part: Path | None = None
    try:
        part = make_temporary_file(file)
        with closing(_open(path)) as source, closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
            # A copy is one file; with this it stays so when somebody opens it.
            copy.execute("PRAGMA journal_mode = DELETE")
            _check(copy, path)
        part.replace(file)
    except (sqlite3.Error, OSError) as error:
        if is_damage(error):
            raise Damaged(describe_damage(path, error)) from error
        raise DatabaseUnavailable(f"{file} could not be written: {obstacle(file) or reason_of(error)}") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def is_backup(file: Path) -> bool:
    """Return whether a file is a copy of a database of ours, of any version, or has nothing in it yet."""
    try:
        if file.is_file() and not file.stat().st_size:
            return True
        with closing(_open(file)) as copy:
            tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            (mode,) = copy.execute("PRAGMA journal_mode").fetchone()
    except (sqlite3.Error, OSError):
        return False
    return {"alembic_version", "petitions", "signatures"} <= tables and mode != "wal"


def restore(database_url: str, file: Path) -> None:
    """Replace the database by a copy, in one transaction, while no bot uses it.

    Raises WrongDatabase, also where the file is no copy that this version can use, and DatabaseUnavailable.
    """
    path = _sqlite(read_address(database_url))
    if not file.is_file():
        raise WrongDatabase(f"{file} does not exist")
    if _is_same(file, path):
        raise WrongDatabase(f"{file} is the database itself")
    with closing(_open(file)) as copy:
        _check(copy, file)
        make_database_file(path)
        try:
            with closing(sqlite3.connect(path, timeout=1.0, isolation_level=None)) as database:
                _lock_exclusively(database)
                copy.backup(database)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise Damaged(f"{path} is damaged ({error}). {MOVE_AWAY}") from error
            raise DatabaseUnavailable(
                f"{path} is in use or cannot be written; stop the bot first ({error})"
            ) from error


def _lock_exclusively(database: sqlite3.Connection) -> None:
    """Lock a database until its connection is closed; raises sqlite3.OperationalError while it is in use."""
    database.execute("PRAGMA locking_mode = EXCLUSIVE")
    # The journal can be changed only by the only connection.
    database.execute("PRAGMA journal_mode = DELETE")
    # The first write takes the lock, which is then kept: https://www.sqlite.org/pragma.html#pragma_locking_mode
    database.execute("BEGIN EXCLUSIVE")
    database.execute("COMMIT")


def check_apart(file: Path, database: Path) -> None:
    """Check that a file is not the database, and none of the files beside it; raises WrongDatabase."""
    if any(_is_same(file, database.with_name(f"{database.name}{end}")) for end in _BESIDE):
        raise WrongDatabase(f"{file} belongs to the database itself; choose another name")


def _check_replaceable(file: Path) -> None:
    """Check that a copy would not be written over a database; copies alone are not in WAL mode."""
    if not file.is_file():
        return
    try:
        with closing(_open(file)) as other:
            (mode,) = other.execute("PRAGMA journal_mode").fetchone()
    except sqlite3.OperationalError as error:
        raise DatabaseUnavailable(f"{file} cannot be read; choose another name ({error})") from error
    except sqlite3.DatabaseError:
        # What is no database at all may be replaced, like an older copy.
        return
    if mode == "wal":
        raise WrongDatabase(f"{file} is a database in use, not a copy; choose another name")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one.absolute() == other.absolute()


def _sqlite(address: Address) -> Path:
    if not isinstance(address, SqliteFile):
        raise WrongDatabase(ELSEWHERE)
    return address.path.resolve()


def _open(path: Path) -> sqlite3.Connection:
    """Open a file for reading, without making one."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _check(copy: sqlite3.Connection, file: Path) -> None:
    """Check that a copy is whole, is a database of this program, and is not from a newer version."""
    try:
        (result,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        versions = [version for (version,) in copy.execute("SELECT version_num FROM alembic_version")]
    except sqlite3.DatabaseError as error:
        raise WrongDatabase(f"{file} is not a copy of a petition database: {error}") from error
    if result != "ok":
        raise WrongDatabase(f"{file} is damaged: {result}")
    if not versions or max(versions) > HEAD:
        raise WrongDatabase(f"{file} is from a newer version of this program")


def delete_database(database_url: str) -> None:
    """Delete a database that is a file, and the files beside it; raises WrongDatabase."""
    address = read_address(database_url)
    if isinstance(address, SqliteFile):
        for ending in _BESIDE:
            Path(f"{address.path}{ending}").unlink(missing_ok=True)
