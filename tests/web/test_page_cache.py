"""Public pages from the cache: for whom, in which coding, and what is never kept."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.store import Rosters
from bot.web import page_cache
from bot.web.page_cache import takes_gzip
from tests.web.scene import LOCAL, NOW, PAGE, Client, Scene, serving

FORMS = ("", "/letter", ".json", ".csv", "/card.png", "/chart.svg", "/feed.atom")
COMPRESSED = ("", "/letter", ".json", "/chart.svg", "/feed.atom")


@pytest.fixture
def client(scene: Scene) -> Client:
    # As it came: unpacking is what these tests do themselves.
    scene.client.session._auto_decompress = False
    return scene.client


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The petitions that were read for a page."""
    found: list[int] = []
    original = Rosters.get_details

    async def get_details(self: Rosters, petition_id: int, wanted: object) -> object:
        found.append(petition_id)
        return await original(self, petition_id, wanted)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(Rosters, "get_details", get_details)
    return found


async def ask(
    client: Client, path: str, coding: str = "identity", **headers: str
) -> tuple[Mapping[str, str], bytes]:
    async with client.get(path, headers={"Accept-Encoding": coding, **headers}) as answer:
        said = answer.headers.copy()
        said["status"] = str(answer.status)
        return said, await answer.read()


@pytest.mark.parametrize("form", COMPRESSED)
async def test_each_coding_has_its_own_tag_and_the_same_content(scene: Scene, client: Client, form: str) -> None:
    await scene.petition.sign("ada", "Ada Lovelace")
    plain, text = await ask(client, PAGE + form)
    packed, small = await ask(client, PAGE + form, "br;q=1, gzip;q=0.5")
    assert ("Content-Encoding" in plain, packed["Content-Encoding"]) == (False, "gzip")
    assert gzip.decompress(small) == text
    assert plain["Vary"] == packed["Vary"] == "Accept-Encoding"
    assert plain["Content-Type"] == packed["Content-Type"]
    assert plain["ETag"] != packed["ETag"]
    unchanged, nothing = await ask(client, PAGE + form, "gzip", **{"If-None-Match": packed["ETag"]})
    assert (unchanged["status"], nothing, unchanged["ETag"]) == ("304", b"", packed["ETag"])
    assert (unchanged["Vary"], unchanged["Cache-Control"]) == ("Accept-Encoding", packed["Cache-Control"])
    other, _ = await ask(client, PAGE + form, "gzip", **{"If-None-Match": plain["ETag"]})
    assert other["status"] == "200"
    await scene.petition.change_issue(replace(scene.petition.issue, title="Another title"))
    anew, _ = await ask(client, PAGE + form, "gzip", **{"If-None-Match": packed["ETag"]})
    assert (anew["status"], anew["ETag"] != packed["ETag"]) == ("200", True)


