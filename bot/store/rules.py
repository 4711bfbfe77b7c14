"""The part of the store that keeps what organizers have set and ordered, and what has become of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from bot.petition.comments.comment import Author
from bot.petition.organizers import settings as reading
from bot.petition.organizers.commands import Given, Ruling
from bot.petition.organizers.settings import DEFAULTS, Mistake, Settings
from bot.store import rule_statements as sql
from bot.store.attempts import Attempts, read_attempts
from bot.store.engine.database import Database, Transaction
from bot.store.recording import structure_statements
from bot.store.recording.rules import read_orders, record_ruling
from bot.store.recording.structure import rouse


@dataclass(frozen=True, slots=True)
class KnownSettings:
    """A repository's settings: the last that were in order, and the mistakes in the file as it is now.

    `digest` identifies the file's text, empty where there is no file. It is not `readable` where GitHub does not
    let us read it. `read_at` is when it was last read, in UTC epoch seconds; 0 or less where that is to be done
    again. A mistake that 0.1.0 found is a text.
    """

    settings: Settings = DEFAULTS
    digest: str = ""
    mistakes: tuple[Mistake | str, ...] = ()
    readable: bool = True
    read_at: int = 0

    @property
    def is_read(self) -> bool:
        """Return whether nothing is known of a change since it was last read."""
        return self.read_at > 0


@dataclass(frozen=True, slots=True)
class Named:
    """Whom an order's login meant when it was looked up; None for nobody."""

    user_id: int | None
    checked_at: int


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What became of an order, noted when that changed: `obeyed`, `refused`, `misunderstood` or `taken back`."""

    number: int
    noted_at: int
    comment_id: int
    given_at: int
    user_id: int
    login: str
    word: str
    argument: str
    answer: str
    note: str
    thread: int | None = None
    """The number of the issue on which it was given, where that is in the petition's repository."""


