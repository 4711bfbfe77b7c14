"""Deliveries that did not reach us are asked for again, and no more often than makes sense."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count, permutations

import pytest

from bot.github.app_client import HookDelivery
from bot.reconcile.redelivery import DeliveryLog, redeliver_failed
from sandbox.faults import Faults
from tests.reconcile.scene import Scene

BEAT = 600.0
HOUR, DAY = 3600.0, 86_400.0

_ids = count(1)


def attempt(guid: str, status: str = "OK", code: int = 200) -> HookDelivery:
    return HookDelivery(next(_ids), guid, datetime.fromtimestamp(0, UTC), status, code)


def judge(attempts: Sequence[HookDelivery]) -> DeliveryLog:
    """Read a log in which each attempt is on a page of its own."""
    fates = DeliveryLog()
    for one in attempts:
        fates.add([one])
    return fates


def happen(stage: Scene, times: int = 1) -> None:
    """Let something happen of which GitHub tells."""
    sandbox = stage.sandbox
    for _ in range(times):
        sandbox.issues.open(stage.sandbox.repository(), sandbox.user("lovelace"), "A letter")


async def go(stage: Scene) -> int:
    """Sweep, and let GitHub deliver."""
    asked = await redeliver_failed(stage.store, stage.github, stage.clock, BEAT)
    await stage.sandbox.settled()
    return asked


def test_one_good_attempt_of_many_is_enough() -> None:
    attempts = [attempt("a", "timed out", 0), attempt("a"), attempt("a", "Invalid HTTP Response: 500", 500)]
    for order in permutations(attempts):
        fates = judge(order)
        assert (fates.failed(), fates.arrived) == ([], {"a"})


def test_who_got_no_answer_has_failed_too() -> None:
    fates = judge([attempt("a", "failed to connect to host", 0), attempt("b")])
    assert ([one.guid for one in fates.failed()], fates.arrived) == (["a"], {"b"})


def test_the_latest_attempt_is_repeated() -> None:
    attempts = [attempt("a", "timed out", 0) for _ in range(3)]
    for order in permutations(attempts):
        (failed,) = judge(order).failed()
        assert failed.id == attempts[-1].id


async def test_what_failed_is_asked_for_once(stage: Scene) -> None:
    stage.status = 503
    happen(stage)
    await stage.sandbox.settled()
    stage.status = 200
    happen(stage)
    await stage.sandbox.settled()
    assert await go(stage) == 1
    assert stage.received == [stage.received[0], stage.received[1], stage.received[0]]
    for _ in range(3):
        stage.clock.pass_by(BEAT)
        assert await go(stage) == 0


async def test_what_was_just_asked_for_is_not_asked_for_again(stage: Scene) -> None:
    stage.status = 503
    happen(stage)
    await stage.sandbox.settled()
    assert await go(stage) == 1
    stage.clock.pass_by(BEAT / 2)
    assert await go(stage) == 0


async def test_what_keeps_failing_is_asked_for_less_and_less_often(stage: Scene) -> None:
    stage.status = 400
    happen(stage)
    await stage.sandbox.settled()
    asked = 0
    for _ in range(34):
        asked += await go(stage)
        stage.clock.pass_by(2 * HOUR)
    assert 5 < asked < 17


async def test_what_never_got_an_answer_is_found_although_the_filter_of_github_misses_it(stage: Scene) -> None:
    stage.sandbox.faults = Faults(lost=1.0)
    happen(stage, 3)
    stage.sandbox.faults = Faults()
    assert stage.received == []
    assert await go(stage) == 3
    assert len(set(stage.received)) == 3


async def test_only_the_last_three_days_are_read(stage: Scene) -> None:
    stage.sandbox.faults = Faults(lost=1.0)
    happen(stage)
    stage.sandbox.faults = Faults()
    stage.clock.pass_by(3 * DAY + 60)
    assert await go(stage) == 0
    assert await stage.store.deliveries.list_failed() == []


async def test_the_log_is_read_back_to_where_it_was_read_last_and_no_further(stage: Scene) -> None:
    happen(stage, 150)
    await stage.sandbox.settled()
    stage.clock.pass_by(HOUR)
    await go(stage)
    assert stage.called("GET /app/hook/deliveries") == 2
    stage.clock.pass_by(HOUR)
    stage.sandbox.faults = Faults(lost=1.0)
    happen(stage, 150)
    stage.sandbox.faults = Faults()
    assert await go(stage) == 150
    assert stage.called("GET /app/hook/deliveries") == 4


async def test_what_was_not_read_of_the_log_is_read_next_time(stage: Scene) -> None:
    stage.sandbox.faults = Faults(lost=1.0)
    happen(stage, 3)
    stage.sandbox.faults = Faults(where="/attempts", unavailable=1.0)
    with pytest.raises(Exception, match="503"):
        await go(stage)
    stage.sandbox.faults = Faults()
    assert await go(stage) == 3


async def test_what_github_cannot_repeat_is_given_up(stage: Scene) -> None:
    stage.sandbox.faults = Faults(lost=1.0)
    happen(stage)
    stage.sandbox.faults = Faults()
    (attempt,) = stage.sandbox.deliveries.log.attempts()
    await sweep_without_asking(stage)
    stage.sandbox.deliveries.log._attempts.remove(attempt)
    assert await go(stage) == 0
    assert await stage.store.deliveries.list_failed() == []


async def sweep_without_asking(stage: Scene) -> None:
    stage.sandbox.faults = Faults(where="/attempts", unavailable=1.0)
    with pytest.raises(Exception, match="503"):
        await go(stage)
    stage.sandbox.faults = Faults()
