from __future__ import annotations

import asyncio

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.github import transport
from bot.github.api_urls import graphql_url
from bot.github.app_client import AppInfo, GitHub, HookConfig, HookDelivery, Installation
from bot.github.authentication import TokenResponse
from bot.github.errors import GitHubError, Unavailable
from bot.github.http_exchange import USER_AGENT
from bot.github.installation_client import InstallationClient
from bot.github.models import graphql
from bot.github.models.rest import CACHED, expect, refusal_message
from sandbox.faults import Failure, Faults, RequestFault
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.chance import examples
from tests.github.scene import REPO, Calls, Clock, Forgery, installed, make_github


@pytest.fixture
def letter(sandbox: Sandbox) -> Issue:
    return sandbox.petition("Keep the lights on", "Dear council,")


@pytest.mark.parametrize("fault", [RequestFault.SERVER_ERROR, RequestFault.UNAVAILABLE, RequestFault.TRUNCATED])
@pytest.mark.parametrize("where", ["GET", "access_tokens"])
async def test_a_bad_moment_passes(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, fault: RequestFault, where: str
) -> None:
    sandbox.fault_injector.plan(where, Failure(fault))
    with pytest.raises(Unavailable):
        await client.get_issue(REPO, letter.number)
    assert (await client.get_issue(REPO, letter.number)).issue.id == letter.id


async def test_silence_is_not_waited_for_forever(
    sandbox: Sandbox, session: aiohttp.ClientSession, letter: Issue, clock: Clock
) -> None:
    client = make_github(sandbox, session, clock, timeout=0.2).installation(installed(sandbox).id)
    sandbox.faults = Faults(hang_seconds=5, hanging=1.0, where="GET")
    async with asyncio.timeout(3):
        with pytest.raises(Unavailable, match="Timeout"):
            await client.get_issue(REPO, letter.number)


async def test_a_write_may_have_been_applied_all_the_same(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    sandbox.fault_injector.plan("PATCH", Failure(RequestFault.SERVER_ERROR, applied=True))
    with pytest.raises(Unavailable):
        await client.edit_body(REPO, letter.number, "Dear mayor,")
    assert (await client.get_issue(REPO, letter.number)).body == "Dear mayor,"


async def test_a_server_that_does_not_answer_is_unavailable(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock, client: InstallationClient
) -> None:
    await sandbox.stop()
    with pytest.raises(Unavailable, match=r"^POST /api/v3/app/installations/\d+/access_tokens: Client"):
        await client.list_repositories()


async def test_a_page_that_fails_fails_the_listing(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, forgery: Forgery
) -> None:
    for number in range(250):
        sandbox.comment(letter, f"person-{number}")
    seen = 0

    def break_down(_request: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 2:
            sandbox.fault_injector.plan("/comments", Failure(RequestFault.SERVER_ERROR))

    forgery.after = break_down
    with pytest.raises(Unavailable):
        await client.list_comments(REPO, letter.number, count=250)


async def test_graphql_that_went_wrong_is_unavailable(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    comment = sandbox.comment(letter, "ada")
    sandbox.fault_injector.plan("/graphql", Failure(RequestFault.GRAPHQL_ERROR))
    with pytest.raises(Unavailable, match="Something went wrong"):
        await client.get_comment_histories([comment.node_id])
    assert len(await client.get_comment_histories([comment.node_id])) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 200),
        ("{", 200),
        ("[]", 200),
        ("null", 200),
        ("7", 200),
        ("{}", 200),
        ('{"id": "7"}', 200),
        ("<html>Welcome to our hotel</html>", 200),
        (b"\xff\xfe", 200),
        (b"[" * 100_000, 200),
        ("", 204),
        ("", 304),
        ("", 301),
        ("", 399),
        ('{"message": 5, "errors": 7}', 500),
        ("", 599),
    ],
)
async def test_an_answer_that_makes_no_sense_is_unavailable(
    client: InstallationClient, letter: Issue, forgery: Forgery, body: str | bytes, status: int
) -> None:
    forgery.answers(body, status)
    with pytest.raises(Unavailable):
        await client.get_issue(REPO, letter.number)
    with pytest.raises(Unavailable):
        await client.edit_body(REPO, letter.number, "")
    with pytest.raises(Unavailable):
        await client.list_repositories()
    with pytest.raises(Unavailable):
        await client.get_comment_histories(["IC_x"])
    with pytest.raises(Unavailable):
        await client.create_reaction(REPO, 5, "+1")


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 410, 418, 422, 451, 460, 499])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff",
        b"[]",
        b"null",
        b'"no"',
        b"[" * 100_000,
        b'{"message": null}',
        b'{"message": "no", "errors": 7}',
        b'{"message": "no", "errors": [7, null, [], {}]}',
        b'{"message": "no", "errors": "because"}',
        b'{"errors": [{"code": "custom"}]}',
    ],
)
async def test_a_refusal_in_any_form_is_one_of_our_errors(
    client: InstallationClient, letter: Issue, forgery: Forgery, status: int, body: bytes
) -> None:
    forgery.answers(body, status)
    with pytest.raises(GitHubError) as error:
        await client.edit_body(REPO, letter.number, "")
    assert str(error.value)


