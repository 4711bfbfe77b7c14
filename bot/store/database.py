"""Run one transaction at a time on SQLite or PostgreSQL, with the same plain functions for both.

A transaction is a synchronous function of a `Transaction`. For SQLite it runs in a thread of its own, all
statements in one go: a thread hop per transaction, not per statement. For PostgreSQL it runs inside SQLAlchemy's
greenlet, so every statement awaits the server without blocking the loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Row
from sqlalchemy.exc import DBAPIError

from bot.store.address import PostgresServer, SqliteFile
from bot.store.neighbours import Neighbours
from bot.store.spelling import Engine as EngineName
from bot.store.spelling import Statement

T = TypeVar("T")

LOCK_SECONDS: Final = 5.0
"""How long to wait for another process's write, or for a connection."""

PATIENCE: Final = 8.0
"""How long to wait for a database that has stopped answering; a delivery must be answered within 10 s."""


class Transaction:
    """The statements of one transaction.

    What every delivery needs goes straight to the driver's cursor: SQLAlchemy's results would take as long again as
    the statements themselves.
    """

    __slots__ = ("_connection", "_cursor", "engine")

    def __init__(self, connection: Connection, engine: EngineName) -> None:
        self._connection = connection
        self._cursor = connection.connection.cursor()
        self.engine = engine

    def fetch(self, statement: Statement, *values: object) -> Sequence[Row[*tuple[Any, ...]]]:
        """Give all rows; a list or tuple among the values is an array."""
        return self._connection.exec_driver_sql(statement.text(self.engine), self._spell(values)).fetchall()

    def tuples(self, statement: Statement, *values: object) -> Sequence[Sequence[Any]]:
        """Give all rows, faster than `fetch` and without the names of their columns."""
        self._cursor.execute(statement.text(self.engine), self._spell(values))
        return self._cursor.fetchall()

    def execute(self, statement: Statement, *values: object) -> int:
        """Give the number of rows touched."""
        self._cursor.execute(statement.text(self.engine), self._spell(values))
        return self._cursor.rowcount

    def put(self, statement: Statement, rows: Collection[tuple[object, ...]]) -> None:
        """Hand all rows to the driver in one call."""
        if not rows:
            return
        if self.engine == "sqlite":
            self._cursor.executemany(statement.sqlite, list(rows))
        else:
            self._cursor.execute(statement.postgresql, tuple(map(list, zip(*rows, strict=True))))

    def each(self, statement: Statement, rows: Sequence[tuple[object, ...]]) -> None:
        """Run a statement for each row, in one call of the driver."""
        if len(rows) == 1:
            self._cursor.execute(statement.text(self.engine), rows[0])
        elif rows:
            self._cursor.executemany(statement.text(self.engine), rows)

    def raw(self) -> Connection:
        """Give SQLAlchemy's connection, for migrations."""
        return self._connection

    def _spell(self, values: tuple[object, ...]) -> tuple[object, ...]:
        if self.engine == "postgresql":
            return values
        return tuple(
            msgspec.json.encode(value).decode() if isinstance(value, list | tuple) else value for value in values
        )


class Database(ABC):
    """A database that runs transactions."""

    @abstractmethod
    async def write(self, work: Callable[[Transaction], T], patience: float = PATIENCE) -> T:
        """Run a transaction that is on disk when this returns; raises Unavailable."""

    @abstractmethod
    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction that sees one state of the database and changes nothing; raises Unavailable."""

    @abstractmethod
    def neighbours(self, changed: Callable[[], object]) -> Neighbours:
        """Give the way to other processes on the same database; `changed` is called when one recorded something."""

    @abstractmethod
    async def close(self) -> None:
        """Give back threads and connections."""


def connect(address: SqliteFile | PostgresServer) -> Database:
    """Prepare a database for transactions; nothing is opened yet."""
    # Each driver is loaded only by those who use it: memory, and time to start.
    if isinstance(address, SqliteFile):
        from bot.store.sqlite import SqliteDatabase  # noqa: PLC0415 - see above

        return SqliteDatabase(address)
    from bot.store.postgres import PostgresDatabase  # noqa: PLC0415 - see above

    return PostgresDatabase(address)


def driver_error(error: Exception) -> BaseException:
    """Give the driver's own error, whether or not SQLAlchemy has wrapped it."""
    return error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
