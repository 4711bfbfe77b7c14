"""Alembic's way to a database: over SQLAlchemy, which nothing else here needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.store.errors import DatabaseUnavailable

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")


def over_sqlite(connect: Callable[[], sqlite3.Connection], work: Callable[[Connection], T]) -> T:
    """Run one writing transaction; raises sqlite3.Error."""
    engine = create_engine("sqlite+pysqlite://", creator=connect, poolclass=NullPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            return work(connection)
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise error.orig from error
        raise


async def over_postgres(connect: Callable[[], Awaitable[asyncpg.Connection]], work: Callable[[Connection], T]) -> T:
    """Run one transaction; raises DatabaseUnavailable."""
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - it wants greenlet, which SQLite does without

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    except DBAPIError as error:
        raise DatabaseUnavailable(str(error.orig)) from error
