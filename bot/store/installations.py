"""Installations of the App, the repositories that they may see, and when GitHub was last searched for more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final

from msgspec import Struct

from bot.petition.facts_from_github import InstallationFact, Repository, RepositoryFact
from bot.store.comment_rows import read_repository
from bot.store.engine.database import Records, Row, Transaction, upsert, write_transaction
from bot.store.petition_obstacles import State
from bot.store.threads_to_read import publish_now, resync_petitions
from bot.time_types import EpochSeconds, WholeEpochSeconds


class SeenInstallation(Struct, frozen=True):
    """An installation as GitHub lists it; `lacks` names what its owner has not granted, empty for nothing."""

    id: int
    account: str
    suspended: bool = False
    lacks: str = ""


class DiscoveryMark(Struct, frozen=True):
    """When the last discovery in an installation ended and began, and whether another one was requested."""

    installation_id: int
    asked: int
    done: int
    at: EpochSeconds
    began: EpochSeconds = 0.0


class KnownRepository(Struct, frozen=True):
    """A repository as our rows have it."""

    installation_id: int
    repository: Repository
    deleted: bool
    accessible: bool


_INSTALLATION_COLUMNS: Final = "id BIGINT, account TEXT, suspended BOOLEAN, deleted BOOLEAN, as_of BIGINT"


_DISCOVERIES: Final = """
    SELECT id, survey_asked, survey_done, surveyed_at, survey_began FROM installations
    WHERE NOT suspended AND NOT deleted
"""
"""What a `DiscoveryMark` is read from."""


class Installations(Records):
    """Where the App is installed."""

    async def list_accounts(self) -> list[str]:
        """List the accounts on which the App is installed."""
        sql = "SELECT account FROM installations WHERE NOT deleted ORDER BY account"
        return [row["account"] for row in await self._fetch(sql)]

    async def has_others(self, installation_id: int) -> bool:
        """Return whether any other installation than this one is known."""
        return bool(await self._fetch("SELECT 1 FROM installations WHERE id <> $1 LIMIT 1", installation_id))

    async def record_all(self, seen: Iterable[SeenInstallation], as_of: WholeEpochSeconds) -> None:
        """Record a complete list of the App's installations.

        What the list lacks has ended, unless it came later than the list.
        """
        listed = {one.id: one for one in seen}
        now = int(self._now())

        def record(transaction: Transaction) -> bool:
            lock_structure(transaction)
            sql = "SELECT id, account, suspended, deleted, as_of, lacks FROM installations"
            known = {row["id"]: row for row in transaction.fetch(sql)}
            current = (row for row in known.values() if not row["deleted"] and row["as_of"] < as_of)
            ended = [row["id"] for row in current if row["id"] not in listed]
            end = "UPDATE installations SET deleted = TRUE, as_of = $2 WHERE id = $1"
            for installation_id in ended:
                transaction.execute(end, installation_id, as_of)
            changed = [one for one in listed.values() if _is_changed(one, known.get(one.id), as_of)]
            put_seen = upsert("installations", "id", f"{_INSTALLATION_COLUMNS}, lacks TEXT")
            for one in changed:
                transaction.put(put_seen, [(one.id, one.account, one.suspended, False, as_of, one.lacks)])
                if not one.suspended:
                    _resync_installation(transaction, one.id, now)
            return bool(ended or changed)

        if await self._database.write(record):
            self._announce()

    async def list_to_discover(self, ended: EpochSeconds, began: EpochSeconds = 0.0) -> list[DiscoveryMark]:
        """List installations whose discovery was asked for, or whose last one ended, or began, before a time."""
        sql = f"""
            {_DISCOVERIES} AND (survey_asked > survey_done OR surveyed_at < $1 OR survey_began < $2)
            ORDER BY surveyed_at, id
        """
        return [DiscoveryMark(*row) for row in await self._fetch(sql, ended, began)]

    async def get_discovery(self, installation_id: int) -> DiscoveryMark | None:
        """Return when the last discovery in an installation was; None where it is not usable."""
        rows = await self._fetch(f"{_DISCOVERIES} AND id = $1", installation_id)
        return DiscoveryMark(*rows[0]) if rows else None

    @write_transaction
    def request_discovery(self, transaction: Transaction, installation_id: int) -> None:
        """Request that discovery in an installation starts soon."""
        request_discovery(transaction, installation_id)

    async def mark_discovered(
        self, installation_id: int, at: EpochSeconds, began: EpochSeconds = 0.0, *, asked: int = 0,
        works: bool = True,
    ) -> None:  # fmt: skip
        """Record that discovery has ended; `asked` is from the mark that it began with.

        Without it, only what was known before has been seen. `works`: GitHub has shown at least some of that.
        """
        sql = """
            UPDATE installations
            SET survey_done = greatest(survey_done, $2), surveyed_at = $3, survey_began = $4,
                state = CASE WHEN $5 THEN '' ELSE state END
            WHERE id = $1
        """
        await self._execute(sql, installation_id, asked, at, began, works)

    async def list_repositories_with_petitions(self, installation_id: int) -> list[Repository]:
        """List an installation's repositories that have petitions, and may be seen, as we know them."""
        sql = """
            SELECT r.id, r.owner, r.name, r.private, r.archived FROM repositories r
            WHERE r.installation_id = $1 AND r.accessible AND NOT r.deleted AND NOT r.archived
              AND EXISTS (SELECT 1 FROM petitions p WHERE p.repository_id = r.id AND NOT p.gone)
            ORDER BY r.id
        """
        return [read_repository(*row) for row in await self._fetch(sql, installation_id)]

    async def set_state(self, installation_id: int, state: State) -> None:
        """Record what keeps us from working for an installation; discovery, which is asked for, takes that back."""
        sql = "UPDATE installations SET state = $2, survey_asked = survey_asked + 1 WHERE id = $1 AND state <> $2"
        await self._execute(sql, installation_id, state.value)

    async def get_repositories(self, installation_id: int, ids: Collection[int]) -> dict[int, KnownRepository]:
        """Return what is known of an installation's repositories, and of these ids wherever they are, by id."""
        sql = """
            SELECT id, owner, name, private, archived, installation_id, deleted, accessible FROM repositories
            WHERE installation_id = $1
            UNION
            SELECT id, owner, name, private, archived, installation_id, deleted, accessible FROM repositories
            WHERE id = ANY($2::BIGINT[])
        """
        return {
            row["id"]: KnownRepository(
                row["installation_id"], read_repository(*row[:5]), bool(row["deleted"]), bool(row["accessible"])
            )
            for row in await self._fetch(sql, installation_id, list(ids))
        }

    async def record_access(self, added: Sequence[int], removed: Sequence[int], as_of: WholeEpochSeconds) -> None:
        """Record which repositories the App may see and which it may not, as of a listing."""
        now = int(self._now())

        def record(transaction: Transaction) -> None:
            lock_structure(transaction)
            _set_accessible(transaction, added, True, as_of, now)
            _set_accessible(transaction, removed, False, as_of, now)

        await self._database.write(record)
        self._announce()


