"""Run Alembic over a connection."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.store.errors import WrongDatabase


def upgrade(connection: Connection, versions: Sequence[str]) -> None:
    """Run the migrations that are missing; `versions` is what the database says it has."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    unknown = sorted(set(versions) - known)
    if unknown:
        raise WrongDatabase(f"the database is at version {unknown[0]}, which is newer than this program: update it")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
