"""A repository's settings, who its organizers are, whom their commands name, and the rules that follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bot.petition.comments.commands import Several
from bot.petition.comments.comment import Author, standing
from bot.petition.organizers import settings_file
from bot.petition.organizers.commands import CommandResults, CommandStatus, GivenCommand, standing_commands
from bot.petition.organizers.rules_in_force import Rules
from bot.petition.organizers.settings import DEFAULTS, PATH, Settings
from bot.petition.organizers.settings_file import Mistake, explain_hiding, is_hiding, is_unapplied, restrict
from bot.petition.untrusted_text import text_digest
from bot.store.command_outcomes_and_attempts import record_attempts, record_outcomes
from bot.store.comment_and_rules_columns import COMMENT_COLUMNS, CommentRow, read_comment, write_rules
from bot.store.engine.database import Records, Transaction, read_transaction, write_transaction
from bot.store.installations import resync_petitions_of
from bot.store.letters import request_translations
from bot.store.recording.signatures_and_reactions import derive_signatures, evaluate_comments, read_born
from bot.store.recording.unit_of_work import PetitionRow, UnitOfWork
from bot.store.threads_to_read import read_issues_of
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
    hides_people: bool = False
    """Whether nobody is shown, because the first file has mistakes and may be there to hide who has signed."""

    @property
    def is_read(self) -> bool:
        """Return whether nothing is known of a change since it was last read."""
        return self.read_at > 0

    def remarks(self, language: str) -> list[str]:
        """Return in a language what the organizers should know of the file."""
        mistakes = (one if isinstance(one, str) else one.in_language(language) for one in self.mistakes)
        remarks = [f"{PATH}, {mistake}" for mistake in mistakes]
        if self.hides_people:
            remarks.append(explain_hiding(language))
        return [*remarks, settings_file.explain_misplaced(self.misplaced, language)] if self.misplaced else remarks


class Named(Struct, frozen=True):
    """Whom a command's login meant when it was looked up; None for nobody."""

    user_id: int | None
    checked_at: WholeEpochSeconds


