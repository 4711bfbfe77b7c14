"""PostgreSQL: a small pool of connections, shared with any number of equal processes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import asyncpg
from greenlet import getcurrent, greenlet

from bot.store.engine.database import LOCK_SECONDS, LONG_TIMEOUT, TIMEOUT, Coordinator, Database, Row, Transaction
from bot.store.engine.postgres_coordinator import PostgresCoordinator
from bot.store.engine.url import UNREADABLE, PostgresServer
from bot.store.errors import DatabaseUnavailable, StoreError, WrongDatabase
from bot.supervisor import Supervisor
from bot.time_types import Seconds

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

IDLE_IN_TRANSACTION: Final = 10.0
"""Seconds after which the server undoes the transaction of a process that has fallen silent in the middle of it.

Without it, what that transaction has locked stays locked as long as the server believes in the connection: hours.
"""

_Isolation = Literal["read_committed", "repeatable_read"]


class PostgresDatabase(Database):
    """A small pool of connections; every statement is prepared once per connection."""

    def __init__(self, address: PostgresServer) -> None:
        self.dsn = address.dsn
        # Many slow reads take all connections but this one.
        self._reserved = asyncio.Semaphore(1)
        self._free = asyncio.Semaphore(3)
        self._idle: list[asyncpg.Connection] = []
        self._has_answered = False
        self._is_checked = False
        self._closing = False

    async def connect(self) -> asyncpg.Connection:
        """Open a connection that waits neither for ever nor for a disk that others have turned off.

        Raises WrongDatabase where a pooler stands in between that does not keep a session together.
        """
        connection = await self._connect()
        try:
            if not self._is_checked:
                await check_session(connection, self._connect)
                self._is_checked = True
            # A pooler refuses these as parameters of the connection.
            await connection.execute(_settings(), timeout=LOCK_SECONDS)
        except BaseException:
            connection.terminate()
            raise
        self._has_answered = True
        return connection

    async def write(self, work: Callable[[Transaction], T], longest: Seconds = TIMEOUT) -> T:
        """Run a transaction; once more where a stale connection or a deadlock undid it."""
        return await self._write(work, longest, self._free)

    async def record(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction on the connection that is reserved for it."""
        return await self._write(work, TIMEOUT, self._reserved)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a reading transaction."""
        return await self._twice("repeatable_read", work, LONG_TIMEOUT, self._free)

    async def alter(self, work: Callable[[Connection], T], longest: Seconds) -> T:
        """Run a transaction that alters tables."""
        from bot.store.migrations.upgrading import over_postgres  # noqa: PLC0415 - it loads SQLAlchemy

        try:
            async with asyncio.timeout(longest):
                return await over_postgres(self.connect, work)
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise DatabaseUnavailable(str(error) or type(error).__name__) from error

    async def check_integrity(self) -> None:
        """Do nothing; a server checks its own files."""

    def coordinator(self, changed: Callable[[], object], supervisor: Supervisor) -> Coordinator:
        """Return the session that listens and holds leases."""
        return PostgresCoordinator(self.connect, changed, supervisor)

    async def close(self) -> None:
        """Close the connections."""
        self._closing = True
        self._drop_idle()

    async def _connect(self) -> asyncpg.Connection:
        try:
            return await asyncpg.connect(
                self.dsn, timeout=LOCK_SECONDS, server_settings={"application_name": "undersigned"}
            )
        except asyncpg.ClientConfigurationError as error:
            raise self._no_connection(f"DATABASE_URL: {error}") from None
        except ValueError:
            raise self._no_connection(UNREADABLE) from None

    async def _write(self, work: Callable[[Transaction], T], longest: Seconds, places: asyncio.Semaphore) -> T:
        try:
            return await self._twice("read_committed", work, longest, places)
        finally:
            self.commits += 1

    async def _twice(
        self, isolation: _Isolation, work: Callable[[Transaction], T], longest: Seconds, places: asyncio.Semaphore
    ) -> T:
        try:
            return await self._run(isolation, work, longest, places)
        except _Retry:
            return await self._run(isolation, work, longest, places)

    async def _run(
        self, isolation: _Isolation, work: Callable[[Transaction], T], longest: Seconds, places: asyncio.Semaphore
    ) -> T:
        try:
            async with asyncio.timeout(longest), places:
                session = self._idle.pop() if self._idle else await self.connect()
                return await self._in_transaction(session, isolation, work)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if _is_refusal(error):
                raise
            raise (_Retry if _sqlstate(error) in _REPEATABLE else DatabaseUnavailable)(str(error)) from error
        except (OSError, TimeoutError) as error:
            raise DatabaseUnavailable(str(error) or type(error).__name__) from error

    async def _in_transaction(
        self, session: asyncpg.Connection, isolation: _Isolation, work: Callable[[Transaction], T]
    ) -> T:
        """Run a transaction and keep the connection for the next one, unless there is any doubt about it."""
        keep = False
        try:
            transaction = session.transaction(isolation=isolation)
            await transaction.start()
            try:
                result = await run_in_greenlet(lambda: work(_PostgresTransaction(session)))
            except asyncio.CancelledError:
                # It took too long, nobody knows why, and to roll back could take as long again.
                raise
            except BaseException:
                await transaction.rollback()
                keep = True
                raise
            await transaction.commit()
            keep = True
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError) as error:
            # The driver is confused where the server has announced the end and not closed the connection yet.
            if not session.is_closed() and not isinstance(error, asyncpg.InternalClientError):
                raise
            # The others of the pool will have been cut off as well.
            self._drop_idle()
            raise _Retry(str(error)) from error
        finally:
            if keep and not self._closing:
                self._idle.append(session)
            else:
                session.terminate()
        return result

    def _no_connection(self, why: str) -> StoreError:
        """Return what it is that nobody could connect: an address that was right once is right again some time."""
        return DatabaseUnavailable(why) if self._has_answered else WrongDatabase(why)

    def _drop_idle(self) -> None:
        while self._idle:
            self._idle.pop().terminate()


class _PostgresTransaction(Transaction):
    __slots__ = ("_session",)

    def __init__(self, session: asyncpg.Connection) -> None:
        self._session = session

    def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        found: Sequence[Row] = await_from_greenlet(self._session.fetch(sql, *values))
        return found

    def execute(self, sql: str, *values: object) -> int:
        status = await_from_greenlet(self._session.execute(sql, *values))
        number = status.rpartition(" ")[2]
        return int(number) if number.isdigit() else 0

    def put(self, sql: str, rows: Collection[tuple[object, ...]]) -> None:
        if rows:
            await_from_greenlet(self._session.execute(sql, *map(list, zip(*rows, strict=True))))

    def each(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        if len(rows) == 1:
            await_from_greenlet(self._session.execute(sql, *rows[0]))
        elif rows:
            await_from_greenlet(self._session.executemany(sql, rows))

    def has_table(self, name: str) -> bool:
        return bool(self.fetch("SELECT 1 WHERE to_regclass($1) IS NOT NULL", name))


class _Retry(DatabaseUnavailable):
    """The transaction was undone through no fault of its own."""


_REPEATABLE: Final = frozenset({"40001", "40P01", "0A000"})
"""Serialization failure, deadlock, and a plan that a migration has overtaken (a feature not supported).

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""


