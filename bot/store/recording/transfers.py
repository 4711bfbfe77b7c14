"""Record that an issue was deleted, or went to another repository, where it has another id and number."""

from __future__ import annotations

from dataclasses import replace

from bot.petition.comments.comment import merge
from bot.petition.facts import Continuation, Issue, Repository
from bot.store import rule_statements as governing_sql
from bot.store import upkeep_statements as upkeep_sql
from bot.store.bodies import move_body
from bot.store.engine.database import Transaction
from bot.store.letters import drop_letters
from bot.store.recording import structure_statements as sql
from bot.store.recording.observations import Terms, carry_over, is_petition, observe_issue
from bot.store.recording.signatures import derive, judge_people
from bot.store.recording.unit_of_work import ThreadRow, UnitOfWork


def record_deleted(transaction: Transaction, issue_id: int, now: int) -> None:
    """Erase a deleted issue's comments, and with them their signatures; its petition ends if it was the first."""
    world = UnitOfWork()
    world.lock(transaction, [issue_id])
    thread = world.threads.get(issue_id)
    if thread is None or thread.gone:
        return
    for row in world.read_thread(transaction, issue_id):
        gone = replace(row, comment=merge(row.comment, replace(row.comment, deleted=True)))
        derive(gone)
        world.change(gone)
    world.petitions[thread.petition_id].bumped = True
    judge_people(transaction, world, now)
    world.write(transaction, now)
    transaction.execute(sql.END_THREAD, issue_id, None)
    if thread.position == 1:
        transaction.execute(sql.END_PETITION, thread.petition_id)
        drop_letters(transaction, thread.petition_id)
        transaction.execute(governing_sql.DROP_ATTEMPTS_ON, thread.petition_id)


def record_moved(
    transaction: Transaction, issue_id: int, repository: Repository, issue: Issue, terms: Terms
) -> bool:
    """Carry a thread's signatures over to the issue it became; False where it is no thread of ours."""
    world = UnitOfWork()
    world.lock(transaction, [issue_id, issue.id])
    old, new = world.threads.get(issue_id), world.threads.get(issue.id)
    if old is None:
        return False
    if old.gone:
        return True
    if new is None:
        _add_thread(transaction, old, repository, issue, terms)
        arrival = issue.id
    else:
        # It went on before we heard of this, and may have moved again since.
        arrival = new.moved_to or new.issue_id
        _adopt(transaction, new.petition_id, old)
    transaction.execute(sql.MOVE_COMMENTS, issue_id, arrival)
    move_body(transaction, issue_id, arrival)
    transaction.execute(sql.END_THREAD, issue_id, arrival)
    transaction.execute(sql.FORWARD_THREADS, issue_id, arrival)
    if old.position == 1:
        transaction.execute(sql.MOVE_PETITION, old.petition_id, repository.id)
    _judge_anew(transaction, arrival, issue, terms)
    return True


def record_continuation(transaction: Transaction, fact: Continuation, terms: Terms) -> None:
    """Make an issue the petition's last thread; one that was taken for a petition of its own is one no more."""
    issue, petition_id = fact.issue, fact.petition_id
    locked = {row.id: row for row in transaction.fetch(upkeep_sql.LOCK_PETITIONS, [petition_id, issue.id])}
    known = transaction.fetch(sql.THREAD, issue.id)
    is_other = bool(known) and known[0].petition_id == issue.id != petition_id
    if petition_id not in locked or locked[petition_id].gone or (known and not is_other):
        return
    last = transaction.fetch(upkeep_sql.LAST_POSITION, petition_id)[0][0]
    if last is None:
        # Its first issue was lost with a damaged file, and is yet to be read again.
        return
    position = last + 1
    if is_other:
        _merge(transaction, issue.id, petition_id, position)
    else:
        transaction.execute(
            sql.ADD_THREAD, issue.id, petition_id, fact.repository.id, issue.number, position, issue.title,
            is_petition(issue, terms.label), issue.closed_at, issue.locked, issue.comments, issue.updated_at,
            terms.now,
        )  # fmt: skip
    transaction.execute(upkeep_sql.SET_CONTINUING, petition_id, 0)
    _judge_anew(transaction, issue.id, issue, terms)


def _add_thread(
    transaction: Transaction, old: ThreadRow, repository: Repository, issue: Issue, terms: Terms
) -> None:
    transaction.execute(
        sql.ADD_THREAD, issue.id, old.petition_id, repository.id, issue.number, old.position, issue.title,
        is_petition(issue, terms.label), issue.closed_at, issue.locked, issue.comments, issue.updated_at, terms.now,
    )  # fmt: skip


def _adopt(transaction: Transaction, newcomer_id: int, old: ThreadRow) -> None:
    """Make one petition of two, where the moved issue had begun a new one before we knew whence it came."""
    if newcomer_id == old.petition_id:
        return
    _merge(transaction, newcomer_id, old.petition_id, old.position)


def _merge(transaction: Transaction, newcomer_id: int, petition_id: int, position: int) -> None:
    """Let the threads of one petition be another's, the first one at this position; comments are judged there."""
    last = transaction.fetch(upkeep_sql.LAST_POSITION, petition_id)[0][0]
    transaction.execute(sql.ADOPT_COMMENTS, newcomer_id, petition_id)
    transaction.execute(sql.ADOPT_THREADS, newcomer_id, petition_id, position, last)
    drop_letters(transaction, newcomer_id)
    # Who has tried what is read from the comments again.
    for statement in (
        sql.DROP_SIGNATURES_OF, upkeep_sql.DROP_DAYS_OF, governing_sql.DROP_ATTEMPTS_ON, sql.DROP_PETITION,
    ):  # fmt: skip
        transaction.execute(statement, newcomer_id)


def _judge_anew(transaction: Transaction, arrival: int, issue: Issue, terms: Terms) -> None:
    world = UnitOfWork()
    world.lock(transaction, [arrival])
    thread = world.threads[arrival]
    petition = world.petitions[thread.petition_id]
    observe_issue(petition, thread, issue, issue.updated_at, terms)
    if thread.position == 1:
        carry_over(petition, thread)
    petition.bumped = True
    thread.ask_to_reread()
    for row in world.read_thread(transaction, arrival):
        world.involve(row)
    judge_people(transaction, world, terms.now)
    world.write(transaction, terms.now)
