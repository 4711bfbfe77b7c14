"""Find the rows of our tables in a damaged SQLite file: by its list of tables, and by their shape."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from bot.store.recovery.sqlite_pages import Cell, FilePages
from bot.store.recovery.table_layouts import Column, Layout, Row

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


@dataclass(frozen=True, slots=True)
class Root:
    """Where a table or an index begins."""

    page: int
    of_index: bool


@dataclass(frozen=True, slots=True)
class DamagedFile:
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
                for _ in self.pages.read_tree(root.page, _anything, of_index=root.of_index):
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


def _anything(cell: Cell) -> Cell:
    return cell
