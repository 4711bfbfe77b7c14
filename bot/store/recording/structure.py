"""Record what comes and goes more rarely than comments: petitions, repositories, installations, issues that move.

Each of these is a transaction of its own, and all of them take one lock first, so that they cannot cross one
another; then they lock petitions in the order of their ids, as everybody does.
"""

from __future__ import annotations

import secrets
from typing import Final

from bot.petition.counting.digest import Sum
from bot.petition.facts import (
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
from bot.store.engine.database import Transaction
from bot.store.engine.dialect import statement
from bot.store.installations import (
    add_installation,
    lock_structure,
    publish_petitions_of,
    record_installation,
    record_repository,
    request_discovery,
)
from bot.store.recording.observations import RecordContext, UnknownPetition, is_petition
from bot.store.recording.transfers import record_continuation, record_deleted, record_moved
from bot.store.rules import request_settings
from bot.store.threads import add_thread, lock_petitions, read_petition_of, resync_petitions
from bot.units import WholeEpochSeconds

StructuralFact = (
    UnknownPetition | Continuation | RepositoryFact | SettingsFact | InstallationFact | IssueGone | Unclear
)


def record_structure(transaction: Transaction, fact: StructuralFact, context: RecordContext) -> None:
    """Record one of these; repeating changes nothing, and of two the newer wins."""
    lock_structure(transaction)
    now = context.now
    match fact:
        case UnknownPetition(fact=seen):
            as_of = seen.issue.updated_at if isinstance(seen, CommentFact) else seen.as_of
            record_repository(transaction, RepositoryFact(seen.installation_id, seen.repository, as_of), now)
            _add_petition(transaction, seen.repository, seen.issue, as_of, context)
        case Continuation(repository=repository, issue=issue):
            as_of = issue.updated_at
            record_repository(transaction, RepositoryFact(fact.installation_id, repository, as_of), now)
            record_continuation(transaction, fact, context)
        case RepositoryFact():
            record_repository(transaction, fact, now)
        case SettingsFact(repository_id=repository_id):
            request_settings(transaction, repository_id)
            publish_petitions_of(transaction, repository_id, now)
        case InstallationFact():
            record_installation(transaction, fact, now)
        case Unclear():
            _resync(transaction, fact, now)
        case IssueGone(moved_to=None):
            record_deleted(transaction, fact.issue_id, now)
        case IssueGone(moved_to=(repository, issue)):
            as_of = issue.updated_at
            record_repository(transaction, RepositoryFact(fact.installation_id, repository, as_of), now)
            is_known = record_moved(transaction, fact.issue_id, repository, issue, context)
            if not is_known and is_petition(issue, context.label):
                _add_petition(transaction, repository, issue, as_of, context)


def _resync(transaction: Transaction, fact: Unclear, now: WholeEpochSeconds) -> None:
    """Have a petition published and read again; where we know of none, have its installation searched."""
    petition_id = None if fact.issue_id is None else read_petition_of(transaction, fact.issue_id)
    if petition_id is not None:
        resync_petitions(transaction, lock_petitions(transaction, [petition_id]), now)
    else:
        add_installation(transaction, fact.installation_id)
        request_discovery(transaction, fact.installation_id)


_ADD_PETITION: Final = statement("""
    INSERT INTO petitions (id, repository_id, page_key, labelled, closed_at, count, digest_sum, revision,
                           changed_at)
    VALUES ($1, $2, $3, $4, $5, 0, $6, 1, $7)
    ON CONFLICT (id) DO NOTHING
""")


def _add_petition(
    transaction: Transaction, repository: Repository, issue: Issue, as_of: WholeEpochSeconds, context: RecordContext
) -> None:
    """Begin a petition; its id is that of the issue it began with, also when the issue moves on."""
    if read_petition_of(transaction, issue.id) is not None:
        return
    labelled = is_petition(issue, context.label)
    transaction.execute(
        _ADD_PETITION, issue.id, repository.id, secrets.token_urlsafe(16), labelled, issue.closed_at,
        Sum().to_bytes(), context.now,
    )  # fmt: skip
    add_thread(transaction, issue.id, repository.id, 1, issue, labelled=labelled, as_of=as_of, now=context.now)
