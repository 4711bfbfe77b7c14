"""The versions of a petition's letter: when each text was seen, and every text once.

Versions that nobody saw when they stood, and that no delivery showed, are in the history of the issue's body.
When to read that again is a mark, `letter` with the petition's id.

And the translations of letters: the files that the settings name for a petition, and their last good texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.block.body import letter, letter_digest
from bot.petition.letter_versions_and_translations import (
    Letter,
    Translation,
    TranslationFault,
    other_texts,
    versions,
)
from bot.store.engine.database import Records, Transaction, read_transaction, write_transaction
from bot.store.threads_to_read import (
    USABLE_THREADS,
    ThreadToRead,
    first_thread,
    record_change,
    request_publishing,
)
from bot.time_types import EpochSeconds, WholeEpochSeconds

TEXTS_KEPT: Final = 200
"""Of each petition; who edits on and on shall not fill the database, and the issue's edit history has them all."""

_SECONDS_PER_DAY: Final = 86_400

NEVER: Final = 2**62
"""When to read a history again that has been read."""


class Letters(Records):
    """The letters that people sign."""

    @write_transaction
    def record(
        self, transaction: Transaction, petition_id: int, issue_id: int, body: str | None, at: WholeEpochSeconds,
        *, as_created: bool = False,
    ) -> None:  # fmt: skip
        """Record the letter in a body as it was last changed at a time, unless that version is known.

        What was read before an edit that GitHub has reported is out of date, and left out. An issue that is
        `as_created` has no history to read.
        """
        if as_created:
            transaction.execute(_POSTPONE_HISTORY, petition_id, NEVER)
        rows = transaction.fetch("SELECT edited_at FROM bodies WHERE issue_id = $1", issue_id)
        if rows and rows[0]["edited_at"] > at:
            return
        # Of two edits of one second it is not known which was the last; the body shows it, if only a second later.
        known = transaction.fetch(_LETTER_AT, petition_id, at + 1)
        if known and known[0]["digest"] == letter_digest(body):
            return
        _add(transaction, petition_id, body, max(at, known[0]["seen_at"] + 1) if known else at)

    async def get_thread_without_history(
        self, installation_id: int, now: EpochSeconds, *, published: bool = True
    ) -> ThreadToRead | None:
        """Return the first thread of a petition whose letter's history has not been read.

        Those that are not `published` yet wait, unless they are wanted too.
        """
        # All signatures are known, and what the letter says now.
        sql = f"""
            {USABLE_THREADS}
            WHERE t.position = 1 AND NOT t.gone AND r.installation_id = $1
              AND p.labelled AND p.published_revision >= $3
              AND NOT EXISTS (SELECT 1 FROM threads o WHERE o.petition_id = p.id AND NOT o.gone AND o.listed_at = 0)
              AND NOT EXISTS (SELECT 1 FROM marks m WHERE m.name = 'letter ' || p.id AND m.at > $2)
            ORDER BY p.id LIMIT 1
        """
        return first_thread(await self._fetch(sql, installation_id, int(now), int(published)))

    @write_transaction
    def record_history(
        self, transaction: Transaction, petition_id: int, bodies: Sequence[tuple[WholeEpochSeconds, str]]
    ) -> None:
        """Record bodies that people saved, each with its time, by the issue's edit history.

        What that changes is to be shown.
        """
        before = read_letters(transaction, petition_id)
        # Of two counts for one version the higher one: who signed may not have been known yet.
        sql = """
            UPDATE letters SET count = greatest(count, s.signed)
            FROM (SELECT count(*) AS signed FROM signatures WHERE petition_id = $1 AND signed_at <= $2) AS s
            WHERE petition_id = $1 AND seen_at = $2 AND digest = $3
        """
        for at, body in bodies:
            _add(transaction, petition_id, body, at)
            transaction.execute(sql, petition_id, at, letter_digest(body))
        if read_letters(transaction, petition_id) != before:
            request_publishing(transaction, [petition_id], int(self._now()))

    async def postpone_history(self, petition_id: int, until: WholeEpochSeconds = NEVER) -> None:
        """Set when to read the letter's history; without a time, that it has been read."""
        await self._execute(_POSTPONE_HISTORY, petition_id, until)


_POSTPONE_HISTORY: Final = """
    INSERT INTO marks (name, at) SELECT 'letter ' || $1::BIGINT, $2::BIGINT
    WHERE EXISTS (SELECT 1 FROM petitions WHERE id = $1)
    ON CONFLICT (name) DO UPDATE SET at = excluded.at
"""

_LETTER_AT: Final = """
    SELECT digest, seen_at FROM letters WHERE petition_id = $1 AND seen_at <= $2
    ORDER BY seen_at DESC, digest DESC LIMIT 1
"""


