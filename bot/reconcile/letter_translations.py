"""Read the letter's translations that the settings name, once after each time that the settings were read."""

from __future__ import annotations

import structlog
from msgspec.structs import replace

from bot.github.errors import Forbidden, GitHubError, Paused, Unavailable
from bot.github.installation import InstallationClient
from bot.github.translation_files import TranslationFiles
from bot.petition.letter_versions_and_translations import (
    Translation,
    TranslationFault,
    TranslationRead,
    digest_of,
    list_named,
)
from bot.petition.reported_facts import Repository
from bot.reconcile.error_meaning import ends_all
from bot.store import KnownSettings, Store, TranslatedPetition

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
    """Read a petition's translations; None where that was done since the settings were read.

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
    reading = _Reading(TranslationFiles(client, repository.full_name), known.files)
    found = [await reading.read(one) for one in named]
    for one in found:
        if one.fault is not None and one not in known.files:
            log.warning(
                "a translation is not read",
                repository=repository.full_name,
                language=one.language,
                file=one.path,
                reason=one.fault.value,
            )
    await store.translations.record(petition.petition_id, found, reading.texts, settings.read_at, known)
    return tuple(found)


class _Reading:
    """The reading of a petition's files, of which some are known."""

    def __init__(self, files: TranslationFiles, known: tuple[Translation, ...]) -> None:
        self.texts: dict[str, str] = {}
        """The texts that were read, by their digests."""
        self._files = files
        # A line that is there twice has the same language and path as the first, and no text.
        self._known = {(one.language, one.path): one for one in known if one.digest}
        self._is_refused = False

    async def read(self, named: Translation) -> Translation:
        """Return a translation as its file is; or, where that cannot be read, as it was."""
        if named.fault is not None:
            return named
        before = self._known.get((named.language, named.path), named)
        found = await self._read_file(named.path)
        if isinstance(found, TranslationRead):
            digest = digest_of(found.text)
            self.texts[digest] = found.text
            return replace(named, digest=digest, committed_at=found.committed_at)
        if found is TranslationFault.MISSING:
            return replace(named, fault=found)
        return replace(before, fault=found)

    async def _read_file(self, path: str) -> TranslationRead | TranslationFault:
        if self._is_refused:
            # The next file would hardly fare better.
            return TranslationFault.UNREADABLE
        try:
            return await self._files.read(path)
        except GitHubError as error:
            if ends_all(error) or isinstance(error, Paused):
                raise
            self._is_refused = isinstance(error, Forbidden | Unavailable)
            return TranslationFault.UNREADABLE
