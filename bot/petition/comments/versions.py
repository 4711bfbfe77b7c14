"""Read the versions of a comment: which text stands, whose it is, and what its author said last in their own words.

GitHub's times are whole seconds. Versions of one second are put in order by what each of them replaced; where that
is not enough, the reading says that it is a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.comments.commands import Command, Unsign
from bot.time_types import WholeEpochSeconds

MAX_VERSIONS = 100
"""Versions that are kept of one comment, the latest; else somebody who edits on and on would fill the database."""


class Writer(StrEnum):
    """Who wrote the text of a version."""

    AUTHOR = "author"
    OTHER = "other"
    UNKNOWN = "unknown"
    """The observation does not tell: a hide, a pin, or a listing of a comment that was edited before."""


class Version(Struct, frozen=True):
    """One observation of a comment's text and visibility.

    `at` is the comment's `updated_at` and `seen` the time of the API read, 0 for a delivery. `previous` is the
    digest of the text that an edit replaced, where the observation tells it; a text of the author's without one is
    what the comment was created with, by all that the observation tells.
    """

    at: WholeEpochSeconds
    digest: str
    writer: Writer
    command: Command | None = None
    previous: str | None = None
    hidden: bool | None = None
    seen: WholeEpochSeconds = 0


class Reading(Struct, frozen=True):
    """What is known of a comment after some of its versions."""

    digest: str | None = None
    shown: Command | None = None
    """What the text says, whoever wrote it."""
    own: Command | None = None
    """What the author's own last words say, as far as they are known."""
    by_author: bool = False
    """The text is the author's."""
    sure: bool = False
    """It is known who wrote the text, and what the author's own last words are."""
    settled: bool = True
    """No later text of the same second is to be feared."""
    written_at: WholeEpochSeconds = 0
    made_at: WholeEpochSeconds = 0
    hidden: bool = False

    @property
    def command(self) -> Command | None:
        """Return what counts: the author's own words, less what somebody else took out of them."""
        if self.by_author:
            return self.shown
        effect = None if self.shown is None else self.shown.effect
        if not self.sure and isinstance(effect, Unsign):
            # A withdrawal is believed, whoever wrote it.
            return effect
        return None if self.own is None else self.own.redacted(self.shown)


def join(versions: Iterable[Version]) -> tuple[Version, ...]:
    """Return versions in order, each once; of what their authors have replaced, only what is needed is kept."""
    latest_look: dict[tuple[object, ...], Version] = {}
    for version in versions:
        key = (version.at, version.digest, version.writer, version.previous, version.hidden)
        known = latest_look.get(key)
        if known is None or _freshness(version) > _freshness(known):
            latest_look[key] = version
    ordered = sorted(latest_look.values(), key=_rank)[-MAX_VERSIONS:]
    return tuple(version if version.at == ordered[-1].at else bare(version) for version in ordered)


def last_text(versions: Sequence[Version], created_at: WholeEpochSeconds) -> Version | None:
    """Return the version whose text stands, as it was seen last; None where its command is not kept whole."""
    digest = read(versions, created_at).digest
    last = (one for one in reversed(versions) if one.at == versions[-1].at and one.digest == digest)
    return next(last, None)


def read(versions: Sequence[Version], created_at: WholeEpochSeconds) -> Reading:
    """Read versions that are in order; `created_at` is the comment's."""
    known = _NOTHING
    seconds = [tuple(second) for _, second in groupby(versions, key=attrgetter("at"))]
    for second, following in zip_longest(seconds, seconds[1:], fillvalue=()):
        if len(second) == 1:
            known = _read_version(known, second[0], created_at)
        else:
            known = _Second(known, second, following).read(created_at)
    return known


_NOTHING: Final = Reading()


