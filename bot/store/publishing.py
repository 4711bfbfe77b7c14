"""The queue of petitions to be published; what a publication reads in one transaction, and records in another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from bot.petition.facts_from_github import IssueFact
from bot.petition.organizer_commands import CommandResults, GivenCommand, logins_in
from bot.petition.tally import Signature
from bot.store.engine.database import Database, Records, Transaction, read_transaction, write_transaction
from bot.store.errors import NoSuchPetition
from bot.store.issue_bodies import (
    KnownBody,
    OurWrite,
    mark_restored,
    mark_right,
    read_body,
    read_writes_since,
    record_write,
)
from bot.store.organizer_commands import Named, read_commands, read_named, read_organizers, record_rules
from bot.store.petition_obstacles import State
from bot.store.petition_snapshots import Snapshot, read_days, read_snapshot
from bot.store.recording.comment_and_issue_facts import RecordContext, record_observations
from bot.store.recording.unit_of_work import UnitOfWork
from bot.store.repository_settings import KnownSettings, read_settings
from bot.store.roster_pages import read_first
from bot.store.threads_to_read import NOT_PUT_OFF, USABLE, read_issues_of, request_publishing
from bot.time_types import EpochSeconds, WholeEpochSeconds


class Due(Struct, frozen=True):
    """A petition whose public picture changed; `since` is when the first unpublished change was recorded."""

    petition_id: int
    installation_id: int
    revision: int
    published_revision: int
    since: WholeEpochSeconds
    attempts: int


class Backlog(Struct, frozen=True):
    """Petitions whose body does not show what is stored yet; `since` is when the oldest became so."""

    petitions: int
    since: WholeEpochSeconds | None


class KnownPetition(Struct, frozen=True):
    """A petition as our rows have it; `left_digest` is of its body as we last left it."""

    id: int
    issue_id: int
    labelled: bool
    state: State
    left_digest: str


class Publication(Struct, frozen=True):
    """All that is known of a petition that is to be published, at one moment; bodies and writes by issue id.

    `writes` are ours since the one that replaced an edit unread, of bodies to which that happened.
    """

    petition: Snapshot
    bodies: Mapping[int, KnownBody]
    writes: Mapping[int, tuple[OurWrite, ...]]
    settings: KnownSettings
    commands: tuple[GivenCommand, ...]
    organizers: Mapping[int, tuple[bool, WholeEpochSeconds]]
    """Whether those who gave commands may do so, and when GitHub was asked, by user id."""
    named: Mapping[tuple[int, str], Named]
    """Whom commands mean, by the id of the command's comment and the login in it."""
    days: tuple[tuple[int, int], ...]
    """Signatures by day (UTC, since 1970), where the block says something of it."""
    continuing_at: WholeEpochSeconds
    """When a continuation issue was asked for that is not known yet; 0 for never."""
    first: tuple[Signature, ...] = ()
    """The signatures of those whom the settings name first, in their order."""


class PlannedBody(Struct, frozen=True):
    """What is to be done with an issue's body, and what was `known` and `shown` when that was decided.

    Without a `text` nothing is written; the shown body `is_right`, or its turn is later. `settles_lost`: an edit
    that one of our writes had replaced is back, or is out of date.
    """

    issue_id: int
    known: KnownBody
    shown: str | None
    text: str | None = None
    is_right: bool = False
    settles_lost: bool = False


_DUE: Final = """
    SELECT {column} FROM petitions
    WHERE revision > published_revision AND NOT gone AND retry_at <= {now}
    UNION
    SELECT {column} FROM petitions
    WHERE ends_at IS NOT NULL AND ended_at IS NULL AND NOT gone AND ends_at + 1 <= {now} AND retry_at <= {now}
"""


