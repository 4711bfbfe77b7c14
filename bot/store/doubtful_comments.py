"""Comments of which only GitHub can say who wrote them, or when: each is asked for by itself, less and less often.

So nothing else in a thread waits for a comment that somebody edits again and again, and nobody can have a whole
thread read as often as they like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.store import statements as sql
from bot.store.engine.database import Transaction
from bot.store.petitions import ThreadToRead, thread_to_read

REMEMBERED: Final = 3600.0
"""Seconds after which it does not matter any more how often a comment was asked for."""

GIVEN_UP: Final = 7 * 86_400.0
"""Seconds after which a comment is left alone for which nobody could ask; a complete listing brings it back."""

AT_ONCE: Final = 2_500
"""Comments of a thread that are asked for one after the other: as many as an issue takes."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A comment in doubt, by the name that GraphQL knows it by.

    It was `asked` for so many times of late; hand `wanted` back when it is clear.
    """

    comment_id: int
    node_id: str
    wanted: int
    asked: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What asking for a comment came to: whether it is clear, and when it may be asked for again at the soonest."""

    doubt: Doubt
    is_clear: bool
    ask_after: float


def note_doubts(transaction: Transaction, nodes: Mapping[int, str], now: float) -> None:
    """Have comments asked for, given as node ids by comment id; who was asked for of late waits all the same."""
    transaction.execute(sql.DROP_DOUBTS, now - REMEMBERED, now - GIVEN_UP)
    transaction.put(sql.PUT_DOUBTS, [(comment_id, node_id, 1, now) for comment_id, node_id in nodes.items()])


def reopen_doubt(transaction: Transaction, comment_id: int) -> bool:
    """Have a comment asked for once more in its turn; False where GitHub's name for it is not known."""
    return bool(transaction.execute(sql.REOPEN_DOUBT, comment_id))


def read_doubtful_thread(transaction: Transaction, installation_id: int, now: float) -> ThreadToRead | None:
    """Return a thread of an installation that has comments to ask for now."""
    rows = transaction.fetch(sql.DOUBTFUL_THREAD, installation_id, now)
    return thread_to_read(*rows[0]) if rows else None


def read_doubts(transaction: Transaction, issue_id: int, now: float) -> list[Doubt]:
    """Return the comments of a thread to ask for now, those first that have waited longest."""
    return [Doubt(*row) for row in transaction.fetch(sql.DOUBTS_TO_ASK, issue_id, now, AT_ONCE)]


def record_asked(transaction: Transaction, answers: Sequence[Asked]) -> None:
    """Record that comments were asked for; who wants one asked for meanwhile is not answered by that."""
    rows = [(one.doubt.comment_id, one.ask_after, one.doubt.wanted if one.is_clear else 0) for one in answers]
    transaction.each(sql.ASKED_ABOUT, rows)
