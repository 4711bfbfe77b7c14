"""Fold comments into signatures: one person, one signature, the latest standing command decides."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bot.petition.commands import Command, Sign, Unsign
from bot.petition.comment import Comment, Standing, standing


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's standing `/sign`; `signed_at` is in UTC epoch seconds."""

    user_id: int
    login: str
    comment_id: int
    signed_at: int
    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person's comments come to: the signature if there is one, and which comments took effect."""

    signature: Signature | None
    effective: frozenset[int]
    """Ids of the comments whose command is in force."""
    refused: frozenset[int]
    """Ids of the comments whose command came after the petition had closed."""


NOTHING = Verdict(None, frozenset(), frozenset())


def judge(comments: Iterable[Comment], *, closed_at: int | None = None) -> Verdict:
    """Decide one person's comments of all threads together; a `/sign` made after `closed_at` does not count."""
    standings = sorted(((c, standing(c)) for c in comments), key=lambda pair: (pair[0].created_at, pair[0].id))
    counted: list[tuple[Comment, Standing, Sign | Unsign]] = []
    refused: set[int] = set()
    for comment, stands in standings:
        match stands.command:
            case Sign() if closed_at is not None and stands.made_at > closed_at and not stands.hidden:
                refused.add(comment.id)
            case Sign() | Unsign() as command if not stands.hidden:
                counted.append((comment, stands, command))
    if not counted:
        return Verdict(None, frozenset(), frozenset(refused))
    comment, stands, decision = counted[-1]
    effective = frozenset(c.id for c, _, command in counted if type(command) is type(decision))
    signature = _signature(comment, stands, decision) if isinstance(decision, Sign) else None
    return Verdict(signature, effective, frozenset(refused))


def fold(comments: Iterable[Comment], *, closed_at: int | None = None) -> list[Signature]:
    """Count all comments of a petition from nothing; ascending by user id."""
    people: defaultdict[int, list[Comment]] = defaultdict(list)
    for comment in comments:
        if comment.author is not None:
            people[comment.author.id].append(comment)
    verdicts = (judge(people[user_id], closed_at=closed_at) for user_id in sorted(people))
    return [verdict.signature for verdict in verdicts if verdict.signature is not None]


def digest(pairs: Iterable[tuple[int, int]]) -> str:
    """Identify a tally: SHA-256 over the ascending lines `user_id:comment_id`, each ended by a line feed."""
    lines = "".join(f"{user_id}:{comment_id}\n" for user_id, comment_id in sorted(pairs))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def is_command_in_force(command: Command | None, verdict: Verdict, comment_id: int) -> bool:
    """Tell whether this comment's command is what the verdict rests on."""
    return command is not None and comment_id in verdict.effective


def _signature(comment: Comment, stands: Standing, sign: Sign) -> Signature:
    assert comment.author is not None  # noqa: S101 - a comment without an author stands for nothing
    return Signature(
        user_id=comment.author.id,
        login=comment.author.login,
        comment_id=comment.id,
        signed_at=stands.made_at,
        name=sign.name,
        affiliation=sign.affiliation,
        reason=sign.reason,
    )
