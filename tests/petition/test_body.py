from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.petition.block.body import (
    BEGIN,
    END,
    NOTE,
    BlockLocation,
    letter,
    letter_digest,
    locate_block,
    machine_line,
    splice,
)
from bot.petition.machine_readable_lines import MachineLine

LETTER = "# Open the archive\n\nWe ask the library to open it.\n\nNow."
TALLY = MachineLine(count=12, digest="adhash4096:" + "0a" * 32, as_of=1795347607)


def block(count: int = 12) -> str:
    return f"{BEGIN}\n{replace(TALLY, count=count)}\n\n### {count} people have signed\n\n{NOTE}\n{END}"


def browser_saved(body: str) -> str:
    return re.sub("\r?\n", "\r\n", body)


def check(body: str | None, expected: str) -> None:
    """The body becomes what is expected, and stays so."""
    assert splice(body, block()) == expected
    assert splice(expected, block()) == expected
    assert letter(expected) == letter(body)


def text_around_block(body: str) -> tuple[str, str]:
    place = locate_block(body)
    return place.before, place.after


class TestPlace:
    def test_a_letter_gets_its_block_at_the_end_after_a_blank_line(self) -> None:
        check(LETTER, f"{LETTER}\n\n{block()}")

    @pytest.mark.parametrize("body", [None, ""])
    def test_an_empty_issue_becomes_the_block(self, body: str | None) -> None:
        check(body, block())

    def test_the_newer_block_takes_the_place_of_the_older(self) -> None:
        check(f"Before.\n\n{block(11)}\n\nAfter.", f"Before.\n\n{block(12)}\n\nAfter.")

    def test_an_organizer_may_move_the_block_to_the_top(self) -> None:
        check(f"{block(11)}\n\n{LETTER}", f"{block(12)}\n\n{LETTER}")

    def test_the_block_may_be_taken_out_again(self) -> None:
        assert splice(splice(LETTER, block()), "") == LETTER

    def test_a_deleted_block_comes_back_at_the_end(self) -> None:
        check(letter(splice(LETTER, block())), f"{LETTER}\n\n{block()}")


class TestLineEnds:
    def test_a_letter_from_a_browser_gets_a_block_like_it(self) -> None:
        check(browser_saved(LETTER), browser_saved(f"{LETTER}\n\n{block()}"))
        assert letter(browser_saved(f"{LETTER}\n\n{block()}")) == browser_saved(LETTER)

    def test_a_block_that_went_through_a_browser_is_known(self) -> None:
        check(browser_saved(f"{LETTER}\n\n{block(11)}"), browser_saved(f"{LETTER}\n\n{block(12)}"))

    def test_a_letter_of_mixed_line_ends_keeps_them(self) -> None:
        assert splice("a\r\nb\nc\rd\n\re\r\n", block()).startswith("a\r\nb\nc\rd\n\re\r\n")

    def test_a_letter_that_ends_in_line_feeds_keeps_them(self) -> None:
        check("Now.\n\n\n", f"Now.\n\n\n\n\n{block()}")


