"""Ten thousand steps of invented lives over the real bot, and bots with a fault of their own that is found out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis.errors import FlakyFailure
from msgspec.structs import replace

from bot.petition.block import BlockContent, compose
from bot.petition.comments import comment
from bot.petition.tally import Evaluation
from bot.reconcile.resync import ThreadResync
from bot.store.comment_rows import CommentRow
from bot.store.recording.signatures_and_reactions import evaluate_comments
from bot.store.recording.unit_of_work import PetitionRow
from tests.whole.machine import play
from tests.whole.machine_world import Wrong

pytestmark = pytest.mark.timeout(900)  # thousands of steps may take their time on a busy machine

STEPS = 10_000

SEEDS = (0, 1_000, 2_000, 3_000)
"""Where each share of the steps begins, so that the shares can be played side by side."""


@pytest.mark.parametrize("first_seed", SEEDS)
def test_the_body_says_what_the_comments_say_whatever_happens(first_seed: int) -> None:
    assert play(STEPS // len(SEEDS), first_seed) >= STEPS // len(SEEDS)


def counts_hidden_comments(seen: comment.Comment) -> comment.Standing:
    return replace(comment.standing(seen), hidden=False)


def tidies_the_letter(body: str | None, facts: BlockContent) -> str | None:
    return compose((body or "").replace("\r\n", "\n"), facts)


def misses_nothing(*_: Any) -> int:
    return 0


def believes_that_all_letters_are_alike(*_: Any) -> str:
    """Then nothing is lost where one replaces another."""
    return ""


def counts_each_issue_by_itself(petition: PetitionRow, comments: Sequence[CommentRow]) -> Evaluation:
    last = comments[-1].issue_id if comments else 0
    return evaluate_comments(petition, [one for one in comments if one.issue_id == last])


async def believes_that_nothing_is_missing(self: ThreadResync) -> None:
    """Then all that was written before now is said to be counted."""
    await self.store.threads.record_known(self.thread.issue_id, int(self.now))


@pytest.mark.parametrize(
    ("name", "fault", "first_seed"),
    [
        ("bot.petition.tally.standing", counts_hidden_comments, 1),
        ("bot.store.recording.listings._record_missing", misses_nothing, 17),
        ("bot.store.issue_bodies.outside_digest", believes_that_all_letters_are_alike, 3),
        ("bot.reconcile.publish_plan.block.compose", tidies_the_letter, 15),
        ("bot.store.recording.signatures_and_reactions.evaluate_comments", counts_each_issue_by_itself, 9),
        ("bot.reconcile.resync.ThreadResync.catch_up", believes_that_nothing_is_missing, 19),
    ],
)
def test_a_fault_is_found_out(
    name: str, fault: Callable[..., Any], first_seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name, fault)
    # It begins with lives that find it soon; some seeds take ten times as long. It need not go wrong in the same
    # way a second time: two processes' worth of timing lies in between. For the same reason not even the same seeds
    # play the same lives, and more of them may be needed than usually are.
    with pytest.raises((Wrong, FlakyFailure)):
        play(10 * STEPS, first_seed, shrink=False)
