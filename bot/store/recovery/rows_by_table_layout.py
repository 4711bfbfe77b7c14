"""Find the rows of our tables in a damaged SQLite file: by its list of tables, and by their shape."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from msgspec import Struct

from bot.store.recovery.sqlite_pages import Cell, FilePages, Value

Row = tuple[Value, ...]

LATEST: Final = 2**33
"""Later than any time that is stored."""

MOST: Final = 2**40
"""Larger than any count and revision; ids may be larger."""


class Column(Struct, frozen=True):
    """A column; `default` is what rows have in it that are older than it."""

    name: str
    kind: str
    required: bool
    default: Value = None


class Layout(Struct, frozen=True):
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
    """Check for what `bot.encryption_and_derived_tokens` makes."""
    return re.fullmatch(r"[\w=-]{40,}", str(row["content"]), re.ASCII) is not None


def _is_comment(row: Mapping[str, Value]) -> bool:
    """Check that the author is nobody, somebody forgotten, or has a login as GitHub gives them."""
    return re.fullmatch(r"[\w.\[\]-]*", str(row["author_login"]), re.ASCII) is not None


_CHECKS: Final[dict[str, Callable[[Mapping[str, Value]], bool]]] = {"comments": _is_comment, "sealed": _is_sealed}


SCHEMA: Final = Layout(
    "sqlite_master",
    (
        Column("type", "text", required=True),
        Column("name", "text", required=True),
        Column("tbl_name", "text", required=True),
        Column("rootpage", "number", required=True),
        Column("sql", "text", required=False),
    ),
)
VERSION: Final = Layout("alembic_version", (Column("version_num", "text", required=True),))


class Root(Struct, frozen=True):
    """Where a table or an index begins."""

    page: int
    of_index: bool


class DamagedFile(Struct, frozen=True):
    """The pages of a file, and where its tables and indexes begin, by name."""

    pages: FilePages
    roots: Mapping[str, Root]

    @classmethod
    def of(cls, data: memoryview) -> DamagedFile:
        """Read the list of tables, or what is left of it."""
        pages = FilePages.of(data)
        found = list(pages.read_tree(1, SCHEMA.row, of_index=False))
        rows = [row for row in found if row is not None]
        if len(rows) < len(found):
            orphans = (page for page in pages.orphans(of_index=False) if page.is_leaf)
            rows += [row for page in orphans for row in map(SCHEMA.row, page.cells) if row is not None]
        roots: dict[str, Root] = {}
        for kind, name, _, page, sql in rows:
            if kind in ("table", "index") and isinstance(page, int) and 1 < page <= pages.count:
                keyed = "WITHOUT ROWID" in str(sql).upper()
                roots.setdefault(str(name), Root(page, of_index=kind == "index" or keyed))
        return cls(pages, roots)

    def version(self) -> str | None:
        """Return the version of the tables; None where it cannot be read."""
        found = (row[0] for row in self.rows(VERSION) if row is not None)
        return next((str(one) for one in found if re.fullmatch(r"\d{4}", str(one))), None)

    def rows(self, layout: Layout) -> Iterator[Row | None]:
        """Return the rows of a table; None for each place where something is lost."""
        root = self.roots.get(layout.table)
        if root is None:
            yield None
        else:
            yield from self.pages.read_tree(root.page, layout.row, of_index=layout.keyed)

    def orphaned_rows(self, lost: Collection[Layout], others: Collection[str]) -> Iterator[tuple[str, list[Row]]]:
        """Return rows of `lost` tables, with the table's name, from pages that belong to no table any more.

        `others` have been read. Of two tables of the same shape, the first one is meant.
        """
        for name, root in self.roots.items():
            if name not in others:
                for _ in self.pages.read_tree(root.page, lambda cell: cell, of_index=root.of_index):
                    pass
        self.pages.mark_free()
        for keyed in (False, True):
            layouts = [one for one in lost if one.keyed == keyed]
            for page in self.pages.orphans(of_index=keyed) if layouts else ():
                if page.cells:
                    found = [(one.table, [row for row in map(one.row, page.cells) if row]) for one in layouts]
                    table, rows = max(found, key=lambda one: len(one[1]))
                    if 2 * len(rows) > len(page.cells):
                        yield table, rows
