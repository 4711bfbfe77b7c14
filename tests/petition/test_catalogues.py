"""Every catalogue that there is: complete, up to date, with the values and commands of the original, and honest."""

from __future__ import annotations

import re
from collections import Counter
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from msgspec.structs import replace

from bot.petition.block import BlockContent, machine_line, render_block
from bot.petition.block.body import BODY_LIMIT
from bot.petition.goals import Milestone
from bot.petition.i18n import DOMAIN, ENGLISH, LANGUAGES, is_reviewed, preferred_language, translator
from bot.petition.machine_readable_lines import Coverage
from bot.petition.rules_in_force import Response
from bot.petition.settings import Settings
from bot.petition.settings_file import Mistake, read
from bot.petition.tally import Signature
from tests.pseudo_locale import untranslated

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "bot/petition/locale"
OTHERS = LANGUAGES[1:]
WANTED = ("en", "ar", "de", "es", "fr", "it", "ja", "nl", "pl", "pt-BR", "uk", "zh-Hans")
SAMPLES = (*range(201), 1_000, 1_001, 1_002, 1_005, 1_011, 10_000, 100_000, 1_000_000, 1_000_001, 2_000_000)

SIGNATURES = ("{number} signature since {time}.", "{number} signatures since {time}.")

SAME_EVERYWHERE = frozenset({"Export", "Export:", "Feed", "Issue", "In Markdown:", "issue {number}"})
SAME: dict[str, frozenset[str]] = {
    "de": frozenset({"Name: {name}."}),
    "es": frozenset({"No"}),
    "fr": frozenset({"Version", "Version {number}", "Signatures"}),
    "nl": frozenset({"Open", "Deadline: {time}", "Status"}),
}
"""Messages that may be the same as in English."""


def load_tool() -> ModuleType:
    loader = SourceFileLoader("translate_tool", str(ROOT / ".ci/translate"))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    tool = module_from_spec(spec)
    loader.exec_module(tool)
    return tool


def catalogue(language: str) -> Catalog:
    with (LOCALE / language.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=Locale.parse(language, sep="-"), domain=DOMAIN)


def strings(text: object) -> tuple[str, ...]:
    return tuple(text) if isinstance(text, (tuple, list)) else (str(text),)


def messages(language: str) -> list[Message]:
    return [message for message in catalogue(language) if message.id]


def test_catalogues_and_their_template_are_what_code_and_templates_say() -> None:
    assert {str(path.relative_to(ROOT)) for path in load_tool().stale([])} == set(), "run .ci/translate"


def test_every_place_that_translators_are_told_of_is_there() -> None:
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "bot").rglob("*") if path.suffix in (".py", ".html")]
    assert [place for place in load_tool().PLACES if not any(file.startswith(place) for file in files)] == []


def test_every_message_tells_translators_where_it_stands() -> None:
    with (LOCALE / f"{DOMAIN}.pot").open("rb") as file:
        lacking = [message.id for message in read_po(file) if message.id and not message.auto_comments]
    assert lacking == []


