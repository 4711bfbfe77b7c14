"""Signs of abuse in words, for `audit` and for the organizers' page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from bot.petition.counting.abuse_signals import AbuseSignals, Alike


def report_signals(found: AbuseSignals) -> Iterator[str]:
    """Format everything but the groups of logins, a line for each; the first one says of how many signatures."""
    yield f"{_count(found.signatures, 'signature')}. Nothing of this is proof, and nothing was done about it."
    if found.aged:
        young = ", ".join(f"{number:,} up to {_count(days, 'day')}" for days, number in found.young)
        yield f"Age of the account at the time of signing: {young}, of {found.aged:,} that are known."
    if found.signatures > found.unknown + found.waiting:
        yield f"Without followers, repositories, name and description: {found.empty:,}."
    if found.waiting:
        yield f"Looked at {found.signatures - found.waiting:,} of {_count(found.signatures, 'account')} so far."
    if found.unknown:
        yield f"GitHub tells nothing of {_count(found.unknown, 'account')}."
    for burst in found.bursts:
        when = datetime.fromtimestamp(burst.hour, UTC)
        young = f", {burst.young:,} of them from accounts up to a week old" if burst.young else ""
        yield f"Many at once: {burst.signatures:,} in the hour from {when:%Y-%m-%d %H:%M} UTC{young}."
    if not found.is_remarkable:
        yield "Nothing remarkable."


def report_group(group: Alike) -> str:
    """Format a group of logins, of which the first few are named."""
    more = ", …" if group.signatures > _LOGINS_NAMED else ""
    return f"Logins alike: {group.signatures:,} like {', '.join(group.logins[:_LOGINS_NAMED])}{more}"


_LOGINS_NAMED: Final = 3


def _count(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"
