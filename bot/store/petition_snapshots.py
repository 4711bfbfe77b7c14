"""A petition at one moment: its threads, count, rules and newest signatures, and the state that it is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from bot.petition.facts_from_github import Repository
from bot.petition.letter_versions_and_translations import Letter
from bot.petition.machine_readable_lines import Coverage
from bot.petition.rules_in_force import Rules, read_rules
from bot.petition.tally import DigestSum, Signature
from bot.store.comment_rows import SIGNATURE_COLUMNS, read_repository
from bot.store.engine.database import Transaction
from bot.store.letters import KnownTranslations, read_changed, read_known_translations, read_letters
from bot.store.petition_obstacles import STATE_OF_PETITION, State
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


_SAME_NAMES: Final = (
    "installation_id", "page_key", "closed_at", "count", "unlisted", "revision", "published_revision",
    "published_at", "ended_at", "final_count", "anonymised_at", "doubtful",
)  # fmt: skip
"""The columns of `_PETITION` that are fields of a `Snapshot` as they are."""


def _read_threads(transaction: Transaction, petition_id: int) -> tuple[Thread, ...]:
    sql = """
        SELECT t.issue_id, t.number, t.position, t.title, t.locked, t.comments, t.listed_at, t.known_to,
               t.reread > t.reread_done, r.id, r.owner, r.name, r.private, r.archived
        FROM threads t JOIN repositories r ON r.id = t.repository_id
        WHERE t.petition_id = $1 AND NOT t.gone
        ORDER BY t.position
    """
    return tuple(
        Thread(
            issue_id, read_repository(*repository), number, position, title, bool(locked), comments, listed_at,
            known_to, bool(is_to_read),
        )
        for issue_id, number, position, title, locked, comments, listed_at, known_to, is_to_read, *repository in (
            transaction.fetch(sql, petition_id)
        )
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
    row, threads = rows[0], _read_threads(transaction, petition_id)
    letters, rules = read_letters(transaction, petition_id), read_rules(row["rules"])
    newest_signatures = f"""
        SELECT {SIGNATURE_COLUMNS}
        FROM signatures WHERE petition_id = $1 AND NOT unlisted
        ORDER BY signed_at DESC, comment_id DESC LIMIT $2
    """
    coverage = _read_coverage(transaction, petition_id, threads, rules, row["doubtful"])
    return Snapshot(
        petition_id=petition_id,
        repository=read_repository(
            row["repository_id"], row["owner"], row["name"], row["private"], row["archived"]
        ),
        title=threads[0].title if threads else "",
        labelled=bool(row["labelled"]),
        digest=DigestSum.from_bytes(row["digest_sum"]).digest,
        newest=tuple(Signature(*each) for each in transaction.fetch(newest_signatures, petition_id, newest)),
        threads=threads,
        letters=letters,
        letter_changed=read_changed(transaction, petition_id, letters),
        state=State(row["state"]),
        rules=rules,
        coverage=coverage if row["labelled"] else None,
        translations=read_known_translations(transaction, petition_id),
        **{name: row[name] for name in _SAME_NAMES},
    )


def read_days(transaction: Transaction, petition_id: int) -> list[tuple[int, int]]:
    """Return how many signed on which day, in days since 1970, ascending."""
    sql = "SELECT day, signatures FROM days WHERE petition_id = $1 AND signatures > 0 ORDER BY day"
    return [(day, signatures) for day, signatures in transaction.fetch(sql, petition_id)]
