"""Two processes on one SQLite file: one of them reconciles, the other at most records."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

from bot.store.engine.leases import Coordinator
from bot.store.engine.private_files import make_database_file
from bot.store.errors import Unavailable


class SqliteCoordinator(Coordinator):
    """A lock on a file beside the database, which the system lifts when its process dies.

    The file is an empty SQLite database of its own, because SQLite knows how to lock on every system.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path.with_name(f"{path.name}-lease")
        self._file: sqlite3.Connection | None = None
        # Without turns, one of two who come at once would find the file locked by the other, and forget that.
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Do nothing; the file is opened by the first lease."""

    def tell(self) -> None:
        """Do nothing; a second process looks on its beat."""

    async def acquire(self, installation_id: int) -> Callable[[], bool]:  # noqa: ARG002 - one lock for all
        """Hold the file, for all installations at once."""
        async with self._turn:
            if self._file is None:
                self._file = await asyncio.to_thread(_lock, self._path)
            held = self._file is not None
        return lambda: held

    async def release(self, installation_id: int) -> None:
        """Give the file back with the last installation."""
        async with self._turn:
            if self._leased == {installation_id}:
                await self._give_back()

    async def close(self) -> None:
        """Give the file back."""
        async with self._turn:
            await self._give_back()

    async def _give_back(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            await asyncio.to_thread(file.close)


def _lock(path: Path) -> sqlite3.Connection | None:
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
        raise Unavailable(f"{path}: {error}") from error
    return file
