"""How often the loops run, and when something is tried again after an error."""

from __future__ import annotations

import random
from typing import Final

from msgspec import Struct

from bot.github.errors import (
    Forbidden,
    GitHubError,
    Gone,
    NotFound,
    Paused,
    Unprocessable,
)
from bot.reconcile.error_meaning import state_of
from bot.store import State
from bot.time_types import EpochSeconds, Seconds

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


def retry_at(error: GitHubError | None, attempts: int, now: EpochSeconds) -> EpochSeconds:
    """Return when to try again: after 2 s, 4 s, …, at most an hour if refused, five minutes if unwell.

    Without an error something is not known yet, and may never be.
    """
    refused = error is None or isinstance(error, Forbidden | Gone | NotFound | Unprocessable)
    return now + min(LONGEST if refused else PATIENT, 2.0 ** min(attempts + 1, 12))


def retry_later(error: GitHubError, retry_after: Seconds, now: EpochSeconds) -> EpochSeconds:
    """Return when to try again what can wait: after so many seconds, and not before GitHub's limits allow it."""
    until = now + retry_after
    return max(until, error.until) if isinstance(error, Paused) else until


def requeue_after(error: GitHubError, attempts: int, now: EpochSeconds) -> Requeue:
    """Return when a petition is to be published again that an error of GitHub's has kept from it."""
    return Requeue(retry_at(error, attempts, now), state_of(error), attempts + 1, str(error))


def requeue_stale(issue: str, attempts: int, now: EpochSeconds) -> Requeue:
    """Return when an issue is to be read again that GitHub shows as it was before an edit that is known."""
    after = now + min(PATIENT, 2.0 ** min(attempts + 1, 12))
    return Requeue(after, State.FINE, attempts + 1, f"{issue} is shown as it was before its last edit")
