"""Petitions: which are to be published, and what is known of one at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from bot.petition.counting.tally import DigestSum, Signature
from bot.petition.github_facts import Repository
from bot.petition.letter_versions import Letter
from bot.petition.organizers.rules_in_force import Rules
from bot.store.engine.database import Records, Transaction, read_transaction, statement
from bot.store.errors import NoSuchPetition
from bot.store.letters import read_changed, read_letters
from bot.store.row_codec import SIGNATURE_COLUMNS, read_repository, read_rules
from bot.store.states import STATE_OF_PETITION, State
from bot.store.threads import USABLE, request_publishing
from bot.units import EpochSeconds, WholeEpochSeconds


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


class Thread(Struct, frozen=True):
    """An issue of a petition; the petition issue has position 1."""

    issue_id: int
    repository: Repository
    number: int
    position: int
    title: str
    locked: bool
    comments: int
    listed_at: WholeEpochSeconds


class Snapshot(Struct, frozen=True):
    """A petition at one moment."""

    petition_id: int
    installation_id: int
    repository: Repository
    title: str
    page_key: str
    labelled: bool
    closed_at: WholeEpochSeconds | None
    count: int
    digest: str
    newest: tuple[Signature, ...]
    threads: tuple[Thread, ...]
    letters: tuple[Letter, ...]
    """The versions of the letter, the oldest first, without their texts."""
    letter_changed: tuple[WholeEpochSeconds, int] | None
    """When the letter last changed and how many had signed by then, unless all have signed what it says now."""
    revision: int
    published_revision: int
    published_at: WholeEpochSeconds | None
    state: State
    rules: Rules
    ended_at: WholeEpochSeconds | None
    """The end that the block shows: when signing ended, with `final_count` signatures."""
    final_count: int | None
    anonymised_at: WholeEpochSeconds | None
    """When names, affiliations, reasons and logins were erased, because the petition had ended long ago."""
    doubtful: int
    """Comments of which only GitHub knows who wrote their text; until it answers, they do not sign."""

    @property
    def shut_at(self) -> WholeEpochSeconds | None:
        """Return when it was closed, the issue or by a command; None while neither is."""
        closings = (self.closed_at, self.rules.closed_at)
        return min((at for at in closings if at is not None), default=None)

    @property
    def private(self) -> bool:
        """Return whether its pages are only for those who have the key."""
        return self.repository.private


class Petitions(Records):
    """Petitions, and the queue of those to be published."""

    _INSTALLATIONS_WITH_WORK: Final = statement(f"""
        WITH RECURSIVE unacknowledged (petition_id) AS (
            -- From petition to petition by the index, however many comments wait.
            SELECT min(petition_id) FROM comments WHERE ack_due
            UNION ALL
            SELECT (SELECT min(c.petition_id) FROM comments c WHERE c.ack_due AND c.petition_id > u.petition_id)
            FROM unacknowledged u WHERE u.petition_id IS NOT NULL
        ),
        busy (repository_id) AS (
            SELECT repository_id FROM petitions
            WHERE revision > published_revision AND NOT gone AND retry_at <= $1
            UNION
            SELECT repository_id FROM petitions
            WHERE ends_at IS NOT NULL AND ended_at IS NULL AND NOT gone AND ends_at + 1 <= $1 AND retry_at <= $1
            UNION
            SELECT t.repository_id FROM threads t JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            WHERE t.reread > t.reread_done AND t.reread_asked_at > 0 AND NOT t.gone
              AND (t.read_retry_at <= $1 OR t.reread > t.put_off)
            UNION
            SELECT p.repository_id FROM unacknowledged u JOIN petitions p ON p.id = u.petition_id
            UNION
            SELECT t.repository_id FROM doubts d JOIN comments c ON c.id = d.comment_id
            JOIN threads t ON t.issue_id = c.issue_id AND NOT t.gone
            JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            WHERE d.wanted > d.done AND d.ask_after <= $1
        )
        SELECT DISTINCT r.installation_id FROM busy b
        {USABLE.format(of="b")}
        ORDER BY r.installation_id
    """)

    async def list_installations_with_work(self, now: EpochSeconds) -> list[int]:
        """List installations that have petitions to publish, threads to read or comments to acknowledge."""
        return [row[0] for row in await self._fetch(self._INSTALLATIONS_WITH_WORK, now)]

    _DUE: Final = statement(f"""
        SELECT p.id, r.installation_id, p.revision, p.published_revision, p.changed_at, p.attempts
        FROM petitions p
        {USABLE.format(of="p")}
        WHERE p.id IN (
                SELECT id FROM petitions WHERE revision > published_revision AND NOT gone AND retry_at <= $2
                UNION
                SELECT id FROM petitions
                WHERE ends_at IS NOT NULL AND ended_at IS NULL AND NOT gone AND ends_at + 1 <= $2 AND retry_at <= $2
            )
            AND r.installation_id = $1
        ORDER BY p.changed_at, p.id LIMIT 200
    """)

    async def list_due(self, installation_id: int, now: EpochSeconds) -> list[Due]:
        """List an installation's petitions to be published, the longest waiting first."""
        return [Due(*row) for row in await self._fetch(self._DUE, installation_id, now)]

    _BACKLOG: Final = statement(f"""
        SELECT count(*) AS petitions, min(p.changed_at) AS since
        FROM petitions p
        {USABLE.format(of="p")}
        WHERE p.revision > p.published_revision AND NOT p.gone
    """)

    async def get_backlog(self) -> Backlog:
        """Return how much is to be published, those that were postponed included; raises DatabaseUnavailable."""
        return Backlog(*(await self._fetch(self._BACKLOG))[0])

    @read_transaction
    def get_snapshot(self, transaction: Transaction, petition_id: int, newest: int) -> Snapshot:
        """Read a petition at one moment, with its newest signatures; raises NoSuchPetition where there is none."""
        snapshot = read_snapshot(transaction, petition_id, newest)
        if snapshot is None:
            raise NoSuchPetition(petition_id)
        return snapshot

    _MARK_PUBLISHED: Final = statement("""
        UPDATE petitions
        SET published_revision = CASE WHEN published_revision < $2 THEN $2 ELSE published_revision END,
            published_at = $3, changed_at = CASE WHEN revision > $2 THEN $3 ELSE changed_at END,
            attempts = 0, retry_at = 0, state = $4, detail = ''
        WHERE id = $1
    """)

    async def mark_published(
        self, petition_id: int, revision: int, at: WholeEpochSeconds,
        state: State = State.FINE,
    ) -> None:  # fmt: skip
        """Record that the issue body shows a revision, or a later one; `state` is what is wrong nevertheless."""
        await self._execute(self._MARK_PUBLISHED, petition_id, revision, at, state.value)

    _POSTPONE: Final = statement("""
        UPDATE petitions SET retry_at = $2, state = $3, detail = $4, attempts = $5 WHERE id = $1
    """)

    async def postpone(
        self, petition_id: int, until: EpochSeconds, state: State, attempts: int,
        detail: str = "",
    ) -> None:  # fmt: skip
        """Postpone publishing until a time; `state` is the reason, `detail` GitHub's message."""
        await self._execute(self._POSTPONE, petition_id, until, state.value, detail, attempts)

    async def request_publishing(self, petition_ids: Sequence[int]) -> None:
        """Request that petitions are published, which reads their issues; one that was postponed stays so."""
        if petition_ids:
            now = int(self._now())
            await self._database.write(lambda transaction: request_publishing(transaction, petition_ids, now))

    _RETRY_NOW: Final = statement("UPDATE petitions SET attempts = 0, retry_at = 0 WHERE id = ANY($1::BIGINT[])")

    async def retry_now(self, petition_ids: Sequence[int]) -> None:
        """Retry postponed petitions at once."""
        if petition_ids:
            await self._database.write(lambda transaction: transaction.execute(self._RETRY_NOW, petition_ids))

    _IN_REPOSITORY: Final = statement("""
        SELECT p.id, t.issue_id, p.labelled, p.state, b.left_digest
        FROM threads t
        JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
        LEFT JOIN bodies b ON b.issue_id = t.issue_id
        WHERE t.repository_id = $1 AND t.position = 1 AND NOT t.gone
    """)

    async def list_in_repository(self, repository_id: int) -> list[KnownPetition]:
        """List the petitions of a repository that are not gone."""
        return [
            KnownPetition(petition_id, issue_id, bool(labelled), State(state), left_digest or "")
            for petition_id, issue_id, labelled, state, left_digest in await self._fetch(
                self._IN_REPOSITORY, repository_id
            )
        ]

    async def mark_continuing(self, petition_id: int, at: WholeEpochSeconds) -> None:
        """Record that an issue is about to be opened that continues a petition."""
        await self._execute(_SET_CONTINUING, petition_id, at)


