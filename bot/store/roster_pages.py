"""One page of a roster: who has signed a petition, sorted and searched; SQL is put together from parts, once."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Any, Final

from msgspec import Struct

from bot.petition.counting.tally import Signature
from bot.petition.github_facts import Repository
from bot.petition.organizers.settings import Detail
from bot.store.engine.database import Statement, Transaction, statement
from bot.store.row_codec import read_repository

PAGE_SIZE: Final = 50
"""Signatures on a page."""


class SortOrder(StrEnum):
    """How a roster is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"

    @property
    def is_by_name(self) -> bool:
        """Return whether names are compared, and not times."""
        return self is SortOrder.NAME


class Cursor(Struct, frozen=True):
    """Where a page begins: behind the signature with this key, or before it when going `back`."""

    key: int | str
    comment_id: int
    back: bool = False


class RosterQuery(Struct, frozen=True):
    """Which part of a roster is asked for."""

    order: SortOrder = SortOrder.NEWEST
    text: str = ""
    """What login, name or affiliation has in it."""
    cursor: Cursor | None = None
    size: int = PAGE_SIZE
    letters: int | None = 1
    """Of how many of the letter's newest versions to read the texts; None for all."""
    by_operator: bool = False
    """Whether to read a roster that the organizers do not show; details that they do not show stay out."""


class Entry(Struct, frozen=True):
    """A signature, and the issue on which its comment stands."""

    signature: Signature
    repository: Repository
    number: int


class RosterPage(Struct, frozen=True):
    """A part of a roster; the cursors lead to its neighbours, None where there is nothing more."""

    entries: Sequence[Entry]
    before: Cursor | None
    after: Cursor | None


def read_page(
    transaction: Transaction, petition_id: int, wanted: RosterQuery, show: frozenset[Detail]
) -> RosterPage:
    """Read the signatures that a query asks for, with the details that organizers show."""
    cursor = wanted.cursor
    back = cursor is not None and cursor.back
    rows = list(transaction.tuples(*_question(petition_id, wanted, back, show)))
    more = len(rows) > wanted.size
    del rows[wanted.size :]
    if back:
        rows.reverse()
    entries = [_entry(row) for row in rows]
    if not entries:
        return RosterPage((), None, None)
    first, last = _cursor(rows[0], wanted.order, back=True), _cursor(rows[-1], wanted.order, back=False)
    has_before, has_after = (more, True) if back else (cursor is not None, more)
    return RosterPage(entries, first if has_before else None, last if has_after else None)


def _question(
    petition_id: int, wanted: RosterQuery, back: bool, show: frozenset[Detail]
) -> tuple[Statement, *tuple[object, ...]]:
    descending = (wanted.order is SortOrder.NEWEST) is not back
    spellings = _spellings(wanted.text) if wanted.text else ()
    values: list[object] = [petition_id, wanted.size + 1]
    if wanted.cursor is not None:
        values += [wanted.cursor.key, wanted.cursor.comment_id]
    values += map(_pattern, spellings)
    statement_ = _roster_statement(
        wanted.order.is_by_name, descending, patterns=len(spellings), following=wanted.cursor is not None, show=show
    )
    return statement_, *values


def _spellings(text: str) -> tuple[str, ...]:
    """Return a text in the letter cases that names are written in: engines fold no more than ASCII reliably."""
    return (text,) if text.isascii() else (text, text.lower(), text.upper(), text.title())


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _entry(row: Sequence[Any]) -> Entry:
    *signature, repository_id, owner, name, private, archived, number, _ = row
    repository = read_repository(repository_id, owner, name, private, archived)
    return Entry(Signature(*signature), repository, number)


def _cursor(row: Sequence[Any], order: SortOrder, *, back: bool) -> Cursor:
    comment_id, signed_at, sort_name = row[2], row[3], row[-1]
    key = sort_name if order.is_by_name else signed_at
    return Cursor(key, comment_id, back)


def read_signature_of(
    transaction: Transaction, petition_id: int, login: str, show: frozenset[Detail]
) -> list[Entry]:
    """Return the signature of whoever has a login on a petition, if there is one, with what organizers show."""
    return [_entry(row) for row in transaction.tuples(_signature_of_login(show), petition_id, login)]


_DETAILS = ((Detail.NAME, "s.name"), (Detail.AFFILIATION, "s.affiliation"), (Detail.REASON, "s.reason"))


@cache
def _signature_of_login(show: frozenset[Detail]) -> Statement:
    """Return the query for the signature of a login ($2) on a petition ($1), with the details that are shown."""
    question = f"{_entry_statement('signatures', show)} WHERE s.petition_id = $1 AND lower(s.login) = lower($2)"
    # SQLite compares without making a text of each login first.
    on_sqlite = question.replace("lower(s.login) = lower($2)", "s.login = $2 COLLATE NOCASE")
    return Statement(sqlite=statement(on_sqlite).sqlite, postgresql=question)


@cache
def _roster_statement(
    by_name: bool, descending: bool, *, patterns: int, following: bool, show: frozenset[Detail]
) -> Statement:
    """Return the query for a part of a roster: $1 petition, $2 rows, then the cursor, then patterns.

    Times are sorted by their index. Names and searches read all signatures of a petition: an index for them
    would have to be written with every signature. What is not shown can neither be found nor sorted by.
    """
    key = f'{_sort_name(show)} COLLATE "C"' if by_name else "s.signed_at"
    direction = "DESC" if descending else "ASC"
    conditions = ["s.petition_id = $1"]
    if following:
        key_type = "TEXT" if by_name else "BIGINT"
        conditions.append(f"({key}, s.comment_id) {'<' if descending else '>'} ($3::{key_type}, $4::BIGINT)")
    if patterns:
        first = 5 if following else 3
        columns = ["s.login", *(column for detail, column in _DETAILS[:2] if detail in show)]
        alike = (
            f"{column} ILIKE ${first + number} ESCAPE '\\'" for column in columns for number in range(patterns)
        )
        conditions.append(f"({' OR '.join(alike)})")
    # The rows of the page first: joining them is for fifty and not for all.
    page = f"""(
        SELECT * FROM signatures s WHERE {" AND ".join(conditions)}
        ORDER BY {key} {direction}, s.comment_id {direction} LIMIT $2
    )"""
    question = f"{_entry_statement(page, show)} ORDER BY {key} {direction}, s.comment_id {direction}"
    on_sqlite = question.replace(' COLLATE "C"', "").replace(" ILIKE ", " LIKE ")
    return Statement(sqlite=statement(on_sqlite).sqlite, postgresql=question)


def _entry_statement(source: str, show: frozenset[Detail]) -> str:
    details = ", ".join(column if detail in show else "NULL" for detail, column in _DETAILS)
    return f"""
        SELECT s.user_id, s.login, s.comment_id, s.signed_at, {details},
               r.id, r.owner, r.name, r.private, r.archived, t.number, {_sort_name(show)}
        FROM {source} s
        JOIN comments c ON c.id = s.comment_id
        JOIN threads t ON t.issue_id = c.issue_id
        JOIN repositories r ON r.id = t.repository_id
    """


def _sort_name(show: frozenset[Detail]) -> str:
    return "lower(COALESCE(s.name, s.login))" if Detail.NAME in show else "lower(s.login)"