@pytest.mark.parametrize(
    "headers",
    [
        {"x_ratelimit_remaining": "few", "x_ratelimit_reset": "soon", "x_ratelimit_limit": "many"},
        {"x_ratelimit_remaining": "-1", "x_ratelimit_reset": "-1", "x_ratelimit_limit": "-1"},
        {"x_ratelimit_remaining": "1", "x_ratelimit_reset": "9" * 30, "x_ratelimit_limit": "1"},
        {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "5", "x_ratelimit_limit": "1"},
        {"link": "nowhere"},
        {"link": '<>; rel="next"'},
        {"etag": ""},
    ],
)
async def test_nonsense_in_headers_is_overlooked(
    client: InstallationClient, letter: Issue, forgery: Forgery, headers: dict[str, str]
) -> None:
    forgery.answers("[]", 200, **headers)
    assert (await client.list_comments(REPO, letter.number)).comments == ()


# Redirects


async def test_going_round_in_circles_ends(
    client: InstallationClient, letter: Issue, forgery: Forgery, calls: Calls
) -> None:
    forgery.answers("", 301, location="/api/v3/repositories/7")
    with pytest.raises(Unavailable, match="too many redirects"):
        await client.get_issue(REPO, letter.number)
    assert len(calls.made) == transport.MAX_REDIRECTS + 1


# Values


@pytest.mark.parametrize(
    ("rest", "graphql"),
    [
        ("https://api.github.com", "https://api.github.com/graphql"),
        ("https://ghe.example/api/v3", "https://ghe.example/api/graphql"),
    ],
)
def test_graphql_is_beside_rest(rest: str, graphql: str) -> None:
    assert graphql_url(rest) == graphql


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "message", "errors", "code", "login", "fullDatabaseId", "body"]), inner
        )
    ),
    max_leaves=8,
)


ANSWERS = (
    *CACHED,
    TokenResponse,
    AppInfo,
    Installation,
    HookConfig,
    HookDelivery,
    graphql.GraphQLResponse,
)


@given(data=JSON, kind=st.sampled_from(ANSWERS))
@settings(max_examples=examples(150), deadline=None)
def test_any_answer_is_read_or_unavailable(data: object, kind: type) -> None:
    for read in (
        lambda: expect(kind, data),
        lambda: expect(list[kind], data),  # type: ignore[valid-type]  # drawn
        lambda: graphql.read_comments([data], 0),
    ):
        try:
            read()
        except Unavailable:
            continue


@given(content=st.binary() | JSON.map(lambda data: repr(data).encode()))
@settings(max_examples=examples(150), deadline=None)
def test_any_refusal_gives_a_message_or_none(content: bytes) -> None:
    assert isinstance(refusal_message(content), str)


async def test_every_call_names_our_user_agent_and_api_version(
    github: GitHub, client: InstallationClient, calls: Calls
) -> None:
    await client.list_repositories()
    await client.get_comment_histories(["IC_x"])
    await github.get_app()
    for call in calls.all:
        assert call.headers["User-Agent"] == USER_AGENT
        assert call.headers["X-GitHub-Api-Version"] == "2022-11-28"
        assert call.headers["Accept"] == "application/vnd.github.v3+json"
