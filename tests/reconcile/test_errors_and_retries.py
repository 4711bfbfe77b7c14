"""How long to wait after an error, the state that an error puts a petition in, and the spread of intervals."""

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
from bot.reconcile.errors_and_retries import (
    LONGEST,
    PATIENT,
    NameReused,
    ends_all,
    is_deleted,
    jittered,
    requeue_stale,
    retry_at,
    state_of,
)
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
def test_an_error_has_a_state(error: GitHubError, state: State) -> None:
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


def test_intervals_are_spread_by_a_tenth_and_always_the_same() -> None:
    intervals = {jittered(600.0, installation, 1_000) for installation in range(50)}
    assert len(intervals) == 50
    assert all(540.0 <= one <= 660.0 for one in intervals)
    assert jittered(600.0, 7, 1_000) == jittered(600.0, 7, 1_000)


def test_an_issue_that_is_shown_out_of_date_is_read_again_soon_and_then_less_often() -> None:
    waits = [requeue_stale("acme/letters#7", attempts, 1_000.0) for attempts in (0, 1, 20)]
    assert [one.after - 1_000.0 for one in waits] == [2.0, 4.0, PATIENT]
    assert {one.state for one in waits} == {State.FINE}