def test_every_folder_of_a_language_is_one_that_petitions_can_have() -> None:
    found = {path.parent.parent.name.replace("_", "-") for path in LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.po")}
    assert found == set(OTHERS)
    assert found <= set(WANTED)


@pytest.mark.parametrize("language", OTHERS)
def test_everything_is_translated(language: str) -> None:
    lacking = [one.id for one in messages(language) if one.fuzzy or not all(strings(one.string))]
    assert lacking == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_same_values_commands_and_marks(language: str) -> None:
    for message in messages(language):
        ids = strings(message.id)
        wanted = marks(ids[-1])
        for string in strings(message.string):
            found = marks(string)
            if len(ids) > 1:
                # A small number may be a word.
                found, wanted = (Counter({**one, "{number}": 0}) for one in (found, wanted))
            assert +found == +wanted, (message.id, string)


def marks(text: str) -> Counter[str]:
    """Count what a translation must keep: values, code, links, bold and emoji."""
    return Counter(re.findall(r"\{\w+\}|`[^`]+`|\]\(\{\w+\}\)|\*\*|[👍😕]|/(?:un)?sign\b", text))


@pytest.mark.parametrize("language", OTHERS)
def test_no_sentence_stays_english(language: str) -> None:
    allowed = SAME_EVERYWHERE | SAME.get(language, frozenset())
    same = {
        original
        for message in messages(language)
        for original in strings(message.id)
        if original in strings(message.string) and original not in allowed and untranslated(bare(original))
    }
    assert same == set()


def bare(text: str) -> str:
    return re.sub(r"\{\w+\}|`[^`]+`", " ", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_has_the_words_of_its_plural_category(language: str) -> None:
    tr = translator(language)
    form_of: dict[str, str] = {}
    for number in SAMPLES:
        form = tr.catalogue.ngettext(
            "{number} signature since {time}.", "{number} signatures since {time}.", number
        )
        assert form_of.setdefault(tr.locale.plural_form(number), form) == form, number
    for message in messages(language) if language in OTHERS else ():
        ids = strings(message.id)
        if len(ids) > 1:
            assert len(strings(message.string)) == catalogue(language).num_plurals
            values = {name: "x" for name in re.findall(r"\{(\w+)\}", ids[-1]) if name != "number"}
            for number in SAMPLES:
                assert "{" not in tr.count(ids[0], ids[-1], number, **values)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_block_keeps_its_limits_whatever_its_words(language: str) -> None:
    block = render_block(replace(LONGEST, language=language))
    assert len(block) <= BODY_LIMIT
    for budget in (1_000, 2_000, 5_000, 20_000):
        short = render_block(replace(LONGEST, language=language), budget)
        assert len(short) <= budget
        assert "### ✍️" in short
    # With a letter as long as most, the block still says how to sign, and since when it was counted.
    block = render_block(replace(LONGEST, language=language), 20_000)
    assert "/unsign" in block
    assert machine_line(block) is not None


NOW = 1_795_347_607
LONGEST = BlockContent(
    count=999_999_999,
    digest=f"adhash4096:{'0a' * 512}",
    as_of=NOW,
    newest=[Signature(one, "x" * 39, one, NOW - one, "N" * 80, "A" * 120) for one in range(1, 101)],
    first=[Signature(one, "y" * 39, one, NOW - one, "N" * 80, "A" * 120) for one in range(201, 221)],
    unlisted=999_999,
    goal=999_999_999,
    deadline=NOW + 86_400,
    coverage=Coverage(NOW, 999_999, 999_999),
    letter_changed=(NOW, 999_999),
    versions_url="https://petitions.example.org/letter",
    verify_url="https://petitions.example.org/#recount",
    search_url="https://petitions.example.org/#roster",
    days=[(20_000, 5), (20_300, 6)],
    milestones=[Milestone(10**one, 20_000 + one) for one in range(9)],
    response=Response("word " * 400, "z" * 39, NOW, "A" * 100),
    remarks=["r" * 400] * 20,
    helps=True,
)


# --- which language ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_petition_may_have_every_language_that_has_a_catalogue_however_it_is_spelled(language: str) -> None:
    for spelled in (language, language.upper(), language.lower()):
        settings = read(f"language: {spelled}")
        assert isinstance(settings, Settings)
        assert settings.language == language


@pytest.mark.parametrize("unknown", ["tlh", "english", "de_DE", "../de", "zh", '"de\\n"'])
def test_another_language_is_a_mistake_that_lists_those_that_there_are(unknown: str) -> None:
    found = read(f"language: {unknown}")
    assert isinstance(found, tuple)
    (mistake,) = found
    assert isinstance(mistake, Mistake)
    assert f"write one of {', '.join(LANGUAGES)}" in str(mistake)


def test_where_a_catalogue_is_gone_the_petition_speaks_english() -> None:
    assert translator("tlh").language == ENGLISH
    assert "5 people have signed" in render_block(BlockContent(5, "adhash4096:0a", NOW, language="tlh"))


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [("zh-CN", "zh-Hans"), ("zh-SG;q=0.3", "zh-Hans"), ("zh-Hans-CN", "zh-Hans"), ("pt-PT, en;q=0.1", "pt-BR")],
)
def test_a_reader_gets_the_same_language_of_another_country(accepted: str, tag: str) -> None:
    language, is_wanted = preferred_language(accepted)
    assert (language, is_wanted) == ((tag, True) if tag in LANGUAGES else (ENGLISH, "en" in accepted))


def test_whoever_reads_the_other_script_is_not_given_this_one() -> None:
    assert preferred_language("zh-TW, zh-Hant-HK;q=0.9") == (ENGLISH, False)
    assert preferred_language("*") == (ENGLISH, True)


# --- what is said of the catalogues -----------------------------------------------------------------------------


def test_the_documents_say_which_catalogues_were_reviewed() -> None:
    text = (ROOT / "docs/LANGUAGES.md").read_text()
    rows = re.findall(r"^\| .* \| `([A-Za-z-]+)` \| (yes|not yet|the original)\b.* \|$", text, re.MULTILINE)
    said = dict(rows)
    assert said.pop(ENGLISH) == "the original"
    assert said == {language: "yes" if is_reviewed(language) else "not yet" for language in OTHERS}
    for language in OTHERS:
        head = (LOCALE / language.replace("-", "_") / "LC_MESSAGES" / f"{DOMAIN}.po").read_text()[:400]
        assert re.search("^# Reviewed-By-Native-Speaker: (yes|no)\\b", head, re.MULTILINE), language


def test_no_answer_of_a_page_is_left_in_english() -> None:
    """A text of an error is marked where it is written; organizers' pages and the set-up are in English."""
    plain = re.compile(r"web\.HTTP\w+\(\s*text=f?\"")
    pages = [path for path in (ROOT / "bot/web").rglob("*.py") if not {"organizers", "setup"} & set(path.parts)]
    assert [path.name for path in pages if plain.search(path.read_text("utf-8"))] == []
