"""Run one transaction at a time on SQLite or PostgreSQL, with plain functions that serve both.

A transaction is a synchronous function of a `Transaction`. For SQLite it runs in a thread of its own, all
statements in one go: a thread hop per transaction, not per statement. For PostgreSQL it runs in a greenlet, so
every statement awaits the server without blocking the loop.

SQL is written in PostgreSQL's way; `bot.store.engine.sqlite` translates what SQLite reads otherwise.

The drivers are spoken to directly. SQLAlchemy is there for the migrations only: between us and the driver it would
double the work of a transaction, the time to start and the memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, Self, TypeVar

from bot.store.engine.url import PostgresServer, SqliteFile
from bot.supervisor import Supervisor
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")
P = ParamSpec("P")

LOCK_SECONDS: Final = 5.0
"""Seconds to wait for another process's write, or for a connection."""

TIMEOUT: Final = 8.0
"""Seconds to wait for a database that has stopped answering; a delivery must be answered within 10 s."""

LONG_TIMEOUT: Final = 60.0
"""Seconds that a transaction may take that reads much, or repairs what should never have been wrong."""


@cache
def upsert(table: str, key: str, columns: str) -> str:
    """Return the statement that puts rows, or replaces those with their key; `columns` are "name TYPE, …"."""
    types = dict(column.split() for column in columns.split(", "))
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types.values(), 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in types if name not in key.split(", "))
    return f"""
        INSERT INTO {table} ({", ".join(types)}) SELECT * FROM unnest({arrays})
        ON CONFLICT ({key}) DO UPDATE SET {changes}
    """


class Row(Protocol):
    """A row of either driver, by the places of its columns or by their names."""

    def __getitem__(self, column: int | str | slice) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


