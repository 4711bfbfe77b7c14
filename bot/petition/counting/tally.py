"""Fold comments into signatures: one person, one signature, the latest standing command decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from bot.petition.comments.commands import Command, Phrase, Sign, Unsign
from bot.petition.comments.comment import Author, Comment, Standing, standing
from bot.petition.counting.digest import Pair
from bot.petition.organizers.rules_in_force import DEFAULTS, Rules
from bot.units import WholeEpochSeconds


class Reason(StrEnum):
    """Why there is no signature."""

    SILENT = "silent"
    """No comment says `/sign`."""
    MISTYPED = "mistyped"
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"
    LATE = "late"
    """It was made after the end."""
    REMOVED = "withheld"
    """A command of the organizers removes it."""
    YOUNG = "young"
    """The account had not existed long enough."""
    WAITING = "waiting"
    """GitHub has not told yet who edited the comment, or how old the account is."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's standing `/sign`."""

    user_id: int
    login: str
    comment_id: int
    signed_at: WholeEpochSeconds
    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None

    @property
    def pair(self) -> Pair:
        """Return what the digest of a tally is made from."""
        return self.user_id, self.comment_id


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a person's comments come to: the signature if there is one, and which comments took effect."""

    signature: Signature | None
    effective: frozenset[int]
    """Ids of the comments whose command is in force."""
    refused: frozenset[int]
    """Ids of the comments whose command does not count: made after the end, mistyped, or of a removed signature."""


NOTHING = Evaluation(None, frozenset(), frozenset())


def evaluate(
    comments: Iterable[Comment],
    *,
    closed_at: WholeEpochSeconds | None = None,
    rules: Rules = DEFAULTS,
    born: WholeEpochSeconds | None = None,
) -> Evaluation:
    """Decide one person's comments of all threads together; a `/sign` made after `closed_at` does not count.

    `closed_at` is when the issue was closed; the rules may end the petition as well. `born` is when the account was
    opened. Where the rules ask for its age, a `/sign` counts only if the account was old enough when it was made;
    until that is known, it waits.
    """
    standings = [(comment, standing(comment)) for comment in comments]
    return evaluate_standings(standings, closed_at=closed_at, rules=rules, born=born)


def evaluate_standings(
    standings: Iterable[tuple[Comment, Standing]],
    *,
    closed_at: WholeEpochSeconds | None = None,
    rules: Rules = DEFAULTS,
    born: WholeEpochSeconds | None = None,
) -> Evaluation:
    """Decide as `evaluate` does, where it is known already what each comment means."""
    conditions = Conditions.of(closed_at, rules, born)
    counted: list[_Counted] = []
    refused: set[int] = set()
    for comment, stands in sorted(standings, key=_written):
        author = comment.author
        if author is None or stands.hidden:
            continue
        command = effective_command(stands.command, rules)
        reason = conditions.reason_against(author, command, stands.made_at)
        if reason is None:
            if isinstance(command, Sign | Unsign):
                counted.append(_Counted(comment.id, author, command, stands.made_at))
        elif reason is not Reason.WAITING:
            refused.add(comment.id)
    if not counted:
        return Evaluation(None, frozenset(), frozenset(refused)) if refused else NOTHING
    latest = counted[-1]
    effective = frozenset(one.comment_id for one in counted if type(one.command) is type(latest.command))
    return Evaluation(_signature(latest), effective, frozenset(refused))


def as_signed(comment: Comment) -> Signature | None:
    """Return the signature that a comment makes if it counts."""
    stands, author = standing(comment), comment.author
    if author is None or stands.hidden or stands.command is None:
        return None
    command = Sign() if isinstance(stands.command, Phrase) else stands.command.effect
    return _signature(_Counted(comment.id, author, command, stands.made_at)) if command is not None else None


def fold(
    comments: Iterable[Comment],
    *,
    closed_at: WholeEpochSeconds | None = None,
    rules: Rules = DEFAULTS,
    born: Mapping[int, WholeEpochSeconds] = MappingProxyType({}),
) -> list[Signature]:
    """Count all comments of a petition from nothing; ascending by user id.

    `born` says by user id when accounts were opened.
    """
    people: defaultdict[int, list[Comment]] = defaultdict(list)
    for comment in comments:
        if comment.author is not None:
            people[comment.author.id].append(comment)
    evaluations = (
        evaluate(people[user_id], closed_at=closed_at, rules=rules, born=born.get(user_id))
        for user_id in sorted(people)
    )
    return [one.signature for one in evaluations if one.signature is not None]


class Conditions(NamedTuple):
    """What a person's `/sign` has to fulfil to count; a tuple, because one is made for every delivery."""

    ends_at: WholeEpochSeconds | None
    removed: frozenset[int]
    old_enough_at: WholeEpochSeconds
    is_age_known: bool

    @classmethod
    def of(cls, closed_at: WholeEpochSeconds | None, rules: Rules, born: WholeEpochSeconds | None) -> Conditions:
        """Return the conditions for somebody whose account was opened when `born` says."""
        return cls(rules.ends_at(closed_at), rules.removed_ids, rules.old_enough_at(born), born is not None)

    def reason_against(self, author: Author, command: Command | None, made_at: WholeEpochSeconds) -> Reason | None:
        """Return why an effective command that tries to sign does not; None where nothing is against it."""
        if isinstance(command, Phrase):
            return Reason.MISTYPED if command.is_attempt else None
        if not isinstance(command, Sign):
            return None
        if made_at < self.old_enough_at and not self.is_age_known:
            return Reason.WAITING
        if author.id in self.removed:
            return Reason.REMOVED
        if self.ends_at is not None and made_at > self.ends_at:
            return Reason.LATE
        return Reason.YOUNG if made_at < self.old_enough_at else None


def effective_command(command: Command | None, rules: Rules) -> Command | None:
    """Return the `/sign` or `/unsign` that a command amounts to by the rules; any other one as it is."""
    if isinstance(command, Phrase):
        return Sign() if command.digest in rules.phrases else command
    return command if command is None else command.effect or command


class _Counted(NamedTuple):
    """A comment that signs or withdraws; a tuple, because one is made for every delivery."""

    comment_id: int
    author: Author
    command: Sign | Unsign
    made_at: WholeEpochSeconds


def _written(pair: tuple[Comment, Standing]) -> tuple[int, int]:
    comment, _ = pair
    return (comment.created_at, comment.id)


def _signature(latest: _Counted) -> Signature | None:
    comment_id, author, command, made_at = latest
    if isinstance(command, Unsign):
        return None
    return Signature(
        author.id, author.login, comment_id, made_at, command.name, command.affiliation, command.reason
    )
