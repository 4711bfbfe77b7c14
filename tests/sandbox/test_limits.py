"""Rate limits are told with every answer and, once switched on, refuse as GitHub does."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox.api.limits import Limits
from sandbox.server import Sandbox
from tests.sandbox.scene import NOON, Api, Clock, until

ISSUE = "/repos/lovelace/letters/issues/1"


async def test_every_answer_tells_what_is_left(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.rate_limiter.limits = Limits(primary=100)

    await api.get(ISSUE)
    reply = await api.get("/nowhere")

    told = {name.lower().removeprefix("x-ratelimit-"): value for name, value in reply.headers.items()}
    assert (told["limit"], told["remaining"], told["used"], told["resource"]) == ("100", "98", "2", "core")
    assert int(told["reset"]) == int(NOON) + 3600


async def test_a_304_is_free(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.rate_limiter.limits = Limits(primary=100)
    etag = (await api.get(ISSUE)).headers["ETag"]

    reply = await api.get(ISSUE, If_None_Match=etag)

    assert (reply.status, reply.headers["X-RateLimit-Remaining"]) == (304, "99")


@pytest.mark.parametrize("status", [403, 429])
async def test_the_hourly_budget_ends_and_returns(sandbox: Sandbox, api: Api, clock: Clock, status: int) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.rate_limiter.limits = Limits(primary=2, status=status)
    await api.get(ISSUE)
    await api.get(ISSUE)

    refused = await api.get(ISSUE)
    assert refused.status == status
    assert refused.message == "API rate limit exceeded for installation ID 90000001."
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in refused.headers

    clock.pass_by(int(refused.headers["X-RateLimit-Reset"]) - clock.time)
    api.token = await api.new_token()
    assert (await api.get(ISSUE)).status == 200


async def test_points_of_a_minute_run_out(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.rate_limiter.limits = Limits(points=11)
    await api("PATCH", ISSUE, {"body": "1"})
    await api("PATCH", ISSUE, {"body": "2"})
    await api.get(ISSUE)

    refused = await api.get(ISSUE)
    assert refused.status == 403
    assert refused.message.startswith("You have exceeded a secondary rate limit. Please wait a few minutes")
    assert refused.headers.get("Retry-After") == "60"
    assert refused.headers["X-RateLimit-Remaining"] != "0"

    clock.pass_by(60)
    assert (await api.get(ISSUE)).status == 200


async def test_eighty_comments_a_minute_and_five_hundred_an_hour(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.rate_limiter.limits = Limits(content_per_minute=80, content_per_hour=500)

    async def comment_until_refused() -> int:
        for number in range(1000):
            reply = await api("POST", f"{ISSUE}/comments", {"body": "hello"})
            if reply.status != 201:
                assert reply.message.startswith(
                    "You have exceeded a secondary rate limit and have been temporarily"
                )
                return number
        raise AssertionError

    written = []
    for _ in range(7):
        written.append(await comment_until_refused())
        clock.pass_by(60)
    assert written == [80, 80, 80, 80, 80, 80, 20]
    assert (await api("PATCH", ISSUE, {"body": "edits are no content"})).status == 200

    clock.pass_by(3600 - 7 * 60)
    api.token = await api.new_token()
    assert await comment_until_refused() == 80


async def test_too_many_requests_at_once(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.rate_limiter.limits = Limits(concurrent=1)
    release = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"{"
        await release.wait()
        yield b"}"

    url = f"{sandbox.api_url}/meta"
    slow = asyncio.create_task(api.session.request("GET", url, data=body()))
    await until(lambda: sandbox.rate_limiter.in_flight == 1)

    assert (await api.get(ISSUE)).status == 403
    release.set()
    (await slow).release()
    assert (await api.get(ISSUE)).status == 200


async def test_graphql_has_a_budget_of_its_own_and_answers_200(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    await api.installation_token()
    sandbox.rate_limiter.limits = Limits(primary=1)
    query = '{ user(login: "lovelace") { login } }'

    first, second = await api.graphql(query), await api.graphql(query)

    assert first["data"]["user"] == {"login": "lovelace"}
    assert second["errors"][0]["type"] == "RATE_LIMITED"
    assert (await api.get(ISSUE)).status == 200


def test_github_s_own_numbers_are_at_hand() -> None:
    limits = Limits.like_github()

    assert (limits.primary, limits.points, limits.graphql_points) == (5000, 900, 2000)
    assert (limits.content_per_minute, limits.content_per_hour, limits.concurrent) == (80, 500, 100)
