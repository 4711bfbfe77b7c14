"""Remember what we wrote into issues' bodies, and notice from GitHub's deliveries what somebody else wrote there.

GitHub has no compare-and-set for bodies. Every write of ours is noted before it is sent, with what it was made
from. The delivery that tells of a write tells also what it replaced: where that is not what the write was made
from, somebody's edit was lost in between, and is kept here until it is back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bot.petition.comment import body_digest, unify_newlines
from bot.petition.facts import BodyEdit
from bot.petition.splice import around
from bot.store import upkeep_statements as sql
from bot.store.database import Transaction
from bot.store.letters import note_edit

WRITES_KEPT: Final = 1_000
"""Of each issue; a delivery that tells of an older write is taken for somebody else's edit, and looked at."""


@dataclass(frozen=True, slots=True)
class KnownBody:
    """What is known of an issue's body; `lost` is what our write `lost_by` replaced and is to be put back.

    `edited_at` is when somebody else last edited it, in UTC epoch seconds.
    """

    left_digest: str = ""
    edited_digest: str = ""
    edited_at: int = 0
    lost: str | None = None
    lost_by: int = 0


def outside_digest(body: str | None) -> str:
    """Identify everything in a body that is not ours, and where our block stands in it; line ends do not count."""
    outside = "\0".join(unify_newlines(part) for part in around(body))
    return hashlib.sha256(outside.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_body(transaction: Transaction, issue_id: int) -> KnownBody:
    """Give what is known of an issue's body."""
    rows = transaction.fetch(sql.BODY, issue_id)
    return KnownBody(*rows[0]) if rows else KnownBody()


def note_write(transaction: Transaction, issue_id: int, made_from: str | None, body: str, at: int) -> None:
    """Note that a body is about to be written, and what it was made from.

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
    """Note that a body is as we want it."""
    transaction.execute(sql.NEW_BODY, issue_id)
    transaction.execute(sql.LEFT_BODY, issue_id, body_digest(body or ""))


def is_untouched_since(transaction: Transaction, issue_id: int, body: str | None, number: int) -> bool:
    """Tell whether a body is our own, and nobody else has changed the letter since our write of this number.

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


def note_found(transaction: Transaction, issue_id: int, lost_by: int) -> None:
    """Note that what a write replaced is back, or is out of date."""
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
        unheard = {row.number: row.outside_read for row in writes if not row.heard}
        if not unheard:
            return False
        # The same text may have been written twice within a second. One delivery tells of one of the writes: of the
        # first that was made from what it replaced, if there is one.
        read = outside_digest(edit.previous)
        number = next((each for each, outside in unheard.items() if outside == read), max(unheard))
        lost = _has_lost(transaction, issue_id, edit, number, unheard[number])
        return lost or _came_late(transaction, issue_id, edit, writes[-1].number)
    if letter_of is not None:
        note_edit(transaction, letter_of, edit.previous, edit.body, as_of)
    known = read_body(transaction, issue_id)
    if (as_of, digest) == (known.edited_at, known.edited_digest) or as_of < known.edited_at:
        return False
    transaction.execute(sql.EDITED_BODY, issue_id, digest, as_of)
    return True


def count_unheard_writes(transaction: Transaction, issue_id: int, before: int) -> int:
    """Count our writes before a time of which no delivery has told."""
    count: int = transaction.fetch(sql.UNHEARD_WRITES, issue_id, before)[0][0]
    return count


def record_body_history(transaction: Transaction, issue_id: int, texts: Sequence[str | None], before: int) -> bool:
    """Hear from a body's history what our writes replaced; tell whether the body is to be looked at.

    The texts are the oldest first; None is one that somebody removed. Writes before a time that are not among them
    were never made.
    """
    is_news = False
    for previous, body in pairwise(texts):
        if previous is not None and body is not None:
            writes = transaction.fetch(sql.WRITES_OF_TEXT, issue_id, body_digest(body))
            if any(not row.heard for row in writes):
                is_news |= observe_edit(transaction, issue_id, BodyEdit(previous, body, 0, by_app=True), 0)
    transaction.execute(sql.GIVE_UP_WRITES, issue_id, before)
    return is_news


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
    transaction.execute(sql.EDITED_BODY, arrival, edited[1], edited[0])
    transaction.execute(sql.JOIN_BODY, arrival, later.left_digest or earlier.left_digest, *lost)


def _has_lost(transaction: Transaction, issue_id: int, edit: BodyEdit, number: int, outside_read: str) -> bool:
    """Hear of a write of ours, once; tell whether somebody's edit was lost by it."""
    transaction.execute(sql.WRITE_HEARD, issue_id, number)
    if outside_digest(edit.previous) == outside_read:
        return False
    return bool(transaction.execute(sql.LOST_BODY, issue_id, edit.previous, number))


def _came_late(transaction: Transaction, issue_id: int, edit: BodyEdit, number: int) -> bool:
    """Tell whether a write of ours has replaced a later one: whoever sent it may have died before it was done."""
    replaced = transaction.fetch(sql.WRITES_OF_TEXT, issue_id, body_digest(edit.previous))
    return any(row.number > number for row in replaced)