def _read_version(known: Reading, version: Version, created_at: WholeEpochSeconds) -> Reading:
    told = version.seen > version.at
    hidden = known.hidden if version.hidden is None else version.hidden
    if version.writer is Writer.UNKNOWN and version.digest == known.digest:
        return replace(_look_again(known, version), hidden=hidden, settled=known.settled or told)
    if version.writer is Writer.AUTHOR:
        own, is_sure, made_at = version.command, True, _made_at(known, version, created_at)
    else:
        own = known.own
        is_sure = known.sure and version.writer is Writer.OTHER and version.previous == known.digest
        made_at = version.at if known.digest is None else known.made_at
    return Reading(
        digest=version.digest,
        shown=version.command,
        own=own,
        by_author=version.writer is Writer.AUTHOR,
        sure=is_sure,
        settled=told or _follows(version, known),
        written_at=version.at,
        made_at=made_at,
        hidden=hidden,
    )


def _look_again(known: Reading, look: Version) -> Reading:
    """Return what the same text is read as now: the rules of reading may have changed, and details come back."""
    again = replace(known, shown=look.command, own=look.command if known.by_author else known.own)
    same = type(again.command) is type(known.command)
    return again if same else replace(again, made_at=known.written_at)


def _made_at(known: Reading, version: Version, created_at: WholeEpochSeconds) -> WholeEpochSeconds:
    """Return when the author made this command: with the comment, with an earlier edit, or with this one."""
    if known.digest is None and version.previous is None and version.at <= created_at + 1:
        # GitHub's two times may differ by a second on a comment that nobody ever edited.
        return created_at
    same = _is_same(known.command, version.command) or version.digest == known.digest
    return known.made_at if same and _follows(version, known) else version.at


def _is_same(command: Command | None, other: Command | None) -> bool:
    """Return whether an edit leaves a command what it was, whatever else it changed."""
    if command is None or other is None:
        return command is other
    return command.identity == other.identity and not other.is_renewed_by_edits


def _follows(version: Version, known: Reading) -> bool:
    return version.previous is None or version.previous == known.digest


def _is_edit(version: Version) -> bool:
    return version.writer is not Writer.UNKNOWN and version.previous not in (None, version.digest)


