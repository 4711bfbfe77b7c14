"""A petition in one of the forms that `export` writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from bot.roster import feed, table
from bot.roster.badge import badge
from bot.roster.chart import chart
from bot.roster.record import RosterRecord, SignatureRecord, iso
from bot.roster.recording import growth_of, record_petition, record_signature
from bot.store import PetitionExport
from bot.urls import Pages, Site


def export(whole: PetitionExport, form: str, pages: Pages, site: Site, today: int) -> str:
    """Write a petition in one of the forms in `FORMS`; `today` is in days since 1970."""
    return FORMS[form](whole, pages, site, today)


def signatures_of(whole: PetitionExport, site: Site) -> list[SignatureRecord]:
    """Say who has signed, the oldest signature first."""
    letters = whole.details.letters
    return [record_signature(entry, letters, site) for entry in whole.entries]


def _json(whole: PetitionExport, pages: Pages, site: Site, _today: int) -> str:
    petition = record_petition(whole.details.snapshot, pages, site)
    record = RosterRecord(
        petition=petition,
        public=whole.details.is_public,
        signatures=signatures_of(whole, site),
        next=None,
        previous=None,
    )
    return pretty(record)


def _csv(whole: PetitionExport, _pages: Pages, site: Site, _today: int) -> str:
    return table.head() + table.rows(signatures_of(whole, site))


def _atom(whole: PetitionExport, pages: Pages, site: Site, _today: int) -> str:
    petition = record_petition(whole.details.snapshot, pages, site)
    newest: Sequence[SignatureRecord] = signatures_of(whole, site)[::-1]
    updated = newest[0].signed_at if newest else iso(0)
    return feed.feed(petition, newest, pages.of("/feed.atom"), updated)


def _svg(whole: PetitionExport, _pages: Pages, _site: Site, today: int) -> str:
    return chart(
        growth_of(whole.details.snapshot, whole.details.days, today), whole.details.snapshot.title, alone=True
    )


def _badge(whole: PetitionExport, _pages: Pages, _site: Site, _today: int) -> str:
    return badge(whole.details.snapshot.count)


def pretty(record: msgspec.Struct) -> str:
    """Write a record as JSON for people to read too."""
    return msgspec.json.format(msgspec.json.encode(record), indent=2).decode() + "\n"


FORMS: Final[dict[str, Callable[[PetitionExport, Pages, Site, int], str]]] = {
    "csv": _csv,
    "json": _json,
    "atom": _atom,
    "svg": _svg,
    "badge": _badge,
}
