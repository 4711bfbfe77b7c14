"""The columns of our tables, to distinguish their rows from garbage, and from one another's."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.store.recovery.sqlite_pages import Cell, Value

Row = tuple[Value, ...]

LATEST: Final = 2**33
"""Later than any time that is stored."""

MOST: Final = 2**40
"""Larger than any count and revision; ids may be larger."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `default` is what rows have in it that are older than it."""

    name: str
    kind: str
    required: bool
    default: Value = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A table, with its columns in the order in which a record has them.

    `rowid` is the place of the column that is the rowid, which a record does not repeat. A table that is `keyed`
    has none, and lies in the file like an index.
    """

    table: str
    columns: tuple[Column, ...]
    keyed: bool = False
    rowid: int | None = None

    def row(self, cell: Cell) -> Row | None:
        """Return a cell as a row of this table; None where it is none."""
        values = cell.values
        if not self.columns or not self.shortest <= len(values) <= len(self.columns):
            return None
        if self.rowid is not None:
            if values[self.rowid] is not None or cell.rowid is None or cell.rowid < 0:
                return None
            values = [*values[: self.rowid], cell.rowid, *values[self.rowid + 1 :]]
        values = [*values, *(column.default for column in self.columns[len(values) :])]
        if all(_fits(value, column) for value, column in zip(values, self.columns, strict=True)):
            check = _CHECKS.get(self.table)
            if check is None or check(dict(zip((one.name for one in self.columns), values, strict=True))):
                return tuple(values)
        return None

    @property
    def shortest(self) -> int:
        """Return how many values a record has at least."""
        needed = [place for place, one in enumerate(self.columns, 1) if one.required and one.default is None]
        return max(needed, default=1)


def read_layouts(database: sqlite3.Connection) -> dict[str, Layout]:
    """Return the tables of a sound database, by name."""
    found = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name: _read_layout(database, name, sql) for name, sql in found if not name.startswith("sqlite_")}


def _read_layout(database: sqlite3.Connection, table: str, sql: str) -> Layout:
    rows = database.execute(_COLUMNS, (table,)).fetchall()
    keyed = "WITHOUT ROWID" in sql.upper()
    if keyed:
        # The key comes first.
        rows = sorted(rows, key=lambda row: row[4] or len(rows))
    columns = tuple(
        Column(name, _kind(name, declared), bool(required or key), _value(database, default))
        for name, declared, required, default, key in rows
    )
    keys = [place for place, row in enumerate(rows) if row[4]]
    is_rowid = not keyed and len(keys) == 1 and rows[keys[0]][1].upper() == "INTEGER"
    return Layout(table, columns, keyed, keys[0] if is_rowid else None)


_COLUMNS: Final = 'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)'


def _value(database: sqlite3.Connection, default: str | None) -> Value:
    value: Value = None if default is None else database.execute(f"SELECT {default}").fetchone()[0]
    return value


def _kind(name: str, declared: str) -> str:
    kind = re.sub(r"\W.*", "", declared.upper())
    if kind in ("BIGINT", "INTEGER"):
        if name == "id" or name.endswith("_id"):
            return "id"
        return "time" if name in ("as_of", "born") or name.endswith("_at") else "number"
    return {"BOOLEAN": "flag", "TEXT": "text", "VARCHAR": "text", "BLOB": "bytes"}.get(kind, "real")


def _fits(value: Value, column: Column) -> bool:
    if value is None:
        return not column.required
    match column.kind:
        case "flag":
            return value in (0, 1) and isinstance(value, int)
        case "id":
            return isinstance(value, int) and value >= 0
        case "time":
            return isinstance(value, int) and -LATEST < value < LATEST
        case "number":
            return isinstance(value, int) and (-MOST < value < MOST or column.name == "at")
        case "text":
            return isinstance(value, str) and "\0" not in value
        case "bytes":
            return isinstance(value, bytes)
        case _:
            return isinstance(value, int | float)


def _is_sealed(row: Mapping[str, Value]) -> bool:
    """Check for what `bot.encryption` makes."""
    return re.fullmatch(r"[\w=-]{40,}", str(row["content"]), re.ASCII) is not None


def _is_comment(row: Mapping[str, Value]) -> bool:
    """Check that the author is nobody, somebody forgotten, or has a login as GitHub gives them."""
    return re.fullmatch(r"[\w.\[\]-]*", str(row["author_login"]), re.ASCII) is not None


_CHECKS: Final[dict[str, Callable[[Mapping[str, Value]], bool]]] = {"comments": _is_comment, "sealed": _is_sealed}
