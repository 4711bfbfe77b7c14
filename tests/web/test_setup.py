"""The set-up lets in whoever has the token, believes GitHub only in the same browser, and keeps one App."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from bot.github.errors import NotFound, Unavailable
from bot.github.manifest import Registration
from bot.web.setup.wizard import COOKIE, LIFETIME, InvalidForm, SetupAuth, SetupWizard, read_form
from tests.github.scene import Clock

KEY = "a key of more than thirty-two characters"
APP = Registration("12", "pem", "secret", "https://github.com/apps/our-letters", "")
TYPED = {"name": "Our letters", "organization": "", "public_url": "https://petitions.example.org"}


@dataclass
class Scene:
    clock: Clock
    client: TestClient[web.Request, web.Application] = field(init=False)
    kept: list[Registration] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    trouble: Exception | None = None
    is_done: asyncio.Event = field(default_factory=asyncio.Event)

    async def convert(self, code: str, public_url: str) -> Registration:
        self.codes.append(code)
        if self.trouble is not None:
            raise self.trouble
        return Registration(APP.app_id, APP.private_key, APP.webhook_secret, APP.html_url, public_url)

    async def keep(self, app: Registration) -> bool:
        self.kept.append(app)
        return len(self.kept) == 1

    @property
    def auth(self) -> SetupAuth:
        return SetupAuth(KEY, self.clock)

    async def get(self, path: str, **query: str) -> ClientResponse:
        return await self.client.get(path, params=query, allow_redirects=False)

    async def come_in(self) -> None:
        reply = await self.client.post("/setup", data={"token": self.auth.token}, allow_redirects=False)
        assert (reply.status, reply.headers["Location"]) == (303, "/setup")

    async def state(self) -> str:
        """Look it over, and give the state that GitHub is told."""
        action = re.search(r'action="([^"]+)"', await (await self.get("/setup/review", **TYPED)).text())
        assert action
        return parse_qs(urlsplit(html.unescape(action[1])).query)["state"][0]


@pytest.fixture
async def stage() -> AsyncIterator[Scene]:
    found = Scene(Clock())
    wizard = SetupWizard(found.auth, found.convert, found.keep, "https://api.github.com", None, found.is_done)
    async with TestClient(TestServer(wizard.application())) as found.client:
        yield found


def reviewing(scene: Scene, public_url: str | None) -> TestClient[web.Request, web.Application]:
    """Return a client of a bot with this PUBLIC_URL."""
    api = "https://api.github.com"
    wizard = SetupWizard(scene.auth, scene.convert, scene.keep, api, public_url, scene.is_done)
    return TestClient(TestServer(wizard.application()))


async def test_strangers_see_nothing_but_the_question_for_the_token(stage: Scene) -> None:
    assert "Set-up token" in await (await stage.get("/setup")).text()
    for path in ("/setup/review", "/setup/made"):
        assert (await stage.get(path, **TYPED)).status == 403
    for guess in ("", "guess", "é", KEY[:-1]):
        assert (await stage.client.post("/setup", data={"token": guess})).status == 403
        assert (await stage.get("/setup", token=guess)).status == 403


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: form-data\r\n\r\nx\r\n--a--", 415),
        ("multipart/form-data", b"x", 415),
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded; charset=klingon", b"token=%ff", 403),
        ("application/x-www-form-urlencoded", b"\xff=\xff&&&=;token", 403),
        ("application/x-www-form-urlencoded", b"token=" + b"x" * 17_000, 413),
    ],
)
async def test_whatever_is_sent_in_the_place_of_the_form_is_refused(
    stage: Scene, kind: str, body: bytes, status: int
) -> None:
    assert (await stage.client.post("/setup", data=body, headers={"Content-Type": kind})).status == status


@pytest.mark.parametrize("shown", [KEY, f" {KEY}\n"])
async def test_the_key_that_the_token_comes_from_opens_nothing(stage: Scene, shown: str) -> None:
    typed = await stage.client.post("/setup", data={"token": shown}, allow_redirects=False)
    for reply in (typed, await stage.get("/setup", token=shown)):
        assert (reply.status, "Set-Cookie" in reply.headers) == (403, False)
        text = await reply.text()
        assert "That is the value of" in text
        assert "View logs" in text
        assert KEY not in text


@pytest.mark.parametrize("shown", [SetupAuth(KEY, Clock()).token, f" {SetupAuth(KEY, Clock()).token}\n"])
async def test_the_token_opens_the_set_up(stage: Scene, shown: str) -> None:
    reply = await stage.get("/setup", token=shown)
    assert (reply.status, reply.headers["Location"]) == (303, "/setup")
    assert {"HttpOnly", "SameSite=Lax", "Path=/setup"} <= set(reply.headers["Set-Cookie"].split("; "))
    assert shown.strip() not in reply.headers["Set-Cookie"]
    assert "Create your GitHub App" in await (await stage.get("/setup")).text()


async def test_behind_a_router_the_cookie_is_for_tls_and_the_address_is_the_routers(stage: Scene) -> None:
    headers = {"X-Forwarded-Proto": "https", "Host": "petitions.example.org"}
    reply = await stage.client.get(
        "/setup", params={"token": stage.auth.token}, headers=headers, allow_redirects=False
    )
    cookie = reply.headers["Set-Cookie"]
    assert "Secure" in cookie.split("; ")
    seen = await stage.client.get("/setup", headers=headers | {"Cookie": cookie.partition(";")[0]})
    assert 'value="https://petitions.example.org"' in await seen.text()


async def test_a_browser_is_known_for_two_hours(stage: Scene) -> None:
    await stage.come_in()
    stage.clock.pass_by(LIFETIME - 1)
    state = await stage.state()
    stage.clock.pass_by(1)
    assert (await stage.get("/setup/review", **TYPED)).status == 403
    assert (await stage.get("/setup/made", code="c0de", state=state)).status == 403
    assert stage.codes == []


@pytest.mark.parametrize("forged", ["", "a.b.c", "a.9999999999.", "é.9999999999.x", "a.99999999999999.x"])
def test_a_session_cannot_be_made_up(forged: str) -> None:
    request = make_mocked_request("GET", "/setup", headers={"Cookie": f"{COOKIE}={forged}"})
    assert not SetupAuth(KEY, Clock()).is_authenticated(request)


async def test_github_is_asked_for_the_least_and_each_permission_says_what_for(stage: Scene) -> None:
    await stage.come_in()
    text = await (await stage.get("/setup/review", **TYPED | {"organization": "analytical"})).text()
    sent = re.search(r'name="manifest" value="([^"]+)"', text)
    assert sent
    assert json.loads(html.unescape(sent[1])) == {
        "name": "Our letters",
        "url": "https://petitions.example.org",
        "description": "Counts /sign comments on petition issues and keeps the tally in the issue's body.",
        "hook_attributes": {"url": "https://petitions.example.org/webhook", "active": True},
        "redirect_url": "https://petitions.example.org/setup/made",
        "setup_url": "https://petitions.example.org/setup",
        "callback_urls": ["https://petitions.example.org/organizers/signed-in"],
        "public": False,
        "default_permissions": {"issues": "write", "contents": "read", "metadata": "read"},
        "default_events": ["issues", "issue_comment", "repository", "push"],
    }
    assert 'action="https://github.com/organizations/analytical/settings/apps/new?state=' in text
    assert "to write the count into the issue" in text
    assert "https://petitions.example.org/organizers/signed-in" in text


async def test_the_page_may_send_its_form_to_github_and_nowhere_else(stage: Scene) -> None:
    await stage.come_in()
    policy = (await stage.get("/setup/review", **TYPED)).headers["Content-Security-Policy"]
    assert "form-action 'self' https://github.com;" in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize(
    ("here", "public_url", "is_led_back"),
    [
        ("http://localhost:8080", "https://petitions.example.org", False),
        ("https://petitions.example.org", "https://petitions.example.org", True),
        ("https://PETITIONS.example.org", "https://petitions.example.org", True),
        (
            "http://petitions.example.org",
            "https://petitions.example.org",
            True,
        ),  # the proxy does not tell the scheme
        ("http://petitions.example.org:8080", "https://petitions.example.org", True),
        ("https://petitions.example.org", "http://petitions.example.org", False),  # the cookie is for https alone
        ("https://www.example.org", "https://petitions.example.org", False),
    ],
)
async def test_who_comes_by_another_address_is_told_before_the_app_is_created(
    stage: Scene, here: str, public_url: str, is_led_back: bool
) -> None:
    await stage.come_in()
    parts = urlsplit(here)
    headers = {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}
    typed = TYPED | {"public_url": public_url, "organization": "analytical", "public": "on"}
    shown = await stage.client.get(
        "/setup/review", params=typed, headers=headers | {"Cookie": f"{COOKIE}={stage.auth.create_session()}"}
    )
    text = html.unescape(await shown.text())
    assert ("Continue at the other address" in text) is not is_led_back
    assert "Create the App on GitHub" in text
    assert stage.auth.token not in text


@pytest.mark.parametrize(
    ("configured", "carries_token"),
    [
        ("https://petitions.example.org", True),
        (None, False),
        ("https://www.example.org", False),
        ("http://petitions.example.org", False),
        ("https://petitions.example.org:8443", False),
    ],
)
async def test_the_link_to_the_other_address_carries_the_token_only_to_the_bots_own(
    stage: Scene, configured: str | None, carries_token: bool
) -> None:
    typed = TYPED | {"organization": "analytical", "public": "on"}
    wanted = {name: value for name, value in typed.items() if value}
    cookie = {"Cookie": f"{COOKIE}={stage.auth.create_session()}"}
    async with reviewing(stage, configured) as client:
        shown = await client.get("/setup/review", params=typed, headers=cookie)
        text = html.unescape(await shown.text())
        link = re.search(r'<a class="button" href="([^"]+)" rel="noreferrer">Continue at', text)
        assert link
        assert link[1].startswith(f"{TYPED['public_url']}/setup?")
        carried = dict(parse_qsl(urlsplit(link[1]).query))
        assert carried == (wanted | {"token": stage.auth.token} if carries_token else wanted)
        assert (stage.auth.token in text, "enter the token" in text) == (carries_token, not carries_token)
        # At the other address the browser is unknown: the link opens the form, or the question for the token first.
        path = f"/setup?{urlsplit(link[1]).query}"
        if carries_token:
            reply = await client.get(path, allow_redirects=False)
        else:
            action = re.search(r'action="([^"]+)"', html.unescape(await (await client.get(path)).text()))
            assert action
            reply = await client.post(action[1], data={"token": stage.auth.token}, allow_redirects=False)
        assert (reply.status, stage.auth.token in reply.headers["Location"]) == (303, False)
        filled = html.unescape(await (await client.get(reply.headers["Location"])).text())
    for value in ("Our letters", "analytical", TYPED["public_url"]):
        assert f'value="{value}"' in filled


async def test_the_code_is_exchanged_and_the_app_kept(stage: Scene) -> None:
    await stage.come_in()
    reply = await stage.get("/setup/made", code="c0de", state=await stage.state())
    assert (reply.status, reply.headers["Location"]) == (303, "/setup")
    assert stage.codes == ["c0de"]
    assert [one.app_id for one in stage.kept] == ["12"]


async def test_nobody_can_slip_an_app_of_theirs_to_somebody_elses_browser(stage: Scene) -> None:
    await stage.come_in()
    theirs = await stage.state()
    stage.client.session.cookie_jar.clear()
    assert (await stage.get("/setup/made", code="c0de", state=theirs)).status == 403
    await stage.come_in()
    for state in (theirs, "", "é"):
        assert (await stage.get("/setup/made", code="c0de", state=state)).status == 403
    assert stage.codes == []


@pytest.mark.parametrize(
    ("trouble", "status", "said"),
    [(NotFound("Not Found"), 410, "more than an hour old"), (Unavailable("502"), 502, "Reload this page")],
)
async def test_a_code_that_github_does_not_take_is_explained(
    stage: Scene, trouble: Exception, status: int, said: str
) -> None:
    await stage.come_in()
    stage.trouble = trouble
    reply = await stage.get("/setup/made", code="c0de", state=await stage.state())
    assert (reply.status, said in await reply.text()) == (status, True)
    assert stage.kept == []


async def test_who_comes_while_the_bot_starts_is_asked_for_a_moment(stage: Scene) -> None:
    await stage.come_in()
    stage.is_done.set()
    text = await (await stage.get("/setup")).text()
    assert "One moment" in text
    assert 'http-equiv="refresh"' in text


async def test_a_second_app_is_not_kept(stage: Scene) -> None:
    await stage.come_in()
    state = await stage.state()
    assert [(await stage.get("/setup/made", code="c", state=state)).status for _ in range(2)] == [303, 409]


async def test_until_the_bot_is_set_up_deliveries_are_to_come_again(stage: Scene) -> None:
    reply = await stage.client.post("/webhook", data=b"{}")
    assert (reply.status, "Retry-After" in reply.headers) == (503, True)
    assert [(await stage.get(path)).status for path in ("/healthz", "/readyz", "/")] == [200, 503, 302]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "1 to 34"),
        ({"name": "N" * 35}, "1 to 34"),
        ({"organization": "../x"}, "organization"),
        ({"public_url": "petitions.example.org"}, "https://"),
        ({"public_url": "https://"}, "https://"),
        ({"public_url": "http://["}, "https://"),
        ({"hook_url": "javascript:alert(1)"}, "https://"),
    ],
)
async def test_what_is_typed_is_looked_at_and_given_back(stage: Scene, typed: dict[str, str], said: str) -> None:
    await stage.come_in()
    with pytest.raises(InvalidForm, match=re.escape(said)):
        read_form(TYPED | typed)
    reply = await stage.get("/setup/review", **TYPED | typed)
    assert (reply.status, said in await reply.text()) == (422, True)


@pytest.mark.parametrize(
    ("address", "within_reach"),
    [
        ("https://petitions.example.org", True),
        ("https://8.8.8.8", True),
        ("http://localhost:8080", False),
        ("http://127.0.0.1:8080", False),
        ("http://192.168.1.4", False),
        ("http://[::1]:8080", False),
        ("http://server", False),
    ],
)
def test_an_address_that_github_cannot_reach_is_noticed(address: str, within_reach: bool) -> None:
    assert read_form(TYPED | {"public_url": address}).is_local is not within_reach
