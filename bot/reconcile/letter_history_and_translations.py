"""Read from GitHub what a petition's letter said before the App saw it, and its translations.

Deliveries and reads show how a letter changes while the App is installed. What was before, because the petition is
older than the installation or because the database was lost, is asked for once, from the issue's edit history.
Nearly all revisions of a busy petition's body are our own, which change no letter: their texts are not read.

Translations are files that the settings name. They are read once after each time that the settings were read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import structlog
from msgspec import Struct, field
from msgspec.structs import replace

from bot.github.errors import Forbidden, GitHubError, Paused, Unavailable
from bot.github.installation_client import InstallationClient
from bot.github.models.graphql import MAX_TEXTS, Revision
from bot.github.repository_file_reader import RepositoryFiles
from bot.petition.facts_from_github import Repository
from bot.petition.letter_versions_and_translations import (
    Translation,
    TranslationFault,
    TranslationRead,
    digest_of,
    list_named,
)
from bot.reconcile.errors_and_retries import ends_all, retry_later
from bot.store import KnownSettings, Store, ThreadToRead, TranslatedPetition
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("letters")

MOST_PAGES: Final = 200
"""Of a hundred revisions each; what a body said before those is left unknown."""

MOST_READ: Final = 1_000
"""Revisions whose texts are read at most, those of people before those of other Apps, and of those the last."""


class DatedRevision(Struct, frozen=True):
    """A revision whose text is worth reading, and the times (UTC epoch seconds) at which it is known to stand."""

    id: str
    stands_at: tuple[int, ...]


def select_revisions(revisions: Iterable[Revision]) -> list[DatedRevision]:
    """Return the revisions to be read, oldest first; they come newest first.

    Of those of one second the last one counts. It is recorded a second later as well, where nothing comes in
    between that a delivery reports of the others.
    """
    kept = sorted(revisions, key=lambda one: not one.by_person)[:MOST_READ]
    by_second: dict[int, list[str]] = {}
    for one in sorted(kept, key=lambda one: one.at):
        by_second.setdefault(one.at, []).append(one.id)
    return [
        DatedRevision(ids[0], (at,) if len(ids) == 1 or at + 1 in by_second else (at, at + 1))
        for at, ids in by_second.items()
    ]


class LetterHistory(Struct):
    """Read what one petition's letter said before. It lives in memory: one that is cut off begins again.

    What fails is tried again after `retry_after`.
    """

    thread: ThreadToRead
    store: Store
    client: InstallationClient
    now: Callable[[], EpochSeconds]
    retry_after: Seconds
    _more: str | None = None
    _pages: int = 0
    _by_others: dict[str, Revision] = field(default_factory=dict)
    """Revisions that are not ours, newest first."""
    _to_read: list[DatedRevision] | None = None

    async def step(self) -> bool:
        """Do the next bit, with one call; False when all is done. Raises what concerns the whole installation."""
        try:
            goes_on = await (self._list() if self._to_read is None else self._read(self._to_read))
        except GitHubError as error:
            if ends_all(error):
                raise
            until = retry_later(error, self.retry_after, self.now())
            log.info("postponed reading the letter's history", petition=self._name, error=str(error))
            await self.store.letters.postpone_history(self.thread.petition_id, int(until))
            return False
        if self._to_read == []:
            await self.store.letters.postpone_history(self.thread.petition_id)
            is_complete = self._more is None and len(self._by_others) <= MOST_READ
            log.info(
                "the letter's history was read",
                petition=self._name,
                revisions=len(self._by_others),
                complete=is_complete,
            )
            return False
        return goes_on

    async def _list(self) -> bool:
        thread = self.thread
        us = await self.client.get_login()
        page = await self.client.list_revisions(
            thread.repository.full_name, thread.number, thread.issue_id, after=self._more
        )
        if page is None:
            # It has moved, and what we know of it will.
            await self.store.letters.postpone_history(thread.petition_id, int(self.now() + self.retry_after))
            return False
        if page.unedited is not None:
            await self.store.letters.record_history(thread.petition_id, [page.unedited])
        # What is saved while we read moves the others down, and some are seen twice.
        self._by_others |= {one.id: one for one in page.revisions if not one.is_by(us)}
        self._more, self._pages = page.more, self._pages + 1
        if self._more is None or self._pages == MOST_PAGES:
            self._to_read = select_revisions(self._by_others.values())
        return True

    async def _read(self, to_read: list[DatedRevision]) -> bool:
        batch = to_read[:MAX_TEXTS]
        texts = await self.client.get_revision_texts([one.id for one in batch])
        bodies = [(at, texts[one.id]) for one in batch if one.id in texts for at in one.stands_at]
        await self.store.letters.record_history(self.thread.petition_id, bodies)
        self._to_read = to_read[MAX_TEXTS:]
        return True

    @property
    def _name(self) -> str:
        return f"{self.thread.repository.full_name}#{self.thread.number}"


log = structlog.get_logger("translations")


async def read_translations(
    petition: TranslatedPetition,
    repository: Repository,
    settings: KnownSettings,
    *,
    store: Store,
    client: InstallationClient,
    is_news: bool = False,
) -> tuple[Translation, ...] | None:
    """Read the translations that the settings name; None where that was done since the settings were read.

    `is_news`: they were read just now, maybe for the second time in a second.
    What cannot be read now keeps its last text, and nothing else waiting: it is read with the settings again.
    Raises what concerns the whole installation, or all calls.
    """
    known = petition.known
    named = list_named(settings.settings.translations, petition.number)
    if not named and not known.files:
        return None
    is_same = [(one.language, one.path) for one in named] == [(one.language, one.path) for one in known.files]
    if is_same and known.settings_read_at == settings.read_at and not is_news:
        return None
    if named and client.low_priority_spacing():
        # Calls are short, and tallies go before.
        return None
    found, texts = await _read_files(named, known.files, RepositoryFiles(client, repository.full_name))
    for one in found:
        if one.fault is not None and one not in known.files:
            log.warning(
                "a translation is not read",
                repository=repository.full_name,
                language=one.language,
                file=one.path,
                reason=one.fault.value,
            )
    await store.translations.record(petition.petition_id, found, texts, settings.read_at, known)
    return tuple(found)


async def _read_files(
    named: Iterable[Translation], known: Iterable[Translation], files: RepositoryFiles
) -> tuple[list[Translation], dict[str, str]]:
    """Return translations as their files are, or as they were where those cannot be read; and texts by digest."""
    # A line that is there twice has the same language and path as the first, and no text.
    before = {(one.language, one.path): one for one in known if one.digest}
    found, texts, is_refused = list[Translation](), dict[str, str](), False
    for one in named:
        if one.fault is not None:
            found.append(one)
            continue
        read: TranslationRead | TranslationFault = TranslationFault.UNREADABLE
        try:
            if not is_refused:
                read = await files.read_translation(one.path)
        except GitHubError as error:
            if ends_all(error) or isinstance(error, Paused):
                raise
            # The next file would hardly fare better.
            is_refused = isinstance(error, Forbidden | Unavailable)
        if isinstance(read, TranslationRead):
            digest = digest_of(read.text)
            texts[digest] = read.text
            found.append(replace(one, digest=digest, committed_at=read.committed_at))
        else:
            last = one if read is TranslationFault.MISSING else before.get((one.language, one.path), one)
            found.append(replace(last, fault=read))
    return found, texts
