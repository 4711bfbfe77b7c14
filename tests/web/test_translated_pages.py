"""Pages in other languages: every visible text is translated, in the language of the petition or of the reader."""

from __future__ import annotations

import json
import re

import pytest
from msgspec.structs import replace

from bot.petition import i18n
from bot.petition.comments.commands import Sign
from bot.petition.comments.mistyped_commands import Fault
from bot.petition.i18n import LANGUAGES, is_reviewed, translator
from bot.petition.letter_versions_and_translations import Translation, digest_of
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Response, Rules
from bot.petition.settings import Settings
from bot.petition.settings_file import read as read_settings
from bot.petition.tally import MISTYPED_ORDER, Reason
from bot.store import KnownTranslations, NotCounted
from bot.web.pages.uncounted_reasons import explain
from tests.pseudo_locale import untranslated, untranslated_in_page
from tests.store.scene import LETTER, REPOSITORY, person
from tests.web.scene import NOW, PAGE, Scene

NAMES = ("Open the archive", "acme/letters", "ada", "grace", "alan", "librarian", "ACME")
RESPONSE = Response("We will.", "librarian", 1_794_950_000, "ACME")


async def set_up(scene: Scene, text: str, response: Response | None = None) -> None:
    settings = read_settings(text)
    assert isinstance(settings, Settings)
    await scene.petition.store.commands.apply(LETTER.id, CommandResults(Rules(settings, response=response)))


async def sign_and_change(scene: Scene) -> None:
    """Sign with all details, as somebody who is not listed too, and change the letter."""
    store, clock = scene.petition.store, scene.petition.clock
    await store.letters.record(LETTER.id, LETTER.id, "Please open the archive.", clock)
    await scene.petition.say(person("ada"), Sign("Ada", "ACME", "Because."))
    await scene.petition.say(person("grace"), Sign("Grace", unlisted=True))
    await scene.petition.say(person("alan"), None)
    await store.letters.record(LETTER.id, LETTER.id, "Please open the whole archive. Now.", clock + 60)


SETTINGS = {
    "plain": "",
    "goals": "goal: [1, 2, 50]\ndeadline: 2031-01-01\nfirst: [ada]",
    "over": "deadline: 2026-01-01",
    "without names": "show: count",
    "logins": "show: login",
}
QUERIES = ("", "?q=ada", "?q=grace", "?q=alan", "?q=ad", "?q=nobody", "?sort=name&q=")


@pytest.mark.usefixtures("pseudo_locale")
@pytest.mark.parametrize("text", SETTINGS.values(), ids=SETTINGS)
async def test_every_visible_text_of_a_petitions_pages_is_translated(scene: Scene, text: str) -> None:
    await set_up(scene, text, RESPONSE)
    assert untranslated_in_page(await scene.get(PAGE), NAMES) == set()
    await sign_and_change(scene)
    for query in QUERIES:
        page = await scene.get(f"{PAGE}{query}")
        assert page.count("⟦") > 20
        assert untranslated_in_page(page, NAMES) == set(), query
    assert untranslated_in_page(await scene.get(f"{PAGE}/letter"), NAMES) == set()
    chart = re.sub("<style>.*?</style>", "", await scene.get(f"{PAGE}/chart.svg"))
    assert untranslated_in_page(chart, NAMES) == set()


@pytest.mark.usefixtures("pseudo_locale")
async def test_every_visible_text_around_a_letters_translation_is_translated(scene: Scene) -> None:
    await sign_and_change(scene)
    file = Translation("de", "letters/letter.de.md", digest_of("Brief"), 1)
    store, texts = scene.petition.store, {file.digest: "Brief"}
    await store.translations.record(LETTER.id, [file], texts, scene.petition.clock, KnownTranslations())
    for path in (PAGE, f"{PAGE}/letter", f"{PAGE}/letter/de"):
        page = await scene.get(path)
        assert "Deutsch" in page
        assert untranslated_in_page(page, (*NAMES, "Deutsch", "Brief")) == set(), path


@pytest.mark.usefixtures("pseudo_locale")
async def test_every_visible_text_of_a_paused_and_private_petition_is_translated(scene: Scene) -> None:
    await sign_and_change(scene)
    key = await scene.make_private()
    await scene.petition.change_issue(replace(LETTER, labels=frozenset()))
    assert untranslated_in_page(await scene.get(f"{PAGE}?key={key}"), NAMES) == set()


@pytest.mark.usefixtures("pseudo_locale")
async def test_every_visible_text_of_the_home_page_is_translated(scene: Scene) -> None:
    await set_up(scene, "goal: 5\ndeadline: 2031-01-01")
    await scene.petition.sign("ada")
    for query in ("", "?q=archive", "?q=river", "?state=closed", "?q=archive&state=closed"):
        page = await scene.get(f"/{query}")
        assert untranslated_in_page(page, NAMES) == set(), query
    await scene.petition.change_issue(replace(LETTER, closed_at=1_794_950_000))
    for query in ("", "?state=open", "?q=archive&state=open"):
        assert untranslated_in_page(await scene.get(f"/{query}"), NAMES) == set(), query
    await scene.make_private()
    assert untranslated_in_page(await scene.get("/"), NAMES) == set()