def _is_refusal(error: BaseException) -> bool:
    """Return the error for a row that cannot be stored, or for a database that cannot store."""
    # asyncpg refuses a value that does not fit its column before it is sent, with a ValueError; the server does so
    # with class 22, data exception, 23, integrity constraint violation, or 42, a statement it does not understand.
    # That we lack the right to (42501) depends on the server, and may change.
    state = _sqlstate(error)
    return isinstance(error, ValueError) or (state[:2] in ("22", "23", "42") and state != "42501")


def _sqlstate(error: BaseException) -> str:
    return getattr(error, "sqlstate", None) or ""


def _settings() -> str:
    # An acknowledged signature survives a crash also where the cluster's default would let it go.
    return f"""
        SELECT set_config('lock_timeout', '{LOCK_SECONDS * 1000:.0f}ms', false),
               set_config('idle_in_transaction_session_timeout', '{IDLE_IN_TRANSACTION * 1000:.0f}ms', false);
        SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') = 'off';
    """


async def run_in_greenlet(function: Callable[[], T]) -> T:
    """Run a function that may call `await_from_greenlet`, however deep inside."""
    runner = _Runner(function)
    step = runner.switch()
    while not runner.dead:
        try:
            answer = await step
        except BaseException as error:  # noqa: BLE001 - raised in the function that waits
            step = runner.throw(error)
        else:
            step = runner.switch(answer)
    result: T = step
    return result


def await_from_greenlet(awaitable: Awaitable[T]) -> T:
    """Wait inside a function that `run_in_greenlet` runs; the loop goes on with other things."""
    answer: T = getcurrent().parent.switch(awaitable)
    return answer


class _Runner(greenlet):  # type: ignore[misc] # greenlet brings no types
    """A greenlet in the context of the task that waits for it."""

    def __init__(self, function: Callable[[], object]) -> None:
        current = getcurrent()
        super().__init__(function, current)
        self.gr_context = current.gr_context


# Prepared statements, advisory locks and LISTEN belong to a session. A pooler that gives every transaction another
# session, as PgBouncer does in transaction mode, would break them.
_ROUNDS: Final = 5
"""How often it is tried: while others use the pooler as well, which session one gets is random."""

_SHARED: Final = (
    "DATABASE_URL leads to a pooler that gives every transaction another session (PgBouncer in transaction or"
    " statement mode); set it to the provider's direct address, or to the one for session mode"
)


async def check_session(
    connection: asyncpg.Connection, connect_another: Callable[[], Awaitable[asyncpg.Connection]]
) -> None:
    """Check that what is set in a session stays in it and is seen by nobody else; raises WrongDatabase.

    Where no other connection can be had, or it gets no answer, nothing is known and nothing is raised.
    """
    # The server names its process when connecting; a pooler makes a number up.
    if await _is_true(connection, f"pg_backend_pid() = {connection.get_server_pid()}"):
        return
    mark = secrets.token_hex(8)
    is_marked = f"current_setting('undersigned.mark', true) = '{mark}'"
    await connection.execute(f"SET undersigned.mark = '{mark}'", timeout=LOCK_SECONDS)
    for _ in range(_ROUNDS):
        if not await _is_true(connection, is_marked) or await _is_true_elsewhere(connect_another, is_marked):
            raise WrongDatabase(_SHARED)


async def _is_true_elsewhere(connect: Callable[[], Awaitable[asyncpg.Connection]], condition: str) -> bool:
    try:
        async with asyncio.timeout(LOCK_SECONDS):
            other = await connect()
            try:
                return await _is_true(other, condition)
            finally:
                other.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False


async def _is_true(connection: asyncpg.Connection, condition: str) -> bool:
    # In one message: a prepared statement would be prepared in one session and run in another.
    status: str = await connection.execute(f"SELECT WHERE {condition}", timeout=LOCK_SECONDS)
    return status == "SELECT 1"
