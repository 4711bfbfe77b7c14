"""Save what can be read from a damaged SQLite database into a new one; everything else comes back from GitHub."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct

from bot.store.credentials import read_credentials
from bot.store.engine.backup import ELSEWHERE, check_apart
from bot.store.engine.database import LOCK_SECONDS, Transaction
from bot.store.engine.sqlite import SqliteDatabase
from bot.store.engine.sqlite_coordinator import make_database_file
from bot.store.engine.url import SqliteFile, read_existing_address
from bot.store.errors import DatabaseUnavailable, WrongDatabase, obstacle, reason_of
from bot.store.migrations import HEAD, TIMEOUT
from bot.store.recovery.derived_state import make_consistent
from bot.store.recovery.rows_by_table_layout import VERSION, DamagedFile, Layout, Row, read_layouts
from bot.store.recovery.sqlite_pages import add_wal
from bot.time_types import WholeEpochSeconds

DERIVED: Final = frozenset({VERSION.table, "signatures", "days", "sign_outs"})
"""Tables that are not copied: they follow from the others, or everybody just signs in again."""

NOT_FROM_ORPHANED_PAGES: Final = frozenset({"bodies", "failed_deliveries", "organizers", "writes"})
"""Tables of which an old page would do more harm than a lost one: all of it is read from GitHub again."""

AT_ONCE: Final = 5_000
"""Rows written in one transaction."""


NOTHING: Final = (
    "nothing can be read from {path}. Move it to another folder, and start the bot with a new file: it reads the"
    " signatures from GitHub again. Repeat earlier requests to forget people, if you know them. If the App was"
    " stored, store it again: python -m bot import-app"
)


class SavedTable(Struct, frozen=True):
    """How many rows of a table were saved, and whether those are all."""

    name: str
    rows: int
    is_whole: bool


class Recovered(Struct, frozen=True):
    """What was saved of the database in `path`; `app` are the App's encrypted credentials, None for none."""

    path: Path
    tables: tuple[SavedTable, ...]
    app: str | None

    @property
    def lost(self) -> tuple[SavedTable, ...]:
        """Return the tables of which a part was lost, or all."""
        return tuple(one for one in self.tables if not one.is_whole)


async def recover(database_url: str, file: Path, now: WholeEpochSeconds) -> Recovered:
    """Save what can be read into a new file, which is complete or not there; the damaged one stays as it is.

    Raises WrongDatabase, also where nothing of ours could be read, and DatabaseUnavailable.
    """
    address = read_existing_address(database_url)
    if not isinstance(address, SqliteFile):
        raise WrongDatabase(ELSEWHERE)
    path = address.path
    check_apart(file, path)
    _check_free(file)
    try:
        with TemporaryDirectory(prefix=".recover-", dir=file.parent) as folder:
            raw, new = Path(folder, "raw"), Path(folder, "new")
            copy_raw(path, raw)
            with _mapped(raw) as data:
                found = await _save(DamagedFile.of(data), new, now, path)
            with closing(sqlite3.connect(new)) as database:
                database.execute("PRAGMA journal_mode = DELETE")
            _publish(new, file)
    except DatabaseUnavailable as error:
        raise DatabaseUnavailable(f"{file} could not be written: {error}") from error
    except FileExistsError as error:
        raise WrongDatabase(f"{file} already exists; choose another name") from error
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUnavailable(f"{file} could not be written: {obstacle(file) or reason_of(error)}") from error
    return found


def _check_free(file: Path) -> None:
    if os.path.lexists(file):
        raise WrongDatabase(f"{file} already exists; choose another name")


async def _save(damaged: DamagedFile, new: Path, now: WholeEpochSeconds, path: Path) -> Recovered:
    from bot.store.migrations.upgrading import SCRIPTS, upgrade  # noqa: PLC0415 - it loads Alembic

    version = damaged.version()
    if version is not None and version > HEAD:
        raise WrongDatabase(f"{path} is from a newer version of this program; upgrade the program")
    is_known = bool(version and list(SCRIPTS.glob(f"versions/{version}_*.py")))
    target = version if version is not None and is_known else HEAD
    make_database_file(new)
    async with SqliteDatabase(SqliteFile(new)) as database:
        # The rows go into tables as theirs were; what migrations since do to rows, they do to these as well.
        await database.alter(lambda work: upgrade(work, target=target), TIMEOUT)
        with closing(sqlite3.connect(new)) as tables:
            layouts = {name: one for name, one in read_layouts(tables).items() if name not in DERIVED}
        lost = await _copy(damaged, layouts, database)
        await database.alter(upgrade, TIMEOUT)
        await make_consistent(database, now, lost)
        app = await database.read(read_credentials)
        rows = [await database.read(partial(_count, table=name)) for name in layouts]
    if lost and not any(rows):
        raise WrongDatabase(NOTHING.format(path=path))
    counted = zip(layouts, rows, strict=True)
    return Recovered(path, tuple(SavedTable(name, count, name not in lost) for name, count in counted), app)


