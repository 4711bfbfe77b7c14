"""PostgreSQL: a small pool of connections, shared with any number of equal processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.address import PostgresServer
from bot.store.database import LOCK_SECONDS, PATIENCE, Database, Transaction, is_refusal, sqlstate
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
        await connection.execute(_KEEP_WHAT_IS_COMMITTED)
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
                return await connection.run_sync(lambda plain: work(Transaction(plain, "postgresql")))
        except DBAPIError as error:
            if error.connection_invalidated or sqlstate(error) in _REPEATABLE:
                raise _Retry(str(error.orig)) from error
            if is_refusal(error):
                raise
            raise Unavailable(str(error.orig)) from error
        except (OSError, TimeoutError, PoolTimeoutError) as error:
            raise Unavailable(str(error) or type(error).__name__) from error


_KEEP_WHAT_IS_COMMITTED: Final = """
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""


class _Retry(Unavailable):
    """The transaction was undone through no fault of its own."""


_REPEATABLE: Final = frozenset({"40001", "40P01", "0A000"})
"""Serialization failure, deadlock, and a plan that a migration has overtaken (a feature not supported).

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""
