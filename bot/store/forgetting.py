"""Forget people: erase who they are and what they gave of themselves, for good, in all petitions."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from bot.petition.privacy import without_details
from bot.store import statements as sql
from bot.store import upkeep_statements as upkeep_sql
from bot.store.database import Transaction
from bot.store.judging import derive, judge_people
from bot.store.rows import read_comment
from bot.store.world import World


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was found of the people to be forgotten: comments, and in how many petitions; `standing` still sign."""

    people: tuple[int, ...]
    comments: int
    petitions: int
    standing: int

    def lines(self, who: str) -> Iterator[str]:
        """Say it in words."""
        numbers = ", ".join(map(str, self.people))
        where = f"{_count(self.comments, 'comment')} on {_count(self.petitions, 'petition')}"
        yield f"Forgot what {who} (account {numbers}) gave of themselves in {where}."
        yield "It is not taken up again unless they write it anew."
        if self.standing:
            signatures = _count(self.standing, "signature")
            yield f"As long as the comments stand on GitHub, {signatures} still count, without a name."


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def people_called(transaction: Transaction, login: str) -> list[int]:
    """Give the ids of all who were called so when we last heard of them; logins change, and are reused."""
    return [row[0] for row in transaction.fetch(upkeep_sql.AUTHORS_CALLED, login.lower())]


def record_forgotten(transaction: Transaction, people: Collection[int], now: int) -> Forgotten:
    """Erase their details, and remember that what they wrote up to now is not to be taken up again."""
    transaction.put(upkeep_sql.FORGET, [(person, now) for person in people])
    world = World()
    # Locked first and read again: what was recorded meanwhile is to be forgotten as well.
    world.lock(
        transaction, [read_comment(row).issue_id for row in transaction.tuples(sql.COMMENTS_BY, list(people))]
    )
    rows = [read_comment(row) for row in transaction.tuples(sql.COMMENTS_BY, list(people))]
    for row in rows:
        world.add_comment(row)
        bare = without_details(row.comment, now)
        if bare != row.comment:
            spared = replace(row, comment=bare)
            derive(spared)
            world.change(spared)
    judge_people(transaction, world, now)
    world.write(transaction, now)
    standing = sum(row.counted for row in rows)
    return Forgotten(tuple(people), len(rows), len({row.petition_id for row in rows}), standing)
