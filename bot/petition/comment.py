"""What is known of one comment, from observations that come late, twice and in any order.

A `Comment` is a set of observed versions. Two of them `merge` into one, whatever their order and number, so a
delivery, a redelivery and a line of a listing are all the same thing: one more observation. `standing` says what
the comment means by what is known now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from bot.petition.commands import Command, Order, Sign, Unsign

GHOST_ID = 10137
"""The account GitHub shows in place of deleted ones: https://github.com/ghost"""


@dataclass(frozen=True, slots=True)
class Author:
    """A GitHub account as it was seen; only the numeric id lasts, logins change and are reused."""

    id: int
    login: str
    type: str = "User"

    @property
    def can_sign(self) -> bool:
        """Tell people from bots, organizations, mannequins and the ghost."""
        return self.type == "User" and self.id != GHOST_ID


class Writer(StrEnum):
    """Who wrote the text of a version."""

    AUTHOR = "author"
    OTHER = "other"
    UNSAID = "unsaid"
    """The observation does not tell: a hide, a pin, or a listing of a comment that was edited before."""


@dataclass(frozen=True, slots=True)
class Version:
    """One observation of a comment's text and visibility.

    `at` is the comment's `updated_at` and `seen` the time of the API read (0 for a delivery), both in UTC epoch
    seconds. `previous` is the digest of the text that an edit replaced, where the observation tells it.
    """

    at: int
    digest: str
    writer: Writer
    command: Command | None = None
    previous: str | None = None
    hidden: bool | None = None
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Comment:
    """Everything observed of one comment. `missing_at` is when a complete listing lacked it, 0 for never."""

    id: int
    created_at: int
    author: Author | None
    author_at: int = 0
    versions: tuple[Version, ...] = ()
    deleted: bool = False
    missing_at: int = 0

    @property
    def present(self) -> bool:
        """Tell whether the comment is still there, by the latest observation."""
        if self.deleted:
            return False
        return not self.missing_at or any(max(v.at, v.seen) > self.missing_at for v in self.versions)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a comment means by what is known: `command` is None where it says nothing that counts.

    `made_at` is when the command came to be (UTC epoch seconds): the comment's creation, or the edit that made it.
    `unverified` means that somebody edited the text and nobody has told us who.
    `ambiguous` means that observations of one second contradict each other; only GitHub can tell.
    """

    command: Command | None = None
    made_at: int = 0
    hidden: bool = False
    unverified: bool = False
    ambiguous: bool = False


def body_digest(body: str) -> str:
    """Identify a comment's text; line endings do not count, because browsers change them on save."""
    return hashlib.sha256(unify_newlines(body).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def unify_newlines(text: str) -> str:
    """Turn CRLF and lone CR into LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def merge(one: Comment, other: Comment) -> Comment:
    """Join two observations of the same comment; commutes, associates, and repeating changes nothing."""
    deleted = one.deleted or other.deleted
    newest = max(one, other, key=_author_rank)
    return Comment(
        id=one.id,
        created_at=min(one.created_at, other.created_at),
        author=newest.author,
        author_at=newest.author_at,
        versions=() if deleted else _arrange({*one.versions, *other.versions}),
        deleted=deleted,
        missing_at=max(one.missing_at, other.missing_at),
    )


def standing(comment: Comment) -> Standing:
    """Say what the comment means: only the author's own words sign, an edit by somebody else can only redact."""
    if not comment.present or not comment.versions or comment.author is None or not comment.author.can_sign:
        return Standing()
    known = _Known(command=None, made_at=comment.created_at, own=None, digest="")
    unverified = gap = False
    for number, version in enumerate(comment.versions):
        first = number == 0 and version.previous is None
        after = _after(version, known, first=first)
        unverified = after is None
        if after is not None:
            gap = version.writer is Writer.AUTHOR and not first and _leaves_gap(version, known)
            known = after
    last = comment.versions[-1]
    if unverified:
        # Nobody has told who wrote this. A withdrawal is believed meanwhile, a signature is not.
        command = last.command if isinstance(last.command, Unsign) else None
        known = replace(known, command=command, made_at=last.at)
    return Standing(
        command=known.command,
        made_at=known.made_at,
        hidden=next((v.hidden for v in reversed(comment.versions) if v.hidden is not None), False),
        unverified=unverified,
        ambiguous=gap or _is_ambiguous(comment.versions),
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What the comment meant from a version on whose writer is known."""

    command: Command | None
    made_at: int
    own: Command | None
    """The author's own last words, which an edit by somebody else cannot add to."""
    digest: str


def _after(version: Version, known: _Known, *, first: bool) -> _Known | None:
    """Read one version after what was known before it; None where its writer or the author's words are unknown."""
    match version.writer:
        case Writer.AUTHOR:
            own = command = version.command
        case Writer.OTHER if known.digest and not _leaves_gap(version, known):
            own, command = known.own, _redacted(known.own, version.command)
        case Writer.UNSAID if version.digest == known.digest:
            return known
        case _:
            return None
    same = first or (type(command) is type(known.command) and not _leaves_gap(version, known))
    return _Known(command, known.made_at if same else version.at, own, version.digest)


def _leaves_gap(version: Version, known: _Known) -> bool:
    return version.previous is not None and version.previous != known.digest


def _redacted(own: Command | None, shown: Command | None) -> Command | None:
    """Read the author's last own words after somebody else edited them."""
    if isinstance(own, Sign):
        return Sign() if isinstance(shown, Sign) else None
    return own if isinstance(own, Unsign) else None


def _author_rank(comment: Comment) -> tuple[int, int, str, str]:
    author = comment.author
    return (
        comment.author_at,
        author.id if author else 0,
        author.login if author else "",
        author.type if author else "",
    )


def _arrange(versions: Iterable[Version]) -> tuple[Version, ...]:
    """Order versions by what GitHub says of their time; within one second, follow the chain of edits."""
    latest_look: dict[Version, Version] = {}
    for version in versions:
        key = replace(version, seen=0, command=None) if version.seen else replace(version, command=None)
        known = latest_look.get(key)
        if known is None or (version.seen, _details(version)) > (known.seen, _details(known)):
            latest_look[key] = version
    arranged: list[Version] = []
    for _, group in groupby(sorted(latest_look.values(), key=_rank), key=lambda v: v.at):
        arranged += _follow(list(group), arranged[-1].digest if arranged else None)
    return tuple(version if version.at == arranged[-1].at else _bare(version) for version in arranged)


def _rank(version: Version) -> tuple[int, int, bool, str, str, str, int]:
    hidden = -1 if version.hidden is None else int(version.hidden)
    edited = version.previous is not None or version.writer is not Writer.AUTHOR
    return (version.at, version.seen, edited, version.digest, version.previous or "", version.writer, hidden)


def _follow(group: list[Version], digest: str | None) -> list[Version]:
    """Put versions of the same second into the order in which one replaced the other."""
    ordered: list[Version] = []
    while group:
        step = next((v for v in group if v.digest == digest), None)
        step = step or next((v for v in group if v.previous is not None and v.previous == digest), group[0])
        group.remove(step)
        ordered.append(step)
        digest = step.digest
    return ordered


def _details(version: Version) -> tuple[bool, str]:
    return (version.command not in (None, Sign()), repr(version.command))


def _bare(version: Version) -> Version:
    """Keep the kind of an outdated command, not the name and reason its author has replaced since."""
    match version.command:
        case Sign():
            return replace(version, command=Sign())
        case Order(word=word):
            return replace(version, command=Order(word))
        case _:
            return version


def _is_ambiguous(versions: tuple[Version, ...]) -> bool:
    if len(versions) < 2:
        return False
    last, before = versions[-1], versions[-2]
    if last.at != before.at or last.seen > before.seen:
        return False
    if last.digest == before.digest:
        return last.hidden is not None and before.hidden is not None and last.hidden != before.hidden
    return last.previous != before.digest
