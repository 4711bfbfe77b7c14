"""Who may set the bot up: whoever shows the token, and then the browser that showed it. Nothing is remembered."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from bot.encryption import derive
from bot.web.sessions import Sessions

LIFE: Final = 2 * 3600
"""Seconds that a browser is known for; GitHub's part must be done within one hour."""


@dataclass(frozen=True, slots=True)
class Guard:
    """The rules of admission; `now` tells UTC epoch seconds."""

    secret_key: str = field(repr=False)
    now: Callable[[], float]

    @property
    def token(self) -> str:
        """Return the token that opens the set-up; it is worth nothing once the App is set up."""
        return setup_token(self.secret_key)

    def admits(self, shown: str) -> bool:
        """Return whether somebody has shown the token."""
        return _is(shown, self.token)

    def is_key(self, shown: str) -> bool:
        """Return whether somebody has shown the key that the token comes from, which is for nobody to see."""
        return _is(shown, self.secret_key)

    def open_session(self) -> str:
        """Return what a browser that was admitted is known by."""
        return self._sessions.open(secrets.token_hex(16))

    def knows(self, session: str) -> bool:
        """Return whether a browser was admitted not too long ago."""
        return self._sessions.read(session) is not None

    def state(self, session: str) -> str:
        """Return what GitHub must send back, so that nobody gives an App of theirs to somebody else's browser."""
        return derive(self.secret_key, f"state {session}")

    def is_state(self, shown: str, session: str) -> bool:
        """Return whether GitHub has sent back this browser's state."""
        return hmac.compare_digest(shown.encode(errors="replace"), self.state(session).encode())

    @property
    def _sessions(self) -> Sessions:
        return Sessions(self.secret_key, "session", LIFE, self.now)


def _is(shown: str, secret: str) -> bool:
    return hmac.compare_digest(shown.strip().encode(errors="replace"), secret.encode())


def setup_token(secret_key: str) -> str:
    """Return the token that opens the set-up."""
    return derive(secret_key, "setup")
