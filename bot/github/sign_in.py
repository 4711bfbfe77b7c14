"""Sign-in of people with GitHub: who somebody is; their token is used once, and revoked.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import http
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

import aiohttp
import msgspec
import structlog

from bot.github.api_urls import web_url_of
from bot.github.errors import NotSignedIn, Unavailable
from bot.github.http_exchange import exchange
from bot.github.models.rest import UserModel, expect
from bot.github.transport import API_VERSION, Credentials, make_api
from bot.petition.comments.comment import Author
from bot.time_types import EpochSeconds, Seconds

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


class _TokenAnswer(msgspec.Struct):
    access_token: str = ""
    error: str = ""

    def __repr__(self) -> str:
        return f"_TokenAnswer({self.error!r})"


async def probe(session: aiohttp.ClientSession, client: OAuthClient) -> str:
    """Return GitHub's error for a made-up code: `bad_verification_code` where the client's id and secret are right.

    https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors

    Raises Unavailable.
    """
    made_up = {"client_id": client.id, "client_secret": client.secret, "code": "0" * 20}
    try:
        await _exchange(session, client, made_up)
    except NotSignedIn as error:
        return str(error)
    raise Unavailable("POST /login/oauth/access_token: a made-up code was accepted")


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
