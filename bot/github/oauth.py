"""Signing in with GitHub: where the browser is sent, and who it is that comes back with a code.

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

from bot.github.errors import NotSignedIn, Unavailable
from bot.github.models import common
from bot.github.models.rest import expect
from bot.github.response_body import SHORT, read_body
from bot.github.transport import VERSION, Credentials, api_for_a_while
from bot.github.urls import web_url_of
from bot.petition.comments.comment import Author
from bot.version import user_agent

log = structlog.get_logger("authorizing")

PATIENCE: Final = 10.0
"""Seconds for each of the three calls that it takes; somebody is waiting."""


@dataclass(frozen=True, slots=True)
class Client:
    """What the App identifies itself with when it signs people in, and the API beside which GitHub's site is."""

    api_url: str
    id: str
    secret: str = field(repr=False)


def authorize_url(client: Client, redirect_uri: str, state: str, verifier: str) -> str:
    """Return the address where GitHub asks somebody; `verifier` is to be shown when the code is brought.

    https://datatracker.ietf.org/doc/html/rfc7636
    """
    asked = {
        "client_id": client.id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    return f"{web_url_of(client.api_url)}/login/oauth/authorize?{urlencode(asked)}"


async def identify(
    session: aiohttp.ClientSession,
    client: Client,
    code: str,
    verifier: str,
    redirect_uri: str,
    now: Callable[[], float],
) -> Author:
    """Return whose code it is; the token that GitHub gives for it is used once, given back and kept nowhere.

    Raises NotSignedIn, and `bot.github.errors` where GitHub does not answer.
    """
    given = {
        "client_id": client.id,
        "client_secret": client.secret,
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
    }
    token = await _exchange(session, client, given)
    api = api_for_a_while(session, client.api_url, now, timeout=PATIENCE)
    try:
        answer = await api.ask("GET", "/user", {}, Credentials(token=token))
    finally:
        await _revoke(session, client, token)
    return expect(common.User, answer.data).author()


async def _exchange(session: aiohttp.ClientSession, client: Client, given: dict[str, str]) -> str:
    url, call = f"{web_url_of(client.api_url)}/login/oauth/access_token", "POST /login/oauth/access_token"
    headers = {"Accept": "application/json", "User-Agent": user_agent()}
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with session.post(url, data=given, headers=headers, timeout=timeout, allow_redirects=False) as answer:
            status, content = answer.status, await read_body(answer, SHORT, call)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        # Not chained: what was sent is secret.
        raise Unavailable(f"{call}: {type(error).__name__}") from None
    try:
        told = msgspec.json.decode(content, type=_Told)
    except msgspec.MsgspecError:
        raise Unavailable(f"{call}: {status}") from None
    if not told.access_token:
        raise NotSignedIn(told.error or str(status))
    return told.access_token


async def _revoke(session: aiohttp.ClientSession, client: Client, token: str) -> None:
    """Have GitHub forget a token, which else would be good for hours; nobody has to know if it does not.

    https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token
    """
    url = f"{client.api_url.rstrip('/')}/applications/{client.id}/token"
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    headers = {
        "Authorization": f"Basic {b64encode(f'{client.id}:{client.secret}'.encode()).decode()}",
        "User-Agent": user_agent(),
        "X-GitHub-Api-Version": VERSION,
    }
    try:
        async with session.delete(
            url, json={"access_token": token}, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            status: int | str = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        status = type(error).__name__
    if status != http.HTTPStatus.NO_CONTENT:
        log.warning("a token that is not needed any more could not be given back", status=status)


class _Told(msgspec.Struct):
    access_token: str = ""
    error: str = ""

    def __repr__(self) -> str:
        return f"_Told({self.error!r})"
