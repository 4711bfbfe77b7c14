"""A petition for programs: JSON, table, feed, badge, chart, oEmbed; in all of them strangers' text stays text."""

from __future__ import annotations

import asyncio
import base64
import csv
import hashlib
import io
import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from multidict import CIMultiDict

from bot.export.chart import STYLE
from bot.export.json_csv_and_atom import BYTE_ORDER_MARK, neutralize
from bot.petition.comments.commands import Sign
from bot.petition.tally import digest
from bot.web.api import ApiRoutes
from bot.web.page_cache import PageCache
from tests.store.scene import LETTER, person
from tests.web.scene import PAGE, PUBLIC, Scene, pages_context

ATOM = "{http://www.w3.org/2005/Atom}"
FORMS = (".json", ".csv", "/badge.svg", "/badge.json", "/card.png", "/chart.svg", "/feed.atom")


async def get_json(scene: Scene, path: str = f"{PAGE}.json", status: int = 200) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await scene.get(path, status, Accept="*/*"))
    return found


async def headers(scene: Scene, path: str, **asked: str) -> Mapping[str, str]:
    async with scene.client.get(path, headers=asked) as answer:
        return CIMultiDict({**answer.headers, "status": str(answer.status)})


async def rows(scene: Scene, path: str = f"{PAGE}.csv") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((await scene.get(path)).removeprefix(BYTE_ORDER_MARK), newline="")))


async def test_json_tells_the_petition_and_who_signed(scene: Scene) -> None:
    comment = await scene.petition.say(person("ada"), Sign("Ada Lovelace", "Engines", "It is time."))
    found = await get_json(scene)
    assert found["petition"]["count"] == 1
    assert found["petition"]["page"] == PUBLIC + PAGE
    assert found["signatures"] == [
        {
            "user_id": 1,
            "login": "ada",
            "name": "Ada Lovelace",
            "affiliation": "Engines",
            "reason": "It is time.",
            "signed_at": "2026-11-17T07:20:02Z",
            "comment_id": comment,
            "comment": f"https://github.com/acme/letters/issues/7#issuecomment-{comment}",
            "letter": None,
        }
    ]
    assert (found["next"], found["previous"]) == (None, None)


async def test_the_digest_follows_from_the_signatures(scene: Scene) -> None:
    for login in ("ada", "grace", "alan"):
        await scene.petition.sign(login)
    found = await get_json(scene)
    pairs = [(one["user_id"], one["comment_id"]) for one in found["signatures"]]
    assert found["petition"]["digest"] == digest(pairs)


async def test_who_asked_not_to_be_listed_is_in_no_form_and_forms_say_how_many(scene: Scene) -> None:
    await scene.petition.sign("ada")
    assert "subtitle" not in await scene.get(f"{PAGE}/feed.atom")
    comment = await scene.petition.sign("grace", "Grace Hopper")
    await scene.petition.edit(comment, Sign(unlisted=True))
    for query in ("", "?q=grace", "?q=hopper", "?sort=name", "?sort=oldest&limit=1"):
        text = await scene.get(f"{PAGE}.json{query}")
        assert "grace" not in text
        assert str(comment) not in text
        assert (json.loads(text)["petition"]["count"], json.loads(text)["petition"]["unlisted"]) == (2, 1)
    for form in (".csv", "/feed.atom", "/chart.svg"):
        text = await scene.get(PAGE + form)
        assert "grace" not in text
        assert str(comment) not in text
    told = "<subtitle>1 person who signed asked not to be listed.</subtitle>"
    assert told in await scene.get(f"{PAGE}/feed.atom")
    assert ">2</text>" in await scene.get(f"{PAGE}/badge.svg")


async def test_json_comes_in_parts_that_lead_to_one_another(scene: Scene) -> None:
    for login in ("ada", "grace", "alan"):
        await scene.petition.sign(login)
    first = await get_json(scene, f"{PAGE}.json?limit=2&sort=oldest")
    second = await get_json(scene, first["next"].removeprefix(PUBLIC))
    back = await get_json(scene, second["previous"].removeprefix(PUBLIC))
    assert [one["login"] for one in first["signatures"]] == ["ada", "grace"]
    assert [one["login"] for one in second["signatures"]] == ["alan"]
    assert back["signatures"] == first["signatures"]
    said = await headers(scene, f"{PAGE}.json?limit=2")
    assert said["Link"].endswith('>; rel="next"')


async def test_parts_by_name_lead_to_one_another_also_from_links_of_earlier_releases(scene: Scene) -> None:
    for login, name in {"ada": "Zoë", "grace": "Émile", "alan": "eva", "linus": "李云.5"}.items():
        await scene.petition.sign(login, name)
    first = await get_json(scene, f"{PAGE}.json?limit=2&sort=name")
    second = await get_json(scene, first["next"].removeprefix(PUBLIC))
    back = await get_json(scene, second["previous"].removeprefix(PUBLIC))
    assert [one["name"] for one in first["signatures"] + second["signatures"]] == ["Émile", "eva", "Zoë", "李云.5"]
    assert back["signatures"] == first["signatures"]
    eva = first["signatures"][1]["comment_id"]
    for place in (f"eva.{eva}", f"~xyz.{eva}", f"anything.at.all.{eva}"):
        again = await get_json(scene, f"{PAGE}.json?limit=2&sort=name&after={place}")
        assert again["signatures"] == second["signatures"]
    assert (await get_json(scene, f"{PAGE}.json?limit=2&sort=name&after=eva.1"))["signatures"] == first[
        "signatures"
    ]


