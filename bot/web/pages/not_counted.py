"""Say to somebody who is not counted why that is, and what they can do about it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.petition.counting.not_counted import Reason
from bot.store import NotCounted
from bot.urls import Site
from bot.web.pages.views import Moment


@dataclass(frozen=True, slots=True)
class UnheardView:
    """Why a login is not counted: what is said of its comment, and what would help; empty where nothing would.

    What people are to type stands between backticks.
    """

    login: str
    said: str
    """It goes on after "their comment"."""
    advice: str
    comment: str
    at: Moment


def view_unheard(unheard: NotCounted | None, site: Site, *, over: bool) -> UnheardView | None:
    """Put it into words; of a petition that is `over` nobody is asked to sign any more."""
    if unheard is None:
        return None
    said, advice = _WORDS[unheard.reason]
    return UnheardView(
        login=unheard.login,
        said=said,
        advice="" if over and unheard.reason in _SIGN_AGAIN else advice,
        comment=site.comment(unheard.repository, unheard.number, unheard.comment_id),
        at=Moment.of(unheard.at),
    )


_WORDS: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.SILENT: (
        "does not begin a line with `/sign`",
        "Edit it so that it does, or write another one. What is quoted, or shown as code, is not read.",
    ),
    Reason.MISTYPED: ("is not quite a command", "Edit it so that it begins with `/sign`."),
    Reason.WITHDRAWN: ("withdraws the signature", "Whoever wants to sign again comments `/sign` once more."),
    Reason.HIDDEN: ("was hidden by those who look after the repository", "Ask them why; shown again, it counts."),
    Reason.LATE: ("came after the end", ""),
    Reason.REMOVED: (
        "does not count, because the organizers withhold the signature",
        "They gave the order in a comment, where they can also say why.",
    ),
    Reason.YOUNG: (
        "came from an account that was younger than this petition asks for",
        "Comment `/sign` once more when it is old enough.",
    ),
    Reason.WAITING: (
        "waits for GitHub to tell who wrote it, or since when the account exists",
        "Look again in a few minutes.",
    ),
}

_SIGN_AGAIN: Final = {Reason.SILENT, Reason.MISTYPED, Reason.WITHDRAWN, Reason.YOUNG}
