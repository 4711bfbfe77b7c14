"""The line at the block's head that tells machines the tally: written as JSON in an HTML comment, and read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import Struct

from bot.petition.issue_names_and_continuations import is_name
from bot.time_types import WholeEpochSeconds


class Coverage(Struct, frozen=True):
    """Which comments a tally covers: all that were written up to a time, and some of those since.

    `later` signatures are counted that came since. `waiting` comments are known and not counted, whenever they were
    written: only GitHub knows who wrote their text, or whether they came by mail, and has not told yet.
    """

    until: WholeEpochSeconds
    later: int = 0
    waiting: int = 0


class Counter(StrEnum):
    """What keeps a petition: the App with its server, or a workflow of the repository. A petition has one."""

    APP = "app"
    WORKFLOW = "workflow"


class MachineLine(Struct, frozen=True):
    """The tally for machines; `as_of` is when it was counted."""

    count: int
    digest: str
    as_of: WholeEpochSeconds
    v: int = 1
    threads: tuple[str, ...] = ()
    """The names, `owner/repo#number`, of the issues counted together, where there is more than one."""
    removals: tuple[tuple[int, int], ...] = ()
    """Of each command that removes a signature: its comment and whom it means, by their ids."""
    anonymised: bool = False
    """Whether we keep nothing any more but the count."""
    coverage: Coverage | None = None
    """Which comments are counted, where that is known."""
    by: str = Counter.APP
    """What wrote the block, a `Counter`; releases before 0.2.0 were the App and did not say so."""

    def __str__(self) -> str:
        values: dict[str, object] = {
            "v": self.v,
            "count": self.count,
            "digest": self.digest,
            "as_of": datetime.fromtimestamp(self.as_of, UTC).strftime(_ISO),
        }
        if self.coverage is not None:
            values["counted_to"] = datetime.fromtimestamp(self.coverage.until, UTC).strftime(_ISO)
            more = {"later": self.coverage.later, "waiting": self.coverage.waiting}
            values |= {name: number for name, number in more.items() if number}
        if self.threads:
            values["threads"] = self.threads
        if self.anonymised:
            values["anonymised"] = True
        if self.removals:
            values["withheld"] = self.removals
        if self.by != Counter.APP:
            values["by"] = self.by
        return f"<!-- undersigned {json.dumps(values, separators=(',', ':'))} -->"

    @classmethod
    def read(cls, text: str) -> MachineLine | None:
        """Read the JSON of such a line; None where it makes no sense."""
        try:
            values = json.loads(text)
            line = cls(
                count=values["count"],
                digest=values["digest"],
                as_of=_read_time(values["as_of"]),
                v=values["v"],
                threads=tuple(values.get("threads", ())),
                removals=tuple((command, person) for command, person in values.get("withheld", ())),
                anonymised=values.get("anonymised", False) is True,
                coverage=Coverage(
                    _read_time(values["counted_to"]), values.get("later", 0), values.get("waiting", 0)
                )
                if "counted_to" in values
                else None,
                by=str(values.get("by", Counter.APP)),
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        is_well_typed = (
            type(line.v) is type(line.count) is int
            and type(line.digest) is str
            and all(type(name) is str and is_name(name) for name in line.threads)
            and all(type(command) is type(person) is int for command, person in line.removals)
            and (line.coverage is None or type(line.coverage.later) is type(line.coverage.waiting) is int)
        )
        return line if is_well_typed and line.v == 1 and line.count >= 0 else None


def _read_time(text: str) -> WholeEpochSeconds:
    return int(datetime.strptime(text, _ISO).replace(tzinfo=UTC).timestamp())


_ISO = "%Y-%m-%dT%H:%M:%SZ"
