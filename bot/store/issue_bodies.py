"""The bodies of issues: what we wrote into them, and which edits of others our writes have undone.

GitHub has no compare-and-set for bodies. Every write of ours is recorded before it is sent, with what it was made
from. The delivery of a write also has what it replaced: where that is not what the write was made from, an
edit was lost in between, and is kept here until it is restored.

Deliveries come twice, late or never, so that is only the quick way. The body's history is reliable, and is read for
every write that no delivery has confirmed, or that has replaced something; see `Bodies.record_history`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from bot.petition.block.body import locate_block
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import BodyEdit
from bot.petition.untrusted_text import text_digest, unify_newlines
from bot.store.engine.database import Records, Row, Transaction, read_transaction, write_transaction
from bot.store.letters import record_edit
from bot.time_types import WholeEpochSeconds

WRITES_KEPT: Final = 1_000
"""Of each issue; the delivery of an older write is taken for another one's edit, and checked."""


class KnownBody(Struct, frozen=True):
    """What is known of an issue's body; `lost` is what our write `lost_by` replaced and is to be put back.

    `edited_at` is when another one than us last edited it, after our write `edited_over`.
    """

    left_digest: str = ""
    edited_digest: str = ""
    edited_at: WholeEpochSeconds = 0
    lost: str | None = None
    lost_by: int = 0
    edited_over: int = 0


class OurWrite(Struct, frozen=True):
    """A body that we have written, and what it was made from, as digests; `outside` is all but our block."""

    number: int
    written: str
    outside_read: str
    outside_written: str


class LastBodies(Struct, frozen=True):
    """An issue's body, if we wrote that, and what another one than us saved there last, by its history.

    `saved` is None where that is not known.
    """

    ours: str | None = None
    saved: str | None = None


def outside_digest(body: str | None) -> str:
    """Identify everything in a body that is not ours, and where our block stands in it; line ends do not count."""
    place = locate_block(body)
    return text_digest(f"{unify_newlines(place.before)}\0{unify_newlines(place.after)}")


class Bodies(Records):
    """The bodies of issues that we write into."""

    @read_transaction
    def get(self, transaction: Transaction, issue_id: int) -> KnownBody:
        """Return what is known of an issue's body."""
        return read_body(transaction, issue_id)

    async def has_written(self, issue_id: int, body: str | None) -> bool:
        """Return whether a body is one that we have written at some time."""
        return bool(await self._fetch(_WRITES_OF_TEXT, issue_id, body_digest(body or "")))

    @write_transaction
    def mark_restored(self, transaction: Transaction, issue_id: int, lost_by: int) -> None:
        """Record that what a write replaced is back, or is out of date."""
        mark_restored(transaction, issue_id, lost_by)

    async def count_unconfirmed_writes(self, issue_id: int, before: WholeEpochSeconds) -> int:
        """Count our writes before a time that no delivery has confirmed."""
        sql = "SELECT count(*) FROM writes WHERE issue_id = $1 AND NOT heard AND at < $2"
        count: int = (await self._fetch(sql, issue_id, before))[0][0]
        return count

    @write_transaction
    def record_history(
        self, transaction: Transaction, issue_id: int, last: LastBodies, before: WholeEpochSeconds
    ) -> bool:
        """Record from a body's history whether somebody's edit was lost; return whether the body is to be checked.

        We never change a letter. So, whatever deliveries have shown, what we wrote last must have the letter that
        was saved last by another one. No delivery will confirm writes before a time.
        """
        sql = "UPDATE writes SET heard = TRUE WHERE issue_id = $1 AND NOT heard AND at < $2"
        transaction.execute(sql, issue_id, before)
        if last.saved is None:
            return False
        if last.ours is None or outside_digest(last.ours) == outside_digest(last.saved):
            set_not_lost = """
                UPDATE bodies SET lost = NULL
                WHERE issue_id = $1
                  AND EXISTS (SELECT 1 FROM writes WHERE issue_id = $1 AND number = lost_by AND at < $2)
            """
            transaction.execute(set_not_lost, issue_id, before)
            return False
        writes = transaction.fetch(_WRITES_OF_TEXT, issue_id, body_digest(last.ours))
        if not writes:
            return False
        transaction.execute(_ADD, issue_id)
        set_lost_for_sure = """
            UPDATE bodies SET lost = $2, lost_by = $3 WHERE issue_id = $1 AND (lost IS NULL OR lost_by <= $3)
        """
        return bool(transaction.execute(set_lost_for_sure, issue_id, last.saved, writes[-1]["number"]))