class PetitionRules(Records):
    """Settings, organizers and their commands."""

    @read_transaction
    def get_settings(self, transaction: Transaction, repository_id: int) -> KnownSettings:
        """Return a repository's settings as they were when its file was last read."""
        return read_settings(transaction, repository_id)[0]

    async def record_settings(
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
        known = await self._record_settings(repository_id, text, True, at, before, misplaced)
        self._announce()
        return known

    async def mark_settings_unreadable(
        self, repository_id: int, at: WholeEpochSeconds, before: KnownSettings | None = None
    ) -> KnownSettings:
        """Record that GitHub does not let us read the settings; those that we know stay in force."""
        return await self._record_settings(repository_id, None, False, at, before, None)

    @write_transaction
    def _record_settings(
        self, transaction: Transaction, repository_id: int, text: str | None, readable: bool, at: WholeEpochSeconds,
        began_with: KnownSettings | None, misplaced: str | None,
    ) -> KnownSettings:  # fmt: skip
        before, kept = read_settings(transaction, repository_id)
        mistakes = before.mistakes
        if readable:
            found = settings_file.read(text or "")
            if isinstance(found, Settings):
                kept, mistakes = text or "", ()
            else:
                kept, mistakes = restrict(text or "") if is_unapplied(kept) else kept, found
        digest = "" if text is None else text_digest(text)
        sql = """
            INSERT INTO settings (repository_id, text, digest, mistakes, readable, read_at, misplaced)
            VALUES ($1, $2, $3, $4, $5, $6, $8)
            ON CONFLICT (repository_id) DO UPDATE SET
                text = excluded.text, digest = excluded.digest, mistakes = excluded.mistakes,
                readable = excluded.readable, misplaced = excluded.misplaced,
                read_at = CASE WHEN settings.read_at = $7 THEN excluded.read_at ELSE settings.read_at END
        """
        transaction.execute(
            sql, repository_id, kept, digest if readable else before.digest,
            msgspec.json.encode(mistakes).decode(), readable, at, (began_with or before).read_at,
            before.misplaced if misplaced is None else misplaced,
        )  # fmt: skip
        after, _ = read_settings(transaction, repository_id)
        if any(getattr(after, name) != getattr(before, name) for name in ("settings", "mistakes", "misplaced")):
            resync_petitions_of(transaction, repository_id, at)
        return after

    async def mark_settings_read(self, repository_id: int, at: WholeEpochSeconds, before: KnownSettings) -> None:
        """Record that the settings file is what it was; `before` is what was known when the reading began."""
        # A request to read the file that came while it was being read is not answered by that.
        sql = "UPDATE settings SET read_at = $2 WHERE repository_id = $1 AND read_at = $3"
        await self._execute(sql, repository_id, at, before.read_at)

    async def list_petitions_with_commands(self, repository_id: int) -> list[int]:
        """List the petitions of a repository that organizers gave commands on."""
        sql = """
            SELECT p.id FROM petitions p
            WHERE p.repository_id = $1 AND NOT p.gone
              AND EXISTS (SELECT 1 FROM comments c WHERE c.petition_id = p.id AND c.command = 'order')
        """
        return [row["id"] for row in await self._fetch(sql, repository_id)]

    async def record_organizer(
        self, repository_id: int, user_id: int, allowed: bool, at: WholeEpochSeconds
    ) -> None:
        """Record whether somebody may give commands."""
        sql = """
            INSERT INTO organizers (repository_id, user_id, allowed, checked_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (repository_id, user_id) DO UPDATE SET
                allowed = excluded.allowed, checked_at = excluded.checked_at
        """
        await self._execute(sql, repository_id, user_id, allowed, at)

    async def record_named(self, comment_id: int, login: str, person: Author | None, at: WholeEpochSeconds) -> None:
        """Record whom a command means."""
        sql = """
            INSERT INTO named (comment_id, login, user_id, checked_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (comment_id, login) DO UPDATE
                SET user_id = excluded.user_id, checked_at = excluded.checked_at
        """
        await self._execute(sql, comment_id, login, None if person is None else person.id, at)

    async def find_author(self, petition_id: int, login: str) -> Author | None:
        """Find who commented under a login, in lower case; None where nobody did."""
        sql = """
            SELECT author_id, author_login FROM comments
            WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND lower(author_login) = $2
            ORDER BY author_at DESC LIMIT 1
        """
        rows = await self._fetch(sql, petition_id, login)
        return Author(rows[0]["author_id"], rows[0]["author_login"]) if rows else None

    async def apply(self, petition_id: int, ruling: CommandResults) -> None:
        """Apply rules: derive signatures that they concern, and answer and record commands."""
        now = int(self._now())
        if await self._database.write(lambda transaction: record_rules(transaction, petition_id, ruling, now)):
            self._announce()


def read_settings(transaction: Transaction, repository_id: int) -> tuple[KnownSettings, str]:
    """Return what is known of a settings file, and the last text without mistakes."""
    sql = "SELECT text, digest, mistakes, readable, read_at, misplaced FROM settings WHERE repository_id = $1"
    rows = transaction.fetch(sql, repository_id)
    if not rows:
        return KnownSettings(), ""
    row = rows[0]
    # What was no mistake once may be one to a later version of ours; the rest of the file stays in force.
    in_order, new_mistakes = settings_file.read_sound(row["text"])
    mistakes = tuple(msgspec.json.decode(row["mistakes"], type=list[Mistake | str])) or new_mistakes
    known = KnownSettings(
        in_order,
        row["digest"],
        mistakes,
        bool(row["readable"]),
        row["read_at"],
        row["misplaced"],
        is_hiding(row["text"]),
    )
    return known, row["text"]


def read_organizers(
    transaction: Transaction, repository_id: int, user_ids: Collection[int]
) -> Mapping[int, tuple[bool, WholeEpochSeconds]]:
    """Return of people, by id, whether they may give commands and when GitHub was asked."""
    sql = """
        SELECT user_id, allowed, checked_at FROM organizers WHERE repository_id = $1 AND user_id = ANY($2::BIGINT[])
    """
    rows = transaction.fetch(sql, repository_id, list(user_ids)) if user_ids else ()
    return {row["user_id"]: (bool(row["allowed"]), row["checked_at"]) for row in rows}


def read_named(transaction: Transaction, comment_ids: Collection[int]) -> Mapping[tuple[int, str], Named]:
    """Return whom commands mean, by the id of the command's comment and the login in it."""
    sql = "SELECT comment_id, login, user_id, checked_at FROM named WHERE comment_id = ANY($1::BIGINT[])"
    rows = transaction.fetch(sql, list(comment_ids)) if comment_ids else ()
    return {(row["comment_id"], row["login"]): Named(row["user_id"], row["checked_at"]) for row in rows}


def request_settings(transaction: Transaction, repository_id: int) -> None:
    """Request that a repository's settings file is read again, and the translations that it names."""
    # Below zero, `read_at` counts how often this was asked for since it was last read.
    sql = """
        UPDATE settings SET read_at = CASE WHEN read_at > 0 THEN -1 ELSE read_at - 1 END WHERE repository_id = $1
    """
    transaction.execute(sql, repository_id)
    request_translations(transaction, repository_id)


def read_commands(transaction: Transaction, petition_id: int) -> list[GivenCommand]:
    """Return a petition's standing commands, in the order in which they were given."""
    return standing_commands(row.comment for row in _read_command_rows(transaction, petition_id))


def _read_command_rows(transaction: Transaction, petition_id: int) -> Iterator[CommentRow]:
    sql = f"SELECT {COMMENT_COLUMNS} FROM comments WHERE petition_id = $1 AND command = 'order'"
    return map(read_comment, transaction.fetch(sql, petition_id))


def record_rules(
    transaction: Transaction, petition_id: int, ruling: CommandResults, now: WholeEpochSeconds
) -> bool:
    """Apply rules; return whether anything changed. Repeating changes nothing.

    A command that came after the rules were worked out is left to the next time.
    """
    unit = UnitOfWork(transaction, read_issues_of(transaction, petition_id))
    petition = unit.petitions.get(petition_id)
    if petition is None:
        return False
    before, petition.rules = petition.rules, ruling.rules
    if before != ruling.rules:
        _reconsider(unit, petition, before)
        petition.bumped = True
    _answer(unit, petition, ruling)
    derive_signatures(unit, now)
    _request_recount(unit, ruling)
    _record_end(transaction, petition, now)
    changed = unit.write(now)
    attempts = record_outcomes(transaction, petition_id, ruling.outcomes, now)
    record_attempts(transaction, petition_id, [] if petition.anonymised else attempts)
    return changed


def _reconsider(unit: UnitOfWork, petition: PetitionRow, before: Rules) -> None:
    """Mark the signatures that the change may concern as to be derived again."""
    after = petition.rules
    people = set(before.removed_ids ^ after.removed_ids)
    if before.settings.also_accept != after.settings.also_accept:
        sql = """
            SELECT DISTINCT author_id FROM comments
            WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND command = 'phrase'
        """
        people.update(row["author_id"] for row in unit.transaction.fetch(sql, petition.id))
    if before.settings.minimum_account_age != after.settings.minimum_account_age:
        people |= _age_matters(unit, after)
    unit.read_authors(people)
    unit.people.update((petition.id, person) for person in people)
    ends = {rules.ends_at(petition.closed_at) for rules in (before, after)}
    if len(ends) > 1:
        petition.reconsider = min(end for end in ends if end is not None)


def _age_matters(unit: UnitOfWork, after: Rules) -> set[int]:
    """Return whose signatures to derive again when another age is asked for, or none; unknown ages come later."""
    for thread in unit.threads.values():
        if after.asks_for_age:
            # Reading finds out how old the accounts are, and derives all signatures.
            thread.request_reread()
        else:
            unit.read_thread(thread.issue_id)
    return {row.comment.author.id for row in unit.comments.values() if row.comment.author}


def _answer(unit: UnitOfWork, petition: PetitionRow, ruling: CommandResults) -> None:
    """Set the reaction that each comment with commands should bear: 👍 where all of them were applied."""
    answers = defaultdict[int, set[CommandStatus]](set)
    for outcome in ruling.outcomes:
        answers[outcome.command.comment_id].add(outcome.status)
    rows = list(_read_command_rows(unit.transaction, petition.id))
    refused = _refused_signatures(unit, petition, rows)
    for row in rows:
        found = answers[row.comment.id]
        wanted = next((reaction for status, reaction in _REACTIONS.items() if status in found), None)
        if wanted == "+1" and row.comment.id in refused:
            wanted = "confused"
        known = unit.comments.setdefault(row.comment.id, row)
        if known.wanted != wanted:
            unit.comments[row.comment.id] = unit.changed[row.comment.id] = replace(
                known, wanted=wanted, ack_due=wanted != known.given
            )


def _refused_signatures(unit: UnitOfWork, petition: PetitionRow, rows: Iterable[CommentRow]) -> set[int]:
    """Return the comments with commands that also try to sign, and do not."""
    commands = ((row.comment.author, standing(row.comment).command) for row in rows)
    signers = {author.id for author, said in commands if author and isinstance(said, Several) and said.own}
    unit.read_authors(signers)
    read_born(unit.transaction, petition, sorted(signers))
    comments = defaultdict[int, list[CommentRow]](list)
    for row in unit.comments.values():
        if row.comment.author is not None and row.petition_id == petition.id:
            comments[row.comment.author.id].append(row)
    return {one for signer in signers for one in evaluate_comments(petition, comments[signer]).refused}


_REACTIONS: Final = {
    CommandStatus.WAITING: None,
    CommandStatus.REFUSED: "confused",
    CommandStatus.NOT_UNDERSTOOD: "confused",
    CommandStatus.APPLIED: "+1",
}
"""The reaction to a comment is that of the first of these that a command of it has."""


def _request_recount(unit: UnitOfWork, ruling: CommandResults) -> None:
    for thread in unit.threads.values():
        if max(thread.listed_at, thread.reread_asked_at) <= ruling.recount_at and not thread.gone:
            thread.request_reread()


def _record_end(transaction: Transaction, petition: PetitionRow, now: WholeEpochSeconds) -> None:
    """Record the count with which signing ended; reopened, the petition has not ended."""
    row = transaction.fetch("SELECT ended_at, final_count FROM petitions WHERE id = $1", petition.id)[0]
    ended_at = petition.rules.ended_at(petition.closed_at, now)
    # The end makes a petition due but once; from now on the revision does, until the bodies show it.
    petition.bumped |= ended_at != row["ended_at"]
    final = None if ended_at is None else row["final_count"] if ended_at == row["ended_at"] else petition.count
    sql = "UPDATE petitions SET rules = $2, ends_at = $3, ended_at = $4, final_count = $5 WHERE id = $1"
    transaction.execute(
        sql, petition.id, write_rules(petition.rules), petition.rules.ends_at(None), ended_at, final
    )
