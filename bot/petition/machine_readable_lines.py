"""Lines for machines, JSON in an HTML comment: the tally in a block, and which petition an issue continues.

Both name issues as `owner/repo#number`.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum

import msgspec
from msgspec import Struct, field

from bot.time_types import WholeEpochSeconds, iso, read_iso


def is_name(text: str) -> bool:
    """Return whether a text can be the name of an issue, `owner/repo#number`."""
    return _NAME.fullmatch(text) is not None


def split_name(name: str) -> tuple[str, int]:
    """Return `owner/repo` and the number of a name."""
    repository, _, number = name.rpartition("#")
    return repository, int(number)


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
            "as_of": iso(self.as_of),
        }
        if self.coverage is not None:
            values["counted_to"] = iso(self.coverage.until)
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
                as_of=read_iso(values["as_of"]),
                v=values["v"],
                threads=tuple(values.get("threads", ())),
                removals=tuple((command, person) for command, person in values.get("withheld", ())),
                anonymised=values.get("anonymised", False) is True,
                coverage=Coverage(read_iso(values["counted_to"]), values.get("later", 0), values.get("waiting", 0))
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


class Continues(Struct, frozen=True):
    """Which petition an issue continues: the id of its first issue, and that issue's name, `owner/repo#number`.

    Where the first issue was transferred, its name of then still leads to it.
    """

    issue_id: int = field(name="issue")
    name: str

    def __str__(self) -> str:
        return f"<!-- undersigned:continues {msgspec.json.encode(self).decode()} -->"


def read_continues(body: str | None) -> Continues | None:
    """Read which petition an issue says it continues; None where its first line does not say so."""
    match = _MARKER.match(body or "")
    if match is None:
        return None
    try:
        continues = msgspec.json.decode(match["said"], type=Continues)
    except (ValueError, RecursionError):
        return None
    return continues if is_name(continues.name) else None


_NAME = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}#[1-9][0-9]{0,8}", re.ASCII)
_MARKER = re.compile(r"\s*<!-- undersigned:continues (?P<said>\{[^\r\n]*\}) -->[ \t]*(?:\r?\n|$)")
