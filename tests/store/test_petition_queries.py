"""What the pages ask of the store: petitions by name, rosters page by page, on both engines."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.petition.abuse_signals import Account
from bot.petition.comments.commands import OrganizerCommand, Phrase, Several, Sign, Unsign
from bot.petition.facts_from_github import (
    Continuation,
    InstallationFact,
    Issue,
    IssueFact,
    IssueGone,
    Repository,
    RepositoryFact,
)
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Detail, Settings
from bot.petition.tally import Reason, digest
from bot.store import (
    Cursor,
    Listed,
    ListQuery,
    RosterQuery,
    SortOrder,
    Store,
    sort_and_search_keys,
    uncounted_people,
)
from bot.store.roster_pages import RosterPage
from bot.store.sort_and_search_keys import sort_key
from tests.chance import examples
from tests.store.scene import INSTALLATION, LETTER, REPOSITORY, Scene, person, rows


@pytest.fixture
async def scene(store: Store) -> Scene:
    scene = Scene(store)
    await scene.label()
    return scene


async def page(scene: Scene, wanted: RosterQuery) -> RosterPage:
    details = await scene.store.rosters.get_details(LETTER.id, wanted)
    assert details is not None
    return details.page


def logins(found: RosterPage) -> list[str]:
    return [entry.signature.login for entry in found.entries]


async def walk(scene: Scene, wanted: RosterQuery) -> list[list[str]]:
    pages: list[list[str]] = []
    cursor: Cursor | None = None
    while not pages or cursor is not None:
        found = await page(scene, replace(wanted, cursor=cursor))
        pages.append(logins(found))
        cursor = found.after
    return pages


async def unheard(scene: Scene, login: str) -> tuple[Reason, int, int] | None:
    details = await scene.store.rosters.get_details(LETTER.id, RosterQuery(text=login))
    assert details is not None
    found = details.not_counted
    return (found.reason, found.number, found.comment_id) if found else None


async def test_who_is_not_counted_is_told_by_which_comment_in_any_of_the_issues(scene: Scene) -> None:
    second = Issue(id=1_001, number=8, title="Open the archive (2)", labels=frozenset(), updated_at=100)
    await scene.store.record([Continuation(INSTALLATION, REPOSITORY, second, LETTER.id)])
    await scene.sign("ada")
    fact = scene.fact(person("ada"), Unsign())
    await scene.store.record([replace(fact, issue=replace(second, updated_at=scene.clock))])
    assert await unheard(scene, "@ADA") == (Reason.WITHDRAWN, 8, fact.comment.id)
    await scene.delete(fact.comment.id)
    assert await unheard(scene, "ada") is None


@pytest.mark.parametrize("order", list(SortOrder))
async def test_who_asked_not_to_be_listed_counts_and_is_in_no_list(scene: Scene, order: SortOrder) -> None:
    await scene.sign("ada", "Ada")
    before = await scene.sign("grace", "Grace")
    await scene.say(person("alan"), Sign(unlisted=True))
    await scene.edit(before, Sign(unlisted=True))
    snapshot = await scene.snapshot()
    assert (snapshot.count, snapshot.unlisted, [one.login for one in snapshot.newest]) == (3, 2, ["ada"])
    for size in (1, 50):
        assert list(chain(*await walk(scene, RosterQuery(order, size=size)))) == ["ada"]
    for text in ("", "a", "grace", "alan"):
        assert logins(await page(scene, RosterQuery(order, text))) == (["ada"] if text in ("", "a") else [])
    whole = await scene.store.rosters.get_export(LETTER.id)
    assert whole is not None
    assert [entry.signature.login for entry in whole.entries] == ["ada"]
    assert digest([whole.entries[0].signature.pair, *whole.unlisted]) == snapshot.digest
    parts = [part async for part in scene.store.rosters.iterate_entries(LETTER.id)]
    assert [entry.signature.login for part in parts for entry in part] == ["ada"]


async def test_who_asked_not_to_be_listed_hears_of_being_counted_and_is_listed_after_another_word(
    scene: Scene,
) -> None:
    async def told() -> list[tuple[str, bool]]:
        details = await scene.store.rosters.get_details(LETTER.id, RosterQuery(text="@ADA"))
        assert details is not None
        return [(one.signature.login, bool(one.signature.unlisted)) for one in details.exact]

    first = await scene.say(person("ada"), Sign(unlisted=True))
    assert await told() == [("ada", True)]
    assert logins(await page(scene, RosterQuery())) == []
    await scene.edit(first, Sign("Ada"))
    assert (await told(), logins(await page(scene, RosterQuery()))) == ([("ada", False)], ["ada"])
    await scene.say(person("ada"), Sign(unlisted=True))
    assert (await told(), logins(await page(scene, RosterQuery()))) == ([("ada", True)], [])
    await scene.sign("ada")
    assert (await told(), logins(await page(scene, RosterQuery()))) == ([("ada", False)], ["ada"])


async def test_a_link_to_what_follows_whoever_is_unlisted_by_now_tells_nothing_of_them(scene: Scene) -> None:
    for login in ("ada", "grace", "alan"):
        await scene.sign(login)
    last = await scene.sign("linus", "Zoe")
    await scene.edit(last, Sign(unlisted=True))
    found = await page(scene, RosterQuery(SortOrder.NAME, cursor=Cursor("zoe", last)))
    assert logins(found) == ["ada", "alan", "grace"]


async def test_nobody_is_explained_who_is_counted_or_unknown_or_shown_to_nobody(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.say(person("grace"), None)
    assert await unheard(scene, "ada") is None
    assert await unheard(scene, "alan") is None
    assert await unheard(scene, "Grace Hopper") is None
    assert await unheard(scene, "grace") is not None
    await scene.say(person("-eve_"), None)
    assert await unheard(scene, "@-Eve_") is not None
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(public_roster=False))))
    assert await unheard(scene, "grace") is None


async def test_a_petition_is_found_by_its_name_in_any_letter_case(scene: Scene) -> None:
    found = await scene.store.rosters.find("ACME", "Letters", 7)
    assert found is not None
    assert (found.petition_id, found.repository, found.number) == (LETTER.id, REPOSITORY, 7)
    assert await scene.store.rosters.find("acme", "letters", 8) is None


async def test_what_the_app_may_not_see_any_more_is_not_found(scene: Scene) -> None:
    await scene.store.record([InstallationFact(INSTALLATION, "acme", 500, repositories_removed=(REPOSITORY.id,))])
    assert await scene.store.rosters.find("acme", "letters", 7) is None
    assert (await scene.store.rosters.list_public(0)).petitions == []


async def test_a_renamed_repository_is_found_by_its_new_name(scene: Scene) -> None:
    renamed = replace(REPOSITORY, name="archive")
    await scene.store.record([RepositoryFact(INSTALLATION, renamed, as_of=900)])
    found = await scene.store.rosters.find("acme", "archive", 7)
    assert found is not None
    assert found.repository == renamed


async def name(scene: Scene, owner: str, name: str, repository_id: int = REPOSITORY.id, *, at: int = 0) -> None:
    """Tell what a repository is called, now or of late."""
    scene.clock += 1
    repository = Repository(repository_id, owner, name)
    await scene.store.record([RepositoryFact(INSTALLATION, repository, at or scene.clock)])


async def found(scene: Scene, owner: str, name: str) -> str | None:
    ref = await scene.store.rosters.find(owner, name, 7)
    return None if ref is None else ref.repository.full_name


async def test_a_repository_is_found_by_each_name_it_had(scene: Scene) -> None:
    await name(scene, "acme", "open-letters")
    await name(scene, "ACME", "Open-Letters")
    await name(scene, "summit", "open-letters")
    for owner, former in (
        ("acme", "letters"),
        ("Acme", "LETTERS"),
        ("acme", "open-letters"),
        ("summit", "open-letters"),
    ):
        assert await found(scene, owner, former) == "summit/open-letters"
    assert await found(scene, "summit", "letters") is None
    assert len(await rows(scene.store, "SELECT * FROM former_names")) == 2
    await name(scene, "acme", "letters")
    assert await found(scene, "summit", "open-letters") == await found(scene, "acme", "letters") == "acme/letters"


async def test_a_former_name_that_is_told_late_is_kept(scene: Scene) -> None:
    await name(scene, "acme", "third", at=1_000)
    await name(scene, "acme", "second", at=500)
    for former in ("letters", "second", "third"):
        assert await found(scene, "acme", former) == "acme/third"


@pytest.mark.parametrize("private", [False, True])
async def test_a_live_repository_has_its_name_to_itself(scene: Scene, private: bool) -> None:
    await name(scene, "acme", "open-letters")
    newcomer = RepositoryFact(INSTALLATION, Repository(71, "Acme", "Letters", private), 1_000)
    await scene.store.record([newcomer])
    assert await found(scene, "acme", "letters") is None
    await scene.store.record([InstallationFact(INSTALLATION, "acme", repositories_removed=(71,), as_of=1_001)])
    assert await found(scene, "acme", "letters") is None
    await scene.store.record([replace(newcomer, deleted=True, as_of=1_002)])
    assert await found(scene, "acme", "letters") == "acme/open-letters"


async def test_of_several_that_had_a_name_the_last_is_found(scene: Scene) -> None:
    await name(scene, "acme", "first")
    other = replace(LETTER, id=2_000)
    await scene.store.record([IssueFact(INSTALLATION, Repository(71, "acme", "letters"), other, 300)])
    assert await found(scene, "acme", "letters") == "acme/letters"
    await name(scene, "acme", "second", 71, at=400)
    assert await found(scene, "acme", "letters") == "acme/second"
    # Only one of them has an issue of that number.
    await scene.store.record([IssueGone(INSTALLATION, Repository(71, "acme", "second"), 2_000)])
    assert await found(scene, "acme", "letters") == "acme/first"


async def test_only_public_petitions_are_listed_the_last_signed_on_top(scene: Scene) -> None:
    await scene.sign("ada")
    (listed,) = (await scene.store.rosters.list_public(now=0)).petitions
    assert (listed.title, listed.count, listed.latest) == ("Open the archive", 1, scene.clock)
    assert listed.days == [(0, 1)]
    await scene.store.record(
        [RepositoryFact(INSTALLATION, replace(REPOSITORY, private=True), as_of=900)],
    )
    assert (await scene.store.rosters.list_public(now=0)).petitions == []


async def test_a_site_lists_the_petitions_of_one_repository_or_of_all_and_private_ones_where_asked(
    scene: Scene,
) -> None:
    other, rosters = Repository(71, "acme", "Secrets", private=True), scene.store.rosters
    issue = replace(LETTER, id=2_000, number=9, updated_at=200)
    await scene.store.record([IssueFact(INSTALLATION, other, issue, 200)])
    assert [(one.repository.full_name, one.number) for one in await rosters.list_all()] == [
        ("acme/letters", 7),
        ("acme/Secrets", 9),
    ]
    assert [one.number for one in await rosters.list_all("ACME/secrets")] == [9]
    assert [await rosters.knows(name) for name in ("Acme/Letters", "acme/secret")] == [True, False]

    async def listed(**wanted: Any) -> list[int]:
        return [one.number for one in (await rosters.list_public(0, ListQuery(**wanted))).petitions]

    assert await listed() == await listed(repository="ACME/letters") == [7]
    assert await listed(repository="acme/secrets") == []
    assert await listed(repository="acme/secrets", with_private=True) == [9]
    assert sorted(await listed(with_private=True)) == [7, 9]
    assert len(await listed(with_private=True, size=1)) == 1


async def test_what_was_signed_within_a_few_days_is_counted_by_the_hour_too(scene: Scene) -> None:
    hour, day = 3_600, 86_400
    for login, at in (("ada", 10 * day + 100), ("grace", 10 * day + hour - 1), ("alan", 13 * day + 5 * hour)):
        await scene.say(person(login), Sign(), at)
    details = await scene.store.rosters.get_details(LETTER.id, RosterQuery())
    assert details is not None
    assert details.hours == [(240, 2), (317, 1)]
    assert details.days == [(10, 2), (13, 1)]
    await scene.say(person("linus"), Sign(), 14 * day)
    details = await scene.store.rosters.get_details(LETTER.id, RosterQuery())
    assert details is not None
    assert details.hours == ()


async def test_the_list_is_searched_by_state_and_leafed_through(scene: Scene) -> None:
    await scene.sign("ada")
    for number in range(100, 165):
        title = f"Mend the Straße {number}" if number % 2 else f"Open École {number}"
        closed_at = 50 if number < 110 else None
        issue = replace(LETTER, id=number, number=number, title=title, closed_at=closed_at, updated_at=200)
        await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, issue, 200)])
    find = scene.store.rosters.list_public
    first, last = await find(1_000), await find(1_000, ListQuery(part=99))
    assert first.found == {Listed.ALL: 66, Listed.OPEN: 56, Listed.CLOSED: 10}
    assert (len(first.petitions), first.part, first.parts) == (30, 1, 3)
    assert (len(last.petitions), last.part) == (6, 3)
    # Who was signed last is first; then the newest.
    assert [one.number for one in first.petitions[:2]] == [7, 164]
    numbers = [one.number for part in (1, 2, 3) for one in (await find(1_000, ListQuery(part=part))).petitions]
    assert (len(numbers), len(set(numbers))) == (66, 66)
    for text, listed, count in (
        ("strasse", Listed.ALL, 32),
        ("ECOLE", Listed.CLOSED, 5),
        ("acme/letters", Listed.OPEN, 56),
        ("mend the strasse 103", Listed.ALL, 1),
        ("mend the strasse 103", Listed.OPEN, 0),
        ("%", Listed.ALL, 0),
    ):
        found = await find(1_000, ListQuery(text, listed))
        assert (found.found[listed], len(found.petitions)) == (count, min(count, 30)), text


async def test_a_petition_is_closed_in_the_list_when_it_is(scene: Scene) -> None:
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(deadline=1_000))))
    for now, state in ((1_000, Listed.OPEN), (1_001, Listed.CLOSED)):
        (one,) = (await scene.store.rosters.list_public(now, ListQuery(listed=state))).petitions
        assert (one.ends_at, one.ended_at) == (1_000, 1_000 if state is Listed.CLOSED else None)
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(closed_at=500)))
    (one,) = (await scene.store.rosters.list_public(500, ListQuery(listed=Listed.CLOSED))).petitions
    assert one.ended_at == 500


@pytest.mark.parametrize(
    ("order", "pages"),
    [
        (SortOrder.NEWEST, [["barbara", "linus"], ["alan", "grace"], ["ada"]]),
        (SortOrder.OLDEST, [["ada", "grace"], ["alan", "linus"], ["barbara"]]),
        (SortOrder.NAME, [["barbara", "alan"], ["linus", "ada"], ["grace"]]),
    ],
)
async def test_pages_follow_one_another_there_and_back(
    scene: Scene, order: SortOrder, pages: list[list[str]]
) -> None:
    names = {"ada": "Mara", "grace": "mo", "alan": "LEE", "linus": None, "barbara": "anna"}
    for login, name in names.items():
        await scene.sign(login, name)
    wanted = RosterQuery(order, size=2)
    assert await walk(scene, wanted) == pages
    last = await page(scene, replace(wanted, cursor=(await page(scene, wanted)).after))
    assert last.before is not None
    back = await page(scene, replace(wanted, cursor=last.before))
    assert logins(back) == pages[0]
    assert back.before is None
    assert back.after is not None


async def test_a_search_looks_into_login_name_and_affiliation_in_any_letter_case(scene: Scene) -> None:
    await scene.say(person("ada"), Sign("Øyvind Ås", "Ärztekammer"))
    await scene.say(person("bob_y"), Sign("100% Bob", None))
    await scene.say(person("bobby"), Sign(None, None))
    for text, found in [
        ("ADA", ["ada"]),
        ("øyvind", ["ada"]),
        ("ØYVIND ÅS", ["ada"]),
        ("ärzte", ["ada"]),
        ("b_y", ["bob_y"]),
        ("0%", ["bob_y"]),
        ("%", ["bob_y"]),
        ("\\", []),
        ("bob", ["bobby", "bob_y"]),
    ]:
        assert logins(await page(scene, RosterQuery(text=text))) == found, text


async def test_names_are_found_and_sorted_without_accents_case_and_width(scene: Scene) -> None:
    names = {"a": "Zoë Ångström", "b": "Étienne", "c": "Straße", "d": "Łukasz", "e": "Ёлкин", "f": "Eva", "g": None}
    for login, full_name in names.items():
        await scene.say(person(f"{login}-user"), Sign(full_name, "Universität Łódź" if login == "f" else None))
    for text, login in [
        ("zoe", "a"), ("Angstroem", "a"), ("Etienne", "b"), ("strasse", "c"), ("Lukasz", "d"), ("елкин", "e"),
        ("universitaet lodz", "f"), ("Ｇ-USER", "g"),
    ]:  # fmt: skip
        assert logins(await page(scene, RosterQuery(text=text))) == [f"{login}-user"], text
    by_name = await walk(scene, RosterQuery(SortOrder.NAME, size=2))
    assert by_name == [["b-user", "f-user"], ["g-user", "d-user"], ["c-user", "a-user"], ["e-user"]]


SHOWN = frozenset(Detail)


@pytest.mark.parametrize("show", [frozenset({Detail.LOGIN}), frozenset({Detail.LOGIN, Detail.REASON})])
async def test_logins_are_found_where_neither_names_nor_affiliations_are_shown(
    scene: Scene, show: frozenset[Detail]
) -> None:
    await scene.say(person("ada"), Sign("Zoë", "Ämtsgericht"))
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(show=show))))
    for text, found in [("AD", ["ada"]), ("zoë", []), ("ämt", [])]:
        assert logins(await page(scene, RosterQuery(text=text))) == found, text


@pytest.mark.parametrize("show", [SHOWN - {Detail.NAME}, SHOWN - {Detail.AFFILIATION}])
async def test_what_is_not_shown_can_neither_be_found_nor_sorted_by(scene: Scene, show: frozenset[Detail]) -> None:
    await scene.say(person("ada"), Sign("Zoë", "Café Ämtsgericht"))
    await scene.say(person("bob"), Sign("Ålvar", "Ödland"))
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(show=show))))
    is_named = Detail.NAME in show
    by_name = await page(scene, RosterQuery(SortOrder.NAME, size=1))
    assert logins(by_name) == (["bob"] if is_named else ["ada"])
    assert by_name.after is not None
    assert by_name.after.key == (sort_key("Ålvar") if is_named else "ada")
    assert logins(await page(scene, RosterQuery(text="zoe"))) == (["ada"] if is_named else [])
    assert logins(await page(scene, RosterQuery(text="cafe amts"))) == ([] if is_named else ["ada"])


# Signatures of an earlier release have no keys, and get them in the background.

LATER_KEYS = "UPDATE signatures SET sort_key = NULL, name_spellings = NULL, affiliation_spellings = NULL"


async def without_keys(scene: Scene) -> None:
    await scene.store.database.write(lambda work: work.execute(LATER_KEYS))


async def fill(scene: Scene) -> int:
    portions = 0
    while await scene.store.fill_roster_keys():
        portions += 1
    return portions


KEYS = "SELECT comment_id, sort_key, name_spellings, affiliation_spellings FROM signatures ORDER BY comment_id"


async def test_keys_are_filled_as_they_would_have_been_written(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.store.FILLED_AT_ONCE", 2)
    for login, full_name in {"ada": "Ада", "grace": None, "alan": "Élan", "linus": "a'b", "edsger": "'"}.items():
        await scene.say(person(login), Sign(full_name, full_name and f"{full_name} & co"))
    written = await rows(scene.store, KEYS)
    assert not await scene.store.fill_roster_keys()
    await without_keys(scene)
    assert await fill(scene) == 3
    assert await rows(scene.store, KEYS) == written


@pytest.mark.parametrize("keyed", [0, 2, 5])
async def test_pages_are_whole_while_keys_are_missing(scene: Scene, keyed: int) -> None:
    names = {"ada": "Mara", "grace": "mo", "alan": "LEE", "linus": None, "barbara": "Ünal"}
    await without_keys(scene)
    for number, (login, full_name) in enumerate(names.items(), 1):
        if number == len(names) - keyed + 1:
            await without_keys(scene)
        await scene.sign(login, full_name)
    if not keyed:
        await without_keys(scene)
    found = await walk(scene, RosterQuery(SortOrder.NAME, size=2))
    assert sorted(chain.from_iterable(found)) == sorted(names)
    for text, login in [("mara", "ada"), ("ÜNAL", "barbara"), ("ünal", "barbara"), ("lin", "linus")]:
        assert logins(await page(scene, RosterQuery(text=text))) == [login]


async def test_a_place_in_a_roster_lasts_when_keys_are_filled_or_names_hidden(scene: Scene) -> None:
    for login in ("ada", "grace", "alan", "linus"):
        await scene.sign(login, login.title())
    await without_keys(scene)
    wanted = RosterQuery(SortOrder.NAME, size=2)
    before = (await page(scene, wanted)).after
    await fill(scene)
    after = (await page(scene, wanted)).after
    assert before is not None
    assert after is not None
    assert (before.key, after.key) == ("alan", sort_key("Alan"))
    assert logins(await page(scene, replace(wanted, cursor=before))) == ["grace", "linus"]
    await without_keys(scene)
    assert logins(await page(scene, replace(wanted, cursor=after))) == ["grace", "linus"]
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(show=SHOWN - {Detail.NAME}))))
    assert logins(await page(scene, replace(wanted, cursor=after))) == ["grace", "linus"]
    # Who has withdrawn since has no place any more.
    await fill(scene)
    await scene.unsign("alan")
    assert logins(await page(scene, replace(wanted, cursor=after))) == ["ada", "grace"]


async def test_keys_follow_the_name(scene: Scene) -> None:
    signed = await scene.sign("ada", "Zoë")
    await scene.sign("bob", "Mia")
    await scene.edit(signed, Sign("Élise"))
    assert logins(await page(scene, RosterQuery(SortOrder.NAME))) == ["ada", "bob"]
    assert logins(await page(scene, RosterQuery(text="elise"))) == ["ada"]
    assert logins(await page(scene, RosterQuery(text="zoe"))) == []
    await scene.store.privacy.forget([person("ada").id])
    assert await rows(scene.store, "SELECT name_spellings FROM signatures WHERE name_spellings <> 'mia'") == []
    assert logins(await page(scene, RosterQuery(text="elise"))) == []


async def test_only_who_signs_has_the_collation_loaded(scene: Scene) -> None:
    sort_and_search_keys._collator.cache_clear()
    await page(scene, RosterQuery(SortOrder.NAME, "zoë", Cursor(b"x", 1)))
    assert sort_and_search_keys._collator.cache_info().currsize == 0
    await scene.sign("ada", "李云")
    assert sort_and_search_keys._collator.cache_info().currsize == 1


async def test_whoever_has_exactly_the_login_is_named_first(scene: Scene) -> None:
    await scene.sign("bobby")
    await scene.sign("bob")
    for text in ("bob", "@Bob"):
        details = await scene.store.rosters.get_details(LETTER.id, RosterQuery(text=text))
        assert details is not None
        assert [entry.signature.login for entry in details.exact] == ["bob"]


async def test_an_entry_leads_to_its_comment(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    (entry,) = (await page(scene, RosterQuery())).entries
    assert (entry.signature.comment_id, entry.repository, entry.number) == (comment_id, REPOSITORY, 7)


async def test_a_whole_roster_comes_in_batches_each_person_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.petition_queries.BATCH", 2)
    for login in ("ada", "grace", "alan"):
        await scene.sign(login)
    found: list[str] = []
    async for batch in scene.store.rosters.iterate_entries(LETTER.id):
        found += [entry.signature.login for entry in batch]
        if "grace" in found and "linus" not in found:
            await scene.sign("ada")
            await scene.sign("linus")
    assert found == ["ada", "grace", "alan", "linus"]


async def test_first_signatories_are_who_signed_and_is_listed_in_the_order_of_the_settings(scene: Scene) -> None:
    await scene.say(person("ada"), Sign("Ada Lovelace", "Engines"))
    for login in ("grace", "alan"):
        await scene.sign(login)
    await scene.say(person("linus"), Sign(unlisted=True))
    settings = Settings(first=("linus", "alan", "nobody", "ada"))
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(settings)))

    async def first(wanted: RosterQuery) -> list[str]:
        details = await scene.store.rosters.get_details(LETTER.id, wanted)
        assert details is not None
        return [one.signature.login for one in details.first]

    assert await first(RosterQuery()) == ["alan", "ada"]
    whole = await scene.store.rosters.get_details(LETTER.id, RosterQuery(size=1))
    assert whole is not None
    assert await first(RosterQuery(size=1)) == ["alan", "ada"]
    assert await first(RosterQuery(size=1, cursor=whole.page.after)) == [], "on the first page only"
    assert await first(RosterQuery(text="ada")) == []
    found = (await scene.store.petitions.load_publication(LETTER.id, 9)).first
    assert [(one.login, one.name) for one in found] == [("alan", None), ("ada", "Ada Lovelace")]
    await scene.unsign("alan")
    assert await first(RosterQuery()) == ["ada"]
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(replace(settings, show=frozenset()))))
    assert (await scene.store.petitions.load_publication(LETTER.id, 9)).first == ()


async def test_of_those_who_have_no_signature_it_is_said_why_the_latest_first(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.say(person("grace"), Phrase("", is_attempt=True, fault="spelling"))
    await scene.say(person("alan"), Phrase("0123"))
    await scene.say(person("barbara"), Phrase("", is_attempt=True))
    await scene.sign("barbara")
    await scene.sign("linus")
    await scene.unsign("linus")
    comments = await scene.store.rosters.get_uncounted(LETTER.id)
    assert comments is not None
    found = [(one.login, one.reason, one.fault) for one in comments.explain()]
    assert found == [("linus", Reason.WITHDRAWN, ""), ("grace", Reason.MISTYPED, "spelling")]
    assert await scene.store.rosters.get_uncounted(12_345) is None


async def test_of_very_many_who_have_no_signature_the_last_are_read_and_that_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uncounted_people, "MOST_PEOPLE", 2)
    for login, is_whole in (("grace", True), ("alan", True), ("barbara", False)):
        await scene.say(person(login), Phrase("", is_attempt=True))
        comments = await scene.store.rosters.get_uncounted(LETTER.id)
        assert comments is not None
        assert comments.is_whole is is_whole
        assert len(comments.explain()) <= 2


async def test_a_crowd_is_all_who_signed_also_where_they_are_not_shown(scene: Scene) -> None:
    for login in ("ada", "grace", "alan", "linus"):
        await scene.sign(login, "Somebody")
    await scene.unsign("linus")
    await scene.store.signer_accounts.record_ages(LETTER.id, [Account(person("grace").id, 400)])
    crowd = await scene.store.signer_accounts.get_sample(LETTER.id, 2)
    assert [(one.login, one.name) for one in crowd.signatures] == [("alan", None), ("grace", None)]
    (grace,) = crowd.accounts.values()
    assert (grace.id, grace.born, grace.is_empty, crowd.withdrawn) == (person("grace").id, 400, True, 1)
    assert crowd.waiting == {person("alan").id}


async def test_who_withdraws_and_gives_a_command_of_organizers_in_one_comment_has_withdrawn(scene: Scene) -> None:
    both = Several((OrganizerCommand("goal", "50"),), Unsign())
    for login in ("ada", "grace", "alan"):
        await scene.sign(login)
    await scene.say(person("ada"), both)
    await scene.say(person("ada"), Several((OrganizerCommand("close"),), Unsign()))
    await scene.say(person("grace"), both)
    await scene.unsign("grace")
    await scene.say(person("alan"), both)
    await scene.sign("alan")
    await scene.say(person("linus"), Several((OrganizerCommand("help"),), Phrase("", is_attempt=True)))
    assert (await scene.store.signer_accounts.get_sample(LETTER.id, 9)).withdrawn == 2


async def test_news_are_of_those_petitions_that_changed(scene: Scene) -> None:
    rosters = scene.store.rosters
    (before,) = await rosters.list_changed({LETTER.id: -1, 1: -1})
    known = {LETTER.id: before.snapshot.revision}
    assert await rosters.list_changed(known) == []
    await scene.sign("ada")
    (after,) = await rosters.list_changed(known)
    assert (after.snapshot.count, logins(after.page)) == (1, ["ada"])


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=30), name=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
async def test_no_search_and_no_name_upsets_the_database(scene: Scene, text: str, name: str) -> None:
    text = text.replace("\0", "").encode("utf-8", "ignore").decode()
    await scene.sign("ada", name)
    await page(scene, RosterQuery(text=text))
    assert "ada" in logins(await page(scene, RosterQuery(text=name)))