class TestDamage:
    """Whatever happens to the markers, the letter is whole and there is one block."""

    def test_the_end_marker_was_deleted(self) -> None:
        check(f"Before.\n\n{block(11)}\n\nAfter.".replace(END + "\n", ""), f"Before.\n\n{block()}\n\nAfter.")

    def test_the_begin_marker_was_deleted(self) -> None:
        check(f"Before.\n\n{block(11)}\n\nAfter.".replace(BEGIN + "\n", ""), f"Before.\n\n{block()}\n\nAfter.")

    def test_only_a_begin_marker_is_left(self) -> None:
        check(f"Before.\n\n{BEGIN}\n\nAfter.", f"Before.\n\n{block()}\n\nAfter.")

    def test_only_an_end_marker_is_left(self) -> None:
        check(f"Before.\n\n{END}\n\nAfter.", f"Before.\n\n{block()}\n\nAfter.")

    def test_the_end_is_gone_with_all_that_was_above_it(self) -> None:
        check(f"Before.\n\n{BEGIN}\n{TALLY}\n\nAfter.", f"Before.\n\n{block()}\n\nAfter.")

    def test_the_markers_stand_in_the_wrong_order(self) -> None:
        check(f"One.\n{END}\nTwo.\n{BEGIN}\nThree.", f"One.\n{block()}\nTwo.\n\nThree.")

    def test_leftovers_stand_before_or_after_a_whole_block(self) -> None:
        check(f"One.\n{END}\nTwo.\n{block(9)}", f"One.\n\nTwo.\n{block()}")
        check(f"One.\n{BEGIN}\nTwo.\n{block(9)}", f"One.\n\nTwo.\n{block()}")
        check(f"One.\n{block(9)}\nTwo.\n{BEGIN}", f"One.\n{block()}\nTwo.\n")

    def test_the_block_was_pasted_twice(self) -> None:
        check(f"One.\n\n{block(9)}\n\nTwo.\n\n{block(8)}\n", f"One.\n\n{block()}\n\nTwo.\n\n\n")

    def test_the_whole_body_was_pasted_twice(self) -> None:
        body = splice(LETTER, block(9))
        check(f"{body}\n{body}", f"{LETTER}\n\n{block()}\n{LETTER}\n\n")

    def test_a_block_was_pasted_into_the_block(self) -> None:
        inner = block(9).replace("### 9", f"{block(8)}\n### 9")
        assert splice(f"One.\n{inner}\nTwo.", block()).count("people have signed") == 2
        check(f"One.\n{BEGIN}\n{BEGIN}\nTwo.\n{END}\nThree.\n{END}\nFour.", f"One.\n\n{block()}\nThree.\n\nFour.")

    def test_spaces_and_capitals_in_the_markers_changed(self) -> None:
        loose = (
            block(9).replace(BEGIN, "  <!--undersigned : Begin-->\t").replace(END, "<!--  UNDERSIGNED:end  -->  ")
        )
        check(f"One.\n\n{loose}\n\nTwo.", f"One.\n\n  {block()}  \n\nTwo.")

    def test_words_written_between_the_note_and_the_end_marker_are_kept(self) -> None:
        body = block(9).replace(END, f"And one more thing.\n{END}")
        check(f"One.\n{body}\nTwo.", f"One.\n{block()}\nAnd one more thing.\n\nTwo.")

    def test_words_written_between_the_marker_and_the_tally_are_kept(self) -> None:
        body = block(9).replace(BEGIN, f"{BEGIN}\nAnd one more thing.")
        check(f"One.\n{body}\nTwo.", f"One.\n\nAnd one more thing.\n{block()}\nTwo.")


class TestQuoting:
    def test_markers_explained_in_a_code_block_are_text(self) -> None:
        explained = f"Move the tally like this:\n\n```html\n{BEGIN}\n{END}\n```"
        check(explained, f"{explained}\n\n{block()}")

    def test_markers_explained_in_a_list_are_text(self) -> None:
        explained = f"1. Move this:\n   ~~~\n   {BEGIN}\n   ~~~\n2. Save."
        check(explained, f"{explained}\n\n{block()}")

    @pytest.mark.parametrize("quote", [f"> {BEGIN}", f"    {BEGIN}", f"`{BEGIN}`", f"See {BEGIN} there."])
    def test_markers_quoted_otherwise_are_text(self, quote: str) -> None:
        check(quote, f"{quote}\n\n{block()}")

    def test_a_whole_block_quoted_beside_the_real_one_is_text(self) -> None:
        quoted = f"````\n{block(3)}\n````"
        check(f"{quoted}\n\n{block(9)}", f"{quoted}\n\n{block()}")
        assert machine_line(f"{quoted}\n\n{block(9)}") == replace(TALLY, count=9)

    def test_a_code_block_that_nobody_closed_does_not_make_blocks_pile_up(self) -> None:
        check("```\nprint(1)", f"```\nprint(1)\n\n{block().replace(BEGIN, f'{BEGIN}{chr(10)}```{chr(10)}')}")


