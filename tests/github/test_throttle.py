from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.github.throttle import Kind, Limits, Throttle, Wait, is_limit, kind_of, resource_of
from tests.chance import examples

NOW = 1_000_000.0


def until(throttle: Throttle, kind: Kind, now: float = NOW, resource: str = "core") -> float | None:
    wait = throttle.wait(kind, resource, now)
    return None if wait is None else wait.until


def test_the_first_call_of_any_kind_may_go() -> None:
    assert [until(Throttle(), kind) for kind in Kind] == [None] * 4


def test_a_write_waits_a_second_for_the_one_before_and_a_read_does_not() -> None:
    throttle = Throttle()
    throttle.record_call(Kind.WRITE, NOW)
    assert [until(throttle, kind, NOW + 0.4) for kind in Kind] == [None, NOW + 1, NOW + 1, NOW + 1]
    assert until(throttle, Kind.WRITE, NOW + 1) is None


def test_reads_cost_nothing() -> None:
    throttle = Throttle()
    for _ in range(1000):
        throttle.record_call(Kind.READ, NOW)
    assert until(throttle, Kind.CONTENT) is None


def test_a_minute_holds_so_many_writes() -> None:
    throttle = Throttle(Limits(write_gap=0, writes_per_minute=3))
    for second in range(3):
        throttle.record_call(Kind.WRITE, NOW + second)
    assert until(throttle, Kind.WRITE, NOW + 10) == NOW + 60
    assert until(throttle, Kind.WRITE, NOW + 60) is None


def test_an_hour_holds_so_much_content_and_bodies_are_not_content() -> None:
    throttle = Throttle(Limits(write_gap=0, writes_per_minute=1000, content_per_hour=3))
    for second in range(3):
        throttle.record_call(Kind.CONTENT, NOW + second)
    wait = throttle.wait(Kind.CONTENT, "core", NOW + 10)
    assert wait == Wait(NOW + 3600, "our hourly budget for reactions and issues", ours=True, whole=False)
    assert until(throttle, Kind.WRITE, NOW + 10) is None


def test_reactions_leave_calls_for_the_continuation_of_a_full_petition() -> None:
    throttle = Throttle(Limits(write_gap=0, writes_per_minute=1000, content_per_hour=5, reserve=2))
    for second in range(3):
        assert until(throttle, Kind.REACTION, NOW + second) is None
        throttle.record_call(Kind.REACTION, NOW + second)
    assert until(throttle, Kind.REACTION, NOW + 10) == NOW + 3600
    assert until(throttle, Kind.CONTENT, NOW + 10) is None


def test_issues_count_towards_the_budget_of_reactions() -> None:
    throttle = Throttle(Limits(write_gap=0, content_per_hour=3, reserve=2))
    throttle.record_call(Kind.CONTENT, NOW)
    assert until(throttle, Kind.REACTION, NOW + 10) == NOW + 3600


def test_our_hour_is_shorter_than_githubs() -> None:
    assert Limits().content_per_hour < 500


def test_a_clock_that_was_set_back_does_not_hold_anybody_up() -> None:
    throttle = Throttle()
    throttle.record_call(Kind.CONTENT, NOW)
    assert until(throttle, Kind.CONTENT, NOW - 3600) is None


def test_a_used_up_bucket_waits_for_its_reset() -> None:
    throttle = Throttle()
    spent = {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": str(int(NOW) + 100),
        "x-ratelimit-resource": "graphql",
    }
    throttle.record_headers(spent, NOW)
    assert until(throttle, Kind.READ, resource="graphql") == NOW + 101
    assert until(throttle, Kind.READ, resource="core") is None
    throttle.record_headers(spent | {"x-ratelimit-remaining": "5000"}, NOW)
    assert until(throttle, Kind.READ, resource="graphql") is None


