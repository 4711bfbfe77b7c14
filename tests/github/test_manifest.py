"""A manifest asks for the least, goes to the right form, and its code is good once and for an hour."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest

from bot.github.errors import NotFound
from bot.github.manifest import NEEDS, VITAL, Registration, convert, form_url, lacking, manifest
from sandbox.server import Sandbox
from tests.github.scene import Clock

HOME = "https://petitions.example.org"


@pytest.mark.parametrize(
    ("api_url", "organization", "address"),
    [
        ("https://api.github.com", "", "https://github.com/settings/apps/new?state=s%2Fs"),
        ("https://api.github.com", "a-b", "https://github.com/organizations/a-b/settings/apps/new?state=s%2Fs"),
        ("https://git.example.org/api/v3", "", "https://git.example.org/settings/apps/new?state=s%2Fs"),
        ("http://127.0.0.1:8/api/v3", "x", "http://127.0.0.1:8/organizations/x/settings/apps/new?state=s%2Fs"),
    ],
)
def test_the_form_is_where_the_api_is(api_url: str, organization: str, address: str) -> None:
    assert form_url(api_url, organization, "s/s") == address


async def test_the_code_becomes_the_app_once(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock
) -> None:
    code = await make(sandbox, session, "Our letters", "analytical")
    made = await convert(session, sandbox.api_url, code, "http://behind-a-proxy:8080", clock)
    assert made == Registration(
        str(sandbox.app_id),
        sandbox.private_key,
        sandbox.webhook_secret,
        f"{sandbox.web_url}/apps/our-letters",
        HOME,
        sandbox.client_id,
        sandbox.client_secret,
    )
    assert sandbox.registration.callback_urls == (f"{HOME}/organizers/signed-in",)
    assert sandbox.world.app.owner.login == "analytical"
    assert sandbox.world.app.permissions == NEEDS.permissions
    assert tuple(sandbox.world.app.events) == NEEDS.events
    assert Registration.read(made.text()) == made
    assert "PRIVATE KEY" not in repr(made)
    assert sandbox.client_secret not in repr(made)
    with pytest.raises(NotFound):
        await convert(session, sandbox.api_url, code, HOME, clock)


async def test_the_code_can_be_used_for_an_hour(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock
) -> None:
    code = await make(sandbox, session, "Our letters")
    clock.pass_by(3600)
    with pytest.raises(NotFound):
        await convert(session, sandbox.api_url, code, HOME, clock)


def test_an_app_that_was_stored_by_the_first_version_is_read() -> None:
    text = '{"app_id":"12","private_key":"pem","webhook_secret":"s","html_url":"https://x","public_url":""}'
    assert Registration.read(text) == Registration("12", "pem", "s", "https://x")


async def make(sandbox: Sandbox, session: aiohttp.ClientSession, name: str, organization: str = "") -> str:
    """Post the manifest as the browser does, and give the code that GitHub sends the browser back with."""
    asked = json.dumps(manifest(name, HOME, f"{HOME}/webhook"))
    url = form_url(sandbox.api_url, organization, "unguessable")
    async with session.post(url, data={"manifest": asked}, allow_redirects=False) as reply:
        given = parse_qs(urlsplit(reply.headers["Location"]).query)
    assert reply.headers["Location"].startswith(f"{HOME}/setup/made?")
    assert given["state"] == ["unguessable"]
    return given["code"][0]


@pytest.mark.parametrize(
    ("permissions", "events", "lacks"),
    [
        ({"issues": "write", "metadata": "read"}, ("issues", "issue_comment"), []),
        ({"issues": "admin", "metadata": "write", "contents": "read"}, ("issues", "issue_comment", "push"), []),
        ({"issues": "read", "metadata": "read"}, ("issues", "issue_comment"), ["permission issues: write"]),
        ({"metadata": "read"}, ("issues",), ["permission issues: write", "event issue_comment"]),
        ({"issues": "new", "metadata": "read"}, ("issues", "issue_comment"), ["permission issues: write"]),
    ],
)
def test_what_was_not_granted_is_named(
    permissions: dict[str, str], events: tuple[str, ...], lacks: list[str]
) -> None:
    assert list(lacking(permissions, events, VITAL)) == lacks