class _Second:
    """Several versions of one second, put in order by what each of them replaced."""

    def __init__(self, before: Reading, versions: Sequence[Version], following: Sequence[Version]) -> None:
        self.before = before
        self.versions = versions
        self.texts = {version.digest for version in versions}
        seen = max(version.seen for version in versions)
        self.freshest = [version for version in versions if version.seen == seen > version.at]
        """What was seen last, where that was after the second was over and so shows what came out of it."""
        self.final = self._replaced_later(following) or self._seen_later()
        """The text that the second ended with, where an observation tells."""
        self.chain = self._in_order()
        """The versions in which one text replaced the other, in order."""
        self.looks = [version for version in versions if version not in self.chain]

    def read(self, created_at: WholeEpochSeconds) -> Reading:
        """Return what is known after this second."""
        after = self.before
        for version in self.chain:
            after = _read_version(after, version, created_at)
        after = self._at_the_end(after)
        for look in sorted(self.looks, key=attrgetter("seen")):
            if look.digest == after.digest:
                after = _look_again(after, look)
        hidden = self._hidden(after)
        return replace(after, hidden=True in hidden, settled=after.settled and len(hidden) == 1)

    def _replaced_later(self, following: Sequence[Version]) -> str | None:
        """Return which text the second ended with, where the next second's edits tell what they replaced."""
        edits = [version for version in following if _is_edit(version)]
        first = {edit.previous for edit in edits} - {edit.digest for edit in edits}
        first = first or {version.digest for version in following}
        return first.pop() if len(first) == 1 and first <= self.texts else None

    def _seen_later(self) -> str | None:
        """Return which text the second ended with, where a later look tells."""
        looks = {version.digest for version in self.freshest if version.writer is Writer.UNKNOWN}
        texts = looks or {version.digest for version in self.freshest}
        return texts.pop() if len(texts) == 1 else None

    def _in_order(self) -> list[Version]:
        # Delivery and history of one edit may differ in whether they tell that the comment was hidden.
        edits = list({(v.previous, v.digest, v.writer): v for v in self.versions if _is_edit(v)}.values())
        origins = [v for v in self.versions if v.writer is not Writer.UNKNOWN and v.previous is None]
        edited_into = {edit.digest for edit in edits}
        apart = [origin for origin in origins if origin.digest not in edited_into]
        if self.before.digest is not None:
            return self._linked(self.before.digest, edits + apart)
        # The comment was created in this second. A listing, too, takes what it sees for the first text.
        first = [origin for origin in apart or origins if origin.writer is Writer.AUTHOR][:1]
        others = [origin for origin in apart if origin.writer is Writer.OTHER]
        return first + self._linked(first[0].digest if first else None, edits + others)

    def _linked(self, digest: str | None, edits: Sequence[Version]) -> list[Version]:
        """Return edits in order, each behind the one whose text it replaced, as far as that is told."""
        chain: list[Version] = []
        remaining = list(edits)
        while remaining:
            made = {edit.digest for edit in remaining}
            candidates = (
                [edit for edit in remaining if edit.previous == digest]
                # The link is missing; another chain begins with what replaced none of those that are left.
                or [edit for edit in remaining if edit.previous not in made]
                or remaining
            )
            edit = min(candidates, key=lambda edit: edit.digest == self.final)
            remaining.remove(edit)
            chain.append(edit)
            digest = edit.digest
        return chain

    def _at_the_end(self, after: Reading) -> Reading:
        """Return how the second ended, and how sure that is; `after` is what the chain of its edits leads to."""
        texts = [self.before.digest, *(version.digest for version in self.chain)]
        returns = len(set(texts)) < len(texts)
        end = self.final or (after.digest if after.digest in self.texts else self.versions[-1].digest)
        if end == after.digest and not returns:
            is_linked = all(now.previous in (None, was) for was, now in zip(texts, self.chain, strict=False))
            is_whole = is_linked and self.texts.issubset(texts)
            return replace(after, settled=self.final is not None or (after.settled and is_whole))
        # The same text stood more than once, or there is no known way to the text that stands.
        text = max((version for version in self.versions if version.digest == end), key=attrgetter("seen"))
        now = replace(
            after,
            digest=end,
            shown=text.command,
            by_author=False,
            settled=self.final is not None,
            written_at=text.at,
            made_at=text.at if after.digest is None else after.made_at,
        )
        return self._attributed(now) if returns else replace(now, sure=False)

    def _attributed(self, now: Reading) -> Reading:
        """Return whose text stands, where it stood more than once: that of whoever edited other text into it."""
        writers = {version.writer for version in self.chain if version.digest == now.digest and version.previous}
        if writers == {Writer.AUTHOR}:
            return replace(now, own=now.shown, by_author=True, sure=True)
        own = [version.command for version in self.chain if version.writer is Writer.AUTHOR]
        own += [] if self.before.digest is None else [self.before.own]
        if writers == {Writer.OTHER} and len({command and command.identity for command in own}) == 1:
            # Whichever of the author's words were the last, they say the same.
            return replace(now, own=own[0])
        return replace(now, sure=False)

    def _hidden(self, after: Reading) -> set[bool]:
        """Return whether the comment was hidden at the second's end, by the best witnesses; they may disagree."""
        at_the_end = [look for look in self.looks if look.digest == after.digest]
        for witnesses in (self.freshest, at_the_end, self.chain[-1:], self.looks):
            said = {version.hidden for version in witnesses if version.hidden is not None}
            if said:
                return said
        return {after.hidden}


def _freshness(version: Version) -> tuple[int, str, str, bool, str]:
    # First by what is left of an outdated command, or of one that was forgotten.
    command = version.command
    left = command and command.without_details()
    return (version.seen, type(command).__name__, repr(left), command != left, repr(command))


def _rank(version: Version) -> tuple[int, int, str, str, str, int]:
    hidden = (None, False, True).index(version.hidden)
    return (version.at, version.seen, version.digest, version.previous or "", version.writer, hidden)


def bare(version: Version) -> Version:
    """Return a version whose command is outdated without the details that its author has replaced since."""
    return replace(version, command=version.command and version.command.without_details())
