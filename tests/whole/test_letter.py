"""The letter changes after people have signed: the block says so, and its versions are kept."""

from __future__ import annotations

import re
from pathlib import Path

from bot.export.letter_comparison import compare
from bot.petition import block
from bot.petition.letter_versions_and_translations import Letter, given_to
from sandbox.faults import Faults
from sandbox.models import Issue
from tests.store.scene import list_letters
from tests.whole.recorded_calls import a_second_later, at_rest, eventually, store_of, watched
from tests.whole.scene import WATCHFUL, Scene

WARNING = "The letter was changed"


def rewrite(stage: Scene, petition: Issue, before: str, after: str) -> None:
    stage.sandbox.issues.edit(petition, stage.organizer(), (petition.body or "").replace(before, after))


async def test_the_block_says_when_and_after_how_many_the_letter_changed(stage: Scene) -> None:
    petition = stage.petition("We ask you\nto open the archive.")
    await stage.shows(petition, 0)
    stage.sign(petition, "ada")
    stage.sign(petition, "grace")
    assert WARNING not in await stage.shows(petition, 2)
    rewrite(stage, petition, "\r\n", "\n\n")
    await a_second_later()
    rewrite(stage, petition, "open", "close")
    await stage.until(lambda: WARNING in (petition.body or ""))
    assert "2 an earlier one" in (petition.body or "")
    await a_second_later()
    stage.sign(petition, "alan")
    await stage.shows(petition, 3)

    versions = await list_letters(store_of(stage), petition.id)
    assert [(version.count, "open" in (version.text or "")) for version in versions] == [(0, True), (2, False)]
    tally = await store_of(stage).petitions.get_snapshot(petition.id, newest=9)
    assert {each.login: given_to(tally.letters, each.signed_at) for each in tally.newest} == {
        "ada": 0,
        "grace": 0,
        "alan": 1,
    }
    changes = compare(*(version.text or "" for version in versions))
    marked = re.findall("<(ins|del) class=[^>]*><span[^>]*>[^<]*</span>([^<]*)<", changes.html)
    # Where the line ended, a paragraph does now.
    assert marked == [("del", "to open the archive."), ("ins", "to close the archive.")]


async def test_a_change_that_is_taken_back_is_forgiven_where_nobody_signed_it(stage: Scene) -> None:
    petition = stage.petition("Open the archive.")
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    await a_second_later()
    rewrite(stage, petition, "Open", "Close")
    await stage.until(lambda: WARNING in (petition.body or ""))
    await a_second_later()
    rewrite(stage, petition, "Close", "Open")
    await stage.until(lambda: WARNING not in (petition.body or ""))


async def test_saving_exactly_an_earlier_body_of_ours_is_an_edit_all_the_same(stage: Scene) -> None:
    petition = stage.petition("Open the archive.")
    stage.sign(petition, "ada")
    earlier = await stage.shows(petition, 1)
    await a_second_later()
    rewrite(stage, petition, "Open", "Close")
    await stage.until(lambda: WARNING in (petition.body or ""))
    await a_second_later()
    stage.sandbox.issues.edit(petition, stage.organizer(), earlier, web=False)
    await stage.sandbox.settled()
    assert [version.text for version in await list_letters(store_of(stage), petition.id)] == [
        "Open the archive.",
        "Close the archive.",
        "Open the archive.",
    ]


async def test_what_the_letter_said_before_is_known_again_after_the_database_was_lost(
    stage: Scene, tmp_path: Path
) -> None:
    petition = stage.petition("We ask you\nto open the archive.")
    await stage.shows(petition, 0)
    await a_second_later()
    stage.sign(petition, "ada")
    await a_second_later()
    rewrite(stage, petition, "open", "close")
    await a_second_later()
    stage.sign(petition, "grace")
    await a_second_later()
    rewrite(stage, petition, "archive", "library")
    await a_second_later()
    stage.sign(petition, "alan")
    await stage.shows(petition, 3)
    await stage.until(lambda: "2 an earlier one" in (petition.body or ""))
    before = await versions_and_signers(stage, petition)
    assert before[1] == {"ada": 0, "grace": 1, "alan": 2}

    await stage.stop_bot()
    stage.sandbox.issues.edit(petition, stage.sandbox.world.app.bot, block.letter(petition.body))
    stage.database_url = f"sqlite:///{tmp_path}/new.db"
    await stage.start_bot()

    await stage.until(lambda: "2 an earlier one" in (petition.body or ""))
    assert await versions_and_signers(stage, petition) == before


async def test_a_new_petition_s_letter_has_no_past_to_be_asked_for(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition("Open the archive.")
        await stage.shows(petition, 0)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await eventually(lambda: at_rest(stage), "the end of all work")
        assert calls.like("POST .*graphql") == []


async def test_a_petition_is_published_also_where_nobody_says_what_its_letter_said_before(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL, start=False) as (stage, calls):
        petition = stage.petition("Open the archive.")
        stage.sign(petition, "ada")
        await a_second_later()
        rewrite(stage, petition, "Open", "Close")
        stage.sandbox.faults = Faults(where="/graphql", graphql_error=1.0)
        await stage.start_bot()
        await stage.shows(petition, 1)
        await eventually(lambda: calls.like("POST .*graphql"), "a question")
        assert WARNING not in (petition.body or "")
        stage.sandbox.faults = Faults()
        await stage.until(lambda: WARNING in (petition.body or ""))


async def versions_and_signers(stage: Scene, petition: Issue) -> tuple[tuple[Letter, ...], dict[str, int]]:
    """Give the letter's versions, and which of them everybody signed."""
    versions = await list_letters(store_of(stage), petition.id)
    tally = await store_of(stage).petitions.get_snapshot(petition.id, newest=9)
    return versions, {each.login: given_to(tally.letters, each.signed_at) for each in tally.newest}
