"""What GitHub's errors mean: for one petition, for a whole installation, or for everything."""

from __future__ import annotations

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


def ends_all(error: GitHubError) -> bool:
    """Return whether an error concerns the whole installation, not a single issue."""
    whole = isinstance(error, Paused) and error.whole
    return whole or isinstance(error, InstallationGone | InstallationSuspended | Unauthorized | WriteNotSent)


def is_deleted(error: GitHubError) -> bool:
    """Return whether an issue was deleted for good; one that is merely not shown is 410 as well."""
    return isinstance(error, Gone) and "deleted" in str(error).lower()
