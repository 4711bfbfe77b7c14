"""What the pages ask: which petitions there are, and who has signed one, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any, Final

from bot.petition.counting.tally import Signature
from bot.petition.facts import Repository
from bot.petition.letter.versions import Letter
from bot.petition.organizers.goals import next_goal
from bot.petition.organizers.settings import Detail, Settings
from bot.store import roster_statements as sql
from bot.store.engine.database import Database, Row, Transaction
from bot.store.engine.dialect import Statement
from bot.store.letters import read_letters_with_texts
from bot.store.not_counted import NotCounted, read_unheard
from bot.store.petitions import Snapshot, read_snapshot
from bot.store.recording.rows import read_rules

PAGE_SIZE: Final = 50
"""Signatures on a page."""

BATCH: Final = 1_000
"""Signatures read at once for a whole roster."""


class SortOrder(StrEnum):
    """How a roster is sorted."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"

    @property
    def is_by_name(self) -> bool:
        """Return whether names are compared, and not times."""
        return self is SortOrder.NAME


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: behind the signature with this key, or before it when going `back`."""

    key: int | str
    comment_id: int
    back: bool = False


@dataclass(frozen=True, slots=True)
class RosterQuery:
    """Which part of a roster is asked for."""

    order: SortOrder = SortOrder.NEWEST
    text: str = ""
    """What login, name or affiliation has in it."""
    cursor: Cursor | None = None
    size: int = PAGE_SIZE
    letters: int | None = 1
    """Of how many of the letter's newest versions the texts are wanted; None for all."""
    by_operator: bool = False
    """Whether also a roster is wanted that the organizers do not show; details that they do not show stay out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A signature, and the issue on which its comment stands."""

    signature: Signature
    repository: Repository
    number: int


@dataclass(frozen=True, slots=True)
class RosterPage:
    """A part of a roster; the cursors lead to its neighbours, None where there is nothing more."""

    entries: Sequence[Entry]
    before: Cursor | None
    after: Cursor | None


@dataclass(frozen=True, slots=True)
class PetitionRef:
    """A petition that somebody asked for by the name of one of its issues."""

    petition_id: int
    repository: Repository
    number: int
    page_key: str
    revision: int
    count: int
    installation_id: int


@dataclass(frozen=True, slots=True)
class PetitionSummary:
    """A public petition of this server.

    `closed_at` is when signing ends or ended, `latest` when somebody last signed; `days` goes back a month.
    """

    repository: Repository
    number: int
    title: str
    count: int
    goal: int | None
    closed_at: int | None
    latest: int | None
    days: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class PetitionDetails:
    """A petition at one moment with one page of its roster; `days` are (days since 1970, signatures)."""

    snapshot: Snapshot
    letters: Sequence[Letter]
    """The letter's versions, the oldest first, with those texts that were wanted."""
    days: Sequence[tuple[int, int]]
    page: RosterPage
    exact: Sequence[Entry] = ()
    """The signature of whoever has exactly the login that was searched for."""
    unheard: NotCounted | None = None
    """Why there is none, where that is known."""

    @property
    def is_public(self) -> bool:
        """Return whether everybody may see who has signed, and not only how many."""
        return _is_public(self.snapshot.rules.settings)


@dataclass(frozen=True, slots=True)
class PetitionExport:
    """A petition with its whole roster, the oldest signature first, and how many have withdrawn, at one moment."""

    details: PetitionDetails
    entries: Sequence[Entry]
    withdrawn: int


@dataclass(frozen=True, slots=True)
class SignerSample:
    """Who has signed, the newest first, without any details; `born` is known of few accounts, by user id."""

    signatures: Sequence[Signature]
    born: Mapping[int, int]
    withdrawn: int


