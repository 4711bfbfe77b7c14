"""Remember what we wrote into issues' bodies, and notice from GitHub's deliveries what somebody else wrote there.

GitHub has no compare-and-set for bodies. Every write of ours is noted before it is sent, with what it was made
from. The delivery that tells of a write tells also what it replaced: where that is not what the write was made
from, somebody's edit was lost in between, and is kept here until it is back.

Deliveries come twice, late or never, so that is only the quick way. The body's history is the sure one, and is
asked of every write of which no delivery has told, or has told of a loss; see `record_body_history`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.petition.block.body import around
from bot.petition.comments.comment import body_digest, unify_newlines
from bot.petition.facts import BodyEdit
from bot.store import body_statements as sql
from bot.store.engine.database import Row, Transaction
from bot.store.letters import note_edit

WRITES_KEPT: Final = 1_000
"""Of each issue; a delivery that tells of an older write is taken for somebody else's edit, and looked at."""


@dataclass(frozen=True, slots=True)
class KnownBody:
    """What is known of an issue's body; `lost` is what our write `lost_by` replaced and is to be put back.

    `edited_at` is when somebody else last edited it, in UTC epoch seconds, after our write `edited_over`.
    """

    left_digest: str = ""
    edited_digest: str = ""
    edited_at: int = 0
    lost: str | None = None
    lost_by: int = 0
    edited_over: int = 0


@dataclass(frozen=True, slots=True)
class LastBodies:
    """What an issue's body says, if we wrote that, and what somebody else saved there last, by its history.

    `saved` is None where that is not known.
    """

    ours: str | None = None
    saved: str | None = None


