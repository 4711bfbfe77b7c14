"""Keep the letter's versions: each sighting of another text, and every text once.

What no look and no delivery has told, the history of the issue's body does. That it was asked is a mark,
`letter` with the petition's id, which says when to ask again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.petition.block.body import letter, letter_digest
from bot.petition.letter.versions import Letter, other_texts, versions
from bot.store import body_statements as sql
from bot.store import upkeep_statements as upkeep_sql
from bot.store.engine.database import Transaction

TEXTS_KEPT: Final = 200
"""Of each petition; who edits on and on shall not fill the database, and the issue's edit history has them all."""


NEVER: Final = 2**62
"""When to ask again for what is known."""


def note_look(
    transaction: Transaction,
    petition_id: int,
    issue_id: int,
    body: str | None,
    at: int,
    *,
    as_created: bool = False,
) -> None:
    """Record the letter that an issue showed when it was last changed, unless it stands there already.

    What was read before an edit that GitHub has told us of is out of date, and left out. Of an issue that is
    `as_created` nothing is left to be asked.
    """
    if as_created:
        put_off_past(transaction, petition_id)
    rows = transaction.fetch(sql.BODY, issue_id)
    if rows and rows[0].edited_at > at:
        return
    # Of two edits of one second it cannot be told which was the last; a look tells, if only a second later.
    known = transaction.fetch(sql.LETTER_AT, petition_id, at + 1)
    if known and known[0].digest == letter_digest(body):
        return
    _add(transaction, petition_id, body, max(at, known[0].seen_at + 1) if known else at)


def note_edit(transaction: Transaction, petition_id: int, previous: str, body: str, at: int) -> None:
    """Record an edit of the letter; the text before it too, where nothing is known of that time."""
    if not transaction.fetch(sql.LETTER_AT, petition_id, at - 1):
        _add(transaction, petition_id, previous, at - 1)
    _add(transaction, petition_id, body, at)


def record_past(transaction: Transaction, petition_id: int, bodies: Iterable[tuple[int, str]], now: int) -> None:
    """Record bodies by when they were saved, as a complete history tells it; what that changes is to be shown."""
    before = read_letters(transaction, petition_id)
    for at, body in bodies:
        _add(transaction, petition_id, body, at)
        transaction.execute(sql.COUNT_LETTER, petition_id, at, letter_digest(body))
    if read_letters(transaction, petition_id) != before:
        transaction.execute(upkeep_sql.LOOK_AT_PETITIONS, [petition_id], now)


def put_off_past(transaction: Transaction, petition_id: int, until: int = NEVER) -> None:
    """Record when to ask what the letter said before; without a time, that this is known."""
    transaction.execute(sql.PUT_OFF_PAST, petition_id, until)


def read_letters(transaction: Transaction, petition_id: int) -> tuple[Letter, ...]:
    """Return the versions, the oldest first, without their texts."""
    return versions(Letter(*row) for row in transaction.fetch(sql.LETTERS, petition_id))


def read_letters_with_texts(
    transaction: Transaction, petition_id: int, newest: int | None = None
) -> tuple[Letter, ...]:
    """Return the newest versions, or all, the oldest first, with their texts as they were first seen."""
    letters = read_letters(transaction, petition_id)
    first = 0 if newest is None else max(len(letters) - newest, 0)
    return (*letters[:first], *(_with_text(transaction, petition_id, one) for one in letters[first:]))


def read_changed(transaction: Transaction, petition_id: int, letters: tuple[Letter, ...]) -> tuple[int, int] | None:
    """Return when the letter last changed and how many had signed by then, if not all signed what it says now."""
    for after, until in other_texts(letters):
        if transaction.fetch(sql.SIGNED_BETWEEN, petition_id, after, until)[0][0]:
            return letters[-1].seen_at, max(letters[-1].count, 1)
    return None


def drop_letters(transaction: Transaction, petition_id: int) -> None:
    """Forget all versions and their texts."""
    transaction.execute(sql.DROP_LETTERS_OF, petition_id)
    transaction.execute(sql.DROP_LETTER_TEXTS_OF, petition_id)
    transaction.execute(sql.DROP_PAST, petition_id)


def _add(transaction: Transaction, petition_id: int, body: str | None, at: int) -> None:
    digest = letter_digest(body)
    transaction.execute(sql.ADD_LETTER, petition_id, at, digest)
    # PostgreSQL stores neither of these two.
    text = letter(body).replace("\0", "").encode("utf-8", "replace").decode()
    transaction.execute(sql.ADD_LETTER_TEXT, petition_id, digest, text, TEXTS_KEPT)


def _with_text(transaction: Transaction, petition_id: int, one: Letter) -> Letter:
    found = transaction.fetch(sql.LETTER_TEXT, petition_id, one.digest)
    return replace(one, text=found[0].text) if found else one
