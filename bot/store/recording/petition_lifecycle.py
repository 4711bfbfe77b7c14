"""Record how petitions begin, continue, move, merge and end, and changes of repositories and installations.

Each of these is a transaction of its own, and all of them take one lock first, so that they cannot cross one
another; then they lock petitions in the order of their ids, as all transactions do.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from bot.petition.comments.comment import merge
from bot.petition.facts_from_github import (
    CommentFact,
    Continuation,
    InstallationFact,
    Issue,
    IssueGone,
    Repository,
    RepositoryFact,
    SettingsFact,
    Unclear,
)
from bot.petition.tally import DigestSum
from bot.store.engine.database import Transaction
from bot.store.installations import (
    add_installation,
    lock_structure,
    publish_petitions_of,
    record_installation,
    record_repository,
    request_discovery,
)
from bot.store.issue_bodies import move_body
from bot.store.letters import drop_translations, is_any_translation
from bot.store.publishing import set_continuing
from bot.store.recording.comment_and_issue_facts import (
    NewPetition,
    RecordContext,
    apply_to_petition,
    is_petition,
    merge_issue,
)
from bot.store.recording.signatures_and_reactions import derive_comment, derive_signatures
from bot.store.recording.unit_of_work import UnitOfWork
from bot.store.repository_settings import request_settings
from bot.store.threads_to_read import resync_petitions
from bot.time_types import WholeEpochSeconds

StructuralFact = NewPetition | Continuation | RepositoryFact | SettingsFact | InstallationFact | IssueGone | Unclear


def record_structure(transaction: Transaction, fact: StructuralFact, context: RecordContext) -> None:
    """Record one of these; repeating changes nothing, and of two the newer wins."""
    lock_structure(transaction)
    now = context.now
    match fact:
        case NewPetition(fact=seen):
            as_of = seen.issue.updated_at if isinstance(seen, CommentFact) else seen.as_of
            record_repository(transaction, RepositoryFact(seen.installation_id, seen.repository, as_of), now)
            _add_petition(transaction, seen.repository, seen.issue, as_of, context)
        case Continuation(repository=repository, issue=issue):
            as_of = issue.updated_at
            record_repository(transaction, RepositoryFact(fact.installation_id, repository, as_of), now)
            _record_continuation(transaction, fact, context)
        case RepositoryFact():
            record_repository(transaction, fact, now)
        case SettingsFact():
            _request_settings(transaction, fact, now)
        case InstallationFact():
            record_installation(transaction, fact, now)
        case Unclear():
            _resync(transaction, fact, now)
        case IssueGone(moved_to=None):
            _record_deleted(transaction, fact.issue_id, now)
        case IssueGone(moved_to=(repository, issue)):
            as_of = issue.updated_at
            record_repository(transaction, RepositoryFact(fact.installation_id, repository, as_of), now)
            is_known = _record_moved(transaction, fact.issue_id, repository, issue, context)
            if not is_known and is_petition(issue, context.label):
                _add_petition(transaction, repository, issue, as_of, context)


def _request_settings(transaction: Transaction, fact: SettingsFact, now: WholeEpochSeconds) -> None:
    """Request that the settings are read, and the translations; other text files are none of ours."""
    if not fact.texts or is_any_translation(transaction, fact.repository_id, fact.texts):
        request_settings(transaction, fact.repository_id)
        publish_petitions_of(transaction, fact.repository_id, now)


def _resync(transaction: Transaction, fact: Unclear, now: WholeEpochSeconds) -> None:
    """Request that a petition is published and read again, or discovery where none is known."""
    petition_id = None if fact.issue_id is None else _read_petition_of(transaction, fact.issue_id)
    if petition_id is not None:
        resync_petitions(transaction, _lock_petitions(transaction, [petition_id]), now)
    else:
        add_installation(transaction, fact.installation_id)
        request_discovery(transaction, fact.installation_id)


def _add_petition(
    transaction: Transaction, repository: Repository, issue: Issue, as_of: WholeEpochSeconds, context: RecordContext
) -> None:
    """Begin a petition; its id is that of the issue it began with, also when the issue moves on."""
    if _read_petition_of(transaction, issue.id) is not None:
        return
    sql = """
        INSERT INTO petitions (id, repository_id, page_key, labelled, closed_at, count, digest_sum, revision,
                               changed_at)
        VALUES ($1, $2, $3, $4, $5, 0, $6, 1, $7)
        ON CONFLICT (id) DO NOTHING
    """
    transaction.execute(
        sql, issue.id, repository.id, secrets.token_urlsafe(16), is_petition(issue, context.label),
        issue.closed_at, DigestSum().to_bytes(), context.now,
    )  # fmt: skip
    _add_thread(transaction, issue.id, 1, repository, issue, as_of, context)
    # A settings file that lies elsewhere is looked for again.
    request_settings(transaction, repository.id)


def _read_petition_of(transaction: Transaction, issue_id: int) -> int | None:
    """Return the petition that an issue belongs to, or belonged to before it moved or went."""
    rows = transaction.fetch("SELECT petition_id FROM threads WHERE issue_id = $1", issue_id)
    return rows[0][0] if rows else None


def _add_thread(
    transaction: Transaction, petition_id: int, position: int, repository: Repository, issue: Issue,
    as_of: WholeEpochSeconds, context: RecordContext,
) -> None:  # fmt: skip
    """Add an issue to a petition as a thread, to be read."""
    sql = """
        INSERT INTO threads (issue_id, petition_id, repository_id, number, position, title, labelled, closed_at,
                             locked, comments, as_of, gone, reread, reread_as_of, reread_asked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, FALSE, 1, 0, $12)
        ON CONFLICT (issue_id) DO NOTHING
    """
    transaction.execute(
        sql, issue.id, petition_id, repository.id, issue.number, position, issue.title,
        is_petition(issue, context.label), issue.closed_at, issue.locked, issue.comments, as_of, context.now,
    )  # fmt: skip


_END_THREAD: Final = "UPDATE threads SET gone = TRUE, moved_to = $2 WHERE issue_id = $1"


def _record_deleted(transaction: Transaction, issue_id: int, now: WholeEpochSeconds) -> None:
    """Erase a deleted issue's comments and their signatures; its petition ends if it was the first."""
    unit = UnitOfWork(transaction, [issue_id])
    thread = unit.threads.get(issue_id)
    if thread is None or thread.gone:
        return
    for row in unit.read_thread(issue_id):
        gone = replace(row, comment=merge(row.comment, replace(row.comment, deleted=True)))
        derive_comment(gone)
        unit.change(gone)
    unit.petitions[thread.petition_id].bumped = True
    derive_signatures(unit, now)
    unit.write(now)
    transaction.execute(_END_THREAD, issue_id, None)
    if thread.position == 1:
        transaction.execute("UPDATE petitions SET gone = TRUE WHERE id = $1", thread.petition_id)
        sql = """
            DELETE FROM named WHERE comment_id IN (
                SELECT c.id FROM threads t JOIN comments c ON c.issue_id = t.issue_id WHERE t.petition_id = $1
            )
        """
        transaction.execute(sql, thread.petition_id)
        transaction.execute("UPDATE petitions SET rules = '' WHERE id = $1", thread.petition_id)
        _drop_rows(transaction, thread.petition_id, "audit")


