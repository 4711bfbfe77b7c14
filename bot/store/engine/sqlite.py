"""SQLite: one file, one writing thread, and readers that it does not hold up."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from bot.store.engine.database import LOCK_SECONDS, TIMEOUT, Coordinator, Database, Row, Transaction
from bot.store.engine.sqlite_coordinator import SqliteCoordinator, make_database_file
from bot.store.engine.url import SqliteFile
from bot.store.errors import Damaged, DatabaseUnavailable, WrongDatabase, describe_damage, is_damage
from bot.supervisor import Supervisor
from bot.time_types import Seconds

if TYPE_CHECKING:
    from sqlalchemy import Connection

T = TypeVar("T")

OLDEST: Final = (3, 35, 0)

WAL_SIZE: Final = 4 << 20
"""Bytes of the WAL from which on it is copied into the file."""

PAGES: Final = 4_000
"""kB of the file that each connection keeps: the inner pages of all indexes of a million comments.

More is of no use: the system keeps the file as well, and a reader lets go of everything when somebody has written.
"""


class SqliteDatabase(Database):
    """One writing thread, and readers that it does not hold up (WAL)."""

    def __init__(self, address: SqliteFile) -> None:
        if sqlite3.sqlite_version_info < OLDEST:
            raise WrongDatabase(f"SQLite {sqlite3.sqlite_version} is too old; version 3.35 or newer is required")
        # SQLite keeps its files beside the one that symbolic links lead to; so do we, and look for them there.
        self.path = address.path.resolve()
        self._mine = threading.local()
        self._damage = ""
        self._files: tuple[int, ...] | None = None
        """The numbers of the file and of its WAL as they were at the first write."""
        self._connections: list[sqlite3.Connection] = []
        self._write_lock: sqlite3.Connection | None = None
        """Keeps others from writing during a checkpoint."""
        self._writing = ThreadPoolExecutor(1, "sqlite-writer")
        self._reading = ThreadPoolExecutor(2, "sqlite-reader")

    async def write(self, work: Callable[[Transaction], T], longest: Seconds = TIMEOUT) -> T:  # noqa: ARG002 - a file answers
        """Run a transaction in the writing thread."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writing, self._write, work)
        finally:
            self.commits += 1

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Run a transaction in a reading thread."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._run, "BEGIN", work)

    async def alter(self, work: Callable[[Connection], T], longest: Seconds) -> T:
        """Run a transaction that alters tables; two at once wait for each other."""
        from bot.store.migrations.upgrading import over_sqlite  # noqa: PLC0415 - it loads SQLAlchemy

        try:
            return await asyncio.to_thread(over_sqlite, lambda: _open(self.path, longest), work)
        except sqlite3.Error as error:
            raise self._to_store_error(error) from error

    def coordinator(self, changed: Callable[[], object], supervisor: Supervisor) -> Coordinator:  # noqa: ARG002 - a file has no notifications
        """Return the lock beside the file."""
        return SqliteCoordinator(self.path)

    def problem(self) -> str:
        """Return whether the file is damaged, or was moved."""
        if self._damage:
            return self._damage
        if self._files is not None and self._files != self._inodes():
            return (
                f"{self.path.name} was moved, replaced or deleted while the bot was using it. Stop the bot, put the"
                " right file in place, and start it again"
            )
        return ""

    async def check_integrity(self) -> None:
        """Read the whole file in a thread of its own."""
        connections: list[sqlite3.Connection] = []
        check = asyncio.ensure_future(asyncio.to_thread(self._check, connections))  # noqa: TID251 - awaited just below
        try:
            await asyncio.shield(check)
        except asyncio.CancelledError:
            # The thread would go on for as long as a large file takes, and the process with it.
            while not check.done():
                with suppress(sqlite3.ProgrammingError):
                    for connection in connections:
                        connection.interrupt()
                await asyncio.wait({check}, timeout=0.05)
            # Nobody waits for the result of an interrupted check.
            check.exception()
            raise

    async def close(self) -> None:
        """Finish what runs; the last connection merges the WAL into the file."""
        await asyncio.to_thread(self._close)

    def connection(self) -> sqlite3.Connection:
        """Return the connection of this thread."""
        found: sqlite3.Connection | None = getattr(self._mine, "connection", None)
        if found is None:
            found = self._mine.connection = _open(self.path, LOCK_SECONDS)
            self._connections.append(found)
        return found

    def _close(self) -> None:
        self._reading.shutdown()
        self._writing.shutdown()
        while self._connections:
            self._connections.pop().close()

    def _write(self, work: Callable[[Transaction], T]) -> T:
        if self._damage:
            raise Damaged(self._damage)

        def checked(transaction: Transaction) -> T:
            # Only once a transaction has begun there is a WAL for certain.
            self._files = self._files or self._inodes()
            if problem := self.problem():
                raise DatabaseUnavailable(problem)
            return work(transaction)

        result = self._run("BEGIN IMMEDIATE", checked)
        self._checkpoint()
        return result

    def _checkpoint(self) -> None:
        """Copy a large WAL into the file, while a lock keeps everybody from writing.

        Before 3.51.3, SQLite can lose pages where another process commits during a checkpoint:
        https://www.sqlite.org/wal.html#walresetbug
        """
        # Where another process writes just now, or the disk is full, the next write tries again.
        with suppress(OSError, sqlite3.Error):
            if os.stat(f"{self.path}-wal").st_size < WAL_SIZE:  # noqa: PTH116 - asked at every write
                return
            if self._write_lock is None:
                self._write_lock = _open(self.path, 0.0)
                self._connections.append(self._write_lock)
            self._write_lock.execute("BEGIN IMMEDIATE")
            try:
                self.connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            finally:
                self._write_lock.execute("ROLLBACK")

    def _inodes(self) -> tuple[int, ...]:
        """Return the inodes of the database and of its WAL, 0 for none."""
        found = []
        for path in (self.path, f"{self.path}-wal"):
            try:
                found.append(os.stat(path).st_ino)  # noqa: PTH116 - asked at every write
            except OSError:
                found.append(0)
        return tuple(found)

    def _check(self, connections: list[sqlite3.Connection]) -> None:
        try:
            with closing(_open(self.path, LOCK_SECONDS)) as connection:
                connections.append(connection)
                ((result,),) = connection.execute("PRAGMA quick_check(1)")
                connections.clear()
        except sqlite3.Error as error:
            raise self._to_store_error(error) from error
        if result != "ok":
            self._damage = describe_damage(self.path, result)
            raise Damaged(self._damage)

    def _to_store_error(self, error: sqlite3.Error) -> DatabaseUnavailable:
        if is_damage(error):
            self._damage = describe_damage(self.path, error)
            return Damaged(self._damage)
        return DatabaseUnavailable(str(error))

    def _run(self, begin: str, work: Callable[[Transaction], T]) -> T:
        try:
            connection = self.connection()
            connection.execute(begin)
            try:
                result = work(_SqliteTransaction(connection))
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    with suppress(sqlite3.Error):
                        connection.execute("ROLLBACK")
        except _REFUSALS:
            raise
        except sqlite3.Error as error:
            # A statement that SQLite does not understand is a mistake of ours.
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR:
                raise
            raise self._to_store_error(error) from error
        return result


