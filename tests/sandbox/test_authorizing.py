"""People sign in with GitHub: somebody agrees, a code is good once and for ten minutes, and buys a token."""

from __future__ import annotations

import warnings
from base64 import b64encode, urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock, Reply
from tests.sandbox.truth import check_answer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from githubkit import GitHub, OAuthWebAuthStrategy

BACK = "http://127.0.0.1:1/signed-in"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@pytest.fixture(autouse=True)
def callback(sandbox: Sandbox) -> None:
    sandbox.registration.callback_urls = (BACK,)
    sandbox.user("ada")


def page(sandbox: Sandbox, **query: str) -> str:
    asked = {"client_id": sandbox.client_id, "redirect_uri": BACK, "state": "unguessable"} | query
    return f"{sandbox.web_url}/login/oauth/authorize?{urlencode(asked)}"


async def agree(api: Api, login: str = "ada", decision: str = "authorize", **query: str) -> dict[str, str]:
    """Let somebody decide; gives what the browser takes back to the App."""
    form = {"as": login, "decision": decision}
    async with api.session.post(page(api.sandbox, **query), data=form, allow_redirects=False) as answer:
        assert answer.status == 302
        assert answer.headers["Location"].startswith(f"{BACK}?")
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


async def exchange(api: Api, code: str, **more: str) -> dict[str, Any]:
    given = {"client_id": api.sandbox.client_id, "client_secret": api.sandbox.client_secret, "code": code} | more
    url = f"{api.sandbox.web_url}/login/oauth/access_token"
    async with api.session.post(url, data=given, headers={"Accept": "application/json"}) as answer:
        assert answer.status == 200
        found: dict[str, Any] = await answer.json()
        return found


async def test_somebody_signs_in_and_is_known(sandbox: Sandbox, api: Api) -> None:
    given = await agree(api)
    assert given["state"] == "unguessable"
    token = await exchange(api, given["code"], redirect_uri=BACK)
    assert (token["token_type"], token["scope"], token["expires_in"]) == ("bearer", "", 28_800)
    assert token["access_token"].startswith("ghu_")
    me = await api("GET", "/user", token=token["access_token"])
    check_answer("PublicUser", me.json)
    assert (me.status, me.json["login"], me.json["id"]) == (200, "ada", sandbox.user("ada").id)


async def test_an_independent_client_signs_somebody_in(sandbox: Sandbox, api: Api) -> None:
    code = (await agree(api))["code"]
    web = OAuthWebAuthStrategy(sandbox.client_id, sandbox.client_secret, code, BACK)
    async with GitHub(web, base_url=sandbox.api_url, auto_retry=False) as github:
        me = (await github.rest.users.async_get_authenticated()).parsed_data
    assert me.login == "ada"


async def test_the_page_asks_as_whom_and_tells_nobody_else(sandbox: Sandbox, api: Api) -> None:
    sandbox.organizer("grace")
    shown = await api("GET", page(sandbox), token="")
    assert shown.status == 200
    assert "Authorize Undersigned" in shown.text
    assert "Act on your behalf" in shown.text
    assert shown.text.index('value="lovelace" checked') < shown.text.index('value="grace"')
    assert f"form-action 'self' {BACK.removesuffix('/signed-in')};" in shown.headers["Content-Security-Policy"]
    assert 'value="ada" checked' in (await api("GET", page(sandbox, login="ada"), token="")).text


async def test_who_does_not_want_to_is_sent_back_all_the_same(api: Api) -> None:
    back = await agree(api, decision="cancel")
    assert (back["error"], back["state"]) == ("access_denied", "unguessable")


async def test_a_code_is_good_once_and_for_ten_minutes(api: Api, clock: Clock) -> None:
    code = (await agree(api))["code"]
    assert "access_token" in await exchange(api, code)
    late = (await agree(api))["code"]
    clock.pass_by(600)
    for bad in (code, late, "made-up"):
        assert (await exchange(api, bad))["error"] == "bad_verification_code"


async def test_a_token_lives_for_eight_hours(api: Api, clock: Clock) -> None:
    token = (await exchange(api, (await agree(api))["code"]))["access_token"]
    clock.pass_by(28_800)
    assert (await api("GET", "/user", token=token)).status == 401


async def test_a_token_that_is_given_back_is_good_for_nothing(sandbox: Sandbox, api: Api) -> None:
    token = (await exchange(api, (await agree(api))["code"]))["access_token"]

    async def give_back(client_id: str = sandbox.client_id, secret: str = sandbox.client_secret) -> int:
        url = f"{sandbox.api_url}/applications/{client_id}/token"
        headers = {"Authorization": f"Basic {b64encode(f'{sandbox.client_id}:{secret}'.encode()).decode()}"}
        async with api.session.delete(url, json={"access_token": token}, headers=headers) as answer:
            return answer.status

    assert [await give_back("another"), await give_back(secret="guessed")] == [404, 401]
    assert (await api("GET", "/user", token=token)).status == 200
    assert [await give_back(), await give_back()] == [204, 422]
    assert (await api("GET", "/user", token=token)).status == 401


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_secret": "guessed"}, "incorrect_client_credentials"),
        ({"client_id": "another"}, "incorrect_client_credentials"),
        ({"redirect_uri": f"{BACK}/elsewhere"}, "redirect_uri_mismatch"),
    ],
)
async def test_a_wrong_exchange_is_refused_in_githubs_words(api: Api, wrong: dict[str, str], error: str) -> None:
    told = await exchange(api, (await agree(api))["code"], **wrong)
    assert told["error"] == error
    assert set(told) == {"error", "error_description", "error_uri"}


async def test_whoever_steals_a_code_lacks_what_proves_it_theirs(api: Api) -> None:
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    stolen = (await agree(api, **asked))["code"]
    assert (await exchange(api, stolen))["error"] == "bad_verification_code"
    mine = (await agree(api, **asked))["code"]
    assert "access_token" in await exchange(api, mine, code_verifier=VERIFIER)


async def test_the_browser_goes_nowhere_that_is_not_registered(sandbox: Sandbox, api: Api) -> None:
    async def ask(**query: str) -> Reply:
        return await api("GET", page(sandbox, **query), token="")

    elsewhere = await ask(redirect_uri="http://127.0.0.1:2/steal")
    assert elsewhere.status == 302
    assert elsewhere.headers["Location"].startswith(f"{BACK}?error=redirect_uri_mismatch&")
    assert (await ask(client_id="another")).status == 404
    sandbox.registration.callback_urls = ()
    assert (await ask()).status == 400


async def test_an_installation_is_nobody(sandbox: Sandbox, api: Api) -> None:
    sandbox.repository()
    assert (await api("GET", "/user")).status == 403
    assert (await api("GET", "/user", token="")).status == 401
