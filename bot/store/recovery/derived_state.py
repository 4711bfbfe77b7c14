"""Derive what follows from rows that came out of a damaged database, and request them from GitHub again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from bot.petition.rules_in_force import read_rules
from bot.petition.settings_file import Mistake
from bot.petition.tally import DigestSum
from bot.store.comment_rows import COMMENT_COLUMNS, CommentRow, read_comment
from bot.store.engine.database import Database, Row, Transaction
from bot.store.petition_obstacles import State
from bot.store.privacy import erase_details_on, forget_people
from bot.store.recording.signatures_and_reactions import derive_signatures, is_outdated, read_command
from bot.store.recording.unit_of_work import UnitOfWork, put_comments
from bot.store.repository_settings import request_settings
from bot.store.sign_outs import end_all_sessions
from bot.time_types import WholeEpochSeconds

DAY: Final = 86_400
"""Seconds by which GitHub's clock and ours may differ, and more."""

AT_ONCE: Final = 1_000
"""Comments read, or people evaluated, in one transaction."""


async def make_consistent(database: Database, now: WholeEpochSeconds, lost: AbstractSet[str]) -> None:
    """Drop what nothing can be made of, derive what follows, erase what is to be forgotten, and ask for everything.

    `lost` names the tables of which something is lost.
    """
    await database.write(_drop_orphans)
    await database.write(_reset_unreadable)
    await _in_portions(database, partial(_read_comments, now=now))
    await _in_portions(database, partial(_derive_signatures, now=now))
    if "forgotten" in lost:
        await database.write(_rebuild_forgotten)
    for person, at in await database.read(lambda work: work.fetch("SELECT user_id, at FROM forgotten")):
        # Also from an old page of the file, or by a resync, nothing of it comes back.
        await database.write(partial(forget_people, people=[person], now=at))
    sql = """
        SELECT t.issue_id FROM threads t JOIN petitions p ON p.id = t.petition_id WHERE p.anonymised_at IS NOT NULL
    """
    for (issue_id,) in await database.read(lambda work: work.fetch(sql)):
        await database.write(partial(erase_details_on, issue_id=issue_id, now=now))
    await database.write(partial(_request_everything, now=now, lost=lost))


async def _in_portions(database: Database, work: Callable[..., int | None]) -> None:
    """Run a transaction for each portion; it takes the last id of the portion before, and returns its own."""
    after: int | None = -1
    while after is not None:
        after = await database.write(partial(work, after=after))


def _drop_orphans(transaction: Transaction) -> None:
    """Drop what belongs to a lost petition or thread, which is read from GitHub again; reset all counts."""
    transaction.execute("UPDATE petitions SET count = 0, digest_sum = $1", DigestSum().to_bytes())
    transaction.execute("DELETE FROM threads WHERE petition_id NOT IN (SELECT id FROM petitions)")
    sql = """
        DELETE FROM comments
        WHERE NOT EXISTS (
            SELECT 1 FROM threads t WHERE t.issue_id = comments.issue_id AND t.petition_id = comments.petition_id
        )
    """
    transaction.execute(sql)
    # A body to be put back is read from its issue's history once more: a damaged one must not get onto GitHub.
    unconfirm_writes = """
        UPDATE writes SET heard = FALSE WHERE issue_id IN (SELECT issue_id FROM bodies WHERE lost IS NOT NULL)
    """
    transaction.execute(unconfirm_writes)
    transaction.execute("UPDATE bodies SET lost = NULL, lost_by = 0 WHERE lost IS NOT NULL")


def _reset_unreadable(transaction: Transaction) -> None:
    """Reset the texts that cannot be read: all of them are derived again."""
    for column, reader in _READERS.items():
        for key, text in transaction.fetch(_sql("SELECT {key}, {column} FROM {table}", column)):
            if not _is_readable(text, reader):
                empty = "[]" if column == "settings.mistakes" else ""
                transaction.execute(_sql("UPDATE {table} SET {column} = $2 WHERE {key} = $1", column), key, empty)


def _sql(text: str, of: str) -> str:
    table, column = of.split(".")
    return text.format(table=table, column=column, key="repository_id" if table == "settings" else "id")


_READERS: Final[dict[str, Callable[[str], object]]] = {
    "petitions.rules": read_rules,
    "petitions.state": State,
    "petitions.told": State,
    "installations.state": State,
    "settings.mistakes": partial(msgspec.json.decode, type=list[Mistake | str]),
}


def _is_readable(text: str, reader: Callable[[str], object]) -> bool:
    try:
        reader(text)
    except (ValueError, msgspec.MsgspecError):
        return False
    return True


def _read_comments(transaction: Transaction, after: int, now: WholeEpochSeconds) -> int | None:
    """Drop the comments of a portion that cannot be read, and derive the commands of the others."""
    sql = f"SELECT {COMMENT_COLUMNS} FROM comments WHERE id > $1 ORDER BY id LIMIT $2"
    rows = transaction.fetch(sql, after, AT_ONCE)
    if not rows:
        return None
    unreadable, changed = [], []
    for columns in rows:
        row = _readable(columns, now)
        if row is None:
            unreadable.append(columns[0])
        elif is_outdated(row) or (row.counted and (row.command is None or row.comment.author is None)):
            read_command(row)
            row.counted = False
            changed.append(row)
    transaction.execute("DELETE FROM comments WHERE id = ANY($1::BIGINT[])", unreadable)
    put_comments(transaction, changed)
    last: int = rows[-1][0]
    # Whom GitHub names next as the author takes precedence over whom the damaged file named.
    reset_authors = "UPDATE comments SET author_at = 0, read_digest = '', grammar = 0 WHERE id > $1 AND id <= $2"
    transaction.execute(reset_authors, after, last)
    return last


