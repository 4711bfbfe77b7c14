"""What the front page shows: the public petitions, searched, by state and in parts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from bot.export.chart import sparkline
from bot.links import pages_of
from bot.petition.i18n import Translator, message
from bot.store import Listed, ListQuery, PetitionList, PetitionSummary
from bot.web.pages.view_models import headline, isolated, progress
from bot.web.petition_and_roster_requests import BadQuery, read_search


def read_list_query(request: web.Request) -> ListQuery:
    """Read which petitions are requested; raises BadQuery."""
    try:
        listed = Listed(request.query.get("state", Listed.ALL))
    except ValueError:
        raise BadQuery(message("state must be one of: {value}."), ", ".join(Listed)) from None
    part = request.query.get("page", "1")
    if not _PART.fullmatch(part):
        raise BadQuery(message("page must be a whole number from 1."))
    return ListQuery(read_search(request), listed, int(part))


_PART: Final = re.compile("[1-9][0-9]{0,5}", re.ASCII)

_STATE_NAMES: Final[Mapping[Listed, str]] = {
    Listed.ALL: message("All petitions"),
    Listed.OPEN: message("Open petitions"),
    Listed.CLOSED: message("Closed petitions"),
}


def view_list(found: PetitionList, wanted: ListQuery, today: int, base: str, tr: Translator) -> dict[str, Any]:
    """Return the values for the template of the front page; `today` is in days since 1970."""

    def link(listed: Listed, part: int = 1, text: str = wanted.text) -> str:
        asked = {
            **({"q": text} if text else {}),
            **({"state": listed.value} if listed is not Listed.ALL else {}),
            **({"page": str(part)} if part > 1 else {}),
        }
        return f"{base}/?{urlencode(asked)}" if asked else f"{base}/"

    return {
        "petitions": [
            view_summary(one, pages_of(base, one.repository, one.number, "").roster, today, tr)
            for one in found.petitions
        ],
        "wanted": wanted,
        "searched": isolated(wanted.text),
        "found": found,
        "states": [
            (tr.translate(text), found.found[one], link(one), one is wanted.listed)
            for one, text in _STATE_NAMES.items()
        ],
        "is_narrowed": bool(wanted.text) or wanted.listed is not Listed.ALL,
        "in_all_states": link(Listed.ALL),
        "whole": link(Listed.ALL, text=""),
        "before": found.part > 1 and link(wanted.listed, found.part - 1),
        "after": found.part < found.parts and link(wanted.listed, found.part + 1),
    }


def view_summary(one: PetitionSummary, url: str, today: int, tr: Translator) -> dict[str, Any]:
    """Return what the front page shows of a petition whose page is at an address."""
    return {
        "petition": one,
        "url": url,
        "headline": headline(one.count, tr, open_=one.ended_at is None),
        "progress": progress(one.count, one.goal, tr),
        "sparkline": Markup(sparkline(one.days, today)),  # noqa: S704 - it is made of numbers
    }