# Without the first line of ours the next code block is text, with a line of ours in it, and so on to the end.
CHAIN = f"{BEGIN}\n\n<!--\n\n<pre>\n\n{BEGIN}\n" + f"```\n{BEGIN}\n-<pre>\n~~~\n~\n````\n\n" * 40


class TestChain:
    """A body may be made so that each look at it shows another line of ours; it is not followed for ever."""

    def test_its_words_stay_and_the_block_comes_at_the_end(self) -> None:
        words = CHAIN.replace(BEGIN, "")
        assert letter(CHAIN).split() == words.split()
        check(CHAIN, f"{letter(CHAIN)}\n\n{block()}")

    def test_an_older_block_in_it_is_not_kept(self) -> None:
        body = f"One.\n{block(3)}\nTwo.\n{CHAIN}"
        assert letter(body).split()[:3] == ["One.", "Two.", "<!--"]
        check(body, f"{letter(body)}\n\n{block()}")


class TestMachineLine:
    def test_what_was_written_is_read_back(self) -> None:
        assert machine_line(splice(LETTER, block(1234))) == replace(TALLY, count=1234)

    def test_it_looks_as_promised(self) -> None:
        assert str(MachineLine(1, "adhash4096:ab", 0)) == (
            '<!-- undersigned {"v":1,"count":1,"digest":"adhash4096:ab","as_of":"1970-01-01T00:00:00Z"} -->'
        )

    @pytest.mark.parametrize(
        "said",
        [
            "{}",
            "{",
            "{]}",
            '{"v":2,"count":1,"digest":"x","as_of":"1970-01-01T00:00:00Z"}',
            '{"v":true,"count":1,"digest":"x","as_of":"1970-01-01T00:00:00Z"}',
            '{"v":1,"count":true,"digest":"x","as_of":"1970-01-01T00:00:00Z"}',
            '{"v":1,"count":-1,"digest":"x","as_of":"1970-01-01T00:00:00Z"}',
            '{"v":1,"count":1,"digest":1,"as_of":"1970-01-01T00:00:00Z"}',
            '{"v":1,"count":1,"digest":"x","as_of":"soon"}',
            '{"v":1,"count":1,"digest":"x","as_of":7}',
            '{"v":1,"count":1,"digest":"x"}',
        ],
    )
    def test_one_that_makes_no_sense_is_none(self, said: str) -> None:
        assert machine_line(f"{BEGIN}\n<!-- undersigned {said} -->\n{END}") is None

    def test_a_whole_block_is_believed_rather_than_leftovers(self) -> None:
        assert machine_line(f"{BEGIN}\n{TALLY}\n\nOne.\n\n{block(3)}") == replace(TALLY, count=3)
        assert machine_line(f"{block(3)}\n\n{block(4)}") == replace(TALLY, count=3)
        assert machine_line(f"One.\n\n{TALLY}\n\nTwo.") == TALLY

    def test_a_letter_has_none(self) -> None:
        assert machine_line(LETTER) is None
        assert machine_line(None) is None


class TestPlaceOf:
    def test_an_intact_block_is_found(self) -> None:
        assert locate_block(f"One.\n{block()}\nTwo.") == BlockLocation("One.\n", "\nTwo.", block())
        assert locate_block(f"{BEGIN}\n{END}").block == f"{BEGIN}\n{END}"

    @pytest.mark.parametrize(
        "body",
        [None, LETTER, block() + "\n" + block(), block().replace(END, ""), block().replace(BEGIN, ""), BEGIN],
    )
    def test_a_missing_damaged_or_doubled_one_is_not(self, body: str | None) -> None:
        assert locate_block(body).block is None


class TestLetterDigest:
    def test_cosmetic_changes_are_no_change(self) -> None:
        assert text_around_block("Dear all,") == ("Dear all,\n\n", "")
        assert text_around_block(f"Dear all,\n\n{block()}\nyours")[1].strip() == "yours"
        digest = letter_digest(LETTER)
        assert letter_digest("Dear  all,\r\n") == f"sha256:{hashlib.sha256(b'Dear all,').hexdigest()}"
        assert letter_digest("\ud800") != letter_digest("?")
        assert digest == letter_digest(splice(LETTER, block()))
        assert digest == letter_digest(browser_saved(f"{block()}\n\n{LETTER}  \n\n"))
        assert digest == letter_digest(LETTER.replace("We ask", "We  ask"))

    @pytest.mark.parametrize("other", [LETTER + "!", LETTER.replace("ask", "a sk"), LETTER.lower(), ""])
    def test_other_words_are_another_letter(self, other: str) -> None:
        assert letter_digest(LETTER) != letter_digest(other)


