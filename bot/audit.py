"""`audit`: show what may be worth a second look among a petition's signatures, from GitHub alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.abuse_signals_text import report_group, report_signals
from bot.config import Config
from bot.petition.counting.abuse_signals import AbuseSignals, assess
from bot.petition.counting.tally import fold
from bot.verify import IssueName, gather


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found on a petition."""

    name: IssueName
    found: AbuseSignals

    def lines(self) -> Iterator[str]:
        """Return its lines for people."""
        first, *others = report_signals(self.found)
        yield f"{self.name}: {first}"
        yield from (f"  {line}" for line in (*others, *map(report_group, self.found.alike)))

    def facts(self) -> dict[str, object]:
        """Return it as values for JSON."""
        return {"petition": str(self.name), **self.found.facts()}


async def audit(name: IssueName, config: Config) -> Audited:
    """Look at a petition's accounts; raises `bot.github.errors`."""
    ballots = await gather(name, config, with_accounts=True)
    first = ballots.pages[0]
    closed_at, rules = first.issue.closed_at, ballots.told.rules
    signatures = fold(ballots.all_comments, closed_at=closed_at, rules=rules, born=ballots.born)
    return Audited(ballots.name, assess(signatures, ballots.accounts))
