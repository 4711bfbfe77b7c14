"""Erase who people are and what they gave of themselves: of one person everywhere, or of an ended petition."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.comments.comment import END_OF_TIME, without_details
from bot.petition.i18n import counted
from bot.petition.rules_in_force import read_rules
from bot.store.comment_rows import COMMENT_COLUMNS, CommentRow, read_comment
from bot.store.engine.database import Records, Transaction, upsert
from bot.store.recording.signatures_and_reactions import SECONDS_PER_DAY, derive_comment, derive_signatures
from bot.store.recording.unit_of_work import UnitOfWork
from bot.store.sign_outs import forget_sign_outs
from bot.store.threads_to_read import read_issues_of, record_change, request_rereading
from bot.time_types import WholeEpochSeconds


class Forgotten(Struct, frozen=True):
    """What was found of the people to be forgotten: comments, and in how many petitions; `standing` still sign."""

    people: tuple[int, ...]
    comments: int
    petitions: int
    standing: int

    def lines(self, who: str) -> Iterator[str]:
        """Return its lines for people."""
        numbers = ", ".join(map(str, self.people))
        where = f"{counted(self.comments, 'comment')} on {counted(self.petitions, 'petition')}"
        yield f"Erased the details of {who} (account {numbers}) in {where}."
        yield "The bot does not store them again, unless the person writes a new comment."
        if self.standing:
            signatures = counted(self.standing, "signature")
            yield f"While the comments exist on GitHub, {signatures} still count, without a name."


class ToAnonymise(Struct, frozen=True):
    """A petition whose details are to be erased, or, if it goes on after all, to be taken up again."""

    petition_id: int
    goes_on: bool


class Privacy(Records):
    """What is to be erased."""

    async def find_people(self, login: str) -> list[int]:
        """Return the ids of all who had a login by their last comment; logins change, and are reused."""
        sql = """
            SELECT DISTINCT author_id FROM comments
            WHERE lower(author_login) = $1 AND author_id IS NOT NULL
            ORDER BY author_id
        """
        return [row[0] for row in await self._fetch(sql, login.lower())]

    async def forget(self, people: Collection[int]) -> Forgotten:
        """Erase who these people are and what they gave of themselves, in all petitions, for good."""
        now = int(self._now())
        found = await self._database.write(lambda transaction: forget_people(transaction, people, now))
        self._announce()
        return found

    async def anonymise(self, installation_id: int) -> list[ToAnonymise]:
        """Erase the details of petitions that ended long enough ago; what goes on gets them back from GitHub."""
        now = int(self._now())
        petitions = await self._database.read(lambda work: self._read_to_anonymise(work, installation_id, now))
        for one in petitions:
            for issue_id in await self._database.write(partial(self._set_anonymised, one=one, now=now)):
                await self._database.write(partial(erase_details_on, issue_id=issue_id, now=now))
        if petitions:
            self._announce()
        return petitions

    def _read_to_anonymise(
        self, transaction: Transaction, installation_id: int, now: WholeEpochSeconds
    ) -> list[ToAnonymise]:
        found = []
        sql = """
            SELECT p.id, p.ended_at, p.anonymised_at, p.rules
            FROM petitions p JOIN repositories r ON r.id = p.repository_id
            WHERE r.installation_id = $1 AND NOT p.gone AND (p.ended_at IS NULL) <> (p.anonymised_at IS NULL)
        """
        for petition_id, ended_at, anonymised_at, rules in transaction.fetch(sql, installation_id):
            days = read_rules(rules).settings.anonymise_after
            if anonymised_at is not None:
                found.append(ToAnonymise(petition_id, goes_on=True))
            elif days is not None and ended_at + days * SECONDS_PER_DAY <= now:
                found.append(ToAnonymise(petition_id, goes_on=False))
        return found

    def _set_anonymised(self, transaction: Transaction, one: ToAnonymise, now: WholeEpochSeconds) -> list[int]:
        """Begin, or end, to keep only the count; return the issues on which details are to be erased next."""
        sql = """
            UPDATE petitions SET anonymised_at = $2
            WHERE id = $1 AND (anonymised_at IS NULL) <> ($2::BIGINT IS NULL)
        """
        if transaction.execute(sql, one.petition_id, None if one.goes_on else now):
            record_change(transaction, [one.petition_id], now)
        # Either way reading the comments again comes to the same; it also ends what is cut off after this.
        request_rereading(transaction, [one.petition_id], now)
        if one.goes_on:
            return []
        transaction.execute("DELETE FROM attempts WHERE petition_id = $1", one.petition_id)
        return read_issues_of(transaction, one.petition_id)


def forget_people(transaction: Transaction, people: Collection[int], now: WholeEpochSeconds) -> Forgotten:
    """Erase people's details, and record that what they wrote up to now is not to be taken up again."""
    forget_sign_outs(transaction, people)
    forget = upsert("forgotten", "user_id", "user_id BIGINT, at BIGINT")
    transaction.put(forget, [(person, now) for person in people])
    # Locked first and read again: what was recorded meanwhile is to be forgotten as well.
    unit = UnitOfWork(transaction, [row.issue_id for row in _read_comments_by(transaction, people)])
    rows = _read_comments_by(transaction, people)
    for row in rows:
        unit.add_comment(row)
    _erase_details(unit, rows, until=now, now=now)
    for sql in (
        "DELETE FROM attempts WHERE user_id = ANY($1::BIGINT[])",
        # Their accounts' age stays, by which they may count.
        "UPDATE accounts SET empty = NULL WHERE user_id = ANY($1::BIGINT[])",
        "DELETE FROM unknown_accounts WHERE user_id = ANY($1::BIGINT[])",
    ):
        transaction.execute(sql, list(people))
    standing = sum(row.counted for row in rows)
    return Forgotten(tuple(people), len(rows), len({row.petition_id for row in rows}), standing)


def _read_comments_by(transaction: Transaction, people: Collection[int]) -> list[CommentRow]:
    sql = f"SELECT {COMMENT_COLUMNS} FROM comments WHERE author_id = ANY($1::BIGINT[])"
    return [read_comment(row) for row in transaction.fetch(sql, list(people))]


def erase_details_on(transaction: Transaction, issue_id: int, now: WholeEpochSeconds) -> None:
    """Erase the details of everybody who commented on an issue."""
    unit = UnitOfWork(transaction, [issue_id])
    _erase_details(unit, unit.read_thread(issue_id), until=END_OF_TIME, now=now)


def _erase_details(
    unit: UnitOfWork, rows: Iterable[CommentRow], *, until: WholeEpochSeconds, now: WholeEpochSeconds
) -> None:
    for row in rows:
        bare = without_details(row.comment, until)
        if bare != row.comment:
            redacted = replace(row, comment=bare, read_digest="", grammar=0)
            derive_comment(redacted)
            unit.change(redacted)
    derive_signatures(unit, now)
    unit.write(now)