def record_edit(
    transaction: Transaction, petition_id: int, previous: str, body: str, at: WholeEpochSeconds
) -> None:
    """Record an edit of the letter; the text before it too, where nothing is known of that time."""
    if not transaction.fetch(_LETTER_AT, petition_id, at - 1):
        _add(transaction, petition_id, previous, at - 1)
    _add(transaction, petition_id, body, at)


def _add(transaction: Transaction, petition_id: int, body: str | None, at: WholeEpochSeconds) -> None:
    digest = letter_digest(body)
    sql = """
        INSERT INTO letters (petition_id, seen_at, digest, count)
        SELECT $1::BIGINT, $2::BIGINT, $3::TEXT, count(*) FROM signatures WHERE petition_id = $1 AND signed_at <= $2
        ON CONFLICT DO NOTHING
    """
    transaction.execute(sql, petition_id, at, digest)
    # PostgreSQL stores neither of these two.
    text = letter(body).replace("\0", "").encode("utf-8", "replace").decode()
    add_text = """
        INSERT INTO letter_texts (petition_id, digest, text)
        SELECT $1::BIGINT, $2::TEXT, $3::TEXT
        WHERE (SELECT count(*) FROM letter_texts WHERE petition_id = $1) < $4
        ON CONFLICT DO NOTHING
    """
    transaction.execute(add_text, petition_id, digest, text, TEXTS_KEPT)


def read_letters(transaction: Transaction, petition_id: int) -> tuple[Letter, ...]:
    """Return the versions, the oldest first, without their texts."""
    sql = "SELECT digest, seen_at, count FROM letters WHERE petition_id = $1 ORDER BY seen_at, digest"
    return versions(Letter(*row) for row in transaction.fetch(sql, petition_id))


def read_letters_with_texts(
    transaction: Transaction, petition_id: int, newest: int | None = None
) -> tuple[Letter, ...]:
    """Return all versions, the oldest first, and of the newest, or all, the texts as they were first seen."""
    letters = read_letters(transaction, petition_id)
    first = 0 if newest is None else max(len(letters) - newest, 0)
    sql = "SELECT digest, text FROM letter_texts WHERE petition_id = $1 AND digest = ANY($2::TEXT[])"
    rows = transaction.fetch(sql, petition_id, [one.digest for one in letters[first:]])
    texts = {row["digest"]: row["text"] for row in rows}
    return (*letters[:first], *(replace(one, text=texts.get(one.digest)) for one in letters[first:]))


def _count_signed(
    transaction: Transaction, petition_id: int, after: WholeEpochSeconds, until: WholeEpochSeconds
) -> int:
    """Return how many of those who have signed did so after a time, and until another."""
    first_day, last_day = max(after, 0) // _SECONDS_PER_DAY, until // _SECONDS_PER_DAY
    of_first_day = after, min(until, (first_day + 1) * _SECONDS_PER_DAY - 1)
    of_last_day = (last_day * _SECONDS_PER_DAY - 1 if last_day > first_day else until), until
    # Whole days are counted already; so a count takes no longer for a longer tally.
    sql = """
        SELECT (SELECT coalesce(sum(signatures), 0)::BIGINT FROM days
                WHERE petition_id = $1 AND day > $2 AND day < $3)
             + (SELECT count(*) FROM signatures WHERE petition_id = $1 AND signed_at > $4 AND signed_at <= $5)
             + (SELECT count(*) FROM signatures WHERE petition_id = $1 AND signed_at > $6 AND signed_at <= $7)
    """
    found = transaction.fetch(sql, petition_id, first_day, last_day, *of_first_day, *of_last_day)
    count: int = found[0][0]
    return count


def read_changed(
    transaction: Transaction, petition_id: int, letters: tuple[Letter, ...]
) -> tuple[WholeEpochSeconds, int] | None:
    """Return when the letter last changed and how many signed another text, if not all signed what it says now."""
    others = sum(_count_signed(transaction, petition_id, *times) for times in other_texts(letters))
    return (letters[-1].seen_at, others) if others else None


class KnownTranslations(Struct, frozen=True):
    """A petition's translations, and the reading of the settings after which their files were read; 0 for none."""

    files: tuple[Translation, ...] = ()
    settings_read_at: WholeEpochSeconds = 0

    @property
    def offered(self) -> tuple[Translation, ...]:
        """Return those that can be read."""
        return tuple(one for one in self.files if one.digest)


class TranslatedPetition(Struct, frozen=True):
    """A petition whose translations may be read: the number of its first issue, and what is known of them."""

    petition_id: int
    number: int
    known: KnownTranslations