async def _copy(damaged: DamagedFile, layouts: dict[str, Layout], database: SqliteDatabase) -> frozenset[str]:
    """Copy all rows that can be read; return the names of tables of which something is lost."""
    lost: set[str] = set()

    async def write(layout: Layout, rows: Iterable[Row | None]) -> None:
        remaining = iter(rows)
        while portion := list(islice(remaining, AT_ONCE)):
            sound = [row for row in portion if row is not None]
            if len(sound) < len(portion):
                lost.add(layout.table)
            await database.write(partial(_insert, layout=layout, rows=sound))

    for layout in layouts.values():
        await write(layout, damaged.rows(layout))
    incomplete = [
        layouts[name] for name in sorted(lost - NOT_FROM_ORPHANED_PAGES, key=lambda name: name != "forgotten")
    ]
    if incomplete:
        for table, rows in damaged.orphaned_rows(incomplete, others=layouts.keys()):
            await write(layouts[table], rows)
    return frozenset(lost)


def _insert(transaction: Transaction, layout: Layout, rows: list[Row]) -> None:
    columns = ", ".join(column.name for column in layout.columns)
    values = ", ".join("?" for _ in layout.columns)
    transaction.put(f"INSERT OR IGNORE INTO {layout.table} ({columns}) VALUES ({values})", rows)


def _count(transaction: Transaction, table: str) -> int:
    count: int = transaction.fetch(f"SELECT count(*) FROM {table}")[0][0]
    return count


@contextmanager
def _mapped(file: Path) -> Iterator[memoryview]:
    """Return the bytes of a file without having them all in memory."""
    with file.open("rb") as opened:
        if not file.stat().st_size:
            yield memoryview(b"")
            return
        # Closed with its last view.
        yield memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))


def _publish(new: Path, file: Path) -> None:
    """Move a file to its place, unless something is there."""
    try:
        os.link(new, file)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK):
            raise
        # A file system without links: an empty file keeps the name for us.
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        new.replace(file)


def copy_raw(source: Path, copy: Path) -> None:
    """Copy a database, page by page, into a file that only its owner may read; raises DatabaseUnavailable.

    SQLite does it, so that a bot that runs goes on meanwhile. Bytes are read only where SQLite finds damage:
    all of a file that it does not take for a database, and what it leaves out of a damaged WAL.
    """
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        by_sqlite = _copy_by_sqlite(source, copy)
        if by_sqlite and _is_sound(copy):
            return
        if not by_sqlite:
            # Closing a file drops the locks that this process has on it, for SQLite too. There are none: only this
            # command runs here, and it has just closed its only connection.
            shutil.copyfile(source, copy)
        wal = source.with_name(f"{source.name}-wal")
        if wal.is_file():
            add_wal(wal.read_bytes(), copy, all_of_it=not by_sqlite)
    except (OSError, sqlite3.Error) as error:
        raise DatabaseUnavailable(f"{source} could not be copied ({error})") from error


def _copy_by_sqlite(source: Path, copy: Path) -> bool:
    uri = f"{source.absolute().as_uri()}?mode=ro"
    try:
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=LOCK_SECONDS)) as database,
            closing(sqlite3.connect(copy)) as target,
        ):
            # With it SQLite does not mind that the file is shorter than its header says.
            database.execute("PRAGMA writable_schema = ON")
            database.backup(target, progress=_give_up_where_locked)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise
        return False
    return True


def _is_sound(copy: Path) -> bool:
    try:
        with closing(sqlite3.connect(copy)) as database:
            return list(database.execute("PRAGMA quick_check(1)")) == [("ok",)]
    except sqlite3.DatabaseError:
        return False


def _give_up_where_locked(status: int, _remaining: int, _pages: int) -> None:
    """Raise DatabaseUnavailable after the first wait for a lock: Python would wait again and again."""
    if status & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        raise DatabaseUnavailable("the database is locked by another program; stop it first")
