"""What a comment says to us: the grammar of commands, names, affiliations and reasons."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.petition.comments import commands
from bot.petition.comments.commands import Command, OrganizerCommand, Phrase, Sign, Unsign, parse, phrases, resolve
from bot.petition.text import clean, says_something
from tests.effort import growth

NOTHING = None


def check(body: str, expected: Command | None, *, also_accept: tuple[str, ...] = ()) -> None:
    assert accepted(body, also_accept) == expected


def accepted(body: str, also_accept: Collection[str] = ()) -> Command | None:
    """Read a comment, with the phrases that the organizers accept."""
    command = parse(body)
    if isinstance(command, Phrase):
        return Sign() if command.digest in phrases(also_accept) else None
    return command


# --- the contract ------------------------------------------------------------------------------------------------

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "grammar.json").read_text())["vectors"]
CHANGED_LINE_ENDINGS = [{**vector, "comment": vector["comment"].replace("\n", "\r")} for vector in VECTORS]


@pytest.mark.parametrize("vector", VECTORS + CHANGED_LINE_ENDINGS, ids=lambda vector: repr(vector["comment"]))
def test_reads_the_vectors_of_the_contract(vector: dict[str, Any]) -> None:
    details = vector.get("name"), vector.get("affiliation"), vector.get("reason")
    match resolve(parse(vector["comment"]), by_mail=vector.get("by_mail")):
        case Sign(name, affiliation, reason):
            assert (vector["command"], details) == ("sign", (name, affiliation, reason))
        case Unsign():
            assert vector["command"] == "unsign"
        case _:
            assert vector["command"] is None


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
    check("/sign\n/petition close", OrganizerCommand("close"))


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
        ("<Name>", "<Name>", None),
        ("~~Name~~", "~~Name~~", None),
        ("Name [tag]", "Name [tag]", None),
        ("`handle`", "`handle`", None),
        ("J&uuml;rgen", "J&uuml;rgen", None),
        ('Ada \\"nick\\" L', 'Ada \\"nick\\" L', None),
        ("#53", "#53", None),
        ("@ada, @org", "@ada", "@org"),
        ("Ada https://example.org/a", "Ada https://example.org/a", None),
        ("Adahttps://example.org", "Adahttps://example.org", None),
        ("Ada <ada@example.org>", "Ada <ada@example.org>", None),
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
        ("/sign\n[a](b\n'c') d", "a d"),
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
def test_an_order_is_a_word_and_an_argument(body: str, order: OrganizerCommand) -> None:
    check(body, order)


# --- phrases -----------------------------------------------------------------------------------------------------

PHRASES = ("signed", "+1", "Count me in", "подписываюсь", "👍", "Straße")


@pytest.mark.parametrize(
    "body",
    [
        *["signed", "Signed!", " SIGNED. \n\n", "+1", "+1!!", "count  me in", "COUNT ME IN …", "Подписываюсь"],
        *["👍", "👍\ufe0f", "\ufeffsigned", "signed\r\n", "STRASSE", "\n\n   signed"],
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
        *["sign", "-1", "+ 1", "", " ", "!", "👍🏽"],
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


@pytest.mark.parametrize(
    "body",
    [
        *[
            "sign",
            "Sign!",
            " SIGN ",
            "unsign",
            "signed",
            "/sing",
            "\\sign",
            "/ sign",
            "//sign",
            "\\unsign",
            "/sgin Ada",
        ],
        *["/sing Ada Lovelace, Analytical Engines", "/signed", "|sign", "/un-sign", "/un sign", "sign/", "/siggn"],
        *[
            "／sign",
            "/sıgn",
            "/signature",
            "/signing",
            "`/sign`",
            "`/sign Ada Lovelace`",
            "```/sign```",
            "**/sign**",
        ],
        *['"/sign"', "„/unsign“", "_/sign_"],
    ],
)
def test_a_mistyped_command_is_told_from_other_words(body: str) -> None:
    command = parse(body)
    assert isinstance(command, Phrase)
    assert command.is_attempt


@pytest.mark.parametrize(
    "body",
    [
        *[
            "sing",
            "I sign",
            "sign here please",
            "+1",
            "signs",
            "/signal",
            "/design",
            "the /sing",
            "/etc/sign",
            "sign?\nNo.",
        ],
        *[
            "`sign`",
            "> sign",
            "    sign",
            "> `/sign`",
            "```\n/sign\n```",
            "signature",
            "/singing",
            "Sign me up when it is true",
        ],
        *["`/sign` is what you write", '"/sign" is what you write', "`/signal`", "(see /sign)", "`make /sign`"],
    ],
)
def test_what_may_mean_something_else_is_no_attempt(body: str) -> None:
    command = parse(body)
    assert command is None or (isinstance(command, Phrase) and not command.is_attempt)


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
    st.lists(COMMANDS, min_size=1, max_size=5), st.sampled_from(["\n", "\n\n", "\n\nWell, no.\n\n", "\n- a\n\n"])
)
def test_of_several_commands_the_last_decides(commands: list[str], between: str) -> None:
    assert parse(between.join(commands)) == parse(commands[-1])


@given(
    WILD, st.sampled_from(["```\n{}\n```", "~~~ text\n{}\n~~~", "<!--\n{}\n-->", "<pre>\n{}\n</pre>", "a `\n{}\n`"])
)
def test_code_and_comments_say_nothing(body: str, around: str) -> None:
    inner = body.replace("`", "").replace("~", "").replace("<", "").replace("-->", "").replace("\n\n", "\n")
    if around.endswith("`"):
        # A code span ends with its paragraph; what may begin a line inside must not end the paragraph.
        inner = "\n".join(line for line in inner.split("\n") if line.startswith("/"))
    assert parse(around.format(inner)) is None


@given(LETTERS, LETTERS)
def test_a_name_is_shown_as_it_is_typed(name: str, affiliation: str) -> None:
    details = [text if says_something(text) else None for text in (clean(name, 80), clean(affiliation, 120))]
    assert parse(f"/sign {name}, {affiliation}") == Sign(*details)
    assert parse(f"/sign {name} ({affiliation})") == Sign(*details)


@given(st.from_regex(commands._PLAIN, fullmatch=True))
@example("/sign Ada")
@example("/sign J. R. Smith, St. Mary's-on-the-Hill \r\n")
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