_SET_CONTINUING: Final = statement("UPDATE petitions SET continuing_at = $2 WHERE id = $1")


def set_continuing(transaction: Transaction, petition_id: int, at: WholeEpochSeconds) -> None:
    """Set when an issue was asked for that continues a petition; 0 when it is there."""
    transaction.execute(_SET_CONTINUING, petition_id, at)


_CONTINUING: Final = statement("SELECT continuing_at FROM petitions WHERE id = $1")


def read_continuing_at(transaction: Transaction, petition_id: int) -> WholeEpochSeconds:
    """Return when an issue was last asked for that continues a petition and is not known yet; 0 for never."""
    rows = transaction.fetch(_CONTINUING, petition_id)
    at: WholeEpochSeconds = rows[0][0] if rows else 0
    return at


_PETITION: Final = statement(f"""
    SELECT p.page_key, p.labelled, p.closed_at, p.count, p.digest_sum, p.revision, p.published_revision,
           p.published_at, p.repository_id, r.owner, r.name, r.private, r.archived, r.installation_id,
           {STATE_OF_PETITION} AS state,
           (SELECT count(*) FROM comments c WHERE c.petition_id = p.id AND c.doubtful) AS doubtful,
           p.rules, p.ended_at, p.final_count, p.anonymised_at
    FROM petitions p
    JOIN repositories r ON r.id = p.repository_id
    JOIN installations i ON i.id = r.installation_id
    WHERE p.id = $1
""")

