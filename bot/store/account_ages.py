"""Keep when accounts were opened, where a petition asks for that, and judge their owners again once it is known."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from bot.store import upkeep_statements as sql
from bot.store.engine.database import Transaction
from bot.store.recording.signatures import judge_people
from bot.store.recording.unit_of_work import Person, UnitOfWork


def read_unaged(transaction: Transaction, issue_id: int) -> list[int]:
    """Name a comment of everybody who has signed on an issue and whose account's age is asked for and not known."""
    world = UnitOfWork()
    world.look(transaction, [issue_id])
    if not any(petition.rules.asks_for_age for petition in world.petitions.values()):
        return []
    return [row[0] for row in transaction.tuples(sql.UNAGED, issue_id)]


def record_ages(transaction: Transaction, issue_id: int, born: Mapping[int, int], now: int) -> None:
    """Record when accounts were opened (UTC epoch seconds, by user id), and judge those people's comments again."""
    transaction.put(sql.PUT_ACCOUNTS, list(born.items()))
    world = UnitOfWork()
    world.lock(transaction, [issue_id])
    world.read_authors(transaction, list(born))
    world.people |= {(petition_id, person) for petition_id in world.petitions for person in born}
    judge_people(transaction, world, now)
    world.write(transaction, now)


def ask_for_ages(world: UnitOfWork, people: Collection[Person]) -> None:
    """Have the threads read on which somebody signs whose account's age is asked for and not known."""
    asking = {one.id: one for one in world.petitions.values() if one.rules.asks_for_age}
    waiting = {person for person in people if person[0] in asking and person[1] not in asking[person[0]].born}
    for row in world.changed.values() if waiting else ():
        author, thread = row.comment.author, world.threads.get(row.issue_id)
        is_waiting = author is not None and (row.petition_id, author.id) in waiting
        if is_waiting and thread is not None and row.command in ("sign", "phrase"):
            thread.ask_to_reread()
