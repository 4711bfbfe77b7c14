"""A part of a roster as the record that JSON is made of."""

from __future__ import annotations

from bot.roster.record import RosterRecord
from bot.roster.recording import record_petition, record_signature
from bot.store import Cursor, PetitionDetails, RosterQuery
from bot.urls import Pages, Site
from bot.web.context import write_cursor


def record_roster(details: PetitionDetails, pages: Pages, wanted: RosterQuery, site: Site) -> RosterRecord:
    """Return a petition with the part of its roster that was asked for."""
    page = details.page

    def turn(cursor: Cursor | None) -> str | None:
        query = {"q": wanted.text} if wanted.text else {}
        query |= {"sort": wanted.order.value, "limit": str(wanted.size)}
        return pages.of(".json", **query, **write_cursor(cursor)) if cursor else None

    return RosterRecord(
        petition=record_petition(details.snapshot, pages, site),
        public=details.is_public,
        signatures=[record_signature(entry, details.letters, site) for entry in page.entries],
        next=turn(page.after),
        previous=turn(page.before),
    )
