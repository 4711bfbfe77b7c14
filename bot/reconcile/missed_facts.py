"""What deliveries told that could not be recorded when they came: GitHub is asked for it instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bot.petition.facts import Fact, InstallationFact, IssueGone, RepositoryFact, SettingsFact, Unclear

MOST: Final = 1_000
"""Issues that are remembered one by one; from then on their installations are."""


@dataclass(slots=True)
class MissedFacts:
    """Remember, in memory, where something happened that was not recorded, until that can be."""

    _places: set[tuple[int, int | None]] = field(default_factory=set)

    def note(self, facts: Sequence[Fact]) -> None:
        """Remember what facts are about."""
        self._places.update(map(_place, facts))
        if len(self._places) > MOST:
            self._places = {(installation_id, None) for installation_id, _ in self._places}

    def take(self) -> list[Unclear]:
        """Return what is to be recorded instead, and forget it."""
        places, self._places = self._places, set()
        return [Unclear(*place) for place in places]


def _place(fact: Fact) -> tuple[int, int | None]:
    match fact:
        case InstallationFact():
            return fact.id, None
        case RepositoryFact() | SettingsFact():
            return fact.installation_id, None
        case IssueGone() | Unclear():
            return fact.installation_id, fact.issue_id
        case _:
            return fact.installation_id, fact.issue.id
