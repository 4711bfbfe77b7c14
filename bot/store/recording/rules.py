"""Put a petition's rules into force: judge again whom they concern, and note what became of the orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from bot.petition.organizers.commands import Answer, Given, Outcome, Ruling, standing_orders
from bot.petition.organizers.rules import Rules
from bot.store import rule_statements as sql
from bot.store.attempts import note_attempts
from bot.store.engine.database import Transaction
from bot.store.recording.rows import read_comment, write_rules
from bot.store.recording.signatures import judge_people
from bot.store.recording.unit_of_work import PetitionRow, UnitOfWork

TAKEN_BACK: Final = "taken back"
"""What the audit log says of an order that was deleted, hidden, or edited into something else."""


def read_orders(transaction: Transaction, petition_id: int) -> list[Given]:
    """Return a petition's standing orders, in the order in which they were given."""
    rows = transaction.tuples(sql.COMMENTS_OF_ORDERS, petition_id)
    return standing_orders(read_comment(row).comment for row in rows)


@dataclass(frozen=True, slots=True)
class Ruled:
    """What putting rules into force came to: up to which revision they tell of all orders."""

    revision: int
    changed: bool = False


def record_ruling(transaction: Transaction, petition_id: int, ruling: Ruling, now: int) -> Ruled:
    """Put rules into force. Repeating changes nothing.

    An order that came after the rules were worked out is left to the next ruling.
    """
    world = UnitOfWork()
    world.lock(transaction, [row.issue_id for row in transaction.fetch(sql.THREADS_OF, petition_id)])
    petition = world.petitions.get(petition_id)
    if petition is None:
        return Ruled(0)
    before, petition.rules = petition.rules, ruling.rules
    if before != ruling.rules:
        _reconsider(transaction, world, petition, before)
        petition.bumped = True
    _answer(transaction, world, petition_id, ruling)
    judge_people(transaction, world, now)
    _order_recount(world, ruling)
    changed = world.write(transaction, now)
    _note_end(transaction, petition, now)
    attempts = _note_outcomes(transaction, petition_id, ruling.outcomes, now)
    note_attempts(transaction, petition_id, [] if petition.anonymised else attempts)
    is_current = read_orders(transaction, petition_id) == [outcome.given for outcome in ruling.outcomes]
    return Ruled(petition.revision if is_current else petition.revision - 1, changed)


def _reconsider(transaction: Transaction, world: UnitOfWork, petition: PetitionRow, before: Rules) -> None:
    """Have everybody judged again whom the change may concern."""
    after = petition.rules
    people = set(before.withheld_ids ^ after.withheld_ids)
    if before.phrases != after.phrases:
        people.update(row.author_id for row in transaction.fetch(sql.AUTHORS_OF_PHRASES, petition.id))
    if before.settings.minimum_account_age != after.settings.minimum_account_age:
        people |= _age_matters(transaction, world, after)
    world.read_authors(transaction, people)
    world.people.update((petition.id, person) for person in people)
    ends = {rules.ends_at(petition.closed_at) for rules in (before, after)}
    if len(ends) > 1:
        petition.reconsider = min(end for end in ends if end is not None)


def _age_matters(transaction: Transaction, world: UnitOfWork, after: Rules) -> set[int]:
    """Return who is to be judged again when another age is asked for, or none; who still waits is judged later."""
    for thread in world.threads.values():
        if after.asks_for_age:
            # Reading finds out how old the accounts are, and judges everybody.
            thread.ask_to_reread()
        else:
            world.read_thread(transaction, thread.issue_id)
    return {row.comment.author.id for row in world.comments.values() if row.comment.author}


def _answer(transaction: Transaction, world: UnitOfWork, petition_id: int, ruling: Ruling) -> None:
    """Have each order bear the reaction that it deserves."""
    answers = {outcome.given.comment_id: outcome for outcome in ruling.outcomes}
    for row in map(read_comment, transaction.tuples(sql.COMMENTS_OF_ORDERS, petition_id)):
        outcome = answers.get(row.comment.id)
        wanted = None if outcome is None else _REACTIONS[outcome.answer]
        known = world.comments.setdefault(row.comment.id, row)
        if known.wanted != wanted:
            world.comments[row.comment.id] = world.changed[row.comment.id] = replace(
                known, wanted=wanted, ack_due=wanted != known.given
            )


_REACTIONS: Final = {
    Answer.OBEYED: "+1",
    Answer.REFUSED: "confused",
    Answer.MISUNDERSTOOD: "confused",
    Answer.WAITING: None,
}


def _order_recount(world: UnitOfWork, ruling: Ruling) -> None:
    for thread in world.threads.values():
        if max(thread.listed_at, thread.reread_asked_at) <= ruling.recount_at and not thread.gone:
            thread.ask_to_reread()


def _note_end(transaction: Transaction, petition: PetitionRow, now: int) -> None:
    """Keep the count with which signing ended; reopened, the petition has not ended."""
    row = transaction.fetch(sql.ENDED, petition.id)[0]
    ends_at = petition.rules.ends_at(petition.closed_at)
    # A deadline is the last second in which a signature counts; what is closed is closed.
    has_ended = ends_at is not None and (ends_at < now or ends_at in (petition.closed_at, petition.rules.closed_at))
    ended_at = ends_at if has_ended else None
    final = None if ended_at is None else row.final_count if ended_at == row.ended_at else petition.count
    transaction.execute(
        sql.SET_RULES, petition.id, write_rules(petition.rules), petition.rules.ends_at(None), ended_at, final
    )


def _note_outcomes(
    transaction: Transaction, petition_id: int, outcomes: Iterable[Outcome], now: int
) -> list[Given]:
    """Add to the audit log what is not its last word on an order; give the orders that are none of its business.

    These are refused and always were: anybody may write such comments, as many as they like.
    """
    entries = transaction.fetch(sql.AUDIT, petition_id)
    last = {entry.comment_id: entry for entry in entries}
    number = entries[-1].number if entries else 0
    standing, attempts = set(), []
    for outcome in outcomes:
        given = outcome.given
        standing.add(given.comment_id)
        entry = last.get(given.comment_id)
        if outcome.answer is Answer.REFUSED and (entry is None or entry.answer in _AS_GOOD_AS_REFUSED):
            attempts.append(given)
            continue
        said = (given.at, outcome.answer.value, outcome.note)
        if outcome.answer is Answer.WAITING or (entry and (entry.given_at, entry.answer, entry.note) == said):
            continue
        number += 1
        transaction.execute(
            sql.ADD_TO_AUDIT, petition_id, number, now, given.comment_id, given.at, given.author.id,
            given.author.login, given.order.word, given.order.argument, outcome.answer.value, outcome.note,
        )  # fmt: skip
    for comment_id, entry in last.items():
        if comment_id not in standing and entry.answer != TAKEN_BACK:
            number += 1
            transaction.execute(
                sql.ADD_TO_AUDIT, petition_id, number, now, comment_id, entry.given_at, entry.user_id, entry.login,
                entry.word, entry.argument, TAKEN_BACK, "",
            )  # fmt: skip
    return attempts


_AS_GOOD_AS_REFUSED: Final = (Answer.REFUSED.value, TAKEN_BACK)
