"""Reading a comment takes time in proportion to its length, whatever its author has made of it."""

from __future__ import annotations

import random

import pytest

from bot.petition.comments.command_and_phrase_parser import parse, read_own_text
from bot.petition.comments.commands import Sign
from tests.effort import growth
from tests.petition.long_texts import KNOWN, Family, family


@pytest.mark.parametrize("name", KNOWN)
def test_a_text_of_eight_times_the_length_takes_about_eight_times_as_long(name: str) -> None:
    assert is_linear(KNOWN[name])


@pytest.mark.parametrize("seed", range(40))
def test_so_do_texts_that_chance_has_made(seed: int) -> None:
    assert is_linear(family(random.Random(seed)))  # noqa: S311 - nothing secret


def is_linear(make: Family) -> bool:
    """Compare lengths, up to three times: on a busy machine even the processor's time says more than it took."""
    texts = {length: make(length) for length in (4_000, 8 * 4_000)}

    def work(length: int) -> None:
        # What was read last is remembered.
        read_own_text.cache_clear()
        parse(texts[length])

    return any(growth(work, 4_000) < 16 for _ in range(3))


def test_what_is_shown_of_a_name_does_not_depend_on_how_long_it_goes_on() -> None:
    assert parse("/sign " + "Ada " * 100) == parse("/sign " + "Ada " * 10_000)
    assert parse("/sign Ada\n" + "Yes. " * 5_000) == Sign("Ada", reason="Yes. " * 99 + "Yes.…")
