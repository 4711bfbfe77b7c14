"""Record what GitHub reported of comments and issues: one transaction for a whole group of facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.comments.comment import Comment, merge
from bot.petition.facts_from_github import CommentFact, Issue, IssueFact, RepositoryFact
from bot.store.comment_rows import CommentRow
from bot.store.comments_to_look_up import reopen_doubt
from bot.store.engine.database import Transaction
from bot.store.issue_bodies import observe_edit
from bot.store.recording.signatures_and_reactions import derive_comment, derive_signatures, request_ages
from bot.store.recording.unit_of_work import PetitionRow, RepositoryRow, ThreadRow, UnitOfWork
from bot.store.threads_to_read import record_text
from bot.time_types import WholeEpochSeconds

Observation = CommentFact | IssueFact


COMMENTS_PER_CHECK: Final = 100
"""Comments after which a petition is published again, although nobody signed: its issue may be full."""


class NewPetition(Struct, frozen=True):
    """An issue that turns out to be a petition."""

    fact: Observation


class Recorded(Struct, frozen=True):
    """What a group came to. Where `first` is not empty, nothing was written: these have to be recorded before."""

    first: tuple[NewPetition | RepositoryFact, ...] = ()
    changed: bool = False


class RecordContext(Struct, frozen=True):
    """The petition label in lower case, and the time."""

    label: str
    now: WholeEpochSeconds


def record_observations(
    transaction: Transaction, facts: Sequence[Observation], context: RecordContext, elsewhere: Iterable[int] = ()
) -> Recorded:
    """Merge observations into rows and derive again what they concern; raises CommentsElsewhere."""
    unit = UnitOfWork(transaction, [*(fact.issue.id for fact in facts), *elsewhere])
    first = _to_be_recorded_first(unit, facts, context.label)
    if first:
        return Recorded(first=tuple(first))
    known = [fact for fact in facts if fact.issue.id in unit.threads]
    unit.read_comments([fact.comment for fact in known if isinstance(fact, CommentFact)])
    for fact in known:
        _merge_fact(unit, fact, context)
    request_ages(unit, derive_signatures(unit, context.now))
    return Recorded(changed=unit.write(context.now))


def merge_comment(unit: UnitOfWork, thread: ThreadRow, seen: Comment) -> CommentRow | None:
    """Merge an observation of a comment into its row; None where nothing changed."""
    known = unit.comments.get(seen.id)
    issue_id = thread.moved_to or thread.issue_id
    if known is None:
        whole = _without_missing(seen if len(seen.versions) < 2 else merge(seen, seen))
        row = CommentRow(unit.redact(whole, thread.petition_id), issue_id, thread.petition_id)
        record_text(row, whole, seen)
    else:
        whole = _without_missing(merge(known.comment, seen))
        row = replace(known, comment=unit.redact(whole, thread.petition_id))
        record_text(row, whole, seen, known.comment)
        # A comment that moved along with its issue belongs to the younger issue, whose id is higher.
        if issue_id > known.issue_id:
            row.issue_id, row.petition_id = issue_id, thread.petition_id
        if row == known:
            return None
    derive_comment(row)
    unit.change(row)
    if "order" in (row.command, None if known is None else known.command) and row.petition_id in unit.petitions:
        unit.petitions[row.petition_id].bumped = True
    return row


def merge_issue(
    petition: PetitionRow, thread: ThreadRow, issue: Issue, as_of: WholeEpochSeconds, context: RecordContext
) -> None:
    """Merge what a fact shows of an issue: the newer one wins, and of two of one second always the same one."""
    labelled = is_petition(issue, context.label)
    seen, known = _precedence(issue, as_of, labelled), _precedence(thread, thread.as_of, thread.labelled)
    if seen[:-1] != known[:-1] and as_of == thread.as_of:
        # Two facts of one second contradict each other: read it from GitHub.
        petition.bumped = True
        thread.request_reread()
    if seen <= known or thread.gone:
        return
    if thread.locked and not issue.locked:
        thread.request_reread()
    if (thread.locked, thread.title) != (issue.locked, issue.title) or _fills_up(thread.comments, issue.comments):
        petition.bumped = True
    thread.title, thread.labelled, thread.closed_at = issue.title, labelled, issue.closed_at
    thread.locked, thread.comments, thread.as_of = issue.locked, issue.comments, as_of
    thread.changed = True
    if thread.position == 1:
        apply_to_petition(petition, thread)


def _precedence(
    issue: Issue | ThreadRow, as_of: WholeEpochSeconds, labelled: bool
) -> tuple[WholeEpochSeconds, bool, bool, WholeEpochSeconds, bool, str, int]:
    """Return what is compared to find the newer of two facts of an issue, with its comments at the end."""
    closed_at = issue.closed_at
    return as_of, labelled, closed_at is None, closed_at or 0, issue.locked, issue.title, issue.comments


def is_petition(issue: Issue, label: str) -> bool:
    """Return whether an issue carries the petition label."""
    return label in issue.labels and not issue.is_pull_request


def apply_to_petition(petition: PetitionRow, thread: ThreadRow) -> None:
    """Copy the first thread's label and closing to its petition."""
    if thread.labelled != petition.labelled:
        petition.bumped = True
        petition.reread |= thread.labelled
        petition.regained |= thread.labelled
        petition.labelled = thread.labelled
    if thread.closed_at != petition.closed_at:
        petition.bumped = True
        petition.reread |= thread.closed_at is None
        times = [at for at in (thread.closed_at, petition.closed_at, petition.reconsider) if at is not None]
        petition.reconsider = min(times)
        petition.closed_at = thread.closed_at