class Transaction(ABC):
    """The statements of one transaction; a list or tuple among the values of one is an array."""

    __slots__ = ()

    @abstractmethod
    def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        """Return all rows."""

    @abstractmethod
    def execute(self, sql: str, *values: object) -> int:
        """Return the number of rows touched."""

    @abstractmethod
    def put(self, sql: str, rows: Collection[tuple[object, ...]]) -> None:
        """Write all rows, in as few calls of the driver as possible."""

    @abstractmethod
    def each(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Run a statement for each row, in one call of the driver."""

    @abstractmethod
    def has_table(self, name: str) -> bool:
        """Return whether there is a table of this name."""


class Database(ABC):
    """A database that runs transactions."""

    commits = 0
    """How many writing transactions of this process have ended, well or not."""

    @abstractmethod
    async def write(self, work: Callable[[Transaction], T], longest: Seconds = TIMEOUT) -> T:
        """Run a transaction that is on disk when this returns; raises DatabaseUnavailable."""

    async def record(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction of the webhook's writer, which no other work keeps waiting for a connection."""
        return await self.write(work)

    @abstractmethod
    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction that sees one state of the database and changes nothing; raises DatabaseUnavailable."""

    @abstractmethod
    async def alter(self, work: Callable[[Connection], T], longest: Seconds) -> T:
        """Run a transaction that alters tables, over a connection of SQLAlchemy's; raises DatabaseUnavailable."""

    @abstractmethod
    def coordinator(self, changed: Callable[[], object], supervisor: Supervisor) -> Coordinator:
        """Return what coordinates processes on a database; `changed` is called when another recorded something."""

    def problem(self) -> str:
        """Return why nothing can be written until somebody acts, and what to do; empty where nothing is known."""
        return ""

    @abstractmethod
    async def check_integrity(self) -> None:
        """Read the whole database and check that it is sound; raises Damaged or DatabaseUnavailable."""

    @abstractmethod
    async def close(self) -> None:
        """Close threads and connections."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class Records:
    """The rows on one subject; `announce` tells this process and others that there may be something to do.

    Methods that are decorated with `read_transaction` or `write_transaction` run in one. They have it as their
    first argument, which whoever awaits them leaves out.
    """

    def __init__(
        self, database: Database, now: Callable[[], EpochSeconds], announce: Callable[[], None] = lambda: None
    ) -> None:
        self._database = database
        self._now = now
        self._announce = announce

    async def _fetch(self, sql: str, *values: object) -> Sequence[Row]:
        return await self._database.read(lambda transaction: transaction.fetch(sql, *values))

    async def _execute(self, sql: str, *values: object) -> int:
        return await self._database.write(lambda transaction: transaction.execute(sql, *values))


R = TypeVar("R", bound=Records)


def read_transaction(
    method: Callable[Concatenate[R, Transaction, P], T],
) -> Callable[Concatenate[R, P], Coroutine[Any, Any, T]]:
    """Run a method in a transaction that sees one state of the database and changes nothing."""

    @wraps(method)
    async def run(self: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.read(lambda transaction: method(self, transaction, *args, **kwargs))

    return run


def write_transaction(
    method: Callable[Concatenate[R, Transaction, P], T],
) -> Callable[Concatenate[R, P], Coroutine[Any, Any, T]]:
    """Run a method in a transaction that is on disk when it returns."""

    @wraps(method)
    async def run(self: R, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.write(lambda transaction: method(self, transaction, *args, **kwargs))

    return run


def connect(address: SqliteFile | PostgresServer) -> Database:
    """Return a database for transactions; nothing is opened yet."""
    # Each driver is loaded only by those who use it: memory, and time to start.
    if isinstance(address, SqliteFile):
        from bot.store.engine.sqlite import SqliteDatabase  # noqa: PLC0415 - see above

        return SqliteDatabase(address)
    from bot.store.engine.postgres import PostgresDatabase  # noqa: PLC0415 - see above

    return PostgresDatabase(address)


class Lease:
    """The right to reconcile an installation; false where another process has it, and once it is lost."""

    __slots__ = ("_is_held",)

    def __init__(self, is_held: Callable[[], bool]) -> None:
        self._is_held = is_held

    def __bool__(self) -> bool:
        return self._is_held()


class Coordinator(ABC):
    """The other processes on the same database."""

    def __init__(self) -> None:
        self._leased: set[int] = set()

    @asynccontextmanager
    async def lease(self, installation_id: int) -> AsyncIterator[Lease]:
        """Try to lease an installation for as long as the context lasts; never waits for another holder."""
        if installation_id in self._leased:
            yield Lease(lambda: False)
            return
        self._leased.add(installation_id)
        try:
            is_held = await self.acquire(installation_id)
            try:
                yield Lease(is_held)
            finally:
                await self.release(installation_id)
        finally:
            self._leased.discard(installation_id)

    async def open(self) -> None:  # noqa: B027 - a file has no notifications
        """Connect to the others; raises DatabaseUnavailable."""

    def notify(self) -> None:  # noqa: B027 - see above
        """Notify the others that something was recorded; returns at once."""

    @abstractmethod
    async def acquire(self, installation_id: int) -> Callable[[], bool]:
        """Try to lease an installation; return a function that checks whether the lease still holds."""

    @abstractmethod
    async def release(self, installation_id: int) -> None:
        """Release an installation, if it is leased."""

    @abstractmethod
    async def close(self) -> None:
        """Release everything."""


def read_mark(transaction: Transaction, name: str) -> int | None:
    """Return what is stored under a name; None for nothing."""
    rows = transaction.fetch("SELECT at FROM marks WHERE name = $1", name)
    return rows[0][0] if rows else None


def put_mark(transaction: Transaction, name: str, at: WholeEpochSeconds) -> None:
    """Store a number under a name, and replace another one."""
    transaction.put(upsert("marks", "name", "name TEXT, at BIGINT"), [(name, at)])


def drop_mark(transaction: Transaction, name: str) -> None:
    """Drop what is stored under a name."""
    transaction.execute("DELETE FROM marks WHERE name = $1", name)
