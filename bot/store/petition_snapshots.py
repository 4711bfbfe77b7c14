"""A petition at one moment: its threads, count, rules and newest signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from bot.petition.counting.tally import DigestSum, Signature
from bot.petition.letter_versions import Letter
from bot.petition.machine_readable_tally import Coverage
from bot.petition.organizers.rules_in_force import Rules
from bot.petition.reported_facts import Repository
from bot.store.engine.database import Transaction
from bot.store.letter_translations import KnownTranslations, read_known_translations
from bot.store.letters import read_changed, read_letters
from bot.store.petition_states import STATE_OF_PETITION, State
from bot.store.row_codec import SIGNATURE_COLUMNS, read_repository, read_rules
from bot.time_types import WholeEpochSeconds


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
    known_to: WholeEpochSeconds = 0
    """The time up to which all its comments are known; 0 where that is not known."""
    is_to_read: bool = False


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
    unlisted: int
    """How many of them asked not to be listed."""
    digest: str
    newest: tuple[Signature, ...]
    threads: tuple[Thread, ...]
    letters: tuple[Letter, ...]
    """The versions of the letter, the oldest first, without their texts."""
    letter_changed: tuple[WholeEpochSeconds, int] | None
    """When the letter last changed and how many signed another text, unless all have signed what it says now."""
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
    coverage: Coverage | None = None
    """Which comments are counted; None where that is not known, or where none are."""
    translations: KnownTranslations = KnownTranslations()
    """The letter in other languages, without the texts."""

    @property
    def shut_at(self) -> WholeEpochSeconds | None:
        """Return when it was closed, the issue or by a command; None while neither is."""
        closings = (self.closed_at, self.rules.closed_at)
        return min((at for at in closings if at is not None), default=None)

    @property
    def private(self) -> bool:
        """Return whether its pages are only for those who have the key."""
        return self.repository.private


_PETITION: Final = f"""
    SELECT p.page_key, p.labelled, p.closed_at, p.count, p.digest_sum, p.revision, p.published_revision,
           p.published_at, p.repository_id, r.owner, r.name, r.private, r.archived, r.installation_id,
           {STATE_OF_PETITION} AS state,
           (SELECT count(*) FROM signatures s WHERE s.petition_id = p.id AND s.unlisted) AS unlisted,
           (SELECT count(*) FROM comments c WHERE c.petition_id = p.id AND c.doubtful) AS doubtful,
           p.rules, p.ended_at, p.final_count, p.anonymised_at
    FROM petitions p
    JOIN repositories r ON r.id = p.repository_id
    JOIN installations i ON i.id = r.installation_id
    WHERE p.id = $1
"""


_THREADS: Final = """
    SELECT t.issue_id, t.number, t.position, t.title, t.locked, t.comments, t.listed_at,
           t.known_to, t.reread > t.reread_done,
           r.id, r.owner, r.name, r.private, r.archived
    FROM threads t JOIN repositories r ON r.id = t.repository_id
    WHERE t.petition_id = $1 AND NOT t.gone
    ORDER BY t.position
"""


_NEWEST_SIGNATURES: Final = f"""
    SELECT {SIGNATURE_COLUMNS}
    FROM signatures WHERE petition_id = $1 AND NOT unlisted
    ORDER BY signed_at DESC, comment_id DESC LIMIT $2
"""


def _thread(
    issue_id: int, number: int, position: int, title: str, locked: bool, comments: int,
    listed_at: WholeEpochSeconds, known_to: WholeEpochSeconds, is_to_read: bool, *repository: Any,
) -> Thread:  # fmt: skip
    return Thread(
        issue_id, read_repository(*repository), number, position, title, bool(locked), comments, listed_at,
        known_to, bool(is_to_read),
    )  # fmt: skip


def _read_coverage(
    transaction: Transaction, petition_id: int, threads: Sequence[Thread], rules: Rules, waiting: int
) -> Coverage | None:
    """Return which comments are counted.

    That holds whatever deliveries did not come: it rests on GitHub's lists alone. Where the age of accounts is
    asked for, a thread that is to be read may have somebody who signed and whose age is not known.
    """
    until = min((one.known_to for one in threads), default=0)
    if until <= 0 or (rules.asks_for_age and any(one.is_to_read for one in threads)):
        return None
    sql = "SELECT count(*) FROM signatures WHERE petition_id = $1 AND signed_at > $2"
    return Coverage(until, transaction.fetch(sql, petition_id, until)[0][0], waiting)


def read_snapshot(transaction: Transaction, petition_id: int, newest: int) -> Snapshot | None:
    """Read a petition with its newest signatures; None where there is none. Takes no longer for a longer tally."""
    rows = transaction.fetch(_PETITION, petition_id)
    if not rows:
        return None
    row = rows[0]
    threads = tuple(_thread(*each) for each in transaction.fetch(_THREADS, petition_id))
    letters, rules = read_letters(transaction, petition_id), read_rules(row["rules"])
    return Snapshot(
        petition_id=petition_id,
        installation_id=row["installation_id"],
        repository=read_repository(
            row["repository_id"], row["owner"], row["name"], row["private"], row["archived"]
        ),
        title=threads[0].title if threads else "",
        page_key=row["page_key"],
        labelled=bool(row["labelled"]),
        closed_at=row["closed_at"],
        count=row["count"],
        unlisted=row["unlisted"],
        digest=DigestSum.from_bytes(row["digest_sum"]).digest,
        newest=tuple(Signature(*each) for each in transaction.fetch(_NEWEST_SIGNATURES, petition_id, newest)),
        threads=threads,
        letters=letters,
        letter_changed=read_changed(transaction, petition_id, letters),
        revision=row["revision"],
        published_revision=row["published_revision"],
        published_at=row["published_at"],
        state=State(row["state"]),
        rules=rules,
        ended_at=row["ended_at"],
        final_count=row["final_count"],
        anonymised_at=row["anonymised_at"],
        doubtful=row["doubtful"],
        coverage=_read_coverage(transaction, petition_id, threads, rules, row["doubtful"])
        if row["labelled"]
        else None,
        translations=read_known_translations(transaction, petition_id),
    )
