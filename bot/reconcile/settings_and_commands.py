"""Decide a petition's rules from settings and organizers' commands, and ask GitHub who is an organizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog
from msgspec.structs import replace

from bot.github.errors import Forbidden, GitHubError, Unavailable
from bot.github.installation_client import InstallationClient
from bot.github.repository_file_reader import RepositoryFiles
from bot.petition.comments.comment import Author
from bot.petition.facts_from_github import Repository
from bot.petition.letter_versions_and_translations import Translation, translation_remarks
from bot.petition.organizer_commands import CommandResults, GivenCommand, apply_commands, logins_in
from bot.petition.settings import PATH
from bot.petition.settings_file import FOLDERS, is_misplaced
from bot.petition.untrusted_text import text_digest
from bot.reconcile.errors_and_retries import ends_all
from bot.reconcile.letter_history_and_translations import read_translations
from bot.reconcile.publish_plan import PublishContext
from bot.store import KnownSettings, Publication, Store, TranslatedPetition
from bot.time_types import EpochSeconds

log = structlog.get_logger("rules")


async def decide_rules(known: Publication, context: PublishContext) -> tuple[CommandResults, bool]:
    """Return the rules that settings and commands make now, and what becomes of each command.

    The second value: whether translations were read, which may be others now. What is not known, or was asked long
    ago, is asked of GitHub; raises `bot.github.errors`.
    """
    read = partial(
        read_settings, known.petition.repository, store=context.store, client=context.client, now=context.now
    )
    settings = known.settings if known.settings.is_read else await read()
    organizers = await _find_organizers(known, context)
    # Whom anybody else names is never asked: they could use up our calls.
    commands = [one for one in known.commands if organizers.get(one.author.id)]
    named = await _find_named(known, commands, context)
    decide = partial(apply_commands, commands=known.commands, organizers=organizers, named=named)
    if decide(settings.settings).recount_at >= settings.read_at:
        settings = await read()
    found, language = await _read_translations(known, settings, context), settings.settings.language
    translations = known.petition.translations.files if found is None else found
    remarks = [*settings.remarks(language), *translation_remarks(translations, language)]
    return decide(settings.settings, remarks=remarks), found is not None


async def _read_translations(
    known: Publication, settings: KnownSettings, context: PublishContext
) -> tuple[Translation, ...] | None:
    petition = known.petition
    if not petition.threads:
        return None
    translated = TranslatedPetition(petition.petition_id, petition.threads[0].number, petition.translations)
    return await read_translations(
        translated,
        petition.repository,
        settings,
        store=context.store,
        client=context.client,
        is_news=settings is not known.settings,
    )


async def read_settings(
    repository: Repository, *, store: Store, client: InstallationClient, now: Callable[[], EpochSeconds]
) -> KnownSettings:
    """Read a repository's settings file; where that is not possible, those that are known stay in force."""
    at, files = int(now()), RepositoryFiles(client, repository.full_name)
    known = await store.settings.get(repository.id)
    try:
        is_absent = known.is_read and not known.digest and not await files.is_listed(PATH)
        text = None if is_absent else await files.read_text(PATH)
        misplaced = await _find_misplaced(files, known) if text is None else ""
    except GitHubError as error:
        if ends_all(error) or isinstance(error, Unavailable):
            raise
        if known.readable:
            log.warning(
                "the settings cannot be read; the last ones stay in force",
                repository=repository.full_name,
                error=str(error),
                advice="Give the App the permission Contents: read-only.",
            )
        return await store.settings.mark_unreadable(repository.id, at, known)
    is_known = known.read_at and known.readable and known.digest == ("" if text is None else text_digest(text))
    if is_known and known.misplaced == misplaced:
        await store.settings.mark_read(repository.id, at, known)
        return replace(known, read_at=at)
    found = await store.settings.record(repository.id, text, at, known, misplaced)
    for mistake in found.mistakes:
        log.warning("a mistake in the settings", repository=repository.full_name, file=PATH, mistake=str(mistake))
    if misplaced:
        log.warning("a misplaced settings file is ignored", repository=repository.full_name, file=misplaced)
    if text is not None and not found.mistakes:
        log.info("settings are in force", repository=repository.full_name)
    return found


async def _find_misplaced(files: RepositoryFiles, known: KnownSettings) -> str:
    """Return the file that was meant to be the settings, and is not read; looked for when it may be news."""
    if known.is_read and not known.misplaced:
        return ""
    paths = [path for folder in FOLDERS for path in await files.list_files(folder)]
    return next(filter(is_misplaced, paths), "")


async def _find_organizers(known: Publication, context: PublishContext) -> dict[int, bool]:
    """Return who of those that gave commands may do so; who GitHub does not say it of is left out."""
    repository, now = known.petition.repository, int(context.now())
    found = {user_id: allowed for user_id, (allowed, _) in known.organizers.items()}
    for user_id, person in {one.author.id: one.author for one in known.commands}.items():
        if user_id in known.organizers and known.organizers[user_id][1] > now - context.recheck_after:
            continue
        try:
            found[user_id] = await context.client.may_write(repository.full_name, person)
        except Forbidden as error:
            log.warning("cannot check who can give commands", repository=repository.full_name, error=str(error))
        else:
            await context.store.commands.record_organizer(repository.id, user_id, found[user_id], now)
    return found


async def _find_named(
    known: Publication, commands: Sequence[GivenCommand], context: PublishContext
) -> dict[tuple[int, str], Author | None]:
    """Return whom commands mean. Once somebody was found, it stays so: logins change and are reused."""
    petition_id, now = known.petition.petition_id, int(context.now())
    found: dict[tuple[int, str], Author | None] = {}
    for comment_id, login in [(one.comment_id, login) for one in commands for login in logins_in(one.command)]:
        before = known.named.get((comment_id, login))
        if before is not None and (before.user_id or before.checked_at > now - context.recheck_after):
            found[comment_id, login] = None if before.user_id is None else Author(before.user_id, login)
            continue
        # An account that GitHub has hidden is not found there, but its comments may still be here.
        person = await context.client.find_user(login)
        person = person or await context.store.commands.find_author(petition_id, login)
        found[comment_id, login] = None if person is None else Author(person.id, login)
        await context.store.commands.record_named(comment_id, login, person, now)
    return found
