"""How we identify ourselves: the App's JWT, and the tokens that installations' work is done with."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import jwt
from cachetools import TLRUCache
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.github.errors import InstallationGone, NotFound, Unauthorized
from bot.github.models.common import epoch
from bot.github.models.rest import TokenAnswer, expect
from bot.github.transport import Api, Credentials

LONGEST_LIFE = 55 * 60.0
"""Seconds for which a token is used at most; GitHub lets them live for an hour."""

MARGIN = 5 * 60.0
"""Seconds before its end from which a token is not used any more."""


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token; it is opaque, and never shown."""

    value: str = field(repr=False)
    minted_at: float
    expires_at: float


class AppKey:
    """The App's id (or client id) and private key, which sign its JWTs.

    gidgethub's `get_jwt` signs the same claims, but asks the computer for the time.
    """

    def __init__(self, app_id: str, private_key: str, now: Callable[[], float]) -> None:
        self._app_id = app_id
        self._private_key = private_key
        self._now = now
        self._signed: tuple[float, str] | None = None

    def credentials(self) -> Credentials:
        """Return a JWT that holds for two minutes at least. Raises Unauthorized when the key is no key.

        https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
        """
        now = self._now()
        if self._signed is None or not 0 <= now - self._signed[0] < 7 * 60:
            self._signed = now, self._sign(int(now))
        return Credentials(jwt=self._signed[1])

    def _sign(self, now: int) -> str:
        # A minute back and nine forth: GitHub's clock may be behind ours or ahead of it.
        claims = {"iat": now - 60, "exp": now + 540, "iss": self._app_id}
        try:
            return jwt.encode(claims, _read_key(self._private_key), algorithm="RS256")
        except (ValueError, TypeError, UnsupportedAlgorithm, jwt.PyJWTError):
            # Not chained: nobody needs to see what the key looked like.
            raise Unauthorized("the App's private key cannot be read; it must be an RSA key in PEM") from None


@lru_cache(maxsize=1)
def _read_key(pem: str) -> RSAPrivateKey:
    """Read the App's key, once."""
    # Nobody but the operator chooses it. Whether its numbers are primes takes long to find out, and GitHub tells.
    key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError(type(key))
    return key


class Tokens:
    """Mints installation tokens and keeps them while they are good.

    An installation's client asks once at a time, so that a crowd of calls mints one token.
    """

    def __init__(self, api: Api, key: AppKey, now: Callable[[], float]) -> None:
        self._api = api
        self._key = key
        self._now = now
        self._kept: TLRUCache[int, Token] = TLRUCache(
            10_000, ttu=lambda _, token, at: min(at + LONGEST_LIFE, token.expires_at - MARGIN), timer=now
        )

    async def token(self, installation_id: int) -> Token:
        """Return a token that is still good for a while.

        Raises InstallationGone, InstallationSuspended and what else can go wrong with GitHub.
        """
        token = self._kept.get(installation_id)
        if token is None:
            token = await self._mint(installation_id)
            self._kept[installation_id] = token
        return token

    def forget(self, installation_id: int, token: Token) -> None:
        """Use a token no more that GitHub does not accept, unless it has been replaced already."""
        if self._kept.get(installation_id) is token:
            del self._kept[installation_id]

    async def _mint(self, installation_id: int) -> Token:
        path, variables = "/app/installations/{id}/access_tokens", {"id": installation_id}
        try:
            answer = await self._api.ask("POST", path, variables, self._key.credentials())
        except NotFound:
            raise InstallationGone(f"installation {installation_id} is gone") from None
        minted = expect(TokenAnswer, answer.data)
        return Token(minted.token, self._now(), epoch(minted.expires_at))


class PersonalToken:
    """A token that somebody made for themselves, in the place of `Tokens`; it cannot be renewed."""

    def __init__(self, value: str) -> None:
        self._token = Token(value, minted_at=0.0, expires_at=math.inf)

    async def token(self, installation_id: int) -> Token:
        """Return the one token there is."""
        del installation_id
        return self._token

    def forget(self, installation_id: int, token: Token) -> None:
        """Keep it all the same: there is no other."""
