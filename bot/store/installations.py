"""What a survey of GitHub is compared with, and what it changes: installations, repositories and petitions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.petition.facts import Repository
from bot.store import upkeep_statements as upkeep_sql
from bot.store.engine.database import Row, Transaction
from bot.store.recording import structure_statements as sql
from bot.store.recording.structure import lock_structure, rouse, set_accessible
from bot.store.states import State


@dataclass(frozen=True, slots=True)
class SeenInstallation:
    """An installation as GitHub lists it; `lacks` names what its owner has not granted, empty for nothing."""

    id: int
    account: str
    suspended: bool = False
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class SurveyMark:
    """When the last survey of an installation ended and began, and whether one was asked for since."""

    installation_id: int
    asked: int
    done: int
    at: float
    began: float = 0.0


@dataclass(frozen=True, slots=True)
class KnownRepository:
    """A repository as our rows have it."""

    installation_id: int
    repository: Repository
    deleted: bool
    accessible: bool


@dataclass(frozen=True, slots=True)
class KnownPetition:
    """A petition as our rows have it; `left_digest` is of its body as we last left it."""

    id: int
    issue_id: int
    labelled: bool
    state: State
    left_digest: str


def record_roll_call(transaction: Transaction, seen: Iterable[SeenInstallation], as_of: int, now: int) -> bool:
    """Take over a complete list of the App's installations; tell whether anything changed.

    What the list lacks has ended, unless it came later than the list.
    """
    lock_structure(transaction)
    known = {row.id: row for row in transaction.fetch(upkeep_sql.INSTALLATIONS)}
    listed = {one.id: one for one in seen}
    ended = [row.id for row in known.values() if row.id not in listed and not row.deleted and row.as_of < as_of]
    for installation_id in ended:
        transaction.execute(upkeep_sql.END_INSTALLATION, installation_id, as_of)
    changed = [one for one in listed.values() if _is_news(one, known.get(one.id), as_of)]
    for one in changed:
        transaction.execute(upkeep_sql.PUT_SEEN_INSTALLATION, one.id, one.account, one.suspended, as_of, one.lacks)
        if not one.suspended:
            rouse_installation(transaction, one.id, now)
    return bool(ended or changed)


def rouse_installation(transaction: Transaction, installation_id: int, now: int) -> None:
    """Have an installation surveyed, and its petitions published and read again: what stopped them may be gone."""
    transaction.execute(upkeep_sql.ASK_FOR_SURVEY, installation_id)
    rouse(transaction, transaction.fetch(sql.LOCK_PETITIONS_OF_INSTALLATION, installation_id), now)


def read_surveys(transaction: Transaction, ended: float, began: float) -> list[SurveyMark]:
    """List installations that have a survey asked for, or whose last one ended, or began, before a time."""
    return [SurveyMark(*row) for row in transaction.fetch(upkeep_sql.SURVEYS, ended, began)]


def read_survey(transaction: Transaction, installation_id: int) -> SurveyMark | None:
    """Return an installation's mark; None where it is not usable."""
    rows = transaction.fetch(upkeep_sql.SURVEY, installation_id)
    return SurveyMark(*rows[0]) if rows else None


def read_repositories_with_petitions(transaction: Transaction, installation_id: int) -> list[Repository]:
    """List an installation's repositories that have petitions, and may be seen, as we know them."""
    return [
        Repository(repository_id, owner, name, bool(private), bool(archived))
        for repository_id, owner, name, private, archived in transaction.fetch(
            upkeep_sql.REPOSITORIES_WITH_PETITIONS, installation_id
        )
    ]


def read_repositories(
    transaction: Transaction, installation_id: int, ids: Collection[int]
) -> dict[int, KnownRepository]:
    """Return what is known of an installation's repositories, and of these ids wherever they are, by id."""
    rows = transaction.fetch(upkeep_sql.REPOSITORIES, installation_id, list(ids))
    return {
        repository_id: KnownRepository(
            of_installation, Repository(repository_id, owner, name, bool(private), bool(archived)), bool(deleted),
            bool(accessible),
        )
        for repository_id, of_installation, owner, name, private, archived, deleted, accessible in rows
    }  # fmt: skip


def read_petitions_in(transaction: Transaction, repository_id: int) -> list[KnownPetition]:
    """List the petitions of a repository that have not ended."""
    return [
        KnownPetition(petition_id, issue_id, bool(labelled), State(state), left_digest or "")
        for petition_id, issue_id, labelled, state, left_digest in transaction.fetch(
            upkeep_sql.PETITIONS_IN, repository_id
        )
    ]


def record_access(
    transaction: Transaction, added: Sequence[int], removed: Sequence[int], as_of: int, now: int
) -> None:
    """Record which repositories the App may see and which it may not, as of a listing."""
    lock_structure(transaction)
    set_accessible(transaction, tuple(added), True, as_of, now)
    set_accessible(transaction, tuple(removed), False, as_of, now)


def _is_news(one: SeenInstallation, known: Row | None, as_of: int) -> bool:
    if known is None:
        return True
    same = (known.account, bool(known.suspended), bool(known.deleted), known.lacks) == (
        one.account, one.suspended, False, one.lacks,
    )  # fmt: skip
    return not same and known.as_of <= as_of
