"""Quotes in quotes are read as fast as quotes, and stay quotes."""

from __future__ import annotations

import pytest

from bot.petition.block.body import BEGIN, locate_block
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import Sign
from bot.petition.github_markdown import limit_nesting
from tests.effort import effort, growth

DEEP = ["> " * 90, ">" * 90, " >   " * 90, ">\t" * 45, "- > " * 45, "> 1. " * 45, "- - > " * 30]


@pytest.mark.parametrize("marks", DEEP)
def test_what_goes_on_below_a_deep_quote_is_not_read_again_for_each_of_its_marks(marks: str) -> None:
    def say(quote: str) -> str:
        return f"{quote}`a`\n" + "a\n" * 400 + "\n/sign Ada"

    assert parse(say(marks)) == Sign("Ada")
    assert effort(lambda: parse(say(marks))) < 5 * effort(lambda: parse(say("> ")))


@pytest.mark.parametrize("marks", DEEP)
def test_nor_is_a_letter(marks: str) -> None:
    def write(quote: str) -> str:
        # What was read before is remembered.
        return f"{quote}a\n" + "a\n" * 400 + f"\n```\n```\n\n{BEGIN}\n{DEEP.index(marks)}"

    assert effort(lambda: locate_block(write(marks))) < 5 * effort(lambda: locate_block(write("> ")))


@pytest.mark.parametrize(
    ("line", "as_read"),
    [
        ("> > > a", "> > > a"),
        ("> > > > > a", "> > > a"),
        (">>>>>> a", ">>> a"),
        ("> - > 1. > - > a", "> - > 1. > a"),
        ("> > > - a", "> > > - a"),
        ("a > > > > b", "a > > > > b"),
        ("1 > > > > b", "1 > > > > b"),
        ("> a\r> > > > b\r\n>>>> c\n", "> a\r> > > b\r\n>>> c\n"),
    ],
)
def test_marks_beyond_the_third_go(line: str, as_read: str) -> None:
    assert limit_nesting(line) == as_read


@pytest.mark.parametrize("mark", ["- ", ">", "1. ", " ", "> ", "9", "\t"])
def test_it_takes_as_long_as_a_text_is_long(mark: str) -> None:
    assert growth(lambda size: limit_nesting(mark * size + "a"), 5_000) < 24
