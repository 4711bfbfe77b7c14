"""Fold comments into signatures: one person, one signature, the latest standing command decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from bot.petition.commands import Command, Phrase, Sign, Unsign
from bot.petition.comment import Author, Comment, Standing, standing
from bot.petition.digest import Pair
from bot.petition.rules import DEFAULTS, Rules


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's standing `/sign`; `signed_at` is in UTC epoch seconds."""

    user_id: int
    login: str
    comment_id: int
    signed_at: int
    name: str | None = None
    affiliation: str | None = None
    reason: str | None = None

    @property
    def pair(self) -> Pair:
        """Give what the digest of a tally is made from."""
        return self.user_id, self.comment_id


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person's comments come to: the signature if there is one, and which comments took effect."""

    signature: Signature | None
    effective: frozenset[int]
    """Ids of the comments whose command is in force."""
    refused: frozenset[int]
    """Ids of the comments whose command does not count: after the end, mistyped, or by somebody who is withheld."""


NOTHING = Verdict(None, frozenset(), frozenset())


def judge(
    comments: Iterable[Comment], *, closed_at: int | None = None, rules: Rules = DEFAULTS, born: int | None = None
) -> Verdict:
    """Decide one person's comments of all threads together; a `/sign` made after `closed_at` does not count.

    `closed_at` is when the issue was closed; the rules may end the petition as well.
    """
    standings = [(comment, standing(comment)) for comment in comments]
    return judge_standings(standings, closed_at=closed_at, rules=rules, born=born)


def judge_standings(
    standings: Iterable[tuple[Comment, Standing]],
    *,
    closed_at: int | None = None,
    rules: Rules = DEFAULTS,
    born: int | None = None,
) -> Verdict:
    """Decide as `judge` does, where it is known already what each comment means.

    `born` is when the account was opened. Where the rules ask for its age, a `/sign` counts only if the account was
    old enough when it was made; until that is known, it waits.
    """
    ends_at, withheld, old_enough_at = rules.ends_at(closed_at), rules.withheld_ids, rules.old_enough_at(born)
    counted: list[_Counted] = []
    refused: set[int] = set()
    for comment, stands in sorted(standings, key=_written):
        author = comment.author
        if author is None or stands.hidden:
            continue
        command, made_at = _understood(stands.command, rules), stands.made_at
        match command:
            case Phrase(is_attempt=True):
                refused.add(comment.id)
            case Sign() if author.id in withheld or (ends_at is not None and made_at > ends_at):
                refused.add(comment.id)
            case Sign() if born is None and made_at < old_enough_at:
                continue
            case Sign() if made_at < old_enough_at:
                refused.add(comment.id)
            case Sign() | Unsign():
                counted.append(_Counted(comment.id, author, command, made_at))
    if not counted:
        return Verdict(None, frozenset(), frozenset(refused)) if refused else NOTHING
    latest = counted[-1]
    effective = frozenset(one.comment_id for one in counted if type(one.command) is type(latest.command))
    return Verdict(_signature(latest), effective, frozenset(refused))


def as_signed(comment: Comment) -> Signature | None:
    """Give the signature that a comment makes if it counts."""
    stands, author = standing(comment), comment.author
    if author is None or stands.hidden or not isinstance(stands.command, Sign | Phrase):
        return None
    command = stands.command if isinstance(stands.command, Sign) else Sign()
    return _signature(_Counted(comment.id, author, command, stands.made_at))


def fold(
    comments: Iterable[Comment],
    *,
    closed_at: int | None = None,
    rules: Rules = DEFAULTS,
    born: Mapping[int, int] = MappingProxyType({}),
) -> list[Signature]:
    """Count all comments of a petition from nothing; ascending by user id.

    `born` says by user id when accounts were opened.
    """
    people: defaultdict[int, list[Comment]] = defaultdict(list)
    for comment in comments:
        if comment.author is not None:
            people[comment.author.id].append(comment)
    verdicts = (
        judge(people[user_id], closed_at=closed_at, rules=rules, born=born.get(user_id))
        for user_id in sorted(people)
    )
    return [verdict.signature for verdict in verdicts if verdict.signature is not None]


class _Counted(NamedTuple):
    """A comment that signs or withdraws; a tuple, because one is made for every delivery."""

    comment_id: int
    author: Author
    command: Sign | Unsign
    made_at: int


def _understood(command: Command | None, rules: Rules) -> Command | None:
    """Take a phrase that the organizers accept for a `/sign`."""
    return Sign() if isinstance(command, Phrase) and command.digest in rules.phrases else command


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
