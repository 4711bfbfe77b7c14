"""The lock by which one process at a time reconciles, beside an SQLite database, and how such files are made."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from bot.store.engine.database import Coordinator
from bot.store.errors import DatabaseUnavailable


def make_temporary_file(beside: Path) -> Path:
    """Create an empty file of mode 0600 and a name of its own in the folder of another; raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{beside.name}.", suffix=".part", dir=beside.parent)
    os.close(descriptor)
    return Path(name)


def make_database_file(path: Path) -> None:
    """Create an empty file of mode 0600 for a database; one that is there is not touched.

    SQLite gives the files beside a database the mode of that. The file is made under another name, because whoever
    closes a file that SQLite has open in the same process takes SQLite's locks away:
    https://www.sqlite.org/howtocorrupt.html, 2.2.
    """
    if path.exists():
        return
    # Opening it gives the better error message.
    with suppress(OSError, sqlite3.Error):
        new = make_temporary_file(path)
        try:
            os.link(new, path)
        except FileExistsError:
            pass
        except OSError:
            # A file system without links: SQLite makes the file, and nothing is in it yet.
            with closing(sqlite3.connect(path)):
                path.chmod(0o600)
        finally:
            new.unlink()


def _lock_file(path: Path) -> sqlite3.Connection | None:
    file: sqlite3.Connection | None = None
    make_database_file(path)
    try:
        file = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        file.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if file is not None:
            file.close()
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            return None
        raise DatabaseUnavailable(f"{path}: {error}") from error
    return file


class SqliteCoordinator(Coordinator):
    """A lock on a file beside the database, which the system lifts when its process dies.

    The file is an empty SQLite database of its own, because SQLite knows how to lock on every system.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path.with_name(f"{path.name}-lease")
        self._file: sqlite3.Connection | None = None
        # Otherwise one of two that come at the same time would find the file locked by the other, and forget that.
        self._is_locking = asyncio.Lock()

    async def acquire(self, installation_id: int) -> Callable[[], bool]:  # noqa: ARG002 - one lock for all
        """Lock the file, for all installations at once."""
        async with self._is_locking:
            if self._file is None:
                self._file = await asyncio.to_thread(_lock_file, self._path)
            held = self._file is not None
        return lambda: held

    async def release(self, installation_id: int) -> None:
        """Close the file with the last installation."""
        async with self._is_locking:
            if self._leased == {installation_id}:
                await self._release_file()

    async def close(self) -> None:
        """Close the file."""
        async with self._is_locking:
            await self._release_file()

    async def _release_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            await asyncio.to_thread(file.close)
