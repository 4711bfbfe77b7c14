"""One page of a roster: who has signed a petition, sorted and searched."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import product
from typing import Any, Final

from msgspec import Struct

from bot.petition.facts_from_github import Repository
from bot.petition.settings import Detail
from bot.petition.tally import Signature
from bot.store.comment_rows import read_repository
from bot.store.engine.database import Transaction
from bot.store.sort_and_search_keys import spellings

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

    key: int | bytes | str
    """When it was signed, or what it is sorted by; the name itself where not all signatures have that yet."""
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


class _Sorting(Struct, frozen=True):
    """A column to sort by, and the type of its values in Python and in SQL."""

    column: str
    kind: type[int | bytes | str]
    sql_type: str

    @property
    def exact(self) -> str:
        """Return the column as it is compared: byte by byte."""
        return f'{self.column} COLLATE "C"' if self.sql_type == "TEXT" else self.column


_BY_TIME: Final = _Sorting("s.signed_at", int, "BIGINT")
_BY_KEY: Final = _Sorting("s.sort_key", bytes, "BYTEA")
_BY_NAME: Final = _Sorting("lower(COALESCE(s.name, s.login))", str, "TEXT")
_BY_LOGIN: Final = _Sorting("lower(s.login)", str, "TEXT")

_Search = tuple[tuple[str, int], ...]
"""Columns to search, each with the number of the pattern to search it for; empty for no search."""


def read_page(
    transaction: Transaction, petition_id: int, wanted: RosterQuery, show: frozenset[Detail]
) -> RosterPage:
    """Read the signatures that a query asks for, with the details that organizers show."""
    by_name = wanted.order.is_by_name
    # Signatures of an earlier release get their keys in the background; until then all are found without.
    has_keys = (by_name or bool(wanted.text)) and has_sort_keys(transaction, petition_id)
    sorting = _sorting(has_keys, show) if by_name else _BY_TIME
    cursor = _translate(transaction, petition_id, wanted.cursor, sorting)
    back = cursor is not None and cursor.back
    patterns, search = _search(wanted.text, has_keys, show) if wanted.text else ([], ())
    descending = (wanted.order is SortOrder.NEWEST) is not back
    question = _roster_statement(sorting, descending, following=cursor is not None, search=search, show=show)
    place = () if cursor is None else (cursor.key, cursor.comment_id)
    rows = list(transaction.fetch(question, petition_id, wanted.size + 1, *place, *map(_pattern, patterns)))
    more = len(rows) > wanted.size
    del rows[wanted.size :]
    if back:
        rows.reverse()
    if not rows:
        return RosterPage((), None, None)
    first, last = Cursor(rows[0][-1], rows[0][2], back=True), Cursor(rows[-1][-1], rows[-1][2])
    has_before, has_after = (more, True) if back else (cursor is not None, more)
    return RosterPage([_entry(row) for row in rows], first if has_before else None, last if has_after else None)


def has_sort_keys(transaction: Transaction, petition_id: int) -> bool:
    """Return whether all signatures of a petition have what they are sorted and searched by."""
    sql = "SELECT 1 FROM signatures WHERE petition_id = $1 AND sort_key IS NULL LIMIT 1"
    return not transaction.fetch(sql, petition_id)


def _sorting(has_keys: bool, show: frozenset[Detail]) -> _Sorting:
    # The key of a name that is not shown would tell the name.
    if Detail.NAME not in show:
        return _BY_LOGIN
    return _BY_KEY if has_keys else _BY_NAME


def _translate(
    transaction: Transaction, petition_id: int, cursor: Cursor | None, sorting: _Sorting
) -> Cursor | None:
    """Return a cursor that fits how a page is sorted: it may be from before all signatures had keys."""
    if cursor is None or isinstance(cursor.key, sorting.kind):
        return cursor
    sql = f"SELECT {sorting.column} FROM signatures s WHERE {_LISTED} AND s.comment_id = $2"
    found = transaction.fetch(sql, petition_id, cursor.comment_id)
    return Cursor(found[0][0], cursor.comment_id, cursor.back) if found else None


_LISTED: Final = "s.petition_id = $1 AND NOT s.unlisted"
"""The condition for all that lists, sorts or searches signatures."""


def _search(text: str, has_keys: bool, show: frozenset[Detail]) -> tuple[Sequence[str], _Search]:
    """Return the texts to search for, and where each of them is searched for."""
    shown = [column for detail, column in _DETAILS[:2] if detail in show]
    if not has_keys:
        # Engines fold no more than ASCII reliably.
        cases = (text,) if text.isascii() else (text, text.lower(), text.upper(), text.title())
        return cases, tuple(product(("s.login", *shown), range(len(cases))))
    # PostgreSQL refuses a value for which the statement has no place.
    texts = (unicodedata.normalize("NFKC", text).casefold(), *(spellings(text) if shown else ()))
    where = product((f"{column}_spellings" for column in shown), range(1, len(texts)))
    return texts, (("s.login", 0), *where)


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _entry(row: Iterable[Any]) -> Entry:
    *signature, repository_id, owner, name, private, archived, number, _ = row
    repository = read_repository(repository_id, owner, name, private, archived)
    return Entry(Signature(*signature), repository, number)


def read_signatures_of(
    transaction: Transaction, petition_id: int, logins: Sequence[str], show: frozenset[Detail]
) -> list[Entry]:
    """Return the signatures of those who have some logins, in lower case, be they unlisted; the oldest first.

    It reads all signatures of a petition, as a search does.
    """
    sql = f"""
        {_entry_statement("signatures", show, "NULL")}
        WHERE s.petition_id = $1 AND lower(s.login) = ANY($2::TEXT[])
        ORDER BY s.signed_at, s.comment_id
    """
    return [_entry(row) for row in transaction.fetch(sql, petition_id, list(logins))]


def read_first(
    transaction: Transaction, petition_id: int, logins: Sequence[str], show: frozenset[Detail]
) -> list[Entry]:
    """Return the signatures of those who have some logins, in lower case, in the order of these.

    Of two people who had a login one after the other, the last to sign is meant.
    """
    if not logins or not show:
        return []
    entries = read_signatures_of(transaction, petition_id, logins, show)
    found = {entry.signature.login.lower(): entry for entry in entries if not entry.signature.unlisted}
    return [found[login] for login in logins if login in found]


_DETAILS = ((Detail.NAME, "s.name"), (Detail.AFFILIATION, "s.affiliation"), (Detail.REASON, "s.reason"))


def _roster_statement(
    sorting: _Sorting, descending: bool, *, following: bool, search: _Search, show: frozenset[Detail]
) -> str:
    """Return the query for a part of a roster: $1 petition, $2 rows, then the cursor, then patterns.

    Times and keys are sorted by their indexes. Searches read all signatures of a petition, and so do logins where
    names are not shown: an index for them would have to be written with every signature. What is not shown can
    neither be found nor sorted by.
    """
    key, direction = sorting.exact, "DESC" if descending else "ASC"
    conditions = [_LISTED]
    if following:
        place = f"($3::{sorting.sql_type}, $4::BIGINT)"
        conditions.append(f"({key}, s.comment_id) {'<' if descending else '>'} {place}")
    if search:
        first = 5 if following else 3
        alike = (f"{column} ILIKE ${first + number} ESCAPE '\\'" for column, number in search)
        conditions.append(f"({' OR '.join(alike)})")
    # The rows of the page first: joining them is for fifty and not for all.
    page = f"""(
        SELECT * FROM signatures s WHERE {" AND ".join(conditions)}
        ORDER BY {key} {direction}, s.comment_id {direction} LIMIT $2
    )"""
    entries = _entry_statement(page, show, sorting.column)
    return f"{entries} ORDER BY {key} {direction}, s.comment_id {direction}"


def _entry_statement(source: str, show: frozenset[Detail], key: str) -> str:
    details = ", ".join(column if detail in show else "NULL" for detail, column in _DETAILS)
    return f"""
        SELECT s.user_id, s.login, s.comment_id, s.signed_at, {details}, s.unlisted,
               r.id, r.owner, r.name, r.private, r.archived, t.number, {key}
        FROM {source} s
        JOIN comments c ON c.id = s.comment_id
        JOIN threads t ON t.issue_id = c.issue_id
        JOIN repositories r ON r.id = t.repository_id
    """
