"""Authentication as the App with its JWT, and as an installation with a token."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import jwt
from cachetools import TLRUCache
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct

from bot.github.errors import InstallationGone, NotFound, Unauthorized
from bot.github.models.rest import Time, epoch, expect
from bot.github.transport import Api, Credentials
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds

MAX_LIFETIME: Final[Seconds] = 55 * 60.0
"""How long a token is used at most; GitHub accepts it for an hour."""

EXPIRY_MARGIN: Final[Seconds] = 5 * 60.0
"""How long before it expires a token is last used."""


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token; it is opaque, and never shown."""

    value: str = field(repr=False)
    minted_at: EpochSeconds
    expires_at: EpochSeconds


class AppKey:
    """The App's id (or client id) and private key, which sign its JWTs.

    gidgethub's `get_jwt` signs the same claims, but reads the computer's clock.
    """

    def __init__(self, app_id: str, private_key: str, now: Callable[[], EpochSeconds]) -> None:
        self._app_id = app_id
        self._private_key = private_key
        self._now = now
        self._signed: tuple[EpochSeconds, str] | None = None

    def credentials(self) -> Credentials:
        """Return a JWT that is valid for two minutes at least. Raises Unauthorized when the key cannot be read.

        https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        """
        now = self._now()
        if self._signed is None or not 0 <= now - self._signed[0] < 7 * 60:
            self._signed = now, self._sign(int(now))
        return Credentials(jwt=self._signed[1])

    def _sign(self, now: WholeEpochSeconds) -> str:
        # A minute back and nine forth: GitHub's clock may be behind ours or ahead of it.
        claims = {"iat": now - 60, "exp": now + 540, "iss": self._app_id}
        try:
            return jwt.encode(claims, _read_key(self._private_key), algorithm="RS256")
        except (ValueError, TypeError, UnsupportedAlgorithm, jwt.PyJWTError):
            # Not chained: nobody needs to see what the key looked like.
            raise Unauthorized("the App's private key cannot be read; it must be an RSA key in PEM") from None


def _read_key(pem: str) -> RSAPrivateKey:
    # Only the operator chooses it. Checking that its numbers are primes takes long, and GitHub refuses a wrong key.
    key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError(type(key))
    return key


class TokenResponse(Struct, gc=False):
    """A new installation token."""

    token: str
    expires_at: Time


class Tokens:
    """Mints installation tokens and keeps them while they are valid.

    An installation makes one call at a time, so that many calls mint one token.
    """

    def __init__(self, api: Api, key: AppKey, now: Callable[[], EpochSeconds]) -> None:
        self._api = api
        self._key = key
        self._now = now
        self._kept: TLRUCache[int, Token] = TLRUCache(
            10_000, ttu=lambda _, token, at: min(at + MAX_LIFETIME, token.expires_at - EXPIRY_MARGIN), timer=now
        )

    async def token(self, installation_id: int) -> Token:
        """Return a token that stays valid for a while.

        Raises InstallationGone, InstallationSuspended and the rest of `bot.github.errors`.
        """
        token = self._kept.get(installation_id)
        if token is None:
            token = await self._mint(installation_id)
            self._kept[installation_id] = token
        return token

    def drop(self, installation_id: int, token: Token | None = None) -> None:
        """Use an installation's token no more: the one that GitHub refuses, or whichever is kept."""
        if token is None:
            self._kept.pop(installation_id, None)
        elif self._kept.get(installation_id) is token:
            del self._kept[installation_id]

    async def _mint(self, installation_id: int) -> Token:
        path, variables = "/app/installations/{id}/access_tokens", {"id": installation_id}
        try:
            response = await self._api.request("POST", path, variables, self._key.credentials())
        except NotFound:
            raise InstallationGone(f"installation {installation_id} is gone") from None
        minted = expect(TokenResponse, response.data)
        return Token(minted.token, self._now(), epoch(minted.expires_at))


class PersonalToken:
    """A personal access token, in the place of `Tokens`; it cannot be renewed."""

    def __init__(self, value: str) -> None:
        self._token = Token(value, minted_at=0.0, expires_at=math.inf)

    async def token(self, installation_id: int) -> Token:
        """Return the one token there is."""
        del installation_id
        return self._token

    def drop(self, installation_id: int, token: Token) -> None:
        """Keep it all the same: there is no other."""
