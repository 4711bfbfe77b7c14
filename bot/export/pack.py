"""The pack: a folder with the paper, the same as JSON and CSV, and the checksums of these files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bot.export import csv
from bot.export.chart import growth_of
from bot.export.paper import paper
from bot.export.record import (
    DayRecord,
    LetterRecord,
    PackRecord,
    format_json,
    iso,
    record_petition,
    record_signatures,
)
from bot.store import PetitionExport
from bot.units import WholeEpochSeconds
from bot.urls import Pages, Site

PAPER: Final = "petition.html"
PDF: Final = "petition.pdf"
"""The name of the paper until 0.1.1."""
RECORD: Final = "petition.json"
TABLE: Final = "signatures.csv"
CHECKSUMS: Final = "SHA256SUMS"


class NotEmpty(Exception):
    """The folder holds something already; name a new one, so that a pack never mixes with another."""


def record_pack(source: PetitionExport, pages: Pages, site: Site, made_at: WholeEpochSeconds) -> PackRecord:
    """Return the content of the pack's JSON file."""
    details = source.details
    return PackRecord(
        made_at=iso(made_at),
        petition=record_petition(details.snapshot, pages, site),
        withdrawn=source.withdrawn,
        withheld=len(details.snapshot.rules.removals),
        letters=[
            LetterRecord(digest=one.digest, seen_at=iso(one.seen_at), signed=one.count, text=one.text)
            for one in details.letters
        ],
        days=[
            DayRecord(f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}", count) for day, count in details.days
        ],
        signatures=record_signatures(source.entries, details.letters, site),
    )


def make_files(
    source: PetitionExport, pages: Pages, site: Site, made_at: WholeEpochSeconds
) -> dict[str, Iterable[bytes]]:
    """Return the content of each file of the pack but its checksums, by name."""
    record = record_pack(source, pages, site, made_at)
    growth = growth_of(source.details, made_at // 86_400)
    return {
        PAPER: paper(record, growth),
        RECORD: (format_json(record).encode(),),
        TABLE: (csv.header().encode(), csv.rows(record.signatures).encode()),
    }


def write(files: Mapping[str, Iterable[bytes]], folder: Path) -> None:
    """Write a pack and its checksums into a new or empty folder; raises NotEmpty and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise NotEmpty(f"{folder} is not empty; name a new folder, so that a pack never mixes with another")
    checksums = {name: _write(folder / name, parts) for name, parts in files.items()}
    (folder / CHECKSUMS).write_bytes(format_checksums(checksums).encode())


def format_checksums(checksums: Mapping[str, str]) -> str:
    """Format the SHA-256 of each file as `sha256sum` does, which can check them too."""
    return "".join(f"{checksums[name]}  {name}\n" for name in sorted(checksums))


def _write(path: Path, parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    with path.open("wb") as file:
        for part in parts:
            total.update(part)
            file.write(part)
    return total.hexdigest()
