"""A letter's translations: which files are meant, what is wrong with them, and which version each is of."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.petition.block import BODY_LIMIT, BlockContent, TranslationLink, render_block
from bot.petition.letter_versions_and_translations import (
    MOST_TRANSLATIONS,
    SIZE_LIMIT,
    Letter,
    Translation,
    TranslationFault,
    direction_of,
    is_older,
    is_path,
    language_name,
    list_named,
    normalize_tag,
    read_text,
    translation_remarks,
    version_of,
)
from bot.petition.settings import DEFAULTS, Settings
from bot.petition.settings_file import read

FACTS = BlockContent(count=2, digest="adhash4096:0a", as_of=1795347607)
LETTERS = (Letter("a", 100, 0), Letter("b", 200, 1), Letter("a", 300, 2))


@pytest.mark.parametrize(
    "path",
    ["letter.md", "letters/letter.de.md", ".github/a b.txt", "Brief an Zoë.markdown", "a#b.md", "x/100%.md"],
)
def test_a_path_may_be_any_text_file_of_the_repository(path: str) -> None:
    assert is_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/letter.md", "../letter.md", "a/../../b.md", "a//b.md", "./a.md", "a/", "https://example.org/a.md",
        "C:\\a.md", "a\\b.md", "a\n.md", "a?b.md", "a*.md", "letter.yml", "letter", "a/.git/b.md", " a.md",
        "a/ .md ",        "x" * 200 + ".md", "a\u202egpj.md", "file:a.md", "{other}.md",
    ],
)  # fmt: skip
def test_a_path_stays_inside_the_repository(path: str) -> None:
    assert not is_path(path)
    (found,) = list_named([("de", path)], 1)
    assert found.fault is TranslationFault.PATH


@pytest.mark.parametrize(
    ("tag", "usual"),
    [
        ("de", "de"), ("PT-br", "pt-BR"), ("zh-hans", "zh-Hans"), ("zh-Hant-hk", "zh-Hant-HK"), ("eo", "eo"),
        ("es-419", "es-419"), ("tlh", "tlh"), ("de-CH-1901", "de-CH-1901"), ("az-Arab", "az-Arab"), ("", ""),
        ("german", ""), ("de_DE", ""), ("xx", ""), ("de-XX9", ""), ("und", ""), ("mul", ""), ("x-klingon", ""),
        ("de\n", ""), ("de-de-de", ""), ("д", ""),
    ],
)  # fmt: skip
def test_a_language_is_a_tag_that_unicode_knows(tag: str, usual: str) -> None:
    assert normalize_tag(tag) == usual


def test_a_language_is_called_what_it_calls_itself_and_written_as_it_is() -> None:
    tags = ("de", "fr", "pt-BR", "uk", "ja", "zh-Hans", "ar", "ckb", "az-Arab", "tlh")
    assert [(language_name(tag), direction_of(tag)) for tag in tags[:7]] == [
        ("Deutsch", "ltr"),
        ("Français", "ltr"),
        ("Português (Brasil)", "ltr"),
        ("Українська", "ltr"),
        ("日本語", "ltr"),
        ("中文 (简体)", "ltr"),
        ("العربية", "rtl"),
    ]
    assert [direction_of(tag) for tag in tags[7:]] == ["rtl", "rtl", "ltr"]
    assert language_name("tlh") == "Klingon"


@pytest.mark.parametrize(
    ("tag", "direction"),
    [
        ("pa", "ltr"), ("pa-PK", "rtl"), ("uz-AF", "rtl"), ("uz-Latn-AF", "ltr"), ("sd", "rtl"), ("sd-IN", "ltr"),
        ("de-PK", "ltr"), ("ar-DE", "rtl"), ("ur-Aran", "rtl"),
    ],
)  # fmt: skip
def test_a_language_is_written_as_in_its_territory(tag: str, direction: str) -> None:
    assert normalize_tag(tag) == tag
    assert direction_of(tag) == direction


def test_each_language_is_named_once_in_whichever_letter_case() -> None:
    found = list_named([("pt-BR", "a.md"), ("PT-br", "b.md"), ("de", "{number}.md")], 12)
    assert [(one.language, one.path, one.fault) for one in found] == [
        ("pt-BR", "a.md", None),
        ("pt-BR", "b.md", TranslationFault.TWICE),
        ("de", "12.md", None),
    ]


def test_a_line_that_is_wrong_otherwise_may_have_anything_in_place_of_its_path() -> None:
    odd = "a\0b\u202e" + "x" * 5_000
    found = list_named([("german!", odd), ("de", "a.md"), ("DE", odd), *[("fr", odd)] * MOST_TRANSLATIONS], 1)
    told = [(one.fault, one.path) for one in (found[0], found[2], found[-1])]
    shown = "ab" + "x" * 57 + "…"
    assert told == [
        (TranslationFault.TAG, shown),
        (TranslationFault.TWICE, shown),
        (TranslationFault.TOO_MANY, shown),
    ]


def test_of_very_many_the_first_that_is_too_much_is_told() -> None:
    found = list_named([("de", "a.md")] * 300, 1)
    assert len(found) == MOST_TRANSLATIONS + 1
    assert found[-1].fault is TranslationFault.TOO_MANY


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"x" * (SIZE_LIMIT + 1), TranslationFault.TOO_LARGE),
        (b"\xff\xfe", TranslationFault.NOT_TEXT),
        (b"a\0b", TranslationFault.NOT_TEXT),
        (b" \n", TranslationFault.NOT_TEXT),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", TranslationFault.NOT_TEXT),
    ],
)
def test_a_file_that_is_no_text_or_too_large_is_not_shown(content: bytes, fault: TranslationFault) -> None:
    assert read_text(content) is fault
    assert read_text("\ufeffÄ".encode()) == "Ä"
    assert read_text(b"x" * SIZE_LIMIT) == "x" * SIZE_LIMIT


@pytest.mark.parametrize(
    ("committed_at", "place", "older"),
    [
        (0, 0, False),
        (99, 0, False),
        (100, 0, False),
        (199, 0, False),
        (200, 1, True),
        (299, 1, True),
        (300, 2, False),
    ],
)
def test_a_translation_is_of_the_version_that_stood_when_it_was_committed(
    committed_at: int, place: int, older: bool
) -> None:
    translation = Translation("de", "a.md", "x", committed_at)
    # An earlier text that comes back is not another one.
    assert (version_of(translation, LETTERS), is_older(translation, LETTERS)) == (place, older)
    assert not is_older(translation, ())


def test_settings_name_files_and_what_is_no_list_of_them_is_a_mistake() -> None:
    found = read("goal: 5\ntranslations:\n  de: letters/letter.de.md\n  no: a.md\n  DE: 12\n")
    assert isinstance(found, Settings)
    assert found.translations == (("de", "letters/letter.de.md"), ("no", "a.md"), ("DE", "12"))
    assert read("translations:\n") == DEFAULTS
    for wrong in ("letters/de.md", "[de, fr]", "{de: [a, b]}", "{de: {a: b}}", "[[de, a.md]]"):
        (mistake,) = read(f"translations: {wrong}\n")  # type: ignore[misc]
        assert mistake.key == "translations"
        assert "de: letters/letter.de.md" in str(mistake)


def test_what_is_wrong_is_told_in_the_petitions_language() -> None:
    found = list_named([("de", "../a.md"), ("en", "b.md")], 1)
    (told,) = translation_remarks(found, "de")
    assert told.startswith("translations, de: ../a.md: schreiben Sie den Pfad einer Datei in diesem Repository")


def test_other_languages_stand_at_the_top_in_their_own_names_and_say_what_one_signs() -> None:
    links = (
        TranslationLink("de", "https://example.org/letter/de"),
        TranslationLink("ar", "https://example.org/letter/ar?key=a)b", is_older=True),
    )
    text = render_block(replace(FACTS, translations=links))
    lines = (
        "🌐 Read in: [Deutsch](https://example.org/letter/de) · [العربية](https://example.org/letter/ar?key=a%29b)"
        " (older than the letter)\nWhat people sign is the text of this issue.\n"
    )
    assert lines in text[: text.index("### ✍️")]
    arabic = render_block(replace(FACTS, translations=links, language="ar"))
    assert "\N{FIRST STRONG ISOLATE}[Deutsch](https://example.org/letter/de)\N{POP DIRECTIONAL ISOLATE}" in arabic
    assert "Read in" not in render_block(FACTS)
    continued = replace(FACTS, translations=links, threads=("a/b#1", "a/b#2"), position=2)
    assert "Read in" not in render_block(continued)


def test_thirty_languages_leave_room_for_the_rest() -> None:
    links = [TranslationLink("zh-Hant-HK", f"https://example.org/{'x' * 200}", is_older=True)] * 30
    text = render_block(replace(FACTS, translations=links))
    assert len(text) < BODY_LIMIT / 4
