"""How long to leave something alone after an error, and the name of the state it is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

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
from bot.store import State
from bot.units import EpochSeconds

LONGEST = 3600.0
"""Seconds after which anything is tried again: causes go away without telling us."""

PATIENT = 300.0
"""Seconds between tries while GitHub is merely unwell."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """A petition is not to be published now but `after` a time; `state` and `detail` say why.

    `attempts` is how many in a row have not succeeded by then.
    """

    after: EpochSeconds
    state: State
    attempts: int
    detail: str = ""


class NameReused(Unavailable):
    """The repository was renamed, and another one has its name now."""


def retry_at(error: GitHubError | None, attempts: int, now: EpochSeconds) -> EpochSeconds:
    """Double the wait with each attempt (2 s, 4 s, …); a refusal may take up to an hour, an outage five minutes.

    Without an error something is not known yet, and may never be.
    """
    refused = error is None or isinstance(error, Forbidden | Gone | NotFound | Unprocessable)
    return now + min(LONGEST if refused else PATIENT, 2.0 ** min(attempts + 1, 12))


def requeue_after(error: GitHubError, attempts: int, now: EpochSeconds) -> Requeue:
    """Return when a petition is to be published again that an error of GitHub's has kept from it."""
    return Requeue(retry_at(error, attempts, now), state_of(error), attempts + 1, str(error))


def requeue_stale(issue: str, attempts: int, now: EpochSeconds) -> Requeue:
    """Return when an issue is to be read again that GitHub shows as it was before an edit that is known."""
    after = now + min(PATIENT, 2.0 ** min(attempts + 1, 12))
    return Requeue(after, State.FINE, attempts + 1, f"{issue} is shown as it was before its last edit")


def state_of(error: GitHubError) -> State:
    """Name the state that an error puts a petition, or an installation's petitions, in.

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
    """Return whether GitHub itself was unwell, so that what comes next will hardly go better."""
    return isinstance(error, Unavailable) and not isinstance(error, NameReused)


def ends_all(error: GitHubError) -> bool:
    """Tell an error that concerns the whole installation from one about a single thing."""
    whole = isinstance(error, Paused) and error.whole
    return whole or isinstance(error, InstallationGone | InstallationSuspended | Unauthorized | WriteNotSent)


def is_deleted(error: GitHubError) -> bool:
    """Tell an issue that was deleted for good from one that is merely not shown: both are 410."""
    return isinstance(error, Gone) and "deleted" in str(error).lower()


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
