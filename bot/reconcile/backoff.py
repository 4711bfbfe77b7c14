"""How long to leave a petition alone after an error, and the name of the state it is in."""

from __future__ import annotations

from bot.github.errors import Forbidden, GitHubError, Gone, NotFound, Unprocessable

LONGEST = 3600.0
"""Seconds after which anything is tried again: causes go away without telling us."""

PATIENT = 300.0
"""Seconds between tries while GitHub is merely unwell."""


def retry_at(error: GitHubError, attempts: int, now: float) -> float:
    """Double the wait with each attempt (2 s, 4 s, …); a refusal may take up to an hour, an outage five minutes."""
    longest = LONGEST if isinstance(error, Forbidden | Gone | NotFound | Unprocessable) else PATIENT
    return now + min(longest, 2.0 ** min(attempts + 1, 12))


def state_of(error: GitHubError) -> str:
    """Name the state for logs and for people who ask why nothing happens."""
    match error:
        case NotFound():
            return "not found"
        case Gone():
            return "deleted"
        case Forbidden():
            return "not allowed"
        case Unprocessable():
            return "refused"
        case _:
            return "unavailable"