async def test_what_has_not_changed_is_not_sent_again(scene: Scene) -> None:
    await scene.petition.sign("ada")
    for form in (".json", "/badge.svg", "/chart.svg", "/feed.atom"):
        mark = (await headers(scene, PAGE + form))["ETag"]
        assert (await headers(scene, PAGE + form, **{"If-None-Match": mark}))["status"] == "304"
        assert (await headers(scene, PAGE + form, **{"If-None-Match": f'"x", {mark}'}))["status"] == "304"
        await scene.petition.sign(f"somebody-{form.strip('/.')}")
        assert (await headers(scene, PAGE + form, **{"If-None-Match": mark}))["status"] == "200"
    one = (await headers(scene, f"{PAGE}.json?limit=1"))["ETag"]
    assert one != (await headers(scene, f"{PAGE}.json?limit=2"))["ETag"]


async def test_other_peoples_pages_may_read_it_and_image_proxies_ask_again(scene: Scene) -> None:
    for form in FORMS:
        said = await headers(scene, PAGE + form)
        assert said["Access-Control-Allow-Origin"] == "*"
        assert said["Cache-Control"] == "no-cache, max-age=0"


async def test_a_table_has_a_line_for_each_signature(scene: Scene) -> None:
    await scene.petition.say(person("ada"), Sign("Ada", 'Engines "of", all', "Two\nlines"))
    await scene.petition.sign("grace")
    ada, grace = await rows(scene)
    assert (ada["login"], ada["affiliation"], ada["reason"]) == ("ada", 'Engines "of", all', "Two\nlines")
    assert (grace["user_id"], grace["name"]) == ("2", "")
    said = await headers(scene, f"{PAGE}.csv")
    assert said["Content-Type"] == "text/csv; charset=utf-8"
    assert said["Content-Disposition"] == 'attachment; filename="acme-letters-7.csv"'


