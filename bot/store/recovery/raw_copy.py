"""Copy the bytes of an SQLite database, damaged as they may be, with what its WAL adds to them."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.store.engine.database import LOCK_SECONDS
from bot.store.errors import DatabaseUnavailable
from bot.store.recovery.sqlite_pages import SIZES


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
            _add_wal(wal.read_bytes(), copy, all_of_it=not by_sqlite)
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


@dataclass(frozen=True, slots=True)
class _Frame:
    page: int
    pages: int
    """How many pages the database has, at the end of a transaction; else 0."""
    salts: bytes
    sums: tuple[int, int]
    head: bytes
    content: bytes


def _add_wal(wal: bytes, copy: Path, *, all_of_it: bool) -> None:
    """Write the pages of a WAL into a copy.

    SQLite reads a WAL up to the first frame that is damaged. Each sum goes on from the one before it, which the
    frame before it holds: so the frames after that can be checked as well.
    """
    size, salts, sums = _read_head(wal)
    sound: dict[int, bytes] = {}
    finished: dict[int, bytes] = {}
    is_broken = sums is None
    for frame in _frames(wal, size):
        # A WAL is written from its beginning.
        salts = salts or frame.salts
        if frame.salts != salts:
            # Left over from before the WAL was begun anew; or this very frame is damaged.
            is_broken, sums = True, None
            continue
        if sums is not None and _add_up(frame.head + frame.content, sums, wal) == frame.sums:
            sound[frame.page] = frame.content
            if frame.pages:
                finished |= sound
                sound = {}
        else:
            is_broken = True
        sums = frame.sums
    if finished and (is_broken or all_of_it):
        with copy.open("r+b") as file:
            for page, content in sorted(finished.items()):
                file.seek((page - 1) * size)
                file.write(content)


def _read_head(wal: bytes) -> tuple[int, bytes | None, tuple[int, int] | None]:
    """Return the size of pages, the salts and the sums; what is damaged is the usual, or None."""
    if len(wal) >= _HEAD and wal[:3] == _WAL_MAGIC:
        (size,) = struct.unpack_from(">I", wal, 8)
        sums = struct.unpack_from(">II", wal, 24)
        if size in SIZES and _add_up(wal[:24], (0, 0), wal) == sums:
            return size, wal[16:24], (sums[0], sums[1])
    return 4096, None, None


def _frames(wal: bytes, size: int) -> Iterator[_Frame]:
    for at in range(_HEAD, len(wal) - _FRAME_HEAD - size + 1, _FRAME_HEAD + size):
        page, pages, salts, one, two = struct.unpack_from(">II8sII", wal, at)
        if 1 <= page < 2**31:
            content = wal[at + _FRAME_HEAD : at + _FRAME_HEAD + size]
            yield _Frame(page, pages, salts, (one, two), wal[at : at + 8], content)


_HEAD: Final = 32
_FRAME_HEAD: Final = 24
_WAL_MAGIC: Final = bytes.fromhex("377f06")


def _add_up(content: bytes, sums: tuple[int, int], wal: bytes) -> tuple[int, int]:
    """Go on with the sums of a WAL: https://www.sqlite.org/fileformat2.html#checksum_algorithm ."""
    one, two = sums
    order = ">" if wal[3] & 1 and wal[:3] == _WAL_MAGIC else "<"
    for first, second in struct.iter_unpack(f"{order}II", content):
        one = (one + first + two) & 0xFFFFFFFF
        two = (two + second + one) & 0xFFFFFFFF
    return one, two
