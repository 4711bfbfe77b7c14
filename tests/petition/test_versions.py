"""What the versions of one second come to, case by case: GitHub's times are whole seconds."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import pytest

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.versions import Reading, Version, Writer, join, read

BEFORE, SECOND, LATER = 100, 200, 300


def first(text: str) -> Version:
    """Return the text that the comment was created with, before the second."""
    return Version(BEFORE, text, Writer.AUTHOR, parse(text))


def own(replaced: str | None, text: str, at: int = SECOND) -> Version:
    """Return an edit by the author."""
    return Version(at, text, Writer.AUTHOR, parse(text), replaced)


def other(replaced: str, text: str, at: int = SECOND) -> Version:
    """Return an edit by somebody else."""
    return Version(at, text, Writer.OTHER, parse(text), replaced)


def look(text: str, seen: int = LATER) -> Version:
    """Return what an API read shows, which does not tell who wrote the text."""
    return Version(SECOND, text, Writer.UNKNOWN, parse(text), seen=seen)


class Case(NamedTuple):
    versions: list[Version]
    text: str
    counts: str | None
    """The command that counts, as it would be written; None where none does."""
    by_author: bool = False
    sure: bool = True
    settled: bool = True


CASES = {
    "one edit": Case([first("a"), own("a", "/sign")], "/sign", "/sign", by_author=True),
    "two edits that are linked": Case(
        [first("a"), own("a", "b"), own("b", "/sign")], "/sign", "/sign", by_author=True
    ),
    "created and edited at once": Case([own(None, "a"), own("a", "/sign")], "/sign", "/sign", by_author=True),
    "a link is missing": Case([first("a"), own("b", "/sign")], "/sign", "/sign", by_author=True, settled=False),
    "a link is missing between two": Case(
        [first("a"), own("a", "b"), own("c", "/sign")], "/sign", "/sign", by_author=True, settled=False
    ),
    "a later look ends the doubt": Case(
        [first("a"), own("a", "b"), own("c", "/sign"), look("/sign")], "/sign", "/sign", by_author=True
    ),
    "a later look shows the other end": Case(
        [first("a"), own("a", "b"), own("c", "/sign"), look("b")], "b", None, sure=False
    ),
    "the next second's edit tells the end": Case(
        [first("a"), own("a", "b"), own("c", "/sign"), own("/sign", "/unsign", LATER)],
        "/unsign",
        "/unsign",
        by_author=True,
    ),
    "a look shows what no edit led to": Case(
        [first("/sign"), own("/sign", "/sign b"), look("/sign c")], "/sign c", "/sign", sure=False
    ),
    "somebody else redacts": Case([first("/sign b"), other("/sign b", "/sign")], "/sign", "/sign"),
    "somebody else after the author": Case(
        [first("a"), own("a", "/sign b"), other("/sign b", "/sign")], "/sign", "/sign"
    ),
    "the author after somebody else": Case(
        [first("/sign"), other("/sign", "b"), own("b", "/sign c")], "/sign c", "/sign c", by_author=True
    ),
    "there and back by the author": Case(
        [first("/sign"), own("/sign", "b"), own("b", "/sign"), look("/sign")], "/sign", "/sign", by_author=True
    ),
    "there and back by somebody else, and the author said the same throughout": Case(
        [first("/sign"), own("/sign", "/sign b"), other("/sign b", "/sign"), look("/sign")], "/sign", "/sign"
    ),
    "there and back by somebody else, and the author said something else": Case(
        [first("/sign"), own("/sign", "b"), other("b", "/sign"), look("/sign")], "/sign", None, sure=False
    ),
    "there and back by both, which is a guess": Case(
        [first("a"), own("a", "/sign"), other("/sign", "a"), own("a", "b"), other("b", "/sign"), look("/sign")],
        "/sign",
        "/sign",
        sure=False,
    ),
    "a withdrawal is believed whoever wrote it": Case(
        [first("/sign"), look("/unsign")], "/unsign", "/unsign", sure=False
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_second_is_read_by_what_each_edit_replaced(name: str) -> None:
    case = CASES[name]
    for versions in permutations(case.versions):
        found = read(join(versions), BEFORE if case.versions[0].at == BEFORE else SECOND)
        assert as_case(case, found) == case._replace(versions=[]), name


def as_case(case: Case, found: Reading) -> Case:
    wanted = None if case.counts is None else parse(case.counts)
    counts = case.counts if found.command == wanted else f"{found.command}"
    return Case([], found.digest or "", counts, found.by_author, found.sure, found.settled)