def _readable(columns: Row | Sequence[Any], now: WholeEpochSeconds) -> CommentRow | None:
    """Read a comment; None where it is impossible, and reading it from GitHub would not repair it."""
    try:
        # Reading checks no types: a number in the place of a text would be found much later.
        times = [time for version in _VERSIONS.decode(columns[10]) for time in (version[0], version[-1])]
        row = read_comment(columns)
    except (KeyError, ValueError, msgspec.MsgspecError):
        return None
    comment = row.comment
    times += [comment.created_at, comment.author_at, comment.missing_at]
    is_author_whole = comment.author is None or None not in columns[4:6]
    is_deletion_whole = not comment.deleted or (comment.author is None and not comment.versions)
    return row if is_author_whole and is_deletion_whole and all(0 <= time <= now + DAY for time in times) else None


_VERSIONS: Final = msgspec.json.Decoder(
    list[tuple[int, str, str, list[str | list[str | None] | None] | None, str | None, bool | None, int]]
)


def _derive_signatures(transaction: Transaction, after: int, now: WholeEpochSeconds) -> int | None:
    """Derive the signatures of a portion of the people; none is derived yet."""
    authors_after = """
        SELECT DISTINCT author_id FROM comments WHERE command IS NOT NULL AND author_id > $1
        ORDER BY author_id LIMIT $2
    """
    authors = [row[0] for row in transaction.fetch(authors_after, after, AT_ONCE)]
    sql = f"SELECT {COMMENT_COLUMNS} FROM comments WHERE author_id = ANY($1::BIGINT[]) AND command IS NOT NULL"
    rows = [read_comment(row) for row in transaction.fetch(sql, authors)]
    unit = UnitOfWork(transaction, [row.issue_id for row in rows])
    counted = {(row.petition_id, _author(row)) for row in rows if row.counted}
    for row in rows:
        uncounted = replace(row, counted=False)
        unit.add_comment(uncounted)
        if row.counted:
            unit.changed[row.comment.id] = uncounted
        petition = unit.petitions.get(row.petition_id)
        # Without the label, only who had signed before counts.
        if petition is not None and (petition.labelled or (petition.id, _author(row)) in counted):
            unit.people.add((petition.id, _author(row)))
    labelled = {petition.id: petition.labelled for petition in unit.petitions.values()}
    for petition in unit.petitions.values():
        petition.labelled = True
    derive_signatures(unit, now)
    for petition in unit.petitions.values():
        petition.labelled = labelled[petition.id]
    unit.write(now)
    return authors[-1] if authors else None


def _author(row: CommentRow) -> int:
    return row.comment.author.id if row.comment.author else 0


def _rebuild_forgotten(transaction: Transaction) -> None:
    """Derive who was forgotten from the comments without a login, and when from the comments' times."""
    until: dict[int, int] = {}
    sql = f"""
        SELECT {COMMENT_COLUMNS} FROM comments
        WHERE author_login = '' AND petition_id IN (SELECT id FROM petitions WHERE anonymised_at IS NULL)
    """
    for columns in transaction.fetch(sql):
        comment = read_comment(columns).comment
        if comment.author is not None:
            last = max([comment.author_at, comment.created_at, *(version.at for version in comment.versions)])
            until[comment.author.id] = max(last, until.get(comment.author.id, 0))
    forget_first = """
        INSERT INTO forgotten (user_id, at) SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[])
        ON CONFLICT (user_id) DO NOTHING
    """
    transaction.put(forget_first, list(until.items()))


def _request_everything(transaction: Transaction, now: WholeEpochSeconds, lost: AbstractSet[str]) -> None:
    """Request discovery everywhere, and that every thread, settings file and body is read."""
    transaction.execute("UPDATE installations SET survey_asked = survey_asked + 1, surveyed_at = 0")
    read_all = """
        UPDATE threads
        SET reread = greatest(reread, reread_done) + 1, reread_asked_at = $1,
            put_off = 0, read_retry_at = 0, read_attempts = 0, listed_at = 0, looked_at = 0,
            changes_since = 0, gap = 0, known_to = 0
    """
    transaction.execute(read_all, now)
    sql = """
        UPDATE petitions
        SET revision = greatest(revision, published_revision) + 1,
            changed_at = $1, attempts = 0, retry_at = 0
    """
    transaction.execute(sql, now)
    for (repository_id,) in transaction.fetch("SELECT repository_id FROM settings"):
        request_settings(transaction, repository_id)
    if not lost.isdisjoint({"letters", "letter_texts"}):
        # The history of a letter is read where no mark says that it has been.
        transaction.execute("DELETE FROM marks WHERE name LIKE 'letter %'")
    end_all_sessions(transaction, now)
