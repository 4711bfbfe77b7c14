"""Organizers' commands: who may give them, whom they name, the rules that follow, and what became of each.

Apart from these, what people try who may give none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple, replace

from bot.petition.comments.commands import OrganizerCommand, Several
from bot.petition.comments.comment import Author, standing
from bot.petition.organizer_commands import (
    CommandResults,
    CommandStatus,
    GivenCommand,
    Outcome,
    standing_commands,
)
from bot.petition.rules_in_force import Rules, write_rules
from bot.store.comment_rows import COMMENT_COLUMNS, CommentRow, read_comment
from bot.store.engine.database import Records, Transaction, read_transaction, upsert, write_transaction
from bot.store.recording.signatures_and_reactions import derive_signatures, evaluate_comments, read_born
from bot.store.recording.unit_of_work import PetitionRow, UnitOfWork, read_forgotten
from bot.store.threads_to_read import read_issues_of
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


class Named(Struct, frozen=True):
    """Whom a command's login meant when it was looked up; None for nobody."""

    user_id: int | None
    checked_at: WholeEpochSeconds


class OrganizerCommands(Records):
    """The commands of organizers, and attempts of others."""

    async def list_petitions(self, repository_id: int) -> list[int]:
        """List the petitions of a repository that organizers gave commands on."""
        sql = """
            SELECT p.id FROM petitions p
            WHERE p.repository_id = $1 AND NOT p.gone
              AND EXISTS (SELECT 1 FROM comments c WHERE c.petition_id = p.id AND c.command = 'order')
        """
        return [row["id"] for row in await self._fetch(sql, repository_id)]

    @read_transaction
    def list_audit_entries(self, transaction: Transaction, petition_id: int) -> list[AuditEntry]:
        """List what became of the commands given on a petition, the oldest first."""
        return _read_entries(transaction, petition_id)

    @read_transaction
    def list_attempts(self, transaction: Transaction, petition_id: int) -> list[Attempts]:
        """List who gave commands on a petition and may not, the last one first."""
        return _read_attempts(transaction, petition_id)

    @write_transaction
    def record_organizer(
        self, transaction: Transaction, repository_id: int, user_id: int, allowed: bool, at: WholeEpochSeconds
    ) -> None:
        """Record whether somebody may give commands."""
        columns = "repository_id BIGINT, user_id BIGINT, allowed BOOLEAN, checked_at BIGINT"
        sql = upsert("organizers", "repository_id, user_id", columns)
        transaction.put(sql, [(repository_id, user_id, allowed, at)])

    @write_transaction
    def record_named(
        self, transaction: Transaction, comment_id: int, login: str, person: Author | None, at: WholeEpochSeconds
    ) -> None:
        """Record whom a command means."""
        columns = "comment_id BIGINT, login TEXT, user_id BIGINT, checked_at BIGINT"
        sql = upsert("named", "comment_id, login", columns)
        transaction.put(sql, [(comment_id, login, None if person is None else person.id, at)])

    async def find_author(self, petition_id: int, login: str) -> Author | None:
        """Find who commented under a login, in lower case; None where nobody did."""
        sql = """
            SELECT author_id, author_login FROM comments
            WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND lower(author_login) = $2
            ORDER BY author_at DESC LIMIT 1
        """
        rows = await self._fetch(sql, petition_id, login)
        return Author(rows[0]["author_id"], rows[0]["author_login"]) if rows else None

    async def apply(self, petition_id: int, ruling: CommandResults) -> None:
        """Apply rules: derive signatures that they concern, and answer and record commands."""
        now = int(self._now())
        if await self._database.write(lambda transaction: record_rules(transaction, petition_id, ruling, now)):
            self._announce()


def read_organizers(
    transaction: Transaction, repository_id: int, user_ids: Collection[int]
) -> Mapping[int, tuple[bool, WholeEpochSeconds]]:
    """Return of people, by id, whether they may give commands and when GitHub was asked."""
    sql = """
        SELECT user_id, allowed, checked_at FROM organizers WHERE repository_id = $1 AND user_id = ANY($2::BIGINT[])
    """
    rows = transaction.fetch(sql, repository_id, list(user_ids)) if user_ids else ()
    return {row["user_id"]: (bool(row["allowed"]), row["checked_at"]) for row in rows}


def read_named(transaction: Transaction, comment_ids: Collection[int]) -> Mapping[tuple[int, str], Named]:
    """Return whom commands mean, by the id of the command's comment and the login in it."""
    sql = "SELECT comment_id, login, user_id, checked_at FROM named WHERE comment_id = ANY($1::BIGINT[])"
    rows = transaction.fetch(sql, list(comment_ids)) if comment_ids else ()
    return {(row["comment_id"], row["login"]): Named(row["user_id"], row["checked_at"]) for row in rows}


