"""The line at the block's head that tells machines the tally: written as JSON in an HTML comment, and read back."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from msgspec import Struct

from bot.petition.threads import is_name
from bot.units import WholeEpochSeconds


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

    def __str__(self) -> str:
        values: dict[str, object] = {
            "v": self.v,
            "count": self.count,
            "digest": self.digest,
            "as_of": datetime.fromtimestamp(self.as_of, UTC).strftime(_ISO),
        }
        if self.threads:
            values["threads"] = self.threads
        if self.anonymised:
            values["anonymised"] = True
        if self.removals:
            values["withheld"] = self.removals
        return f"<!-- undersigned {json.dumps(values, separators=(',', ':'))} -->"

    @classmethod
    def read(cls, text: str) -> MachineLine | None:
        """Read the JSON of such a line; None where it makes no sense."""
        try:
            values = json.loads(text)
            line = cls(
                count=values["count"],
                digest=values["digest"],
                as_of=int(datetime.strptime(values["as_of"], _ISO).replace(tzinfo=UTC).timestamp()),
                v=values["v"],
                threads=tuple(values.get("threads", ())),
                removals=tuple((command, person) for command, person in values.get("withheld", ())),
                anonymised=values.get("anonymised", False) is True,
            )
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        is_well_typed = (
            type(line.v) is type(line.count) is int
            and type(line.digest) is str
            and all(type(name) is str and is_name(name) for name in line.threads)
            and all(type(command) is type(person) is int for command, person in line.removals)
        )
        return line if is_well_typed and line.v == 1 and line.count >= 0 else None


_ISO = "%Y-%m-%dT%H:%M:%SZ"