def _record_moved(
    transaction: Transaction, issue_id: int, repository: Repository, issue: Issue, context: RecordContext
) -> bool:
    """Carry a thread's signatures over to the issue it became; False where it is no thread of ours."""
    unit = UnitOfWork(transaction, [issue_id, issue.id])
    old, new = unit.threads.get(issue_id), unit.threads.get(issue.id)
    if old is None:
        return False
    if old.gone:
        return True
    if new is None:
        _add_thread(transaction, old.petition_id, old.position, repository, issue, issue.updated_at, context)
        arrival = issue.id
    else:
        # It went on before this was reported, and may have moved again since.
        arrival = new.moved_to or new.issue_id
        if new.petition_id != old.petition_id:
            _merge(transaction, new.petition_id, old.petition_id, old.position)
    transaction.execute("UPDATE comments SET issue_id = $2 WHERE issue_id = $1", issue_id, arrival)
    move_body(transaction, issue_id, arrival)
    transaction.execute(_END_THREAD, issue_id, arrival)
    transaction.execute("UPDATE threads SET moved_to = $2 WHERE moved_to = $1", issue_id, arrival)
    if old.position == 1:
        sql = """
            UPDATE petitions SET repository_id = (SELECT repository_id FROM threads WHERE issue_id = $2)
            WHERE id = $1
        """
        transaction.execute(sql, old.petition_id, arrival)
        # They are files of the repository that it left; another one may have others at the same paths.
        drop_translations(transaction, old.petition_id)
    _derive_again(transaction, arrival, issue, context)
    return True


