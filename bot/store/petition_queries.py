"""What the pages ask: which petitions there are, and who has signed one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.facts_from_github import Repository
from bot.petition.letter_versions_and_translations import Letter, Translation
from bot.petition.rules_in_force import read_rules
from bot.petition.settings import Detail
from bot.petition.tally import Pair
from bot.store.comment_rows import read_repository
from bot.store.engine.database import Records, Transaction, read_transaction
from bot.store.letters import read_letters_with_texts, read_translated_text
from bot.store.petition_lists import ListQuery, PetitionList, read_list
from bot.store.petition_snapshots import Snapshot, read_days, read_snapshot
from bot.store.roster_pages import (
    Entry,
    RosterPage,
    RosterQuery,
    SortOrder,
    has_sort_keys,
    read_first,
    read_page,
    read_signatures_of,
)
from bot.store.uncounted_people import (
    NotCounted,
    UncountedComments,
    count_withdrawn,
    read_not_counted,
    read_uncounted,
)
from bot.time_types import EpochSeconds, WholeEpochSeconds

BATCH: Final = 1_000
"""Signatures read at once for a whole roster."""

DAYS_BY_HOUR: Final = 3
"""As many days may lie between the first and the last signature for them to be counted by the hour too."""


class PetitionRef(Struct, frozen=True):
    """A petition that somebody asked for by the name of one of its issues."""

    petition_id: int
    repository: Repository
    number: int
    page_key: str
    revision: int
    count: int
    installation_id: int
    letters: int = 0
    """A number that is another one when more is known of the letter's versions: they have no revision."""
    known_to: WholeEpochSeconds = 0
    """The time up to which all comments are known, which has no revision either; 0 where that is not known."""


class ListedPetition(Struct, frozen=True):
    """A petition that has a page, and the issue by which it goes."""

    petition_id: int
    repository: Repository
    number: int


class PetitionDetails(Struct, frozen=True):
    """A petition at one moment with one page of its roster; `days` are (days since 1970, signatures).

    `hours` are (hours since 1970, signatures), where all of them lie within a few days.
    """

    snapshot: Snapshot
    letters: Sequence[Letter]
    """The letter's versions, the oldest first, with the texts that were asked for."""
    days: Sequence[tuple[int, int]]
    page: RosterPage
    hours: Sequence[tuple[int, int]] = ()
    exact: Sequence[Entry] = ()
    """The signature of whoever has exactly the login that was searched for."""
    not_counted: NotCounted | None = None
    """Why there is none, where that is known."""
    first: Sequence[Entry] = ()
    """On the first page of the whole roster, those whom the settings name first, in their order."""

    @property
    def is_public(self) -> bool:
        """Return whether everybody may see who has signed, and not only how many."""
        return self.snapshot.rules.settings.shows_roster


class PetitionExport(Struct, frozen=True):
    """A petition with its whole roster, the oldest signature first, and how many have withdrawn, at one moment."""

    details: PetitionDetails
    entries: Sequence[Entry]
    unlisted: Sequence[Pair]
    """Of those who asked not to be listed, what the digest is made from."""
    withdrawn: int
    translations: Sequence[tuple[Translation, str]] = ()  # with their texts


class TranslatedLetter(Struct, frozen=True):
    """A letter in another language, and its petition at that moment."""

    snapshot: Snapshot
    translation: Translation
    text: str


_SEEN: Final = """
    JOIN repositories r ON r.id = p.repository_id AND r.accessible AND NOT r.deleted
    JOIN installations i ON i.id = r.installation_id AND NOT i.suspended AND NOT i.deleted
    JOIN threads first ON first.issue_id =
        (SELECT f.issue_id FROM threads f WHERE f.petition_id = p.id AND NOT f.gone ORDER BY f.position LIMIT 1)
"""
"""The petitions that have a page, each with its first issue, in SQL."""


_FIRST_PART: Final = ListQuery()


