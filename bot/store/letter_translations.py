"""The translations of letters: the files that the settings name for a petition, and their last good texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.letter_translations import Translation, TranslationFault
from bot.store.engine.database import Records, Transaction, read_transaction, write_transaction
from bot.time_types import WholeEpochSeconds


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
        transaction.execute(_PUBLISH, petition_id, int(self._now()))


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


_PUBLISH: Final = """
    UPDATE petitions
    SET revision = revision + 1, changed_at = CASE WHEN revision = published_revision THEN $2 ELSE changed_at END
    WHERE id = $1
"""


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
