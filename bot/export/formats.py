"""A petition in each of the formats that `export` writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from bot.export import csv
from bot.export.atom import feed
from bot.export.badge import badge
from bot.export.chart import chart, growth_of
from bot.export.record import RosterRecord, SignatureRecord, iso, record_petition, record_signature
from bot.store import PetitionExport
from bot.urls import Pages, Site


def export(source: PetitionExport, form: str, pages: Pages, site: Site, today: int) -> str:
    """Return a petition in one of `FORMATS`; `today` is in days since 1970."""
    return FORMATS[form](source, pages, site, today)


def record_signatures(source: PetitionExport, site: Site) -> list[SignatureRecord]:
    """Return the signatures as records, the oldest first."""
    return [record_signature(entry, source.details.letters, site) for entry in source.entries]


def format_json(record: msgspec.Struct) -> str:
    """Format a record as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


def _json(source: PetitionExport, pages: Pages, site: Site, _today: int) -> str:
    record = RosterRecord(
        petition=record_petition(source.details.snapshot, pages, site),
        public=source.details.is_public,
        signatures=record_signatures(source, site),
        next=None,
        previous=None,
    )
    return format_json(record)


def _csv(source: PetitionExport, _pages: Pages, site: Site, _today: int) -> str:
    return csv.header() + csv.rows(record_signatures(source, site))


def _atom(source: PetitionExport, pages: Pages, site: Site, _today: int) -> str:
    petition = record_petition(source.details.snapshot, pages, site)
    newest = record_signatures(source, site)[::-1]
    updated = newest[0].signed_at if newest else iso(0)
    return feed(petition, newest, pages.of("/feed.atom"), updated)


def _svg(source: PetitionExport, _pages: Pages, _site: Site, today: int) -> str:
    snapshot = source.details.snapshot
    return chart(growth_of(snapshot, source.details.days, today), snapshot.title, standalone=True)


def _badge(source: PetitionExport, _pages: Pages, _site: Site, _today: int) -> str:
    return badge(source.details.snapshot.count)


FORMATS: Final[dict[str, Callable[[PetitionExport, Pages, Site, int], str]]] = {
    "csv": _csv,
    "json": _json,
    "atom": _atom,
    "svg": _svg,
    "badge": _badge,
}