class Governing:
    """Settings, organizers and orders; `announce` lets everybody know that something changed."""

    def __init__(self, database: Database, now: Callable[[], float], announce: Callable[[], None]) -> None:
        self._database = database
        self._now = now
        self._announce = announce

    async def settings(self, repository_id: int) -> KnownSettings:
        """Return a repository's settings by the last look at its file."""
        return await self._database.read(partial(_read_settings, repository_id=repository_id))

    async def note_settings(
        self, repository_id: int, text: str | None, at: int, before: KnownSettings | None = None
    ) -> KnownSettings:
        """Take over the settings file, None where there is none; one with mistakes leaves the settings as they are.

        Petitions are due again when something changed. `before` is what was known when the reading began: what was
        heard of since is to be read all the same.
        """
        known = await self._database.write(
            partial(
                _record_settings, repository_id=repository_id, text=text, readable=True, at=at, began_with=before
            )
        )
        self._announce()
        return known

    async def note_settings_read(self, repository_id: int, at: int, before: KnownSettings | None = None) -> None:
        """Record that the settings file is what it was at the last look."""
        known = before or await self.settings(repository_id)
        await self._database.write(lambda work: work.execute(sql.SETTINGS_READ, repository_id, at, known.read_at))

    async def note_unreadable(
        self, repository_id: int, at: int, before: KnownSettings | None = None
    ) -> KnownSettings:
        """Note that GitHub does not let us read the settings; those that we know stay in force."""
        return await self._database.write(
            partial(
                _record_settings, repository_id=repository_id, text=None, readable=False, at=at, began_with=before
            )
        )

    async def governed_in(self, repository_id: int) -> list[int]:
        """List the petitions of a repository that orders were given on."""
        rows = await self._database.read(lambda work: work.fetch(sql.GOVERNED_IN, repository_id))
        return [row.id for row in rows]

    async def orders(self, petition_id: int) -> list[Given]:
        """List a petition's standing orders, in the order in which they were given."""
        return await self._database.read(partial(read_orders, petition_id=petition_id))

    async def organizers(self, repository_id: int, user_ids: Collection[int]) -> Mapping[int, tuple[bool, int]]:
        """Return of people, by id, whether they may give orders and when GitHub was asked."""
        rows = await self._database.read(lambda work: work.fetch(sql.ORGANIZERS, repository_id, list(user_ids)))
        return {row.user_id: (bool(row.allowed), row.checked_at) for row in rows}

    async def note_organizer(self, repository_id: int, user_id: int, allowed: bool, at: int) -> None:
        """Record whether somebody may give orders."""
        await self._database.write(
            lambda work: work.execute(sql.PUT_ORGANIZER, repository_id, user_id, allowed, at)
        )

    async def named(self, comment_ids: Collection[int]) -> Mapping[tuple[int, str], Named]:
        """Return whom orders mean, by the id of the order's comment and the login in it."""
        rows = await self._database.read(lambda work: work.fetch(sql.NAMED, list(comment_ids)))
        return {(row.comment_id, row.login): Named(row.user_id, row.checked_at) for row in rows}

    async def note_named(self, comment_id: int, login: str, person: Author | None, at: int) -> None:
        """Record whom an order means."""
        user_id = None if person is None else person.id
        await self._database.write(lambda work: work.execute(sql.PUT_NAMED, comment_id, login, user_id, at))

    async def author_called(self, petition_id: int, login: str) -> Author | None:
        """Find who commented under a login, in lower case; None where nobody did."""
        rows = await self._database.read(lambda work: work.fetch(sql.AUTHOR_CALLED, petition_id, login))
        return Author(rows[0].author_id, rows[0].author_login) if rows else None

    async def rule(self, petition_id: int, ruling: Ruling) -> int:
        """Put rules into force: judge again whom they concern, answer the orders, and note what became of them.

        Give the revision up to which the rules tell of all orders.
        """
        work = partial(record_ruling, petition_id=petition_id, ruling=ruling, now=int(self._now()))
        ruled = await self._database.write(work)
        if ruled.changed:
            self._announce()
        return ruled.revision

    async def audit(self, petition_id: int) -> list[AuditEntry]:
        """Return what became of the orders given on a petition, the oldest first."""
        rows = await self._database.read(lambda work: work.fetch(sql.AUDIT, petition_id))
        return [AuditEntry(*row) for row in rows]

    async def attempts(self, petition_id: int) -> list[Attempts]:
        """Return who gave orders on a petition and may not, the last one first."""
        return await self._database.read(partial(read_attempts, petition_id=petition_id))

    async def days(self, petition_id: int) -> list[tuple[int, int]]:
        """Return how many of the standing signatures were given on each day (UTC, since the epoch), ascending."""
        rows = await self._database.read(lambda work: work.fetch(sql.DAYS, petition_id))
        return [(row[0], row[1]) for row in rows]


def _read_settings(transaction: Transaction, repository_id: int) -> KnownSettings:
    rows = transaction.fetch(sql.SETTINGS, repository_id)
    if not rows:
        return KnownSettings()
    row = rows[0]
    settings = reading.read(row.text)
    # What was in order once may be a mistake to a later version of ours.
    in_order = settings if isinstance(settings, Settings) else DEFAULTS
    mistakes = tuple(msgspec.json.decode(row.mistakes, type=list[Mistake | str]))
    return KnownSettings(in_order, row.digest, mistakes, bool(row.readable), row.read_at)


def _record_settings(
    transaction: Transaction, repository_id: int, text: str | None, readable: bool, at: int,
    began_with: KnownSettings | None,
) -> KnownSettings:  # fmt: skip
    rows = transaction.fetch(sql.SETTINGS, repository_id)
    before = _read_settings(transaction, repository_id)
    read_at = (began_with or before).read_at
    kept, mistakes = (rows[0].text if rows else ""), before.mistakes
    if readable:
        found = reading.read(text or "")
        kept, mistakes = ((text or ""), ()) if isinstance(found, Settings) else (kept, found)
    digest = "" if text is None else reading.digest(text)
    transaction.execute(
        sql.PUT_SETTINGS, repository_id, kept, digest if readable else before.digest,
        msgspec.json.encode(mistakes).decode(), readable, at, read_at,
    )  # fmt: skip
    after = _read_settings(transaction, repository_id)
    if (after.settings, after.mistakes) != (before.settings, before.mistakes):
        rouse(transaction, transaction.fetch(structure_statements.LOCK_PETITIONS_OF_REPOSITORY, repository_id), at)
    return after
