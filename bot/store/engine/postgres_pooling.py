"""Notice a pooler that gives every transaction another session, as PgBouncer does in transaction mode.

Prepared statements, advisory locks and LISTEN belong to a session, so nothing here would work behind it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from bot.store.engine.database import LOCK_SECONDS
from bot.store.errors import WrongDatabase

_ROUNDS: Final = 5
"""How often it is tried: while others use the pooler as well, chance decides who gets which session."""

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
    # The server itself says when connecting which of its processes it is that answers; a pooler makes a number up.
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
    # In one message: a prepared statement would be asked for in one session and run in another.
    status: str = await connection.execute(f"SELECT WHERE {condition}", timeout=LOCK_SECONDS)
    return status == "SELECT 1"
