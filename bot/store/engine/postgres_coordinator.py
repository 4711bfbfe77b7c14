"""Any number of processes on one PostgreSQL: they notify each other, and lease installations by advisory locks.

One connection of its own carries both. A lock is gone when its session is, so a dead process leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import asyncpg
import structlog

from bot.store.engine.database import Coordinator
from bot.store.errors import DatabaseUnavailable, StoreError
from bot.supervisor import SupervisedTask, Supervisor

log = structlog.get_logger("store")

HEARTBEAT: Final = 4.0
"""Seconds between heartbeats on the connection."""

LEASE_SECONDS: Final = 12.0
"""Seconds after the last heartbeat for which leases are taken to hold."""

IDLE_TIMEOUT: Final = 20
"""Seconds without a heartbeat after which the server ends the session, and with it the leases."""

RECONNECT: Final = 1.0
"""Seconds between attempts to connect."""

_CHANNEL: Final = "undersigned"
_LEASES: Final = 0x756E_6465 << 32
"""Added to an installation's id, so that our locks stay clear of anybody else's in the same database."""

_LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)


class PostgresCoordinator(Coordinator):
    """One session that listens, notifies and holds locks; when it breaks, leases are lost and it is opened anew."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[asyncpg.Connection]],
        changed: Callable[[], object],
        supervisor: Supervisor,
    ) -> None:
        super().__init__()
        self._supervisor = supervisor
        self._connect = connect
        self._changed = changed
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._session: asyncpg.Connection | None = None
        self._one_at_a_time = asyncio.Lock()
        self._alive_at = 0.0
        self._locked: dict[int, asyncpg.Connection] = {}
        self._changes = asyncio.Event()
        self._task: SupervisedTask | None = None

    async def open(self) -> None:
        """Connect, and stay connected in the background."""
        try:
            await self._open_session()
        except _LOST as error:
            raise DatabaseUnavailable(str(error) or type(error).__name__) from error
        self._task = self._supervisor.start("postgresql_listener", self._run)

    def notify(self) -> None:
        """Notify the others soon; many calls make one notification."""
        self._changes.set()

    async def acquire(self, installation_id: int) -> Callable[[], bool]:
        """Acquire the installation's lock if it is free."""
        session = self._session
        sql = "SELECT pg_try_advisory_lock($1)"
        if session is None or not await self._ask(session, sql, _LEASES + installation_id):
            return lambda: False
        self._locked[installation_id] = session
        # A process that was stopped and goes on may have been given up by the server meanwhile.
        return lambda: session is self._session and time.monotonic() - self._alive_at < LEASE_SECONDS

    async def release(self, installation_id: int) -> None:
        """Free the installation's lock."""
        session = self._locked.pop(installation_id, None)
        if session is not None and session is self._session:
            await self._ask(session, "SELECT pg_advisory_unlock($1)", _LEASES + installation_id)

    async def close(self) -> None:
        """End the session; the server frees its locks."""
        if self._task is not None:
            await self._task.stop()
        await self._end_session()

    async def _run(self) -> None:
        while True:
            session = self._session
            if session is None:
                await self._reconnect()
            elif await self._wait_for_changes():
                self._changes.clear()
                await self._ask(session, "SELECT pg_notify($1, $2)", _CHANNEL, self._name)
                await asyncio.sleep(0.1)
            else:
                await self._ask(session, "SELECT 1")

    async def _reconnect(self) -> None:
        """Try again and again: also an address that is not valid now may become so again."""
        reported = ""
        while self._session is None:
            await asyncio.sleep(RECONNECT)
            try:
                await self._open_session()
            except (*_LOST, StoreError) as error:
                message = str(error) or type(error).__name__
                if message != reported:
                    log.warning("no connection to PostgreSQL, nothing is published", error=message)
                reported = message
        log.info("connected to PostgreSQL again")

    async def _wait_for_changes(self) -> bool:
        # Not `wait_for`: before Python 3.12 it forgets that it was cancelled when the news come at the same moment.
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARTBEAT):
                await self._changes.wait()
        return self._changes.is_set()

    async def _open_session(self) -> None:
        session = await self._connect()
        try:
            if session.get_server_version() >= (14,):
                await session.execute(f"SET idle_session_timeout = '{IDLE_TIMEOUT}s'")
            await session.add_listener(_CHANNEL, self._on_notification)
        except BaseException:
            session.terminate()
            raise
        self._alive_at = time.monotonic()
        self._session = session
        # Whatever the others recorded while this session was not there.
        self._changed()

    def _on_notification(self, _session: object, _pid: int, _channel: str, name: object) -> None:
        if name != self._name:
            self._changed()

    async def _ask(self, session: asyncpg.Connection, question: str, *values: object) -> object:
        """Run a query; None where the session is broken, which ends all leases."""
        async with self._one_at_a_time:
            try:
                answer = await session.fetchval(question, *values, timeout=HEARTBEAT)
            except _LOST:
                if session is self._session:
                    await self._end_session()
                return None
            self._alive_at = time.monotonic()
            return answer

    async def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            with suppress(*_LOST):
                await session.close(timeout=1)
