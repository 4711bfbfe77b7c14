"""Say why somebody's comments make no signature, for those who ask whether they are counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.petition.comments.commands import Sign, Unsign
from bot.petition.comments.comment import Comment, Standing, standing
from bot.petition.counting.tally import Reason, Terms, judge_standings, understood
from bot.petition.organizers.rules import DEFAULTS, Rules

__all__ = ["Reason", "Uncounted", "explain"]


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Why somebody is not counted, and the comment that says most about it, made `at` (UTC epoch seconds)."""

    reason: Reason
    comment_id: int
    at: int


def explain(
    comments: Iterable[Comment], *, closed_at: int | None = None, rules: Rules = DEFAULTS, born: int | None = None
) -> Uncounted | None:
    """Return why one person's comments make no signature; None where they do, where nobody could, or none stands.

    The arguments are those of `judge`. Their latest word decides; only where there is none, it is that they said
    nothing to us.
    """
    standings = [(one, standing(one)) for one in comments if one.present and one.author and one.author.can_sign]
    if judge_standings(standings, closed_at=closed_at, rules=rules, born=born).signature is not None:
        return None
    terms = Terms.of(closed_at, rules, born)
    latest_first = sorted(standings, key=lambda pair: (pair[0].created_at, pair[0].id), reverse=True)
    for comment, stands in latest_first:
        reason = _reason(comment, stands, terms, rules)
        if reason is not None:
            return Uncounted(reason, comment.id, stands.made_at or comment.created_at)
    return next((Uncounted(Reason.SILENT, one.id, one.created_at) for one, _ in latest_first), None)


def _reason(comment: Comment, stands: Standing, terms: Terms, rules: Rules) -> Reason | None:
    """Return why a comment does not sign; None where it does not try to."""
    command, author = understood(stands.command, rules), comment.author
    if stands.hidden:
        return Reason.HIDDEN if isinstance(command, Sign) else None
    if isinstance(command, Unsign):
        return Reason.WITHDRAWN
    if command is None and stands.unverified:
        return Reason.WAITING
    return None if author is None else terms.against(author, command, stands.made_at)
