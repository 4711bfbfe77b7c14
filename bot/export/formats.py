"""A petition in each of the formats that `export` writes."""

from __future__ import annotations

from typing import Final

from bot.export import csv
from bot.export.atom import feed
from bot.export.badge import badge
from bot.export.chart import chart, growth_of
from bot.export.schemas import format_json, record_petition, record_roster, record_signatures
from bot.links import Pages, Site
from bot.petition.i18n import translator
from bot.store import PetitionExport
from bot.time_types import EpochSeconds

FORMATS: Final = ("atom", "badge", "csv", "json", "svg")


def export(source: PetitionExport, form: str, pages: Pages, site: Site, now: EpochSeconds) -> str:
    """Return a petition in one of `FORMATS`."""
    details = source.details
    match form:
        case "atom":
            newest = record_signatures(reversed(source.entries), details.letters, site)
            return feed(record_petition(details.snapshot, pages, site), newest, pages.of("/feed.atom"))
        case "badge":
            return badge(details.snapshot.count)
        case "csv":
            return csv.HEADER + csv.rows(record_signatures(source.entries, details.letters, site))
        case "json":
            return format_json(record_roster(details, source.entries, pages, site))
        case "svg":
            tr = translator(details.snapshot.rules.settings.language)
            return chart(growth_of(details, now), details.snapshot.title, tr, standalone=True)
    raise ValueError(form)
