"""Record what comes and goes more rarely than comments: petitions, repositories, installations, issues that move.

Each of these is a transaction of its own, and all of them take one lock first, so that they cannot cross one
another; then they lock petitions in the order of their ids, as everybody does.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable

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
from bot.store import rule_statements as governing_sql
from bot.store import upkeep_statements as upkeep_sql
from bot.store.engine.database import Transaction
from bot.store.recording import structure_statements as sql
from bot.store.recording.observations import Terms, UnknownPetition, is_petition
from bot.store.recording.transfers import record_continuation, record_deleted, record_moved

StructuralFact = (
    UnknownPetition | Continuation | RepositoryFact | SettingsFact | InstallationFact | IssueGone | Unclear
)


def record_structure(transaction: Transaction, fact: StructuralFact, terms: Terms) -> None:
    """Record one of these; repeating changes nothing, and of two the newer wins."""
    lock_structure(transaction)
    match fact:
        case UnknownPetition(fact=seen):
            as_of = seen.issue.updated_at if isinstance(seen, CommentFact) else seen.as_of
            _record_repository(transaction, RepositoryFact(seen.installation_id, seen.repository, as_of), terms.now)
            _add_petition(transaction, seen.repository, seen.issue, as_of, terms)
        case Continuation(repository=repository, issue=issue):
            as_of = issue.updated_at
            _record_repository(transaction, RepositoryFact(fact.installation_id, repository, as_of), terms.now)
            record_continuation(transaction, fact, terms)
        case RepositoryFact():
            _record_repository(transaction, fact, terms.now)
        case SettingsFact(repository_id=repository_id):
            transaction.execute(governing_sql.ASK_FOR_SETTINGS, repository_id)
            petitions = transaction.fetch(sql.LOCK_PETITIONS_OF_REPOSITORY, repository_id)
            transaction.execute(sql.BUMP_PETITIONS, [row.id for row in petitions], terms.now)
        case InstallationFact():
            _record_installation(transaction, fact, terms.now)
        case Unclear():
            _have_looked_at(transaction, fact, terms.now)
        case IssueGone(moved_to=None):
            record_deleted(transaction, fact.issue_id, terms.now)
        case IssueGone(moved_to=(repository, issue)):
            as_of = issue.updated_at
            _record_repository(transaction, RepositoryFact(fact.installation_id, repository, as_of), terms.now)
            if not record_moved(transaction, fact.issue_id, repository, issue, terms) and is_petition(
                issue, terms.label
            ):
                _add_petition(transaction, repository, issue, as_of, terms)


def _have_looked_at(transaction: Transaction, fact: Unclear, now: int) -> None:
    """Have a petition read again and looked at; or its installation surveyed, where we know of no petition."""
    known = [] if fact.issue_id is None else transaction.fetch(sql.THREAD, fact.issue_id)
    if known:
        rouse(transaction, transaction.fetch(upkeep_sql.LOCK_PETITIONS, [known[0].petition_id]), now)
    else:
        transaction.execute(sql.ADD_INSTALLATION, fact.installation_id)
        transaction.execute(upkeep_sql.ASK_FOR_SURVEY, fact.installation_id)


def lock_structure(transaction: Transaction) -> None:
    """Keep all other transactions of this kind waiting until this one ends."""
    if transaction.engine == "postgresql":
        transaction.fetch(sql.LOCK_STRUCTURE)


def set_accessible(transaction: Transaction, ids: tuple[int, ...], accessible: bool, as_of: int, now: int) -> None:
    """Record that the App may, or may not, see repositories; in doubt it tries."""
    touched = transaction.execute(sql.SET_ACCESSIBLE, ids, accessible, as_of)
    if touched and accessible:
        rouse(transaction, transaction.fetch(sql.LOCK_PETITIONS_OF_REPOSITORIES, ids), now)


def rouse(transaction: Transaction, petitions: Iterable[tuple[int, ...]], now: int) -> None:
    """Publish petitions again and read their comments again; whatever stopped them may have gone."""
    ids = [row[0] for row in petitions]
    transaction.execute(sql.BUMP_PETITIONS, ids, now)
    transaction.execute(sql.REREAD_PETITIONS, ids, now)


def _add_petition(transaction: Transaction, repository: Repository, issue: Issue, as_of: int, terms: Terms) -> None:
    """Begin a petition; its id is that of the issue it began with, also when the issue moves on."""
    if transaction.fetch(sql.THREAD, issue.id):
        return
    labelled = is_petition(issue, terms.label)
    transaction.execute(
        sql.ADD_PETITION, issue.id, repository.id, secrets.token_urlsafe(16), labelled, issue.closed_at,
        Sum().to_bytes(), terms.now,
    )  # fmt: skip
    transaction.execute(
        sql.ADD_THREAD, issue.id, issue.id, repository.id, issue.number, 1, issue.title, labelled, issue.closed_at,
        issue.locked, issue.comments, as_of, terms.now,
    )  # fmt: skip


def _record_repository(transaction: Transaction, fact: RepositoryFact, now: int) -> None:
    """Take over a newer picture of a repository; its pages may have moved, so its petitions are due."""
    new = fact.repository
    transaction.execute(sql.ADD_INSTALLATION, fact.installation_id)
    rows = transaction.fetch(sql.REPOSITORY, new.id)
    seen = (fact.as_of, fact.deleted, fact.installation_id, new.owner, new.name, new.private, new.archived)
    if rows:
        row = rows[0]
        known = (
            row.as_of, bool(row.deleted), row.installation_id, row.owner, row.name, bool(row.private),
            bool(row.archived),
        )  # fmt: skip
        if seen <= known:
            return
        if seen[1:] != known[1:]:
            rouse(transaction, transaction.fetch(sql.LOCK_PETITIONS_OF_REPOSITORY, new.id), now)
    accessible_as_of = max(fact.as_of, rows[0].accessible_as_of) if rows else fact.as_of
    accessible = bool(rows[0].accessible) if rows and rows[0].accessible_as_of > fact.as_of else True
    transaction.execute(
        sql.PUT_REPOSITORY, new.id, fact.installation_id, new.owner, new.name, new.private, new.archived,
        fact.deleted, fact.as_of, accessible, accessible_as_of,
    )  # fmt: skip


def _record_installation(transaction: Transaction, fact: InstallationFact, now: int) -> None:
    rows = transaction.fetch(sql.INSTALLATION, fact.id)
    seen = (fact.deleted, fact.as_of, fact.suspended, fact.account)
    known = (bool(rows[0].deleted), rows[0].as_of, bool(rows[0].suspended), rows[0].account) if rows else None
    if known is None or seen > known:
        transaction.execute(sql.PUT_INSTALLATION, fact.id, fact.account, fact.suspended, fact.deleted, fact.as_of)
        if not fact.suspended and not fact.deleted:
            # Suspended before, other permissions, other repositories: what happened meanwhile, nobody told us.
            transaction.execute(upkeep_sql.ASK_FOR_SURVEY, fact.id)
            rouse(transaction, transaction.fetch(sql.LOCK_PETITIONS_OF_INSTALLATION, fact.id), now)
    if fact.repositories_added:
        set_accessible(transaction, fact.repositories_added, True, fact.as_of, now)
        transaction.execute(upkeep_sql.ASK_FOR_SURVEY, fact.id)
    if fact.repositories_removed:
        set_accessible(transaction, fact.repositories_removed, False, fact.as_of, now)