def _lock_petitions(transaction: Transaction, petition_ids: Sequence[int]) -> dict[int, bool]:
    """Lock petitions; return of each that there is whether it is gone."""
    sql = "SELECT id, gone FROM petitions WHERE id = ANY($1::BIGINT[]) ORDER BY id FOR UPDATE"
    return {row["id"]: bool(row["gone"]) for row in transaction.fetch(sql, petition_ids)}


def _record_continuation(transaction: Transaction, fact: Continuation, context: RecordContext) -> None:
    """Add an issue to a petition as its last thread; a petition that was begun for it is merged."""
    issue, petition_id = fact.issue, fact.petition_id
    is_gone = _lock_petitions(transaction, [petition_id, issue.id])
    known = _read_petition_of(transaction, issue.id)
    is_other = known == issue.id != petition_id
    if is_gone.get(petition_id, True) or (known is not None and not is_other):
        return
    last = _read_last_position(transaction, petition_id)
    if last is None:
        # Its first issue was lost with a damaged file, and is yet to be read again.
        return
    position = last + 1
    if is_other:
        _merge(transaction, issue.id, petition_id, position)
    else:
        _add_thread(transaction, petition_id, position, fact.repository, issue, issue.updated_at, context)
    set_continuing(transaction, petition_id, 0)
    _derive_again(transaction, issue.id, issue, context)


def _read_last_position(transaction: Transaction, petition_id: int) -> int | None:
    sql = "SELECT max(position) FROM threads WHERE petition_id = $1"
    last: int | None = transaction.fetch(sql, petition_id)[0][0]
    return last


def _merge(transaction: Transaction, newcomer_id: int, petition_id: int, position: int) -> None:
    """Merge a petition into another one, its first thread at this position; comments are derived again there."""
    last = _read_last_position(transaction, petition_id)
    sql = "UPDATE comments SET petition_id = $2, counted = FALSE WHERE petition_id = $1"
    transaction.execute(sql, newcomer_id, petition_id)
    # Issues that continue the newcomer come after all that are there already.
    adopt_threads = """
        UPDATE threads
        SET petition_id = $2, position = CASE WHEN position = 1 THEN $3 ELSE position + $4 END
        WHERE petition_id = $1
    """
    transaction.execute(adopt_threads, newcomer_id, petition_id, position, last)
    # Who has tried what is read from the comments again.
    _drop_rows(transaction, newcomer_id, "signatures", "days")
    transaction.execute("DELETE FROM petitions WHERE id = $1", newcomer_id)


def _drop_rows(transaction: Transaction, petition_id: int, *tables: str) -> None:
    """Drop a petition's letters, translations, account review and attempts, and its rows in other tables."""
    for table in ("letters", "letter_texts", "translations", "account_reviews", "attempts", *tables):
        transaction.execute(f"DELETE FROM {table} WHERE petition_id = $1", petition_id)
    transaction.execute("DELETE FROM marks WHERE name = 'letter ' || $1::BIGINT", petition_id)


def _derive_again(transaction: Transaction, arrival: int, issue: Issue, context: RecordContext) -> None:
    unit = UnitOfWork(transaction, [arrival])
    thread = unit.threads[arrival]
    petition = unit.petitions[thread.petition_id]
    merge_issue(petition, thread, issue, issue.updated_at, context)
    if thread.position == 1:
        apply_to_petition(petition, thread)
    petition.bumped = True
    thread.request_reread()
    for row in unit.read_thread(arrival):
        unit.mark_author(row)
    derive_signatures(unit, context.now)
    unit.write(context.now)
