"""Comments as rows, and rows as comments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

import msgspec
from msgspec import Struct

from bot.petition.comments.commands import restore
from bot.petition.comments.comment import Author, Comment, KnownText, Version, Writer
from bot.petition.facts_from_github import Repository
from bot.petition.tally import Signature
from bot.time_types import WholeEpochSeconds

COMMENT_TYPES: Final = (
    "id BIGINT, issue_id BIGINT, petition_id BIGINT, author_id BIGINT, author_login TEXT, author_type TEXT,"
    " author_at BIGINT, created_at BIGINT, deleted BOOLEAN, missing_at BIGINT, versions TEXT,"
    " command TEXT, made_at BIGINT, doubtful BOOLEAN, counted BOOLEAN, ack_wanted TEXT, ack_given TEXT,"
    " reaction_id BIGINT, ack_due BOOLEAN, read_digest TEXT, grammar BIGINT, by_mail BOOLEAN"
)

COMMENT_COLUMNS: Final = ", ".join(column.split()[0] for column in COMMENT_TYPES.split(", "))


SIGNATURE_COLUMNS: Final = ", ".join(Signature.__struct_fields__)


class CommentRow(Struct):
    """A comment with what is derived from it.

    `command` is the kind of the command that the comment has, None where it has none, `counted` whether its
    author's signature rests on it. `wanted` and `given` are the reactions it should have and has.
    """

    comment: Comment
    issue_id: int
    petition_id: int
    command: str | None = None
    made_at: WholeEpochSeconds = 0
    doubtful: bool = False
    counted: bool = False
    wanted: str | None = None
    given: str | None = None
    reaction_id: int | None = None
    ack_due: bool = False
    read_digest: str = ""
    grammar: int = 0
    """Which text was read last, and by which version of the grammar; 0 where it is to be read again."""


def read_comment(row: Iterable[Any]) -> CommentRow:
    """Read a row of the columns that `COMMENT_COLUMNS` lists."""
    comment_id, issue_id, petition_id, author_id, login, author_type, author_at, created_at, deleted, *rest = row
    missing_at, versions, *derived, by_mail = rest
    by_mail = None if by_mail is None else bool(by_mail)
    author = None if author_id is None else Author(author_id, login, author_type)
    comment = Comment(
        comment_id, created_at, author, author_at, read_versions(versions), bool(deleted), missing_at, by_mail
    )
    # Of SQLite, truth values are 0 and 1: that makes no difference where they are compared, counted and written.
    return CommentRow(comment, issue_id, petition_id, *derived)


def write_comment(row: CommentRow) -> tuple[object, ...]:
    """Return the columns that `COMMENT_COLUMNS` lists."""
    comment, author = row.comment, row.comment.author
    who = (None, None, None) if author is None else (author.id, author.login, author.type)
    return (
        comment.id, row.issue_id, row.petition_id, *who, comment.author_at, comment.created_at, comment.deleted,
        comment.missing_at, write_versions(comment.versions), *_DERIVED(row), comment.by_mail,
    )  # fmt: skip


_DERIVED: Final = attrgetter(
    "command", "made_at", "doubtful", "counted", "wanted", "given", "reaction_id", "ack_due", "read_digest",
    "grammar",
)  # fmt: skip


def read_repository(repository_id: int, owner: str, name: str, private: bool, archived: bool) -> Repository:
    """Read the columns of a repository; SQLite gives integers for truth values."""
    return Repository(repository_id, owner, name, bool(private), bool(archived))


def write_versions(versions: Sequence[Version]) -> str:
    """Return versions as compact JSON: `[[at, digest, writer, command, previous, hidden, seen], …]`."""
    return msgspec.json.encode(
        [
            [v.at, v.digest, _LETTERS[v.writer], v.command and v.command.stored(), v.previous, v.hidden, v.seen]
            for v in versions
        ]
    ).decode()


def read_versions(text: str) -> tuple[Version, ...]:
    """Read versions back."""
    return tuple(
        Version(at, digest, _WRITERS[letter], command and restore(command), previous, hidden, seen)
        for at, digest, letter, command, previous, hidden, seen in msgspec.json.decode(text)
    )


def read_known(digest: str, versions: str) -> KnownText | None:
    """Return what the last text that was read says; None where the comment has changed since."""
    commands = [one.command for one in read_versions(versions) if one.digest == digest]
    return KnownText(digest, commands[-1]) if commands else None


_WRITERS: Final = {"a": Writer.AUTHOR, "o": Writer.OTHER, "u": Writer.UNKNOWN}
_LETTERS: Final = {writer: letter for letter, writer in _WRITERS.items()}
