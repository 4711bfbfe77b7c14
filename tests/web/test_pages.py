"""A petition's page and the front page: what people read, and that nothing of it is anybody else's code."""

from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.petition.commands import Sign
from tests.store.scene import LETTER, person
from tests.web.html import Read
from tests.web.scene import PAGE, PUBLIC, Scene

TRICKS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "</title><h1>",
    "{{ 7 * 7 }}", "' onmouseover='alert(1)", "--><b>", "]]>", "&lt;b&gt;", "=1+1", "\u202egnp.exe",
)  # fmt: skip


async def read(scene: Scene, path: str = PAGE, status: int = 200) -> Read:
    return Read(await scene.get(path, status))


async def test_a_page_shows_who_has_signed_and_leads_to_their_comments(scene: Scene) -> None:
    comment = await scene.petition.say(person("ada"), Sign("Ada Lovelace", "Analytical Engines", "It is time."))
    page = await read(scene)
    for words in ("Open the archive", "1 person has signed", "Ada Lovelace", "Analytical Engines", "It is time."):
        assert words in page.text
    assert f"https://github.com/acme/letters/issues/7#issuecomment-{comment}" in page.links
    assert "https://github.com/ada" in page.links


async def test_a_page_says_how_to_sign_and_leads_to_the_comment_box(scene: Scene) -> None:
    page = await read(scene)
    assert "Be the first to sign" in page.text
    assert "Nobody has signed yet" in page.text
    assert "https://github.com/acme/letters/issues/7#new_comment_field" in page.links


async def test_a_closed_petition_asks_nobody_to_sign(scene: Scene) -> None:
    await scene.petition.tell(replace(LETTER, closed_at=1_794_950_000))
    page = await read(scene)
    assert "Closed on 17 Nov 2026" in page.text
    assert not any("new_comment_field" in link for link in page.links)


async def test_was_i_counted_is_answered_plainly(scene: Scene) -> None:
    await scene.petition.sign("ada", "Ada Lovelace")
    assert "Yes, ada is counted, as Ada Lovelace" in (await read(scene, f"{PAGE}?q=ADA")).text
    assert "Yes, ada is counted" in (await read(scene, f"{PAGE}?q=@ada")).text
    assert "No signature of grace is counted" in (await read(scene, f"{PAGE}?q=grace")).text
    some = (await read(scene, f"{PAGE}?q=love")).text
    assert "Nobody with the login love is counted" in some
    assert "Ada Lovelace" in some


async def test_fifty_names_are_on_a_page_and_the_rest_behind_it(scene: Scene) -> None:
    for number in range(60):
        await scene.petition.say(person(f"p{number:03}" + "x" * number), Sign(f"Person {number}."))
    first = await read(scene)
    assert "Person 59." in first.text
    assert "Person 9." not in first.text
    (more,) = [link for link in first.links if "after=" in link]
    second = await read(scene, more.removeprefix(PUBLIC).partition("#")[0])
    assert "Person 9." in second.text
    assert "Person 10." not in second.text
    assert any("before=" in link for link in second.links)


async def test_a_question_that_makes_no_sense_is_refused_with_a_page(scene: Scene) -> None:
    for query in ("sort=age", "after=x", "after=1", "before=.", "after=99999999999999999999.1", "after=1.-1"):
        page = await read(scene, f"{PAGE}?{query}", 400)
        assert "That does not make sense" in page.text


async def test_what_is_not_there_is_a_page_that_leads_on(scene: Scene) -> None:
    for path in ("/petitions/acme/letters/8", "/petitions/acme/nothing/7", "/nowhere", "/static/secret.py"):
        page = await read(scene, path, 404)
        assert "Not here" in page.text
        assert f"{PUBLIC}/" in page.links


async def test_another_spelling_leads_to_the_petitions_own_address(scene: Scene) -> None:
    async with scene.client.get("/petitions/ACME/Letters/7", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, PUBLIC + PAGE)


async def test_a_private_petition_is_there_only_for_who_has_the_key(scene: Scene) -> None:
    await scene.petition.sign("ada", "Ada Lovelace")
    key = await scene.make_private()
    for query in ("", "?key=", "?key=x", f"?key={key[:-1]}", f"?key={key}x", "?key=%C3%A9", f"?Key={key}"):
        assert "Ada" not in await scene.get(PAGE + query, 404)
    page = await read(scene, f"{PAGE}?key={key}&q=a")
    assert "Ada Lovelace" in page.text
    assert "Open the archive" not in (await read(scene, "/")).text
    ours = [link for link in page.links if link.startswith(PUBLIC + PAGE)]
    assert ours
    assert all(f"key={key}" in link for link in ours)
    assert f'name="key" value="{key}"' in await scene.get(f"{PAGE}?key={key}")


async def test_a_private_petitions_address_stays_private(scene: Scene) -> None:
    key = await scene.make_private()
    async with scene.client.get(f"{PAGE}?key={key}") as answer:
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        assert "no-store" in answer.headers["Cache-Control"]


async def test_the_front_page_lists_petitions_and_tells_what_to_do_where_there_are_none(scene: Scene) -> None:
    await scene.petition.sign("ada")
    page = await read(scene, "/")
    assert "Open the archive" in page.text
    assert "1 person has signed" in page.text
    assert PUBLIC + PAGE in page.links
    await scene.make_private()
    empty = await read(scene, "/")
    assert "There is no petition here yet" in empty.text
    assert "Give the issue the label petition" in empty.text


async def test_every_answer_allows_nothing_from_elsewhere(scene: Scene) -> None:
    for path in ("/", PAGE, "/nowhere", "/static/roster.css", "/healthz"):
        async with scene.client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_pages_keep_their_own_rules(scene: Scene) -> None:
    await scene.petition.say(person("ada"), Sign("Ada", "Engines", "Because."))
    for path in ("/", PAGE, f"{PAGE}?q=ada", f"{PAGE}?q=nobody", "/nowhere"):
        async with scene.client.get(path, headers={"Accept": "text/html"}) as answer:
            text = await answer.text()
        page = Read(text)
        assert not any(re.search(r" (on\w+|style)$", name) for name in page.attributes)
        assert page.tags["script"] == 1
        assert page.tags["style"] == 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.tuples(*[st.sampled_from(TRICKS) | st.text(max_size=40) for _ in range(5)]),
)
async def test_no_text_of_strangers_becomes_a_tag(scene: Scene, texts: tuple[str, ...]) -> None:
    name, affiliation, reason, title, search = (
        text.replace("\0", "").encode("utf-8", "ignore").decode() for text in texts
    )
    await scene.petition.tell(replace(LETTER, title="plain"))
    await scene.petition.say(person("ada"), Sign("plain", "plain", "plain"))
    plain = await _shapes(scene, "plain")
    await scene.petition.tell(replace(LETTER, title=title))
    await scene.petition.say(person("ada"), Sign(name or "x", affiliation or "x", reason or "x"))
    assert await _shapes(scene, search) <= plain


async def _shapes(scene: Scene, search: str) -> set[str]:
    """Give all tags and attributes of the pages that show strangers' text, with how often."""
    shapes: set[str] = set()
    for path, query in (("/", {}), (PAGE, {}), (PAGE, {"q": search or "x"})):
        async with scene.client.get(path, params=query, headers={"Accept": "text/html"}) as answer:
            page = Read(await answer.text())
            counts = {**page.tags, **page.attributes}
            if not query:
                shapes |= {f"{path} {name} {count}" for name, count in counts.items()}
            else:
                shapes |= {f"{path} {name}" for name in page.attributes if re.search(r" (on\w+|style|src)$", name)}
    return shapes
