"""Each way in which block and comments can differ, and how the difference is explained."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from bot.petition.comments.commands import Command, Sign, Unsign
from bot.petition.comments.comment import Author, Comment, Version, Writer
from bot.petition.machine_readable_lines import MachineLine
from bot.petition.recount_comparison import Cause, recount
from bot.petition.tally import Conditions, Pair, digest, fold

ADA, GRACE, ALAN = Author(1, "ada"), Author(2, "grace"), Author(3, "alan")
CLOSED_AT, COUNTED_AT = 500, 900


def says(
    number: int,
    author: Author | None,
    command: Command | None,
    at: int,
    writer: Writer = Writer.AUTHOR,
    hidden: bool | None = None,
) -> Comment:
    return Comment(number, at, author, at, (Version(at, f"text {number}", writer, command, hidden=hidden),))


COMMENTS = [
    says(10, ADA, Sign("Ada"), 100),
    says(20, GRACE, Sign(), 200),
    says(21, GRACE, Sign("Grace"), 210),
    says(30, ALAN, Sign(), 700),
    says(40, Author(4, "hidden"), Sign(), 400, hidden=True),
    says(50, Author(5, "edited"), Sign(), 400, Writer.UNKNOWN),
    says(60, Author(6, "silent"), None, 400),
    says(70, Author(7, "gone"), Sign(), 300),
    says(71, Author(7, "gone"), Unsign(), 310),
    says(80, None, Sign(), 400),
]
RIGHT: list[Pair] = [(1, 10), (2, 21)]


def line(pairs: Sequence[Pair], as_of: int = COUNTED_AT, more: int = 0) -> MachineLine:
    return MachineLine(len(pairs) + more, digest(pairs), as_of)


@pytest.mark.parametrize(
    ("said", "differences"),
    [
        (line(RIGHT), []),
        (None, [(Cause.NO_LINE, None)]),
        (line(RIGHT, more=1), [(Cause.OTHER_COUNT, None)]),
        (line([(1, 10)]), [(Cause.OTHER_COUNT, None), (Cause.NOT_IN_BLOCK, 21)]),
        (line([(1, 10), (2, 20)]), [(Cause.OTHER_SIGNATURES, None), (Cause.COUNTED_THOUGH_OUTDATED, 20)]),
        (line([*RIGHT, (3, 30)]), [(Cause.OTHER_COUNT, None), (Cause.COUNTED_THOUGH_EXCLUDED, 30)]),
        (line([*RIGHT, (4, 40)]), [(Cause.OTHER_COUNT, None), (Cause.COUNTED_THOUGH_HIDDEN, 40)]),
        (line([*RIGHT, (5, 50)]), [(Cause.OTHER_COUNT, None), (Cause.COUNTED_THOUGH_UNVERIFIED, 50)]),
        (line([*RIGHT, (6, 60)]), [(Cause.OTHER_COUNT, None), (Cause.COUNTED_THOUGH_NO_SIGN, 60)]),
        (line([*RIGHT, (7, 70)]), [(Cause.OTHER_COUNT, None), (Cause.COUNTED_THOUGH_OUTDATED, 70)]),
        (line([(8, 88), (9, 99)]), [(Cause.OTHER_SIGNATURES, None)]),
    ],
)
def test_one_comment_explains_the_difference_where_one_does(
    said: MachineLine | None, differences: list[tuple[Cause, int | None]]
) -> None:
    found = recount(COMMENTS, said, Conditions(closed_at=CLOSED_AT))
    assert (found.count, found.digest) == (2, digest(RIGHT))
    assert [(one.cause, one.comment_id) for one in found.differences] == differences


def test_what_changed_after_the_tally_was_made_explains_it() -> None:
    before = [says(10, ADA, Sign(), 100), says(20, GRACE, Sign(), 200), says(30, ALAN, Sign(), 300)]
    tally = line([one.pair for one in fold(before)], as_of=300)
    hidden = replace(
        before[1], versions=(*before[1].versions, Version(400, "text 20", Writer.UNKNOWN, Sign(), hidden=True))
    )
    later = [before[0], hidden, before[2], says(31, ALAN, Unsign(), 400), says(11, ADA, Sign(), 400)]
    found = recount(later, tally)
    assert [(one.cause, one.login, one.comment_id) for one in found.differences] == [
        (Cause.OTHER_COUNT, "", None),
        (Cause.SIGNED_LATER, "ada", 11),
        (Cause.HIDDEN_LATER, "grace", 20),
        (Cause.WITHDRAWN_LATER, "alan", 30),
    ]
