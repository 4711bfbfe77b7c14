"""The paper of a pack: what it says, that strangers' words do nothing in it, and how a browser prints it."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec import structs
from msgspec.structs import replace
from playwright.async_api import Browser, Page
from pypdf import PdfReader

from bot.export.chart import Growth
from bot.export.handover_pack import IN_ONE_LIST, paper, record_pack
from bot.export.json_csv_and_atom import PackRecord, ResponseRecord, UnlistedRecord
from bot.links import Site
from bot.petition.i18n import ENGLISH, LANGUAGES, translator
from bot.petition.letter_versions_and_translations import Letter
from bot.store import PetitionExport
from tests.browser import PHONE, barriers
from tests.export.conftest import AT, NAMES, PAGES
from tests.pseudo_locale import untranslated_in_page
from tests.web.html import Read

HOSTILE = (
    "<script>alert(1)</script>", '"><img src=https://e.org/x onerror=alert(1)>', "</b></bdi></li></ol></main><h1>x",
    "</title><style>*{display:none}</style>", "{{ 7 * 7 }}{% raw %}", "<!--", "&lt;b&gt;",
    "a\0b\x1b[2J\x85c\ud800d", "\u202egnp.exe\u2067", "<plaintext>", "' onmouseover='alert(1)", "]]>",
    "<svg onload=alert(1)>",
)  # fmt: skip
SCRIPTS = ("བསྟན་འཛིན་རྒྱ་མཚོ།", "ნინო ბერიძე", "Ηώ", "👩🏽‍🚀 Mae", "សុខា", "ສົມໄຊ", "ⵜⴰⴼⵙⵓⵜ", "O’Neill")


@pytest.fixture
def record(whole: PetitionExport) -> PackRecord:
    return record_pack(whole, PAGES, Site(), AT)


def written(record: PackRecord, language: str = ENGLISH) -> str:
    return b"".join(paper(record, Growth([(20_000, 5)], 20_001), translator(language))).decode()


def read(record: PackRecord) -> Read:
    return Read(written(record))


def said_in(record: PackRecord) -> str:
    return " ".join(" ".join(read(record).words).split())


def with_letter(whole: PetitionExport, text: str) -> PackRecord:
    *before, last = whole.details.letters
    odd = replace(whole, details=replace(whole.details, letters=[*before, replace(last, text=text)]))
    return record_pack(odd, PAGES, Site(), AT)


def signed_by(record: PackRecord, names: Sequence[str]) -> PackRecord:
    first = record.signatures[0]
    signatures = [
        structs.replace(first, login=f"login-{number}", name=name, affiliation=name, reason=name)
        for number, name in enumerate(names, 1)
    ]
    return structs.replace(
        record, signatures=signatures, petition=structs.replace(record.petition, count=len(signatures))
    )


def test_where_nobody_is_listed_it_does_not_say_that_nobody_signed(record: PackRecord) -> None:
    unlisted = [UnlistedRecord(one.user_id, one.comment_id) for one in record.signatures]
    text = said_in(structs.replace(record, signatures=(), unlisted=unlisted))
    assert "Nobody has signed yet." not in text
    assert "5 people who signed asked not to be listed. They are counted. For the digest, the JSON file" in text
    assert "Nobody has signed yet." in said_in(structs.replace(record, signatures=()))


def test_it_says_what_was_asked_who_signed_and_how_to_check_it(record: PackRecord) -> None:
    text, petition = said_in(record), record.petition
    for words in (
        "Petition in acme/letters#7 on GitHub", "Open the archive", "Please open it.", "#strong[x] $y$",
        "Signatures 5", "Withdrawn 1", "5 signatures since", "How the signatures were counted", "verify --pack",
        petition.digest, petition.issue, f"SHA-256 of the words: {petition.letter}", "State Open",
        "Counted 18 Nov 2026, 11:06 UTC", "Ada Lovelace · ada =1+1 Because it is *time*. 17 Nov 2026",
    ):  # fmt: skip
        assert words in text, words
    for name in list(NAMES.values())[:-1]:
        assert text.count(name) == 1, name
    assert NAMES["edsger"] not in text


def test_it_shows_goal_end_removed_signatures_and_the_official_response(record: PackRecord) -> None:
    response = ResponseRecord(
        text="We [agree](https://e.org/why)\nand act.", login="minister", given_at="2026-11-18T08:00:00Z"
    )
    petition = structs.replace(
        record.petition, count=1, goal=5_000, closed_at="2026-11-18T09:00:00Z", response=response
    )
    told = structs.replace(record, withheld=3, petition=petition)
    text = said_in(told)
    for words in (
        "Signatures 1", "Removed by the organizers 3", "Goal 5,000", "Closed on 18 Nov 2026, 09:00 UTC",
        "Official response We agree and act. By minister: 18 Nov 2026, 08:00 UTC",
    ):  # fmt: skip
        assert words in text, words
    assert "https://e.org/why" in read(told).links
    theirs = structs.replace(petition, response=structs.replace(response, addressee="ACME"))
    assert "act. By ACME, posted by minister: 18" in said_in(structs.replace(told, petition=theirs))
    assert "Official response" not in said_in(record)


def test_it_says_which_version_of_the_letter_each_has_signed(whole: PetitionExport) -> None:
    (letter,) = whole.details.letters
    newer = Letter("sha256:" + "0" * 64, whole.entries[2].signature.signed_at, 2, "Another letter.")
    two = replace(whole, details=replace(whole.details, letters=[letter, newer]))
    text = said_in(record_pack(two, PAGES, Site(), AT))
    assert text.count("· Version 1") == 3
    assert text.count("· Version 2") == 2
    for words in ("Another letter.", f"{letter.digest} 2 17 Nov 2026", newer.digest):
        assert words in text, words
    assert "Version 1" not in read(record_pack(whole, PAGES, Site(), AT)).text


def test_it_is_written_without_letter_names_or_signatures(record: PackRecord) -> None:
    erased = [structs.replace(one, login="", name=None, affiliation=None, reason=None) for one in record.signatures]
    text = read(structs.replace(record, letters=(), signatures=erased)).text
    assert text.count("not named") == 5
    assert "The text of the letter is not known." in text
    assert "Nobody has signed yet." in read(structs.replace(record, signatures=())).text


@pytest.mark.parametrize("name", HOSTILE)
def test_what_strangers_write_does_nothing(record: PackRecord, name: str) -> None:
    response = ResponseRecord(text=name, login="x", given_at=record.made_at)
    said = structs.replace(
        signed_by(record, [name] * 5),
        petition=structs.replace(record.petition, title=name, repository=name, response=response),
    )
    plain = structs.replace(
        signed_by(record, ["Ada"] * 5),
        petition=structs.replace(record.petition, response=structs.replace(response, text="Ada")),
    )
    found, usual = read(said), read(plain)
    assert (found.tags, found.attributes, found.links) == (usual.tags, usual.attributes, usual.links)
    visible = " ".join(re.sub("[\0-\x1f\ud800-\udfff]", "", name).split())
    assert found.text.count(visible) >= 3 * 5 + 2
    assert not re.search("[\0-\x08\x0b-\x1f\ud800-\udfff]", written(said))


def test_a_letter_brings_links_and_nothing_else(whole: PetitionExport) -> None:
    text = "![Ada](https://e.org/a.png)\n<script src=//e.org></script><style>*{}</style><iframe src=//e.org>"
    found = read(with_letter(whole, text))
    assert not {"img", "script", "iframe", "object", "link"} & set(found.tags)
    assert found.tags["style"] == 1
    assert "a rel" in found.attributes


def test_a_browser_is_told_to_load_nothing_and_to_run_nothing(record: PackRecord) -> None:
    policy = r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'"
    assert re.search(rf'<meta http-equiv="Content-Security-Policy" content="{policy}">', written(record))


def test_what_a_letter_folds_in_is_shown(whole: PetitionExport) -> None:
    assert "<details open><summary>More</summary>" in written(
        with_letter(whole, "<details><summary>More</summary>all of it</details>")
    )


@pytest.mark.parametrize(
    "text",
    [
        "**a *b " * 1_500 + "the end" + " c* d**" * 1_500,
        "> " * 19 + "**a *b " * 30 + "the end" + " c* d**" * 30,
        "- " * 9 + "[" * 90 + "the end" + "](https://example.org)" * 90,
        "-\n-\n\n1.\n\n||\n|-|\n||\n\n>\n\n###\n\nthe end",
    ],
    ids=["deep", "deep in quotes", "deep in lists", "empty"],
)
def test_a_paper_is_written_however_its_letter_is_made(whole: PetitionExport, text: str) -> None:
    assert "the end" in read(with_letter(whole, text)).text


def test_many_names_come_in_parts(record: PackRecord) -> None:
    parts = list(paper(signed_by(record, ["Ada"] * 3_000), Growth([], 0), translator(ENGLISH)))
    assert len(parts) > 10
    assert max(map(len, parts)) < 100_000


@pytest.fixture
def crowd(record: PackRecord) -> PackRecord:
    """Give a pack with three lists of names."""
    names = [*NAMES.values(), *SCRIPTS, *HOSTILE]
    return signed_by(record, [*names, *(f"Person {number}." for number in range(2 * IN_ONE_LIST))])


@pytest_asyncio.fixture(loop_scope="session")
async def opened(browser: Browser, crowd: PackRecord, tmp_path: Path) -> AsyncIterator[Page]:
    """Open the paper as a file; fails if it asks for anything or if the browser complains."""
    file = tmp_path / "petition.html"
    file.write_text(written(crowd), encoding="utf-8", newline="")
    page = await browser.new_page(viewport=PHONE)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    await page.goto(file.as_uri())
    yield page
    await page.close()
    assert asked == [file.as_uri()]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_browser_prints_every_name_once_on_numbered_pages(opened: Page, crowd: PackRecord) -> None:
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(await opened.pdf())).pages]
    assert [re.findall(r"Page (\d+) of (\d+)", text) for text in pages] == [
        [(f"{number}", f"{len(pages)}")] for number in range(1, len(pages) + 1)
    ]
    text = " ".join(" ".join(pages).split())
    assert text.count("acme/letters #7 · 18 Nov 2026, 11:06 UTC") == len(pages)
    for words in ("Open the archive", "Please open it.", "How the signatures were counted", crowd.petition.digest):
        assert words in text.replace("\n", " "), words
    for number, one in enumerate(crowd.signatures, 1):
        assert len(re.findall(rf"\b{number}\. .{{0,99}}?· {one.login}\b", text)) == 1, one.login


@pytest.mark.asyncio(loop_scope="session")
async def test_names_of_all_scripts_stand_in_columns_of_the_print(opened: Page, crowd: PackRecord) -> None:
    shown = await opened.locator(".names b").all_text_contents()
    assert shown[: len(NAMES) + len(SCRIPTS)] == [*NAMES.values(), *SCRIPTS]
    assert len(shown) == len(crowd.signatures)
    lefts = "[...document.querySelectorAll('.names li')].map(one => one.getBoundingClientRect().left)"
    assert len(set(await opened.evaluate(lefts))) == 1
    await opened.emulate_media(media="print")
    assert len(set(await opened.evaluate(lefts))) == 2


@pytest.mark.asyncio(loop_scope="session")
async def test_it_fits_a_phone_and_keeps_nobody_out(opened: Page) -> None:
    assert await opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await opened.evaluate("getComputedStyle(document.querySelector('.names')).listStylePosition") == "inside"
    assert await barriers(opened) == []


# --- in other languages ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("pseudo_locale")
@pytest.mark.asyncio(loop_scope="function")
async def test_every_visible_text_of_the_paper_is_translated(whole: PetitionExport, tmp_path: Path) -> None:
    record = record_pack(whole, PAGES, Site(), AT)
    first = Letter("d" * 64, AT - 99, 1, "Please.")
    changed = replace(whole, details=replace(whole.details, letters=[first, *whole.details.letters]))
    response = ResponseRecord(text="We will.", login="minister", given_at="2026-11-18T08:00:00Z", addressee="ACME")
    petition = structs.replace(record.petition, response=response, goal=5, closed_at="2026-11-18T08:00:00Z")
    alone = structs.replace(petition, response=structs.replace(response, addressee=None))
    for one in (
        record,
        record_pack(changed, PAGES, Site(), AT),
        structs.replace(record, petition=petition, withheld=3, unlisted=[UnlistedRecord(1, 2)]),
        structs.replace(record, petition=alone),
        structs.replace(record, signatures=(), letters=[]),
    ):
        page = written(one)
        known = (
            "Open the archive",
            "acme/letters",
            "minister",
            "ACME",
            "https",
            "github.com",
            "issues",
            "Nov",
            "We will.",
            *NAMES,
        )
        assert page.count("⟦") > 15
        assert untranslated_in_page(page, known) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_is_in_the_language_of_the_petition(record: PackRecord, language: str) -> None:
    tr, page = translator(language), written(record, language)
    assert f'<html lang="{language}" dir="{tr.direction}">' in page
    assert tr.translate("How the signatures were counted") in page
    assert re.search(r"@bottom-right \{ content: [^;]*counter\(page\)[^;]*counter\(pages\)", page)