def read_commands(transaction: Transaction, petition_id: int) -> list[GivenCommand]:
    """Return a petition's standing commands, in the order in which they were given."""
    return standing_commands(row.comment for row in _read_command_rows(transaction, petition_id))


def _read_command_rows(transaction: Transaction, petition_id: int) -> Iterator[CommentRow]:
    sql = f"SELECT {COMMENT_COLUMNS} FROM comments WHERE petition_id = $1 AND command = 'order'"
    return map(read_comment, transaction.fetch(sql, petition_id))


def record_rules(
    transaction: Transaction, petition_id: int, ruling: CommandResults, now: WholeEpochSeconds
) -> bool:
    """Apply rules; return whether anything changed. Repeating changes nothing.

    A command that came after the rules were worked out is left to the next time.
    """
    unit = UnitOfWork(transaction, read_issues_of(transaction, petition_id))
    petition = unit.petitions.get(petition_id)
    if petition is None:
        return False
    before, petition.rules = petition.rules, ruling.rules
    if before != ruling.rules:
        _reconsider(unit, petition, before)
        petition.bumped = True
    _answer(unit, petition, ruling)
    derive_signatures(unit, now)
    _request_recount(unit, ruling)
    _record_end(transaction, petition, now)
    changed = unit.write(now)
    attempts = record_outcomes(transaction, petition_id, ruling.outcomes, now)
    record_attempts(transaction, petition_id, [] if petition.anonymised else attempts)
    return changed


def _reconsider(unit: UnitOfWork, petition: PetitionRow, before: Rules) -> None:
    """Mark the signatures that the change may concern as to be derived again."""
    after = petition.rules
    people = set(before.removed_ids ^ after.removed_ids)
    if before.settings.also_accept != after.settings.also_accept:
        sql = """
            SELECT DISTINCT author_id FROM comments
            WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND command = 'phrase'
        """
        people.update(row["author_id"] for row in unit.transaction.fetch(sql, petition.id))
    if before.settings.minimum_account_age != after.settings.minimum_account_age:
        people |= _age_matters(unit, after)
    unit.read_authors(people)
    unit.people.update((petition.id, person) for person in people)
    ends = {rules.ends_at(petition.closed_at) for rules in (before, after)}
    if len(ends) > 1:
        petition.reconsider = min(end for end in ends if end is not None)


def _age_matters(unit: UnitOfWork, after: Rules) -> set[int]:
    """Return whose signatures to derive again when another age is asked for, or none; unknown ages come later."""
    for thread in unit.threads.values():
        if after.asks_for_age:
            # Reading finds out how old the accounts are, and derives all signatures.
            thread.request_reread()
        else:
            unit.read_thread(thread.issue_id)
    return {row.comment.author.id for row in unit.comments.values() if row.comment.author}


def _answer(unit: UnitOfWork, petition: PetitionRow, ruling: CommandResults) -> None:
    """Set the reaction that each comment with commands should bear: 👍 where all of them were applied."""
    answers = defaultdict[int, set[CommandStatus]](set)
    for outcome in ruling.outcomes:
        answers[outcome.command.comment_id].add(outcome.status)
    rows = list(_read_command_rows(unit.transaction, petition.id))
    refused = _refused_signatures(unit, petition, rows)
    for row in rows:
        found = answers[row.comment.id]
        wanted = next((reaction for status, reaction in _REACTIONS.items() if status in found), None)
        if wanted == "+1" and row.comment.id in refused:
            wanted = "confused"
        known = unit.comments.setdefault(row.comment.id, row)
        if known.wanted != wanted:
            unit.comments[row.comment.id] = unit.changed[row.comment.id] = replace(
                known, wanted=wanted, ack_due=wanted != known.given
            )


def _refused_signatures(unit: UnitOfWork, petition: PetitionRow, rows: Iterable[CommentRow]) -> set[int]:
    """Return the comments with commands that also try to sign, and do not."""
    commands = ((row.comment.author, standing(row.comment).command) for row in rows)
    signers = {author.id for author, said in commands if author and isinstance(said, Several) and said.own}
    unit.read_authors(signers)
    read_born(unit.transaction, petition, sorted(signers))
    comments = defaultdict[int, list[CommentRow]](list)
    for row in unit.comments.values():
        if row.comment.author is not None and row.petition_id == petition.id:
            comments[row.comment.author.id].append(row)
    return {one for signer in signers for one in evaluate_comments(petition, comments[signer]).refused}


