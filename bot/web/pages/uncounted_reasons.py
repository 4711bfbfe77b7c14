"""Why a comment does not count, and what would help, as *Was I counted?* answers it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.petition.comments.mistyped_commands import Fault
from bot.petition.i18n import Translator, message
from bot.petition.tally import MISTYPED_ORDER, Reason
from bot.store import NotCounted
from bot.time_types import EpochSeconds


def explain(uncounted: NotCounted, now: EpochSeconds, tr: Translator, *, is_closed: bool) -> tuple[str, str]:
    """Return why a comment does not count, and what would help; nobody is to sign what `is_closed`.

    What people are to type is between backticks.
    """
    reason = uncounted.reason
    words, advice = _FAULTS.get((reason, uncounted.fault)) or _NOT_COUNTED[reason]
    if is_closed and reason in _SIGN_AGAIN:
        return tr.translate(words), ""
    if uncounted.has_orders and reason in (Reason.MISTYPED, Reason.CUT_OFF):
        advice = _BESIDE_COMMANDS
    elif uncounted.old_enough_at is not None and uncounted.old_enough_at > now:
        return tr.translate(words), tr.translate(_OLD_ENOUGH_LATER, time=tr.day_and_time(uncounted.old_enough_at))
    return tr.translate(words), tr.translate(advice) if advice else ""


_ONLY_SIGN: Final = message(
    "To sign, edit your comment so that it says only `/sign`, with your name after it if you like."
)
_NO_MARKS: Final = message(
    "To sign, edit your comment so that it begins with `/sign`, without the marks around it."
)
_BESIDE_COMMANDS: Final = message(
    "Leave your comment unchanged, because it also has a `/petition` command."
    " To sign, write another comment: `/sign`."
)
_OLD_ENOUGH_LATER: Final = message("Your account can sign from {time} on. Comment `/sign` again then.")

_NOT_COUNTED: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.SILENT: (
        message("Your comment has no line that begins with `/sign`."),
        message("To sign, write another comment: `/sign`. Quotes, code and HTML are not read."),
    ),
    Reason.COMMAND: (
        message("Your comment is a `/petition` command, which signs nothing."),
        message(
            "Leave your comment unchanged: an edit would take the command back."
            " To sign, write another comment: `/sign`."
        ),
    ),
    Reason.MISTYPED: (
        message("Your comment has something like `/sign` that was not understood."),
        message("To sign, edit your comment so that it begins with `/sign`."),
    ),
    Reason.CUT_OFF: (
        message("Your comment has `/sign` only below what looks like a quoted email, where nothing is read."),
        message("To sign, write another comment, with `/sign` on its first line."),
    ),
    Reason.WITHDRAWN: (
        message("Your comment withdraws your signature."),
        message("To sign again, write another comment: `/sign`."),
    ),
    Reason.HIDDEN: (
        message("Your comment was hidden by a maintainer of the repository."),
        message("Ask them why. It counts when they show it again."),
    ),
    Reason.LATE: (message("Your comment was written after the petition had closed."), ""),
    Reason.REMOVED: (
        message("Your comment does not count because the organizers removed your signature."),
        message("They did so with a command in a comment, which may give the reason."),
    ),
    Reason.YOUNG: (
        message("Your comment was written when your account was too new for this petition."),
        message("Your account is old enough now. Comment `/sign` again."),
    ),
    Reason.WAITING: (
        message(
            "Your comment is waiting for data from GitHub: who wrote it, whether it came by email, or how old your"
            " account is."
        ),
        message("You do not need to do anything. Check again in a few minutes."),
    ),
}
"""The reason, and what would help.

No advice may take anything back that holds: a refusal, a withdrawal, a command of organizers.
"""

_FAULTS: Final[Mapping[tuple[Reason, str], tuple[str, str]]] = {
    (Reason.COMMAND, MISTYPED_ORDER): (
        message("Your comment has a misspelled `/petition` command, which signs nothing."),
        message("Correct the command there. To sign, write another comment: `/sign`."),
    ),
    (Reason.MISTYPED, Fault.SPELLING): (
        message("Your comment has a misspelled command."),
        message("To sign, edit your comment so that it begins with `/sign`, spelled exactly like this."),
    ),
    (Reason.MISTYPED, Fault.SLASH): (
        message("Your comment has a command without `/` directly before it."),
        message("To sign, edit your comment so that it begins with `/sign`, without a space in it."),
    ),
    (Reason.MISTYPED, Fault.CODE): (
        message("Your comment has `/sign` formatted as code, where it is not read."),
        _NO_MARKS,
    ),
    (Reason.MISTYPED, Fault.MARKS): (message("Your comment has marks around `/sign`."), _NO_MARKS),
    (Reason.MISTYPED, Fault.PLACE): (
        message("Your comment has something else before `/sign` on the same line."),
        message("To sign, edit your comment so that the line begins with `/sign`."),
    ),
    (Reason.MISTYPED, Fault.GLUED): (
        message("Your comment has `/sign` directly below a quotation or HTML, so it is read as a part of that."),
        message(
            "To sign, edit your comment so that there is an empty line above the line that begins with `/sign`."
        ),
    ),
    (Reason.MISTYPED, Fault.JOINED): (
        message("Your comment has no space between `/sign` and the next word."),
        message("To sign, edit your comment so that it says `/sign`, a space, and then your name if you like."),
    ),
    (Reason.MISTYPED, Fault.CONDITION): (
        message("Your comment makes a condition, and a condition cannot be counted."),
        _ONLY_SIGN,
    ),
    (Reason.MISTYPED, Fault.WORDS): (
        message("Your comment has words after `/sign` that leave open whether you sign."),
        _ONLY_SIGN,
    ),
    (Reason.MISTYPED, Fault.WITHDRAWAL): (
        message("Your comment seems to withdraw, with a misspelled command."),
        message("You are not counted, so there is nothing to withdraw. To sign, write another comment: `/sign`."),
    ),
}
"""What is wrong about a command that was mistyped, where that is known."""

_SIGN_AGAIN: Final = {
    Reason.SILENT, Reason.COMMAND, Reason.MISTYPED, Reason.CUT_OFF, Reason.WITHDRAWN, Reason.YOUNG,
}  # fmt: skip
