"""How long to wait, and what it is called."""

from __future__ import annotations

import pytest

from bot.github.errors import (
    Forbidden,
    GitHubError,
    Gone,
    InstallationGone,
    InstallationSuspended,
    NotFound,
    Paused,
    Unauthorized,
    Unavailable,
    Unprocessable,
)
from bot.reconcile.backoff import LONGEST, PATIENT, NameReused, ends_all, is_deleted, retry_at, state_of
from bot.reconcile.intervals import jittered
from bot.reconcile.write_limiter import WriteLimiter, WriteRate
from bot.store import State


def test_each_wait_is_twice_the_one_before_up_to_a_limit() -> None:
    waits = [retry_at(Unavailable("502"), attempts, 1_000.0) - 1_000.0 for attempts in range(20)]
    assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
    assert waits[-1] == PATIENT
    assert retry_at(Forbidden("no"), 20, 0.0) == retry_at(None, 20, 0.0) == LONGEST


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (NotFound("Not Found"), State.NOT_FOUND),
        (Gone("Issues are disabled for this repo"), State.ISSUES_DISABLED),
        (Gone("Issues has been disabled in this repository."), State.ISSUES_DISABLED),
        (Gone("This issue was deleted"), State.NOT_FOUND),
        (Forbidden("Repository was archived so is read-only."), State.ARCHIVED),
        (Forbidden("Repository access blocked"), State.BLOCKED),
        (Forbidden("Resource not accessible by integration", "issues=write"), State.NOT_ALLOWED),
        (Unprocessable("Validation Failed"), State.REFUSED),
        (Unavailable("502"), State.UNAVAILABLE),
        (NameReused("another"), State.NAME_REUSED),
        (InstallationGone("gone"), State.UNINSTALLED),
        (InstallationSuspended("suspended"), State.SUSPENDED),
        (Unauthorized("Bad credentials"), State.CREDENTIALS_REFUSED),
    ],
)
def test_an_error_has_a_name(error: GitHubError, state: State) -> None:
    assert state_of(error) is state


def test_only_a_deleted_issue_is_deleted() -> None:
    assert is_deleted(Gone("This issue was deleted"))
    assert not is_deleted(Gone("Issues are disabled for this repo"))
    assert not is_deleted(NotFound("This issue was deleted"))


def test_some_errors_concern_all_of_an_installation() -> None:
    assert ends_all(Paused(1.0, "limit"))
    assert ends_all(InstallationGone("gone"))
    assert not ends_all(Paused(1.0, "reactions", whole=False))
    assert not ends_all(Unavailable("502"))


def test_a_storm_is_written_rarely_and_the_first_change_at_once() -> None:
    coalescer, now, writes = WriteLimiter(WriteRate(burst=2, period=10.0, gap=0.5)), 1_000.0, []
    while now < 1_120.0:
        if coalescer.ready_at(1) <= now:
            coalescer.look(1, now)
            coalescer.spend(1, now)
            writes.append(now)
        now += 0.25
    assert writes[:3] == [1_000.0, 1_000.5, 1_010.0]
    assert all(sum(at <= each < at + 60 for each in writes) <= 8 for at in writes)


def test_two_looks_at_a_petition_lie_apart_and_others_do_not_wait() -> None:
    coalescer = WriteLimiter(WriteRate(gap=0.5))
    coalescer.look(1, 1_000.0)
    assert coalescer.ready_at(1) == 1_000.5
    assert coalescer.ready_at(2) <= 0.0


def test_what_is_over_is_forgotten() -> None:
    coalescer = WriteLimiter()
    for petition in range(10_002):
        coalescer.look(petition, 1_000.0 + petition)
        coalescer.spend(petition, 1_000.0 + petition)
    assert len(coalescer._looked_at) < 10
    assert len(coalescer._full_at) < 50


def test_beats_are_spread_by_a_tenth_and_always_the_same() -> None:
    beats = {jittered(600.0, installation, 1_000) for installation in range(50)}
    assert len(beats) == 50
    assert all(540.0 <= beat <= 660.0 for beat in beats)
    assert jittered(600.0, 7, 1_000) == jittered(600.0, 7, 1_000)