ERRORS = {
    "/nowhere": 404,
    "/static/nothing.css": 404,
    "/petitions/acme/letters/8": 404,
    "/?state=5": 400,
    "/?page=0": 400,
    f"{PAGE}?sort=5": 400,
    f"{PAGE}?before=x": 400,
    f"{PAGE}.json?limit=0": 400,
    "/oembed?format=xml": 400,
    "/oembed?url=x": 404,
    f"{PAGE}/letter/de": 404,
    "/webhook": 405,
}


@pytest.mark.usefixtures("pseudo_locale")
@pytest.mark.parametrize(("path", "status"), ERRORS.items())
async def test_every_error_page_is_translated(scene: Scene, path: str, status: int) -> None:
    page = await scene.get(path, status)
    allowed = ("newest", "oldest", "name", "all", "open", "closed")
    assert untranslated_in_page(page, allowed) == set()
    assert len(re.findall("⟦", page)) >= 4


@pytest.mark.usefixtures("pseudo_locale")
@pytest.mark.parametrize("reason", Reason)
def test_every_reason_and_advice_is_translated(reason: Reason) -> None:
    for fault in ("", MISTYPED_ORDER, *Fault):
        for has_orders in (False, True):
            for old_enough_at in (None, int(NOW) + 60):
                found = NotCounted("ada", reason, 1, REPOSITORY, 7, 1, fault, has_orders, old_enough_at)
                said = explain(found, NOW, translator("en"), is_closed=False)
                assert said[0].startswith("⟦")
                assert untranslated(" ".join(said)) == set()


@pytest.mark.usefixtures("pseudo_locale")
async def test_what_an_open_page_is_sent_is_translated(scene: Scene) -> None:
    await set_up(scene, "goal: 5")
    await sign_and_change(scene)
    async with scene.client.get(f"{PAGE}/events") as answer:
        async for line in answer.content:
            if line.startswith(b"data: "):
                break
    update = json.loads(line.removeprefix(b"data: "))
    for key in ("headline", "progress", "growth", "signed_which", "unlisted"):
        assert update[key].startswith("⟦"), key
        assert untranslated(update[key]) == set(), key
    assert untranslated_in_page(update["entries"], NAMES) == set()


# --- which language ---------------------------------------------------------------------------------------


async def test_a_petition_speaks_the_language_of_its_settings_whatever_its_reader_prefers(scene: Scene) -> None:
    for language in LANGUAGES:
        await set_up(scene, f"language: {language}")
        tr = translator(language)
        for path in (PAGE, f"{PAGE}/letter"):
            page = await scene.get(path, 200, **{"Accept-Language": "en, de;q=0.5"})
            assert f'<html lang="{language}" dir="{tr.direction}">' in page
        assert tr.translate("Sign on GitHub") in await scene.get(PAGE)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("tlh, ar;q=0.2, en;q=0.1", "ar"),
        ("en-GB", "en"),
        ("*", "en"),
        ("", "en"),
        ("de;q=0", "en"),
        ("tlh", "en"),
        ("de;q=x, ;;;, \x7f", "de"),
        ("a" * 5_000, "en"),
    ],
)
async def test_the_home_page_and_errors_speak_a_language_that_the_reader_accepts(
    scene: Scene, accepted: str, language: str
) -> None:
    for path, status in (("/", 200), ("/nowhere", 404)):
        headers = {"Accept": "text/html", "Accept-Language": accepted.replace("\x7f", "~")}
        async with scene.client.get(path, headers=headers) as answer:
            assert answer.status == status
            assert f'<html lang="{language}"' in await answer.text()
            assert "Accept-Language" in answer.headers["Vary"]
            assert answer.headers["Content-Language"] == language


async def test_a_page_in_a_language_that_nobody_has_reviewed_says_so(scene: Scene) -> None:
    for language in LANGUAGES:
        await set_up(scene, f"language: {language}")
        page = await scene.get(PAGE)
        assert ('class="translation"' in page) is not is_reviewed(language)
        assert "Improve this translation" not in page


async def test_where_translations_are_improved_pages_lead_there(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(i18n, "IMPROVE_URL", "https://translate.example.org/")
    link = 'href="https://translate.example.org/"'
    for language in LANGUAGES:
        await set_up(scene, f"language: {language}")
        assert (link in await scene.get(PAGE)) is not is_reviewed(language)
    for accepted, is_asked in (("tlh", True), ("en", False), ("tlh, en", False), ("", False)):
        page = await scene.get("/", 200, **{"Accept-Language": accepted})
        assert ("not been translated into your language" in page) is is_asked
        assert (link in page) is is_asked


async def test_names_do_not_turn_the_words_around_them(scene: Scene) -> None:
    await set_up(scene, "language: ar", RESPONSE)
    page = await scene.get(PAGE)
    assert "<bdi>librarian</bdi></a>" in page
    assert '<code dir="ltr">/sign</code>' in page
    assert "<bdi>http" not in page
