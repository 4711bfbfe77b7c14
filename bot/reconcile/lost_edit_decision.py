"""What becomes of an edit that one of our writes has replaced, or would replace, unread. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from bot.github.models.rest import IssueRead
from bot.petition.comments.comment import body_digest
from bot.store import KnownBody, OurWrite, outside_digest


class EditDecision(StrEnum):
    """What becomes of an edit that one of our writes may have replaced, or would replace, unread."""

    WAIT = "wait"
    """The body is shown as it was before an edit that is known: writing now would undo that."""
    KEEP = "keep"
    """No edit was lost: the block goes into the body that is shown."""
    PUT_BACK = "put back"
    """The block goes into the body that was lost."""
    IS_BACK = "is back"
    GIVEN_UP = "given up"
    """Somebody has changed the letter since, so that what was lost is out of date."""


def guard(*, is_stale: bool, is_lost: bool, is_back: bool, is_ours: bool, is_overtaken: bool) -> EditDecision:
    """Decide what becomes of a lost edit of a body.

    `is_stale`: the body is shown as it was before an edit that a delivery has reported. `is_lost`: a write of ours
    replaced an edit. `is_back`: the body shows that edit again. `is_ours`: it shows what we have written since.
    `is_overtaken`: what we have written since was made from something that somebody else wrote.
    """
    if is_stale:
        return EditDecision.WAIT
    if not is_lost:
        return EditDecision.KEEP
    if is_back:
        return EditDecision.IS_BACK
    return EditDecision.PUT_BACK if is_ours and not is_overtaken else EditDecision.GIVEN_UP


def guard_body(known: KnownBody, writes: Sequence[OurWrite], read: IssueRead) -> EditDecision:
    """Decide what becomes of a lost edit of the body that is shown; `writes` are ours since it was lost.

    Some of our writes may not have been made although they are recorded.
    """
    digest = body_digest(read.body or "")
    last = max((one.number for one in writes if one.written == digest), default=None)
    ours, is_overtaken = set[str](), False
    for one in writes:
        if last is not None and known.lost_by < one.number <= last:
            is_overtaken |= one.outside_read not in ours
        ours.add(one.outside_written)
    return guard(
        is_stale=read.issue.updated_at < known.edited_at,
        is_lost=known.lost is not None,
        is_back=known.lost is not None and outside_digest(read.body) == outside_digest(known.lost),
        is_ours=last is not None,
        is_overtaken=is_overtaken,
    )
