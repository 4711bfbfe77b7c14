"""A setup page posts a manifest and gets the App with its secrets back: once, and within the hour."""

import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock, Mailbox, Reply
from tests.sandbox.truth import check_answer

BACK = "http://127.0.0.1:1/setup/done"


def manifest(mailbox: Mailbox, **more: object) -> dict[str, object]:
    return {
        "name": "Our letters",
        "url": "https://example.org",
        "redirect_url": BACK,
        "hook_attributes": {"url": mailbox.url},
        "default_permissions": {"issues": "write", "metadata": "read"},
        "default_events": ["issues", "issue_comment"],
    } | more


async def post(api: Api, manifest: object, query: str = "") -> Reply:
    url = f"{api.sandbox.web_url}/settings/apps/new{query}"
    async with api.session.post(url, data={"manifest": json.dumps(manifest)}, allow_redirects=False) as response:
        return Reply(response.status, response.headers, await response.text())


async def test_a_manifest_becomes_an_app(sandbox: Sandbox, mailbox: Mailbox, api: Api) -> None:
    sandbox.deliveries.url = None

    back = await post(api, manifest(mailbox), "?state=unguessable")
    assert back.status == 302
    assert back.headers["Location"].startswith(f"{BACK}?")
    given = parse_qs(urlsplit(back.headers["Location"]).query)
    assert given["state"] == ["unguessable"]
    made = await api("POST", f"/app-manifests/{given['code'][0]}/conversions", token="")
    await sandbox.settled()

    assert made.status == 201
    check_answer("AppManifestsCodeConversionsPostResponse201", made.json)
    assert (made.json["slug"], made.json["pem"]) == ("our-letters", sandbox.private_key)
    assert made.json["permissions"] == {"issues": "write", "metadata": "read"}
    assert mailbox.events == ["ping"]
    key = made.json["webhook_secret"].encode()
    signature = hmac.new(key, mailbox.received[0].body, hashlib.sha256).hexdigest()
    assert mailbox.received[0].headers["X-Hub-Signature-256"] == f"sha256={signature}"


async def test_a_code_is_good_once_and_for_an_hour(mailbox: Mailbox, api: Api, clock: Clock) -> None:
    codes = [(await post(api, manifest(mailbox))).headers["Location"].partition("code=")[2] for _ in range(2)]

    async def exchange(code: str) -> int:
        return (await api("POST", f"/app-manifests/{code}/conversions", token="")).status

    assert [await exchange(codes[0]), await exchange(codes[0]), await exchange("made-up")] == [201, 404, 404]
    clock.pass_by(3600)
    assert await exchange(codes[1]) == 404


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"url": ""}, '"url" wasn\'t supplied.'),
        ({"hook_attributes": {"active": False}}, '"url" wasn\'t supplied.'),
        ({"hook_attributes": {"url": "http://127.0.0.1:1", "secret": "x"}}, '"secret" is not a permitted key.'),
        ({"name": "N" * 35}, "Name is too long"),
    ],
)
async def test_a_wrong_manifest_is_refused(
    mailbox: Mailbox, api: Api, wrong: dict[str, object], message: str
) -> None:
    reply = await post(api, manifest(mailbox) | wrong)

    assert (reply.status, message in reply.text) == (422, True)
    assert "Location" not in reply.headers
