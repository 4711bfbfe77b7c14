"""Somebody signs in: GitHub tells who it is for a code, once, and what goes wrong betrays nothing."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from aiohttp import web

from bot.github.errors import GitHubError, NotSignedIn, Unavailable
from bot.github.sign_in import OAuthClient, authorize_url, identify
from bot.petition.comments.comment import Author
from sandbox.server import Sandbox
from tests.github.scene import Calls, Clock, Forgery

BACK = "http://127.0.0.1:1/organizers/signed-in"
VERIFIER = "a-proof-of-at-least-forty-three-characters-"


@pytest.fixture
def app(sandbox: Sandbox) -> OAuthClient:
    sandbox.registration.callback_urls = (BACK,)
    return OAuthClient(sandbox.api_url, sandbox.client_id, sandbox.client_secret)


async def agreed(session: aiohttp.ClientSession, app: OAuthClient, login: str = "ada") -> str:
    """Let somebody agree as the browser does; gives the code."""
    url = authorize_url(app, BACK, "unguessable", VERIFIER)
    form = {"as": login, "decision": "authorize"}
    async with session.post(url, data=form, allow_redirects=False) as answer:
        given = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert given["state"] == ["unguessable"]
    return given["code"][0]


@pytest.mark.parametrize(
    ("api_url", "site"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://git.example.org/api/v3", "https://git.example.org"),
    ],
)
def test_github_asks_on_its_own_site(api_url: str, site: str) -> None:
    url = authorize_url(OAuthClient(api_url, "Iv23", "hush"), BACK, "s s", VERIFIER)
    assert url.startswith(f"{site}/login/oauth/authorize?client_id=Iv23&")
    assert "hush" not in url
    assert VERIFIER not in url


async def test_a_code_identifies_an_account_and_the_token_is_revoked(
    sandbox: Sandbox, session: aiohttp.ClientSession, app: OAuthClient, clock: Clock, calls: Calls
) -> None:
    ada = sandbox.user("ada")
    code = await agreed(session, app)
    calls.forget()
    assert await identify(session, app, code, VERIFIER, BACK, clock) == Author(ada.id, "ada")
    made = ["POST /login/oauth/access_token 200", "GET /user 200", f"DELETE /applications/{app.id}/token 204"]
    assert calls.made == made
    with pytest.raises(NotSignedIn, match="bad_verification_code"):
        await identify(session, app, code, VERIFIER, BACK, clock)


async def test_the_token_is_refused_afterwards(
    sandbox: Sandbox, session: aiohttp.ClientSession, app: OAuthClient, clock: Clock, forgery: Forgery
) -> None:
    sandbox.user("ada")
    shown: list[str] = []
    forgery.after = lambda request: shown.append(request.headers.get("Authorization", ""))
    await identify(session, app, await agreed(session, app), VERIFIER, BACK, clock)
    (token,) = (one for one in shown if "ghu_" in one)
    async with session.get(f"{sandbox.api_url}/user", headers={"Authorization": token}) as answer:
        assert answer.status == 401


async def test_who_signs_in_need_not_know_that_it_could_not_be_given_back(
    sandbox: Sandbox, session: aiohttp.ClientSession, app: OAuthClient, clock: Clock, forgery: Forgery
) -> None:
    sandbox.user("ada")
    code = await agreed(session, app)

    async def refuse(request: web.Request) -> web.Response | None:
        return web.Response(status=500) if request.method == "DELETE" else None

    forgery.forger = refuse
    assert (await identify(session, app, code, VERIFIER, BACK, clock)).login == "ada"


@pytest.mark.parametrize(
    ("verifier", "back", "secret", "reason"),
    [
        ("another" * 8, BACK, "", "bad_verification_code"),
        (VERIFIER, f"{BACK}/elsewhere", "", "redirect_uri_mismatch"),
        (VERIFIER, BACK, "another one", "incorrect_client_credentials"),
    ],
)
async def test_a_code_that_does_not_fit_is_refused(
    sandbox: Sandbox, session: aiohttp.ClientSession, app: OAuthClient, clock: Clock,
    verifier: str, back: str, secret: str, reason: str,
) -> None:  # fmt: skip
    sandbox.user("ada")
    code = await agreed(session, app)
    with pytest.raises(NotSignedIn) as refused:
        await identify(session, OAuthClient(app.api_url, app.id, secret or app.secret), code, verifier, back, clock)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, "<html>"), (200, "[]"), (502, "Server Error"), (200, '{"access_token": 5}'), (302, "")],
)
async def test_an_answer_that_makes_no_sense_is_none(
    sandbox: Sandbox, session: aiohttp.ClientSession, app: OAuthClient, clock: Clock, forgery: Forgery,
    status: int, body: str,
) -> None:  # fmt: skip
    forgery.answers(body, status)
    with pytest.raises(Unavailable):
        await identify(session, app, "c0de", VERIFIER, BACK, clock)


async def test_a_github_that_is_not_there_betrays_nothing(session: aiohttp.ClientSession, clock: Clock) -> None:
    nowhere = OAuthClient("http://127.0.0.1:9/api/v3", "Iv23", "hush-hush")
    with pytest.raises(GitHubError) as trouble:
        await identify(session, nowhere, "c0de", VERIFIER, BACK, clock)
    assert not [secret for secret in ("hush-hush", "c0de", VERIFIER) if secret in str(trouble.value)]
    assert trouble.value.__cause__ is None
    assert "hush" not in repr(nowhere)
