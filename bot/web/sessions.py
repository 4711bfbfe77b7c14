"""Sessions in a cookie: a short text with its expiry and a signature, of which the server stores nothing.

The signature is made with the operator's key, so that it is valid after restarts and in every process.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from bot.encryption_and_derived_tokens import derive
from bot.time_types import EpochSeconds


@dataclass(frozen=True, slots=True)
class SignedSessions:
    """Creates and reads sessions for one purpose; those of other purposes are not valid."""

    secret_key: str = field(repr=False)
    purpose: str
    lifetime: int
    """Seconds for which a session is valid."""
    now: Callable[[], EpochSeconds]

    def create(self, text: str) -> str:
        """Return a session for a text, which stays readable and must be valid in a cookie."""
        return self._signed(text, int(self.now()) + self.lifetime)

    def read(self, session: str) -> str | None:
        """Return the text of a session; None where it is expired, or its signature is wrong."""
        text, _, rest = session.rpartition(".")[0].rpartition(".")
        # A cookie may also hold what is no text, and has no signature.
        if not (session.isascii() and rest.isdigit() and len(rest) < 12):
            return None
        return text if is_secret(session, self._signed(text, int(rest))) and self.now() < int(rest) else None

    def state(self, session: str) -> str:
        """Return what GitHub must send back to the browser with a session, so that nobody acts in another's."""
        return derive(self.secret_key, f"{self.purpose} state {session}")

    def _signed(self, text: str, expires: int) -> str:
        return f"{text}.{expires}.{derive(self.secret_key, f'{self.purpose} {text} {expires}')}"


def is_secret(shown: str, secret: str) -> bool:
    """Return whether somebody has sent a secret; how long this takes does not tell how much of it is right."""
    return hmac.compare_digest(shown.encode(errors="replace"), secret.encode())


def origin_url(request: web.Request) -> str:
    """Return the scheme and host that the browser uses, also behind a router that terminates TLS."""
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme).partition(",")[0].strip()
    return f"{'https' if scheme == 'https' else 'http'}://{request.host}"


def set_cookie(
    response: web.StreamResponse, name: str, value: str, lifetime: int, path: str, *, secure: bool
) -> None:
    """Set a cookie for a path, which scripts cannot read."""
    # Not strict: GitHub sends the browser back to us.
    response.set_cookie(name, value, max_age=lifetime, path=path, httponly=True, secure=secure, samesite="Lax")