def _merge_fact(unit: UnitOfWork, fact: Observation, context: RecordContext) -> None:
    thread = unit.threads[fact.issue.id]
    petition = unit.petitions[thread.petition_id]
    as_of = _as_of(fact)
    merge_issue(petition, thread, fact.issue, as_of, context)
    if isinstance(fact, CommentFact):
        if not thread.gone or thread.moved_to is not None:
            _merge_comment_fact(unit, thread, fact, context.now)
        return
    if as_of < thread.as_of and _contradicts(thread, fact.issue, context):
        # Delivered late, or our clock is fast and what we read is dated wrongly: read it from GitHub.
        petition.bumped = True
    if fact.reread and as_of > thread.reread_as_of:
        thread.reread_as_of = as_of
        thread.request_reread()
    # What was written into an issue that has moved on concerns the body that went along.
    home = thread.moved_to if thread.gone else thread.issue_id
    if fact.edit is not None and home is not None:
        letter_of = petition.id if thread.position == 1 else None
        petition.bumped |= observe_edit(unit.transaction, home, fact.edit, as_of, letter_of)


def _contradicts(thread: ThreadRow, issue: Issue, context: RecordContext) -> bool:
    seen = (is_petition(issue, context.label), issue.closed_at is None, issue.locked)
    return not thread.gone and seen != (bool(thread.labelled), thread.closed_at is None, bool(thread.locked))


def _merge_comment_fact(unit: UnitOfWork, thread: ThreadRow, fact: CommentFact, now: WholeEpochSeconds) -> None:
    seen = fact.comment
    if seen.id not in unit.comments and not seen.deleted and seen.created_at < thread.listed_at:
        # A complete listing did not have it: it was deleted since, or is hidden from us. GitHub knows.
        seen = replace(seen, missing_at=max(seen.missing_at, thread.listed_at))
        thread.request_reread()
    row = merge_comment(unit, thread, seen)
    if row is None:
        return
    # A comment that was asked for lately waits for its turn, and nothing else is read for it.
    waits = row.doubtful and reopen_doubt(unit.transaction, row, fact.node_id, now)
    if fact.recheck or (row.doubtful and not waits):
        thread.request_reread()


def _to_be_recorded_first(
    unit: UnitOfWork, facts: Sequence[Observation], label: str
) -> list[NewPetition | RepositoryFact]:
    first: dict[int, NewPetition | RepositoryFact] = {}
    for fact in facts:
        thread = unit.threads.get(fact.issue.id)
        if thread is None:
            if is_petition(fact.issue, label):
                first.setdefault(fact.issue.id, NewPetition(fact))
        elif not thread.gone and _changes_repository(unit.repositories[thread.repository_id], fact):
            first[fact.repository.id] = RepositoryFact(fact.installation_id, fact.repository, _as_of(fact))
    return list(first.values())


def _changes_repository(known: RepositoryRow, fact: Observation) -> bool:
    """Return whether a fact shows its repository changed."""
    same = known.repository == fact.repository and known.installation_id == fact.installation_id
    return not same and _as_of(fact) > known.as_of and known.repository.id == fact.repository.id


def _fills_up(before: int, now: int) -> bool:
    """Return whether to check if a thread is full: comments without a command fill it too."""
    return now // COMMENTS_PER_CHECK > before // COMMENTS_PER_CHECK


def _as_of(fact: Observation) -> WholeEpochSeconds:
    return fact.as_of if isinstance(fact, IssueFact) else fact.issue.updated_at


def _without_missing(comment: Comment) -> Comment:
    """Return a comment without the text that was gone when a complete listing lacked it, and without its author.

    Deleted is more than missing.
    """
    if not comment.missing_at:
        return comment
    if comment.deleted:
        return replace(comment, missing_at=0)
    seen_since = tuple(v for v in comment.versions if max(v.at, v.seen) > comment.missing_at)
    if not seen_since:
        return replace(comment, versions=(), author=None, author_at=0)
    return replace(comment, versions=seen_since)
