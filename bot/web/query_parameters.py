"""What the query of an address asks for: a search, an order, and which part of a list."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final

from aiohttp import web

from bot.petition.i18n import Message, message
from bot.petition.untrusted_text import clean
from bot.store import Cursor, Listed, ListQuery, RosterQuery, SortOrder

MAX_SEARCH_LENGTH: Final = 100
"""Characters of a search; names and affiliations are cut not far above it."""

KEY_MARK: Final = "~"
"""What a key in a cursor begins with, and is written in hexadecimal digits behind."""

_NUMBER: Final = re.compile("[0-9]{1,18}", re.ASCII)
_PART: Final = re.compile("[1-9][0-9]{0,5}", re.ASCII)


class BadQuery(web.HTTPBadRequest):
    """The query of a request is not valid; the message says what would be."""

    def __init__(self, allowed: str, value: str = "") -> None:
        self.message = Message(allowed, value)
        super().__init__(text=str(self.message))


def read_search(request: web.Request) -> str:
    """Read what a request searches for; empty where it does not."""
    return clean(request.query.get("q", "").replace("\n", " "), MAX_SEARCH_LENGTH).removesuffix("…")


def is_search(request: web.Request) -> bool:
    """Return whether a request has to wait for its turn to read every signature of a petition."""
    return bool(request.query.get("q"))


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


def read_roster_query(request: web.Request, size: int) -> RosterQuery:
    """Read which part of a roster is requested; raises BadQuery."""
    query = request.query
    try:
        order = SortOrder(query.get("sort", SortOrder.NEWEST))
    except ValueError:
        raise BadQuery(message("sort must be one of: {value}."), ", ".join(SortOrder)) from None
    return RosterQuery(order, read_search(request), _read_cursor(request, order), size)


def _read_cursor(request: web.Request, order: SortOrder) -> Cursor | None:
    back = "before" in request.query
    text = request.query.get("before" if back else "after")
    if text is None:
        return None
    key, _, comment_id = text.rpartition(".")
    if not _NUMBER.fullmatch(comment_id) or not (order.is_by_name or _NUMBER.fullmatch(key)):
        raise BadQuery(message("before and after must come from the links of another answer. Start without them."))
    return Cursor(_read_key(key) if order.is_by_name else int(key), int(comment_id), back)


def _read_key(text: str) -> bytes | str:
    """Read what a signature is sorted by; its name alone is in the links of earlier releases."""
    with suppress(ValueError):
        if text.startswith(KEY_MARK):
            return bytes.fromhex(text.removeprefix(KEY_MARK))
    return clean(text, 200)


def format_cursor(cursor: Cursor) -> dict[str, str]:
    """Return a cursor as a query."""
    key = f"{KEY_MARK}{cursor.key.hex()}" if isinstance(cursor.key, bytes) else cursor.key
    return {"before" if cursor.back else "after": f"{key}.{cursor.comment_id}"}
