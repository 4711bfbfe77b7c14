"""Compare what the block says with what the comments say, and find out where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.comments.comment import Comment, standing
from bot.petition.machine_readable_lines import MachineLine
from bot.petition.tally import NO_CONDITIONS, Conditions, DigestSum, Signature, digest, fold


class Cause(Enum):
    """In what the block and the comments differ, in words."""

    NO_LINE = "the issue shows no count; the comments contain {comments}"
    OTHER_COUNT = "the issue shows {block}; the comments contain {count}"
    OTHER_SIGNATURES = "the issue shows {block}, but not the same ones as the comments"
    SIGNED_LATER = "{login} signed after the count was published"
    HIDDEN_LATER = "{login}'s signature was hidden after the count was published"
    WITHDRAWN_LATER = "{login}'s signature was withdrawn after the count was published"
    NOT_IN_BLOCK = "{login}'s signature is not counted"
    COUNTED_THOUGH_EXCLUDED = (
        "{login}'s comment is counted, although it came after the end, or settings or commands exclude it"
    )
    COUNTED_THOUGH_HIDDEN = "{login}'s comment is counted, although it is hidden"
    COUNTED_THOUGH_UNVERIFIED = (
        "{login}'s comment is counted, although somebody edited it and GitHub does not say who"
    )
    COUNTED_THOUGH_NO_SIGN = "{login}'s comment is counted, although its author did not write /sign in it"
    COUNTED_THOUGH_OUTDATED = "{login}'s comment is counted, although a later one of its author replaces it"


class Difference(Struct, frozen=True):
    """One thing in which the block and the comments differ, and the person and comment that it is about, if any."""

    cause: Cause
    login: str = ""
    comment_id: int | None = None


class Recount(Struct, frozen=True):
    """What counting again came to, beside the block's line for machines (None where there is no readable one)."""

    count: int
    digest: str
    line: MachineLine | None
    differences: tuple[Difference, ...] = ()

    @property
    def agrees(self) -> bool:
        """Return whether the block says what the comments say."""
        return not self.differences


def recount(
    comments: Sequence[Comment], line: MachineLine | None, conditions: Conditions = NO_CONDITIONS
) -> Recount:
    """Count all comments again from nothing and compare with the block's line for machines."""
    signatures = fold(comments, conditions)
    found = Recount(len(signatures), digest(one.pair for one in signatures), line)
    if line is None:
        return replace(found, differences=(Difference(Cause.NO_LINE),))
    if (line.count, line.digest) == (found.count, found.digest):
        return found
    cause = Cause.OTHER_SIGNATURES if line.count == found.count else Cause.OTHER_COUNT
    explained = _later(comments, signatures, line, conditions) or _single(comments, signatures, line, conditions)
    return replace(found, differences=(Difference(cause), *explained))


def _later(
    comments: Sequence[Comment], signatures: Iterable[Signature], line: MachineLine, conditions: Conditions
) -> list[Difference]:
    """Return what changed after the tally was made, if the tally was right when it was made."""
    # Comments of the very second may have come before or after.
    for moment in (line.as_of, line.as_of - 1):
        then = (
            replace(comment, versions=tuple(one for one in comment.versions if one.at <= moment))
            for comment in comments
        )
        before = fold(then, conditions)
        if digest(one.pair for one in before) == line.digest:
            return list(_changes(comments, before, signatures))
    return []


def _changes(
    comments: Iterable[Comment], before: Iterable[Signature], now: Iterable[Signature]
) -> Iterator[Difference]:
    earlier, later = {one.user_id: one for one in before}, {one.user_id: one for one in now}
    by_id = {comment.id: comment for comment in comments}
    for user_id in sorted(earlier.keys() | later.keys()):
        old, new = earlier.get(user_id), later.get(user_id)
        if new is not None and (old is None or old.comment_id != new.comment_id):
            yield Difference(Cause.SIGNED_LATER, new.login, new.comment_id)
        elif old is not None and new is None:
            is_hidden = standing(by_id[old.comment_id]).hidden
            cause = Cause.HIDDEN_LATER if is_hidden else Cause.WITHDRAWN_LATER
            yield Difference(cause, old.login, old.comment_id)


def _single(
    comments: Iterable[Comment], signatures: Sequence[Signature], line: MachineLine, conditions: Conditions
) -> list[Difference]:
    """Return the one comment whose counting, or not counting, explains the block; nothing if none does."""
    total = DigestSum.of(one.pair for one in signatures)
    for one in signatures:
        if total.minus([one.pair]).digest == line.digest:
            return [Difference(Cause.NOT_IN_BLOCK, one.login, one.comment_id)]
    counted = {one.user_id: one.pair for one in signatures}
    for comment in comments:
        author = comment.author
        if author is None or counted.get(author.id) == (author.id, comment.id):
            continue
        # Counted is one comment of each person, so this one would be in the place of the right one.
        others = total.minus([counted[author.id]]) if author.id in counted else total
        if others.plus([(author.id, comment.id)]).digest == line.digest:
            return [Difference(_why_not(comment, conditions), author.login, comment.id)]
    return []


def _why_not(comment: Comment, conditions: Conditions) -> Cause:
    """Return why a comment does not count that the block counts."""
    stands = standing(comment)
    if fold([comment]) and not fold([comment], conditions):
        return Cause.COUNTED_THOUGH_EXCLUDED
    if stands.hidden:
        return Cause.COUNTED_THOUGH_HIDDEN
    if stands.unverified:
        return Cause.COUNTED_THOUGH_UNVERIFIED
    if stands.command is None:
        return Cause.COUNTED_THOUGH_NO_SIGN
    return Cause.COUNTED_THOUGH_OUTDATED