LINES = st.sampled_from(
    [
        *(
            "",
            " ",
            "word",
            "```",
            "~~~",
            "````",
            "    ",
            "> ",
            "- ",
            "<div>",
            "<pre>",
            "</pre>",
            "<!--",
            "-->",
            "1. ```",
        ),
        *(BEGIN, END, NOTE, str(TALLY), f"> {BEGIN}", f"  {END}", f"{BEGIN}{END}", f"```\n{BEGIN}\n```"),
        *(block(1), block(2), block(3).replace(BEGIN, ""), block(4).replace(END, ""), BEGIN[:12], END.upper()),
    ]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "", "\u2028", "\v"])
TEXTS = st.lists(st.one_of(LINES, ENDS, st.text(max_size=5)), max_size=14).map("".join)
BODIES = st.one_of(TEXTS, st.lists(st.tuples(LINES, ENDS).map("".join), max_size=10).map("".join))


# Here our lines, put in or taken out, decide what is code and what is text.
@example(f"<div>\n```\n{BEGIN}\n```\n\n```\n{BEGIN}\n```\n")
@example(f"<!--\n```\n{BEGIN}\n```\n```\n```\n{BEGIN}\n```\n{block(1)}\n")
@example("1. ```\n")
@example(CHAIN)
@given(BODIES)
def test_the_letter_is_the_same_before_and_after(body: str) -> None:
    assert letter(splice(body, block())) == letter(body)
    assert text_around_block(splice(body, block())) == text_around_block(body)


@example(CHAIN)
@given(BODIES)
def test_only_the_last_block_counts_however_many_came_before(body: str) -> None:
    once = splice(body, block(1))
    assert splice(once, block(1)) == once
    assert splice(once, block(2)) == splice(body, block(2))
    assert machine_line(once) == replace(TALLY, count=1)


PROSE = st.text().filter(lambda text: "undersigned" not in text.lower())


@given(PROSE)
def test_no_byte_of_a_letter_without_block_changes(text: str) -> None:
    body = splice(text, block())
    assert body.startswith(text)
    assert body[len(text) :].lstrip("\r\n") in (block(), browser_saved(block()))
    assert letter(body) == letter(text) == text


UNFENCED = PROSE.filter(lambda text: "```" not in text and "~~~" not in text)


@given(UNFENCED, UNFENCED, ENDS.filter(str.isspace), st.sampled_from(["\n", "\r\n", "\r"]))
def test_no_byte_around_the_block_changes(before: str, after: str, end: str, start: str) -> None:
    before = before and before + "\n" + end.replace("\u2028", "").replace("\v", "")
    after = after and start + after
    body = splice(before + block(1) + after, block(2))
    assert body.startswith(before)
    assert body.endswith(after)
    assert body[len(before) : len(body) - len(after)] in (block(2), browser_saved(block(2)))


DAMAGES = st.sampled_from(
    [
        block(1),
        browser_saved(block(1)),
        block(1).replace(BEGIN + "\n", ""),
        block(1).replace("\n" + END, ""),
        block(1).replace(BEGIN, "<!--undersigned:begin-->"),
        END,
        NOTE,
    ]
)


@given(st.lists(st.one_of(st.integers(0, 99).map(str), DAMAGES), max_size=8), st.sampled_from(["\n", "\r\n"]))
def test_damage_costs_no_word_and_leaves_nothing_of_ours(parts: list[str], newline: str) -> None:
    body = newline.join(parts)
    words = [part for part in parts if part.isdigit()]
    assert letter(body).split() == words
    assert splice(body, block(7)).count("people have signed") == 1
