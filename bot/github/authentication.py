"""Authentication as the App with its JWT, as an installation with a token, and of people who sign in."""

from __future__ import annotations

import http
import math
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

import aiohttp
import jwt
import msgspec
import structlog
from cachetools import TLRUCache
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bot.github.errors import InstallationGone, NotFound, NotSignedIn, Unauthorized, Unavailable
from bot.github.http_exchange import exchange
from bot.github.models.common import UserModel, epoch
from bot.github.models.rest import TokenResponse, expect
from bot.github.transport import API_VERSION, Api, Credentials, make_api
from bot.github.urls import web_url_of
from bot.petition.comments.comment import Author
from bot.units import EpochSeconds, Seconds, WholeEpochSeconds

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


# Sign-in with GitHub
# https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app

log = structlog.get_logger("authorizing")

TIMEOUT: Final[Seconds] = 10.0
"""For each of the three calls that it takes, while somebody waits."""


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """The App's id and secret for signing people in, and the API beside which GitHub's site is."""

    api_url: str
    id: str
    secret: str = field(repr=False)


def authorize_url(client: OAuthClient, redirect_uri: str, state: str, verifier: str) -> str:
    """Return the URL where GitHub asks for consent; `verifier` has to be sent along with the code.

    https://datatracker.ietf.org/doc/html/rfc7636
    """
    query = {
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    return f"{web_url_of(client.api_url)}/login/oauth/authorize?{urlencode(query)}"


async def identify(
    session: aiohttp.ClientSession,
    client: OAuthClient,
    code: str,
    verifier: str,
    redirect_uri: str,
    now: Callable[[], EpochSeconds],
) -> Author:
    """Return whose code it is; the token that GitHub returns for it is used once, revoked and kept nowhere.

    Raises NotSignedIn, and `bot.github.errors` where GitHub does not answer.
    """
    exchanged = {
        "client_id": client.id,
        "client_secret": client.secret,
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
    }
    token = await _exchange(session, client, exchanged)
    api = make_api(session, client.api_url, now, timeout=TIMEOUT)
    try:
        response = await api.request("GET", "/user", {}, Credentials(token=token))
    finally:
        await _revoke(session, client, token)
    return expect(UserModel, response.data).author()


async def _exchange(session: aiohttp.ClientSession, client: OAuthClient, code: dict[str, str]) -> str:
    url, call = f"{web_url_of(client.api_url)}/login/oauth/access_token", "POST /login/oauth/access_token"
    response = await exchange(
        session, "POST", url, call=call, timeout=TIMEOUT, headers={"accept": "application/json"}, data=code
    )
    try:
        answer = msgspec.json.decode(response.body, type=_TokenAnswer)
    except msgspec.MsgspecError:
        raise Unavailable(f"{call}: {response.status}") from None
    if not answer.access_token:
        raise NotSignedIn(answer.error or str(response.status))
    return answer.access_token


async def _revoke(session: aiohttp.ClientSession, client: OAuthClient, token: str) -> None:
    """Revoke a token, which would otherwise be valid for hours; a failure is only logged.

    https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token
    """
    url = f"{client.api_url.rstrip('/')}/applications/{client.id}/token"
    headers = {
        "authorization": f"Basic {b64encode(f'{client.id}:{client.secret}'.encode()).decode()}",
        "x-github-api-version": API_VERSION,
    }
    call = "DELETE /applications/{id}/token"
    sent = {"access_token": token}
    try:
        response = await exchange(session, "DELETE", url, call=call, timeout=TIMEOUT, headers=headers, json=sent)
        status: int | str = response.status
    except Unavailable as error:
        status = str(error)
    if status != http.HTTPStatus.NO_CONTENT:
        log.warning("a token that is not needed any more could not be revoked", status=status)


class _TokenAnswer(msgspec.Struct):
    access_token: str = ""
    error: str = ""

    def __repr__(self) -> str:
        return f"_TokenAnswer({self.error!r})"
