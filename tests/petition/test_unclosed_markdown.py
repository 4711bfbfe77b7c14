"""Whatever a letter leaves open, people see the block, and the letter stays as it was written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.petition.block import BODY_LIMIT, BlockContent, compose
from bot.petition.block.body import BEGIN, END, NOTE, letter, locate_block, machine_line, splice
from bot.petition.machine_readable_lines import MachineLine
from tests.effort import growth
from tests.petition.rendering import shown_in

TALLY = MachineLine(count=12, digest="adhash4096:" + "0a" * 32, as_of=1795347607)
HEADING = "12 people have signed"


def block(count: int = 12) -> str:
    tally = MachineLine(count, TALLY.digest, TALLY.as_of)
    return f"{BEGIN}\n{tally}\n\n### {count} people have signed\n\n```mermaid\nx\n```\n\n{NOTE}\n{END}"


def check(body: str) -> str:
    """The block is seen by itself, the letter is untouched, and a second look changes nothing."""
    new = splice(body, block())
    assert shown_in(new, HEADING) == [("h3",)], new
    assert new.startswith(body)
    assert splice(new, block()) == new
    assert splice(new, "") == letter(new) == letter(body) == body
    assert machine_line(new) == TALLY
    assert splice(splice(body, block(3)), block()) == new
    return new


OPEN = [
    "Dear all,\n\n```\nprint(1)",
    "```",
    "~~~~ python\nprint(1)\n~~~\n",
    "   `````\n```\n",
    "<pre>\nDear all",
    "<PRE class=x>\n\n\nDear all",
    "<pre><code>\nDear all",
    "<script>\nalert(1)",
    "<style>\nbody",
    "<textarea>\n\nDear all",
    "Dear all\n<!-- to be continued",
    "<!--\n\n```\nx",
    "```\n<!-- x",
    "<![CDATA[\nDear all",
    "<?php\necho 1;",
    "<!DOCTYPE html\nDear all",
    "<details>\n<summary>Why</summary>\n\nBecause.",
    "<details>\n<details><summary>x\n\n<details>\n\ny",
    "Some <details> in a line",
    "<DETAILS open>\n\nBecause.\n\n```\ncode",
    "> <details>\n> Because.",
    "- <details>\n\n  Because.",
    "1. ```\n   code",
    "- " * 12 + "Dear all\n\n```\ncode",
    "> ```\n> code",
    "> - ~~~\n>   code",
    "| a |\n| - |\n| <details> |",
    "A **bold** <b>bold",
    "<sub>\n\nsmall",
    "<div align=center>\n\n# Dear all",
    "<table><tr><td>\n\nDear all",
    "<ul>\n<li>\n\nDear all",
    "<h1>\nDear all",
    "`<details>` and `<b>",
    "``` <details> ```",
    "<details>\n\n```\n</details>\n```",
    "    <details>\n\n\t<pre>",
    "\\<details> &lt;details>",
    "[x]: <details>\n\n[^1]: <b>x",
    "<a href='x'>Dear all",
    "<b><i>x</b>y",
]


@pytest.mark.parametrize("body", OPEN)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_what_a_letter_leaves_open_is_closed_above_the_tally(body: str, newline: str) -> None:
    check(body.replace("\n", newline))


def test_the_lines_that_close_stand_between_the_marker_and_the_line_for_machines() -> None:
    new = check("```\nprint(1)")
    assert new.startswith(f"```\nprint(1)\n\n{BEGIN}\n```\n\n{TALLY}\n\n### ")


@pytest.mark.parametrize(
    "body", ["Dear all,", "```\nx\n```", "<details>\n\nx\n\n</details>", "<!-- x -->", "<p>x", "- a\n- b"]
)
def test_where_nothing_is_open_nothing_is_closed(body: str) -> None:
    assert splice(body, block()) == f"{body}\n\n{block()}"


@pytest.mark.parametrize("body", OPEN)
def test_a_block_of_0_1_0_is_taken_over(body: str) -> None:
    old = f"{body}\n\n{block(3)}"
    assert letter(old) == body
    assert machine_line(old) == MachineLine(3, TALLY.digest, TALLY.as_of)
    assert splice(old, block()) == splice(body, block())


def test_what_somebody_closes_later_needs_no_closing_any_more() -> None:
    new = splice("<details>\n\nx", block())
    mended = new.replace("<details>\n\nx", "<details>\n\nx\n\n</details>")
    assert splice(mended, block()) == f"<details>\n\nx\n\n</details>\n\n{block()}"


def test_a_block_that_an_organizer_puts_into_an_element_stays_there() -> None:
    body = f"Dear all,\n\n<details>\n\n{block(3)}\n\n</details>\n"
    assert splice(body, block()) == body.replace(block(3), block())


def test_markers_that_closed_code_explains_stay_text() -> None:
    for explained in (f"```\n{BEGIN}\n```", f"~~~\n{BEGIN}\n~~~\n\nand then", f"```\n{BEGIN}\n{TALLY}\n{END}\n```"):
        assert letter(explained) == explained
        check(explained)


TAGS = ("details", "summary", "pre", "script", "style", "textarea", "b", "code", "div", "table", "td")


@pytest.mark.parametrize("left", [60, 130, 300, 400, 1_000])
def test_where_room_is_short_what_is_written_is_known_again(left: int) -> None:
    body = "```\n" + "x" * (BODY_LIMIT - left - 4)
    facts = BlockContent(12, TALLY.digest, TALLY.as_of)
    new = compose(body, facts)
    assert letter(new or body) == body
    assert len(new or body) <= BODY_LIMIT
    assert new is None or compose(new, facts) is None


PIECES = st.sampled_from(
    [
        *(
            "",
            "",
            "word",
            "**word**",
            "# word",
            "- ",
            "1. ",
            "> ",
            "    ",
            "\t",
            "  ",
            "---",
            "===",
            "`",
            "``",
            "\\",
        ),
        *("```", "````", "~~~", "~~~~~", "``` x", "<!--", "-->", "<!", "<!X", "<?", "?>", "<![CDATA[", "]]>", ">"),
        *(f"<{slash}{name}{rest}" for slash in ("", "/") for rest in (">", " x=1>", "") for name in TAGS),
        *(
            "| a |",
            "| - |",
            "[x]: ",
            "[^1]: ",
            "&lt;",
            "<br>",
            "<p>",
            "</p>",
            "<li>",
            "</ul>",
            "<ul>",
            "<h1>",
            "</h1>",
        ),
    ]
)
LETTERS = st.lists(st.tuples(PIECES, st.sampled_from(["\n", "\n", "\n\n", " ", ""])).map("".join), max_size=12).map(
    "".join
)


@given(LETTERS)
@example("<details\n<details>\n")
@example("<table x=1>\n<b>\n<td\n")
@example("<div x=1>\n<!--\n\n</div\n")
@example("<script\n<b x=1>\n")
@example('<details title="\n\nx')
@example("word <table x=1>\n- \n")
@example("<p>\n\n<b> <div x=1>\n")
@example("<!word\n<details>\n")
@example("[x]: \nword\n</pre>\n```\n")
@example("| a |\n---\n<b x=1>\n")
@example("<details x=1>\n<!--\n\n```\n")
@example("</pre> <!X<li>\n")
def test_whatever_the_letter_is_the_block_is_seen(body: str) -> None:
    check(body)


@pytest.mark.parametrize(
    "piece", ["<details>", "<b>", "</b><b>", "<!--", "```\n", "> ", "<b", "`<b>", "<pre>\n", "| <b> "]
)
def test_a_long_letter_takes_no_longer_than_its_length(piece: str) -> None:
    assert growth(lambda size: locate_block(piece * size + str(size)).closing, 8_000 // len(piece)) < 24
