"""Whatever happens, in whichever process: a page from the cache is the page that is rendered anew."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.links import Addresses
from bot.petition.comments.commands import Sign
from bot.petition.facts_from_github import BodyEdit, InstallationFact, IssueFact, RepositoryFact
from bot.petition.letter_versions_and_translations import Translation, digest_of
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Removal, Response, Rules
from bot.petition.settings import DEFAULTS, Detail
from bot.store import KnownTranslations, Store
from bot.web.monitoring import Monitoring
from bot.web.petition_requests import PagesContext, PetitionLookups
from bot.web.request_limits import Rate, RequestLimits
from bot.web.server import create_app
from tests.chance import examples
from tests.store.scene import INSTALLATION, LETTER, PEOPLE, Scene, person
from tests.web.scene import PUBLIC, Client, ready

FORMS = ("", "/letter", "/letter/de", ".json", ".csv", "/badge.svg", "/card.png", "/chart.svg", "/feed.atom")
LOGINS = ("ada", "grace", "alan")
DAY = 86_400


@dataclass
class World:
    """A petition in the database of two processes; the server of one has a cache, the other's looks each time."""

    petition: Scene
    stores: Sequence[Store]
    cached: Client
    fresh: Client
    now: list[float]
    monotonic: list[float]
    names: set[tuple[str, str]]
    comments: dict[str, int]
    rules: Rules = field(default_factory=Rules)

    async def get(self, client: Client, path: str) -> tuple[int, bytes, str | None]:
        async with client.get(path, allow_redirects=False) as answer:
            # What keeps the cache out is kept where it leads.
            body, location = await answer.read(), answer.headers.get("Location")
            return answer.status, body.removesuffix(b"?x"), location and location.removesuffix("?x")


Event = Callable[[World, int], Awaitable[None]]
"""Something that happens, and a number that chooses who or what."""


async def sign(world: World, which: int) -> None:
    login = LOGINS[which % 3]
    world.comments[login] = await world.petition.say(person(login), Sign(f"N{which}", f"A{which}", f"R{which}"))


async def withdraw(world: World, which: int) -> None:
    await world.petition.unsign(LOGINS[which % 3])


async def edit_details(world: World, which: int) -> None:
    if world.comments:
        comment = sorted(world.comments.values())[which % len(world.comments)]
        await world.petition.edit(comment, Sign(f"M{which}"))


async def unlist(world: World, which: int) -> None:
    """Ask not to be listed, with an edit or a new comment."""
    login = LOGINS[which % 3]
    if which % 2 and login in world.comments:
        await world.petition.edit(world.comments[login], Sign(unlisted=True))
    else:
        world.comments[login] = await world.petition.say(person(login), Sign(unlisted=True))


async def hide(world: World, which: int) -> None:
    if world.comments:
        await world.petition.hide(sorted(world.comments.values())[which % len(world.comments)], bool(which % 2))


async def delete(world: World, which: int) -> None:
    if world.comments:
        await world.petition.delete(world.comments.pop(sorted(world.comments)[which % len(world.comments)]))


async def rename_account(world: World, which: int) -> None:
    login = LOGINS[which % 3]
    await world.petition.say(replace(person(login), login=f"{login}-{which}"), None)


async def change_title(world: World, which: int) -> None:
    await world.petition.change_issue(replace(world.petition.issue, title=f"Letter {which}"))


async def change_label(world: World, which: int) -> None:
    labels = frozenset({"petition"}) if which % 2 else frozenset[str]()
    await world.petition.change_issue(replace(world.petition.issue, labels=labels))


async def close(world: World, which: int) -> None:
    closed_at = world.petition.clock if which % 2 else None
    await world.petition.change_issue(replace(world.petition.issue, closed_at=closed_at))


