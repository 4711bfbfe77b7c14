"""Read records out of the pages of an SQLite file and its WAL, however many of its other pages are lost.

https://www.sqlite.org/fileformat2.html says how they are stored there. A page, a cell or a record that is not what
it has to be is left out; nothing here raises because of what is in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct

T = TypeVar("T")

Value = int | float | str | bytes | None

MAGIC: Final = b"SQLite format 3\0"
SIZES: Final = tuple(2**power for power in range(9, 17))
USUAL_SIZE: Final = 4096

TABLE_BRANCH, TABLE_LEAF, INDEX_BRANCH, INDEX_LEAF = 5, 13, 2, 10

MOST_RESERVED: Final = 32
"""Bytes at the end of each page that some builds of SQLite keep for themselves."""

SAMPLE: Final = 2_000
"""Places read to find out how large the pages are."""


class CorruptPage(Exception):
    """These bytes are not what they have to be."""


class Cell(Struct, frozen=True):
    """A row of a table, or an entry of an index, which has no `rowid`."""

    rowid: int | None
    values: list[Value]


class Page(Struct, frozen=True):
    """What is on a page of a tree; `lost` cells could not be read."""

    is_leaf: bool
    cells: list[Cell]
    children: list[int]
    lost: int = 0


@dataclass(slots=True)
class FilePages:
    """The pages of a file, from its bytes; `reached` has a byte for each, not 0 where its place is known."""

    data: memoryview
    size: int
    usable: int
    count: int
    reached: bytearray = field(repr=False)

    @classmethod
    def of(cls, data: memoryview) -> FilePages:
        """Return the pages that the bytes are divided into."""
        size = _page_size(data)
        is_ours = bytes(data[:16]) == MAGIC
        usable = size - data[20] if is_ours and data[20] <= MOST_RESERVED else size
        count = -(-len(data) // size)
        return cls(data, size, usable, count, bytearray(count + 1))

    def read(self, number: int, *, of_index: bool) -> Page | None:
        """Read a page of a tree; None where it is none."""
        page = self._bytes(number)
        start = 100 if number == 1 else 0
        kinds = (INDEX_BRANCH, INDEX_LEAF) if of_index else (TABLE_BRANCH, TABLE_LEAF)
        if page is None or page[start] not in kinds or not _is_tree_page(page, start, self.usable):
            return None
        is_leaf = page[start] == kinds[1]
        first = start + (8 if is_leaf else 12)
        (cell_count,) = struct.unpack_from(">H", page, start + 3)
        found = Page(is_leaf, [], [])
        lost = 0
        for (offset,) in struct.iter_unpack(">H", page[first : first + 2 * cell_count]):
            try:
                self._read_cell(page, offset, found, of_index=of_index)
            except (CorruptPage, IndexError, struct.error):
                lost += 1
        if not is_leaf:
            found.children.append(struct.unpack_from(">I", page, start + 8)[0])
        return Page(is_leaf, found.cells, found.children, lost)

    def read_tree(self, root: int, read: Callable[[Cell], T | None], *, of_index: bool) -> Iterator[T | None]:
        """Return what `read` makes of the cells of a tree; None for each place where something is lost."""
        waiting, seen = [root], set()
        while waiting:
            number = waiting.pop()
            page = None if number in seen else self.read(number, of_index=of_index)
            if page is None:
                yield None
                continue
            seen.add(number)
            found = [one for one in map(read, page.cells) if one is not None]
            # A page that a damaged number leads to may be another table's.
            if found or not page.cells:
                self.reached[number] = 1
            yield from found
            if page.lost or len(found) < len(page.cells):
                yield None
            waiting += reversed(page.children)

    def mark_free(self) -> None:
        """Record the pages that nothing is in, by the list in the file: what is on them is out of date."""
        (trunk,) = struct.unpack_from(">I", self.data, 32) if len(self.data) >= self.size else (0,)
        while 1 < trunk <= self.count and not self.reached[trunk]:
            page = self._bytes(trunk)
            if page is None:
                break
            self.reached[trunk] = 1
            following, number = struct.unpack_from(">II", page)
            for (leaf,) in struct.iter_unpack(">I", page[8 : 8 + 4 * min(number, self.usable // 4 - 2)]):
                if 1 < leaf <= self.count:
                    self.reached[leaf] = 1
            trunk = following

    def orphans(self, *, of_index: bool) -> Iterator[Page]:
        """Return the pages with rows of which no tree is known."""
        for number in range(1, self.count + 1):
            if not self.reached[number]:
                page = self.read(number, of_index=of_index)
                if page is not None and page.cells:
                    yield page

    def _bytes(self, number: int) -> memoryview | None:
        if not 1 <= number <= self.count:
            return None
        page = self.data[(number - 1) * self.size : number * self.size]
        return page if len(page) == self.size else None

    def _read_cell(self, page: memoryview, offset: int, into: Page, *, of_index: bool) -> None:
        if not into.is_leaf:
            into.children.append(struct.unpack_from(">I", page, offset)[0])
            offset += 4
            if not of_index:
                return
        length, offset = _varint(page, offset)
        rowid = None
        if not of_index:
            rowid, offset = _varint(page, offset)
            rowid = _signed(rowid)
        payload = self._payload(page, offset, length, of_index=of_index)
        into.cells.append(Cell(rowid, read_record(payload)))

    def _payload(self, page: memoryview, offset: int, length: int, *, of_index: bool) -> bytes:
        """Return a cell's content from its page and its overflow pages."""
        most = (self.usable - 12) * 64 // 255 - 23 if of_index else self.usable - 35
        if length <= most:
            return _exactly(page[offset : min(offset + length, self.usable)], length)
        if length > len(self.data):
            raise CorruptPage
        least = (self.usable - 12) * 32 // 255 - 23
        here = least + (length - least) % (self.usable - 4)
        here = here if here <= most else least
        parts = [_exactly(page[offset : min(offset + here, self.usable)], here)]
        (number,) = struct.unpack_from(">I", page, offset + here)
        lacking = length - here
        while lacking:
            over = self._bytes(number)
            if over is None:
                raise CorruptPage
            part = over[4 : min(self.usable, 4 + lacking)]
            parts.append(bytes(part))
            lacking -= len(part)
            (number,) = struct.unpack_from(">I", over)
        if number:
            raise CorruptPage
        return b"".join(parts)


