"""Nothing of a running bot dies unseen: each part is made to fail, is told of, and works again by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot import app, supervisor
from bot.reconcile import app_wide_loop
from bot.reconcile.app_wide_loop import AppWideLoop
from bot.reconcile.installation_scheduler import Scheduler
from bot.reconcile.installation_worker import Worker
from bot.store import Rosters, Store
from bot.store.engine.postgres_coordinator import PostgresCoordinator
from bot.store.engine.sqlite import SqliteDatabase
from bot.store.petition_obstacles import States
from bot.store.publishing import Petitions
from bot.store.recording import group_commit
from tests.whole.exposition import number, read
from tests.whole.scene import PATIENCE, WATCHFUL, Scene, scene

Failing = Callable[..., Coroutine[Any, Any, object]]

PARTS: list[Any] = [
    pytest.param("scheduler", Petitions, "list_installations_with_work", id="scheduler"),
    pytest.param("app_wide_loop", app_wide_loop, "sync_installations", id="App-wide loop"),
    pytest.param("database_check", SqliteDatabase, "check_integrity", id="database check"),
    pytest.param("roster_keys", Store, "fill_roster_keys", id="roster keys"),
    pytest.param("live_updates", Rosters, "list_changed", id="live updates"),
    pytest.param("group_commit", group_commit.GroupCommitWriter, "_wait_for_arrivals", id="group commit"),
]


class Mistake(Exception):
    """What we plant."""


class Planted:
    """A method that fails until it is mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, where: object, name: str) -> None:
        self.right: Failing = getattr(where, name)
        self.mended = False
        self.failed = asyncio.Event()

        async def fail(*args: Any, **kwargs: Any) -> object:
            if self.mended:
                return await self.right(*args, **kwargs)
            self.failed.set()
            raise Mistake

        monkeypatch.setattr(where, name, fail)


@pytest.fixture(autouse=True)
def no_time_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE", 0.5)


async def ready(found: Scene) -> tuple[int, dict[str, Any]]:
    assert found.bot is not None
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"http://127.0.0.1:{found.bot.port}/readyz")
        return answer.status, (await answer.json())["parts"]


async def until_it_says(found: Scene, part: str, state: str) -> tuple[int, dict[str, Any]]:
    async with asyncio.timeout(PATIENCE):
        while True:
            status, parts = await ready(found)
            if parts[part] == state:
                return status, parts
            await asyncio.sleep(0.25)


async def failures(found: Scene, part: str) -> float:
    assert found.bot is not None
    async with aiohttp.ClientSession() as session:
        answer = await session.get(f"http://127.0.0.1:{found.bot.port}/metrics")
        return number(read(await answer.text()), "task_failures_total", part)


async def watch_a_page(found: Scene, name: str, session: aiohttp.ClientSession) -> aiohttp.ClientResponse:
    assert found.bot is not None
    return await session.get(f"http://127.0.0.1:{found.bot.port}/petitions/{name}/events")


@pytest.mark.parametrize(("part", "where", "method"), PARTS)
async def test_a_part_that_fails_is_told_of_and_works_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, part: str, where: object, method: str
) -> None:
    async with scene(sqlite_url, rates=WATCHFUL, start=False) as found, aiohttp.ClientSession() as session:
        await found.start_bot()
        petition = found.petition()
        await found.shows(petition, 0)
        name = f"{petition.repository.full_name}/{petition.number}"
        with capture_logs() as told:
            planted = Planted(monkeypatch, where, method)
            if part in ("database_check", "roster_keys"):
                await found.stop_bot()
                await found.start_bot()
            stream = await watch_a_page(found, name, session)
            found.sign(petition, "ada")
            async with asyncio.timeout(PATIENCE):
                await planted.failed.wait()
            status, parts = await until_it_says(found, part, "restarting")
            assert status == (503 if part == "group_commit" else 200)
            assert (parts["database"], parts["loops"]) == (True, False)
            assert await failures(found, part) >= 1
            planted.mended = True
            status, parts = await until_it_says(found, part, "running")
            assert status == 200
            found.sign(petition, "grace")
            found.sign(petition, "alan")
            await found.shows(petition, 3)
        stream.close()
    failed = [one for one in told if one["event"] == "task failed"]
    assert {one["task"] for one in failed} == {part}
    assert all("Mistake" in repr(one["exc_info"]) or isinstance(one["exc_info"], Mistake) for one in failed)


async def test_a_worker_that_fails_is_counted_and_shows_nothing_else_amiss(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(sqlite_url) as found:
        planted = Planted(monkeypatch, Worker, "step")
        with capture_logs() as told:
            found.petition()
            async with asyncio.timeout(PATIENCE):
                await planted.failed.wait()
            while not await failures(found, "worker"):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.25)
        assert (await ready(found))[1]["scheduler"] == "running"
    failed = [one for one in told if one["event"] == "task failed"]
    assert {one["task"] for one in failed} == {"worker"}
    assert all(isinstance(one["exc_info"], Mistake) for one in failed)


async def test_a_mistake_in_what_is_only_told_keeps_nothing_from_being_published(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = Planted(monkeypatch, States, "take_changed")
    with capture_logs() as told:
        async with scene(sqlite_url) as found:
            petition = found.petition()
            found.sign(petition, "ada")
            await found.shows(petition, 1)
            async with asyncio.timeout(PATIENCE):
                await planted.failed.wait()
    assert {one["task"] for one in told if one["event"] == "task failed"} == {"scheduler"}


async def test_the_listener_of_a_server_that_fails_is_told_of_and_leases_come_back(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene(postgres_url, rates=WATCHFUL) as found:
        planted = Planted(monkeypatch, PostgresCoordinator, "_wait_for_changes")
        with capture_logs() as told:
            async with asyncio.timeout(PATIENCE):
                await planted.failed.wait()
            assert (await until_it_says(found, "postgresql_listener", "restarting"))[0] == 200
            planted.mended = True
            await until_it_says(found, "postgresql_listener", "running")
        assert {one["task"] for one in told if one["event"] == "task failed"} == {"postgresql_listener"}
        petition = found.petition()
        found.sign(petition, "ada")
        await found.shows(petition, 1)


async def test_a_scheduler_that_is_cancelled_leaves_no_worker_behind(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def step(_: Worker, __: object) -> float:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0.0

    monkeypatch.setattr(Worker, "step", step)
    async with scene(sqlite_url) as found:
        assert found.bot is not None
        async with asyncio.timeout(PATIENCE):
            await begun.wait()
            (scheduler,) = [one for one in asyncio.all_tasks() if one.get_name() == "scheduler"]
            with capture_logs():
                scheduler.cancel()
                await asyncio.wait({scheduler})
            assert ended.is_set()
            assert not found.bot.scheduler._tasks
            begun.clear()
            await begun.wait()
        monkeypatch.setattr(app, "PATIENCE", 0.1)


async def test_everything_that_is_stuck_together_keeps_the_bot_for_less_than_ten_seconds(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    async with scene(sqlite_url) as found:
        petition = found.petition()
        await found.shows(petition, 0)
        await found.stop_bot()
        for where, method in (
            (Worker, "step"),
            (Scheduler, "_start_workers"),
            (AppWideLoop, "_sync_if_due"),
            (Store, "_record"),
        ):
            monkeypatch.setattr(where, method, hang)
        await found.start_bot()
        found.sign(petition, "ada")
        await asyncio.sleep(0.5)
        began = time.monotonic()
        with capture_logs():
            await found.stop_bot()
        assert time.monotonic() - began < 9.5
        monkeypatch.undo()