_THREADS: Final = statement("""
    SELECT t.issue_id, t.number, t.position, t.title, t.locked, t.comments, t.listed_at,
           r.id, r.owner, r.name, r.private, r.archived
    FROM threads t JOIN repositories r ON r.id = t.repository_id
    WHERE t.petition_id = $1 AND NOT t.gone
    ORDER BY t.position
""")

_NEWEST_SIGNATURES: Final = statement(f"""
    SELECT {SIGNATURE_COLUMNS}
    FROM signatures WHERE petition_id = $1
    ORDER BY signed_at DESC, comment_id DESC LIMIT $2
""")


def read_snapshot(transaction: Transaction, petition_id: int, newest: int) -> Snapshot | None:
    """Read a petition with its newest signatures; None where there is none. Takes no longer for a longer tally."""
    rows = transaction.fetch(_PETITION, petition_id)
    if not rows:
        return None
    row = rows[0]
    threads = tuple(_thread(*each) for each in transaction.fetch(_THREADS, petition_id))
    letters = read_letters(transaction, petition_id)
    return Snapshot(
        petition_id=petition_id,
        installation_id=row.installation_id,
        repository=read_repository(row.repository_id, row.owner, row.name, row.private, row.archived),
        title=threads[0].title if threads else "",
        page_key=row.page_key,
        labelled=bool(row.labelled),
        closed_at=row.closed_at,
        # `row.count` is what every tuple has.
        count=row[3],
        digest=DigestSum.from_bytes(row.digest_sum).digest,
        newest=tuple(Signature(*each) for each in transaction.fetch(_NEWEST_SIGNATURES, petition_id, newest)),
        threads=threads,
        letters=letters,
        letter_changed=read_changed(transaction, petition_id, letters),
        revision=row.revision,
        published_revision=row.published_revision,
        published_at=row.published_at,
        state=State(row.state),
        rules=read_rules(row.rules),
        ended_at=row.ended_at,
        final_count=row.final_count,
        anonymised_at=row.anonymised_at,
        doubtful=row.doubtful,
    )


def _thread(
    issue_id: int, number: int, position: int, title: str, locked: bool, comments: int,
    listed_at: WholeEpochSeconds, *repository: Any,
) -> Thread:  # fmt: skip
    return Thread(
        issue_id, read_repository(*repository), number, position, title, bool(locked), comments, listed_at
    )