class Rosters(Records):
    """What the pages read; nothing here writes."""

    @property
    def commits(self) -> int:
        """Return how many transactions of this process have written; as long as it stays, nothing has."""
        return self._database.commits

    async def list_all(self, repository: str = "") -> list[ListedPetition]:
        """List the petitions that have a page, the private ones too; of a repository in any letter case, or all."""
        sql = f"""
            SELECT p.id, first.number, r.id, r.owner, r.name, r.private, r.archived
            FROM petitions p
            {_SEEN}
            WHERE NOT p.gone AND ($1::TEXT = '' OR lower(r.owner || '/' || r.name) = lower($1))
            ORDER BY r.as_of, p.id
        """
        return [
            ListedPetition(petition_id, read_repository(*columns), number)
            for petition_id, number, *columns in await self._fetch(sql, repository)
        ]

    async def knows(self, repository: str) -> bool:
        """Return whether a repository, `owner/name` in any letter case, is in the database."""
        sql = "SELECT 1 FROM repositories WHERE lower(owner || '/' || name) = lower($1) AND NOT deleted"
        return bool(await self._fetch(sql, repository))

    # A petition goes by the name of its first issue; the others, and those that were moved, lead there. A name that
    # a repository had before leads to it as on GitHub: as long as no other one has that name now.
    _FIND: Final = f"""
        SELECT p.id, r.id, r.owner, r.name, r.private, r.archived, first.number, p.page_key, p.revision, p.count,
               r.installation_id,
               (SELECT count(*) + coalesce(sum(l.count), 0)::BIGINT FROM letters l WHERE l.petition_id = p.id)
               + (SELECT count(*) FROM letter_texts x WHERE x.petition_id = p.id) AS letters,
               (SELECT min(k.known_to) FROM threads k WHERE k.petition_id = p.id AND NOT k.gone) AS known_to
        FROM (
            SELECT id, as_of, FALSE AS is_former FROM repositories
            WHERE lower(owner) = lower($1) AND lower(name) = lower($2)
            UNION ALL
            SELECT repository_id, as_of, TRUE FROM former_names
            WHERE owner = lower($1) AND name = lower($2) AND NOT EXISTS (
                SELECT 1 FROM repositories
                WHERE lower(owner) = lower($1) AND lower(name) = lower($2) AND NOT deleted
            )
        ) asked
        JOIN threads t ON t.repository_id = asked.id AND t.number = $3
        JOIN threads here ON here.issue_id = CASE WHEN t.gone THEN t.moved_to ELSE t.issue_id END AND NOT here.gone
        JOIN petitions p ON p.id = here.petition_id AND NOT p.gone
        {_SEEN}
        ORDER BY asked.is_former, asked.as_of DESC, asked.id DESC LIMIT 1
    """

    async def find(self, owner: str, name: str, number: int) -> PetitionRef | None:
        """Find a petition by one of its issues, in any letter case; None where the App may not see it any more."""
        rows = await self._fetch(self._FIND, owner, name, number)
        return PetitionRef(rows[0][0], read_repository(*rows[0][1:6]), *rows[0][6:]) if rows else None

    @read_transaction
    def list_public(
        self, transaction: Transaction, now: EpochSeconds, wanted: ListQuery = _FIRST_PART
    ) -> PetitionList:
        """Read a part of the public petitions, the one that was signed last on top."""
        return read_list(transaction, wanted, now)

    @read_transaction
    def get_details(
        self, transaction: Transaction, petition_id: int, wanted: RosterQuery
    ) -> PetitionDetails | None:
        """Read a petition with a page of its roster, at one moment; None where it has gone."""
        return _read_details(transaction, petition_id, wanted)

    @read_transaction
    def is_indexed_by_name(self, transaction: Transaction, petition_id: int) -> bool:
        """Return whether an index has the signatures in the order of the names that are shown."""
        rules = transaction.fetch("SELECT rules FROM petitions WHERE id = $1", petition_id)
        shows_names = bool(rules) and Detail.NAME in read_rules(rules[0][0]).settings.show
        return shows_names and has_sort_keys(transaction, petition_id)

    @read_transaction
    def list_changed(
        self, transaction: Transaction, known: Mapping[int, int], size: int = 10
    ) -> list[PetitionDetails]:
        """Read those petitions, with their newest signatures, whose revision is not the known one any more."""
        sql = "SELECT id, revision FROM petitions WHERE id = ANY($1::BIGINT[])"
        revisions = transaction.fetch(sql, list(known))
        changed = [petition_id for petition_id, revision in revisions if revision != known[petition_id]]
        found = (_read_details(transaction, petition_id, RosterQuery(size=size)) for petition_id in changed)
        return [details for details in found if details is not None]

    @read_transaction
    def get_export(self, transaction: Transaction, petition_id: int) -> PetitionExport | None:
        """Read everything at one moment; None where the petition has gone."""
        details = _read_details(transaction, petition_id, RosterQuery(size=1, letters=None, by_operator=True))
        if details is None:
            return None
        show = details.snapshot.rules.settings.show
        entries: list[Entry] = []
        wanted: RosterQuery | None = RosterQuery(SortOrder.OLDEST, size=BATCH)
        while wanted is not None:
            page = read_page(transaction, petition_id, wanted, show)
            entries += page.entries
            wanted = replace(wanted, cursor=page.after) if page.after else None
        sql = "SELECT user_id, comment_id FROM signatures WHERE petition_id = $1 AND unlisted ORDER BY comment_id"
        unlisted = [(row["user_id"], row["comment_id"]) for row in transaction.fetch(sql, petition_id)]
        offered, withdrawn = details.snapshot.translations.offered, count_withdrawn(transaction, petition_id)
        translations = [(one, read_translated_text(transaction, petition_id, one.language)) for one in offered]
        return PetitionExport(details, entries, unlisted, withdrawn, translations)

    @read_transaction
    def get_translation(self, transaction: Transaction, petition_id: int, language: str) -> TranslatedLetter | None:
        """Read the letter in a language; None where it is not there."""
        snapshot = read_snapshot(transaction, petition_id, 0)
        offered = () if snapshot is None else snapshot.translations.offered
        found = next((one for one in offered if one.language == language), None)
        if snapshot is None or found is None:
            return None
        return TranslatedLetter(snapshot, found, read_translated_text(transaction, petition_id, language))

    @read_transaction
    def get_uncounted(self, transaction: Transaction, petition_id: int) -> UncountedComments | None:
        """Read the comments of people who may have tried to sign and have not; None where the petition has gone."""
        snapshot = read_snapshot(transaction, petition_id, 0)
        return None if snapshot is None else read_uncounted(transaction, snapshot)

    async def iterate_entries(self, petition_id: int) -> AsyncIterator[Sequence[Entry]]:
        """Read a whole public roster in batches, the oldest signature first, each person once.

        Who signs anew meanwhile is given as they were when their batch was read.
        """
        first = await self.get_details(petition_id, RosterQuery(size=1))
        if first is None or not first.is_public:
            return
        show = first.snapshot.rules.settings.show
        seen: set[int] = set()
        wanted: RosterQuery | None = RosterQuery(SortOrder.OLDEST, size=BATCH)
        while wanted is not None:
            page = await self._database.read(partial(read_page, petition_id=petition_id, wanted=wanted, show=show))
            fresh = [entry for entry in page.entries if entry.signature.user_id not in seen]
            seen.update(entry.signature.user_id for entry in fresh)
            yield fresh
            wanted = replace(wanted, cursor=page.after) if page.after else None


