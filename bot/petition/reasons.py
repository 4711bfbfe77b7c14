"""Say why somebody's comments make no signature, for those who ask whether they are counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.petition.commands import Phrase, Sign, Unsign
from bot.petition.comment import Comment, Standing, standing
from bot.petition.rules import DEFAULTS, Rules
from bot.petition.tally import judge_standings


class Reason(StrEnum):
    """Why there is no signature."""

    SILENT = "silent"
    """No comment says `/sign`."""
    MISTYPED = "mistyped"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"
    LATE = "late"
    """It was made after the end."""
    WITHHELD = "withheld"
    """An order of the organizers withholds it."""
    YOUNG = "young"
    """The account had not existed long enough."""
    WAITING = "waiting"
    """GitHub has not told yet who edited the comment, or how old the account is."""


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Why somebody is not counted, and the comment that says most about it, made `at` (UTC epoch seconds)."""

    reason: Reason
    comment_id: int
    at: int


def explain(
    comments: Iterable[Comment], *, closed_at: int | None = None, rules: Rules = DEFAULTS, born: int | None = None
) -> Uncounted | None:
    """Say why the comments of one person make no signature; None where they do, where nobody could, or none stands.

    The arguments are those of `judge`. Their latest word decides; only where there is none, it is that they said
    nothing to us.
    """
    standings = [(one, standing(one)) for one in comments if one.present and one.author and one.author.can_sign]
    if judge_standings(standings, closed_at=closed_at, rules=rules, born=born).signature is not None:
        return None
    latest_first = sorted(standings, key=lambda pair: (pair[0].created_at, pair[0].id), reverse=True)
    for comment, stands in latest_first:
        reason = _reason(comment, stands, closed_at, rules, born)
        if reason is not None:
            return Uncounted(reason, comment.id, stands.made_at or comment.created_at)
    return next((Uncounted(Reason.SILENT, one.id, one.created_at) for one, _ in latest_first), None)


def _reason(
    comment: Comment, stands: Standing, closed_at: int | None, rules: Rules, born: int | None
) -> Reason | None:
    """Say why a comment does not sign; None where it does not try to."""
    ends_at = rules.ends_at(closed_at)
    match stands.command:
        case Phrase(digest=digest, is_attempt=is_attempt) if digest not in rules.phrases:
            return Reason.MISTYPED if is_attempt and not stands.hidden else None
        case Unsign():
            return None if stands.hidden else Reason.WITHDRAWN
        case Sign() | Phrase() if stands.hidden:
            return Reason.HIDDEN
        case Sign() | Phrase() if comment.author is not None and comment.author.id in rules.withheld_ids:
            return Reason.WITHHELD
        case Sign() | Phrase() if ends_at is not None and stands.made_at > ends_at:
            return Reason.LATE
        case Sign() | Phrase() if stands.made_at < rules.old_enough_at(born):
            return Reason.WAITING if born is None else Reason.YOUNG
        case None if stands.unverified:
            return Reason.WAITING
    return None
