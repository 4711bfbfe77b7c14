"""Compare what the block says with what the comments say, and find out where they differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

from bot.petition.block.body import MachineLine
from bot.petition.comments.comment import Comment, standing
from bot.petition.counting.digest import Sum
from bot.petition.counting.tally import Signature, fold
from bot.petition.organizers.rules import DEFAULTS, Rules

_Count = Callable[[Iterable[Comment]], list[Signature]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the block and the comments differ; `comment_id` is None where no single comment is."""

    text: str
    comment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Recount:
    """What counting again came to, beside what the block says (None where there is no readable block)."""

    count: int
    digest: str
    said: MachineLine | None
    differences: tuple[Difference, ...] = ()

    @property
    def agrees(self) -> bool:
        """Return whether the block says what the comments say."""
        return not self.differences


def recount(
    comments: Sequence[Comment],
    said: MachineLine | None,
    *,
    closed_at: int | None = None,
    rules: Rules = DEFAULTS,
    born: Mapping[int, int] = MappingProxyType({}),
) -> Recount:
    """Count all comments again from nothing and compare with the block's line for machines."""
    count_all = partial(fold, closed_at=closed_at, rules=rules, born=born)
    signatures = count_all(comments)
    found = Recount(len(signatures), _digest(signatures), said)
    if said is not None and (said.count, said.digest) == (found.count, found.digest):
        return found
    return replace(found, differences=tuple(_differences(comments, signatures, said, count_all)))


def _differences(
    comments: Sequence[Comment], signatures: list[Signature], said: MachineLine | None, count_all: _Count
) -> Iterator[Difference]:
    if said is None:
        yield Difference(f"the issue shows no tally; the comments hold {_signatures(len(signatures))}")
        return
    if said.count != len(signatures):
        yield Difference(f"the block says {_signatures(said.count)}, the comments hold {len(signatures)}")
    else:
        yield Difference(f"the block says {_signatures(said.count)}, but not the same ones as the comments hold")
    if later := list(_since(comments, signatures, said, count_all)):
        yield from later
    else:
        yield from _single(comments, signatures, said, count_all)


def _since(
    comments: Sequence[Comment], signatures: list[Signature], said: MachineLine, count_all: _Count
) -> Iterator[Difference]:
    """Name what changed after the tally was made, if the tally was right when it was made."""
    # Comments of the very second may have come before or after.
    for moment in (said.as_of, said.as_of - 1):
        before = {s.user_id: s for s in count_all([_as_of(c, moment) for c in comments])}
        if _digest(before.values()) != said.digest:
            continue
        now = {s.user_id: s for s in signatures}
        for user_id in sorted(before.keys() | now.keys()):
            old, new = before.get(user_id), now.get(user_id)
            if new is not None and (old is None or old.comment_id != new.comment_id):
                yield Difference(f"{new.login} signed after the tally was made", new.comment_id)
            elif old is not None and new is None:
                comment = next(c for c in comments if c.id == old.comment_id)
                became = "was hidden" if standing(comment).hidden else "was withdrawn"
                yield Difference(f"{old.login}'s signature {became} after the tally was made", old.comment_id)
        return


def _as_of(comment: Comment, moment: int) -> Comment:
    return replace(comment, versions=tuple(v for v in comment.versions if v.at <= moment))


_LEFT_OUT = "it came after the end, or settings and orders leave it out"


def _single(
    comments: Sequence[Comment], signatures: list[Signature], said: MachineLine, count_all: _Count
) -> Iterator[Difference]:
    """Find the one comment whose counting or not counting explains the block, if one does."""
    pairs = {s.pair: s for s in signatures}
    whole = Sum.of(pairs)
    for pair, signature in pairs.items():
        if whole.minus([pair]).digest == said.digest:
            yield Difference(f"{signature.login}'s signature is missing from the block", signature.comment_id)
            return
    counted = {user_id: pair for pair in pairs for user_id in pair[:1]}
    for comment in comments:
        if comment.author is None or (pair := (comment.author.id, comment.id)) in pairs:
            continue
        instead = [counted[comment.author.id]] if comment.author.id in counted else []
        if whole.minus(instead).plus([pair]).digest == said.digest:
            left_out = bool(fold([comment])) and not count_all([comment])
            why_not = _LEFT_OUT if left_out else _why_not(comment)
            yield Difference(f"{comment.author.login}'s comment is counted, but {why_not}", comment.id)
            return


def _why_not(comment: Comment) -> str:
    stands = standing(comment)
    if stands.hidden:
        return "it is hidden"
    if stands.unverified:
        return "somebody edited it and GitHub does not say who"
    if stands.command is None:
        return "it holds no /sign of its author's own"
    return "it is not its author's last word"


def _digest(signatures: Iterable[Signature]) -> str:
    return Sum.of(s.pair for s in signatures).digest


def _signatures(count: int) -> str:
    return "1 signature" if count == 1 else f"{count} signatures"