async def test_a_page_of_a_clock_that_was_ahead_is_made_again(
    scene: Scene, client: Client, reads: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.web.scene.NOW", NOW + 86_400)
    await ask(client, PAGE)
    monkeypatch.setattr("tests.web.scene.NOW", NOW)
    await ask(client, PAGE)
    count = len(reads)
    await ask(client, PAGE)
    assert (count, len(reads)) == (2, 2)


async def test_a_page_is_read_once_for_all_who_ask_at_once_and_later(
    scene: Scene, client: Client, reads: list[int]
) -> None:
    await scene.petition.sign("ada")
    answers = await asyncio.gather(*(ask(client, PAGE) for _ in range(8)))
    assert {body for _, body in answers} == {(await ask(client, PAGE))[1]}
    assert len(reads) == 1
    await scene.petition.sign("grace")
    assert b"grace" in (await ask(client, PAGE))[1]
    assert len(reads) == 2


async def test_another_petition_does_not_make_a_page_be_read_again(
    scene: Scene, client: Client, reads: list[int]
) -> None:
    await ask(client, PAGE)
    await scene.petition.store.credentials.record_delivery(1)
    await ask(client, PAGE)
    assert len(reads) == 1


@pytest.mark.parametrize("query", ["?sort=oldest", "?q=ada", "?utm_source=x"])
async def test_an_answer_to_a_query_is_neither_kept_nor_compressed(
    scene: Scene, client: Client, reads: list[int], query: str
) -> None:
    for _ in range(2):
        said, _ = await ask(client, PAGE + query, "gzip")
        assert "Content-Encoding" not in said
        assert "Vary" not in said
    assert len(reads) == 2


@pytest.mark.parametrize("form", FORMS)
async def test_a_private_page_is_neither_kept_nor_compressed(scene: Scene, client: Client, form: str) -> None:
    await scene.petition.sign("ada")
    await ask(client, PAGE + form)
    key = await scene.make_private()
    assert (await ask(client, PAGE + form, "gzip"))[0]["status"] == "404"
    said, _ = await ask(client, f"{PAGE}{form}?key={key}", "gzip")
    assert (said["status"], said["Cache-Control"]) == ("200", "private, no-store")
    assert "Content-Encoding" not in said
    await scene.make_private(private=False)
    assert (await ask(client, PAGE + form, "gzip"))[0]["status"] == "200"


async def test_the_host_of_a_request_gets_into_no_answer_to_others(sqlite_url: str, reads: list[int]) -> None:
    async with serving(sqlite_url, public_url=None) as scene:
        local = LOCAL.removeprefix("http://")
        for host in ("evil.example", local, "evil.example:81", local, "localhost"):
            said, text = await ask(scene.client, PAGE, "gzip", Host=host)
            assert f"http://{host}/petitions/".encode() in text
            assert ("Vary" in said) == (host == local)
    assert len(reads) == 4


async def test_what_becomes_private_while_it_is_read_is_not_shown(
    scene: Scene, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Rosters.get_details

    async def get_details(self: Rosters, petition_id: int, wanted: object) -> object:
        await scene.make_private()
        await scene.petition.sign("grace")
        return await original(self, petition_id, wanted)  # type: ignore[arg-type] # as it came

    await scene.petition.sign("ada")
    monkeypatch.setattr(Rosters, "get_details", get_details)
    for form in ("", ".json?limit=5"):
        await scene.make_private(private=False)
        said, text = await ask(client, PAGE + form)
        assert (said["status"], b"grace" in text) == ("404", False)


async def test_a_large_answer_is_sent_and_not_kept(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, reads: list[int]
) -> None:
    monkeypatch.setattr(page_cache, "LARGEST", 1_000)
    async with serving(sqlite_url) as scene:
        for _ in range(2):
            assert (await ask(scene.client, PAGE))[0]["status"] == "200"
    assert len(reads) == 2


async def test_head_says_what_get_would(scene: Scene, client: Client) -> None:
    for coding in ("gzip", "identity"):
        said, body = await ask(client, PAGE, coding)
        async with client.head(PAGE, headers={"Accept-Encoding": coding}) as answer:
            assert await answer.read() == b""
            names = ("Content-Length", "Content-Encoding", "ETag", "Vary")
            assert [answer.headers.get(name) for name in names] == [said.get(name) for name in names]
            assert int(answer.headers["Content-Length"]) == len(body)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("gzip, deflate, br", True),
        ("deflate;q=1.0, gzip ; q=0.001", True),
        ("*", True),
        ("x-gzip", True),
        ("*;q=0.5", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("*, gzip;q=0", False),
        ("*;q=0", False),
        ("gzip;q=many", False),
        ("gzipped", False),
        ("br, deflate", False),
    ],
)
def test_gzip_is_sent_to_whoever_takes_it(header: str, expected: bool) -> None:
    assert takes_gzip(header) is expected


@given(st.text())
def test_no_header_stops_an_answer(header: str) -> None:
    assert takes_gzip(header) in (True, False)
