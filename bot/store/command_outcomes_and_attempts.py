"""What became of organizers' commands; and, apart from that, what people try who may give none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple, replace

from bot.petition.comments.commands import OrganizerCommand
from bot.petition.organizers.commands import CommandStatus, GivenCommand, Outcome
from bot.store.engine.database import Records, Transaction, read_transaction, upsert
from bot.store.recording.unit_of_work import read_forgotten
from bot.time_types import WholeEpochSeconds

TAKEN_BACK: Final = "taken back"
"""The audit log's answer for a command that was deleted, hidden, or edited into something else."""

_AS_GOOD_AS_REFUSED: Final = (CommandStatus.REFUSED.value, TAKEN_BACK)

ATTEMPTS_KEPT: Final = 200
"""People on each petition, those who tried last."""


class AuditEntry(Struct, frozen=True):
    """What became of a command, noted when that changed: `obeyed`, `refused`, `misunderstood` or `taken back`."""

    number: int
    noted_at: WholeEpochSeconds
    comment_id: int
    given_at: WholeEpochSeconds
    user_id: int
    login: str
    word: str
    argument: str
    answer: str
    note: str
    position: int = 0
    """Where it stands among the commands of its comment."""
    thread: int | None = None
    """The number of the issue on which it was given, where that is in the petition's repository."""

    @property
    def text(self) -> str:
        """Return the command as it was commented."""
        return str(OrganizerCommand(self.word, self.argument))


class Attempts(Struct, frozen=True):
    """How often somebody gave commands who may not, when first and when last, and the last command's word."""

    user_id: int
    login: str
    word: str
    times: int
    first_at: WholeEpochSeconds
    last_at: WholeEpochSeconds
    last_comment_id: int
    thread: int | None = None
    """The number of the issue on which the last one stands, where that is in the petition's repository."""

    @property
    def text(self) -> str:
        """Return the last command, without what followed its word."""
        return str(OrganizerCommand(self.word))


class AuditLog(Records):
    """The commands of organizers, and attempts of others."""

    @read_transaction
    def list_entries(self, transaction: Transaction, petition_id: int) -> list[AuditEntry]:
        """List what became of the commands given on a petition, the oldest first."""
        return _read_entries(transaction, petition_id)

    @read_transaction
    def list_attempts(self, transaction: Transaction, petition_id: int) -> list[Attempts]:
        """List who gave commands on a petition and may not, the last one first."""
        return _read_attempts(transaction, petition_id)


_THREAD_IN_REPOSITORY: Final = """
    LEFT JOIN threads t ON t.issue_id = c.issue_id
        AND t.repository_id = (SELECT repository_id FROM petitions WHERE id = $1)
"""


def _read_entries(transaction: Transaction, petition_id: int) -> list[AuditEntry]:
    sql = f"""
        SELECT a.number, a.noted_at, a.comment_id, a.given_at, a.user_id, a.login, a.word, a.argument, a.answer,
               a.note, a.position, t.number AS thread
        FROM audit a LEFT JOIN comments c ON c.id = a.comment_id {_THREAD_IN_REPOSITORY}
        WHERE a.petition_id = $1 ORDER BY a.number
    """
    return [AuditEntry(*row) for row in transaction.fetch(sql, petition_id)]


_ADD_ENTRY: Final = """
    INSERT INTO audit (petition_id, number, noted_at, comment_id, given_at, user_id, login, word,
                       argument, answer, note, position)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""


def record_outcomes(
    transaction: Transaction, petition_id: int, outcomes: Iterable[Outcome], now: WholeEpochSeconds
) -> list[GivenCommand]:
    """Add what is not the log's last entry on a command; return the commands that do not belong into it.

    These are refused and always were: anybody may write such comments, as many as they like.
    """
    entries = _read_entries(transaction, petition_id)
    last = {(entry.comment_id, entry.position): entry for entry in entries}
    found, standing, attempts = list[AuditEntry](), set(), []
    number = entries[-1].number if entries else 0
    for outcome in outcomes:
        given = outcome.command
        standing.add((given.comment_id, given.position))
        entry = last.get((given.comment_id, given.position))
        if outcome.status is CommandStatus.REFUSED and (entry is None or entry.answer in _AS_GOOD_AS_REFUSED):
            attempts.append(given)
            continue
        entered = (given.at, outcome.status.value, outcome.note)
        if outcome.status is CommandStatus.WAITING or (
            entry and (entry.given_at, entry.answer, entry.note) == entered
        ):
            continue
        number += 1
        found.append(
            AuditEntry(
                number, now, given.comment_id, given.at, given.author.id, given.author.login, given.command.word,
                given.command.argument, outcome.status.value, outcome.note, given.position,
            )
        )  # fmt: skip
    for place, entry in last.items():
        if place not in standing and entry.answer != TAKEN_BACK:
            number += 1
            found.append(replace(entry, number=number, noted_at=now, answer=TAKEN_BACK, note=""))
    transaction.each(_ADD_ENTRY, [(petition_id, *astuple(entry)[:-1]) for entry in found])
    return attempts


def _read_attempts(transaction: Transaction, petition_id: int) -> list[Attempts]:
    sql = f"""
        SELECT a.user_id, a.login, a.word, a.times, a.first_at, a.last_at, a.last_comment_id, t.number AS thread
        FROM attempts a LEFT JOIN comments c ON c.id = a.last_comment_id {_THREAD_IN_REPOSITORY}
        WHERE a.petition_id = $1 ORDER BY a.last_at DESC, a.last_comment_id DESC
    """
    return [Attempts(*row) for row in transaction.fetch(sql, petition_id)]


_PUT_ATTEMPTS: Final = upsert(
    "attempts",
    "petition_id, user_id",
    "petition_id BIGINT, user_id BIGINT, login TEXT, word TEXT, times BIGINT, first_at BIGINT, last_at BIGINT,"
    " last_comment_id BIGINT",
)


def record_attempts(transaction: Transaction, petition_id: int, commands: Sequence[GivenCommand]) -> None:
    """Add commands that were refused. Repeating changes nothing; older ones than the last one known are skipped.

    Of those who asked to be forgotten, only what they have written since is recorded.
    """
    if not commands:
        return
    known = {one.user_id: one for one in _read_attempts(transaction, petition_id)}
    forgotten = read_forgotten(transaction, sorted({one.author.id for one in commands}))
    found = dict(known)
    for one in sorted(commands, key=lambda given: (given.at, given.comment_id)):
        if one.at > forgotten.get(one.author.id, -1):
            found[one.author.id] = _add_attempt(found.get(one.author.id), one)
    newest = sorted(found.values(), key=lambda one: (one.last_at, one.last_comment_id), reverse=True)
    kept = newest[:ATTEMPTS_KEPT]
    changed = [one for one in kept if known.get(one.user_id) != one]
    transaction.put(_PUT_ATTEMPTS, [(petition_id, *astuple(one)[:-1]) for one in changed])
    if gone := sorted(known.keys() - {one.user_id for one in kept}):
        sql = "DELETE FROM attempts WHERE petition_id = $1 AND user_id = ANY($2::BIGINT[])"
        transaction.execute(sql, petition_id, gone)


def _add_attempt(before: Attempts | None, one: GivenCommand) -> Attempts:
    if before is None:
        return Attempts(one.author.id, one.author.login, one.command.word, 1, one.at, one.at, one.comment_id)
    if (one.at, one.comment_id) <= (before.last_at, before.last_comment_id):
        return before
    return replace(
        before, login=one.author.login, word=one.command.word, times=before.times + 1, last_at=one.at,
        last_comment_id=one.comment_id,
    )  # fmt: skip
