"""The App proves itself with its key, and its tokens do what was granted, for an hour."""

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock

TOKENS = "/app/installations/90000001/access_tokens"
LETTERS = "/repos/lovelace/letters"


async def test_a_token_is_long_has_dots_and_lives_an_hour(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    sandbox.petition()
    reply = await api("POST", TOKENS, token=api.jwt())

    assert reply.status == 201
    token = reply.json["token"]
    assert token.startswith("ghs_")
    assert (len(token) > 500, token.count(".")) == (True, 2)
    assert reply.json["expires_at"] == "2026-11-22T13:00:00Z"
    assert reply.json["permissions"] == {"issues": "write", "contents": "read", "metadata": "read"}

    clock.pass_by(3599)
    assert (await api("GET", f"{LETTERS}/issues/1", token=token)).status == 200
    clock.pass_by(1)
    expired = await api("GET", f"{LETTERS}/issues/1", token=token)
    assert (expired.status, expired.message) == (401, "Bad credentials")


@pytest.mark.parametrize(
    ("claims", "status", "message"),
    [
        ({"exp": 1_795_348_800 + 601}, 401, "'Expiration time' claim ('exp') is too far in the future"),
        ({"exp": 1_795_348_800}, 401, "'Expiration time' claim ('exp') must be"),
        ({"iat": 1_795_348_801}, 401, "'Issued at' claim ('iat') must be an Integer"),
        ({"iat": "today"}, 401, "'Issued at' claim ('iat') must be an Integer"),
        ({"iss": "another"}, 404, "Integration not found"),
    ],
)
async def test_a_jwt_is_checked(
    sandbox: Sandbox, api: Api, claims: dict[str, object], status: int, message: str
) -> None:
    sandbox.repository()

    reply = await api("POST", TOKENS, token=api.jwt(**claims))

    assert reply.status == status
    assert reply.message.startswith(message)


async def test_the_client_id_is_as_good_an_issuer(sandbox: Sandbox, api: Api) -> None:
    reply = await api("GET", "/app", token=api.jwt(iss=sandbox.world.app.client_id))

    assert (reply.status, reply.json["slug"]) == (200, "undersigned")


async def test_a_jwt_of_another_key_is_refused(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    forged = jwt.encode(
        {"iat": int(clock.time), "exp": int(clock.time) + 60, "iss": str(sandbox.app_id)},
        stranger,
        algorithm="RS256",
    )

    for token in (forged, "a.b.c"):
        reply = await api("GET", "/app", token=token)
        assert (reply.status, reply.message) == (401, "A JSON web token could not be decoded")


async def test_a_suspended_installation_gets_no_token_and_its_tokens_rest(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    token = await api.installation_token()
    installation = sandbox.installations.suspend(sandbox.world.installations[90_000_001])

    asked, used = await api("POST", TOKENS, token=api.jwt()), await api("GET", f"{LETTERS}/issues/1", token=token)
    assert (asked.status, asked.message) == (403, "This installation has been suspended")
    assert (used.status, used.message) == (403, "This installation has been suspended")

    sandbox.installations.unsuspend(installation)
    assert (await api("PATCH", f"{LETTERS}/issues/1", {"body": "x"}, token=token)).status == 200
    assert petition.body == "x"


async def test_a_removed_app_has_no_installation_and_its_tokens_die(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    token = await api.installation_token()
    sandbox.installations.delete(sandbox.world.installations[90_000_001])

    assert (await api("POST", TOKENS, token=api.jwt())).status == 404
    assert (await api("GET", f"{LETTERS}/installation", token=api.jwt())).status == 404
    assert (await api("GET", f"{LETTERS}/issues/1", token=token)).status == 401
    assert (await api("GET", "/app/installations", token=api.jwt())).json == []


async def test_a_token_does_what_was_granted_when_it_was_made(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    sandbox.installations.grant(sandbox.world.installations[90_000_001], {"issues": "read"}, [])

    assert (await api.get(f"{LETTERS}/issues/1")).status == 200
    refused = await api("PATCH", f"{LETTERS}/issues/1", {"body": "x"})
    assert (refused.status, refused.message) == (403, "Resource not accessible by integration")
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "issues=write"


async def test_private_things_need_the_permission_for_reading_too(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    sandbox.petition(repository=sandbox.repository("lovelace/secret", private=True))
    sandbox.installations.grant(sandbox.world.installations[90_000_001], {"contents": "read"}, [])

    private = await api.get("/repos/lovelace/secret/issues/1")
    public = await api.get(f"{LETTERS}/issues/1")

    assert (private.status, public.status) == (403, 200)
    assert private.headers["X-Accepted-GitHub-Permissions"] == "issues=read"


async def test_public_things_are_read_by_anybody_and_written_by_nobody(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    sandbox.repository("lovelace/secret", private=True)

    assert (await api("GET", f"{LETTERS}/issues/1", token="")).status == 200
    assert (await api("GET", "/repos/lovelace/secret", token="")).status == 404
    refused = await api("PATCH", f"{LETTERS}/issues/1", {"body": "x"}, token="")
    assert (refused.status, refused.message) == (401, "Requires authentication")
    unknown = await api("GET", f"{LETTERS}/issues/1", token="ghs_unknown")
    assert (unknown.status, unknown.message) == (401, "Bad credentials")


async def test_an_installation_is_found_by_its_repository(sandbox: Sandbox, api: Api) -> None:
    sandbox.repository("lovelace/secret", private=True)

    reply = await api("GET", "/repos/lovelace/secret/installation", token=api.jwt())

    assert (reply.status, reply.json["id"], reply.json["account"]["login"]) == (200, 90_000_001, "lovelace")


async def test_what_was_really_granted_is_shown(sandbox: Sandbox, api: Api) -> None:
    sandbox.repository()
    installation = sandbox.world.installations[90_000_001]
    sandbox.installations.grant(installation, {"metadata": "read", "issues": "read"}, ["issues"])

    reply = await api("GET", "/app/installations", token=api.jwt())

    (shown,) = reply.json
    assert shown["permissions"] == {"metadata": "read", "issues": "read"}
    assert shown["events"] == ["issues"]


async def test_bodies_that_are_no_json_objects_and_odd_requests_are_refused(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    issue = f"{sandbox.api_url}{LETTERS}/issues/1"
    token = {"Authorization": f"Bearer {await api.installation_token()}"}

    async def message(data: bytes, **headers: str) -> tuple[int, str]:
        async with api.session.patch(issue, data=data, headers=token | headers) as response:
            return response.status, (await response.json())["message"]

    assert await message(b"{") == (400, "Problems parsing JSON")
    assert await message(b'"body"') == (400, "Body should be a JSON object")
    assert (await message(b'{"body": 1}'))[0] == 422
    assert (await message(b"{}", **{"User-Agent": ""}))[0] == 403
    assert (await message(b"{}", **{"X-GitHub-Api-Version": "2019-01-01"}))[0] == 400
    assert (await api.get(f"{LETTERS}/issues/1/")).status == 404
