"""Put a petition's rules into force: derive signatures that they concern, and record what became of commands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bot.petition.organizers.commands import Answer, Given, Ruling, standing_orders
from bot.petition.organizers.rules import Rules
from bot.store.audit_log import record_attempts, record_outcomes
from bot.store.engine.database import Transaction
from bot.store.engine.dialect import statement
from bot.store.recording.rows import COMMENT_COLUMNS, CommentRow, read_comment, write_rules
from bot.store.recording.signatures import derive_signatures
from bot.store.recording.unit_of_work import PetitionRow, UnitOfWork
from bot.store.threads import read_issues_of
from bot.units import WholeEpochSeconds

_COMMANDS: Final = statement(f"""
    SELECT {COMMENT_COLUMNS} FROM comments WHERE petition_id = $1 AND command = 'order'
""")


def read_commands(transaction: Transaction, petition_id: int) -> list[Given]:
    """Return a petition's standing commands, in the order in which they were given."""
    return standing_orders(row.comment for row in _read_command_rows(transaction, petition_id))


def _read_command_rows(transaction: Transaction, petition_id: int) -> Iterator[CommentRow]:
    return map(read_comment, transaction.tuples(_COMMANDS, petition_id))


def record_rules(
    transaction: Transaction, petition_id: int, ruling: Ruling, now: WholeEpochSeconds
) -> tuple[int, bool]:
    """Put rules into force. Repeating changes nothing.

    Return up to which revision they follow from all commands, and whether anything changed. A command that came
    after the rules were worked out is left to the next time.
    """
    unit = UnitOfWork()
    unit.lock(transaction, read_issues_of(transaction, petition_id))
    petition = unit.petitions.get(petition_id)
    if petition is None:
        return 0, False
    before, petition.rules = petition.rules, ruling.rules
    if before != ruling.rules:
        _reconsider(transaction, unit, petition, before)
        petition.bumped = True
    _answer(transaction, unit, petition_id, ruling)
    derive_signatures(transaction, unit, now)
    _request_recount(unit, ruling)
    changed = unit.write(transaction, now)
    _record_end(transaction, petition, now)
    attempts = record_outcomes(transaction, petition_id, ruling.outcomes, now)
    record_attempts(transaction, petition_id, [] if petition.anonymised else attempts)
    is_current = read_commands(transaction, petition_id) == [outcome.given for outcome in ruling.outcomes]
    return (petition.revision if is_current else petition.revision - 1), changed


_AUTHORS_OF_PHRASES: Final = statement("""
    SELECT DISTINCT author_id FROM comments
    WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND command = 'phrase'
""")


def _reconsider(transaction: Transaction, unit: UnitOfWork, petition: PetitionRow, before: Rules) -> None:
    """Have the signatures derived again that the change may concern."""
    after = petition.rules
    people = set(before.withheld_ids ^ after.withheld_ids)
    if before.phrases != after.phrases:
        people.update(row.author_id for row in transaction.fetch(_AUTHORS_OF_PHRASES, petition.id))
    if before.settings.minimum_account_age != after.settings.minimum_account_age:
        people |= _age_matters(transaction, unit, after)
    unit.read_authors(transaction, people)
    unit.people.update((petition.id, person) for person in people)
    ends = {rules.ends_at(petition.closed_at) for rules in (before, after)}
    if len(ends) > 1:
        petition.reconsider = min(end for end in ends if end is not None)


def _age_matters(transaction: Transaction, unit: UnitOfWork, after: Rules) -> set[int]:
    """Return whose signatures to derive again when another age is asked for, or none; unknown ages come later."""
    for thread in unit.threads.values():
        if after.asks_for_age:
            # Reading finds out how old the accounts are, and derives all signatures.
            thread.ask_to_reread()
        else:
            unit.read_thread(transaction, thread.issue_id)
    return {row.comment.author.id for row in unit.comments.values() if row.comment.author}


def _answer(transaction: Transaction, unit: UnitOfWork, petition_id: int, ruling: Ruling) -> None:
    """Set the reaction that each command should bear."""
    answers = {outcome.given.comment_id: outcome for outcome in ruling.outcomes}
    for row in _read_command_rows(transaction, petition_id):
        outcome = answers.get(row.comment.id)
        wanted = None if outcome is None else _REACTIONS[outcome.answer]
        known = unit.comments.setdefault(row.comment.id, row)
        if known.wanted != wanted:
            unit.comments[row.comment.id] = unit.changed[row.comment.id] = replace(
                known, wanted=wanted, ack_due=wanted != known.given
            )


_REACTIONS: Final = {
    Answer.OBEYED: "+1",
    Answer.REFUSED: "confused",
    Answer.MISUNDERSTOOD: "confused",
    Answer.WAITING: None,
}


def _request_recount(unit: UnitOfWork, ruling: Ruling) -> None:
    for thread in unit.threads.values():
        if max(thread.listed_at, thread.reread_asked_at) <= ruling.recount_at and not thread.gone:
            thread.ask_to_reread()


_ENDED: Final = statement("SELECT ended_at, final_count FROM petitions WHERE id = $1")

_SET_RULES: Final = statement("""
    UPDATE petitions SET rules = $2, ends_at = $3, ended_at = $4, final_count = $5 WHERE id = $1
""")


def _record_end(transaction: Transaction, petition: PetitionRow, now: WholeEpochSeconds) -> None:
    """Keep the count with which signing ended; reopened, the petition has not ended."""
    row = transaction.fetch(_ENDED, petition.id)[0]
    ends_at = petition.rules.ends_at(petition.closed_at)
    # A deadline is the last second in which a signature counts; what is closed is closed.
    has_ended = ends_at is not None and (ends_at < now or ends_at in (petition.closed_at, petition.rules.closed_at))
    ended_at = ends_at if has_ended else None
    final = None if ended_at is None else row.final_count if ended_at == row.ended_at else petition.count
    transaction.execute(
        _SET_RULES, petition.id, write_rules(petition.rules), petition.rules.ends_at(None), ended_at, final
    )
