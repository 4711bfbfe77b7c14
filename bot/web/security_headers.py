"""What all our answers carry: nothing from elsewhere is loaded, nothing is guessed, nobody frames us."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web
from aiohttp.hdrs import METH_POST

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

SECRETIVE: Final[Mapping[str, str]] = {
    # The address has the key in it, which nobody who is linked to should learn.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "private, no-store",
}
"""What answers about a private petition carry."""


def is_delivery(request: web.Request) -> bool:
    """Return whether somebody delivers; whatever else is asked of that address is asked like a page."""
    return request.method == METH_POST and request.path == "/webhook"


async def seal_all(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer before it goes out: for `on_response_prepare`, which no answer passes by."""
    seal(response)


def seal(response: web.StreamResponse) -> None:
    """Put the headers on an answer."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
