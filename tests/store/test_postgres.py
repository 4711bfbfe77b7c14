"""Several processes on one PostgreSQL."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import asyncpg
import pytest
from structlog.testing import capture_logs

from bot.petition.comments.commands import Sign, Unsign
from bot.petition.comments.comment import Author
from bot.petition.facts_from_github import CommentFact, Fact
from bot.petition.tally import fold
from bot.store import DatabaseUnavailable, Store
from bot.store.engine import postgres, postgres_coordinator
from bot.store.errors import WrongDatabase
from bot.store.recording.unit_of_work import read_comments_of
from tests.store.scene import INSTALLATION, LETTER, Scene

T = TypeVar("T")

HOLDER = """
import asyncio, sys
from bot.store import Store

async def main(url):
    store = await Store.open(url)
    async with store.lease(1) as lease:
        print(bool(lease), flush=True)
        await asyncio.sleep(60)

asyncio.run(main(sys.argv[1]))
"""

DISCONNECT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'undersigned' AND pid <> pg_backend_pid()
"""


@pytest.fixture
async def stores(postgres_url: str) -> AsyncIterator[list[Store]]:
    stores = [await Store.open(postgres_url, now=lambda: 1_000.0) for _ in range(3)]
    yield stores
    for store in stores:
        await store.close()


def shuffled(things: Sequence[T], seed: int) -> list[T]:
    return random.Random(seed).sample(things, len(things))  # noqa: S311 - the same every time


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that another task or process does."""
    for _ in range(3_000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


async def test_three_processes_record_one_petition(stores: list[Store]) -> None:
    scene = Scene(stores[0])
    await scene.label()
    people = [Author(n, f"user{n}") for n in range(1, 60)]
    facts: list[CommentFact] = []
    for round_number in range(4):
        facts += [scene.fact(person, Sign() if (person.id + round_number) % 3 else Unsign()) for person in people]
    told = [(store, fact) for store in stores for fact in facts]
    await asyncio.gather(*(store.record([fact]) for store, fact in shuffled(told, 4)))
    snapshot = await scene.snapshot()
    found = await stores[1].database.read(lambda work: list(read_comments_of(work, LETTER.id)))
    expected = fold(row.comment for row in found)
    assert len(found) == len(facts)
    assert snapshot.count == len(expected)
    newest = await stores[2].petitions.get_snapshot(LETTER.id, 1_000)
    assert sorted(newest.newest, key=lambda signature: signature.user_id) == expected


async def test_processes_record_many_petitions_without_deadlock(stores: list[Store]) -> None:
    scene = Scene(stores[0])
    facts: list[Fact] = []
    for number in range(8):
        scene.issue = type(LETTER)(9_000 + number, number, "A letter", LETTER.labels)
        facts += [scene.fact(Author(n, f"user{n}"), Sign()) for n in range(1, 30)]
    orders = [shuffled(facts, seed) for seed in range(3)]
    await asyncio.gather(
        *(
            store.record(order[start : start + 7])
            for store, order in zip(stores, orders, strict=True)
            for start in range(0, len(order), 7)
        )
    )
    for number in range(8):
        assert (await stores[1].petitions.get_snapshot(9_000 + number, 0)).count == 29


async def test_the_others_are_nudged(stores: list[Store]) -> None:
    scene = Scene(stores[0])
    await scene.label()
    await until(stores[1].changed.is_set)
    stores[1].changed.clear()
    await scene.sign("ada")
    await until(stores[1].changed.is_set)
    assert stores[0].changed.is_set()


async def test_an_installation_is_leased_to_one_at_a_time(stores: list[Store]) -> None:
    one, other, _ = stores
    async with one.lease(1) as mine, other.lease(1) as theirs, other.lease(2) as another, one.lease(1) as twice:
        assert (bool(mine), bool(theirs), bool(another), bool(twice)) == (True, False, True, False)
    async with other.lease(1) as theirs:
        assert theirs


async def test_a_dead_process_leaves_its_lease(stores: list[Store], postgres_url: str) -> None:
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, postgres_url, stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"True\n"
    async with stores[0].lease(1) as lease:
        assert not lease
    holder.kill()
    await holder.wait()
    for _ in range(600):
        async with stores[0].lease(1) as lease:
            if lease:
                return
        await asyncio.sleep(0.05)
    raise AssertionError("the lease did not pass on")


@pytest.fixture
def fast_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the stores that are opened afterwards look at their connections all the time."""
    monkeypatch.setattr(postgres_coordinator, "HEARTBEAT", 0.05)
    monkeypatch.setattr(postgres_coordinator, "RECONNECT", 0.01)


@pytest.mark.usefixtures("fast_heartbeat")
async def test_a_lost_connection_loses_the_lease_and_is_opened_again(stores: list[Store]) -> None:
    one, other, _ = stores
    async with one.lease(1) as mine:
        await other.database.read(lambda work: work.fetch(DISCONNECT))
        one.changed.clear()
        await until(lambda: not mine)
        await until(one.changed.is_set)
    async with one.lease(1) as mine:
        assert mine


