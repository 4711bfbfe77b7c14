"""Spell one SQL text for two engines: written in PostgreSQL's way, respelled for SQLite.

SQLite reads nearly the same; `_for_sqlite` respells the few things that it says in another way:

    = ANY($1::BIGINT[])                         IN (SELECT value FROM json_each(?1))
    SELECT * FROM unnest($1::BIGINT[], …)       VALUES (?1, …), once per row
    FOR UPDATE …                                (nothing: one transaction writes at a time)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent
from typing import Literal

Engine = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement in both spellings."""

    sqlite: str
    postgresql: str

    def text(self, engine: Engine) -> str:
        """Return the spelling that an engine reads."""
        return self.sqlite if engine == "sqlite" else self.postgresql


def statement(text: str) -> Statement:
    """Prepare a statement."""
    text = dedent(text).strip()
    return Statement(_for_sqlite(text), text)


def _for_sqlite(text: str) -> str:
    text = re.sub(r"= ANY\((\$\d+)::\w+\[\]\)", r"IN (SELECT value FROM json_each(\1))", text)
    text = re.sub(r"SELECT \* FROM unnest(\([^)]*\))", lambda rows: "VALUES " + rows[1], text)
    text = re.sub(r"\s+FOR UPDATE[^)]*$", "", text)
    text = re.sub(r"::(BIGINT|TEXT|BOOLEAN|INTEGER|DOUBLE PRECISION)(\[\])?", "", text)
    return re.sub(r"\$(\d+)", r"?\1", text)
