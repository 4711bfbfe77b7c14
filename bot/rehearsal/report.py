"""The report of a rehearsal, in Markdown and in lines for a terminal; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from bot import __version__
from bot.rehearsal.assumptions import DOCS, Finding, Verdict
from bot.time_types import EpochSeconds


class Report(Struct, frozen=True):
    """What a rehearsal has found, where and when."""

    repository: str
    host: str
    at: EpochSeconds
    players: Sequence[str]
    """The logins of those who played."""
    calls: int
    findings: Sequence[Finding]
    cleaned: Sequence[str]
    """What has become of all that the rehearsal made."""
    broke_off: str = ""

    def found(self, verdict: Verdict) -> list[Finding]:
        """Return the findings of one kind."""
        return [one for one in self.findings if one.verdict is verdict]

    @property
    def total(self) -> str:
        """Return how many assumptions held, and how many did not."""
        return ", ".join(f"{len(self.found(verdict))} {verdict}" for verdict in _TOTAL)

    def lines(self) -> Iterator[str]:
        """Return its lines for people."""
        for one in self.found(Verdict.FAILED):
            yield f"Did not hold: {one.assumption.sentence} Seen: {one.seen}"
        if self.broke_off:
            yield f"The story was not played to its end: {self.broke_off}"
        yield f"{self.total}. {self.calls} calls to GitHub."

    def markdown(self) -> str:
        """Return it as a page."""
        return "\n".join(self._page())

    def _page(self) -> Iterator[str]:
        day = datetime.fromtimestamp(self.at, UTC)
        yield f"# Rehearsal on {self.host}, {day:%Y-%m-%d}\n"
        yield f"- Played in {self.repository} at {day:%H:%M} UTC by {' and '.join(self.players)}"
        yield f"- Undersigned {__version__}, {self.calls} calls"
        yield f"- {self.total}"
        if self.broke_off:
            yield f"- **Not played to its end:** {self.broke_off}"
        for verdict in _ORDER:
            if found := self.found(verdict):
                yield f"\n## {str(verdict).capitalize()}\n"
                yield f"| assumption | before | {'reason' if verdict is Verdict.UNTRIED else 'seen'} |"
                yield "| --- | --- | --- |"
                yield from map(_row, found)
        yield "\n## Cleaned up\n"
        yield from (f"- {line}" for line in self.cleaned)
        yield ""


_ORDER = (Verdict.FAILED, Verdict.HELD, Verdict.UNTRIED)
_TOTAL = (Verdict.HELD, Verdict.FAILED, Verdict.UNTRIED)


def _row(one: Finding) -> str:
    assumption = one.assumption
    seen = " ".join(one.seen.split()).replace("|", "\\|")
    return f"| {assumption.sentence} | [{assumption.confidence}]({DOCS}{assumption.page}) | {seen} |"
