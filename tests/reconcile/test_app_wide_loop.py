"""What is done for the whole App."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.github.errors import Unauthorized, Unavailable
from bot.petition.facts_from_github import SettingsFact, Unclear
from bot.reconcile.app_wide_loop import MOST_MISSED, THE_APP, AppWideLoop, MissedFacts
from bot.reconcile.errors_and_retries import Intervals
from sandbox.faults import Faults
from tests.reconcile.scene import Scene


@pytest.fixture
def app_sync(stage: Scene) -> AppWideLoop:
    return AppWideLoop(stage.store, stage.github, Intervals(poll=0.01, debounce=0.01, api_lag=0.0), stage.clock)


async def test_a_sync_lists_installations_and_reads_the_log_of_deliveries(
    stage: Scene, app_sync: AppWideLoop
) -> None:
    assert 540.0 <= await app_sync._sync_if_due() <= 660.0
    assert [mark.installation_id for mark in await stage.store.installations.list_to_discover(0)] == [
        stage.installation.id
    ]
    assert await stage.store.deliveries.get_log_read_until() == int(stage.clock())


async def test_a_process_does_not_sync_again_what_another_has_just_synced(
    stage: Scene, app_sync: AppWideLoop
) -> None:
    await app_sync._sync_if_due()
    stage.calls.clear()
    stage.clock.pass_by(100)
    await app_sync._sync_if_due()
    assert stage.calls == []
    app_sync.request_sync()
    await app_sync._sync_if_due()
    assert stage.called("GET /app/installations") == 1


async def test_while_another_process_syncs_nothing_is_done(stage: Scene, app_sync: AppWideLoop) -> None:
    async with stage.store.lease(THE_APP):
        await app_sync._sync_if_due()
    assert stage.calls == []


async def test_after_an_error_the_sync_comes_sooner_and_then_less_often(
    stage: Scene, app_sync: AppWideLoop
) -> None:
    stage.sandbox.faults = Faults(where="/app", unavailable=1.0)
    waits = []
    for _ in range(3):
        app_sync.request_sync()
        waits.append(await app_sync._sync_if_due())
    assert waits == [0.02, 0.04, 0.08]
    stage.sandbox.faults = Faults()
    app_sync.request_sync()
    assert await app_sync._sync_if_due() > 500


async def test_lost_deliveries_are_asked_for_although_the_list_of_installations_cannot_be_had(
    stage: Scene, app_sync: AppWideLoop
) -> None:
    stage.sandbox.faults = Faults(where="/app/installations", unavailable=1.0)
    assert await app_sync._sync_if_due() == 0.02
    assert stage.called("GET /app/hook/deliveries 200") == 1


async def test_what_was_refused_is_made_up_for_once_however_much_it_was(
    stage: Scene, app_sync: AppWideLoop
) -> None:
    await app_sync._sync_if_due()
    stage.calls.clear()
    stage.clock.pass_by(10)
    for _ in range(100):
        app_sync.record_refused([SettingsFact(stage.installation.id, 1)])
    await app_sync._sync_if_due()
    assert stage.called("GET /app/hook/deliveries") == 1
    assert [mark.asked > mark.done for mark in await stage.store.installations.list_to_discover(0)] == [True]
    app_sync.record_refused()
    assert await app_sync._sync_if_due() <= 2 * app_sync.intervals.poll
    assert stage.called("GET /app/hook/deliveries") == 1
    stage.clock.pass_by(10)
    await app_sync._sync_if_due()
    assert stage.called("GET /app/hook/deliveries") == 2


def test_of_very_much_that_was_refused_only_the_installations_are_remembered() -> None:
    missed = MissedFacts()
    for issue in range(MOST_MISSED + 1):
        missed.add([Unclear(7, issue)])
    assert missed.take() == [Unclear(7)]
    assert missed.take() == []


async def test_a_request_ends_the_wait_and_a_stop_ends_the_loop(stage: Scene, app_sync: AppWideLoop) -> None:
    task = asyncio.create_task(app_sync.run())
    await stage.until_called("GET /app/hook/deliveries", 1)
    app_sync.request_sync()
    await stage.until_called("GET /app/hook/deliveries", 2)
    app_sync.stop()
    async with asyncio.timeout(60):
        await task


async def test_refused_credentials_are_logged_once_and_other_errors_each_time(
    stage: Scene, app_sync: AppWideLoop
) -> None:
    with capture_logs() as told:
        for error in (Unauthorized("bad credentials"), Unauthorized("bad credentials"), Unavailable("502")):
            app_sync._log_failure(error)
    assert [(one["log_level"], one["error"]) for one in told] == [("error", "bad credentials"), ("warning", "502")]


async def test_the_loop_ends_when_it_is_stopped(stage: Scene, app_sync: AppWideLoop) -> None:
    going = asyncio.create_task(app_sync.run())
    while not stage.called("GET /app/installations"):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    app_sync.stop()
    async with asyncio.timeout(60):
        await going
    assert not app_sync.busy
