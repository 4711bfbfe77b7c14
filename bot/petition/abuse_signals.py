"""Find what may be worth a second look: young and empty accounts, bursts, logins that are nearly the same.

Nothing here is acted on, and nothing here is proof: many people open an account in order to sign, and a link in the
news makes a burst.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Final

from msgspec import Struct

from bot.petition.i18n import counted
from bot.petition.tally import Signature
from bot.time_types import WholeEpochSeconds

YOUNG_DAYS: Final = (1, 7, 30)
"""Ages at the time of signing up to which accounts are counted as young."""

SHOWN: Final = 5
"""Bursts and groups of logins that are shown at most, the largest first."""

_DAY, _HOUR = 86_400, 3_600


class Account(Struct, frozen=True):
    """What GitHub shows of an account; `born` is when it was opened."""

    id: int
    born: WholeEpochSeconds
    followers: int = 0
    repositories: int = 0
    has_profile: bool = False
    """Whether it has a name or a description."""
    is_only_aged: bool = False
    """Whether no more than its age is known."""

    @property
    def is_empty(self) -> bool:
        """Return whether it has never been used for anything that shows."""
        return not (self.is_only_aged or self.followers or self.repositories or self.has_profile)


class Burst(Struct, frozen=True):
    """An hour, by its first second, in which unusually many signed; `young` of them were up to a week old."""

    hour: WholeEpochSeconds
    signatures: int
    young: int


class Alike(Struct, frozen=True):
    """Logins that differ in numbers, dots and dashes only; of very many, only the first."""

    signatures: int
    logins: tuple[str, ...]

    def __str__(self) -> str:
        """Format the group; the first few are named."""
        more = ", …" if self.signatures > _LOGINS_NAMED else ""
        return f"Similar logins: {self.signatures:,}, such as {', '.join(self.logins[:_LOGINS_NAMED])}{more}"


class AbuseSignals(Struct, frozen=True):
    """What may be worth a second look.

    Of `unknown` accounts GitHub told nothing; at those that are `waiting` nobody has looked yet.
    """

    signatures: int
    unknown: int
    young: tuple[tuple[int, int], ...]
    """Days, and how many accounts were younger when they signed."""
    empty: int
    bursts: tuple[Burst, ...]
    alike: tuple[Alike, ...]
    aged: int = 0
    """Accounts whose age is known."""
    waiting: int = 0

    def lines(self) -> Iterator[str]:
        """Format everything but the groups of logins; the first line says of how many signatures."""
        headline, *others = self.lines_without_ages()
        yield headline
        if self.aged:
            young = ", ".join(f"{number:,} up to {counted(days, 'day')}" for days, number in self.young)
            yield f"Age of the account when signing: {young}, of {self.aged:,} whose age is known."
        yield from others

    def lines_without_ages(self) -> Iterator[str]:
        """Format everything but the ages and the groups of logins."""
        yield f"{counted(self.signatures, 'signature')}. This is not proof of abuse, and no signature was removed."
        if self.signatures > self.unknown + self.waiting:
            yield f"Accounts without followers, repositories, name and description: {self.empty:,}."
        if self.waiting:
            yield f"Checked {self.signatures - self.waiting:,} of {counted(self.signatures, 'account')} so far."
        if self.unknown:
            yield f"GitHub shows nothing about {counted(self.unknown, 'account')}."
        for burst in self.bursts:
            when = datetime.fromtimestamp(burst.hour, UTC)
            young = f", {burst.young:,} of them from accounts up to a week old" if burst.young else ""
            yield (
                f"Many at once: {burst.signatures:,} signatures in the hour from {when:%Y-%m-%d %H:%M} UTC{young}."
            )
        if not (self.empty or self.bursts or self.alike or any(number for _, number in self.young)):
            yield "Nothing unusual so far." if self.waiting else "Nothing unusual."

    def shares(self) -> list[tuple[str, int, str]]:
        """Return how many accounts were how young when they signed, and their share of those that are known."""
        return [
            (f"up to {counted(days, 'day')}", number, f"{100 * number / self.aged:.1f}%".replace(".0%", "%"))
            for days, number in self.young
            if self.aged
        ]


def assess(
    signatures: Sequence[Signature], accounts: Mapping[int, Account], waiting: Collection[int] = ()
) -> AbuseSignals:
    """Look at a tally, with what is known of its accounts by user id; of those who are `waiting` it is not all."""
    aged = [(one, accounts[one.user_id]) for one in signatures if one.user_id in accounts]
    ages = [one.signed_at - account.born for one, account in aged]
    return AbuseSignals(
        signatures=len(signatures),
        unknown=sum(one.user_id not in accounts and one.user_id not in waiting for one in signatures),
        young=tuple((days, sum(age < days * _DAY for age in ages)) for days in YOUNG_DAYS),
        empty=sum(account.is_empty for _, account in aged),
        bursts=tuple(_bursts(signatures, accounts)),
        alike=tuple(_alike(one.login for one in signatures)),
        aged=len(aged),
        waiting=sum(one.user_id in waiting for one in signatures),
    )


_LEAST_IN_BURST = 20
_TIMES_THE_USUAL = 5
_LEAST_ALIKE = 3
_LOGINS_KEPT = 500
_LOGINS_NAMED = 3
_FILLING = re.compile(r"[\d._-]+")


def _bursts(signatures: Iterable[Signature], accounts: Mapping[int, Account]) -> Iterator[Burst]:
    """Find hours with many times the signatures of a usual hour; hours in which nobody signed are not usual."""
    hours: defaultdict[int, list[Signature]] = defaultdict(list)
    for one in signatures:
        hours[one.signed_at // _HOUR * _HOUR].append(one)
    usual = median(map(len, hours.values())) if hours else 0
    many = [item for item in hours.items() if len(item[1]) >= max(_LEAST_IN_BURST, _TIMES_THE_USUAL * usual)]
    for hour, signed in sorted(many, key=lambda item: (-len(item[1]), item[0]))[:SHOWN]:
        known = [(one, accounts[one.user_id]) for one in signed if one.user_id in accounts]
        yield Burst(hour, len(signed), sum(one.signed_at - account.born < 7 * _DAY for one, account in known))


def _alike(logins: Iterable[str]) -> Iterator[Alike]:
    """Find logins that are the same without their numbers, where there are several."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for login in logins:
        stem = _FILLING.sub("", login.lower())
        if stem and stem != login.lower():
            groups[stem].append(login)
    many = [item for item in groups.items() if len(item[1]) >= _LEAST_ALIKE]
    for _, found in sorted(many, key=lambda item: (-len(item[1]), item[0]))[:SHOWN]:
        yield Alike(len(found), tuple(sorted(found)[:_LOGINS_KEPT]))