def _read_details(transaction: Transaction, petition_id: int, wanted: RosterQuery) -> PetitionDetails | None:
    snapshot = read_snapshot(transaction, petition_id, 0)
    if snapshot is None:
        return None
    settings = snapshot.rules.settings
    page, exact, not_counted, first = RosterPage((), None, None), list[Entry](), None, list[Entry]()
    if wanted.by_operator or settings.shows_roster:
        page = read_page(transaction, petition_id, wanted, settings.show)
        if not wanted.text and page.before is None:
            first = read_first(transaction, petition_id, settings.first, settings.show)
        if wanted.text:
            login = wanted.text.removeprefix("@")
            exact = read_signatures_of(transaction, petition_id, [login.lower()], settings.show)
            # What organizers do not show is not given away by its absence either.
            is_asked = not exact and settings.shows_roster and snapshot.labelled
            not_counted = read_not_counted(transaction, snapshot, login) if is_asked else None
    letters = read_letters_with_texts(transaction, petition_id, wanted.letters)
    days = read_days(transaction, petition_id)
    is_young = bool(days) and days[-1][0] - days[0][0] <= DAYS_BY_HOUR
    # An index has what it reads. In a table as that of days, each signature would be written once more.
    sql = "SELECT signed_at / 3600 AS hour, count(*) FROM signatures WHERE petition_id = $1 GROUP BY 1 ORDER BY 1"
    hours = [(hour, count) for hour, count in transaction.fetch(sql, petition_id)] if is_young else ()
    return PetitionDetails(snapshot, letters, days, page, hours, exact, not_counted, first)
