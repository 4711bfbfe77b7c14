"""What becomes of an edit that one of our writes replaced unread: the truth table, and how its inputs are found."""

from __future__ import annotations

from itertools import product
from typing import Final

import pytest

from bot.github.models.rest import IssueRead
from bot.petition.block.body import splice
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import Issue, Repository
from bot.reconcile.lost_edit_decision import EditDecision, guard, guard_body
from bot.store import KnownBody, OurWrite, outside_digest

BLOCK = "<!-- undersigned:begin -->\n{} people\n<!-- undersigned:end -->"

_: Final = None
TABLE = [
    # is_stale, is_lost, is_back, is_ours, is_overtaken
    ((True, _, _, _, _), EditDecision.WAIT),
    ((False, False, _, _, _), EditDecision.KEEP),
    ((False, True, True, _, _), EditDecision.IS_BACK),
    ((False, True, False, True, False), EditDecision.PUT_BACK),
    ((False, True, False, True, True), EditDecision.GIVEN_UP),
    ((False, True, False, False, _), EditDecision.GIVEN_UP),
]
"""The inputs in the order of their names; None for either."""


@pytest.mark.parametrize("inputs", list(product((False, True), repeat=5)))
def test_a_lost_edit_is_put_back_only_where_nobody_has_written_since(inputs: tuple[bool, ...]) -> None:
    rows = [
        outcome
        for row, outcome in TABLE
        if all(wanted is None or wanted == given for wanted, given in zip(row, inputs, strict=True))
    ]
    names = ("is_stale", "is_lost", "is_back", "is_ours", "is_overtaken")
    assert [guard(**dict(zip(names, inputs, strict=True)))] == rows


def body(letter: str, count: int) -> str:
    return splice(letter, BLOCK.format(count))


def write(number: int, made_from: str, written: str) -> OurWrite:
    return OurWrite(number, body_digest(written), outside_digest(made_from), outside_digest(written))


def shown(text: str, updated_at: int = 100) -> IssueRead:
    issue = Issue(1_000, 7, "A letter", frozenset({"petition"}), updated_at=updated_at)
    return IssueRead(Repository(70, "acme", "letters"), issue, text, read_at=200)


LOST = KnownBody(lost=body("B", 1), lost_by=4)
"""Our write 4 was made from letter A and has replaced letter B."""
WRITES = (write(4, body("A", 1), body("A", 2)), write(5, body("A", 2), body("A", 3)))


@pytest.mark.parametrize(
    ("read", "decision"),
    [
        (shown(body("A", 2)), EditDecision.PUT_BACK),
        (shown(body("A", 3)), EditDecision.PUT_BACK),
        (shown(body("B", 9)), EditDecision.IS_BACK),
        (shown("B"), EditDecision.IS_BACK),
        (shown(body("C", 3)), EditDecision.GIVEN_UP),
        (shown(body("A", 1)), EditDecision.GIVEN_UP),
    ],
)
def test_a_body_is_compared_with_what_was_lost_and_with_our_writes(read: IssueRead, decision: EditDecision) -> None:
    assert guard_body(LOST, WRITES, read) is decision


def test_who_wrote_between_two_writes_of_ours_has_overtaken_what_was_lost() -> None:
    writes = (*WRITES, write(6, body("C", 3), body("C", 4)))
    assert guard_body(LOST, writes, shown(body("C", 4))) is EditDecision.GIVEN_UP
    # A write that was recorded and never made overtakes nothing.
    assert guard_body(LOST, writes, shown(body("A", 3))) is EditDecision.PUT_BACK


def test_a_body_that_is_older_than_an_edit_known_is_not_written() -> None:
    known = KnownBody(edited_at=101)
    assert guard_body(known, (), shown("A", updated_at=100)) is EditDecision.WAIT
    assert guard_body(known, (), shown("A", updated_at=101)) is EditDecision.KEEP