@pytest.mark.usefixtures("fast_heartbeat")
@pytest.mark.parametrize(
    "error",
    [
        WrongDatabase("DATABASE_URL: no such certificate"),
        DatabaseUnavailable("no such host"),
        asyncpg.InvalidPasswordError("not now"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_leases_come_back_whatever_a_connection_was_refused_for(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    one, other, _ = stores
    coordinator = one._coordinator
    assert isinstance(coordinator, postgres_coordinator.PostgresCoordinator)
    connect, refused = coordinator._connect, 0

    async def refuse() -> object:
        nonlocal refused
        refused += 1
        if refused > 3:
            return await connect()
        raise error

    monkeypatch.setattr(coordinator, "_connect", refuse)
    with capture_logs() as told:
        async with one.lease(1) as mine:
            await other.database.read(lambda work: work.fetch(DISCONNECT))
            await until(lambda: not mine)
        await until(lambda: refused > 3 and coordinator._session is not None)
    async with one.lease(1) as mine:
        assert mine
    # The server has cut the others off as well; they, too, say when they are back.
    assert [line["error"] for line in told if line["log_level"] != "info"] == [str(error)]


async def test_what_was_a_right_address_once_is_only_unavailable_later(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise asyncpg.ClientConfigurationError("no such certificate")

    monkeypatch.setattr(asyncpg, "connect", refuse)
    database = stores[0].database
    assert isinstance(database, postgres.PostgresDatabase)
    database._drop_idle()
    with pytest.raises(DatabaseUnavailable, match="certificate"):
        await stores[0].petitions.list_installations_with_work(0.0)
    with pytest.raises(WrongDatabase, match="certificate"):
        await Store.open("postgresql://127.0.0.1:9/nowhere")


_WAITING = "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def test_slow_reads_leave_a_connection_to_deliveries(stores: list[Store], postgres_url: str) -> None:
    wait = "SELECT pg_advisory_xact_lock(7)"
    other = await asyncpg.connect(postgres_url)
    async with other.transaction(), asyncio.TaskGroup() as group:
        await other.execute(wait)
        reads = [group.create_task(stores[0].database.read(lambda work: work.fetch(wait))) for _ in range(9)]
        while not await other.fetch(_WAITING):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        scene = Scene(stores[0])
        await scene.label()
        await scene.sign("ada")
        assert not any(read.done() for read in reads)
        for read in reads:
            read.cancel()
    await other.close()


async def test_closing_with_news_still_to_tell_ends(stores: list[Store]) -> None:
    await asyncio.sleep(0)
    stores[0]._coordinator.notify()
    async with asyncio.timeout(60):
        await stores[0].close()


async def test_who_has_not_been_heard_for_long_does_not_trust_its_lease(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stores[0].lease(1) as mine:
        assert mine
        monkeypatch.setattr(postgres_coordinator, "LEASE_SECONDS", 0.0)
        assert not mine


async def test_who_falls_silent_in_the_middle_of_a_transaction_holds_nobody_up_for_long(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(stores[0])
    await scene.label()
    monkeypatch.setattr(postgres, "IDLE_IN_TRANSACTION", 0.3)
    database = stores[1].database
    assert isinstance(database, postgres.PostgresDatabase)
    silent = await database.connect()
    await silent.execute("BEGIN")
    await silent.fetch("SELECT id FROM petitions WHERE id = $1 FOR UPDATE", LETTER.id)
    await scene.sign("ada")
    assert await scene.count() == 1
    await until(silent.is_closed)


async def test_recording_survives_a_restarted_server(stores: list[Store]) -> None:
    scene = Scene(stores[0])
    await scene.label()
    await stores[1].database.read(lambda work: work.fetch(DISCONNECT))
    await scene.sign("ada")
    assert await scene.count() == 1


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable):
        await Store.open("postgresql://nobody@127.0.0.1:1/nothing")


async def test_a_server_that_hangs_is_unavailable(stores: list[Store]) -> None:
    sleep = "SELECT pg_sleep(30)"
    with pytest.raises(DatabaseUnavailable):
        await stores[0].database.write(lambda work: work.fetch(sleep), 0.2)
    scene = Scene(stores[0])
    await scene.label()
    assert await scene.store.petitions.list_installations_with_work(9e9) == [INSTALLATION]


async def test_commits_are_durable_whatever_the_servers_default(stores: list[Store], postgres_url: str) -> None:
    name = urlsplit(postgres_url).path[1:]
    off = f"ALTER DATABASE {name} SET synchronous_commit = off"
    back = f"ALTER DATABASE {name} RESET synchronous_commit"
    ask = "SELECT current_setting('synchronous_commit')"
    await stores[0].database.write(lambda work: work.execute(off))
    store = await Store.open(postgres_url)
    assert [tuple(row) for row in await store.database.read(lambda work: work.fetch(ask))] == [("on",)]
    await store.close()
    await stores[0].database.write(lambda work: work.execute(back))
