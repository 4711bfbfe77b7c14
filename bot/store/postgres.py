"""PostgreSQL: a small pool of connections, shared with any number of equal processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.store.address import PostgresServer
from bot.store.database import LOCK_SECONDS, PATIENCE, Database, Transaction, driver_error
from bot.store.errors import Unavailable
from bot.store.neighbours import Neighbours
from bot.store.postgres_neighbours import PostgresNeighbours

T = TypeVar("T")


LONG_PATIENCE: Final = 60.0
"""How long a reading transaction may take, in seconds."""


class PostgresDatabase(Database):
    """A small pool of connections; every statement is prepared once per connection."""

    def __init__(self, address: PostgresServer, *, connections: int = 4) -> None:
        self.dsn = address.dsn
        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self.connect,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=LOCK_SECONDS,
        )
        self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")

    async def connect(self) -> asyncpg.Connection:
        """Open a connection that waits neither for ever nor for a disk that others have turned off."""
        connection = await asyncpg.connect(
            self.dsn,
            timeout=LOCK_SECONDS,
            server_settings={"application_name": "undersigned", "lock_timeout": f"{int(LOCK_SECONDS)}s"},
        )
        # An acknowledged signature survives a crash also where the cluster's default would let it go.
        try:
            await connection.execute(_KEEP_WHAT_IS_COMMITTED)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def write(self, work: Callable[[Transaction], T], patience: float = PATIENCE) -> T:
        """Run a transaction; once more where a stale connection or a deadlock undid it."""
        try:
            return await self._run(self._engine, work, patience)
        except _Retry:
            return await self._run(self._engine, work, patience)

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a reading transaction."""
        try:
            return await self._run(self._reader, work, LONG_PATIENCE)
        except _Retry:
            return await self._run(self._reader, work, LONG_PATIENCE)

    def neighbours(self, changed: Callable[[], object]) -> Neighbours:
        """Give the session that listens and holds leases."""
        return PostgresNeighbours(self.connect, changed)

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()

    async def _run(self, engine: AsyncEngine, work: Callable[[Transaction], T], patience: float) -> T:
        try:
            async with asyncio.timeout(patience), engine.begin() as connection:
                return await self._work(connection, work)
        except (DBAPIError, self._engine.dialect.loaded_dbapi.Error) as error:
            cause = driver_error(error)
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise _Retry(str(cause)) from error
            if _is_refusal(cause):
                raise
            raise (_Retry if _sqlstate(cause) in _REPEATABLE else Unavailable)(str(cause)) from error
        except (OSError, TimeoutError, PoolTimeoutError) as error:
            raise Unavailable(str(error) or type(error).__name__) from error

    async def _work(self, connection: AsyncConnection, work: Callable[[Transaction], T]) -> T:
        session = (await connection.get_raw_connection()).driver_connection
        try:
            return await connection.run_sync(lambda plain: work(Transaction(plain, "postgresql")))
        except self._engine.dialect.loaded_dbapi.Error as error:
            if session is not None and session.is_closed():
                # The others of the pool will have been cut off as well.
                await connection.invalidate()
                await self._engine.dispose()
                raise _Retry(str(error)) from error
            raise


_KEEP_WHAT_IS_COMMITTED: Final = """
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


class _Retry(Unavailable):
    """The transaction was undone through no fault of its own."""


_REPEATABLE: Final = frozenset({"40001", "40P01", "0A000"})
"""Serialization failure, deadlock, and a plan that a migration has overtaken (a feature not supported).

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""


def _is_refusal(error: BaseException) -> bool:
    """Tell a row that cannot be stored from a database that cannot store."""
    # asyncpg refuses a value that does not fit its column before it is sent, with a ValueError; the server does so
    # with class 22, data exception, 23, integrity constraint violation, or 42, a statement it does not understand.
    return isinstance(error.__cause__, ValueError) or _sqlstate(error)[:2] in ("22", "23", "42")


def _sqlstate(error: BaseException) -> str:
    return getattr(error, "sqlstate", None) or ""
