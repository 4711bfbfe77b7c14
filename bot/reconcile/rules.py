"""Make a petition's rules follow from what organizers have set and ordered, and ask GitHub who is an organizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from bot.github.errors import Forbidden, GitHubError, Unavailable
from bot.github.installation import InstallationClient
from bot.petition.comments.comment import Author
from bot.petition.facts import Repository
from bot.petition.organizers.commands import GivenCommand, apply_commands, logins_in
from bot.petition.organizers.settings import PATH
from bot.petition.organizers.settings import digest as digest_of
from bot.reconcile.backoff import ends_all
from bot.reconcile.publish_context import PublishContext
from bot.store import KnownSettings, Store

log = structlog.get_logger("govern")


@dataclass(frozen=True, slots=True)
class Bench:
    """What governing works with; what was asked longer than `beat` seconds ago is asked again."""

    store: Store
    client: InstallationClient
    now: Callable[[], float]
    beat: float

    @classmethod
    def of(cls, desk: PublishContext) -> Bench:
        """Take from a desk what governing needs."""
        return cls(desk.store, desk.client, desk.now, desk.beat)


async def govern(petition_id: int, repository: Repository, bench: Bench) -> int:
    """Put the rules into force that settings and orders make now; raises `bot.github.errors`.

    Give the revision of the petition up to which all orders are carried out.
    """
    settings = await bench.store.rules.get_settings(repository.id)
    if not settings.is_read:
        settings = await read_settings(repository, bench)
    orders = await bench.store.rules.list_commands(petition_id)
    organizers = await _organizers(repository, orders, bench)
    # Whom anybody else names is never asked: they could use up our calls.
    heard = [one for one in orders if organizers.get(one.author.id)]
    make = partial(
        apply_commands, commands=orders, organizers=organizers, named=await _named(petition_id, heard, bench)
    )
    ruling = make(settings.settings)
    if ruling.recount_at >= settings.read_at:
        settings = await read_settings(repository, bench)
    language = settings.settings.language
    told = [one if isinstance(one, str) else one.in_language(language) for one in settings.mistakes]
    remarks = [f"{PATH}, {mistake}" for mistake in told]
    return await bench.store.rules.apply(petition_id, make(settings.settings, remarks=remarks))


async def read_settings(repository: Repository, bench: Bench) -> KnownSettings:
    """Read a repository's settings file; where that is not possible, those that are known stay in force."""
    at = int(bench.now())
    known = await bench.store.rules.get_settings(repository.id)
    try:
        text = await bench.client.read_file(repository.full_name, PATH)
    except GitHubError as error:
        if ends_all(error) or isinstance(error, Unavailable):
            raise
        if known.readable:
            log.warning(
                "the settings cannot be read; the last that were read stay in force",
                repository=repository.full_name,
                error=str(error),
                advice="Give the App the permission Contents: read-only.",
            )
        return await bench.store.rules.mark_settings_unreadable(repository.id, at, known)
    if known.read_at and known.readable and known.digest == ("" if text is None else digest_of(text)):
        await bench.store.rules.mark_settings_read(repository.id, at, known)
        return known
    found = await bench.store.rules.record_settings(repository.id, text, at, known)
    for mistake in found.mistakes:
        log.warning("a mistake in the settings", repository=repository.full_name, file=PATH, mistake=str(mistake))
    if text is not None and not found.mistakes:
        log.info("settings are in force", repository=repository.full_name)
    return found


async def _organizers(repository: Repository, orders: Sequence[GivenCommand], bench: Bench) -> dict[int, bool]:
    """Return who of those that gave orders may do so; who it cannot be told of is left out."""
    givers = {one.author.id: one.author for one in orders}
    if not givers:
        return {}
    now = int(bench.now())
    known = await bench.store.rules.get_organizers(repository.id, list(givers))
    found = {user_id: allowed for user_id, (allowed, _) in known.items()}
    for user_id, person in givers.items():
        if user_id in known and known[user_id][1] > now - bench.beat:
            continue
        try:
            found[user_id] = await bench.client.may_write(repository.full_name, person)
        except Forbidden as error:
            log.warning("it cannot be asked who may give orders", repository=repository.full_name, error=str(error))
        else:
            await bench.store.rules.record_organizer(repository.id, user_id, found[user_id], now)
    return found


async def _named(
    petition_id: int, orders: Sequence[GivenCommand], bench: Bench
) -> dict[tuple[int, str], Author | None]:
    """Return whom orders mean. Once somebody was found, it stays so: logins change and are reused."""
    now = int(bench.now())
    keys = [(one.comment_id, login) for one in orders for login in logins_in(one.command)]
    known = await bench.store.rules.get_named({comment_id for comment_id, _ in keys}) if keys else {}
    found: dict[tuple[int, str], Author | None] = {}
    for key in keys:
        (comment_id, login), told = key, known.get(key)
        if told is not None and (told.user_id or told.checked_at > now - bench.beat):
            found[key] = None if told.user_id is None else Author(told.user_id, login)
            continue
        # An account that GitHub has hidden is not found there, but its comments may still be here.
        person = await bench.client.find_user(login) or await bench.store.rules.find_author(petition_id, login)
        found[key] = None if person is None else Author(person.id, login)
        await bench.store.rules.record_named(comment_id, login, person, now)
    return found