async def change_repository(world: World, which: int) -> None:
    """Rename it, give it to somebody else, archive or hide it."""
    name, owner = ("letters", "appeals")[which % 2], ("acme", "emca")[which // 2 % 2]
    repository = replace(
        world.petition.repository, owner=owner, name=name, private=which % 5 == 0, archived=which % 7 == 0
    )
    world.petition.repository = repository
    world.names.add((owner, name))
    world.petition.clock += 1
    await world.petition.store.record([RepositoryFact(INSTALLATION, repository, world.petition.clock)])


async def translate(world: World, which: int) -> None:
    """Translate the letter, or take the translation away."""
    text, translations = f"Brief {which}", world.petition.store.translations
    file = Translation("de", "de.md", digest_of(text), world.petition.clock)
    found = [file] if which % 3 else []
    await translations.record(LETTER.id, found, {file.digest: text}, which, KnownTranslations())


async def edit_letter(world: World, which: int) -> None:
    petition = world.petition
    petition.clock += 1
    edit = BodyEdit(f"Letter {which}", f"Letter {which + 1}", by_app=False)
    await petition.store.record(
        [IssueFact(INSTALLATION, petition.repository, petition.issue, petition.clock, edit=edit)]
    )


async def read_letter(world: World, which: int) -> None:
    await world.petition.store.letters.record(LETTER.id, LETTER.id, f"Read {which}", world.petition.clock)


async def change_rules(world: World, which: int) -> None:
    now, rules = int(world.now[0]), world.rules
    match which % 8:
        case 0:
            rules = replace(rules, settings=replace(DEFAULTS, public_roster=False))
        case 1:
            rules = replace(rules, settings=replace(DEFAULTS, show=frozenset({Detail.LOGIN})))
        case 2:
            rules = replace(rules, settings=replace(DEFAULTS, deadline=now + DAY // 2, goals=(which,)))
        case 3:
            rules = replace(rules, settings=replace(DEFAULTS, anonymise_after=0))
        case 4:
            rules = replace(rules, response=Response(f"Text {which}", "grace", now))
        case 5:
            rules = replace(rules, removals=(Removal(PEOPLE["ada"], "ada", 1),))
        case 6:
            rules = replace(rules, closed_at=world.petition.clock)
        case 7:
            rules = Rules()
    world.rules = rules
    await world.petition.store.commands.apply(LETTER.id, CommandResults(rules))


async def forget(world: World, which: int) -> None:
    await world.petition.store.privacy.forget([PEOPLE[LOGINS[which % 3]]])


async def anonymise(world: World, _which: int) -> None:
    await world.petition.store.privacy.anonymise(INSTALLATION)


async def suspend(world: World, which: int) -> None:
    world.petition.clock += 1
    fact = InstallationFact(INSTALLATION, "acme", world.petition.clock, suspended=bool(which % 2))
    await world.petition.store.record([fact])


async def publish(world: World, _which: int) -> None:
    snapshot = await world.petition.snapshot()
    await world.petition.store.petitions.mark_published(LETTER.id, snapshot.revision, world.petition.clock)


async def let_time_pass(world: World, which: int) -> None:
    world.now[0] += which * (DAY / 4 if which % 2 else 600)


EVENTS: Sequence[Event] = (
    sign, sign, sign, unlist, unlist, withdraw, edit_details, hide, delete, rename_account, change_title,
    change_label, close, change_repository, change_repository, edit_letter, read_letter, translate, translate,
    change_rules, change_rules, change_rules, forget, anonymise, suspend, publish, publish, let_time_pass,
)  # fmt: skip

STEPS = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 40), st.booleans()), min_size=1, max_size=12)


@asynccontextmanager
async def world_at(template: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        file = Path(stack.enter_context(TemporaryDirectory())) / "undersigned.db"
        copy(template, file)
        now, monotonic = [1_795_000_000.0], [0.0]
        stores = [await Store.open(f"sqlite:///{file}", now=lambda: now[0]) for _ in range(2)]
        for store in stores:
            stack.push_async_callback(store.close)
        petition = Scene(stores[0], clock=1_794_900_000)
        await petition.label()
        cached = PagesContext(stores[0].rosters, Addresses(public_url=PUBLIC), lambda: now[0])
        cached.lookups = PetitionLookups(stores[0].rosters, lambda: monotonic[0])
        fresh = PagesContext(stores[1].rosters, Addresses(public_url=PUBLIC), lambda: now[0])
        fresh.lookups = PetitionLookups(stores[1].rosters, count().__next__)
        first, second = [
            await stack.enter_async_context(TestClient(TestServer(_app(one)))) for one in (cached, fresh)
        ]
        yield World(petition, stores, first, second, now, monotonic, {("acme", "letters")}, {})


def _app(context: PagesContext) -> web.Application:
    async def record(facts: object) -> None: ...

    plenty = RequestLimits(pages=Rate(1_000_000, 1_000_000.0))
    return create_app(record=record, secrets=["s"], monitoring=Monitoring(ready), context=context, limits=plenty)


@pytest.mark.parametrize("by_edit", [True, False])
@pytest.mark.parametrize("elsewhere", [True, False])
async def test_what_is_served_after_somebody_asked_not_to_be_listed_does_not_name_them(
    sqlite_template: Path, by_edit: bool, elsewhere: bool
) -> None:
    async with world_at(sqlite_template) as world:
        await world.petition.sign("grace")
        await translate(world, 1)
        world.comments["ada"] = await world.petition.say(person("ada"), Sign("Nym", "Guild", "Reason"))
        for form in FORMS:
            await world.get(world.cached, f"/petitions/acme/letters/7{form}")
        world.petition.store = world.stores[elsewhere]
        await unlist(world, 3 if by_edit else 0)
        world.monotonic[0] += 1.0 if elsewhere else 0.0
        for form in FORMS:
            status, body, _ = await world.get(world.cached, f"/petitions/acme/letters/7{form}")
            assert status == 200
            for text in (b"Nym", b"Guild", b"Reason", b"github.com/ada", b'"ada"', b",ada,", b">ada<"):
                assert text not in body, form


@given(STEPS)
# The curve of a young petition goes on by the hour.
@example([(sign, 0, False), (let_time_pass, 12, False)])
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_page_from_the_cache_is_what_would_be_rendered_now(
    sqlite_template: Path, steps: list[tuple[Event, int, bool]]
) -> None:
    async def live() -> None:
        async with world_at(sqlite_template) as world:
            for event, which, elsewhere in steps:
                world.petition.store = world.stores[elsewhere]
                await event(world, which)
                if elsewhere:
                    world.monotonic[0] += 1.0
                for owner, name in sorted(world.names):
                    for form in FORMS:
                        path = f"/petitions/{owner}/{name}/7{form}"
                        kept, made = await world.get(world.cached, path), await world.get(world.fresh, f"{path}?x")
                        assert kept == made, (
                            path,
                            event,
                            *difflib.unified_diff(
                                kept[1].decode(errors="replace").splitlines(),
                                made[1].decode(errors="replace").splitlines(),
                                n=0,
                            ),
                        )

    asyncio.run(live())
