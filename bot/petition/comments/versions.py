"""Read the versions of a comment: which text stands, whose it is, and what its author said last in their own words.

GitHub's times are whole seconds. Versions of one second are put in order by what each of them replaced; where that
is not enough, the reading says that it is a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import Final

from bot.petition.comments.commands import Command, OrganizerCommand, Phrase, Sign, Unsign

MOST = 100
"""Versions that are kept of one comment, the latest; else somebody who edits on and on would fill the database."""


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
    seconds. `previous` is the digest of the text that an edit replaced, where the observation tells it; a text of
    the author's without one is what the comment was created with, by all that the observation tells.
    """

    at: int
    digest: str
    writer: Writer
    command: Command | None = None
    previous: str | None = None
    hidden: bool | None = None
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
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
    written_at: int = 0
    made_at: int = 0
    hidden: bool = False

    @property
    def command(self) -> Command | None:
        """Return what counts: the author's own words, less what somebody else took out of them."""
        if self.by_author:
            return self.shown
        if self.sure:
            return _redacted(self.own, self.shown)
        return _cautious(self.own, self.shown)


def join(versions: Iterable[Version]) -> tuple[Version, ...]:
    """Put versions in order, each once; of what their authors have replaced, only what is needed is kept."""
    latest_look: dict[tuple[object, ...], Version] = {}
    for version in versions:
        key = (version.at, version.digest, version.writer, version.previous, version.hidden)
        known = latest_look.get(key)
        if known is None or _freshness(version) > _freshness(known):
            latest_look[key] = version
    ordered = sorted(latest_look.values(), key=_rank)[-MOST:]
    return tuple(version if version.at == ordered[-1].at else _bare(version) for version in ordered)


def last_text(versions: Sequence[Version], created_at: int) -> Version | None:
    """Return the version whose text stands, as it was seen last; None where its command is not kept whole."""
    digest = read(versions, created_at).digest if len(versions) > 1 else versions[0].digest
    last = (one for one in reversed(versions) if one.at == versions[-1].at and one.digest == digest)
    return next(last, None)


def read(versions: Sequence[Version], created_at: int) -> Reading:
    """Read versions that are in order; `created_at` is the comment's, in UTC epoch seconds."""
    known = _NOTHING
    if len(versions) == 1:
        only = versions[0]
        if only.writer is Writer.AUTHOR and only.previous is None:
            # Nearly all comments are like this.
            at, said = _made_at(known, only, created_at), only.command
            return Reading(only.digest, said, said, True, True, True, only.at, at, bool(only.hidden))
        return _read_version(known, only, created_at)
    seconds = [tuple(second) for _, second in groupby(versions, key=attrgetter("at"))]
    for second, following in zip_longest(seconds, seconds[1:], fillvalue=()):
        known = _read_second(known, second, created_at, following)
    return known


_NOTHING: Final = Reading()


def _read_version(known: Reading, version: Version, created_at: int) -> Reading:
    told = version.seen > version.at
    hidden = known.hidden if version.hidden is None else version.hidden
    if version.writer is Writer.UNSAID and version.digest == known.digest:
        return replace(_look_again(known, version), hidden=hidden, settled=known.settled or told)
    now = Reading(
        digest=version.digest,
        shown=version.command,
        own=known.own,
        settled=told or _follows(version, known),
        written_at=version.at,
        made_at=version.at if known.digest is None else known.made_at,
        hidden=hidden,
    )
    if version.writer is Writer.AUTHOR:
        made_at = _made_at(known, version, created_at)
        return replace(now, own=version.command, by_author=True, sure=True, made_at=made_at)
    return replace(now, sure=known.sure and version.writer is Writer.OTHER and version.previous == known.digest)


def _look_again(known: Reading, look: Version) -> Reading:
    """Take over what the same text is read as now: the rules of reading may have changed, and details come back."""
    again = replace(known, shown=look.command, own=look.command if known.by_author else known.own)
    same = type(again.command) is type(known.command)
    return again if same else replace(again, made_at=known.written_at)


def _made_at(known: Reading, version: Version, created_at: int) -> int:
    """Return when the author made this command: with the comment, with an earlier edit, or with this one."""
    if known.digest is None and version.previous is None and version.at <= created_at + 1:
        # GitHub's two times may differ by a second on a comment that nobody ever edited.
        return created_at
    same = _is_same(known.command, version.command) or version.digest == known.digest
    return known.made_at if same and _follows(version, known) else version.at


def _is_same(command: Command | None, other: Command | None) -> bool:
    """Return whether an edit leaves a command what it was, whatever else it changed; an order never stays so."""
    return _kind(command) == _kind(other) and not isinstance(other, OrganizerCommand)


def _kind(command: Command | None) -> object:
    return command if isinstance(command, Phrase) else type(command)


def _follows(version: Version, known: Reading) -> bool:
    return version.previous is None or version.previous == known.digest


def _redacted(own: Command | None, shown: Command | None) -> Command | None:
    """Read the author's own last words after somebody else edited them."""
    if isinstance(own, Sign):
        return Sign() if isinstance(shown, Sign) else None
    return own if isinstance(own, Unsign) or (isinstance(own, Phrase) and own == shown) else None


def _cautious(own: Command | None, shown: Command | None) -> Command | None:
    """Read a text that nobody knows the writer of, after the author's own last words that we know."""
    return Unsign() if isinstance(shown, Unsign) else _redacted(own, shown)


