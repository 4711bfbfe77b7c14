"""Check a pack offline: that its files are the ones that were made, and that the numbers follow from the names."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from bot.export.csv import COLUMNS, is_neutralized
from bot.export.pack import CHECKSUMS, PAPER, PDF, RECORD, TABLE
from bot.export.record import PackRecord
from bot.petition.block.body import letter_digest
from bot.petition.counting.digest import digest


class NotAPack(Exception):
    """The folder holds no pack, or one that cannot be read."""


@dataclass(frozen=True, slots=True)
class PackReport:
    """The result of checking a pack; `faults` is empty where nothing is wrong."""

    title: str
    count: int
    faults: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.faults

    def lines(self) -> list[str]:
        """Format it in words."""
        if self.faults:
            return ["The pack is not as it was made:", *(f"  - {fault}" for fault in self.faults)]
        signatures = "1 signature" if self.count == 1 else f"{self.count:,} signatures"
        return [
            f"{self.title}: {signatures}. Files, count, digest and letter agree.",
            "To check the comments on GitHub too: python -m bot verify OWNER/REPO#N",
        ]


def check_pack(folder: Path) -> PackReport:
    """Check the pack in a folder; raises NotAPack."""
    try:
        checksums = {
            path.name: _checksum(path) for path in folder.iterdir() if path.name in _NAMES and path.is_file()
        }
        content = {name: (folder / name).read_bytes() for name in (RECORD, CHECKSUMS, TABLE) if name in checksums}
    except OSError as error:
        raise NotAPack(f"{folder} cannot be read: {error.strerror}") from error
    if RECORD not in content:
        raise NotAPack(f"{folder} holds no pack: there is no {RECORD} in it")
    faults = list(_changed_files(checksums, content.get(CHECKSUMS)))
    try:
        record = msgspec.json.decode(content[RECORD], type=PackRecord)
    except msgspec.DecodeError as error:
        return PackReport("", 0, (*faults, f"{RECORD} cannot be read: {error}"))
    faults += _contradictions(record)
    if TABLE in content:
        faults += _differing_rows(record, content[TABLE])
    return PackReport(record.petition.title, record.petition.count, tuple(faults))


_NAMES: Final = frozenset({PAPER, PDF, RECORD, TABLE, CHECKSUMS})


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _changed_files(checksums: Mapping[str, str], listed: bytes | None) -> Iterator[str]:
    expected = dict(_parse_checksums((listed or b"").decode("utf-8", "replace")))
    papers = [name for name in (PAPER, PDF) if name in {*checksums, *expected}] or [PAPER]
    names = (RECORD, TABLE, *papers)
    yield from (f"{name} is missing" for name in (*names, CHECKSUMS) if name not in checksums)
    if listed is not None:
        changed = (name for name in names if name in checksums and checksums[name] != expected.get(name))
        yield from (f"{name} is not the file whose checksum is in {CHECKSUMS}" for name in changed)


def _parse_checksums(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        checksum, _, name = line.partition("  ")
        yield name, checksum


def _contradictions(record: PackRecord) -> Iterator[str]:
    petition, signatures = record.petition, record.signatures
    if petition.count != len(signatures):
        yield f"it says {petition.count:,} signatures and lists {len(signatures):,}"
    people = Counter(one.user_id for one in signatures)
    yield from (f"the person {user_id} is listed {times} times" for user_id, times in people.items() if times > 1)
    if petition.digest != digest((one.user_id, one.comment_id) for one in signatures):
        yield "the digest does not follow from the signatures listed"
    if sum(day.signatures for day in record.days) != petition.count:
        yield "the signatures of each day do not add up to the count"
    for letter in record.letters:
        if letter.text is not None and letter_digest(letter.text) != letter.digest:
            yield f"the letter of {letter.seen_at} is not the one of its checksum"
    if {one.letter for one in signatures if one.letter} - {letter.digest for letter in record.letters}:
        yield "somebody signed a letter that is not among its versions"
    if record.letters and petition.letter != record.letters[-1].digest:
        yield "the letter is not the last of its versions"


def _differing_rows(record: PackRecord, content: bytes) -> Iterator[str]:
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        yield f"{TABLE} cannot be read: {error}"
        return
    names = [name for name in COLUMNS if name != "letter" or record.version > 1]
    same = len(rows) == len(record.signatures) and all(
        row.keys() == set(names) and all(is_neutralized(row[name], getattr(one, name)) for name in names)
        for row, one in zip(rows, record.signatures, strict=True)
    )
    if not same:
        yield f"{TABLE} does not list the same signatures as {RECORD}"