_ADD: Final = "INSERT INTO bodies (issue_id) VALUES ($1) ON CONFLICT (issue_id) DO NOTHING"


def read_body(transaction: Transaction, issue_id: int) -> KnownBody:
    """Return what is known of an issue's body."""
    sql = "SELECT left_digest, edited_digest, edited_at, lost, lost_by, edited_over FROM bodies WHERE issue_id = $1"
    rows = transaction.fetch(sql, issue_id)
    return KnownBody(*rows[0]) if rows else KnownBody()


def _read_last_write(transaction: Transaction, issue_id: int) -> int:
    return transaction.fetch("SELECT max(number) FROM writes WHERE issue_id = $1", issue_id)[0][0] or 0


def record_write(
    transaction: Transaction, issue_id: int, made_from: str | None, body: str, at: WholeEpochSeconds
) -> None:
    """Record that a body is about to be written, and what it was made from.

    An issue that has moved on since it was read sends the write on, and so does this.
    """
    moved = transaction.fetch("SELECT moved_to FROM threads WHERE issue_id = $1 AND moved_to IS NOT NULL", issue_id)
    issue_id = moved[0][0] if moved else issue_id
    number = _read_last_write(transaction, issue_id) + 1
    outsides = outside_digest(made_from), outside_digest(body)
    sql = """
        INSERT INTO writes (issue_id, number, written, outside_read, outside_written, at, heard)
        VALUES ($1, $2, $3, $4, $5, $6, FALSE)
    """
    transaction.execute(sql, issue_id, number, body_digest(body), *outsides, at)
    transaction.execute("DELETE FROM writes WHERE issue_id = $1 AND number <= $2", issue_id, number - WRITES_KEPT)
    mark_right(transaction, issue_id, body)


def mark_right(transaction: Transaction, issue_id: int, body: str | None) -> None:
    """Record that a body is as we want it."""
    transaction.execute(_ADD, issue_id)
    sql = "UPDATE bodies SET left_digest = $2 WHERE issue_id = $1 AND left_digest <> $2"
    transaction.execute(sql, issue_id, body_digest(body or ""))


def mark_restored(transaction: Transaction, issue_id: int, lost_by: int) -> None:
    """Record that what a write replaced is back, or is out of date."""
    sql = "UPDATE bodies SET lost = NULL WHERE issue_id = $1 AND lost_by = $2"
    transaction.execute(sql, issue_id, lost_by)


def read_writes_since(transaction: Transaction, issue_id: int, number: int) -> tuple[OurWrite, ...]:
    """Return our writes of a body from one on, the oldest first."""
    sql = """
        SELECT number, written, outside_read, outside_written FROM writes WHERE issue_id = $1 AND number >= $2
        ORDER BY number
    """
    return tuple(OurWrite(*row) for row in transaction.fetch(sql, issue_id, number))


_WRITES_OF_TEXT: Final = """
    SELECT number, outside_read, heard FROM writes WHERE issue_id = $1 AND written = $2 ORDER BY number
"""

_SET_EDITED: Final = """
    UPDATE bodies SET edited_digest = $2, edited_at = $3, edited_over = $4 WHERE issue_id = $1
"""


