"""Who may use the set-up: whoever has its token, and then a cookie."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from bot.secret_key import derive
from bot.time_types import EpochSeconds
from bot.web.sessions import SignedSessions, is_secret

COOKIE: Final = "undersigned-setup"

LIFETIME: Final = 2 * 3600
"""Seconds for which a browser is authenticated; GitHub's part must be done within one hour."""


@dataclass(frozen=True, slots=True)
class SetupAuth:
    """Authentication of the set-up's pages."""

    secret_key: str = field(repr=False)
    now: Callable[[], EpochSeconds]

    @property
    def sessions(self) -> SignedSessions:
        """Return the sessions of browsers that have shown the token."""
        return SignedSessions(self.secret_key, "session", LIFETIME, self.now)

    @property
    def token(self) -> str:
        """Return the token that opens the set-up; it has no use once the App is set up."""
        return derive(self.secret_key, "setup")

    def is_token(self, shown: str) -> bool:
        """Return whether a text is the token."""
        return is_secret(shown.strip(), self.token)

    def is_key(self, shown: str) -> bool:
        """Return whether a text is the secret key from which the token is derived, which nobody should send."""
        return is_secret(shown.strip(), self.secret_key)

    def create_session(self) -> str:
        """Return a new session."""
        return self.sessions.create(secrets.token_hex(16))

    def is_authenticated(self, request: web.Request) -> bool:
        """Return whether the browser has a valid session."""
        return self.sessions.read(request.cookies.get(COOKIE, "")) is not None
