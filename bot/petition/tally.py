"""Fold comments into signatures: one person, one signature, the latest standing command decides.

`explain` says why somebody has no signature; `digest` identifies a tally.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from bot.petition.comments.commands import Command, Phrase, Sign, Unsign, organizer_commands
from bot.petition.comments.comment import Author, Comment, Standing, standing
from bot.petition.rules_in_force import DEFAULTS, Rules
from bot.time_types import WholeEpochSeconds

Pair = tuple[int, int]
"""A user id and a comment id."""


class Reason(StrEnum):
    """Why there is no signature."""

    SILENT = "silent"
    """No comment says `/sign`."""
    COMMAND = "command"
    """Nor does the last one, which is a command of organizers."""
    MISTYPED = "mistyped"
    CUT_OFF = "cut off"
    """The command stands only below what looks like the beginning of a quoted mail."""
    WITHDRAWN = "withdrawn"
    HIDDEN = "hidden"
    LATE = "late"
    """It was made after the end."""
    REMOVED = "withheld"
    """A command of the organizers removes it."""
    YOUNG = "young"
    """The account had not existed long enough."""
    WAITING = "waiting"
    """GitHub has not told yet who edited the comment, whether it came by mail, or how old the account is."""


class Signature(Struct, frozen=True):
    """One person's standing `/sign`."""

    user_id: int
    login: str
    comment_id: int
    signed_at: WholeEpochSeconds
    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None
    unlisted: bool = False
    """Whether it is in no list that is shown."""

    @property
    def pair(self) -> Pair:
        """Return what the digest of a tally is made from."""
        return self.user_id, self.comment_id


class Evaluation(Struct, frozen=True):
    """What a person's comments come to: the signature if there is one, and which comments took effect."""

    signature: Signature | None
    effective: frozenset[int]
    """Ids of the comments whose command is in force."""
    refused: frozenset[int]
    """Ids of the comments whose command does not count: made after the end, mistyped, cut off, or removed."""


class Uncounted(Struct, frozen=True):
    """Why somebody is not counted, the comment that says most about it, and when its command was made."""

    reason: Reason
    comment_id: int
    at: WholeEpochSeconds
    fault: str = ""
    """What is wrong about a command that was mistyped."""
    has_orders: bool = False
    """Whether the comment also has commands of organizers, which an edit could take back."""


MISTYPED_ORDER: Final = "order"
"""The fault of a command of organizers that was mistyped."""


class Conditions(Struct, frozen=True):
    """What decides whether a `/sign` counts, beside the comments of the person."""

    closed_at: WholeEpochSeconds | None = None
    """When the issue was closed; the rules may end the petition as well."""
    rules: Rules = DEFAULTS
    born: Mapping[int, WholeEpochSeconds] = MappingProxyType({})
    """When accounts were opened, by user id; where the rules ask for that, a `/sign` waits until it is known."""

    def reason_against(self, author: Author, command: Command | None, made_at: WholeEpochSeconds) -> Reason | None:
        """Return why an effective command that tries to sign does not; None where nothing is against it."""
        if isinstance(command, Phrase):
            return Reason.CUT_OFF if command.is_cut_off else Reason.MISTYPED if command.is_attempt else None
        if not isinstance(command, Sign):
            return None
        is_young = made_at < self.rules.old_enough_at(self.born.get(author.id))
        if is_young and author.id not in self.born:
            return Reason.WAITING
        if author.id in self.rules.removed_ids:
            return Reason.REMOVED
        ends_at = self.rules.ends_at(self.closed_at)
        if ends_at is not None and made_at > ends_at:
            return Reason.LATE
        return Reason.YOUNG if is_young else None


NO_CONDITIONS = Conditions()


def evaluate(comments: Iterable[Comment], conditions: Conditions = NO_CONDITIONS) -> Evaluation:
    """Decide one person's comments of all threads together."""
    counted: list[tuple[int, Signature | None]] = []
    refused: set[int] = set()
    for comment, stands in _in_order(comments):
        author = comment.author
        if author is None or stands.hidden:
            continue
        command = _effective_command(stands.command, conditions.rules)
        reason = conditions.reason_against(author, command, stands.made_at)
        if reason is None:
            if isinstance(command, Sign | Unsign):
                counted.append((comment.id, _signature(comment.id, author, command, stands.made_at)))
        elif reason is not Reason.WAITING:
            refused.add(comment.id)
    latest = counted[-1][1] if counted else None
    effective = frozenset(number for number, signature in counted if (signature is None) == (latest is None))
    return Evaluation(latest, effective, frozenset(refused))


def as_signed(comment: Comment) -> Signature | None:
    """Return the signature that a comment makes if it counts."""
    stands, author = standing(comment), comment.author
    if author is None or stands.hidden or stands.command is None:
        return None
    command = Sign() if isinstance(stands.command, Phrase) else stands.command.effect
    return None if command is None else _signature(comment.id, author, command, stands.made_at)


def fold(comments: Iterable[Comment], conditions: Conditions = NO_CONDITIONS) -> list[Signature]:
    """Count all comments of a petition from nothing; ascending by user id."""
    people: defaultdict[int, list[Comment]] = defaultdict(list)
    for comment in comments:
        if comment.author is not None:
            people[comment.author.id].append(comment)
    evaluations = (evaluate(people[user_id], conditions) for user_id in sorted(people))
    return [one.signature for one in evaluations if one.signature is not None]


