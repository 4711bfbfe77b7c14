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

from bot.handover.files import PAPER, PDF, RECORD, SUMS, TABLE
from bot.handover.record import PackRecord
from bot.petition.block.body import letter_digest
from bot.petition.counting.digest import digest
from bot.roster.table import COLUMNS, is_neutral


class NoPack(Exception):
    """The folder holds no pack, or one that cannot be read."""


@dataclass(frozen=True, slots=True)
class Check:
    """What checking a pack came to; `faults` is empty where all is well."""

    title: str
    count: int
    faults: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.faults

    def lines(self) -> list[str]:
        """Say it in words."""
        if self.faults:
            return ["The pack is not as it was made:", *(f"  - {fault}" for fault in self.faults)]
        signatures = "1 signature" if self.count == 1 else f"{self.count:,} signatures"
        return [
            f"{self.title}: {signatures}. Files, count, digest and letter agree.",
            "Whether the comments on GitHub say so too, tells: python -m bot verify OWNER/REPO#N",
        ]


def check(folder: Path) -> Check:
    """Check the pack in a folder; raises NoPack."""
    try:
        sums = {path.name: _sum(path) for path in folder.iterdir() if path.name in _NAMES and path.is_file()}
        content = {name: (folder / name).read_bytes() for name in (RECORD, SUMS, TABLE) if name in sums}
    except OSError as error:
        raise NoPack(f"{folder} cannot be read: {error.strerror}") from error
    if RECORD not in content:
        raise NoPack(f"{folder} holds no pack: there is no {RECORD} in it")
    faults = list(_changed_files(sums, content.get(SUMS)))
    try:
        record = msgspec.json.decode(content[RECORD], type=PackRecord)
    except msgspec.DecodeError as error:
        return Check("", 0, (*faults, f"{RECORD} cannot be read: {error}"))
    faults += _contradictions(record)
    if TABLE in content:
        faults += _differing_rows(record, content[TABLE])
    return Check(record.petition.title, record.petition.count, tuple(faults))


_NAMES: Final = frozenset({PAPER, PDF, RECORD, TABLE, SUMS})


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _changed_files(sums: Mapping[str, str], listed: bytes | None) -> Iterator[str]:
    told = dict(_sum_lines((listed or b"").decode("utf-8", "replace")))
    papers = [name for name in (PAPER, PDF) if name in {*sums, *told}] or [PAPER]
    names = (RECORD, TABLE, *papers)
    yield from (f"{name} is missing" for name in (*names, SUMS) if name not in sums)
    if listed is not None:
        changed = (name for name in names if name in sums and sums[name] != told.get(name))
        yield from (f"{name} is not the file whose checksum is in {SUMS}" for name in changed)


def _sum_lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        total, _, name = line.partition("  ")
        yield name, total


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
        row.keys() == set(names) and all(is_neutral(row[name], getattr(one, name)) for name in names)
        for row, one in zip(rows, record.signatures, strict=True)
    )
    if not same:
        yield f"{TABLE} does not list the same signatures as {RECORD}"
