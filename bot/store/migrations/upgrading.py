"""Run Alembic over a connection."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.errors import WrongDatabase

_WAIT: Final = "SET LOCAL lock_timeout = '10min'"
_LOCK: Final = "SELECT pg_advisory_xact_lock(7597418026143314281)"

SCRIPTS: Final = Path(__file__).parent


def upgrade(connection: Connection, *, scripts: Path = SCRIPTS, target: str = "head") -> None:
    """Run the migrations that are missing; raises WrongDatabase where the database is newer than this code."""
    if connection.dialect.name == "postgresql":
        # Of several processes that start at once, one migrates and the others find it done.
        connection.exec_driver_sql(_WAIT)
        connection.exec_driver_sql(_LOCK)
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    unknown = sorted(set(MigrationContext.configure(connection).get_current_heads()) - known)
    if unknown:
        raise WrongDatabase(f"the database is at version {unknown[0]}, which is newer than this program: update it")
    config.attributes["connection"] = connection
    command.upgrade(config, target)