def _is_changed(one: SeenInstallation, known: Row | None, as_of: WholeEpochSeconds) -> bool:
    if known is None:
        return True
    before = SeenInstallation(one.id, known["account"], bool(known["suspended"]), known["lacks"])
    return known["as_of"] <= as_of and (bool(known["deleted"]) or before != one)


def lock_structure(transaction: Transaction) -> None:
    """Lock petitions, repositories and installations against other changes of what there is of them."""
    transaction.fetch("SELECT pg_advisory_xact_lock(7597418026143314282)")


def request_discovery(transaction: Transaction, installation_id: int) -> None:
    """Request that discovery in an installation starts soon."""
    transaction.execute("UPDATE installations SET survey_asked = survey_asked + 1 WHERE id = $1", installation_id)


def _resync_installation(transaction: Transaction, installation_id: int, now: WholeEpochSeconds) -> None:
    """Request discovery, and publish and read petitions again: there were no deliveries meanwhile."""
    request_discovery(transaction, installation_id)
    sql = """
        SELECT id FROM petitions WHERE repository_id IN (SELECT id FROM repositories WHERE installation_id = $1)
        ORDER BY id FOR UPDATE
    """
    resync_petitions(transaction, (row["id"] for row in transaction.fetch(sql, installation_id)), now)


def _set_accessible(
    transaction: Transaction, ids: Sequence[int], accessible: bool, as_of: WholeEpochSeconds, now: WholeEpochSeconds
) -> None:
    """Record that the App may, or may not, see repositories; in doubt it tries."""
    sql = """
        UPDATE repositories SET accessible = $2, accessible_as_of = $3
        WHERE id = ANY($1::BIGINT[]) AND (accessible_as_of < $3 OR (accessible_as_of = $3 AND $2))
    """
    touched = transaction.execute(sql, tuple(ids), accessible, as_of)
    if touched and accessible:
        resync_petitions(transaction, _lock_petitions_of(transaction, ids), now)


