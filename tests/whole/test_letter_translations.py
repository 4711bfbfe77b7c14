"""A letter in many languages: files of the repository, offered with their age, and one count for all."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from babel import Locale

from bot.cli.petition_commands import take
from bot.export import handover_pack
from bot.github.petition_and_rules_reader import IssueName
from bot.petition.letter_versions_and_translations import MOST_TRANSLATIONS, SIZE_LIMIT, normalize_tag
from bot.petition.settings import PATH
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.store.scene import rows
from tests.web.html import Read
from tests.whole.recorded_calls import Handler, a_second_later, store_of, unheard
from tests.whole.scene import WATCHFUL, Scene, said, scene
from tests.whole.workflow_runs import calls, clock, github, run

__all__ = ["calls", "clock", "github"]

GERMAN = "Liebe alle,\n\n**öffnet** das Archiv.\n\n<script>alert(1)</script>\n"
ARABIC = "أعزائي،\n\nافتحوا الأرشيف.\n"
SETTINGS = "translations:\n  de: letters/letter.de.md\n  ar: letters/letter.ar.md\n"


@pytest.fixture
async def public(sqlite_url: str) -> AsyncIterator[Scene]:
    """A scene whose bot is reached at the address that it links to."""
    async with scene(sqlite_url, start=False) as found:
        found.public_url = "http://127.0.0.1:0"
        await found.start_bot()
        yield found


def push(stage: Scene, path: str, content: str | None) -> None:
    stage.sandbox.repositories.write_file(stage.sandbox.repository(), path, content)


def body(petition: Issue) -> str:
    return petition.body or ""


def read_in(petition: Issue) -> dict[str, str]:
    """Give the languages that the block offers, and their links."""
    line = re.search(r"^🌐 .*$", body(petition), re.MULTILINE)
    return dict(re.findall(r"\[([^\]]+)\]\(([^)]+)\)", line[0])) if line else {}


async def translated(stage: Scene) -> Issue:
    """Give a petition that was signed once and is offered in other languages."""
    push(stage, "letters/letter.de.md", GERMAN)
    push(stage, "letters/letter.ar.md", ARABIC)
    push(stage, PATH, SETTINGS)
    petition = stage.petition("Dear all,\n\nopen the archive.")
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    await stage.until(lambda: len(read_in(petition)) == 2)
    return petition


async def fetch(url: str, status: int = 200) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == status, url
        return await answer.text()


async def test_without_pages_the_block_links_to_the_files_on_github(stage: Scene) -> None:
    petition = await translated(stage)
    files = f"{stage.sandbox.web_url}/lovelace/letters/blob/HEAD/letters"
    assert read_in(petition) == {"Deutsch": f"{files}/letter.de.md", "العربية": f"{files}/letter.ar.md"}
    assert "What people sign is the text of this issue." in body(petition)
    assert "older than the letter" not in body(petition)


async def test_a_letter_that_changes_afterwards_marks_the_translations_until_they_follow(stage: Scene) -> None:
    petition = await translated(stage)
    await a_second_later()
    stage.sandbox.issues.edit(petition, stage.organizer(), body(petition).replace("archive", "archives"))
    await stage.until(lambda: body(petition).count("(older than the letter)") == 2)
    await a_second_later()
    push(stage, "letters/letter.de.md", GERMAN.replace("das Archiv", "die Archive"))
    await stage.until(lambda: body(petition).count("(older than the letter)") == 1)
    assert "Deutsch](" in body(petition)
    assert said(petition) == 1


async def test_a_file_that_is_added_removed_and_there_again(stage: Scene) -> None:
    petition = await translated(stage)
    push(stage, "letters/letter.de.md", None)
    await stage.until(lambda: set(read_in(petition)) == {"العربية"})
    assert "translations, de: letters/letter.de.md: there is no such file" in body(petition)
    stage.sign(petition, "grace")
    await stage.shows(petition, 2)
    push(stage, "letters/letter.de.md", GERMAN)
    await stage.until(lambda: len(read_in(petition)) == 2)
    assert "no such file" not in body(petition)
    push(stage, PATH, "goal: 5\n")
    await stage.until(lambda: not read_in(petition))
    assert await rows(store_of(stage), "SELECT * FROM translations") == []


async def test_what_is_wrong_with_a_file_is_told_and_keeps_nothing_else_from_working(stage: Scene) -> None:
    files = stage.sandbox.repository().files
    files["a/latin.md"], files["a/pointer.md"] = b"\xc4\xd6", b"version https://git-lfs.github.com/spec/v1\n"
    push(stage, "a/large.md", "x" * (SIZE_LIMIT + 1))
    push(stage, "letters/letter.de.md", GERMAN)
    wrong = {
        "xx-bad": "letters/letter.de.md",
        "fr": "../letter.de.md",
        "es": "/etc/passwd.md",
        "it": "https://example.org/letter.md",
        "nl": "a/large.md",
        "pl": "a/latin.md",
        "uk": "a/pointer.md",
        "ja": "a",
        "DE": "letters/again.md",
    }
    named = "".join(f'  {language}: "{path}"\n' for language, path in wrong.items())
    push(stage, PATH, f"goal: 7\ntranslations:\n  de: letters/letter.de.md\n{named}")
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    await stage.until(lambda: list(read_in(petition)) == ["Deutsch"])
    assert "of the goal of 7" in body(petition)
    for told in (
        "xx-bad: letters/letter.de.md: begin its line with a language tag",
        "fr: ../letter.de.md: write the path of a file in this repository",
        "es: /etc/passwd.md: write the path",
        "nl: a/large.md: it is larger than 64 kB",
        "pl: a/latin.md: it is not text in UTF-8",
        "uk: a/pointer.md: it is not text in UTF-8",
        "ja: a: write the path",
        "de: letters/again.md: its language is listed twice",
    ):
        assert told in re.sub("[\u200b\u2060\\\\]|&[a-z]+;|<!-- -->", "", body(petition)), told


async def test_of_31_files_30_are_read(stage: Scene) -> None:
    tags = [str(one) for one in sorted(Locale("en").languages) if normalize_tag(one) == one][:31]
    assert len(tags) == MOST_TRANSLATIONS + 1
    push(stage, "letter.md", GERMAN)
    push(stage, PATH, "translations:\n" + "".join(f"  {tag}: letter.md\n" for tag in tags))
    petition = stage.petition()
    await stage.until(lambda: len(read_in(petition)) == MOST_TRANSLATIONS)
    assert "at most 30 translations are" in body(petition)


def refusing() -> tuple[Sandbox, list[bool]]:
    """Create a GitHub that shows no files as long as something is in the list."""
    sandbox, refused = Sandbox(), list[bool]()

    @web.middleware
    async def refuse(request: web.Request, handler: Handler) -> web.StreamResponse:
        if refused and re.search("/(contents|commits)", request.path):
            return web.json_response({"message": "Forbidden"}, status=403)
        return await handler(request)

    sandbox.app.middlewares.append(refuse)
    return sandbox, refused


async def test_an_app_that_may_not_read_files_any_more_keeps_the_last_texts(sqlite_url: str) -> None:
    sandbox, refused = refusing()
    async with scene(sqlite_url, rates=WATCHFUL, sandbox=sandbox) as stage:
        petition = await translated(stage)
        refused.append(True)
        await stage.until(lambda: "GitHub did not let the bot read it" in body(petition))
        assert len(read_in(petition)) == 2
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        assert [len(str(text)) for (text,) in await rows(store_of(stage), "SELECT text FROM translations")] == [
            len(GERMAN),
            len(ARABIC),
        ]
        refused.clear()
        await stage.until(lambda: "did not let the bot read" not in body(petition))
        assert len(read_in(petition)) == 2


async def test_a_line_that_is_there_twice_loses_no_text_when_files_cannot_be_read(sqlite_url: str) -> None:
    sandbox, refused = refusing()
    async with scene(sqlite_url, rates=WATCHFUL, sandbox=sandbox) as stage:
        petition = await translated(stage)
        push(stage, PATH, f"{SETTINGS}  DE: letters/letter.de.md\n")
        await stage.until(lambda: "listed twice" in body(petition))
        refused.append(True)
        await stage.until(lambda: "GitHub did not let the bot read it" in body(petition))
        assert len(read_in(petition)) == 2


async def test_what_no_delivery_reported_is_found_at_the_next_survey(sqlite_url: str) -> None:
    async with scene(sqlite_url, rates=WATCHFUL) as stage:
        petition = await translated(stage)
        with unheard(stage):
            push(stage, "letters/letter.ar.md", None)
        await stage.until(lambda: set(read_in(petition)) == {"Deutsch"})


async def test_each_petition_of_a_repository_has_its_own_by_its_number(stage: Scene) -> None:
    push(stage, "letters/1.de.md", GERMAN)
    push(stage, PATH, "translations:\n  de: letters/{number}.de.md\n")
    first, second = stage.petition(), stage.petition(title="Another")
    await stage.until(lambda: "letters/1.de.md" in str(read_in(first)))
    await stage.until(lambda: "letters/2.de.md: there is no such file" in body(second))
    push(stage, "letters/2.de.md", GERMAN)
    await stage.until(lambda: "letters/2.de.md" in str(read_in(second)))


async def test_the_page_of_a_translation_says_what_people_sign(public: Scene) -> None:
    petition = await translated(public)
    addresses = read_in(petition)
    page = await fetch(addresses["العربية"])
    assert '<div class="markdown" lang="ar" dir="rtl">' in page
    assert "افتحوا الأرشيف" in page
    assert "What people sign is" in page
    german = await fetch(addresses["Deutsch"])
    assert '<div class="markdown" lang="de" dir="ltr">' in german
    assert "<strong>öffnet</strong>" in german
    assert "alert(1)" not in german
    assert f'<link rel="canonical" href="{addresses["Deutsch"]}">' in german
    assert f'<link rel="alternate" hreflang="ar" href="{addresses["العربية"]}">' in german
    assert '<link rel="alternate" hreflang="x-default"' in german
    roster = addresses["Deutsch"].removesuffix("/letter/de")
    shown = await fetch(roster)
    for one in (shown, await fetch(f"{roster}/letter")):
        assert 'hreflang="ar" lang="ar" dir="rtl">العربية</a>' in one
    assert roster in Read(german).links or f"{roster}#letter" in Read(german).links
    listed = json.loads(await fetch(f"{roster}.json"))["petition"]["translations"]
    assert [(one["language"], one["direction"], one["older"]) for one in listed] == [
        ("de", "ltr", False),
        ("ar", "rtl", False),
    ]
    assert listed[0]["page"] == addresses["Deutsch"]
    assert f"{public.sandbox.web_url}/lovelace/letters/issues/1#new_comment_field" in Read(german).links
    await fetch(f"{roster}/letter/fr", 404)
    await fetch(f"{roster}/letter/DE")
    await a_second_later()
    public.sandbox.issues.edit(petition, public.organizer(), body(petition).replace("archive", "archives"))
    await public.until(lambda: "older than the letter" in body(petition))
    assert "This translation is older than the letter" in await fetch(addresses["Deutsch"])
    push(public, "letters/letter.de.md", None)
    await public.until(lambda: "Deutsch" not in read_in(petition))
    await fetch(addresses["Deutsch"], 404)


async def test_a_private_petitions_translation_is_there_only_for_who_has_the_key(public: Scene) -> None:
    petition = await translated(public)
    public.sandbox.repositories.privatize(petition.repository, petition.repository.owner)
    await public.until(lambda: "key=" in read_in(petition).get("Deutsch", ""))
    address = read_in(petition)["Deutsch"]
    page = await fetch(address)
    assert "öffnet" in page
    assert "noindex" in page
    assert "alternate" not in page
    await fetch(address.partition("?")[0], 404)


async def test_a_deleted_petition_leaves_no_translation(stage: Scene) -> None:
    petition = await translated(stage)
    assert len(await rows(store_of(stage), "SELECT * FROM translations")) == 2
    stage.sandbox.issues.delete(petition, petition.repository.owner)
    await stage.sandbox.settled()
    assert await rows(store_of(stage), "SELECT * FROM translations") == []


async def test_a_pack_has_the_translations_and_is_checked_with_them(stage: Scene, tmp_path: Path) -> None:
    await translated(stage)
    taken = await take(IssueName("lovelace/letters", 1), stage.config())
    folder = tmp_path / "pack"
    handover_pack.write(handover_pack.make_files(taken.whole, taken.pages, taken.site, taken.at), folder)
    assert (folder / "letter.ar.md").read_text() == ARABIC
    assert handover_pack.check_pack(folder).agrees
    assert "letter.de.md" in (folder / handover_pack.PAPER).read_text()
    (folder / "letter.de.md").write_text("Etwas anderes")
    faults = handover_pack.check_pack(folder).faults
    assert "letter.de.md is not the translation whose checksum is in petition.json" in faults
    (folder / "letter.de.md").unlink()
    assert handover_pack.check_pack(folder).faults == ("letter.de.md is missing",)


async def test_an_unchanged_petition_with_translations_costs_no_call(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    for path, content in (("letters/letter.de.md", GERMAN), (PATH, SETTINGS)):
        github.repositories.write_file(petition.repository, path, content)
    github.comment(petition, "ada")
    for _ in range(2):
        await run(github, tmp_path)
    assert set(read_in(petition)) == {"Deutsch"}
    # The Arabic file is missing, which costs none either.
    report = await run(github, tmp_path)
    assert (report.calls, report.written) == (0, 0)
    github.world.now.ahead += 2  # type: ignore[attr-defined]
    github.repositories.write_file(petition.repository, "letters/letter.ar.md", ARABIC)
    report = await run(github, tmp_path)
    assert (report.written, set(read_in(petition))) == (1, {"Deutsch", "العربية"})