def explain(comments: Iterable[Comment], conditions: Conditions = NO_CONDITIONS) -> Uncounted | None:
    """Return why one person's comments make no signature; None where they do, where nobody could, or none stands.

    Their latest word decides; only where there is none, it is that they said nothing to us.
    """
    comments = [one for one in comments if one.present and one.author and one.author.can_sign]
    if evaluate(comments, conditions).signature is not None:
        return None
    latest_first = _in_order(comments)[::-1]
    for comment, stands in latest_first:
        reason = _reason(comment, stands, conditions)
        if reason is not None:
            said = stands.command and stands.command.own_part
            fault = said.fault if isinstance(said, Phrase) else ""
            at, has_orders = stands.made_at or comment.created_at, bool(organizer_commands(stands.command))
            return Uncounted(reason, comment.id, at, fault, has_orders)
    for comment, stands in latest_first[:1]:
        commands = () if stands.hidden else organizer_commands(stands.command)
        fault = MISTYPED_ORDER if any(one.is_mistyped for one in commands) else ""
        return Uncounted(Reason.COMMAND if commands else Reason.SILENT, comment.id, comment.created_at, fault)
    return None


def _effective_command(command: Command | None, rules: Rules) -> Command | None:
    """Return the `/sign` or `/unsign` that a command amounts to by the rules; any other one as it is."""
    if isinstance(command, Phrase):
        return Sign() if rules.accepts(command) else command
    if command is None:
        return None
    return command.effect or command.own_part


def _in_order(comments: Iterable[Comment]) -> list[tuple[Comment, Standing]]:
    """Return comments in the order in which they were written, and what each means."""
    return [(one, standing(one)) for one in sorted(comments, key=lambda one: (one.created_at, one.id))]


def _signature(
    comment_id: int, author: Author, command: Sign | Unsign, made_at: WholeEpochSeconds
) -> Signature | None:
    """Return the signature that a command makes; None for one that withdraws."""
    if isinstance(command, Unsign):
        return None
    return Signature(
        author.id, author.login, comment_id, made_at, command.name, command.affiliation, command.reason,
        command.unlisted,
    )  # fmt: skip


def _reason(comment: Comment, stands: Standing, conditions: Conditions) -> Reason | None:
    """Return why a comment does not sign; None where it does not try to."""
    command, author = _effective_command(stands.command, conditions.rules), comment.author
    if stands.hidden:
        return Reason.HIDDEN if isinstance(command, Sign) else None
    if isinstance(command, Unsign):
        return Reason.WITHDRAWN
    if (command is None and stands.unverified) or (stands.unclear and not isinstance(command, Sign)):
        return Reason.WAITING
    return None if author is None else conditions.reason_against(author, command, stands.made_at)


ALGORITHM: Final = "adhash4096"
"""Stands before every digest, so that another way of making it could be told from this one."""

_BYTES: Final = 512
_MODULUS: Final = 1 << (8 * _BYTES)


class DigestSum(Struct, frozen=True):
    """What the signatures of a tally add up to, and the digest that identifies the tally.

    Each signature is a number: SHAKE-256 of the text `user_id:comment_id`, 512 bytes of it, little-endian. The
    digest is SHA-256 of the sum of these numbers modulo 2**4096, again as 512 bytes, little-endian. docs/RECOUNT.md
    says it in a few lines of Python.

    A sum, because a hash over the sorted list of all signatures would be computed from its beginning again whenever
    one more person signs; to a sum one number is added, in any order, and a withdrawal subtracts it. So long a sum,
    because it must be as hard to find two tallies of one digest as with a hash over the list. For a sum of hashes
    modulo 2**n (AdHash: Bellare and Micciancio, 1997) the best attack that is known, Wagner's generalized birthday
    (2002), takes about 2**(2 * sqrt(n)) steps: 2**128 here, as for SHA-256. A sum of 256 bits would hold out for
    2**32 steps only, and an exclusive or for none worth counting.
    """

    number: int = 0

    @classmethod
    def of(cls, pairs: Iterable[Pair]) -> DigestSum:
        """Add up a tally from nothing."""
        return cls().plus(pairs)

    @classmethod
    def from_bytes(cls, kept: bytes) -> DigestSum:
        """Read what `to_bytes` gave; no bytes are nobody's sum."""
        return cls(int.from_bytes(kept, "little"))

    def to_bytes(self) -> bytes:
        """Return it as bytes to be kept."""
        return self.number.to_bytes(_BYTES, "little")

    def plus(self, pairs: Iterable[Pair]) -> DigestSum:
        """Count signatures in."""
        return DigestSum((self.number + sum(map(_number, pairs))) % _MODULUS)

    def minus(self, pairs: Iterable[Pair]) -> DigestSum:
        """Count signatures out."""
        return DigestSum((self.number - sum(map(_number, pairs))) % _MODULUS)

    @property
    def digest(self) -> str:
        """Return the digest as it stands in the block."""
        return f"{ALGORITHM}:{hashlib.sha256(self.to_bytes()).hexdigest()}"


def digest(pairs: Iterable[Pair]) -> str:
    """Identify a tally, counted from nothing."""
    return DigestSum.of(pairs).digest


def _number(pair: Pair) -> int:
    return int.from_bytes(hashlib.shake_256(b"%d:%d" % pair).digest(_BYTES), "little")
