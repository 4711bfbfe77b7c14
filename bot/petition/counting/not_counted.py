"""Find out why somebody's comments make no signature, for those who ask whether they are counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.petition.comments.commands import Sign, Unsign
from bot.petition.comments.comment import Comment, Standing, standing
from bot.petition.counting.tally import Conditions, Reason, effective_command, evaluate_standings
from bot.petition.organizers.rules_in_force import DEFAULTS, Rules
from bot.units import WholeEpochSeconds

__all__ = ["Reason", "Uncounted", "explain"]


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Why somebody is not counted, the comment that says most about it, and when its command was made."""

    reason: Reason
    comment_id: int
    at: WholeEpochSeconds


def explain(
    comments: Iterable[Comment],
    *,
    closed_at: WholeEpochSeconds | None = None,
    rules: Rules = DEFAULTS,
    born: WholeEpochSeconds | None = None,
) -> Uncounted | None:
    """Return why one person's comments make no signature; None where they do, where nobody could, or none stands.

    The arguments are those of `evaluate`. Their latest word decides; only where there is none, it is that they said
    nothing to us.
    """
    standings = [(one, standing(one)) for one in comments if one.present and one.author and one.author.can_sign]
    if evaluate_standings(standings, closed_at=closed_at, rules=rules, born=born).signature is not None:
        return None
    conditions = Conditions.of(closed_at, rules, born)
    latest_first = sorted(standings, key=lambda pair: (pair[0].created_at, pair[0].id), reverse=True)
    for comment, stands in latest_first:
        reason = _reason(comment, stands, conditions, rules)
        if reason is not None:
            return Uncounted(reason, comment.id, stands.made_at or comment.created_at)
    return next((Uncounted(Reason.SILENT, one.id, one.created_at) for one, _ in latest_first), None)


def _reason(comment: Comment, stands: Standing, conditions: Conditions, rules: Rules) -> Reason | None:
    """Return why a comment does not sign; None where it does not try to."""
    command, author = effective_command(stands.command, rules), comment.author
    if stands.hidden:
        return Reason.HIDDEN if isinstance(command, Sign) else None
    if isinstance(command, Unsign):
        return Reason.WITHDRAWN
    if command is None and stands.unverified:
        return Reason.WAITING
    return None if author is None else conditions.reason_against(author, command, stands.made_at)
