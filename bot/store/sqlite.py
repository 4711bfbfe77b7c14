"""SQLite: one file, one writing thread, and readers that it does not hold up."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from bot.store.address import SqliteFile
from bot.store.database import LOCK_SECONDS, PATIENCE, Database, Transaction, driver_error
from bot.store.errors import Unavailable, WrongDatabase
from bot.store.neighbours import Neighbours
from bot.store.sqlite_neighbours import SqliteNeighbours

T = TypeVar("T")

OLDEST: Final = (3, 35, 0)


class SqliteDatabase(Database):
    """One writing thread, and readers that it does not hold up (WAL)."""

    def __init__(self, address: SqliteFile, *, readers: int = 2) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            raise WrongDatabase(f"SQLite {sqlite3.sqlite_version} is too old, 3.35 or newer is needed")
        self.path = address.path
        self._writer = _sqlite_engine(address, 1, "BEGIN IMMEDIATE")
        self._reader = _sqlite_engine(address, readers, "BEGIN")
        self._writing = ThreadPoolExecutor(1, "sqlite-writer")
        self._reading = ThreadPoolExecutor(readers, "sqlite-reader")

    async def write(self, work: Callable[[Transaction], T], patience: float = PATIENCE) -> T:  # noqa: ARG002 - a file answers
        """Run a transaction in the writing thread."""
        return await self._run(self._writing, self._writer, work)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction in a reading thread."""
        return await self._run(self._reading, self._reader, work)

    def neighbours(self, changed: Callable[[], object]) -> Neighbours:  # noqa: ARG002 - nobody calls over a file
        """Give the lock beside the file."""
        return SqliteNeighbours(self.path)

    async def close(self) -> None:
        """Finish what runs; the last one out folds the WAL into the file."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._reading.shutdown()
        self._writing.shutdown()
        self._reader.dispose()
        self._writer.dispose()

    async def _run(self, threads: ThreadPoolExecutor, engine: Engine, work: Callable[[Transaction], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(threads, _in_transaction, engine, work)


def _sqlite_engine(address: SqliteFile, connections: int, begin: str) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(address.path)),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": LOCK_SECONDS, "isolation_level": None, "check_same_thread": False},
    )
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _tune_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    """Set what SQLite forgets between connections.

    FULL, because NORMAL in WAL mode may lose the last commits at a power failure:
    https://www.sqlite.org/pragma.html#pragma_synchronous
    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -16000")


def _in_transaction(engine: Engine, work: Callable[[Transaction], T]) -> T:
    try:
        with engine.begin() as connection:
            return work(Transaction(connection, "sqlite"))
    except (DBAPIError, sqlite3.Error) as error:
        cause = driver_error(error)
        if isinstance(cause, _REFUSALS):
            raise
        raise Unavailable(str(cause)) from error


_REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""A row that cannot be stored, as against a database that cannot store."""
