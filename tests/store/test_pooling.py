"""A PostgreSQL behind PgBouncer: in session mode all is as ever, in the other modes the bot says what to do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from bot.store import Store
from bot.store.engine import postgres
from bot.store.engine.postgres import PostgresDatabase
from bot.store.engine.url import PostgresServer, read_address
from bot.store.errors import WrongDatabase
from sandbox.server import Sandbox
from tests.pooler import Pooler
from tests.store.scene import INSTALLATION, Scene
from tests.whole.command_line import credentials, run

SESSIONS = {"pool_mode": "session"}
TIMEOUTS = """
    SELECT current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'),
           current_setting('application_name')
"""


def server(url: str) -> PostgresServer:
    address = read_address(url)
    assert isinstance(address, PostgresServer)
    return address


@asynccontextmanager
async def running_sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def timeouts(store: Store) -> list[str]:
    (found,) = await store.database.read(lambda work: work.fetch(TIMEOUTS))
    return list(found)


@pytest.mark.parametrize("settings", [{}, {"server_reset_query_always": 1}, {"default_pool_size": 5}])
async def test_in_session_mode_signatures_leases_and_nudges_are_as_ever(
    pooler: Pooler, settings: dict[str, object]
) -> None:
    url = pooler(**SESSIONS, **settings)
    async with AsyncExitStack() as stack:
        stores = [await Store.open(url, now=lambda: 1_000.0) for _ in range(2)]
        for store in stores:
            stack.push_async_callback(store.close)
        one, other = stores
        other.changed.clear()
        scene = Scene(one)
        await scene.label()
        await scene.sign("ada")
        assert await scene.count() == 1
        async with asyncio.timeout(30):
            await other.changed.wait()
        async with one.lease(INSTALLATION) as mine, other.lease(INSTALLATION) as theirs:
            assert (bool(mine), bool(theirs)) == (True, False)
        assert await timeouts(one) == ["5s", "10s", "undersigned"]


async def test_the_next_one_finds_a_session_that_is_clean(pooler: Pooler) -> None:
    """Its only three sessions are handed on."""
    url = pooler(**SESSIONS, default_pool_size=3)
    for number in range(3):
        scene = Scene(await Store.open(url), clock=1_000 + number)
        await scene.label()
        assert await scene.count() == 0
        await scene.store.close()


@pytest.mark.parametrize(
    "settings",
    [
        {"pool_mode": "transaction"},
        {"pool_mode": "transaction", "default_pool_size": 1},
        {"pool_mode": "transaction", "server_round_robin": 1, "min_pool_size": 3},
        {"pool_mode": "statement"},
    ],
)
async def test_other_modes_are_noticed(pooler: Pooler, settings: dict[str, object]) -> None:
    url = pooler(**settings)
    for _ in range(3):
        with pytest.raises(WrongDatabase, match="direct address"):
            await Store.open(url)


async def test_they_are_noticed_also_while_others_use_the_pooler(pooler: Pooler) -> None:
    url = pooler(pool_mode="transaction", default_pool_size=4)
    async with AsyncExitStack() as stack:
        others = [await asyncpg.connect(url) for _ in range(3)]
        for other in others:
            stack.push_async_callback(other.close)
        busy = [asyncio.create_task(ask_on(other)) for other in others]
        try:
            for _ in range(5):
                with pytest.raises(WrongDatabase, match="direct address"):
                    await Store.open(url)
        finally:
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)


async def ask_on(connection: asyncpg.Connection) -> None:
    while True:
        await connection.execute("SELECT pg_sleep(0.001)")


async def test_nothing_of_ours_stays_in_the_sessions_of_others(pooler: Pooler) -> None:
    url = pooler(pool_mode="transaction", default_pool_size=1)
    with pytest.raises(WrongDatabase):
        await Store.open(url)
    other = await asyncpg.connect(url)
    assert await other.execute("SELECT WHERE current_setting('lock_timeout') = '0'") == "SELECT 1"
    await other.close()


async def test_the_bot_says_it_in_one_line_and_does_not_start(pooler: Pooler) -> None:
    async with running_sandbox() as sandbox:
        url = pooler(pool_mode="transaction")
        for command in ("serve", "migrate"):
            code, _, err = await run(command, **credentials(sandbox, DATABASE_URL=url))
            assert code == 1
            assert "direct address" in err
            assert len(err.splitlines()) == 1


async def refuse() -> asyncpg.Connection:
    raise asyncpg.TooManyConnectionsError


async def test_where_only_one_may_connect_nobody_is_accused(
    pooler: Pooler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.5)
    database = PostgresDatabase(server(pooler(**SESSIONS, default_pool_size=1)))
    connection = await database.connect()
    await postgres.check_session(connection, refuse)
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()


async def test_a_server_without_a_pooler_is_asked_by_one_client_only(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, connected = PostgresDatabase(server(postgres_url)), []
    original = asyncpg.connect

    async def connect(*values: object, **more: object) -> asyncpg.Connection:
        connected.append(values)
        return await original(*values, **more)

    monkeypatch.setattr(asyncpg, "connect", connect)
    connection = await database.connect()
    await connection.close()
    assert len(connected) == 1
