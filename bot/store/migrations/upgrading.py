"""Run Alembic's migrations over SQLAlchemy, which nothing else here needs.

As a program, it migrates the database whose URL stands in the standard input: no secret for everybody to see.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.store.errors import DatabaseUnavailable, WrongDatabase
from bot.store.migrations import migrate

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")

_WAIT: Final = "SET LOCAL lock_timeout = '10min'"

SCRIPTS: Final = Path(__file__).parent


def upgrade(connection: Connection, *, scripts: Path = SCRIPTS, target: str = "head") -> None:
    """Run the migrations that are missing; raises WrongDatabase where the database is newer than this code."""
    if connection.dialect.name == "postgresql":
        # Of several processes that start at once, one migrates and the others find it done.
        connection.exec_driver_sql(_WAIT)
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7597418026143314281)")
    directory = ScriptDirectory(scripts)

    def steps(heads: tuple[str, ...], _: MigrationContext) -> list[MigrationStep]:
        missing = [*directory.iterate_revisions(target, heads or "base", implicit_base=True)]
        return [MigrationStep.upgrade_from_script(directory.revision_map, one) for one in reversed(missing)]

    context = MigrationContext.configure(connection, opts={"fn": steps})
    unknown = sorted(set(context.get_current_heads()) - {one.revision for one in directory.walk_revisions()})
    if unknown:
        raise WrongDatabase(
            f"the database is at version {unknown[0]}, which is newer than this program; upgrade the program"
        )
    with context.begin_transaction(), Operations.context(context):
        context.run_migrations()


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


async def _main() -> None:
    async with connect(read_address(sys.stdin.read())) as database:
        await migrate(database)


if __name__ == "__main__":
    asyncio.run(_main())
