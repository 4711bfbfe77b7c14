"""Record a listing of a thread's comments: what is there, and what is not there any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import starmap
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.comments.comment import Comment, standing
from bot.petition.comments.versions import MAX_VERSIONS, Writer
from bot.petition.tally import Signature
from bot.store.comment_rows import SIGNATURE_COLUMNS, CommentRow
from bot.store.engine.database import Transaction
from bot.store.recording.comment_and_issue_facts import RecordContext, merge_comment
from bot.store.recording.signatures_and_reactions import (
    derive_signatures,
    drop_signatures,
    is_outdated,
    put_signatures,
    read_command,
)
from bot.store.recording.unit_of_work import Person, PetitionRow, ThreadRow, UnitOfWork
from bot.time_types import WholeEpochSeconds


class CommentListing(Struct, frozen=True):
    """The comments of an issue as GitHub listed them; `started_at` is before the first request."""

    issue_id: int
    started_at: WholeEpochSeconds
    comments: Sequence[Comment]
    complete: bool
    reread: int | None = None
    known: Sequence[int] = ()
    """The ids of the comments in the database that this part of the listing is about too."""
    is_last: bool = True


class ListingOutcome(Struct, frozen=True):
    """What a listing changed.

    `repaired` counts rows that did not follow from the comments: always 0, or there is a mistake.
    `doubtful` are comments of which only GitHub knows who wrote the text, whether it came by mail, or when its
    command was first there; of those `about_mail`, only the second.
    """

    changed: int
    missing: int
    repaired: int
    count: int
    doubtful: tuple[int, ...]
    petition_id: int
    about_mail: frozenset[int]


PORTION: Final = 128
"""Comments in one transaction: deliveries wait for it, some milliseconds on SQLite."""


def split_listing(listing: CommentListing, known: Iterable[int]) -> list[CommentListing]:
    """Return a listing in parts; `known` are the ids of the comments in the database that it is about too."""
    known = set(known)
    ids = sorted(known.union(comment.id for comment in listing.comments))
    parts = [set(ids[start : start + PORTION]) for start in range(0, len(ids), PORTION)] or [set[int]()]
    return [
        replace(
            listing,
            comments=[comment for comment in listing.comments if comment.id in part],
            known=sorted(known & part),
            is_last=part is parts[-1],
        )
        for part in parts
    ]


def read_comment_ids(transaction: Transaction, issue_id: int) -> list[int]:
    """Return the ids of the comments that are known on an issue."""
    sql = "SELECT id FROM comments WHERE issue_id = $1"
    return [comment_id for (comment_id,) in transaction.fetch(sql, issue_id)]


_MARK_LISTED: Final = """
    UPDATE threads
    SET listed_at = greatest(listed_at, $2),
        changes_since = greatest(changes_since, $2),
        reread_done = greatest(reread_done, $3)
    WHERE issue_id = $1
"""


def record_listing(
    transaction: Transaction, listing: CommentListing, context: RecordContext, elsewhere: Iterable[int] = ()
) -> ListingOutcome:
    """Merge a part of a listing; `elsewhere` are other issues on which its comments are known.

    Raises CommentsElsewhere.
    """
    unit = UnitOfWork(transaction, [listing.issue_id, *elsewhere])
    thread = unit.threads[listing.issue_id]
    unit.read_comments(listing.comments, listing.known)
    rows = [row for one in listing.known if (row := unit.comments.get(one)) and row.issue_id == listing.issue_id]
    changed = sum(merge_comment(unit, thread, comment) is not None for comment in listing.comments)
    missing = _record_missing(unit, thread, rows, listing) if listing.complete else 0
    outdated = [row for row in rows if is_outdated(row)]
    for row in outdated:
        read_command(unit.comments[row.comment.id])
        unit.change(unit.comments[row.comment.id])
    for row in rows:
        unit.mark_author(row)
    signatures = derive_signatures(unit, context.now)
    petition = unit.petitions[thread.petition_id]
    repaired = _repair(unit, petition, signatures) if listing.complete else 0
    if listing.complete and listing.is_last:
        transaction.execute(_MARK_LISTED, thread.issue_id, listing.started_at, _answered(thread, listing))
    unit.write(context.now)
    here = [row for row in unit.comments.values() if row.issue_id == thread.issue_id]
    in_time = {row.comment.id for row in here if _may_be_in_time(row, petition)}
    doubtful = tuple(row.comment.id for row in here if row.doubtful or row.comment.id in in_time)
    about_mail = {row.comment.id for row in here if row.doubtful and standing(row.comment).is_only_unclear}
    return ListingOutcome(
        changed + missing, missing, repaired + len(outdated), petition.count, doubtful, petition.id,
        frozenset(about_mail - in_time),
    )  # fmt: skip


def _record_missing(
    unit: UnitOfWork, thread: ThreadRow, rows: Iterable[CommentRow], listing: CommentListing
) -> int:
    """Mark what a complete listing lacks; a comment younger than its start may only have come too late for it."""
    listed = {comment.id for comment in listing.comments}
    lacking = [
        replace(row.comment, missing_at=listing.started_at, versions=())
        for row in rows
        if row.comment.id not in listed and row.comment.present and row.comment.created_at < listing.started_at
    ]
    return sum(merge_comment(unit, thread, comment) is not None for comment in lacking)


def _repair(unit: UnitOfWork, petition: PetitionRow, signatures: dict[Person, Signature | None]) -> int:
    """Compare kept signatures with what was just derived from the comments, and repair them."""
    ids = [row.comment.id for row in unit.comments.values() if row.petition_id == petition.id]
    sql = f"""
        SELECT {SIGNATURE_COLUMNS}
        FROM signatures WHERE comment_id = ANY($1::BIGINT[]) AND petition_id = $2
    """
    kept_rows = unit.transaction.fetch(sql, ids, petition.id)
    kept = {each.comment_id: each for each in starmap(Signature, kept_rows)}
    right = {
        each.comment_id: each
        for (petition_id, _), each in signatures.items()
        if each is not None and petition_id == petition.id
    }
    lacking = [each for comment_id, each in right.items() if kept.get(comment_id) != each]
    wrong = [comment_id for comment_id in kept if comment_id not in right]
    if lacking or wrong:
        petition.bumped = True
        put_signatures(unit.transaction, [(petition.id, each) for each in lacking])
        drop_signatures(unit.transaction, wrong)
    return len(lacking) + len(wrong)


def _answered(thread: ThreadRow, listing: CommentListing) -> int:
    """Return up to which request to be read again a listing answers."""
    if listing.reread is not None:
        return listing.reread
    return thread.reread if thread.reread_asked_at <= listing.started_at else 0


def _may_be_in_time(row: CommentRow, petition: PetitionRow) -> bool:
    """Return whether a signature is too late only because of an edit, before which the text is not known."""
    ends_at, versions = petition.rules.ends_at(petition.closed_at), row.comment.versions
    if (
        ends_at is None
        or row.command not in ("sign", "phrase")
        or not row.comment.created_at <= ends_at < row.made_at
    ):
        return False
    # Of a comment with so many versions the first ones were dropped; GitHub telling them again changes nothing.
    is_known = any(version.writer is Writer.AUTHOR and version.previous is None for version in versions)
    return not is_known and len(versions) < MAX_VERSIONS