def test_a_reset_that_is_no_reset_is_an_hour_away_at_most() -> None:
    throttle = Throttle()
    throttle.record_headers({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999"}, NOW)
    assert until(throttle, Kind.READ) == NOW + 3600


def test_githubs_wait_takes_precedence_over_ours() -> None:
    throttle = Throttle()
    assert throttle.record_limit("core", {"retry-after": "7"}, NOW).until == NOW + 7
    assert until(throttle, Kind.READ) == NOW + 7


def test_a_day_is_the_longest_wait() -> None:
    assert Throttle().record_limit("core", {"retry-after": "9999999"}, NOW).until == NOW + 86_400


def left(remaining: int, limit: int = 5_000, until: float = NOW + 1_800) -> dict[str, str]:
    return {
        "x-ratelimit-remaining": str(remaining),
        "x-ratelimit-limit": str(limit),
        "x-ratelimit-reset": str(int(until)),
    }


def test_the_first_half_of_an_hours_calls_is_spent_as_fast_as_there_is_work() -> None:
    throttle = Throttle()
    assert throttle.spacing(2, NOW) == 0
    throttle.record_headers(left(2_501), NOW)
    assert throttle.spacing(2, NOW) == 0


def test_the_other_half_is_spread_over_what_is_left_of_the_hour() -> None:
    throttle = Throttle()
    throttle.record_headers(left(2_500), NOW)
    assert throttle.spacing(2, NOW) == 1.6
    assert throttle.spacing(10, NOW) == 8.0
    assert throttle.spacing(2, NOW + 1_800) == 0


def test_the_last_tenth_is_for_what_is_not_spread() -> None:
    throttle = Throttle()
    throttle.record_headers(left(250), NOW)
    assert throttle.spacing(2, NOW) == 1_800


def test_what_can_wait_gets_no_more_than_that_tenth_when_calls_are_scarce() -> None:
    throttle = Throttle()
    assert throttle.low_priority_spacing(NOW) == 0
    throttle.record_headers(left(2_501), NOW)
    assert throttle.low_priority_spacing(NOW) == 0
    throttle.record_headers(left(2_500), NOW)
    assert throttle.low_priority_spacing(NOW) == 3_600 / 500
    assert throttle.low_priority_spacing(NOW, "graphql") == 0


def test_a_bucket_without_a_limit_is_not_spaced() -> None:
    throttle = Throttle()
    throttle.record_headers({"x-ratelimit-remaining": "3", "x-ratelimit-reset": str(int(NOW) + 100)}, NOW)
    assert throttle.spacing(2, NOW) == 0


@given(limit=st.integers(50, 5_000), calls=st.integers(2, 12), seconds=st.integers(60, 3_600))
@settings(max_examples=examples(100), deadline=None)
def test_work_that_is_spaced_leaves_calls_at_the_end(limit: int, calls: int, seconds: int) -> None:
    throttle, now, remaining = Throttle(), NOW, limit
    until = NOW + seconds
    while now < until:
        remaining -= calls
        throttle.record_headers(left(remaining, limit, until), now)
        now += max(throttle.spacing(calls, now), 1.0)
    assert remaining > 0


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/repos/a/b/issues/1", Kind.READ),
        ("PATCH", "/repos/a/b/issues/1", Kind.WRITE),
        ("DELETE", "/repos/a/b/issues/comments/1/reactions/2", Kind.WRITE),
        ("POST", "/repos/a/b/issues/comments/1/reactions", Kind.REACTION),
        ("POST", "/repos/a/b/issues/1/comments", Kind.CONTENT),
        ("POST", "/repos/a/b/issues", Kind.CONTENT),
        ("POST", "/graphql", Kind.READ),
        ("POST", "/app/installations/5/access_tokens", Kind.READ),
        ("POST", "/app/hook/deliveries/5/attempts", Kind.READ),
    ],
)
def test_what_weighs_how_much(method: str, path: str, kind: Kind) -> None:
    assert kind_of(method, path) is kind
    assert resource_of(path) == ("graphql" if path == "/graphql" else "core")


@pytest.mark.parametrize(
    ("status", "headers", "message", "limit"),
    [
        (403, {}, "API rate limit exceeded for installation ID 12345.", True),
        (403, {"x-ratelimit-remaining": "0"}, "", True),
        (403, {"x-ratelimit-remaining": "4999"}, "Resource not accessible by integration", False),
        (403, {"retry-after": "60"}, "", True),
        (403, {}, "This installation has been suspended", False),
        (403, {}, "Unable to create comment because issue is locked.", False),
        (429, {}, "", True),
        (422, {}, "Validation Failed: was submitted too quickly", True),
        (422, {}, "Validation Failed: body is too long (maximum is 65536 characters)", False),
        (404, {"retry-after": "60"}, "rate limit", False),
        (503, {"retry-after": "60"}, "", False),
        (200, {}, "RATE_LIMITED API rate limit exceeded", True),
        (200, {}, "NOT_FOUND Could not resolve to a node", False),
    ],
)
def test_what_is_a_limit(status: int, headers: dict[str, str], message: str, limit: bool) -> None:
    assert is_limit(status, headers, message) is limit


@given(
    waits=st.lists(st.floats(0, 120), min_size=1, max_size=200),
    kinds=st.lists(st.sampled_from(Kind), min_size=1, max_size=200),
)
@settings(max_examples=examples(100), deadline=None)
def test_calls_that_wait_stay_within_the_limits(waits: list[float], kinds: list[Kind]) -> None:
    limits = Limits(write_gap=1, writes_per_minute=5, content_per_hour=20)
    throttle, now = Throttle(limits), NOW
    sent: list[tuple[float, Kind]] = []
    for wait, kind in zip(waits, kinds, strict=False):
        now += wait
        while (longer := until(throttle, kind, now)) is not None:
            assert longer > now
            now = longer
        throttle.record_call(kind, now)
        sent.append((now, kind))
    writes = [at for at, kind in sent if kind is not Kind.READ]
    content = [at for at, kind in sent if kind is Kind.CONTENT]
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(writes))
    assert all(later - earlier >= 60 for earlier, later in zip(writes, writes[5:], strict=False))
    assert all(later - earlier >= 3600 for earlier, later in zip(content, content[20:], strict=False))
