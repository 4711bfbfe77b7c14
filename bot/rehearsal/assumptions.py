"""What the bot assumes of GitHub: `assumptions.toml`, and what a rehearsal finds of each; pure."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from importlib.resources import files
from typing import Final, Literal

import msgspec
from msgspec import Struct

from bot.rehearsal import checks
from bot.rehearsal.story import NotObserved, Observations

DOCS: Final = "https://docs.github.com/en/"


class Verdict(StrEnum):
    """What a rehearsal has found of an assumption, in the order of the report."""

    FAILED = "did not hold"
    HELD = "held"
    UNTRIED = "could not be tried"


class Finding(Struct, frozen=True):
    """What was found of one assumption, and by what."""

    assumption: Assumption
    verdict: Verdict
    seen: str


class Assumption(Struct, frozen=True, forbid_unknown_fields=True):
    """An assumption as `assumptions.toml` has it, which explains the fields."""

    id: str
    sentence: str
    confidence: Literal["documented", "reported", "unsure"]
    page: str
    after: tuple[str, ...] = ()
    step: str | None = None
    status: int | None = None
    untried: str | None = None

    def find(self, story: Observations) -> Finding:
        """Return what the story shows of it."""
        try:
            holds, seen = self._check(story)
        except NotObserved as reason:
            return Finding(self, Verdict.UNTRIED, str(reason))
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            return Finding(self, Verdict.FAILED, f"a response has another form: {type(error).__name__} {error}")
        return Finding(self, Verdict.HELD if holds else Verdict.FAILED, seen)

    def _check(self, story: Observations) -> checks.Seen:
        if self.untried is not None:
            raise NotObserved(self.untried)
        for step in self.after:
            story[step]
        if self.step is not None:
            return story[self.step].status == self.status, checks.status_text(story[self.step])
        check: checks.Check = getattr(checks, self.id.replace("-", "_"))
        return check(story)


ASSUMPTIONS: Final = tuple(
    msgspec.convert({"id": name, **fields}, Assumption)
    for name, fields in tomllib.loads(files(__package__).joinpath("assumptions.toml").read_text("utf-8")).items()
)
