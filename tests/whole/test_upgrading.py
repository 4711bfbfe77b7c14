"""A database of 0.1.0: what its comments were read as is read again by today's rules, and agrees with a recount."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from bot import time_types
from bot.cli.verify import verify
from bot.github.petition_and_rules_reader import IssueName
from bot.petition.comments import command_and_phrase_parser
from bot.petition.comments.commands import Command, Phrase, Sign
from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.store.migrations.upgrading import upgrade
from sandbox.models import Comment
from tests.store.releases import put, tables, take
from tests.whole.scene import Clock, scene

READ_BEFORE: dict[str, Command | None] = {
    "/sign Grace Hopper": Sign("Grace Hopper"),
    "/sign No way!": Sign("No way!"),
    "/sign Barbara /unsign": Sign("Barbara /unsign"),
    "/sign\nAda Lovelace\nAnalytical Engines": Sign(None, None, "Ada Lovelace\nAnalytical Engines"),
    "/sign Edsger <edsger@example.org>": Sign("Edsger <edsger@example.org>"),
    "signed": Phrase("0123456789abcdef", is_attempt=True),
    "Count me in": Phrase("0123456789abcdef"),
    "/sign李云": None,
    "/sign unlisted Mae Jemison": Sign("unlisted Mae Jemison"),
}
"""What 0.1.0 made of texts that are read otherwise now, and of one that is not."""


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    url: str = request.getfixturevalue("new_postgres_url")
    return url


def put_what_fits(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Put rows into the tables and columns that there were."""
    columns = {one.name: {column.name for column in one.columns} for one in tables(connection)}
    fitting = {
        name: [
            {key: _whole(value) for key, value in row.items() if key in columns[name]} for row in rows.get(name, [])
        ]
        for name in columns
        if name != "marks"
    }
    put(connection, fitting)


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) else value


async def test_a_database_of_0_1_0_comes_to_what_a_recount_says(
    sqlite_url: str, new_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(sqlite_url) as stage:
        with monkeypatch.context() as before:
            before.setattr(command_and_phrase_parser, "parse", lambda text: READ_BEFORE[text.replace("\r\n", "\n")])
            petition = stage.petition()
            said: dict[str, Comment] = {
                words: stage.sign(petition, f"person-{number}", words) for number, words in enumerate(READ_BEFORE)
            }
            await stage.shows(petition, 6)
            await stage.reacted(said["/sign No way!"], "+1")
            await stage.reacted(said["signed"], "confused")
            await stage.stop_bot()
        lived = connect(read_address(sqlite_url))
        rows = await lived.alter(take, 60)
        await lived.close()
        database = connect(read_address(new_url))
        await database.alter(partial(upgrade, target="0001"), 60)
        await database.alter(partial(put_what_fits, rows=rows), 60)
        await database.close()

        stage.database_url = new_url
        found = await verify(IssueName("lovelace/letters", 1), stage.config())
        assert not found.recount.agrees
        # GitHub tells whole seconds, and this is not the second of the last look.
        clock = Clock(ahead=60)
        stage.clock = time_types.Clock(clock, asyncio.sleep)
        await stage.start_bot()
        await stage.shows(petition, 7)
        for words, reaction in {"/sign No way!": "confused", "signed": "+1", "Count me in": "+1"}.items():
            await stage.reacted(said[words], reaction)
        assert (await verify(IssueName("lovelace/letters", 1), stage.config())).recount.agrees
        assert "**Ada Lovelace**" in (petition.body or "")
        assert "example.org" not in (petition.body or "")
        assert "No way" not in (petition.body or "")
        assert "Jemison" not in (petition.body or "")
        assert "1 person who signed asked not to be listed." in (petition.body or "")