class _SqliteTransaction(Transaction):
    __slots__ = ("_cursor",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._cursor = connection.cursor()

    def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        return self._cursor.execute(*_prepare(sql, values)).fetchall()

    def execute(self, sql: str, *values: object) -> int:
        return self._cursor.execute(*_prepare(sql, values)).rowcount

    def put(self, sql: str, rows: Collection[tuple[object, ...]]) -> None:
        # Between two rows of `executemany` the driver asks for the interpreter, which the loop is using.
        waiting = list(rows)
        for number in _ROWS_AT_ONCE:
            while len(waiting) >= number:
                values = [value for row in waiting[:number] for value in row]
                self._cursor.execute(_for_rows(sql, number), values)
                del waiting[:number]

    def each(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            text, places = translate(sql)
            self._cursor.executemany(text, [[row[place] for place in places] for row in rows])

    def has_table(self, name: str) -> bool:
        return bool(self.fetch("SELECT 1 FROM sqlite_master WHERE name = $1", name))


_ROWS_AT_ONCE: Final = (64, 16, 4, 1)
"""Each makes a statement of its own, which is kept; a row has up to 20 values, and SQLite takes 32,766 at once."""


@lru_cache(64)
def _for_rows(sql: str, number: int) -> str:
    """Repeat the row of a statement's VALUES."""
    before, row, after = _VALUES.split(translate(sql)[0])
    one = f"({', '.join('?' * (row.count(',') + 1))})"
    return f"{before}VALUES {', '.join([one] * number)}{after}"


_VALUES: Final = re.compile(r"VALUES (\([^)]*\))")


def _prepare(sql: str, values: tuple[object, ...]) -> tuple[str, list[object]]:
    text, places = translate(sql)
    spelled = [
        msgspec.json.encode(value).decode() if isinstance(value, list | tuple) else value for value in values
    ]
    return text, [spelled[place] for place in places]


@lru_cache(1024)
def translate(sql: str) -> tuple[str, tuple[int, ...]]:
    """Translate a statement for PostgreSQL; also return of each placeholder which value belongs there."""
    for pattern, replacement in _TRANSLATIONS:
        sql = re.sub(pattern, replacement, sql)
    # Without their numbers, because before 3.12.4, Python 3.12 warns of such.
    return _NUMBERED.sub("?", sql), tuple(int(number) - 1 for number in _NUMBERED.findall(sql))


_NUMBERED: Final = re.compile(r"\$(\d+)")

_TRANSLATIONS: Final = (
    (r"= ANY\((\$\d+)::\w+\[\]\)", r"IN (SELECT value FROM json_each(\1))"),
    # Once per row, see `_for_rows`.
    (r"SELECT \* FROM unnest(\([^)]*\))", r"VALUES \1"),
    (r"::(BIGINT|BYTEA|TEXT|BOOLEAN|INTEGER|DOUBLE PRECISION)(\[\])?", ""),
    (r"\bgreatest\(", "max("),
    (r' COLLATE "C"', ""),
    (r"\bILIKE\b", "LIKE"),
    # Nothing has to be locked: one transaction writes at a time.
    (r"\s+FOR UPDATE[^)]*$", ""),
    (r"\bpg_advisory_xact_lock\(\d+\)", "1"),
)


def _open(path: Path, lock_seconds: Seconds) -> sqlite3.Connection:
    """Open the file, and set what SQLite forgets between connections.

    FULL, because NORMAL in WAL mode may lose the last commits at a power failure:
    https://www.sqlite.org/pragma.html#pragma_synchronous
    """
    make_database_file(path)
    connection = sqlite3.connect(str(path), timeout=lock_seconds, isolation_level=None, check_same_thread=False)
    try:
        _use_wal(connection, lock_seconds)
        connection.execute("PRAGMA synchronous = FULL")
        # Only `_checkpoint` copies the WAL, or whoever closes the file last. What begins it again shortens it.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA journal_size_limit = 0")
        connection.execute(f"PRAGMA cache_size = -{PAGES}")
        connection.row_factory = sqlite3.Row
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection, lock_seconds: Seconds) -> None:
    """Switch the journal, for which SQLite itself does not wait where another process is about to do the same."""
    until = time.monotonic() + lock_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


_REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""A row that cannot be stored, as against a database that cannot store."""