class Petitions(Records):
    """Petitions, and the queue of those to be published."""

    def __init__(
        self, database: Database, now: Callable[[], EpochSeconds], announce: Callable[[], None], label: str
    ) -> None:
        super().__init__(database, now, announce)
        self._label = label

    _INSTALLATIONS_WITH_WORK: Final = f"""
        WITH RECURSIVE unacknowledged (petition_id) AS (
            -- From petition to petition by the index, however many comments wait.
            SELECT min(petition_id) FROM comments WHERE ack_due
            UNION ALL
            SELECT (SELECT min(c.petition_id) FROM comments c WHERE c.ack_due AND c.petition_id > u.petition_id)
            FROM unacknowledged u WHERE u.petition_id IS NOT NULL
        ),
        busy (repository_id) AS (
            {_DUE.format(column="repository_id", now="$1")}
            UNION
            SELECT t.repository_id FROM threads t JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            WHERE t.reread > t.reread_done AND t.reread_asked_at > 0 AND NOT t.gone
              AND {NOT_PUT_OFF.format(now="$1")}
            UNION
            SELECT p.repository_id FROM unacknowledged u JOIN petitions p ON p.id = u.petition_id
            UNION
            SELECT t.repository_id FROM doubts d JOIN comments c ON c.id = d.comment_id
            JOIN threads t ON t.issue_id = c.issue_id AND NOT t.gone
            JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            WHERE d.wanted > d.done AND d.ask_after <= $1
            UNION
            SELECT p.repository_id FROM account_reviews v JOIN petitions p ON p.id = v.petition_id AND NOT p.gone
            WHERE v.due_after <= $1
        )
        SELECT DISTINCT r.installation_id FROM busy b
        {USABLE.format(of="b")}
        ORDER BY r.installation_id
    """

    async def list_installations_with_work(self, now: EpochSeconds) -> list[int]:
        """List installations with petitions to publish, threads to read, comments to acknowledge or accounts."""
        return [row[0] for row in await self._fetch(self._INSTALLATIONS_WITH_WORK, now)]

    async def list_due(self, installation_id: int, now: EpochSeconds) -> list[Due]:
        """List an installation's petitions to be published, the longest waiting first."""
        sql = f"""
            SELECT p.id, r.installation_id, p.revision, p.published_revision, p.changed_at, p.attempts
            FROM petitions p
            {USABLE.format(of="p")}
            WHERE p.id IN ({_DUE.format(column="id", now="$2")}) AND r.installation_id = $1
            ORDER BY p.changed_at, p.id LIMIT 200
        """
        return [Due(*row) for row in await self._fetch(sql, installation_id, now)]

    async def get_backlog(self) -> Backlog:
        """Return how much is to be published, those that were postponed included; raises DatabaseUnavailable."""
        sql = f"""
            SELECT count(*) AS petitions, min(p.changed_at) AS since
            FROM petitions p
            {USABLE.format(of="p")}
            WHERE p.revision > p.published_revision AND NOT p.gone
        """
        return Backlog(*(await self._fetch(sql))[0])

    @read_transaction
    def get_snapshot(self, transaction: Transaction, petition_id: int, newest: int) -> Snapshot:
        """Read a petition at one moment, with its newest signatures; raises NoSuchPetition where there is none."""
        snapshot = read_snapshot(transaction, petition_id, newest)
        if snapshot is None:
            raise NoSuchPetition(petition_id)
        return snapshot

    async def mark_published(
        self, petition_id: int, revision: int, at: WholeEpochSeconds,
        state: State = State.FINE,
    ) -> None:  # fmt: skip
        """Record that the issue body shows a revision, or a later one; `state` is what is wrong nevertheless."""
        sql = """
            UPDATE petitions
            SET published_revision = greatest(published_revision, $2),
                published_at = $3, changed_at = CASE WHEN revision > $2 THEN $3 ELSE changed_at END,
                attempts = 0, retry_at = 0, state = $4, detail = ''
            WHERE id = $1
        """
        await self._execute(sql, petition_id, revision, at, state.value)

    async def postpone(
        self, petition_id: int, until: EpochSeconds, state: State, attempts: int,
        detail: str = "",
    ) -> None:  # fmt: skip
        """Postpone publishing until a time; `state` is the reason, `detail` GitHub's message."""
        sql = "UPDATE petitions SET retry_at = $2, state = $3, detail = $4, attempts = $5 WHERE id = $1"
        await self._execute(sql, petition_id, until, state.value, detail, attempts)

    async def request_publishing(self, petition_ids: Sequence[int]) -> None:
        """Request that petitions are published, which reads their issues; one that was postponed stays so."""
        if petition_ids:
            now = int(self._now())
            await self._database.write(lambda transaction: request_publishing(transaction, petition_ids, now))

    async def retry_now(self, petition_ids: Sequence[int]) -> None:
        """Retry postponed petitions at once."""
        if petition_ids:
            sql = "UPDATE petitions SET attempts = 0, retry_at = 0 WHERE id = ANY($1::BIGINT[])"
            await self._execute(sql, petition_ids)

    async def list_in_repository(self, repository_id: int) -> list[KnownPetition]:
        """List the petitions of a repository that are not gone."""
        sql = """
            SELECT p.id, t.issue_id, p.labelled, p.state, b.left_digest
            FROM threads t
            JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            LEFT JOIN bodies b ON b.issue_id = t.issue_id
            WHERE t.repository_id = $1 AND t.position = 1 AND NOT t.gone
        """
        return [
            KnownPetition(petition_id, issue_id, bool(labelled), State(state), left_digest or "")
            for petition_id, issue_id, labelled, state, left_digest in await self._fetch(sql, repository_id)
        ]

    async def has_any_elsewhere(self, repository_id: int) -> bool:
        """Return whether a petition is known that is not in a repository, or not any more."""
        sql = f"""
            SELECT 1 FROM petitions p
            WHERE p.gone OR p.state = '{State.NOT_FOUND}'
               OR NOT EXISTS (
                    SELECT 1 FROM threads t
                    WHERE t.petition_id = p.id AND t.repository_id = $1 AND t.position = 1 AND NOT t.gone
                )
            LIMIT 1
        """
        return bool(await self._fetch(sql, repository_id))

    @read_transaction
    def load_publication(self, transaction: Transaction, petition_id: int, newest: int) -> Publication:
        """Read what is known of a petition, with its newest signatures; raises NoSuchPetition."""
        petition = read_snapshot(transaction, petition_id, newest)
        if petition is None:
            raise NoSuchPetition(petition_id)
        bodies = {thread.issue_id: read_body(transaction, thread.issue_id) for thread in petition.threads}
        commands = tuple(read_commands(transaction, petition_id))
        givers = {one.author.id for one in commands}
        rules = petition.rules.settings
        shows_days = rules.chart or (rules.milestones and rules.goals)
        return Publication(
            petition=petition,
            bodies=bodies,
            writes={
                issue_id: read_writes_since(transaction, issue_id, body.lost_by)
                for issue_id, body in bodies.items()
                if body.lost is not None
            },
            settings=read_settings(transaction, petition.repository.id),
            commands=commands,
            organizers=read_organizers(transaction, petition.repository.id, givers),
            named=read_named(transaction, [one.comment_id for one in commands if logins_in(one.command)]),
            first=tuple(one.signature for one in read_first(transaction, petition_id, rules.first, rules.show)),
            days=tuple(read_days(transaction, petition_id)) if shows_days else (),
            continuing_at=transaction.fetch("SELECT continuing_at FROM petitions WHERE id = $1", petition_id)[0][0],
        )

    async def apply_publication(
        self, petition_id: int, facts: Sequence[IssueFact], ruling: CommandResults, bodies: Sequence[PlannedBody]
    ) -> bool:
        """Record what GitHub shows, what became of commands, and the writes that are about to be sent.

        Return False, without recording any write, where an edit, a command or the end of an issue came meanwhile:
        the petition is still due. A signature that came meanwhile is no reason, or in a storm nothing would be
        written; it is published next.
        """
        now = int(self._now())

        def apply(transaction: Transaction) -> tuple[bool, bool]:
            known = UnitOfWork(
                transaction, [*read_issues_of(transaction, petition_id), *(one.issue_id for one in bodies)]
            )
            recorded = record_observations(transaction, facts, RecordContext(self._label, now))
            changed = record_rules(transaction, petition_id, ruling, now) or recorded.changed
            threads = [known.threads.get(body.issue_id) for body in bodies]
            if (
                any(thread is None or thread.gone for thread in threads)
                or read_commands(transaction, petition_id) != [outcome.command for outcome in ruling.outcomes]
                or any(read_body(transaction, body.issue_id) != body.known for body in bodies)
            ):
                return changed, False
            for body in bodies:
                _record_body(transaction, body, now)
            return changed, True

        changed, is_applied = await self._database.write(apply)
        if changed:
            self._announce()
        return is_applied

    @write_transaction
    def mark_continuing(self, transaction: Transaction, petition_id: int, at: WholeEpochSeconds) -> None:
        """Record that an issue is about to be opened that continues a petition."""
        set_continuing(transaction, petition_id, at)


def set_continuing(transaction: Transaction, petition_id: int, at: WholeEpochSeconds) -> None:
    """Set when an issue was asked for that continues a petition; 0 when it is there."""
    transaction.execute("UPDATE petitions SET continuing_at = $2 WHERE id = $1", petition_id, at)


def _record_body(transaction: Transaction, body: PlannedBody, now: WholeEpochSeconds) -> None:
    if body.settles_lost:
        mark_restored(transaction, body.issue_id, body.known.lost_by)
    if body.text is not None:
        record_write(transaction, body.issue_id, body.shown, body.text, now)
    elif body.is_right:
        mark_right(transaction, body.issue_id, body.shown)
