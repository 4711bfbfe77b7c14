"""Where a comment begins to repeat the mail that it answers: in any language, by any program, never in prose."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import (
    Command,
    Doubtful,
    OrganizerCommand,
    Phrase,
    Sign,
    Unsign,
    resolve,
    restore,
)
from bot.petition.comments.word_lists import CARD
from tests.chance import examples
from tests.petition.mail_corpus import INDENTED, OWN, TAILS, TYPED

LAYOUTS = [
    "{}\n\n/sign Ben Low",
    "Nice.\n\n{}\n\n/sign Ben Low",
    "Nice.\n{}\n/sign Ben Low",
    "{}\n`/x`\n\n/sign Ben Low",
]


def is_silent(command: Command | None) -> bool:
    """Return whether a text says nothing, or is told that its command is cut off."""
    return command is None or (isinstance(command, Phrase) and not command.is_attempt)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_what_a_mail_quotes_does_not_count(ending: str) -> None:
    for tail, layout in product(TAILS, LAYOUTS):
        text = layout.format(tail).replace("\n", ending)
        read = parse(text)
        assert is_silent(resolve(read, by_mail=None)), text
        mailed = resolve(read, by_mail=True)
        assert isinstance(mailed, Phrase), text
        assert mailed.is_cut_off, text


@pytest.mark.parametrize("quoted", ["/sign Ben Low", "/unsign", "/petition close"])
def test_what_stands_above_a_quotation_counts(quoted: str) -> None:
    for tail in TAILS:
        read = parse(f"/sign Ada\nYes.\n{tail}\n\n{quoted}")
        assert resolve(read, by_mail=None) == resolve(read, by_mail=True) == Sign("Ada", reason="Yes."), tail
        assert resolve(parse(f"/unsign\n\n{tail}\n\n{quoted}"), by_mail=True) == Unsign(), tail
        ordered = resolve(parse(f"/petition goal 50\n\n{tail}\n\n{quoted}"), by_mail=None)
        assert ordered == OrganizerCommand("goal", "50"), tail


def test_who_pastes_a_mail_speaks_for_nobody_in_it_either() -> None:
    for tail in (one for one in TAILS if "ben@example.org" in one and "2026" in one and one[:1] != " "):
        read = parse(f"Nice.\n\n{tail}\n\n/sign Ben Low")
        assert isinstance(resolve(read, by_mail=False), Phrase), tail


@pytest.mark.parametrize("tail", INDENTED)
def test_what_is_indented_begins_a_quotation_too(tail: str) -> None:
    for layout in ("Nice.\n\n{}\n\n/sign Ben Low", "`Nice.`\n\n{}  \n\n/sign Ben Low"):
        read = parse(layout.format(tail))
        assert isinstance(read, Doubtful), layout
        assert is_silent(resolve(read, by_mail=None))
        assert resolve(read, by_mail=False) == Sign("Ben Low")


@pytest.mark.parametrize("own", OWN)
def test_what_only_looks_like_a_quotation_is_none(own: str) -> None:
    for layout in ("{}\n\n/sign Ada", "{}\n/sign Ada", "Dear all,\n{}\n\n/sign Ada", "{}\n\nSo:\n/sign Ada"):
        assert parse(layout.format(own)) == Sign("Ada"), layout


@pytest.mark.parametrize("own", TYPED)
def test_what_was_typed_on_the_web_counts(own: str) -> None:
    for layout in ("{}\n\n/sign Ada", "{}\n/sign Ada"):
        assert resolve(parse(layout.format(own)), by_mail=False) == Sign("Ada"), layout


@pytest.mark.parametrize(
    "own",
    [
        "-- ",
        "________________________________",
        "    On Mon, 2 Mar 2026 at 10:00, Ben Low <ben@example.org> wrote:",
        "-------- Зміст --------",
        "On Monday my neighbour wrote:",
        "On 2 March 2026 my neighbour wrote:",
        "Am 2. März 2026 schrieb Ben:",
        "To: the Senate <senate@example.org>\nFrom: Ada\nSubject: Our letter",
        "From: Berlin\nDate: Monday\nTo: Paris",
        "Vote: Monday, 2 March 2026, 10:00\nRoom: 5\nChair: Ben",
        "Ben Low <ben@example.org> writes:",
        "2 March 2026, 10:00, Hall of Science:",
        "On Monday 2 March 2026 at 10:00 I wrote this to Ada <ada@example.org> and she wrote:",
    ],
)
def test_what_structure_does_not_settle_is_decided_by_how_the_comment_came(own: str) -> None:
    read = parse(f"{own}\n\n/sign Ada")
    assert isinstance(read, Doubtful)
    assert resolve(read, by_mail=False) == Sign("Ada")
    assert resolve(read, by_mail=True) != Sign("Ada")
    assert is_silent(resolve(read, by_mail=None))
    assert restore(read.stored()) == read


def test_where_it_makes_no_difference_there_is_no_doubt() -> None:
    for text in (
        "/sign Ada\n\n-- \nAda",
        "/sign Ada\n\n________________________________\nAda",
        "Hello\n\n-- \nAda",
    ):
        assert not isinstance(parse(text), Doubtful)


def test_who_answers_below_marked_quotes_is_heard() -> None:
    for line in TAILS[:40]:
        assert parse(f"{line}\n> Please sign.\n\n/sign Ada") in (Sign("Ada"), parse(f"{line}\n\n/sign Ada"))
    assert parse("On Mon, 2 Mar 2026 at 10:00, Ben <b@c.org> wrote:\n> Please\n\n/sign Ada") == Sign("Ada")


WORDS = st.text("bakolimuzanštžwერაにमि어", min_size=2, max_size=8)
DAYS = st.sampled_from(["2 Mar 2026", "02.03.2026", "2026-03-02", "2/3/26", "2026年3月2日", "Mon, 2 March 2026"])
TIMES = st.sampled_from(["10:00", "10.00", "10:00:00", "10h00", "10:00 AM", "١٠:٠٠"])
NAMES = st.sampled_from(["Ben Low", "ben-low", "B. Low (Engines)", '"Ben Low"', "李云"])
ADDRESSES = st.sampled_from(
    ["<ben@example.org>", "(ben@example.org)", "***@***.***>", "<notifications@github.com>", "(***@***.***)"]
)


@settings(max_examples=examples(400))
@given(DAYS, TIMES, NAMES, ADDRESSES, st.lists(WORDS, max_size=4), st.booleans(), st.data())
def test_a_language_that_nobody_knows_announces_a_quotation_all_the_same(
    day: str, time: str, name: str, address: str, words: list[str], is_when_first: bool, data: st.DataObject
) -> None:
    when, who = f"{day} {time}", f"{name} {address}"
    text = ", ".join([when, who] if is_when_first else [who, when])
    text = " ".join([*words[:2], text, *words[2:]])
    text = data.draw(st.sampled_from([f"{text}:", f"{text} :", f"{text}：", f"---- {text} ----"]))
    place = data.draw(st.integers(0, len(text) - 1))
    broken = text[:place] + text[place:].replace(" ", "\n", 1)
    for one in (text, broken):
        assert not isinstance(parse(f"Nice.\n\n{one}\n\n/sign Ben Low"), Sign)


@settings(max_examples=examples(200))
@given(
    # What people call the lines of their own details by is no header's, such as the German `Wo`.
    st.lists(WORDS.filter(lambda word: word.isalpha() and word not in CARD), min_size=4, max_size=4, unique=True),
    NAMES,
    ADDRESSES,
    st.lists(st.integers(0, 3), min_size=2, max_size=4, unique=True),
)
def test_a_header_in_a_language_that_nobody_knows_is_one_all_the_same(
    words: list[str], name: str, address: str, order: list[int]
) -> None:
    values = [f"{name} {address}", "2 Mar 2026 10:00", f"letters {address}", "Re: [lovelace/letters] A letter"]
    header = "\n".join(f"{words[place]}: {values[place]}" for place in order)
    assert not isinstance(parse(f"Nice.\n\n{header}\n\n/sign Ben Low"), Sign)


PIECES = [
    "/sign Ben", "/unsign", "/petition close", "", "text", "```", "~~~", "> quoted", "<!--", "-->", "<pre>", "`",
    "- a", "[a]: b", "---", "===", "    code", "-- ", "On Monday Ben wrote:", "From: Ben", "Sent: Monday", "Re: x",
    "signed",
]  # fmt: skip
OWN_WORDS = [
    "/sign Ada\nYes.",
    "/sign Ada",
    "/unsign",
    "/petition goal 5",
    "`a\n/sign Ada",
    "> a\n\n/sign",
]
WITHOUT_COMMANDS = [*(one for one in PIECES if not one.startswith("/")), *TAILS]


@settings(max_examples=examples(300))
@given(
    st.sampled_from(OWN_WORDS),
    st.sampled_from(TAILS),
    *(st.lists(st.sampled_from(PIECES), max_size=8) for _ in range(2)),
)
@example("/sign Ada\nYes.", "-------- Oryginalna wiadomość --------", ["/unsign"], [])
@example("`a\n/sign Ada", "-----Original Message-----", ["`"], [])
def test_nothing_below_the_start_of_a_quotation_changes_what_stands_above(
    own: str, tail: str, one: list[str], other: list[str]
) -> None:
    readings = [
        resolve(parse("\n".join([own, "", tail, "", "Hello", *below])), by_mail=True) for below in (one, other)
    ]
    assert readings[0] == readings[1] or any(isinstance(read, Phrase) for read in readings)


@settings(max_examples=examples(300))
@given(st.sampled_from(OWN_WORDS), st.lists(st.sampled_from(WITHOUT_COMMANDS)))
def test_no_text_without_a_command_after_an_empty_line_changes_anything(own: str, below: list[str]) -> None:
    assert parse("\n".join([own, "", *below])) == parse(own)