async def test_a_long_table_is_whole(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.petition_queries.BATCH", 2)
    monkeypatch.setattr("bot.web.api.SHORT_ROSTER", 2)
    for login in ("ada", "grace", "alan", "linus", "barbara"):
        await scene.petition.sign(login)
    assert [row["login"] for row in await rows(scene)] == ["ada", "grace", "alan", "linus", "barbara"]


class Reader(web.StreamResponse):
    """Takes so many parts of an answer, and then none until it goes on."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.parts = most, list[object]()
        self.stops, self.goes_on = asyncio.Event(), asyncio.Event()

    async def write(self, data: object) -> None:
        self.parts.append(data)
        if len(self.parts) > self.most:
            self.stops.set()
            await self.goes_on.wait()


async def test_whoever_is_slow_to_take_a_long_table_keeps_nobody_from_theirs(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.petition_queries.BATCH", 1)
    for login in ("ada", "grace"):
        await scene.petition.sign(login)
    context = pages_context(scene.petition.store)
    routes = ApiRoutes(context, PageCache(context))
    slow, quick = [Reader(1) for _ in range(5)], Reader(99)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        for one in slow:
            group.create_task(routes._write_rows(one, LETTER.id, []))
            await one.stops.wait()
        await routes._write_rows(quick, LETTER.id, [])
        assert ([len(one.parts) for one in slow], len(quick.parts)) == ([2] * 5, 3)
        for one in slow:
            one.goes_on.set()
    assert {len(one.parts) for one in slow} == {3}


async def test_a_badge_says_the_count(scene: Scene) -> None:
    await scene.petition.sign("ada")
    badge = ET.fromstring(await scene.get(f"{PAGE}/badge.svg"))  # noqa: S314 - our own
    assert badge.attrib["aria-label"] == "signatures: 1"
    shield = await get_json(scene, f"{PAGE}/badge.json")
    assert shield == {"schemaVersion": 1, "label": "signatures", "message": "1", "color": "3d4fb5"}


async def test_a_chart_of_one_or_two_days_climbs_by_the_hour(scene: Scene) -> None:
    for login, at in (("ada", 1_794_900_000), ("grace", 1_794_910_000), ("alan", 1_794_911_000)):
        await scene.petition.say(person(login), Sign(), at)
    said = "3 signatures since 17 Nov 2026, 07:00 UTC. Most in one hour: 2 (from 17 Nov 2026, 10:00 UTC on)."
    for path in (f"{PAGE}/chart.svg", PAGE):
        text = await scene.get(path)
        assert said in text
        # It ends where it is now: the hour from 11:00 on of the next day is not over.
        assert "18 Nov 2026, 12:00 UTC</text>" in text
    await scene.petition.say(person("linus"), Sign(), 1_794_900_000 - 2 * 86_400)
    assert "4 signatures since 15 Nov 2026. Most on one day: 3" in await scene.get(f"{PAGE}/chart.svg")


async def test_a_chart_of_a_petition_that_was_short_stays_by_the_hour(scene: Scene) -> None:
    for login, at in (("ada", 1_780_000_000), ("grace", 1_780_010_000)):
        await scene.petition.say(person(login), Sign(), at)
    assert "2 signatures since 28 May 2026. Most on one day" not in await scene.get(f"{PAGE}/chart.svg")
    assert "2 signatures since 28 May 2026." in await scene.get(f"{PAGE}/chart.svg")
    scene.petition.clock = 1_794_990_000
    await scene.petition.change_issue(replace(LETTER, closed_at=1_780_020_000))
    text = await scene.get(f"{PAGE}/chart.svg")
    assert "Most in one hour: 1 (from 28 May 2026, 20:00 UTC on)." in text
    assert "29 May 2026, 03:00 UTC</text>" in text


async def test_a_chart_alone_may_use_its_own_style_and_no_other(scene: Scene) -> None:
    said = await headers(scene, f"{PAGE}/chart.svg")
    mark = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert f"style-src 'sha256-{mark}'" in said["Content-Security-Policy"]
    assert f"<style>{STYLE}</style>" in await scene.get(f"{PAGE}/chart.svg")


async def test_a_feed_has_the_newest_signatures(scene: Scene) -> None:
    await scene.petition.say(person("ada"), Sign("Ada", "Engines", "It is time."))
    feed = ET.fromstring(await scene.get(f"{PAGE}/feed.atom"))  # noqa: S314 - our own
    (entry,) = feed.iter(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Ada, Engines"
    assert entry.findtext(f"{ATOM}content") == "It is time."
    assert entry.findtext(f"{ATOM}author/{ATOM}name") == "ada"


async def test_a_link_to_a_petition_can_be_shown_with_title_and_count(scene: Scene) -> None:
    await scene.petition.sign("ada")
    found = await get_json(scene, f"/oembed?url={PUBLIC}{PAGE}")
    assert (found["type"], found["title"]) == ("link", "Open the archive: 1 person has signed")
    for url in ("", PAGE, f"https://elsewhere.example{PAGE}", f"{PUBLIC}/petitions/acme/letters/x", f"{PUBLIC}/["):
        await get_json(scene, f"/oembed?url={url}", 404)
    await get_json(scene, f"/oembed?url={PUBLIC}{PAGE}&format=xml", 400)


async def test_a_private_petition_has_no_form_without_its_key(scene: Scene) -> None:
    await scene.petition.sign("ada")
    key = await scene.make_private()
    for form in (*FORMS, "/events"):
        assert await get_json(scene, PAGE + form, 404) == {"message": "There is no such petition here."}
    for form in FORMS:
        said = await headers(scene, f"{PAGE}{form}?key={key}")
        assert said["status"] == "200"
        assert said["Referrer-Policy"] == "no-referrer"
        assert "no-store" in said["Cache-Control"]
    assert f"key={key}" in (await get_json(scene, f"{PAGE}.json?key={key}"))["petition"]["page"]
    await get_json(scene, f"/oembed?url={PUBLIC}{PAGE}", 404)


async def test_a_question_that_makes_no_sense_is_told_what_would(scene: Scene) -> None:
    for query in ("limit=0", "limit=1001", "limit=x", "limit=-1", "limit=٣", "sort=age", "after=1"):
        found = await get_json(scene, f"{PAGE}.json?{query}", 400)
        assert set(found) == {"message"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "'=1", '",=1'])
    | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    title=st.sampled_from(["<script>1</script>", '"><a href="/x">', '" onload="1', "&amp;"])
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
async def test_no_form_takes_strangers_text_for_its_own(scene: Scene, name: str, title: str) -> None:
    name = name.replace("\0", "x")
    await scene.petition.change_issue(replace(LETTER, title=title))
    await scene.petition.say(person("ada"), Sign(name, name, name))
    (row,) = await rows(scene)
    for field in ("name", "affiliation", "reason"):
        assert row[field] == neutralize(name)
        assert not row[field].startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    (one,) = (await get_json(scene))["signatures"]
    assert one["name"] == name
    feed = ET.fromstring(await scene.get(f"{PAGE}/feed.atom"))  # noqa: S314 - our own
    assert {each.tag for each in feed.iter()} == {
        f"{ATOM}{tag}" for tag in ["feed", "id", "title", "updated", "link", "entry", "author", "name", "content"]
    }
    picture = ET.fromstring(await scene.get(f"{PAGE}/chart.svg"))  # noqa: S314 - our own
    assert not any(each.tag.endswith(("script", "}a", "foreignObject")) for each in picture.iter())
    assert picture.attrib.keys() == {"viewBox", "class", "direction", "role", "aria-label"}
    assert title.strip() in picture.attrib["aria-label"] or not title.isprintable()
