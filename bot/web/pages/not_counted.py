"""Why somebody is not counted, and what they can do about it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.petition.counting.not_counted import Reason
from bot.store import NotCounted
from bot.urls import Site
from bot.web.pages.view_models import Timestamp


@dataclass(frozen=True, slots=True)
class NotCountedView:
    """Why a login is not counted: a reason about its comment, and what would help; empty where nothing would.

    What people are to type is between backticks.
    """

    login: str
    reason: str
    """It follows the words "their comment"."""
    advice: str
    comment: str
    at: Timestamp


def view_not_counted(not_counted: NotCounted | None, site: Site, *, is_closed: bool) -> NotCountedView | None:
    """Return it in words; where the petition `is_closed`, nobody is asked to sign."""
    if not_counted is None:
        return None
    reason, advice = _WORDS[not_counted.reason]
    return NotCountedView(
        login=not_counted.login,
        reason=reason,
        advice="" if is_closed and not_counted.reason in _SIGN_AGAIN else advice,
        comment=site.comment(not_counted.repository, not_counted.number, not_counted.comment_id),
        at=Timestamp.of(not_counted.at),
    )


_WORDS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.SILENT: (
        "has no line that begins with `/sign`",
        "Edit it, or write another one. Quotes and code are not read.",
    ),
    Reason.MISTYPED: ("has a command that was not understood", "Edit it so that it begins with `/sign`."),
    Reason.WITHDRAWN: ("withdraws the signature", "To sign again, comment `/sign` once more."),
    Reason.HIDDEN: (
        "was hidden by a maintainer of the repository",
        "Ask them why. Once it is shown again, it counts.",
    ),
    Reason.LATE: ("was made after the petition closed", ""),
    Reason.REMOVED: (
        "does not count, because the organizers removed the signature",
        "They did so with a command in a comment, which may give the reason.",
    ),
    Reason.YOUNG: (
        "was made with an account that was too new for this petition",
        "Comment `/sign` again when the account is old enough.",
    ),
    Reason.WAITING: (
        "waits until GitHub says who wrote it, or how old the account is",
        "Check again in a few minutes.",
    ),
}

_SIGN_AGAIN: Final = {Reason.SILENT, Reason.MISTYPED, Reason.WITHDRAWN, Reason.YOUNG}
