"""What a browser is known by: a short text with an end and a seal, in a cookie, and nothing that we remember.

The seal is made with the operator's key, so that it holds across restarts and in every process.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from bot.encryption import derive


@dataclass(frozen=True, slots=True)
class Sessions:
    """Makes and reads them for one purpose, which no other may share; `now` tells UTC epoch seconds."""

    secret_key: str = field(repr=False)
    purpose: str
    life: int
    """Seconds for which one is good."""
    now: Callable[[], float]

    def open(self, text: str) -> str:
        """Seal a text; it stays readable, and must be of what a cookie may hold."""
        return self._sealed(text, int(self.now()) + self.life)

    def read(self, session: str) -> str | None:
        """Return the text of what we have sealed ourselves, not too long ago; None for anything else."""
        text, _, rest = session.rpartition(".")[0].rpartition(".")
        # What is no text at all comes in cookies too, and nobody can compute a seal of it.
        if not (session.isascii() and rest.isdigit() and len(rest) < 12):
            return None
        genuine = hmac.compare_digest(session.encode(errors="replace"), self._sealed(text, int(rest)).encode())
        return text if genuine and self.now() < int(rest) else None

    def _sealed(self, text: str, expires: int) -> str:
        return f"{text}.{expires}.{derive(self.secret_key, f'{self.purpose} {text} {expires}')}"


def seen_as(request: web.Request) -> str:
    """Return the address under which the browser sees us, also through a router that ends its TLS."""
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme).partition(",")[0].strip()
    return f"{'https' if scheme == 'https' else 'http'}://{request.host}"


def set_cookie(response: web.StreamResponse, name: str, value: str, life: int, path: str, *, secure: bool) -> None:
    """Give a browser something to be known by below a path, which no script there can read."""
    # Not strict: GitHub sends the browser back to us.
    response.set_cookie(name, value, max_age=life, path=path, httponly=True, secure=secure, samesite="Lax")