def outside_digest(body: str | None) -> str:
    """Identify everything in a body that is not ours, and where our block stands in it; line ends do not count."""
    outside = "\0".join(unify_newlines(part) for part in around(body))
    return hashlib.sha256(outside.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_body(transaction: Transaction, issue_id: int) -> KnownBody:
    """Return what is known of an issue's body."""
    rows = transaction.fetch(sql.BODY, issue_id)
    return KnownBody(*rows[0]) if rows else KnownBody()


def note_write(transaction: Transaction, issue_id: int, made_from: str | None, body: str, at: int) -> None:
    """Record that a body is about to be written, and what it was made from.

    An issue that has moved on since it was read sends the write on, and so does this.
    """
    moved = transaction.fetch(sql.MOVED_TO, issue_id)
    issue_id = moved[0][0] if moved else issue_id
    number = (transaction.fetch(sql.LAST_WRITE, issue_id)[0][0] or 0) + 1
    outsides = outside_digest(made_from), outside_digest(body)
    transaction.execute(sql.ADD_WRITE, issue_id, number, body_digest(body), *outsides, at)
    transaction.execute(sql.FORGET_WRITES, issue_id, number - WRITES_KEPT)
    note_left(transaction, issue_id, body)


def note_left(transaction: Transaction, issue_id: int, body: str | None) -> None:
    """Record that a body is as we want it."""
    transaction.execute(sql.NEW_BODY, issue_id)
    transaction.execute(sql.LEFT_BODY, issue_id, body_digest(body or ""))


def is_untouched_since(transaction: Transaction, issue_id: int, body: str | None, number: int) -> bool:
    """Return whether a body is ours and nobody else has changed the letter since our write of this number.

    Some of our writes may not have been made although we noted them.
    """
    writes = transaction.fetch(sql.WRITES_FROM, issue_id, number)
    digest = body_digest(body or "")
    last = max((row.number for row in writes if row.written == digest), default=-1)
    ours: set[str] = set()
    for row in writes:
        if number < row.number <= last and row.outside_read not in ours:
            return False
        ours.add(row.outside_written)
    return last >= number


def has_written(transaction: Transaction, issue_id: int, body: str | None) -> bool:
    """Return whether a body is one that we have written at some time."""
    return bool(transaction.fetch(sql.WRITES_OF_TEXT, issue_id, body_digest(body or "")))


def note_found(transaction: Transaction, issue_id: int, lost_by: int) -> None:
    """Record that what a write replaced is back, or is out of date."""
    transaction.execute(sql.FOUND_BODY, issue_id, lost_by)


def observe_edit(
    transaction: Transaction, issue_id: int, edit: BodyEdit, as_of: int, letter_of: int | None = None
) -> bool:
    """Record an edit of a body; tell whether the body is to be looked at.

    `letter_of` is the petition whose letter it is; None for the issues that continue one.
    """
    digest = body_digest(edit.body)
    # An App's, but perhaps another one's than ours.
    writes = transaction.fetch(sql.WRITES_OF_TEXT, issue_id, digest) if edit.by_app else []
    transaction.execute(sql.NEW_BODY, issue_id)
    if writes:
        return _hear_of_write(transaction, issue_id, edit, writes)
    if letter_of is not None:
        note_edit(transaction, letter_of, edit.previous, edit.body, as_of)
    known = read_body(transaction, issue_id)
    # The same text saved twice within a second is news where we have written in between.
    over = transaction.fetch(sql.LAST_WRITE, issue_id)[0][0] or 0
    is_known = (as_of, digest) == (known.edited_at, known.edited_digest) and over <= known.edited_over
    if is_known or as_of < known.edited_at:
        return False
    transaction.execute(sql.EDITED_BODY, issue_id, digest, as_of, over)
    return True


def count_unheard_writes(transaction: Transaction, issue_id: int, before: int) -> int:
    """Count our writes before a time of which no delivery has told."""
    count: int = transaction.fetch(sql.UNHEARD_WRITES, issue_id, before)[0][0]
    return count


def record_body_history(transaction: Transaction, issue_id: int, last: LastBodies, before: int) -> bool:
    """Hear from a body's history whether somebody's edit was lost; tell whether the body is to be looked at.

    We never change a letter. So whatever has become of our writes and of what deliveries told, what we wrote last
    must have the letter that somebody else saved last. Of writes before a time nothing will be heard any more.
    """
    transaction.execute(sql.GIVE_UP_WRITES, issue_id, before)
    if last.saved is None:
        return False
    if last.ours is None or outside_digest(last.ours) == outside_digest(last.saved):
        transaction.execute(sql.NOT_LOST_BODY, issue_id, before)
        return False
    writes = transaction.fetch(sql.WRITES_OF_TEXT, issue_id, body_digest(last.ours))
    if not writes:
        return False
    transaction.execute(sql.NEW_BODY, issue_id)
    return bool(transaction.execute(sql.LOST_BODY_FOR_SURE, issue_id, last.saved, writes[-1].number))


def move_body(transaction: Transaction, issue_id: int, arrival: int) -> None:
    """Carry what is known of a body over to the issue that its issue became.

    Where that was begun anew before we knew whence it came, what was written there came after everything else.
    """
    earlier, later = read_body(transaction, issue_id), read_body(transaction, arrival)
    shift = transaction.fetch(sql.LAST_WRITE, issue_id)[0][0] or 0
    transaction.execute(sql.SHIFT_WRITES, arrival, shift)
    transaction.execute(sql.SETTLE_WRITES, arrival)
    transaction.execute(sql.MOVE_WRITES, issue_id, arrival)
    transaction.execute(sql.DROP_BODY, issue_id)
    edited = max((each.edited_at, each.edited_digest) for each in (earlier, later))
    lost = (later.lost, later.lost_by + shift) if later.lost_by else (earlier.lost, earlier.lost_by)
    transaction.execute(sql.NEW_BODY, arrival)
    over = transaction.fetch(sql.LAST_WRITE, arrival)[0][0] or 0
    transaction.execute(sql.EDITED_BODY, arrival, edited[1], edited[0], over)
    transaction.execute(sql.JOIN_BODY, arrival, later.left_digest or earlier.left_digest, *lost)


def _hear_of_write(transaction: Transaction, issue_id: int, edit: BodyEdit, writes: Sequence[Row]) -> bool:
    """Hear from a delivery what one of our writes of a text replaced; tell whether the body is to be looked at.

    A write of which more than one story can be told is not heard of with that: the body's history is asked as well.
    """
    number = writes[-1].number
    replaced = [row.number for row in transaction.fetch(sql.WRITES_OF_TEXT, issue_id, body_digest(edit.previous))]
    # Whoever sent it may have died before it was done, and another process have written since.
    came_late: bool = max(replaced, default=0) > number
    read = outside_digest(edit.previous)
    if any(row.outside_read == read for row in writes):
        # The same text may have been written twice within a second. Deliveries are repeated: what is told of the
        # first write once more tells nothing of the second one.
        if len(writes) == 1:
            transaction.execute(sql.WRITE_HEARD, issue_id, number)
        return came_late
    # Something was lost, if nobody has saved anything since.
    transaction.execute(sql.ASK_ABOUT_WRITES, issue_id, body_digest(edit.body))
    if replaced and not came_late:
        # A write of ours that was done after this one had been made from something newer; or somebody has saved our
        # very words.
        return False
    lost = transaction.execute(sql.LOST_BODY, issue_id, edit.previous, number)
    return bool(lost) or came_late
