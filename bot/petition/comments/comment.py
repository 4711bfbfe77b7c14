"""What is known of one comment, from observations that come late, twice and in any order.

A `Comment` is a set of observed versions. Two of them `merge` into one, whatever their order and number, so a
delivery, a redelivery and a line of a listing are all the same thing: one more observation. `standing` says what
the comment means by what is known now.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import Struct
from msgspec.structs import astuple, replace

from bot.petition.comments import command_and_phrase_parser
from bot.petition.comments.commands import Command, Doubtful, resolve
from bot.petition.comments.versions import Version, Writer, join, read
from bot.petition.untrusted_text import text_digest, unify_newlines
from bot.time_types import WholeEpochSeconds

__all__ = [
    "GHOST_ID",
    "Author",
    "Comment",
    "KnownText",
    "Standing",
    "Version",
    "Writer",
    "body_digest",
    "merge",
    "read_text",
    "standing",
]

GHOST_ID = 10137
"""The account GitHub shows in place of deleted ones: https://github.com/ghost"""


class Author(Struct, frozen=True):
    """A GitHub account as it was seen; only the numeric id lasts, logins change and are reused."""

    id: int
    login: str
    type: str = "User"

    @property
    def can_sign(self) -> bool:
        """Return whether this is a person: no bot, organization or mannequin, and not the ghost."""
        return self.type == "User" and self.id != GHOST_ID


class Comment(Struct, frozen=True):
    """Everything observed of one comment. `missing_at` is when a complete listing lacked it, 0 for never.

    `by_mail` is whether it came by mail, None until GitHub was asked.
    """

    id: int
    created_at: WholeEpochSeconds
    author: Author | None
    author_at: WholeEpochSeconds = 0
    versions: tuple[Version, ...] = ()
    deleted: bool = False
    missing_at: WholeEpochSeconds = 0
    by_mail: bool | None = None

    @property
    def present(self) -> bool:
        """Return whether the comment is still there, by the latest observation."""
        if self.deleted:
            return False
        return not self.missing_at or any(max(v.at, v.seen) > self.missing_at for v in self.versions)


class KnownText(Struct, frozen=True):
    """The text of a comment that was read last, by its digest, and what the present grammar reads in it."""

    digest: str
    command: Command | None


class Standing(Struct, frozen=True):
    """What a comment means by what is known: `command` is None where it says nothing that counts.

    `made_at` is when the command came to be: the comment's creation, or the edit that made it.
    `unverified` means that somebody edited the text and nobody has told us who. Meanwhile a signature stays while
    the text still is a `/sign`, a withdrawal stays or is believed, and nothing else counts.
    `ambiguous` means that an observation is missing, or that those of one second contradict each other. What the
    comment says now is a guess; a look at GitHub ends it.
    `unclear` means that it is not known whether the comment came by mail, and so whether something in its text is
    the tail of one. Meanwhile nothing below that counts.
    """

    command: Command | None = None
    made_at: WholeEpochSeconds = 0
    hidden: bool = False
    unverified: bool = False
    ambiguous: bool = False
    unclear: bool = False

    @property
    def doubtful(self) -> bool:
        """Return whether GitHub is to be asked."""
        return self.unverified or self.ambiguous or self.unclear

    @property
    def is_only_unclear(self) -> bool:
        """Return whether only this is not known, whether it came by mail."""
        return self.unclear and not (self.unverified or self.ambiguous)


def body_digest(body: str) -> str:
    """Identify a comment's text; line endings do not count, because browsers change them on save."""
    return text_digest(unify_newlines(body))


def read_text(body: str, known: KnownText | None = None) -> tuple[str, Command | None]:
    """Return a text's digest and what it says; a text that is known is not read again."""
    digest = body_digest(body)
    if known is not None and known.digest == digest:
        return digest, known.command
    return digest, command_and_phrase_parser.parse(body)


def merge(one: Comment, other: Comment) -> Comment:
    """Join two observations of the same comment; commutes, associates, and repeating changes nothing.

    Of a deleted comment nothing is kept but that it was there.
    """
    created_at = min(one.created_at, other.created_at)
    missing_at = max(one.missing_at, other.missing_at)
    if one.deleted or other.deleted:
        return Comment(one.id, created_at, None, deleted=True, missing_at=missing_at)
    newest = max(one, other, key=_author_rank)
    return Comment(
        id=one.id,
        created_at=created_at,
        author=newest.author,
        author_at=newest.author_at,
        versions=join((*one.versions, *other.versions)),
        missing_at=missing_at,
        by_mail=max((one.by_mail, other.by_mail), key=_KNOWN_FIRST),
    )


# A transaction asks twice for the comments of up to 256 deliveries: when they are recorded, and when their authors'
# are evaluated. One comment can be of 60 kB.
@lru_cache(512)
def standing(comment: Comment) -> Standing:
    """Return what the comment means: only the author's own words sign, an edit by somebody else can only redact."""
    versions, author = comment.versions, comment.author
    if not versions or author is None or not author.can_sign or not comment.present:
        return _NOTHING
    unclear = any(isinstance(version.command, Doubtful) for version in versions)
    if unclear:
        versions = tuple(replace(one, command=resolve(one.command, by_mail=comment.by_mail)) for one in versions)
    known = read(versions, comment.created_at)
    return Standing(
        known.command, known.made_at, known.hidden, not known.sure, not known.settled,
        unclear and comment.by_mail is None,
    )  # fmt: skip


_NOTHING = Standing()

_KNOWN_FIRST = (None, False, True).index


def _author_rank(comment: Comment) -> tuple[object, ...]:
    return (comment.author_at, *astuple(comment.author)) if comment.author else (comment.author_at,)


END_OF_TIME: Final[WholeEpochSeconds] = 2**62
"""A time after all others."""


def without_details(comment: Comment, until: WholeEpochSeconds) -> Comment:
    """Return a comment without name, affiliation, reason and login in texts up to a time.

    What is left is a number for the person and that they signed: without it nobody could count the petition again,
    as long as the comment stands on GitHub.

    New words that the person wrote later are their own will again. The same words seen again, as when a moderator
    hides and unhides them, are not, nor is what somebody else made of them.
    """
    old = {version.digest for version in comment.versions if version.at <= until}
    new = {one.digest for one in comment.versions if one.at > until and one.writer is Writer.AUTHOR} - old
    versions = tuple(
        replace(one, command=one.command.without_personal_details())
        if one.digest not in new and one.command
        else one
        for one in comment.versions
    )
    is_new = bool(versions) and versions[-1].digest in new
    author = comment.author if is_new or comment.author is None else replace(comment.author, login="")
    return replace(comment, author=author, versions=versions)
