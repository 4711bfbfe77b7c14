"""The front page: what petitions there are, found by title and state, and what to do where there are none."""

from __future__ import annotations

from msgspec.structs import replace

from bot.petition.facts_from_github import IssueFact
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Settings
from tests.store.scene import INSTALLATION, LETTER, REPOSITORY
from tests.web.html import Read
from tests.web.scene import PAGE, PUBLIC, Scene


async def read(scene: Scene, path: str = "/", status: int = 200) -> Read:
    return Read(await scene.get(path, status))


async def open_petitions(scene: Scene, count: int) -> None:
    for number in range(100, 100 + count):
        issue = replace(LETTER, id=number, number=number, title=f"Mend the road {number}", updated_at=200)
        await scene.petition.store.record([IssueFact(INSTALLATION, REPOSITORY, issue, 200)])


async def test_a_card_shows_title_state_progress_and_count(scene: Scene) -> None:
    await scene.petition.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(goals=(4,)))))
    await scene.petition.sign("ada")
    page = await read(scene)
    assert "Each petition is an open letter in an issue on GitHub." in page.text
    said = "Open the archive Open acme/letters 1 person has signed 25% of the goal of 4 Last signed: 17 Nov 2026,"
    assert said in page.text
    assert page.tags["progress"] == 1
    assert PUBLIC + PAGE in page.links


async def test_a_card_says_until_when_a_petition_is_open_and_then_that_it_is_closed(scene: Scene) -> None:
    await scene.petition.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(deadline=1_795_000_100))))
    assert "Open Deadline: 18 Nov 2026, 11:08 UTC acme/letters Be the first to sign" in (await read(scene)).text
    await scene.petition.change_issue(replace(LETTER, closed_at=1_794_950_000))
    assert "Closed acme/letters Nobody has signed" in (await read(scene)).text


async def test_petitions_are_found_by_title_or_repository(scene: Scene) -> None:
    await open_petitions(scene, 2)
    page = await read(scene, "/?q=ROAD+101")
    assert "1 petition has ROAD 101 in its title or in the name of its repository. Show all petitions" in page.text
    assert page.tags["h2"] == 1
    assert (await read(scene, "/?q=acme/letters")).tags["h2"] == 3


async def test_where_a_search_finds_nothing_the_page_says_how_to_widen_it(scene: Scene) -> None:
    page = await read(scene, "/?q=river")
    assert "No petition has river in its title or in the name of its repository. Try fewer letters" in page.text
    assert f"{PUBLIC}/" in page.links
    page = await read(scene, "/?q=archive&state=closed")
    assert "No closed petition has archive in its title or" in page.text
    assert "1 open petition has it." in page.text
    assert f"{PUBLIC}/?q=archive" in page.links
    assert "There are no closed petitions." in (await read(scene, "/?state=closed")).text


async def test_open_and_closed_petitions_are_told_apart(scene: Scene) -> None:
    await open_petitions(scene, 2)
    await scene.petition.change_issue(replace(LETTER, closed_at=1_794_950_000))
    page = await read(scene, "/?state=open")
    assert "All petitions 3 Open petitions 2 Closed petitions 1" in page.text
    assert "Open the archive" not in page.text
    closed = await read(scene, "/?state=closed")
    assert (closed.tags["h2"], "Open the archive" in closed.text) == (1, True)
    assert {f"{PUBLIC}/?state=open", f"{PUBLIC}/?state=closed"} <= set(closed.links)


async def test_thirty_petitions_are_on_a_page_and_the_rest_behind_it(scene: Scene) -> None:
    await open_petitions(scene, 40)
    first = await read(scene, "/?q=road")
    assert (first.tags["h2"], "Page 1 of 2" in first.text) == (30, True)
    assert f"{PUBLIC}/?q=road&page=2" in first.links
    second = await read(scene, "/?q=road&page=2")
    assert (second.tags["h2"], "Page 2 of 2" in second.text) == (10, True)
    assert f"{PUBLIC}/?q=road" in second.links
    assert not any("page=3" in link for link in second.links)


async def test_a_question_that_makes_no_sense_is_refused_with_a_page(scene: Scene) -> None:
    for query in ("state=shut", "page=0", "page=x", "page=-1", "page=1000000"):
        assert "Bad request" in (await read(scene, f"/?{query}", 400)).text


async def test_where_there_is_no_petition_the_page_says_how_to_begin_one(scene: Scene) -> None:
    await scene.make_private()
    page = await read(scene)
    assert "There are no petitions here yet To start one:" in page.text
    assert "Give the issue the label petition." in page.text
    assert page.tags["form"] == 0
