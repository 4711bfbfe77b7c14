"""Forget people: erase who they are and what they gave of themselves, for good, in all petitions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from bot.petition.organizers.redaction import EVER, without_details
from bot.store import rule_statements as governing_sql
from bot.store import statements as sql
from bot.store import upkeep_statements as upkeep_sql
from bot.store.engine.database import Transaction
from bot.store.recording import structure_statements as structure_sql
from bot.store.recording.rows import CommentRow, read_comment, read_rules
from bot.store.recording.signatures import derive, judge_people
from bot.store.recording.totals import SECONDS_PER_DAY
from bot.store.recording.unit_of_work import UnitOfWork
from bot.store.sign_outs import forget_sign_outs


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was found of the people to be forgotten: comments, and in how many petitions; `standing` still sign."""

    people: tuple[int, ...]
    comments: int
    petitions: int
    standing: int

    def lines(self, who: str) -> Iterator[str]:
        """Return its lines for people."""
        numbers = ", ".join(map(str, self.people))
        where = f"{_count(self.comments, 'comment')} on {_count(self.petitions, 'petition')}"
        yield f"Forgot what {who} (account {numbers}) gave of themselves in {where}."
        yield "It is not taken up again unless they write it anew."
        if self.standing:
            signatures = _count(self.standing, "signature")
            yield f"As long as the comments stand on GitHub, {signatures} still count, without a name."


@dataclass(frozen=True, slots=True)
class ToAnonymise:
    """A petition whose details are to be erased, or, if it goes on after all, to be taken up again."""

    petition_id: int
    goes_on: bool


def read_to_anonymise(transaction: Transaction, installation_id: int, now: int) -> list[ToAnonymise]:
    """List the petitions whose end is long enough ago, by their settings, and those that were reopened since."""
    found = []
    for petition_id, ended_at, anonymised_at, rules in transaction.tuples(
        upkeep_sql.ENDED_OR_ANONYMISED, installation_id
    ):
        days = read_rules(rules).settings.anonymise_after
        if anonymised_at is not None:
            found.append(ToAnonymise(petition_id, goes_on=True))
        elif days is not None and ended_at + days * SECONDS_PER_DAY <= now:
            found.append(ToAnonymise(petition_id, goes_on=False))
    return found


def record_anonymity(transaction: Transaction, one: ToAnonymise, now: int) -> list[int]:
    """Begin, or end, to keep nothing but the count; give the issues whose comments are to be stripped next."""
    transaction.execute(upkeep_sql.SET_ANONYMISED, one.petition_id, None if one.goes_on else now, now)
    # Either way reading the comments again comes to the same; it also ends what is cut off after this.
    transaction.execute(structure_sql.REREAD_PETITIONS, [one.petition_id], now)
    if one.goes_on:
        return []
    transaction.execute(governing_sql.DROP_ATTEMPTS_ON, one.petition_id)
    return [row[0] for row in transaction.tuples(upkeep_sql.THREADS_OF_PETITION, one.petition_id)]


def strip_thread(transaction: Transaction, issue_id: int, now: int) -> None:
    """Erase the details of everybody who commented on an issue."""
    world = UnitOfWork()
    world.lock(transaction, [issue_id])
    _bare(transaction, world, world.read_thread(transaction, issue_id), until=EVER, now=now)


def people_called(transaction: Transaction, login: str) -> list[int]:
    """Return the ids of all who were called so when we last heard of them; logins change, and are reused."""
    return [row[0] for row in transaction.fetch(upkeep_sql.AUTHORS_CALLED, login.lower())]


def record_forgotten(transaction: Transaction, people: Collection[int], now: int) -> Forgotten:
    """Erase their details, and remember that what they wrote up to now is not to be taken up again."""
    forget_sign_outs(transaction, people)
    transaction.put(upkeep_sql.FORGET, [(person, now) for person in people])
    world = UnitOfWork()
    # Locked first and read again: what was recorded meanwhile is to be forgotten as well.
    world.lock(
        transaction, [read_comment(row).issue_id for row in transaction.tuples(sql.COMMENTS_BY, list(people))]
    )
    rows = [read_comment(row) for row in transaction.tuples(sql.COMMENTS_BY, list(people))]
    for row in rows:
        world.add_comment(row)
    _bare(transaction, world, rows, until=now, now=now)
    transaction.execute(governing_sql.DROP_ATTEMPTS_BY, list(people))
    standing = sum(row.counted for row in rows)
    return Forgotten(tuple(people), len(rows), len({row.petition_id for row in rows}), standing)


def _bare(transaction: Transaction, world: UnitOfWork, rows: Iterable[CommentRow], *, until: int, now: int) -> None:
    for row in rows:
        bare = without_details(row.comment, until)
        if bare != row.comment:
            spared = replace(row, comment=bare, read_digest="", grammar=0)
            derive(spared)
            world.change(spared)
    judge_people(transaction, world, now)
    world.write(transaction, now)


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"
