"""What can go wrong with GitHub, by who has to act on it; the messages contain no tokens and no keys."""

from __future__ import annotations

from bot.time_types import EpochSeconds


class GitHubError(Exception):
    """A call to GitHub failed."""


class Paused(GitHubError):
    """A rate limit requires waiting until `until`; nothing was changed.

    Unless `whole`, only calls of the same kind (reactions, issues, or GraphQL) must wait; others may go on.
    """

    def __init__(self, until: EpochSeconds, reason: str, *, whole: bool = True) -> None:
        self.until = until
        self.reason = reason
        self.whole = whole
        super().__init__(reason)


class Unreachable(Paused):
    """GitHub cannot be reached, and is probed again at `until`; a write under way may have been applied."""

    def __init__(self, until: EpochSeconds) -> None:
        super().__init__(until, "GitHub cannot be reached")


class Unavailable(GitHubError):
    """GitHub does not answer, or not as documented; a write may have been applied all the same. Try again later."""


class WriteNotSent(GitHubError):
    """A write was not sent, because another process may be doing it; nothing was changed."""


class NotFound(GitHubError):
    """It does not exist, or we may not see it (404)."""


class Gone(GitHubError):
    """It was deleted for good, or issues are disabled (410)."""


class Unauthorized(GitHubError):
    """The App's credentials are not accepted (401): wrong App id or key, or a clock that is off."""


class Forbidden(GitHubError):
    """We lack a permission (403); `accepted_permissions` has those that suffice, where GitHub shows them."""

    def __init__(self, message: str, accepted_permissions: str | None = None) -> None:
        self.message = message
        self.accepted_permissions = accepted_permissions
        super().__init__(message if accepted_permissions is None else f"{message} (needs {accepted_permissions})")


class Unprocessable(GitHubError):
    """GitHub understands the request and refuses its content (422 and its like)."""


class InstallationSuspended(GitHubError):
    """The account's owner or GitHub has suspended the installation."""


class InstallationGone(GitHubError):
    """The App is not installed there any more."""


class NotSignedIn(GitHubError):
    """GitHub gives no token for a code; the message is its error code, such as `bad_verification_code`."""