def _read_second(
    known: Reading, second: Sequence[Version], created_at: int, following: Sequence[Version]
) -> Reading:
    if len(second) == 1:
        return _read_version(known, second[0], created_at)
    final = _replaced_later(second, following) or _final(second)
    trail = _trail(known.digest, second, final)
    looks = [version for version in second if version not in trail]
    after = known
    for version in trail:
        after = _read_version(after, version, created_at)
    after = _end(known, after, trail, second, final)
    for look in sorted(looks, key=attrgetter("seen")):
        after = _look_again(after, look) if look.digest == after.digest else after
    hidden = _hidden(after, trail, looks, second)
    return replace(after, hidden=True in hidden, settled=after.settled and len(hidden) == 1)


def _freshest(second: Sequence[Version]) -> list[Version]:
    """Return what was seen last, where that was after the second was over and so shows what came out of it."""
    seen = max(version.seen for version in second)
    return [version for version in second if version.seen == seen > version.at]


def _final(second: Sequence[Version]) -> str | None:
    """Return which text the second ended with, where a later look tells."""
    freshest = _freshest(second)
    digests = {v.digest for v in freshest if v.writer is Writer.UNSAID} or {v.digest for v in freshest}
    return digests.pop() if len(digests) == 1 else None


def _replaced_later(second: Sequence[Version], following: Sequence[Version]) -> str | None:
    """Return which text the second ended with, where the next second's edits tell what they replaced."""
    edits = [version for version in following if _is_edit(version)]
    first = {edit.previous for edit in edits} - {edit.digest for edit in edits}
    first = first or {version.digest for version in following}
    return first.pop() if len(first) == 1 and first <= {version.digest for version in second} else None


def _is_edit(version: Version) -> bool:
    return version.writer is not Writer.UNSAID and version.previous not in (None, version.digest)


def _trail(digest: str | None, second: Sequence[Version], final: str | None) -> list[Version]:
    """Put the texts of a second into the order in which one replaced the other; mere looks stay out."""
    # Delivery and history of one edit may differ in whether they tell that the comment was hidden.
    edits = list({(v.previous, v.digest, v.writer): v for v in second if _is_edit(v)}.values())
    origins = [v for v in second if v.writer is not Writer.UNSAID and v.previous is None]
    reached = {edit.digest for edit in edits}
    unreached = [origin for origin in origins if origin.digest not in reached]
    trail: list[Version] = []
    if digest is None:
        # The comment was created in this second. A listing, too, takes what it sees for the first text.
        trail = [origin for origin in unreached or origins if origin.writer is Writer.AUTHOR][:1]
        unreached = [origin for origin in unreached if origin.writer is Writer.OTHER]
    remaining = edits + unreached
    while remaining:
        digest = trail[-1].digest if trail else digest
        following = [edit for edit in remaining if edit.previous == digest]
        replaceable = {edit.digest for edit in remaining}
        heads = [edit for edit in remaining if edit.previous not in replaceable]
        step = min(following or heads or remaining, key=lambda edit: edit.digest == final)
        remaining.remove(step)
        trail.append(step)
    return trail


def _end(
    before: Reading, after: Reading, trail: Sequence[Version], second: Sequence[Version], final: str | None
) -> Reading:
    """Return how the second ended, and how sure that is."""
    texts = [before.digest, *(version.digest for version in trail)]
    returns = len(set(texts)) < len(texts)
    seen = {version.digest for version in second}
    end = final or (after.digest if after.digest in seen else second[-1].digest)
    if end == after.digest and not returns:
        linked = all(now.previous in (None, was) for was, now in zip(texts, trail, strict=False))
        return replace(after, settled=final is not None or (after.settled and linked and seen.issubset(texts)))
    # The same text stood more than once, or there is no known way to the text that stands.
    text = max((version for version in second if version.digest == end), key=attrgetter("seen"))
    now = replace(
        after,
        digest=end,
        shown=text.command,
        by_author=False,
        settled=final is not None,
        written_at=text.at,
        made_at=text.at if after.digest is None else after.made_at,
    )
    own = [version.command for version in trail if version.writer is Writer.AUTHOR]
    own += [] if before.digest is None else [before.own]
    match {version.writer for version in trail if version.digest == end and version.previous and returns}:
        case writers if writers == {Writer.AUTHOR}:
            return replace(now, own=text.command, by_author=True, sure=True)
        case writers if writers == {Writer.OTHER} and len({_kind(command) for command in own}) == 1:
            return replace(now, own=own[0])
        case _:
            return replace(now, sure=False)


def _hidden(
    after: Reading, trail: Sequence[Version], looks: Sequence[Version], second: Sequence[Version]
) -> set[bool]:
    """Return whether the comment was hidden at the second's end, by the best witnesses; two answers are none."""
    at_the_end = [look for look in looks if look.digest == after.digest]
    for witnesses in (_freshest(second), at_the_end, trail[-1:], looks):
        said = {version.hidden for version in witnesses if version.hidden is not None}
        if said:
            return said
    return {after.hidden}


def _freshness(version: Version) -> tuple[int, str, bool, str]:
    # By its kind first, because that is all that is left of an outdated command, or of one that was forgotten.
    command = version.command
    return (version.seen, type(command).__name__, command != Sign(), repr(command))


def _rank(version: Version) -> tuple[int, int, str, str, str, int]:
    hidden = -1 if version.hidden is None else int(version.hidden)
    return (version.at, version.seen, version.digest, version.previous or "", version.writer, hidden)


def _bare(version: Version) -> Version:
    """Keep the kind of an outdated command, not the name and reason that its author has replaced since."""
    match version.command:
        case Sign():
            return replace(version, command=Sign())
        case OrganizerCommand(word=word):
            return replace(version, command=OrganizerCommand(word))
        case _:
            return version
