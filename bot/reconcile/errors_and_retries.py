"""What GitHub's errors mean for a petition or an installation, when to try again, and how often the loops run."""

from __future__ import annotations

import random
from typing import Final

from msgspec import Struct

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
    WriteNotSent,
)
from bot.store import Due, State, Store
from bot.time_types import EpochSeconds, Seconds


class NameReused(Unavailable):
    """The repository was renamed, and another one has its name now."""


_STATES: Final = {
    NameReused: State.NAME_REUSED,
    InstallationGone: State.UNINSTALLED,
    InstallationSuspended: State.SUSPENDED,
    Unauthorized: State.CREDENTIALS_REFUSED,
    NotFound: State.NOT_FOUND,
    Gone: State.NOT_FOUND,
    Forbidden: State.NOT_ALLOWED,
    Unprocessable: State.REFUSED,
}


def state_of(error: GitHubError) -> State:
    """Return the state that an error puts a petition, or an installation's petitions, in.

    GitHub's words: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    said = str(error).lower()
    if isinstance(error, Gone) and "disabled" in said:
        return State.ISSUES_DISABLED
    if isinstance(error, Forbidden) and "archived" in said:
        return State.ARCHIVED
    if isinstance(error, Forbidden) and ("blocked" in said or "451" in said):
        return State.BLOCKED
    return next((state for kind, state in _STATES.items() if isinstance(error, kind)), State.UNAVAILABLE)


def is_unwell(error: GitHubError) -> bool:
    """Return whether GitHub itself was unwell, so that the next call will hardly succeed."""
    return isinstance(error, Unavailable) and not isinstance(error, NameReused)


def concerns_issue(error: GitHubError) -> bool:
    """Return whether something may be the matter with the issue: GitHub is well, and allows the call."""
    return not is_unwell(error) and not isinstance(error, Paused)


def ends_all(error: GitHubError) -> bool:
    """Return whether an error concerns the whole installation, not a single issue."""
    whole = isinstance(error, Paused) and error.whole
    return whole or isinstance(error, InstallationGone | InstallationSuspended | Unauthorized | WriteNotSent)


def is_deleted(error: GitHubError) -> bool:
    """Return whether an issue was deleted for good; one that is merely not shown is 410 as well."""
    return isinstance(error, Gone) and "deleted" in str(error).lower()


LONGEST: Final[Seconds] = 3600.0
"""The longest wait for another try after a refusal: causes go away without notice."""

PATIENT: Final[Seconds] = 300.0
"""The longest wait for another try while GitHub is unwell."""


class Intervals(Struct, frozen=True):
    """How often the loops run.

    `poll` is the longest time between two queries for work: another process may have recorded something.
    `debounce` is the shortest, so that a storm of deliveries does not become a storm of queries. `resync` is how
    often discovery runs, and the sync of the App. GitHub's answers may be `api_lag` behind its deliveries.
    """

    poll: Seconds = 5.0
    debounce: Seconds = 0.1
    resync: Seconds = 600.0
    api_lag: Seconds = 5.0


def jittered(seconds: Seconds, *seeds: int) -> Seconds:
    """Return a time up to a tenth longer or shorter, so that not all happens at once; same seeds, same time."""
    return seconds * (0.9 + 0.2 * random.Random(hash(seeds)).random())  # noqa: S311 - spread, not secret


class Requeue(Struct, frozen=True):
    """A petition is not to be published now but `after` a time; `state` and `detail` say why.

    `attempts` is how many in a row have not succeeded by then.
    """

    after: EpochSeconds
    state: State
    attempts: int
    detail: str = ""


async def postpone(due: Due, requeue: Requeue, store: Store) -> None:
    """Publish a petition later."""
    await store.petitions.postpone(due.petition_id, requeue.after, requeue.state, requeue.attempts, requeue.detail)


def retry_at(error: GitHubError | None, attempts: int, now: EpochSeconds) -> EpochSeconds:
    """Return when to try again: after 2 s, 4 s, …, at most an hour if refused, five minutes if unwell.

    It is never before GitHub's limits allow it. Without an error something is not known yet, and may never be.
    """
    refused = error is None or isinstance(error, Forbidden | Gone | NotFound | Unprocessable)
    return _when_allowed(error, now + min(LONGEST if refused else PATIENT, 2.0 ** min(attempts + 1, 12)))


def retry_later(error: GitHubError, retry_after: Seconds, now: EpochSeconds) -> EpochSeconds:
    """Return when to try again what can wait: after so many seconds, and not before GitHub's limits allow it."""
    return _when_allowed(error, now + retry_after)


def _when_allowed(error: GitHubError | None, at: EpochSeconds) -> EpochSeconds:
    return max(at, error.until) if isinstance(error, Paused) else at


def requeue_stale(issue: str, attempts: int, now: EpochSeconds) -> Requeue:
    """Return when an issue is to be read again that GitHub shows as it was before an edit that is known."""
    after = now + min(PATIENT, 2.0 ** min(attempts + 1, 12))
    return Requeue(after, State.FINE, attempts + 1, f"{issue} is shown as it was before its last edit")
