"""After a rename the old addresses of a petition lead to the present ones, in every form."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.petition.facts_from_github import Repository, RepositoryFact
from tests.store.scene import INSTALLATION
from tests.web.scene import PAGE, PUBLIC, Scene

NEW_PAGE = "/petitions/summit/open-letters/7"
FORMS = ("", "/letter", ".json", ".csv", "/badge.svg", "/badge.json", "/card.png", "/chart.svg", "/feed.atom")
"""All that is about one petition and is asked for once."""


async def rename(scene: Scene, owner: str = "summit", name: str = "open-letters") -> None:
    scene.petition.repository = replace(scene.petition.repository, owner=owner, name=name)
    await scene.petition.change_issue()


async def redirected(scene: Scene, path: str) -> str:
    async with scene.client.get(path, allow_redirects=False) as answer:
        assert answer.status == 302, await answer.text()
        return answer.headers["Location"]


@pytest.mark.parametrize("form", FORMS)
async def test_every_form_redirects_from_each_former_name(scene: Scene, form: str) -> None:
    await scene.petition.sign("ada")
    await rename(scene, "acme")
    await rename(scene)
    for former in ("/petitions/acme/letters/7", "/petitions/Acme/LETTERS/7", "/petitions/acme/open-letters/7"):
        assert await redirected(scene, former + form) == PUBLIC + NEW_PAGE + form
    await scene.get(NEW_PAGE + form)


async def test_a_redirect_keeps_what_was_asked_for(scene: Scene) -> None:
    await rename(scene)
    query = "sort=name&q=%C3%89tienne%20%26%20co&limit=5&what=x&base=y"
    assert await redirected(scene, f"{PAGE}.json?{query}") == f"{PUBLIC}{NEW_PAGE}.json?{query}"


@pytest.mark.parametrize("form", FORMS)
async def test_a_former_name_of_a_private_repository_still_needs_the_key(scene: Scene, form: str) -> None:
    await scene.petition.sign("ada")
    key = await scene.make_private()
    await rename(scene)
    for query in ("", "?key=", f"?key={key}x"):
        absent = await scene.get(f"/petitions/acme/nothing/7{form}{query}", 404)
        assert await scene.get(f"{PAGE}{form}{query}", 404) == absent
    assert await redirected(scene, f"{PAGE}{form}?key={key}") == f"{PUBLIC}{NEW_PAGE}{form}?key={key}"
    await scene.get(f"{NEW_PAGE}{form}?key={key}")


@pytest.mark.parametrize("form", FORMS)
async def test_a_live_repository_of_that_name_wins(scene: Scene, form: str) -> None:
    await rename(scene)
    newcomer = RepositoryFact(INSTALLATION, Repository(71, "acme", "letters"), scene.petition.clock + 1)
    await scene.petition.store.record([newcomer])
    await scene.get(PAGE + form, 404)
    await scene.get(NEW_PAGE + form)


async def test_a_redirect_may_be_followed_from_other_sites_and_is_asked_for_again(scene: Scene) -> None:
    await rename(scene)
    async with scene.client.get(f"{PAGE}.json", allow_redirects=False) as answer:
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "no-cache" in answer.headers["Cache-Control"]


async def test_a_page_that_was_open_stays_live(scene: Scene) -> None:
    await rename(scene)
    async with scene.client.get(f"{PAGE}/events", allow_redirects=False) as answer:
        assert answer.status == 200
