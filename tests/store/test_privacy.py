"""Nothing that somebody gave of themselves is left in any row once it is deleted or forgotten."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec.structs import replace

from bot.petition.comments.commands import Sign
from bot.petition.facts_from_github import CommentFact
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Rules
from bot.store import Forgotten
from bot.store.organizer_commands import ATTEMPTS_KEPT
from bot.store.privacy import ToAnonymise
from tests.store.scene import ADA, INSTALLATION, LETTER, REPOSITORY, Scene, rows

PAGE = (Path(__file__).parents[2] / "docs/PRIVACY.md").read_text(encoding="utf-8")
SECRETS = ("ada", "Lovelace", "Engines", "Because")
OTHER = replace(LETTER, id=2_000, number=8)


async def everything(scene: Scene) -> str:
    """Give all rows of all tables as text."""
    database = scene.store.database
    names = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if scene.store.database.__class__.__name__.startswith("Postgres"):
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    tables = [row[0] for row in await database.read(lambda work: work.fetch(names))]
    found = ""
    for table in tables:
        found += repr(await rows(scene.store, f"SELECT * FROM {table}"))  # noqa: S608 - a name from the catalogue
    return found


async def sign_in_full(scene: Scene) -> int:
    return await scene.say(ADA, Sign("Ada Lovelace", "Engines", "Because"))


async def are_left(scene: Scene) -> list[str]:
    found = await everything(scene)
    # Digests may have a short login in them by chance.
    return [secret for secret in SECRETS if re.search(rf"\b{secret}\b", found)]


async def test_a_deleted_comment_leaves_nothing_of_its_author(scene: Scene) -> None:
    comment_id = await sign_in_full(scene)
    assert await are_left(scene) == list(SECRETS)
    told = scene.comments[comment_id]
    await scene.delete(comment_id)
    assert await are_left(scene) == []
    await scene.observe(replace(told, deleted=False))
    assert await are_left(scene) == []
    assert await scene.count() == 0


async def test_a_comment_that_a_complete_listing_lacks_leaves_nothing_either(scene: Scene) -> None:
    comment_id = await sign_in_full(scene)
    told = scene.comments[comment_id]
    await scene.store.record_listing(LETTER.id, 900, [], complete=True)
    assert await are_left(scene) == []
    await scene.observe(told)
    assert await are_left(scene) == []
    later = replace(told, author_at=950, versions=(replace(told.versions[0], seen=950),))
    await scene.store.record_listing(LETTER.id, 950, [later], complete=True)
    assert await scene.signatories() == ["ada"]


async def test_an_edit_that_takes_the_name_out_leaves_no_name(scene: Scene) -> None:
    await scene.edit(await sign_in_full(scene), Sign())
    assert await are_left(scene) == ["ada"]


async def test_who_is_forgotten_still_counts_without_a_name(scene: Scene) -> None:
    comment_id = await sign_in_full(scene)
    await scene.sign("grace")
    before = await scene.snapshot()
    people = await scene.store.privacy.find_people("ADA")
    assert await scene.store.privacy.forget(people) == Forgotten((1,), 1, 1, 1)
    assert await are_left(scene) == []
    after = await scene.snapshot()
    assert (after.count, after.digest) == (2, before.digest)
    assert after.revision > before.revision
    assert [(each.user_id, each.login, each.name) for each in after.newest] == [(2, "grace", None), (1, "", None)]
    assert after.newest[1].comment_id == comment_id


async def test_what_was_forgotten_is_not_taken_up_again(scene: Scene) -> None:
    comment_id = await sign_in_full(scene)
    await scene.store.privacy.forget([ADA.id])
    told = scene.comments[comment_id]
    await scene.observe(told)
    seen = replace(told, author_at=1_500, versions=(replace(told.versions[0], seen=1_500),))
    outcome = await scene.store.record_listing(LETTER.id, 1_500, [seen], complete=True)
    assert (outcome.count, outcome.repaired) == (1, 0)
    await scene.hide(comment_id)
    await scene.hide(comment_id, hidden=False)
    assert await are_left(scene) == []
    assert await scene.count() == 1


async def test_what_they_write_anew_is_shown(scene: Scene) -> None:
    await sign_in_full(scene)
    await scene.store.privacy.forget([ADA.id])
    await scene.say(ADA, Sign("Ada"), at=1_200)
    assert [(each.login, each.name) for each in (await scene.snapshot()).newest] == [("ada", "Ada")]


async def test_somebody_is_forgotten_before_they_ever_came_and_in_all_petitions(scene: Scene) -> None:
    await scene.store.privacy.forget([ADA.id])
    await sign_in_full(scene)
    fact = scene.fact(ADA, Sign("Ada Lovelace"))
    await scene.store.record([CommentFact(INSTALLATION, REPOSITORY, replace(OTHER, updated_at=200), fact.comment)])
    assert await are_left(scene) == []
    assert (await scene.count(), (await scene.store.petitions.get_snapshot(OTHER.id, 1)).count) == (1, 1)


async def test_a_login_that_changed_hands_is_forgotten_for_all_who_had_it(scene: Scene) -> None:
    await sign_in_full(scene)
    await scene.say(replace(ADA, id=77), None)
    assert await scene.store.privacy.find_people("ada") == [1, 77]
    assert await scene.store.privacy.find_people("nobody") == []
    assert await scene.store.privacy.forget([1, 77]) == Forgotten((1, 77), 2, 1, 1)
    assert await are_left(scene) == []


async def end(scene: Scene, settings: str) -> None:
    """Close the petition at 1,000, under these settings."""
    await scene.store.settings.record(REPOSITORY.id, settings, 900)
    known = await scene.store.settings.get(REPOSITORY.id)
    await scene.change_issue(replace(scene.issue, closed_at=1_000))
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(known.settings)))


async def test_some_time_after_the_end_only_the_count_is_kept(scene: Scene) -> None:
    comment_id = await sign_in_full(scene)
    await scene.sign("grace")
    before = await scene.snapshot()
    await end(scene, "anonymise_after: 2")
    scene.store.privacy._now = lambda: 1_000.0 + 2 * 86_400 - 1
    assert await scene.store.privacy.anonymise(INSTALLATION) == []
    scene.store.privacy._now = lambda: 1_000.0 + 2 * 86_400
    assert await scene.store.privacy.anonymise(INSTALLATION) == [ToAnonymise(LETTER.id, goes_on=False)]
    assert await are_left(scene) == []
    after = await scene.snapshot()
    assert (after.count, after.digest, after.anonymised_at) == (2, before.digest, 1_000 + 2 * 86_400)
    assert {(each.login, each.name) for each in after.newest} == {("", None)}
    told = scene.comments[comment_id]
    seen = replace(told, author_at=200_000, versions=(replace(told.versions[0], seen=200_000),))
    await scene.store.record_listing(LETTER.id, 200_000, [seen], complete=False)
    assert await are_left(scene) == []
    assert await scene.store.privacy.anonymise(INSTALLATION) == []


async def test_a_petition_that_is_reopened_gets_its_names_back_from_github(scene: Scene) -> None:
    comment_id = await sign_in_full(scene)
    await end(scene, "anonymise_after: 0")
    await scene.store.privacy.anonymise(INSTALLATION)
    assert await are_left(scene) == []
    await scene.change_issue(replace(scene.issue, closed_at=None))
    known = await scene.store.settings.get(REPOSITORY.id)
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(known.settings)))
    assert await scene.store.privacy.anonymise(INSTALLATION) == [ToAnonymise(LETTER.id, goes_on=True)]
    assert [one.issue_id for one in await scene.store.threads.list_to_read(INSTALLATION, 9e9)] == [LETTER.id]
    told = scene.comments[comment_id]
    seen = replace(told, author_at=5_000, versions=(replace(told.versions[0], seen=5_000),))
    await scene.store.record_listing(LETTER.id, 5_000, [seen], complete=True)
    assert (await scene.snapshot()).newest[0].name == "Ada Lovelace"


async def test_without_the_setting_names_stay(scene: Scene) -> None:
    await sign_in_full(scene)
    await end(scene, "")
    scene.store.privacy._now = lambda: 9e9
    assert await scene.store.privacy.anonymise(INSTALLATION) == []
    assert await are_left(scene) == list(SECRETS)


async def test_whoever_asks_is_told_of_every_table_that_has_their_number(scene: Scene) -> None:
    columns = """
        SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'
    """
    if scene.store.database.__class__.__name__.startswith("Postgres"):
        columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    personal = {table for table, column in await rows(scene.store, columns) if column in ("user_id", "author_id")}
    (told,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    asked = [line.strip() for line in told.splitlines() if line.strip()]
    assert set(re.findall(r"FROM (\w+) WHERE (?:author|user)_id", told)) == personal
    await sign_in_full(scene)
    found = {query: await rows(scene.store, query.rstrip(";").replace("583231", str(ADA.id))) for query in asked}
    assert {query.split()[3] for query, answer in found.items() if answer} == {"comments", "signatures"}


def test_the_privacy_page_says_how_many_attempts_are_kept() -> None:
    assert f"up to {ATTEMPTS_KEPT} people" in PAGE


async def test_an_older_comment_keeps_its_details_until_it_is_edited(scene: Scene) -> None:
    older = await sign_in_full(scene)
    await scene.say(ADA, Sign(unlisted=True), at=1_200)
    assert await are_left(scene) == list(SECRETS)
    await scene.edit(older, Sign(unlisted=True))
    assert await are_left(scene) == ["ada"]