def _lock_petitions_of(transaction: Transaction, repository_ids: Sequence[int]) -> list[int]:
    sql = "SELECT id FROM petitions WHERE repository_id = ANY($1::BIGINT[]) ORDER BY id FOR UPDATE"
    return [row["id"] for row in transaction.fetch(sql, tuple(repository_ids))]


def publish_petitions_of(transaction: Transaction, repository_id: int, now: WholeEpochSeconds) -> None:
    """Publish a repository's petitions again."""
    publish_now(transaction, _lock_petitions_of(transaction, [repository_id]), now)


def resync_petitions_of(transaction: Transaction, repository_id: int, now: WholeEpochSeconds) -> None:
    """Publish a repository's petitions and read their comments again."""
    resync_petitions(transaction, _lock_petitions_of(transaction, [repository_id]), now)


def add_installation(transaction: Transaction, installation_id: int) -> None:
    """Add an installation of which nothing is known but that it is there."""
    sql = """
        INSERT INTO installations (id, account, suspended, deleted, as_of) VALUES ($1, '', FALSE, FALSE, -1)
        ON CONFLICT (id) DO NOTHING
    """
    transaction.execute(sql, installation_id)


def record_installation(transaction: Transaction, fact: InstallationFact, now: WholeEpochSeconds) -> None:
    """Record newer facts of an installation; after a suspension or other permissions discovery starts again."""
    rows = transaction.fetch("SELECT deleted, as_of, suspended, account FROM installations WHERE id = $1", fact.id)
    if not rows or (fact.deleted, fact.as_of, fact.suspended, fact.account) > tuple(rows[0]):
        put = upsert("installations", "id", _INSTALLATION_COLUMNS)
        transaction.put(put, [(fact.id, fact.account, fact.suspended, fact.deleted, fact.as_of)])
        if not fact.suspended and not fact.deleted:
            _resync_installation(transaction, fact.id, now)
    if fact.repositories_added:
        _set_accessible(transaction, fact.repositories_added, True, fact.as_of, now)
        request_discovery(transaction, fact.id)
    if fact.repositories_removed:
        _set_accessible(transaction, fact.repositories_removed, False, fact.as_of, now)


_REPOSITORY_COLUMNS: Final = (
    "id BIGINT, installation_id BIGINT, owner TEXT, name TEXT, private BOOLEAN, archived BOOLEAN, deleted BOOLEAN,"
    " as_of BIGINT, accessible BOOLEAN, accessible_as_of BIGINT"
)


def record_repository(transaction: Transaction, fact: RepositoryFact, now: WholeEpochSeconds) -> None:
    """Record newer facts of a repository; its pages may have moved, so its petitions are due."""
    new = fact.repository
    add_installation(transaction, fact.installation_id)
    sql = """
        SELECT as_of, deleted, installation_id, owner, name, private, archived, accessible, accessible_as_of
        FROM repositories WHERE id = $1
    """
    rows = transaction.fetch(sql, new.id)
    seen = (fact.as_of, fact.deleted, fact.installation_id, new.owner, new.name, new.private, new.archived)
    accessible, accessible_as_of = True, fact.as_of
    if rows:
        row = rows[0]
        known = tuple(row[:7])
        if (row["owner"].lower(), row["name"].lower()) != (new.owner.lower(), new.name.lower()):
            former = (new.owner, new.name) if seen <= known else (row["owner"], row["name"])
            add_former_name = """
                INSERT INTO former_names (owner, name, repository_id, as_of) VALUES (lower($1), lower($2), $3, $4)
                ON CONFLICT (owner, name, repository_id) DO UPDATE
                    SET as_of = greatest(former_names.as_of, excluded.as_of)
            """
            transaction.execute(add_former_name, *former, new.id, fact.as_of)
        if seen <= known:
            return
        if seen[1:] != known[1:]:
            resync_petitions_of(transaction, new.id, now)
        if row["accessible_as_of"] > fact.as_of:
            accessible, accessible_as_of = row["accessible"], row["accessible_as_of"]
    columns = (
        new.id, fact.installation_id, new.owner, new.name, new.private, new.archived, fact.deleted, fact.as_of,
        accessible, accessible_as_of,
    )  # fmt: skip
    transaction.put(upsert("repositories", "id", _REPOSITORY_COLUMNS), [columns])
