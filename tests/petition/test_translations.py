"""The block in other languages: nothing stays English, the right plurals, right-to-left in order."""

from __future__ import annotations

import re

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from msgspec.structs import replace

from bot.petition import block
from bot.petition.block import BlockContent, TranslationLink, compose, machine_line, render_block, same_but_for_time
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import OrganizerCommand, Sign, Unsign
from bot.petition.comments.comment import Author
from bot.petition.goals import Milestone
from bot.petition.i18n import LANGUAGES
from bot.petition.machine_readable_lines import Coverage
from bot.petition.organizer_commands import GivenCommand, apply_commands
from bot.petition.rules_in_force import Response
from bot.petition.settings import Detail, Settings
from bot.petition.settings_file import read
from bot.petition.tally import Signature
from tests.pseudo_locale import untranslated

NOW = 1795347607
FACTS = BlockContent(
    count=1234,
    digest="adhash4096:0a",
    as_of=NOW,
    newest=[Signature(1, "ada", 5, NOW - 60, "Ada Lovelace", "Analytical Engines")],
    unlisted=3,
    goal=2000,
    deadline=NOW + 86_400,
    milestones=[Milestone(1000, NOW // 86_400)],
    response=Response("We agree with @ada.\nSee [this](https://example.org).", "grace", NOW),
    remarks=["grace commented “/petition deadline soon”: write a date"],
    helps=True,
)


def _html(markdown: str) -> str:
    return str(github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))


ODD = Signature(2, "", 6, NOW - 60)
EVERYTHING_IT_CAN_SAY = {
    "open": FACTS,
    "nobody yet": replace(FACTS, count=0, newest=()),
    "nobody, and closed": replace(FACTS, count=0, newest=(), closed_at=NOW - 60),
    "closed": replace(FACTS, closed_at=NOW - 60, final_count=5),
    "paused": replace(FACTS, labelled=False),
    "goal reached": replace(FACTS, goal=1000),
    "grown": replace(FACTS, days=[(20_000, 5), (20_003, 6)]),
    "changed": replace(FACTS, letter_changed=(NOW - 60, 7)),
    "covered": replace(FACTS, coverage=Coverage(NOW)),
    "covered in part": replace(FACTS, coverage=Coverage(NOW, 7, 9)),
    "without names": replace(FACTS, show=frozenset(), newest=()),
    "with logins": replace(FACTS, show=frozenset({Detail.LOGIN})),
    "first signatories": replace(FACTS, first=FACTS.newest),
    "not named": replace(FACTS, newest=[ODD]),
    "translated": replace(FACTS, translations=[TranslationLink("fa", "https://example.org/l", is_older=True)]),
    "names removed": replace(FACTS, anonymised_at=NOW - 60, newest=()),
    "with a page": replace(FACTS, roster_url="https://example.org/r", csv_url="https://example.org/c"),
    "to be recounted": replace(FACTS, verify_url="https://example.org/v"),
    "full": replace(FACTS, threads=("a/b#1", "a/b#2"), position=1),
    "full and closed": replace(FACTS, threads=("a/b#1", "a/b#2"), position=1, closed_at=NOW - 60),
    "continuing": replace(FACTS, threads=("a/b#1", "a/b#2", "a/b#3"), position=3),
}
MISTAKES = (
    *("goal: many", "deadline: soon", "also_accept: 5", "show: all", "names: -1", "milestones: 5", "chart: 5"),
    *(
        "comments_per_thread: 5",
        "minimum_account_age: x",
        "roster: x",
        "language: x",
        "anonymise_after: x",
        "first: x",
    ),
    *("goal: {a: b}", "goal: [[5]]", "a: b: c"),
    *("counter: x", "translations: x"),
    *("gaol: 5", "colour: red", "names: 5\nnames: 6", "- goal", "goal: [", "[" * 201, "#" * 10_001, "goal: [5, 4]"),
)
COMMANDS = (
    *("goal many", "deadline soon", "deadline 2001-01-01", "remove", "remove @eve x", "restore", "respond", "open"),
    "respond from ACME:",
)
LATIN_EVERYWHERE = {"GitHub", "UTC", "CSV", "JSON", "div", "dir", "rtl", "ltr", "br", "sub", "details", "summary"}
TYPED = {
    *("count", "login", "name", "affiliation", "reason", "true", "false", "public", "private"),
    *("app", "workflow", "GitHub", "de", "letters", "letter", "md", "deadline", "goal", "UTC"),
    *("respond", "remove", "restore", "YAML", "signed", "T", "none", "sign", "ada", "grace"),
}


@pytest.mark.parametrize("facts", EVERYTHING_IT_CAN_SAY.values(), ids=EVERYTHING_IT_CAN_SAY)
def test_nothing_in_the_block_is_said_in_english_only(facts: BlockContent) -> None:
    arabic = render_block(replace(facts, language="ar", remarks=()))
    assert _latin(arabic) - LATIN_EVERYWHERE == set()
    assert render_block(replace(facts, language="de", remarks=())) != render_block(replace(facts, remarks=()))


@pytest.mark.usefixtures("pseudo_locale")
@pytest.mark.parametrize("facts", EVERYTHING_IT_CAN_SAY.values(), ids=EVERYTHING_IT_CAN_SAY)
def test_every_word_of_the_block_is_translated(facts: BlockContent) -> None:
    text = render_block(replace(facts, response=None, remarks=()))
    text = re.sub(r"<!--.*?-->|</?[a-z]+>|\(https?://[^)]*\)|```(?:mermaid)?", " ", text, flags=re.DOTALL)
    names = ("Ada Lovelace", "Analytical Engines", "[ada]", "xychart-beta", "title", "axis", "line", "Nov", "Oct")
    assert untranslated(re.sub(r"`[^`]*`", " ", text), names) == set()


@pytest.mark.parametrize("text", MISTAKES)
def test_every_mistake_in_the_settings_is_told_in_the_language_of_the_block(text: str) -> None:
    found = read(text)
    assert isinstance(found, tuple)
    for mistake in found:
        assert _latin(mistake.in_language("ar")) - TYPED == set()
        assert mistake.in_language("de") != str(mistake)


@pytest.mark.parametrize("text", COMMANDS)
def test_every_command_that_is_not_understood_is_explained_in_the_language_of_the_block(text: str) -> None:
    command = parse(f"/petition {text}")
    assert isinstance(command, OrganizerCommand)
    given = GivenCommand(5, NOW, Author(1, "grace"), command)
    told = {
        language: apply_commands(
            Settings(language=language), [given], organizers={1: True}, named={(5, "eve"): None}
        ).rules.remarks[0]
        for language in LANGUAGES
    }
    assert len(set(told.values())) == len(LANGUAGES)
    assert _latin(told["ar"]) - TYPED == set()


def _latin(text: str) -> set[str]:
    """Return the words in Latin letters that are neither typed nor somebody's name nor an address."""
    text = re.sub(r"<!--.*?-->|<code.*?</code>|\(https?://[^)]*\)|```.*?```", " ", text, flags=re.DOTALL)
    return set(re.findall(r"[A-Za-z]+", re.sub("\u2068[^\u2068\u2069]*\u2069", " ", text)))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ["1 person has signed", "2 people have signed", "11 people have signed", "1,234 people have signed"],
        ),
        ("de", ["1 Person hat", "2 Personen haben", "11 Personen haben", "1.234 Personen haben"]),
        (
            "pl",
            ["1 osoba podpisała", "2 osoby podpisały", "11 osób podpisało", "1\xa0234 osoby podpisały"],
        ),
        ("ar", ["وقّع شخص واحد", "وقّع شخصان", "وقّع 11 شخصًا", "وقّع 1,234 شخصًا"]),
    ],
)
def test_numbers_decide_the_form_of_words(language: str, said: list[str]) -> None:
    headings = [render_block(replace(FACTS, count=count, language=language)) for count in (1, 2, 11, 1234)]
    assert all(words in heading for words, heading in zip(said, headings, strict=True))


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_stay_what_they_are_in_every_language(language: str) -> None:
    html = _html(render_block(replace(FACTS, language=language, helps=False)))
    typed = [re.sub("<[^>]+>", "", code) for code in re.findall(r"<code[^>]*>(/.*?)</code>", html)]
    assert [parse(each) for each in typed] == [Sign(), Sign(), Unsign()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_time_of_counting_alone_is_no_reason_to_write(language: str) -> None:
    facts = replace(FACTS, language=language, newest=())
    body = compose("Dear all,", facts)
    assert body is not None
    assert compose(body, replace(facts, as_of=NOW + 60)) is None
    assert same_but_for_time(render_block(facts), render_block(replace(facts, as_of=NOW + 60)))
    assert not same_but_for_time(render_block(facts), render_block(replace(facts, count=7)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_machines_read_every_language(language: str) -> None:
    body = compose("Dear all,", replace(FACTS, language=language))
    line = machine_line(body)
    assert line is not None
    assert line.count == 1234
    assert block.letter(body) == "Dear all,"


def test_arabic_runs_from_right_to_left_and_names_and_commands_do_not() -> None:
    html = _html(render_block(replace(FACTS, language="ar")))
    assert html.index('<div dir="rtl">') < html.index("<h3>") < html.index("</div>")
    assert '<code dir="ltr">/sign</code>' in html
    assert "<strong>\u2068Ada Lovelace\u2069</strong>، \u2068Analytical Engines\u2069" in html
    assert '<td align="right">' in html


def test_left_to_right_needs_no_marks() -> None:
    text = render_block(replace(FACTS, language="de"))
    assert "dir=" not in text
    assert "\u2068" not in text


# --- what organizers have the block show ------------------------------------------------------------------------


def test_only_the_details_that_are_shown_are_asked_for() -> None:
    logins = render_block(replace(FACTS, show=frozenset({Detail.LOGIN}), helps=False))
    assert "Lovelace" not in logins
    assert "[ada]" in logins
    names = render_block(replace(FACTS, show=frozenset({Detail.LOGIN, Detail.NAME}), helps=False))
    assert "`/sign Your Name`" in names
    assert "Engines" not in names


def test_the_final_count_stays_what_it_was() -> None:
    text = render_block(replace(FACTS, closed_at=NOW - 60, count=1200, final_count=1234))
    assert "**Closed on 22 Nov 2026, 11:39 UTC with 1,234 signatures.** New signatures do not count." in text
    assert "1,200 people have signed" in text


def test_milestones_behind_the_goal_are_marked() -> None:
    assert "🎉 **1,000** on 22 Nov 2026" in render_block(FACTS)
    assert "🎉" not in render_block(replace(FACTS, milestones=[Milestone(2000, 0)]))


def test_an_official_answer_is_quoted_and_harmless() -> None:
    text = render_block(FACTS)
    assert "> **📣 Official response by [grace](https://github.com/grace), 22 Nov 2026**" in text
    assert "@ada" not in text
    assert "<br>See&#32;[this](https://example.org)." in text


def test_an_answer_of_somebody_else_has_their_name_and_nothing_in_it_lives() -> None:
    text = render_block(replace(FACTS, response=Response("No.", "grace", NOW, "ACME *& <b>Co</b> @ada")))
    assert "Official response by ACME" in text
    assert "github.com/grace" not in text
    html = _html(text)
    assert "<b>Co" not in html
    assert "@ada" not in text


@pytest.mark.parametrize(
    "link", ["[x](javascript:alert(1))", "[x](https://a b)", "![x](https://e.org/x.png)", "[[x]](x)"]
)
def test_only_links_to_web_pages_are_live_in_an_answer(link: str) -> None:
    html = _html(render_block(replace(FACTS, response=Response(link, "grace", NOW))))
    quoted = html[html.index("<blockquote>") : html.index("</blockquote>")]
    assert "javascript" not in re.sub("<p>.*?</p>", "", quoted)
    assert "<img" not in quoted
    assert len(re.findall("href=", quoted)) == 1  # whose answer it is