_REACTIONS: Final = {
    CommandStatus.WAITING: None,
    CommandStatus.REFUSED: "confused",
    CommandStatus.NOT_UNDERSTOOD: "confused",
    CommandStatus.APPLIED: "+1",
}
"""The reaction to a comment is that of the first of these that a command of it has."""


def _request_recount(unit: UnitOfWork, ruling: CommandResults) -> None:
    for thread in unit.threads.values():
        if max(thread.listed_at, thread.reread_asked_at) <= ruling.recount_at and not thread.gone:
            thread.request_reread()


def _record_end(transaction: Transaction, petition: PetitionRow, now: WholeEpochSeconds) -> None:
    """Record the count with which signing ended; reopened, the petition has not ended."""
    row = transaction.fetch("SELECT ended_at, final_count FROM petitions WHERE id = $1", petition.id)[0]
    ended_at = petition.rules.ended_at(petition.closed_at, now)
    # The end makes a petition due but once; from now on the revision does, until the bodies show it.
    petition.bumped |= ended_at != row["ended_at"]
    final = None if ended_at is None else row["final_count"] if ended_at == row["ended_at"] else petition.count
    sql = "UPDATE petitions SET rules = $2, ends_at = $3, ended_at = $4, final_count = $5 WHERE id = $1"
    transaction.execute(
        sql, petition.id, write_rules(petition.rules), petition.rules.ends_at(None), ended_at, final
    )


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


def record_outcomes(
    transaction: Transaction, petition_id: int, outcomes: Iterable[Outcome], now: WholeEpochSeconds
) -> list[GivenCommand]:
    """Add what is not the log's last entry on a command; return the commands that do not belong into it.

    These are refused and always were: anybody may write such comments, as many as they like.
    """
    found, attempts = _compare(_read_entries(transaction, petition_id), outcomes, now)
    sql = """
        INSERT INTO audit (petition_id, number, noted_at, comment_id, given_at, user_id, login, word, argument,
                           answer, note, position)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    """
    transaction.each(sql, [(petition_id, *astuple(entry)[:-1]) for entry in found])
    return attempts


def _compare(
    entries: Sequence[AuditEntry], outcomes: Iterable[Outcome], now: WholeEpochSeconds
) -> tuple[list[AuditEntry], list[GivenCommand]]:
    """Return the entries that the log lacks, and the commands that do not belong into it."""
    last = {(entry.comment_id, entry.position): entry for entry in entries}
    found, attempts = list[AuditEntry](), list[GivenCommand]()
    number = entries[-1].number if entries else 0
    for outcome in outcomes:
        given = outcome.command
        entry = last.pop((given.comment_id, given.position), None)
        if outcome.status is CommandStatus.REFUSED and (entry is None or entry.answer in _AS_GOOD_AS_REFUSED):
            attempts.append(given)
            continue
        entered = (given.at, outcome.status.value, outcome.note)
        is_known = entry is not None and (entry.given_at, entry.answer, entry.note) == entered
        if is_known or outcome.status is CommandStatus.WAITING:
            continue
        number += 1
        found.append(
            AuditEntry(
                number, now, given.comment_id, given.at, given.author.id, given.author.login, given.command.word,
                given.command.argument, outcome.status.value, outcome.note, given.position,
            )
        )  # fmt: skip
    for entry in last.values():
        if entry.answer != TAKEN_BACK:
            number += 1
            found.append(replace(entry, number=number, noted_at=now, answer=TAKEN_BACK, note=""))
    return found, attempts


def _read_attempts(transaction: Transaction, petition_id: int) -> list[Attempts]:
    sql = f"""
        SELECT a.user_id, a.login, a.word, a.times, a.first_at, a.last_at, a.last_comment_id, t.number AS thread
        FROM attempts a LEFT JOIN comments c ON c.id = a.last_comment_id {_THREAD_IN_REPOSITORY}
        WHERE a.petition_id = $1 ORDER BY a.last_at DESC, a.last_comment_id DESC
    """
    return [Attempts(*row) for row in transaction.fetch(sql, petition_id)]


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
    columns = (
        "petition_id BIGINT, user_id BIGINT, login TEXT, word TEXT, times BIGINT, first_at BIGINT, last_at BIGINT,"
        " last_comment_id BIGINT"
    )
    rows = [(petition_id, *astuple(one)[:-1]) for one in changed]
    transaction.put(upsert("attempts", "petition_id, user_id", columns), rows)
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
