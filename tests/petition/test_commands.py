"""What a comment says to us: the grammar of commands, names, affiliations and reasons."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.petition.comments import command_and_phrase_parser, word_lists
from bot.petition.comments.command_and_phrase_parser import parse, phrases
from bot.petition.comments.commands import (
    Command,
    OrganizerCommand,
    Phrase,
    Several,
    Sign,
    Unsign,
    organizer_commands,
    resolve,
    restore,
)
from bot.petition.comments.mistyped_commands import INSTRUCTION_WORDS
from bot.petition.organizer_commands import INSTRUCTIONS
from bot.petition.untrusted_text import clean, says_something
from tests.effort import growth

NOTHING = None


def check(body: str, expected: Command | None, *, also_accept: tuple[str, ...] = ()) -> None:
    assert accepted(body, also_accept) == expected


def accepted(body: str, also_accept: Collection[str] = ()) -> Command | None:
    """Read a comment, with the phrases that the organizers accept."""
    command = resolve(parse(body), by_mail=True)
    if isinstance(command, Phrase):
        return Sign() if command.digest in phrases(tuple(also_accept)) else None
    return command


# --- the contract ------------------------------------------------------------------------------------------------

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "grammar.json").read_text())["vectors"]
CHANGED_LINE_ENDINGS = [{**vector, "comment": vector["comment"].replace("\n", "\r")} for vector in VECTORS]


@pytest.mark.parametrize("vector", VECTORS + CHANGED_LINE_ENDINGS, ids=lambda vector: repr(vector["comment"]))
def test_reads_the_vectors_of_the_contract(vector: dict[str, Any]) -> None:
    details = vector.get("name"), vector.get("affiliation"), vector.get("reason")
    command = resolve(parse(vector["comment"]), by_mail=vector.get("by_mail"))
    match (command and command.effect) or command:
        case Sign(name, affiliation, reason, unlisted):
            assert (vector["command"], details) == ("sign", (name, affiliation, reason))
            assert unlisted == vector.get("unlisted", False)
        case Unsign():
            assert vector["command"] == "unsign"
        case Phrase(signs=True):
            assert (vector["command"], details) == ("sign", (None, None, None))
        case command:
            assert vector["command"] is None
            assert "attempt" not in vector or (isinstance(command, Phrase) and command.is_attempt)


# --- the command -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["/sign", "/SIGN", "/siGn", "   /sign", "/sign?!", "/sign...", "\n\n/sign"])
def test_signs(body: str) -> None:
    check(body, Sign())


@pytest.mark.parametrize(
    "space",
    [*"\ufeff\u200b\u00a0\u2060\u2007\u200f\u202f\u00ad\u061c\u202b\u2066", " \u00a0 \ufeff", "\ufeff\ufeff"],
)
def test_forgives_what_is_pasted_along(space: str) -> None:
    check(f"{space}/sign", Sign())
    check(f"I agree.\n{space}/sign", Sign())
    check(f"/sign{space}", Sign())


@pytest.mark.parametrize(
    "body",
    [
        *["/sign_me", "/sign)", "/sign*", "/sign`", "(/sign)", "*/sign*", "**/sign**", "/ſign", "/sıgn", "／sign"],
        *["/sign\u200bAda", "/sign\x00", "\x00/sign", "\x0c/sign", "/si\u200bgn", "/unsigned", "/petition-x"],
        *["foo\n     /sign", "foo\n\t/sign", "foo\u2028/sign", "foo\x85/sign", "foo\x0b/sign", "/sign…"],
        *["\ufeff    /sign", "\ufeff~~~\n/sign\n~~~", "\ufeff> a\n/sign"],
    ],
)
def test_takes_nothing_else_for_a_command(body: str) -> None:
    check(body, NOTHING)


@pytest.mark.parametrize(
    "body",
    [
        *["# /sign", "- /sign", "* /sign", "+ /sign", "1. /sign", "- [ ] /sign", "- - /sign", "| /sign |"],
        *["![/sign](x)", "[/sign](x)", "<b>/sign</b>", "~~/sign~~", "&#47;sign", "- a\n    /sign"],
    ],
)
def test_only_the_first_thing_on_a_line_is_a_command(body: str) -> None:
    check(body, NOTHING)


@pytest.mark.parametrize(
    "body",
    [
        *["# Yes\n/sign", "/sign\n---", "/sign\n===", "Yes\n---\n/sign", "Yes\n\n***\n/sign", "- a\n- b\n/sign"],
        *["- a\n\n  /sign", "1. a\n   /sign", "- a\n/sign", "| a |\n| - |\n/sign", "[a]: https://e.org\n/sign"],
        *["<details>\n\n/sign\n\n</details>", "**yes\n/sign\nyes**", "yes\\\n/sign", "yes  \n/sign"],
        *["\u2028\n/sign", "- - - - - - - - - - - - - `a`\n\n/sign"],
    ],
)
def test_a_command_may_stand_between_other_markdown(body: str) -> None:
    assert isinstance(parse(body), Sign)


@pytest.mark.parametrize("punctuation", [*".,:;!?", " ", "\t", "\u00a0", "\u3000", "\u2028"])
def test_the_command_ends_with_white_space_or_punctuation(punctuation: str) -> None:
    check(f"/sign{punctuation}Ada", Sign("Ada"))


def test_the_last_command_decides() -> None:
    check("/sign Ada\n\nOn second thoughts:\n\n/unsign", Unsign())
    check("/unsign\n/sign Ada\nBecause.", Sign("Ada", reason="Because."))
    check("/sign Ada\n\n```\n/unsign\n```", Sign("Ada"))
    check("/sign Ada\n\n> /unsign", Sign("Ada"))


CLOSE, GOAL = OrganizerCommand("close"), OrganizerCommand("goal", "50")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("/sign Ada\n/petition goal 50", Several((GOAL,), Sign("Ada"))),
        ("/petition goal 50\n/sign Ada\nBecause.\n\nThanks", Several((GOAL,), Sign("Ada", reason="Because."))),
        ("/sign Ada\nBecause.\n/petition goal 50\n\nmore", Several((GOAL,), Sign("Ada", reason="Because."))),
        ("/sign\n\nand\n\n/petition goal 50\n/petition close", Several((GOAL, CLOSE), Sign())),
        ("/petition goal 50\n/petition close", Several((GOAL, CLOSE))),
        ("/petition close\n/petition goal 50", Several((CLOSE, GOAL))),
        ("/sign\n/petition close\n/unsign", Several((CLOSE,), Unsign())),
        ("/sign\n/petition close\n/unsign\n/sign Ada", Several((CLOSE,), Sign("Ada"))),
        ("> /petition close\n\n/sign\n\n```\n/petition close\n```", Sign()),
        ("/petition goal 50\nOn 2 Mar 2026, Ben wrote:\n/petition close", GOAL),
        ("/sign Ada /petition close", Several((OrganizerCommand("?/petition", "close"),), Sign("Ada"))),
        (
            "/sign /petition goal 50\nYes.",
            Several((OrganizerCommand("?/petition", "goal 50"),), Sign(reason="Yes.")),
        ),
        ("/petition goal 50\n/petiton close", Several((GOAL, OrganizerCommand("?/petiton", "close")))),
        ("/petition close\n" * 20, Several((CLOSE,) * 20)),
        ("/petition close\n" * 22, Several((*(CLOSE,) * 20, OrganizerCommand("…")))),
    ],
)
def test_all_commands_of_a_comment_count(body: str, said: Command) -> None:
    check(body, said)
    check(body.replace("\n", "\r\n"), said)
    assert restore(said.stored()) == said


@pytest.mark.parametrize(
    ("body", "typed", "argument"),
    [
        *[(f"/{word} goal 80", f"/{word}", "goal 80") for word in ("petiton", "pettion", "petitoin", "petitionn")],
        *[(f"/{word} goal 80", f"/{word}", "goal 80") for word in ("petitions", "Petiition", "petetion", "petion")],
        *[("/petition-goal 80", "/petition", "goal 80"), ("/petition_close", "/petition", "close")],
        *[("/petition/close", "/petition", "close"), ("/petiton: goal 80", "/petiton", "goal 80")],
        *[("/petiton", "/petiton", ""), ("/petiton gaol 80", "/petiton", "gaol 80"), ("/petiton!", "/petiton", "")],
        *[("\\petition goal 80", "\\petition", "goal 80"), ("／petition close", "／petition", "close")],
        *[("/ petition close", "/ petition", "close"), ("//petition close", "//petition", "close")],
        *[("- /petition close", "- /petition", "close"), ("1. /petition goal 80", "1. /petition", "goal 80")],
        *[("@undersigned /petition close", "@undersigned /petition", "close")],
        *[
            ("Hi, please /petition close", "Hi, please /petition", "close"),
            ("bitte /petition help", "bitte /petition", "help"),
        ],
        *[("`/petition goal 80`", "`/petition", "goal 80`"), ('"/petition close".', '"/petition', 'close".')],
        *[("**/petition goal 80**", "**/petition", "goal 80**"), ("**/petition** close", "**/petition**", "close")],
        *[("Dear bot,\n\n/petiton goal 80\n\nthanks", "/petiton", "goal 80")],
        ("/petiton remove @ada a fake", "/petiton", "remove @ada a fake"),
    ],
)
def test_a_mistyped_command_of_organizers_is_told_so(body: str, typed: str, argument: str) -> None:
    command = parse(body)
    assert command == OrganizerCommand.mistyped(typed, argument)
    assert isinstance(command, OrganizerCommand)
    assert command.is_mistyped
    assert str(command) == f"{typed} {argument}".strip()
    assert restore(command.stored()) == command


@pytest.mark.parametrize(
    "body",
    [
        *["petition goal 80", "The petition goal is 80", "/petitions like this one help nobody", "/position close"],
        *["/partition goal 80", "/repetition", "/competition close", '"/petition close" is how to end it'],
        *[
            "I will not /petition close",
            "Do not write /petiton close",
            "> /petiton goal 80",
            "    /petiton goal 80",
        ],
        *[
            "```\n/petiton goal 80\n```",
            "/petitioners, close the gate",
            "/petiton Ada Lovelace",
            "see /petiton close",
        ],
        *[
            "- `/petition goal 80` sets the goal",
            "(/petition close) ends it",
            "/etc/petition/close",
            "/pets goal 80",
        ],
        *["On 2 Mar 2026, Ben wrote:\n/petiton close", "<!-- /petiton close -->", "a `\n/petiton close\n`"],
    ],
)
def test_prose_about_a_command_is_none(body: str) -> None:
    assert not isinstance(parse(body), OrganizerCommand | Several)


ANSWER = (
    "We agree.\n\n- first\n- second\n\n> quoted\n\n## And\n\nthank you [all](https://e.org).\n\n```\n/sign\n```"
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (f"/petition respond {ANSWER}", OrganizerCommand("respond", ANSWER)),
        (f"/petition respond\n\n{ANSWER}\n\n", OrganizerCommand("respond", ANSWER)),
        (f"/petition respond: {ANSWER}\n\n/petition close", Several((OrganizerCommand("respond", ANSWER), CLOSE))),
        (f"/petition respond {ANSWER}\n/sign Ada", Several((OrganizerCommand("respond", ANSWER),), Sign("Ada"))),
        ("/petition respond a\n\nb\n/petiton close", Several((
            OrganizerCommand("respond", "a\n\nb"), OrganizerCommand("?/petiton", "close")))),
        (f"/petition respond {ANSWER}\n\nOn 2 Mar 2026, Ben wrote:\n/sign", OrganizerCommand("respond", ANSWER)),
        (f"/petition respond {ANSWER}\n\n-- \nGrace", OrganizerCommand("respond", ANSWER)),
        (f"/petition respond {'word ' * 900}", OrganizerCommand("respond", f"{('word ' * 800)[:3999].rstrip()}…")),
        ("/petition goal 50\n\nnot of it\n", GOAL),
        ("/petition respond a\n\n> /sign\n\nb", OrganizerCommand("respond", "a\n\n> /sign\n\nb")),
        ("/petition respond a\n\nb\n\n\nc", OrganizerCommand("respond", "a\n\nb\n\n\nc")),
        ("/sign\n\n/Petition: Respond:\n\nb\n\nc", Several((OrganizerCommand("respond", "b\n\nc"),), Sign())),
    ],
)  # fmt: skip
def test_a_response_goes_on_to_the_next_command_or_to_the_tail_of_a_mail(body: str, said: Command) -> None:
    check(body, said)
    check(body.replace("\n", "\r\n"), said)


def test_a_mistyped_command_is_known_by_the_words_that_there_are() -> None:
    assert list(INSTRUCTION_WORDS) == list(INSTRUCTIONS)


# --- name and affiliation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "name", "affiliation"),
    [
        ("Ada Lovelace", "Ada Lovelace", None),
        ("  Ada   Lovelace  ", "Ada   Lovelace", None),
        ("Ada Lovelace,", "Ada Lovelace", None),
        ("Sammy Davis Jr.", "Sammy Davis Jr.", None),
        ("Ada, Engines", "Ada", "Engines"),
        ("Ada,Engines", "Ada", "Engines"),
        ("李云，某大学", "李云", "某大学"),
        ("آدا، دانشگاه", "آدا", "دانشگاه"),
        ("Ada – Engines", "Ada", "Engines"),
        ("Ada - Engines, London", "Ada", "Engines, London"),
        ("Ada, Engines - London", "Ada", "Engines - London"),
        ("Ada -", "Ada", None),
        ("Jean- Luc", "Jean- Luc", None),
        ("Ada (Engines),", "Ada", "Engines"),
        ("Anne-Marie O'Brien", "Anne-Marie O'Brien", None),
        ("Ada Lovelace (Engines)", "Ada Lovelace", "Engines"),
        ("Ada Lovelace (Engines).", "Ada Lovelace", "Engines"),
        ("Ada Lovelace (Engines, London)", "Ada Lovelace", "Engines, London"),
        ("Ada Lovelace (Engines (Difference))", "Ada Lovelace", "Engines (Difference)"),
        ("Ada (née Byron) Lovelace", "Ada (née Byron) Lovelace", None),
        ("Ada (née Byron) Lovelace (Engines)", "Ada (née Byron) Lovelace", "Engines"),
        ("Ada (Countess), Engines", "Ada (Countess)", "Engines"),
        ("Ada (Engines, London", "Ada (Engines", "London"),
        ("Ada Lovelace)", "Ada Lovelace)", None),
        ("(Engines)", None, "Engines"),
        (", Engines", None, "Engines"),
        ("李云（李良）", "李云（李良）", None),
        ("李云 （某大学）", "李云", "某大学"),
        ("- Ada, Engines", "Ada", "Engines"),
        ("— Ada", "Ada", None),
        (": Ada", "Ada", None),
        ("A|B", "A|B", None),
        ("<Name>", None, None),
        ("~~Name~~", "~~Name~~", None),
        ("Name [tag]", "Name [tag]", None),
        ("`handle`", "`handle`", None),
        ("J&uuml;rgen", "J&uuml;rgen", None),
        ('Ada \\"nick\\" L', 'Ada \\"nick\\" L', None),
        ("#53", "#53", None),
        ("@ada, @org", "@ada", "@org"),
        ("Ada https://example.org/a", "Ada https://example.org/a", None),
        ("Adahttps://example.org", "Adahttps://example.org", None),
        ("Ada <ada@example.org>", "Ada", None),
        ("+1", "+1", None),
        (".", None, None),
        ("---", None, None),
        ("|", None, None),
        ("\u3164", None, None),
        ("\u200b", None, None),
        ("Ada, -", "Ada", None),
    ],
)
def test_reads_name_and_affiliation(typed: str, name: str | None, affiliation: str | None) -> None:
    check(f"/sign {typed}", Sign(name, affiliation))


@pytest.mark.parametrize(
    ("typed", "name", "affiliation"),
    [
        ("[Ada](https://example.org)", "Ada", None),
        ("[Ada](<https://example.org/a b>)", "Ada", None),
        ('[Ada](https://example.org "title, too")', "Ada", None),
        ("[Ada](https://example.org/a,b), [Engines](https://example.org/(c))", "Ada", "Engines"),
        ("[Lovelace, Ada](https://example.org), Engines", "Lovelace, Ada", "Engines"),
        ("[Ada](https://example.org) (Engines)", "Ada", "Engines"),
        ("[Ada](https://example.org 'title, too')", "Ada", None),
        ("[Ada](https://example.org (title, too))", "Ada", None),
        ("[Ada \\] L](x)", "Ada \\] L", None),
        ("[Ada [PhD]](x)", "Ada [PhD]", None),
        ("[](https://example.org)", None, None),
        ("![Ada](x)", "![Ada](x)", None),
        ("\\[Ada](x)", "\\[Ada](x)", None),
        ("[Ada][1]", "[Ada][1]", None),
        ("[Ada] (x)", "[Ada]", "x"),
        ("[Ada](https://example.org/(", "[Ada](https://example.org/(", None),
        ("[Ada]( https://example.org/( )", "[Ada]( https://example.org/( )", None),
        ("[Ada]( https://example.org ), Engines", "Ada", "Engines"),
        ("[Ada [Byron](https://example.org)", "[Ada Byron", None),
    ],
)
def test_a_link_gives_its_text(typed: str, name: str | None, affiliation: str | None) -> None:
    check(f"/sign {typed}", Sign(name, affiliation))


@pytest.mark.parametrize(
    ("start", "part"),
    [
        ("", "["), ("", "[]"), ("", "[a"), ("[", "[]"), ("", "\\["), ("[", "\\["), ("", "[[]"),
        ("", "[](a"), ("", "[](a("), ("[a](", " "), ("[a](b", " "), ('[a](b "c"', " "), ("[a](", "a"),
        ("[a](", "(a)"), ("[a](<", "a"), ('[a](b "', " a"), ("", '[](a "[](b \'[](c ('), ("", '[a](b "c"  '),
        ("", "("), ("", "(a"), ("(", "(a)"), ("", "（(a)"), (" ", " - "),
    ],
)  # fmt: skip
def test_details_take_as_long_to_read_as_they_are_long(start: str, part: str) -> None:
    assert growth(lambda size: parse(f"/sign {start}{part * (size // len(part))}!"), 2_000) < 24


def test_long_details_are_shortened_and_never_refused() -> None:
    check(f"/sign {'A' * 291}, {'B' * 291}\n{'C' * 900}", Sign("A" * 79 + "…", "B" * 119 + "…", "C" * 499 + "…"))


# --- reason ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("/sign\nOne.\nTwo.", "One.\nTwo."),
        ("/sign\n  One.  \n\tTwo.", "One.\nTwo."),
        ("/sign\nOne.\n\nTwo.", "One."),
        ("/sign\n\nOne.", None),
        ("/sign\n \t\nOne.", None),
        ("/sign\n---\nOne.", None),
        ("/sign\nOne.\n***\nTwo.", "One."),
        ("/sign\nOne.\n  ===  \nTwo.", "One."),
        ("/sign\nOne.\n-\nTwo.", "One."),
        ("/sign\nOne.\n- - -\nTwo.", "One."),
        ("/sign\nOne.\n+ + +\nTwo.", "One.\n+ + +\nTwo."),
        ("/sign\n- One.\n- Two.", "- One.\n- Two."),
        ("/sign\nOne.\n> Two.", "One."),
        ("/sign\nOne.\n```\nTwo.\n```", "One."),
        ("/sign\nSee [the letter](https://example.org/a).", "See the letter."),
        ("/sign\n...", None),
        ("/sign\nSee [a](b\n'c') there.", "See a there."),
        ("/sign\nIt is `/unsign`\nthat I mean", "It is `/unsign`\nthat I mean"),
        ("/sign\nOne.\nOn Mon, 2 Mar 2026, Ada wrote:\n> Please sign", "One."),
        ("/sign\nOne.\n-- \nAda", "One."),
        ("One.\n/sign", None),
    ],
)
def test_the_lines_below_are_the_reason(body: str, reason: str | None) -> None:
    check(body, Sign(reason=reason))


# --- orders ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("/petition goal 10", OrganizerCommand("goal", "10")),
        ("/PETITION Goal: 10", OrganizerCommand("goal", "10")),
        ("/petition remove @ada It is a fake, sorry.", OrganizerCommand("remove", "@ada It is a fake, sorry.")),
        ("/petition close.", OrganizerCommand("close")),
        ("/petition also-accept signed, +1", OrganizerCommand("also-accept", "signed, +1")),
        (f"/petition {'x' * 99} y", OrganizerCommand("x" * 40, "y")),
        ("/petition", OrganizerCommand("")),
        ("/petition @ada", OrganizerCommand("", "@ada")),
        ("/petition remove @ada\u202e\x00x", OrganizerCommand("remove", "@adax")),
        ("Thanks.\n\n/petition reopen\nthanks", OrganizerCommand("reopen")),
    ],
)
def test_a_command_is_a_word_and_an_argument(body: str, order: OrganizerCommand) -> None:
    check(body, order)


# --- phrases -----------------------------------------------------------------------------------------------------

PHRASES = ("signed", "+1", "Count me in", "подписываюсь", "👍", "Straße")


@pytest.mark.parametrize(
    "body",
    [
        *["signed", "Signed!", " SIGNED. \n\n", "+1", "+1!!", "count  me in", "COUNT ME IN …", "Подписываюсь"],
        *[
            "👍",
            "👍\ufe0f",
            "👍🏽",
            ":+1:",
            ":thumbsup:!",
            "**signed**",
            "_Signed._",
            "***signed***",
            "**signed**.",
            "signed\r\n\r\nSent from my iPhone",
            "signed\n-- \nAda",
            "signed\n\nBest regards,\nAda Lovelace",
            "signed\n\nOn Mon, 2 Mar 2026 at 10:00, Ada <ada@example.org> wrote:\n> Please sign",
            "signed。",
            "+1\n\nFrom: Ada <ada@example.org>\nSent: Monday\nTo: all\nSubject: Re: letter\n\n/sign",
            "\ufeffsigned",
            "signed\r\n",
            "STRASSE",
            "\n\n   signed",
        ],
    ],
)
def test_a_phrase_signs_when_it_is_the_whole_comment(body: str) -> None:
    check(body, Sign(), also_accept=PHRASES)
    check(body, NOTHING)


@pytest.mark.parametrize(
    "body",
    [
        *["I signed", "signed by me", "not signed", "I haven't signed", "> signed", "`signed`", "<!-- signed -->"],
        *["    signed", "\n    signed", "\tsigned", "```\nsigned\n```", "signed\n\n> signed"],
        *["sign", "-1", "+ 1", "", " ", "!", "👍👎"],
    ],
)
def test_a_phrase_within_other_words_does_not(body: str) -> None:
    check(body, NOTHING, also_accept=PHRASES)


def test_a_phrase_is_never_stronger_than_a_command() -> None:
    check("/unsign", Unsign(), also_accept=("/unsign", "unsign"))
    check("/sign Ada", Sign("Ada"), also_accept=("/sign Ada",))


def test_an_empty_phrase_accepts_nothing() -> None:
    check("", NOTHING, also_accept=("", "!", " "))
    check("!", NOTHING, also_accept=("", "!", " "))


def test_of_what_people_merely_say_only_a_digest_is_kept() -> None:
    assert "agree" not in repr(parse("I agree with Ada"))
    assert parse("x" * 61) is None


# --- laws --------------------------------------------------------------------------------------------------------

SCRAPS = r"""
    /sign /unsign /petition Ada Lovelace , - – ( ) （ ） | [ ]( ![ ` ``` ~~~ <!-- --> <pre> </pre> <b <blockquote>
    > # - 1. --- === __ ** \ & :// @ada #1 ________ wrote: From: Sent: To:
"""
SPACES = [
    *"\n\t \u00a0\ufeff\u200b\u2028\x00\ud800\udc00",
    "\n\n",
    "    ",
    "-- \n",
    "\nOn 2 March ",
    "-----Original Message-----",
]
WILD = st.lists(
    st.one_of(st.sampled_from(SCRAPS.split()), st.sampled_from(SPACES), st.text(max_size=5)), max_size=25
).map("".join)
LETTERS = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=30)
COMMANDS = st.one_of(
    st.sampled_from(["/unsign", "/sign", "/petition goal 10"]), st.builds("/sign {}, {}".format, LETTERS, LETTERS)
)


@given(st.one_of(WILD, st.text(st.characters(categories=None))), st.lists(st.text(max_size=4), max_size=3))
def test_no_comment_is_too_strange(body: str, also_accept: list[str]) -> None:
    command = accepted(body, also_accept)
    if isinstance(command, Sign):
        for detail, limit in ((command.name, 80), (command.affiliation, 120), (command.reason, 500)):
            assert detail is None or (detail == clean(detail, limit) and says_something(detail))


@given(WILD)
@example("/sign\n\n/sign")
def test_a_quoted_comment_says_nothing(body: str) -> None:
    quoted = "".join(f"> {line}\n" for line in body.replace("\r", "\n").split("\n"))
    assert parse(quoted) is None


@given(WILD)
def test_line_endings_do_not_matter(body: str) -> None:
    body = body.replace("\r", "")
    assert parse(body) == parse(body.replace("\n", "\r\n")) == parse(body.replace("\n", "\r"))


@given(
    st.lists(COMMANDS, min_size=1, max_size=5), st.sampled_from(["\n", "\n\n", "\n\nWell, no.\n\n", "\n\n- a\n\n"])
)
def test_of_several_commands_the_last_decides(commands: list[str], between: str) -> None:
    read = list(map(parse, commands))
    own = [one for one in read if isinstance(one, Sign | Unsign)]
    together = parse(between.join(commands))
    assert organizer_commands(together) == tuple(one for one in read if isinstance(one, OrganizerCommand))
    assert (together and together.effect) == (own[-1] if own else None)


@given(
    WILD, st.sampled_from(["```\n{}\n```", "~~~ text\n{}\n~~~", "<!--\n{}\n-->", "<pre>\n{}\n</pre>", "a `\n{}\n`"])
)
def test_code_and_comments_say_nothing(body: str, around: str) -> None:
    inner = body.replace("`", "").replace("~", "").replace("<", "").replace("-->", "").replace("\n\n", "\n")
    if around.endswith("`"):
        # A code span ends with its paragraph; what may begin a line inside must not end the paragraph.
        inner = "\n".join(line for line in inner.split("\n") if line.startswith("/"))
    assert parse(around.format(inner)) is None


LISTS = [words for name, words in vars(word_lists).items() if isinstance(words, frozenset) and name != "CARD"]
NO_NAMES = {word for words in LISTS for word in words}


@given(LETTERS, LETTERS)
def test_a_name_is_shown_as_it_is_typed(name: str, affiliation: str) -> None:
    assume(not {name.casefold(), affiliation.casefold()} & NO_NAMES)
    details = [text if says_something(text) else None for text in (clean(name, 80), clean(affiliation, 120))]
    assert parse(f"/sign {name}, {affiliation}") == Sign(details[0], details[1])
    assert parse(f"/sign {name} ({affiliation})") == Sign(details[0], details[1])


@given(st.from_regex(command_and_phrase_parser._PLAIN, fullmatch=True))
@example("/sign Ada")
@example("/sign J. R. Smith, St. Mary's-on-the-Hill \r\n")
@example("/sign Ada Ng, TA")
@example("/sign Ja, Ada")
@example("/sign Ada Ng, J-D")
@example("/sign Ada Ng, B S C\n")
def test_what_most_people_type_is_read_quickly_and_means_the_same(body: str) -> None:
    assert parse(body) == parse(f"\n{body}")
    assert isinstance(parse(body), Sign)


@given(st.text(st.sampled_from("/sign Ad-,.' \r\n"), max_size=20).map("/sign{}".format))
def test_what_is_nearly_so_means_the_same_below_an_empty_line(body: str) -> None:
    assert parse(body) == parse(f"\n{body}")


@given(st.text(st.characters(max_codepoint=127), max_size=100), st.integers(1, 100))
def test_plain_text_is_cleaned_quickly_and_comes_out_the_same(text: str, limit: int) -> None:
    # An invisible character keeps it from being plain.
    assert clean(text, limit) == clean(f"\u200b{text}", limit)


# --- time --------------------------------------------------------------------------------------------------------

LONGEST = 262_144
SLOW = """> |- |[|![|[a](|[a\n|`a``|<!--|<a b='|\n\n- |+\n*\n-\n|> /sign\n|1:\n|(|\u200b"""


@pytest.mark.parametrize("piece", SLOW.split("|"))
def test_the_longest_comment_is_read_to_its_end(piece: str) -> None:
    """Time that grew with the square of the length would run into the timeout of every test."""
    filling = piece * (LONGEST // len(piece))
    for body in (f"/sign {filling}", f"{filling}\n\n/sign", f"`\n{filling}\n/sign"):
        parse(body)


def test_a_comment_longer_than_github_promises_still_counts() -> None:
    words, lines = "word " * (LONGEST // 10), "> word\n" * (LONGEST // 14)
    check(f"{words}\n\n/sign Ada\n\n{words}", Sign("Ada"))
    check(f"{words}`x`\n/sign Ada\nYes.\n\n{words}", Sign("Ada", reason="Yes."))
    check(f"/sign Ada\n{words}", Sign("Ada", reason=clean(words, 500)))
    check(f"{lines}\n/sign Ada\n{lines}", Sign("Ada"))
    check(f"{lines}/sign Ada\n\n{lines}", NOTHING)
    check(f"```\n{words}\n/sign Ada\n```", NOTHING)


def test_what_is_left_out_of_such_a_comment_leaves_no_command_behind() -> None:
    beginning, middle, fence = "x" * 32_767 + "\n", "please" + "y" * 70_000, "\n```\n/sign\n```"
    end = "/sign".ljust(32_768 - len(fence), "!") + fence
    check(beginning + middle + end, NOTHING)
