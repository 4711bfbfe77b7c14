"""Make the pack that is handed over: a folder with paper, JSON, table, and the checksums of these."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bot.handover.exports import pretty, signatures_of
from bot.handover.files import PAPER, RECORD, SUMS, TABLE, sum_lines
from bot.handover.paper import paper
from bot.handover.record import LetterRecord, PackRecord
from bot.roster import table
from bot.roster.chart import Days
from bot.roster.record import DayRecord, iso
from bot.roster.recording import growth_of, record_petition
from bot.store import PetitionExport
from bot.urls import Pages, Site


class NotEmpty(Exception):
    """The folder holds something already; name a new one, so that a pack never mixes with another."""


def pack_record(whole: PetitionExport, pages: Pages, site: Site, made_at: int) -> PackRecord:
    """Say everything that is handed over."""
    details = whole.details
    return PackRecord(
        made_at=iso(made_at),
        petition=record_petition(details.snapshot, pages, site),
        withdrawn=whole.withdrawn,
        withheld=len(details.snapshot.rules.removals),
        letters=[
            LetterRecord(digest=one.digest, seen_at=iso(one.seen_at), signed=one.count, text=one.text)
            for one in details.letters
        ],
        days=_days(details.days),
        signatures=signatures_of(whole, site),
    )


def make_files(whole: PetitionExport, pages: Pages, site: Site, made_at: int) -> dict[str, Iterable[bytes]]:
    """Return the parts of each file of the pack but its checksums, by its name."""
    record = pack_record(whole, pages, site, made_at)
    return {
        PAPER: paper(record, growth_of(whole.details.snapshot, whole.details.days, made_at // 86_400)),
        RECORD: (pretty(record).encode(),),
        TABLE: (table.head().encode(), table.rows(record.signatures).encode()),
    }


def write(files: Mapping[str, Iterable[bytes]], folder: Path) -> None:
    """Write a pack and its checksums into a new or empty folder; raises NotEmpty and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty; name a new folder, so that a pack never mixes with another")
    sums = {name: _write(folder / name, parts) for name, parts in files.items()}
    (folder / SUMS).write_bytes(sum_lines(sums).encode())


def _write(path: Path, parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    with path.open("wb") as file:
        for part in parts:
            total.update(part)
            file.write(part)
    return total.hexdigest()


def _days(days: Days) -> list[DayRecord]:
    return [DayRecord(f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}", count) for day, count in days]