def read_record(payload: bytes) -> list[Value]:
    """Read the values of a record; raises Damaged where it is not exactly one."""
    end, place = _varint(payload, 0)
    if not place <= end <= len(payload):
        raise CorruptPage
    values: list[Value] = []
    body = end
    while place < end:
        kind, place = _varint(payload, place)
        value, body = _read_value(payload, kind, body)
        values.append(value)
    if place != end or body != len(payload):
        raise CorruptPage
    return values


def _read_value(payload: bytes, kind: int, at: int) -> tuple[Value, int]:
    if kind >= 12:
        end = at + (kind - 12) // 2
        content = _exactly(payload[at:end], end - at)
        if kind % 2 == 0:
            return content, end
        try:
            return content.decode(), end
        except UnicodeDecodeError:
            # As bytes: no column of text takes them.
            return content, end
    if kind == 7:
        return struct.unpack_from(">d", payload, at)[0], at + 8
    if kind in _CONSTANTS:
        return _CONSTANTS[kind], at
    if kind not in _LENGTHS:
        raise CorruptPage
    end = at + _LENGTHS[kind]
    return int.from_bytes(_exactly(payload[at:end], end - at), signed=True), end


_CONSTANTS: Final = {0: None, 8: 0, 9: 1}
_LENGTHS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def _varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    value = 0
    for place in range(at, at + 8):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    return value << 8 | data[at + 8], at + 9


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _exactly(content: bytes | memoryview, length: int) -> bytes:
    if len(content) != length:
        raise CorruptPage
    return bytes(content)


def _is_tree_page(page: memoryview, start: int, usable: int) -> bool:
    kind, _, cell_count, content = struct.unpack_from(">BHHH", page, start)
    if kind not in (TABLE_BRANCH, TABLE_LEAF, INDEX_BRANCH, INDEX_LEAF):
        return False
    first = start + (8 if kind in (TABLE_LEAF, INDEX_LEAF) else 12)
    return bool(first + 2 * cell_count <= (content or 65_536) <= usable)


def _page_size(data: memoryview) -> int:
    """Return the size at whose multiples most pages of trees begin: the header, which has it, may be lost."""
    stored = struct.unpack_from(">H", data, 16)[0] if bytes(data[:16]) == MAGIC else 0
    preferred = [size for size in (65_536 if stored == 1 else stored, USUAL_SIZE) if size in SIZES]

    def score(size: int) -> tuple[float, int]:
        step = len(data) // size // SAMPLE | 1
        places = range(0, len(data) - size + 1, size * step)
        found = sum(_is_tree_page(data[at : at + size], 100 if at == 0 else 0, size) for at in places)
        # Half the size finds them all as well, among as many that are none; twice the size only every other one.
        share = found / len(places) if places else 0.0
        return share * share * (len(data) // size), -preferred.index(size) if size in preferred else -len(SIZES)

    best: int = max(SIZES, key=score)
    return best


class _Frame(Struct, frozen=True):
    page: int
    pages: int
    """How many pages the database has, at the end of a transaction; else 0."""
    salts: bytes
    sums: tuple[int, int]
    head: bytes
    content: bytes


def add_wal(wal: bytes, copy: Path, *, all_of_it: bool) -> None:
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
    if len(wal) >= _WAL_HEAD and wal[:3] == _WAL_MAGIC:
        (size,) = struct.unpack_from(">I", wal, 8)
        sums = struct.unpack_from(">II", wal, 24)
        if size in SIZES and _add_up(wal[:24], (0, 0), wal) == sums:
            return size, wal[16:24], (sums[0], sums[1])
    return 4096, None, None


def _frames(wal: bytes, size: int) -> Iterator[_Frame]:
    for at in range(_WAL_HEAD, len(wal) - _FRAME_HEAD - size + 1, _FRAME_HEAD + size):
        page, pages, salts, one, two = struct.unpack_from(">II8sII", wal, at)
        if 1 <= page < 2**31:
            content = wal[at + _FRAME_HEAD : at + _FRAME_HEAD + size]
            yield _Frame(page, pages, salts, (one, two), wal[at : at + 8], content)


_WAL_HEAD: Final = 32
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
