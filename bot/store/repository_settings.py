"""The settings file of a repository: what it said when it was last read, and its mistakes."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from bot.petition import settings_file
from bot.petition.settings import DEFAULTS, PATH, Settings
from bot.petition.settings_file import Mistake, explain_hiding, is_hiding, is_unapplied, restrict
from bot.petition.untrusted_text import text_digest
from bot.store.engine.database import Records, Transaction, read_transaction, write_transaction
from bot.store.installations import resync_petitions_of
from bot.store.letters import request_translations
from bot.time_types import WholeEpochSeconds


class KnownSettings(Struct, frozen=True):
    """A repository's settings: the last that had no mistakes, and the mistakes in the file as it is now.

    `digest` identifies the file's text, empty where there is no file. It is not `readable` where GitHub does not
    let us read it. `read_at` is when it was last read; 0 or less where that is to be done again. A mistake that
    0.1.0 found is a text.
    """

    settings: Settings = DEFAULTS
    digest: str = ""
    mistakes: tuple[Mistake | str, ...] = ()
    readable: bool = True
    read_at: WholeEpochSeconds = 0
    misplaced: str = ""
    """The path of a file that was meant to be the settings file, where there is none."""
    text: str = ""
    """The last text without mistakes, or what `restrict` made of the first one."""

    @property
    def is_read(self) -> bool:
        """Return whether nothing is known of a change since it was last read."""
        return self.read_at > 0

    @property
    def hides_people(self) -> bool:
        """Return whether nobody is shown: the first file has mistakes, and may be there to hide who has signed."""
        return is_hiding(self.text)

    def remarks(self, language: str) -> list[str]:
        """Return in a language what the organizers should know of the file."""
        mistakes = (one if isinstance(one, str) else one.in_language(language) for one in self.mistakes)
        remarks = [f"{PATH}, {mistake}" for mistake in mistakes]
        if self.hides_people:
            remarks.append(explain_hiding(language))
        return [*remarks, settings_file.explain_misplaced(self.misplaced, language)] if self.misplaced else remarks


class RepositorySettings(Records):
    """What is known of settings files."""

    @read_transaction
    def get(self, transaction: Transaction, repository_id: int) -> KnownSettings:
        """Return a repository's settings as they were when its file was last read."""
        return read_settings(transaction, repository_id)

    async def record(
        self,
        repository_id: int,
        text: str | None,
        at: WholeEpochSeconds,
        before: KnownSettings | None = None,
        misplaced: str = "",
    ) -> KnownSettings:
        """Record the settings file, None where there is none; one with mistakes leaves the settings as they are.

        Where no file was applied before, it can still hide who has signed: see `restrict`.

        Petitions are due again when something changed. `before` is what was known when the reading began: a change
        that was reported since is to be read all the same.
        """
        known = await self._record(repository_id, text, at, before, misplaced)
        self._announce()
        return known

    @write_transaction
    def _record(
        self, transaction: Transaction, repository_id: int, text: str | None, at: WholeEpochSeconds,
        began_with: KnownSettings | None, misplaced: str,
    ) -> KnownSettings:  # fmt: skip
        before = read_settings(transaction, repository_id)
        kept, found = before.text, settings_file.read(text or "")
        if isinstance(found, Settings):
            kept, found = text or "", ()
        elif is_unapplied(kept):
            kept = restrict(text or "")
        sql = """
            INSERT INTO settings (repository_id, text, digest, mistakes, readable, read_at, misplaced)
            VALUES ($1, $2, $3, $4, TRUE, $5, $7)
            ON CONFLICT (repository_id) DO UPDATE SET
                text = excluded.text, digest = excluded.digest, mistakes = excluded.mistakes,
                readable = excluded.readable, misplaced = excluded.misplaced,
                read_at = CASE WHEN settings.read_at = $6 THEN excluded.read_at ELSE settings.read_at END
        """
        transaction.execute(
            sql, repository_id, kept, "" if text is None else text_digest(text),
            msgspec.json.encode(found).decode(), at, (began_with or before).read_at, misplaced,
        )  # fmt: skip
        after = read_settings(transaction, repository_id)
        if any(getattr(after, name) != getattr(before, name) for name in ("settings", "mistakes", "misplaced")):
            resync_petitions_of(transaction, repository_id, at)
        return after

    @write_transaction
    def mark_unreadable(
        self, transaction: Transaction, repository_id: int, at: WholeEpochSeconds, before: KnownSettings
    ) -> KnownSettings:
        """Record that GitHub does not let us read the settings; those that we know stay in force."""
        sql = """
            INSERT INTO settings (repository_id, text, digest, mistakes, readable, read_at)
            VALUES ($1, '', '', '[]', FALSE, $2)
            ON CONFLICT (repository_id) DO UPDATE SET
                readable = FALSE,
                read_at = CASE WHEN settings.read_at = $3 THEN excluded.read_at ELSE settings.read_at END
        """
        transaction.execute(sql, repository_id, at, before.read_at)
        return read_settings(transaction, repository_id)

    async def mark_read(self, repository_id: int, at: WholeEpochSeconds, before: KnownSettings) -> None:
        """Record that the settings file is what it was; `before` is what was known when the reading began."""
        # A request to read the file that came while it was being read is not answered by that.
        sql = "UPDATE settings SET read_at = $2 WHERE repository_id = $1 AND read_at = $3"
        await self._execute(sql, repository_id, at, before.read_at)


def read_settings(transaction: Transaction, repository_id: int) -> KnownSettings:
    """Return what is known of a settings file."""
    sql = "SELECT text, digest, mistakes, readable, read_at, misplaced FROM settings WHERE repository_id = $1"
    rows = transaction.fetch(sql, repository_id)
    if not rows:
        return KnownSettings()
    text, digest, mistakes, readable, read_at, misplaced = rows[0]
    # What was no mistake once may be one to a later version of ours; the rest of the file stays in force.
    in_order, new_mistakes = settings_file.read_sound(text)
    found = tuple(msgspec.json.decode(mistakes, type=list[Mistake | str])) or new_mistakes
    return KnownSettings(in_order, digest, found, bool(readable), read_at, misplaced, text)


def request_settings(transaction: Transaction, repository_id: int) -> None:
    """Request that a repository's settings file is read again, and the translations that it names."""
    # Below zero, `read_at` counts how often this was asked for since it was last read.
    sql = """
        UPDATE settings SET read_at = CASE WHEN read_at > 0 THEN -1 ELSE read_at - 1 END WHERE repository_id = $1
    """
    transaction.execute(sql, repository_id)
    request_translations(transaction, repository_id)
