"""From the comment to the page: what the issue's block links to shows who has signed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.store import Store
from sandbox.models import Issue
from tests.web.html import Read
from tests.whole.recorded_calls import eventually
from tests.whole.scene import Scene, scene


@pytest.fixture
async def public(sqlite_url: str) -> AsyncIterator[Scene]:
    """A scene whose bot is reached at the address that it links to."""
    async with scene(sqlite_url, start=False) as found:
        found.public_url = "http://127.0.0.1:0"
        await found.start_bot()
        yield found


def links(petition: Issue) -> dict[str, str]:
    found = re.findall(r"\[([^\]]+)\]\((http\S+)\)", petition.body or "")
    return {text: url for text, url in found if "/petitions/" in url}


async def fetch(url: str, status: int = 200) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == status, url
        return await answer.text()


async def test_the_block_links_to_a_page_that_shows_who_signed(public: Scene) -> None:
    petition = public.petition(title="Read what you sign")
    public.sign(petition, "ada", "/sign Ada Lovelace, Analytical Engines")
    await public.shows(petition, 1)
    page = await fetch(links(petition)["all signatures"])
    assert "Read what you sign" in page
    assert "Ada Lovelace" in page
    assert f"{public.sandbox.web_url}/{petition.repository.full_name}/issues/1#issuecomment-" in page


async def test_the_block_leads_to_where_one_finds_out_whether_one_is_counted_and_how_to_recount(
    public: Scene,
) -> None:
    petition = public.petition()
    public.sign(petition, "ada")
    await public.shows(petition, 1)
    for text in ("Was I counted?", "anybody can recount"):
        url, _, place = links(petition)[text].partition("#")
        assert f'id="{place}"' in await fetch(url), text
    public.sandbox.repositories.write_file(petition.repository, ".github/petition.yml", "roster: private\n")
    await public.until(lambda: "Was I counted?" not in links(petition))
    assert set(links(petition)) == {"the petition's page", "JSON", "anybody can recount"}


async def test_signatures_of_an_earlier_release_are_prepared_beside_the_work(public: Scene) -> None:
    petition = public.petition()
    for login, name in {"ada": "Zoë", "grace": "Émile", "alan": "eva"}.items():
        public.sign(petition, login, f"/sign {name}")
    await public.shows(petition, 3)
    await public.stop_bot()
    store = await Store.open(public.database_url)
    await store.database.write(lambda work: work.execute("UPDATE signatures SET sort_key = NULL"))
    await store.close()
    bot = await public.start_bot()
    left = "SELECT 1 FROM signatures WHERE sort_key IS NULL"

    async def all_are_prepared() -> bool:
        return not await bot.store.database.read(lambda work: work.fetch(left))

    await eventually(all_are_prepared, "the keys")
    public.sign(petition, "linus", "/sign Ewa")
    await public.shows(petition, 4)
    page = await fetch(links(petition)["all signatures"].partition("#")[0] + "?sort=name")
    assert re.findall("Zoë|Émile|eva|Ewa", page.partition('id="roster"')[2]) == ["Émile", "eva", "Ewa", "Zoë"]


async def test_who_is_not_counted_is_told_what_is_wrong_and_organizers_not_to_edit(
    public: Scene,
) -> None:
    public.organizer()
    petition = public.petition()
    given = public.sign(petition, "grace", "/petition goal 5")
    mistyped = public.sign(petition, "alan", "`/sign Alan`")
    public.sign(petition, "ada")
    await public.shows(petition, 1)
    await public.reacted(given, "+1")
    await public.reacted(mistyped, "confused")
    page = links(petition)["Was I counted?"].partition("#")[0]
    told = Read(await fetch(f"{page}?q=grace")).text
    assert "No, grace is not counted." in told
    assert "is a /petition command, which signs nothing. Leave your comment unchanged" in told
    assert "edit your comment" not in told
    assert "has /sign formatted as code" in Read(await fetch(f"{page}?q=alan")).text


async def test_a_long_response_is_whole_on_the_page_as_markdown(public: Scene) -> None:
    public.organizer()
    petition = public.petition()
    text = "We **agree**.\n\n- in May\n- in June\n\n" + "word " * 300 + "\n\nThe end."
    public.sign(petition, "grace", f"/petition respond {text}\n/petition goal 5")
    await public.until(lambda: "Official response" in (petition.body or ""))
    assert "The end." not in (petition.body or "")
    page = await fetch(links(petition)["…"])
    for html in ("<strong>agree</strong>", "<li>in June</li>", "<p>The end.</p>"):
        assert html in page


async def test_where_nobody_reaches_the_pages_the_block_links_to_none(stage: Scene) -> None:
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    assert links(petition) == {}


async def test_the_links_of_a_private_petition_carry_its_key(public: Scene) -> None:
    petition = public.petition()
    public.sign(petition, "ada", "/sign Ada Lovelace")
    await public.shows(petition, 1)
    public.sandbox.repositories.privatize(petition.repository, petition.repository.owner)
    await public.until(lambda: "?key=" in links(petition).get("all signatures", ""))
    address = links(petition)["all signatures"]
    assert "Ada Lovelace" in await fetch(address)
    await fetch(address.partition("?")[0], 404)


async def test_when_the_letter_was_changed_the_block_leads_to_what_was_changed(public: Scene) -> None:
    petition = public.petition("Dear all,\n\nplease.")
    public.sign(petition, "ada")
    body = await public.shows(petition, 1)
    public.sandbox.issues.edit(petition, petition.repository.owner, body.replace("please", "hurry"), web=True)
    await public.until(lambda: "What was changed" in links(petition))
    told = Read(await fetch(links(petition)["What was changed"])).text
    assert "removed: please. added: hurry." in told