class Rosters:
    """The part of the store that the pages read from; nothing here writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, owner: str, name: str, number: int) -> PetitionRef | None:
        """Find a petition by one of its issues, in any letter case; None where the App may not see it any more."""
        rows = await self._database.read(lambda work: work.fetch(sql.FIND_PETITION, owner, name, number))
        return _found(rows[0]) if rows else None

    async def public_petitions(self, today: int, limit: int = 100) -> list[PetitionSummary]:
        """List the public petitions, the one that was signed last on top; `today` is in days since 1970."""
        return await self._database.read(partial(_read_public, today=today, limit=limit))

    async def details(self, petition_id: int, wanted: RosterQuery) -> PetitionDetails | None:
        """Read a petition with a page of its roster, at one moment; None where it has gone."""
        return await self._database.read(partial(_read_details, petition_id=petition_id, wanted=wanted))

    async def days(self, petition_id: int) -> list[tuple[int, int]]:
        """Return how many signed on which day, in days since 1970, ascending."""
        return await self._database.read(partial(_read_days, petition_id=petition_id))

    async def news(self, known: Mapping[int, int], size: int = 10) -> list[PetitionDetails]:
        """Read those petitions, with their newest signatures, whose revision is not the known one any more."""
        return await self._database.read(partial(_read_news, known=dict(known), size=size))

    async def whole(self, petition_id: int) -> PetitionExport | None:
        """Read everything at one moment; None where the petition has gone."""
        return await self._database.read(partial(_read_whole, petition_id=petition_id))

    async def crowd(self, petition_id: int, most: int) -> SignerSample:
        """Read who has signed, also where the organizers do not show it; so many of the newest at most."""
        return await self._database.read(partial(_read_crowd, petition_id=petition_id, most=most))

    async def all_entries(self, petition_id: int) -> AsyncIterator[Sequence[Entry]]:
        """Read a whole public roster in batches, the oldest signature first, each person once.

        Who signs anew meanwhile is given as they were when their batch was read.
        """
        first = await self.details(petition_id, RosterQuery(size=1))
        if first is None or not first.is_public:
            return
        show = first.snapshot.rules.settings.show
        seen: set[int] = set()
        wanted: RosterQuery | None = RosterQuery(SortOrder.OLDEST, size=BATCH)
        while wanted is not None:
            read = partial(_read_page, petition_id=petition_id, wanted=wanted, show=show)
            page = await self._database.read(read)
            fresh = [entry for entry in page.entries if entry.signature.user_id not in seen]
            seen.update(entry.signature.user_id for entry in fresh)
            yield fresh
            wanted = replace(wanted, cursor=page.after) if page.after else None


def _read_crowd(transaction: Transaction, petition_id: int, most: int) -> SignerSample:
    rows = transaction.tuples(sql.CROWD, petition_id, most)
    return SignerSample(
        signatures=[Signature(user_id, login, comment_id, at) for user_id, login, comment_id, at, _ in rows],
        born={user_id: born for user_id, *_, born in rows if born is not None},
        withdrawn=transaction.tuples(sql.WITHDRAWN, petition_id)[0][0],
    )


def _read_whole(transaction: Transaction, petition_id: int) -> PetitionExport | None:
    details = _read_details(transaction, petition_id, RosterQuery(size=1, letters=None, by_operator=True))
    if details is None:
        return None
    show = details.snapshot.rules.settings.show
    entries: list[Entry] = []
    wanted: RosterQuery | None = RosterQuery(SortOrder.OLDEST, size=BATCH)
    while wanted is not None:
        page = _read_page(transaction, petition_id, wanted, show)
        entries += page.entries
        wanted = replace(wanted, cursor=page.after) if page.after else None
    return PetitionExport(details, entries, transaction.tuples(sql.WITHDRAWN, petition_id)[0][0])


def _read_public(transaction: Transaction, today: int, limit: int) -> list[PetitionSummary]:
    rows = transaction.fetch(sql.PUBLIC_PETITIONS, limit)
    days: dict[int, list[tuple[int, int]]] = {row.id: [] for row in rows}
    for petition_id, day, signatures in transaction.tuples(sql.DAYS_SINCE, list(days), today - 30):
        days[petition_id].append((day, signatures))
    return [
        PetitionSummary(
            repository=_repository(row),
            number=row.number,
            title=row.title,
            count=row.total,
            goal=next_goal(rules.settings.goals, row.total),
            closed_at=rules.ends_at(row.closed_at),
            latest=row.latest,
            days=days[row.id],
        )
        for row in rows
        for rules in [read_rules(row.rules)]
    ]


def _read_details(transaction: Transaction, petition_id: int, wanted: RosterQuery) -> PetitionDetails | None:
    snapshot = read_snapshot(transaction, petition_id, 0)
    if snapshot is None:
        return None
    settings = snapshot.rules.settings
    page, exact, unheard = RosterPage((), None, None), list[Entry](), None
    if wanted.by_operator or _is_public(settings):
        page = _read_page(transaction, petition_id, wanted, settings.show)
        if wanted.text:
            login = wanted.text.removeprefix("@")
            rows = transaction.tuples(sql.signature_of_login(settings.show), petition_id, login)
            exact = [_entry(row) for row in rows]
            # What organizers do not show is not told by its absence either.
            is_asked = not exact and _is_public(settings) and snapshot.labelled
            unheard = read_unheard(transaction, snapshot, login) if is_asked else None
    letters = read_letters_with_texts(transaction, petition_id, wanted.letters)
    return PetitionDetails(snapshot, letters, _read_days(transaction, petition_id), page, exact, unheard)


def _read_news(transaction: Transaction, known: Mapping[int, int], size: int) -> list[PetitionDetails]:
    revisions = transaction.tuples(sql.REVISIONS, list(known))
    changed = [petition_id for petition_id, revision in revisions if revision != known[petition_id]]
    found = (_read_details(transaction, petition_id, RosterQuery(size=size)) for petition_id in changed)
    return [details for details in found if details is not None]


def _read_days(transaction: Transaction, petition_id: int) -> list[tuple[int, int]]:
    return [(day, signatures) for day, signatures in transaction.tuples(sql.DAYS, petition_id)]


def _is_public(settings: Settings) -> bool:
    return settings.public_roster and bool(settings.show)


def _read_page(
    transaction: Transaction, petition_id: int, wanted: RosterQuery, show: frozenset[Detail]
) -> RosterPage:
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
    statement = sql.roster_statement(
        by_name=wanted.order.is_by_name,
        descending=descending,
        patterns=len(spellings),
        following=wanted.cursor is not None,
        show=show,
    )
    values: list[object] = [petition_id, wanted.size + 1]
    if wanted.cursor is not None:
        values += [wanted.cursor.key, wanted.cursor.comment_id]
    values += map(_pattern, spellings)
    return statement, *values


def _spellings(text: str) -> tuple[str, ...]:
    """Return a text in the letter cases that names are written in: engines fold no more than ASCII reliably."""
    return (text,) if text.isascii() else (text, text.lower(), text.upper(), text.title())


def _pattern(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"


def _entry(row: Sequence[Any]) -> Entry:
    *signature, repository_id, owner, name, private, archived, number, _ = row
    repository = Repository(repository_id, owner, name, bool(private), bool(archived))
    return Entry(Signature(*signature), repository, number)


def _cursor(row: Sequence[Any], order: SortOrder, *, back: bool) -> Cursor:
    comment_id, signed_at, sort_name = row[2], row[3], row[-1]
    key = sort_name if order.is_by_name else signed_at
    return Cursor(key, comment_id, back)


def _found(row: Row) -> PetitionRef:
    return PetitionRef(
        row.id, _repository(row), row.number, row.page_key, row.revision, row.total, row.installation_id
    )


def _repository(row: Row) -> Repository:
    return Repository(row.repository_id, row.owner, row.name, bool(row.private), bool(row.archived))