def observe_edit(
    transaction: Transaction, issue_id: int, edit: BodyEdit, as_of: WholeEpochSeconds, letter_of: int | None = None
) -> bool:
    """Record an edit of a body; return whether the body is to be checked.

    `letter_of` is the petition whose letter it is; None for the issues that continue one.
    """
    digest = body_digest(edit.body)
    # An App's, but perhaps another one's than ours.
    writes = transaction.fetch(_WRITES_OF_TEXT, issue_id, digest) if edit.by_app else []
    transaction.execute(_ADD, issue_id)
    if writes:
        return _observe_own_write(transaction, issue_id, edit, writes)
    if letter_of is not None:
        record_edit(transaction, letter_of, edit.previous, edit.body, as_of)
    known = read_body(transaction, issue_id)
    # The same text saved twice within a second is news where we have written in between.
    over = _read_last_write(transaction, issue_id)
    is_known = (as_of, digest) == (known.edited_at, known.edited_digest) and over <= known.edited_over
    if is_known or as_of < known.edited_at:
        return False
    transaction.execute(_SET_EDITED, issue_id, digest, as_of, over)
    return True


def _observe_own_write(transaction: Transaction, issue_id: int, edit: BodyEdit, writes: Sequence[Row]) -> bool:
    """Record from a delivery what one of our writes of a text replaced; return whether the body is to be checked.

    A write that may have replaced one thing or another is not confirmed by that: the body's history is asked, too.
    """
    number = writes[-1]["number"]
    replaced = [row["number"] for row in transaction.fetch(_WRITES_OF_TEXT, issue_id, body_digest(edit.previous))]
    # The process that sent it may have died before it was done, and another one have written since.
    came_late: bool = max(replaced, default=0) > number
    read = outside_digest(edit.previous)
    if any(row["outside_read"] == read for row in writes):
        # The same text may have been written twice within a second. Deliveries are repeated: the first write's does
        # not confirm the second one.
        if len(writes) == 1:
            sql = "UPDATE writes SET heard = TRUE WHERE issue_id = $1 AND number = $2"
            transaction.execute(sql, issue_id, number)
        return came_late
    # Something was lost, if nobody has saved anything since.
    unconfirm = "UPDATE writes SET heard = FALSE WHERE issue_id = $1 AND written = $2 AND heard"
    transaction.execute(unconfirm, issue_id, body_digest(edit.body))
    if replaced and not came_late:
        # A write of ours that was done after this one had been made from something newer; or somebody has saved the
        # same text.
        return False
    set_lost = "UPDATE bodies SET lost = $2, lost_by = $3 WHERE issue_id = $1 AND lost_by < $3"
    lost = transaction.execute(set_lost, issue_id, edit.previous, number)
    return bool(lost) or came_late


def move_body(transaction: Transaction, issue_id: int, arrival: int) -> None:
    """Carry what is known of a body over to the issue that its issue became.

    Where that was begun anew before we knew whence it came, what was written there came after everything else.
    """
    earlier, later = read_body(transaction, issue_id), read_body(transaction, arrival)
    shift = _read_last_write(transaction, issue_id)
    # Through negative numbers, because a number must not be taken twice, not even half-way.
    transaction.execute("UPDATE writes SET number = -(number + $2) WHERE issue_id = $1", arrival, shift)
    transaction.execute("UPDATE writes SET number = -number WHERE issue_id = $1 AND number < 0", arrival)
    transaction.execute("UPDATE writes SET issue_id = $2 WHERE issue_id = $1", issue_id, arrival)
    transaction.execute("DELETE FROM bodies WHERE issue_id = $1", issue_id)
    edited = max((each.edited_at, each.edited_digest) for each in (earlier, later))
    lost = (later.lost, later.lost_by + shift) if later.lost_by else (earlier.lost, earlier.lost_by)
    transaction.execute(_ADD, arrival)
    transaction.execute(_SET_EDITED, arrival, edited[1], edited[0], _read_last_write(transaction, arrival))
    sql = "UPDATE bodies SET left_digest = $2, lost = $3, lost_by = $4 WHERE issue_id = $1"
    transaction.execute(sql, arrival, later.left_digest or earlier.left_digest, *lost)
