"""What each released version left in a database, to be brought to every later version.

A release ends with `python -m tests.store.releases`, which writes `NNNN.json` here: the digest of the migration,
which from then on stays as it is, and the rows of a small life on it. How the tables were follows from migrations.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import tempfile
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, TableClause, column, inspect, table

from bot.store import Store
from bot.store.migrations import HEAD
from bot.store.migrations.upgrading import SCRIPTS
from tests.store.scene import Scene

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Release:
    """The rows that a version left, by table."""

    revision: str
    digest: str
    rows: dict[str, list[dict[str, Any]]]


def released() -> list[Release]:
    """Give all releases that there were, the oldest first."""
    return [read(file.read_text()) for file in sorted(HERE.glob("*.json"))]


def write(release: Release) -> str:
    """Write a release as JSON, which has no bytes."""
    encode = lambda value: {"base64": b64encode(value).decode()}  # noqa: E731 - the counterpart of the one below
    return json.dumps(asdict(release), indent=1, ensure_ascii=False, default=encode) + "\n"


def read(text: str) -> Release:
    """Read what `write` wrote."""
    decode = lambda found: b64decode(found["base64"]) if set(found) == {"base64"} else found  # noqa: E731 - see above
    return Release(**json.loads(text, object_hook=decode))


def revisions() -> list[str]:
    """Give all revisions that the code has, the oldest first."""
    return sorted(file.name[:4] for file in (SCRIPTS / "versions").glob("[0-9]*.py"))


def digest_of(revision: str) -> str:
    """Give the digest of a migration's text."""
    (file,) = (SCRIPTS / "versions").glob(f"{revision}_*.py")
    return hashlib.sha256(file.read_bytes()).hexdigest()


async def live(url: str) -> Release:
    """Live a small life on this version, and give what it left."""
    scene = Scene(await Store.open(url))
    await scene.label()
    await scene.sign("ada", "Ada Lovelace")
    grace = await scene.sign("grace")
    await scene.sign("alan", "Алан · 阿兰")
    await scene.unsign("alan")
    await scene.hide(grace)
    barbara = await scene.sign("barbara")
    await scene.delete(barbara)
    await scene.sign("edsger")
    await scene.store.credentials.add("sealed", 5)
    await scene.store.petitions.mark_published((await scene.snapshot()).petition_id, 3, at=scene.clock)
    rows = await scene.store.database.alter(take, 60)
    await scene.store.close()
    return Release(HEAD, digest_of(HEAD), rows)


def take(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Take all rows out, as values that every engine has."""
    return {
        one.name: [dict(row._mapping) for row in connection.execute(one.select())]
        for one in tables(connection)
        if one.name != "alembic_version"
    }


def put(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Put rows into the tables that are there."""
    for one in tables(connection):
        if values := rows.get(one.name):
            connection.execute(one.insert(), values)


def tables(connection: Connection) -> list[TableClause]:
    """List the tables with the types of their columns, in the order of their names."""
    found = inspect(connection)
    return [
        table(name, *(column(one["name"], one["type"]) for one in found.get_columns(name)))
        for name in sorted(found.get_table_names())
    ]


def record() -> Path:
    """Write down what the present version leaves."""
    with tempfile.TemporaryDirectory() as folder:
        release = asyncio.run(live(f"sqlite:///{folder}/release.db"))
    file = HERE / f"{release.revision}.json"
    file.write_text(write(release))
    return file
