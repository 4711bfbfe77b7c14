"""The public petitions of a server, searched and in parts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from bot.petition.facts_from_github import Repository
from bot.petition.goals import next_goal
from bot.petition.rules_in_force import read_rules
from bot.store.comment_rows import read_repository
from bot.store.engine.database import Row, Transaction
from bot.store.sort_and_search_keys import spellings
from bot.time_types import EpochSeconds, WholeEpochSeconds

LIST_SIZE: Final = 30
"""Petitions in one part of the list."""

MOST_LISTED: Final = 5_000
"""As many petitions can be found in the list: those that were signed last."""


class Listed(StrEnum):
    """Which petitions to list."""

    ALL = "all"
    OPEN = "open"
    CLOSED = "closed"


class ListQuery(Struct, frozen=True):
    """Which part of the list is asked for; parts are numbered from 1."""

    text: str = ""
    """What the title or the repository's name has in it."""
    listed: Listed = Listed.ALL
    part: int = 1
    size: int = LIST_SIZE
    """Petitions in one part."""
    repository: str = ""
    """The one repository, `owner/name` in any letter case, whose petitions are listed."""
    with_private: bool = False


class PetitionSummary(Struct, frozen=True):
    """A petition of this server, public unless others were asked for.

    `ends_at` is when signing ends, `ended_at` when it did, `latest` when somebody last signed; `days` goes back a
    month.
    """

    repository: Repository
    number: int
    title: str
    count: int
    goal: int | None
    ends_at: WholeEpochSeconds | None
    ended_at: WholeEpochSeconds | None
    latest: WholeEpochSeconds | None
    days: Sequence[tuple[int, int]]


class PetitionList(Struct, frozen=True):
    """A part of the list, and how many petitions the search finds: all of them, and in each state."""

    petitions: Sequence[PetitionSummary]
    found: dict[Listed, int]
    part: int
    parts: int


def read_list(transaction: Transaction, wanted: ListQuery, now: EpochSeconds) -> PetitionList:
    """Read a part of the public petitions, or the last one, with the petition that was signed last on top."""
    # What ends a petition is in its rules, which are read here and not by the database; so all of them come here.
    texts = spellings(wanted.text) if wanted.text else ("",)
    sql = f"""
        SELECT p.id AS petition_id, r.id, r.owner, r.name, r.private, r.archived,
               t.number, t.title, p.count AS total, p.closed_at, p.rules,
               (SELECT max(s.signed_at) FROM signatures s WHERE s.petition_id = p.id) AS latest
        FROM petitions p
        JOIN repositories r ON r.id = p.repository_id AND r.accessible AND NOT r.deleted
        JOIN installations i ON i.id = r.installation_id AND NOT i.suspended AND NOT i.deleted
        JOIN threads t ON t.petition_id = p.id AND t.position = 1 AND NOT t.gone
        WHERE p.labelled AND NOT p.gone AND (NOT r.private OR $1::BOOLEAN)
          AND ($2::TEXT = '' OR lower(r.owner || '/' || r.name) = lower($2))
        ORDER BY latest DESC NULLS LAST, p.id DESC LIMIT {MOST_LISTED}
    """
    listed = transaction.fetch(sql, wanted.with_private, wanted.repository)
    rows = [row for row in listed if _has(row, texts)]
    closed = [_ended_at(row, now) is not None for row in rows]
    found = {Listed.ALL: len(rows), Listed.OPEN: closed.count(False), Listed.CLOSED: closed.count(True)}
    if wanted.listed is not Listed.ALL:
        is_closed = wanted.listed is Listed.CLOSED
        rows = [row for row, one in zip(rows, closed, strict=True) if one is is_closed]
    parts = max(-(-len(rows) // wanted.size), 1)
    part = min(max(wanted.part, 1), parts)
    rows = rows[(part - 1) * wanted.size : part * wanted.size]
    days: dict[int, list[tuple[int, int]]] = {row["petition_id"]: [] for row in rows}
    days_since = """
        SELECT petition_id, day, signatures FROM days
        WHERE petition_id = ANY($1::BIGINT[]) AND day > $2 AND signatures > 0
        ORDER BY petition_id, day
    """
    for petition_id, day, signatures in transaction.fetch(days_since, list(days), int(now) // 86_400 - 30):
        days[petition_id].append((day, signatures))
    return PetitionList([_summary(row, days[row["petition_id"]], now) for row in rows], found, part, parts)


def _summary(row: Row, days: Sequence[tuple[int, int]], now: EpochSeconds) -> PetitionSummary:
    rules = read_rules(row["rules"])
    return PetitionSummary(
        repository=read_repository(*row[1:6]),
        number=row["number"],
        title=row["title"],
        count=row["total"],
        goal=next_goal(rules.settings.goals, row["total"]),
        ends_at=rules.ends_at(row["closed_at"]),
        ended_at=_ended_at(row, now),
        latest=row["latest"],
        days=days,
    )


def _ended_at(row: Row, now: EpochSeconds) -> WholeEpochSeconds | None:
    return read_rules(row["rules"]).ended_at(row["closed_at"], now)


def _has(row: Row, texts: Sequence[str]) -> bool:
    return any(text in one for one in _spellings(f"{row['title']}\n{row['owner']}/{row['name']}") for text in texts)


_spellings: Final = lru_cache(MOST_LISTED)(spellings)