class Translations(Records):
    """What is read of the files."""

    @read_transaction
    def list_in_repository(self, transaction: Transaction, repository_id: int) -> list[TranslatedPetition]:
        """List the petitions of a repository with what is known of their translations."""
        sql = """
            SELECT p.id, t.number FROM threads t JOIN petitions p ON p.id = t.petition_id AND NOT p.gone
            WHERE t.repository_id = $1 AND t.position = 1 AND NOT t.gone ORDER BY p.id
        """
        return [
            TranslatedPetition(petition_id, number, read_known_translations(transaction, petition_id))
            for petition_id, number in transaction.fetch(sql, repository_id)
        ]

    @write_transaction
    def record(
        self,
        transaction: Transaction,
        petition_id: int,
        found: Sequence[Translation],
        texts: Mapping[str, str],
        settings_read_at: WholeEpochSeconds,
        began_with: KnownTranslations,
    ) -> None:
        """Record a petition's translations, with `texts` by their digests; a text that is known need not be there.

        What that changes is to be shown. `began_with` is what was known when the reading began: a file of which
        somebody pushed another version since is read again.
        """
        before = read_known_translations(transaction, petition_id)
        if before.settings_read_at != began_with.settings_read_at:
            settings_read_at = 0
        if tuple(found) == before.files:
            mark_read = "UPDATE translations SET settings_read_at = $2 WHERE petition_id = $1"
            transaction.execute(mark_read, petition_id, settings_read_at)
            return
        sql = "SELECT digest, text FROM translations WHERE petition_id = $1"
        kept = {digest: text for digest, text in transaction.fetch(sql, petition_id) if digest} | dict(texts)
        drop_translations(transaction, petition_id)
        add = """
            INSERT INTO translations (petition_id, place, language, path, digest, text, committed_at, fault,
                                      settings_read_at)
            SELECT $1::BIGINT, $2::BIGINT, $3::TEXT, $4::TEXT, $5::TEXT, $6::TEXT, $7::BIGINT, $8::TEXT, $9::BIGINT
            WHERE EXISTS (SELECT 1 FROM petitions WHERE id = $1 AND NOT gone)
        """
        for place, one in enumerate(_with_texts(found, before.files, kept)):
            transaction.execute(
                add, petition_id, place, one.language, one.path, one.digest, kept.get(one.digest, ""),
                one.committed_at, one.fault or "", settings_read_at,
            )  # fmt: skip
        record_change(transaction, [petition_id], int(self._now()))


def _with_texts(
    found: Sequence[Translation], before: Sequence[Translation], kept: Mapping[str, str]
) -> Iterator[Translation]:
    """Return translations so that each has a text that there is: another reading may have replaced the last one."""
    shown = {(one.language, one.path): one for one in before if one.digest}
    for one in found:
        if one.digest and one.digest not in kept:
            last = shown.get((one.language, one.path), replace(one, digest="", committed_at=0))
            yield replace(last, fault=one.fault)
        else:
            yield one


def read_known_translations(transaction: Transaction, petition_id: int) -> KnownTranslations:
    """Return a petition's translations, without their texts."""
    sql = """
        SELECT language, path, digest, committed_at, fault, settings_read_at FROM translations
        WHERE petition_id = $1 ORDER BY place
    """
    rows = transaction.fetch(sql, petition_id)
    return KnownTranslations(
        tuple(
            Translation(language, path, digest, committed_at, TranslationFault(fault) if fault else None)
            for language, path, digest, committed_at, fault, _ in rows
        ),
        min((row[-1] for row in rows), default=0),
    )


def read_translated_text(transaction: Transaction, petition_id: int, language: str) -> str:
    """Return the text of a translation; empty where there is none."""
    sql = """
        SELECT text FROM translations WHERE petition_id = $1 AND language = $2 AND digest <> ''
        ORDER BY place LIMIT 1
    """
    rows = transaction.fetch(sql, petition_id, language)
    return str(rows[0][0]) if rows else ""


def is_any_translation(transaction: Transaction, repository_id: int, paths: Sequence[str]) -> bool:
    """Return whether any of some files of a repository is a translation, or was to be one."""
    sql = """
        SELECT t.petition_id FROM translations t JOIN petitions p ON p.id = t.petition_id
        WHERE p.repository_id = $1 AND t.path = ANY($2::TEXT[]) LIMIT 1
    """
    return bool(transaction.fetch(sql, repository_id, list(paths)))


def request_translations(transaction: Transaction, repository_id: int) -> None:
    """Request that all translations of a repository are read again."""
    sql = """
        UPDATE translations SET settings_read_at = 0
        WHERE petition_id IN (SELECT id FROM petitions WHERE repository_id = $1)
    """
    transaction.execute(sql, repository_id)


def drop_translations(transaction: Transaction, petition_id: int) -> None:
    """Drop a petition's translations and their texts."""
    transaction.execute("DELETE FROM translations WHERE petition_id = $1", petition_id)
