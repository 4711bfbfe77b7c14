"""What is done for the whole App."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bot.github.errors import Unauthorized, Unavailable
from bot.petition.facts import SettingsFact, Unclear
from bot.reconcile.app_sync import THE_APP, AppSync
from bot.reconcile.intervals import Intervals
from bot.reconcile.missed_facts import MOST, MissedFacts
from sandbox.faults import Faults
from tests.reconcile.scene import Scene


@pytest.fixture
def rounds(stage: Scene) -> AppSync:
    return AppSync(stage.store, stage.github, Intervals(look=0.01, breath=0.01, lag=0.0), stage.clock)


async def test_the_rounds_call_the_roll_and_sweep(stage: Scene, rounds: AppSync) -> None:
    assert 540.0 <= await rounds._go() <= 660.0
    assert [mark.installation_id for mark in await stage.store.installations.list_to_discover(0)] == [
        stage.installation.id
    ]
    assert await stage.store.deliveries.get_log_read_until() == int(stage.clock())


async def test_who_comes_late_leaves_it_at_what_another_has_done(stage: Scene, rounds: AppSync) -> None:
    await rounds._go()
    stage.calls.clear()
    stage.clock.pass_by(100)
    await rounds._go()
    assert stage.calls == []
    rounds.alarm()
    await rounds._go()
    assert stage.called("GET /app/installations") == 1


async def test_while_another_process_goes_the_rounds_we_do_not(stage: Scene, rounds: AppSync) -> None:
    async with stage.store.lease(THE_APP):
        await rounds._go()
    assert stage.calls == []


async def test_after_an_error_the_rounds_come_sooner_and_then_less_often(stage: Scene, rounds: AppSync) -> None:
    stage.sandbox.faults = Faults(where="/app", unavailable=1.0)
    waits = []
    for _ in range(3):
        rounds.alarm()
        waits.append(await rounds._go())
    assert waits == [0.02, 0.04, 0.08]
    stage.sandbox.faults = Faults()
    rounds.alarm()
    assert await rounds._go() > 500


async def test_lost_deliveries_are_asked_for_although_the_list_of_installations_cannot_be_had(
    stage: Scene, rounds: AppSync
) -> None:
    stage.sandbox.faults = Faults(where="/app/installations", unavailable=1.0)
    assert await rounds._go() == 0.02
    assert stage.called("GET /app/hook/deliveries 200") == 1


async def test_what_was_refused_is_made_up_for_once_however_much_it_was(stage: Scene, rounds: AppSync) -> None:
    await rounds._go()
    stage.calls.clear()
    stage.clock.pass_by(10)
    for _ in range(100):
        rounds.refused([SettingsFact(stage.installation.id, 1)])
    await rounds._go()
    assert stage.called("GET /app/hook/deliveries") == 1
    assert [mark.asked > mark.done for mark in await stage.store.installations.list_to_discover(0)] == [True]
    rounds.refused()
    assert await rounds._go() <= 2 * rounds.beats.look
    assert stage.called("GET /app/hook/deliveries") == 1
    stage.clock.pass_by(10)
    await rounds._go()
    assert stage.called("GET /app/hook/deliveries") == 2


def test_of_very_much_that_was_refused_only_the_installations_are_remembered() -> None:
    missed = MissedFacts()
    for issue in range(MOST + 1):
        missed.note([Unclear(7, issue)])
    assert missed.take() == [Unclear(7)]
    assert missed.take() == []


async def test_an_alarm_is_heard_while_waiting_and_a_stop_ends_it(stage: Scene, rounds: AppSync) -> None:
    task = asyncio.create_task(rounds.run())
    await stage.until_called("GET /app/hook/deliveries", 1)
    rounds.alarm()
    await stage.until_called("GET /app/hook/deliveries", 2)
    rounds.stop()
    async with asyncio.timeout(20):
        await task


async def test_credentials_that_are_refused_are_told_once_and_other_trouble_each_time(
    stage: Scene, rounds: AppSync
) -> None:
    with capture_logs() as told:
        for error in (Unauthorized("bad credentials"), Unauthorized("bad credentials"), Unavailable("502")):
            rounds._complain(error)
    assert [(one["log_level"], one["error"]) for one in told] == [("error", "bad credentials"), ("warning", "502")]


async def test_the_rounds_end_when_they_are_told_to(stage: Scene, rounds: AppSync) -> None:
    going = asyncio.create_task(rounds.run())
    while not stage.called("GET /app/installations"):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    rounds.stop()
    async with asyncio.timeout(60):
        await going
    assert not rounds.busy
