"""Addresses in answers: those of another host are looked for below our own root; what escapes leads nowhere."""

from __future__ import annotations

from dataclasses import replace

import aiohttp
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from bot.github.api_urls import own_url
from bot.github.app_client import GitHub
from bot.github.errors import Unavailable
from bot.github.installation_client import InstallationClient
from sandbox.server import Sandbox
from tests.github.scene import REPO, Calls, Clock, Forgery, installed, make_github

OURS = "http://proxy.local:8888"
BASES = (OURS, f"{OURS}/api/v3", f"{OURS}/github", f"{OURS}/api", f"{OURS}/repos", "https://api.github.com")


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    "root", ["https://api.github.com", "http://10.0.0.7/api/v3", "https://alias:8443/api/v3", ""]
)
@pytest.mark.parametrize(
    "path",
    [
        "/repositories/7/issues?per_page=100&page=2",
        "/installation/repositories?page=2&after=Y3Vyc29y%3D%3D",
        "/repositories/7/labels/peti%2Ftion%20%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB",
        "/repositories/7/contents/.github/petition.yml",
        "/repos/lovelace/letters",
    ],
)
def test_an_address_is_looked_for_below_our_own_root(base: str, root: str, path: str) -> None:
    assert own_url(f"{root or base}{path}", base) == f"{base}{path}"


@pytest.mark.parametrize(
    ("base", "link", "ours"),
    [
        ("https://api.github.com", "https://ghe.example/api/graphql", "https://api.github.com/graphql"),
        ("https://alias/api/v3", "https://ghe.example/api/graphql", "https://alias/api/graphql"),
        ("https://alias/api/v3", "/api/v3/repositories/7", "https://alias/api/v3/repositories/7"),
        (OURS, "repositories/7#issue", f"{OURS}/repositories/7"),
    ],
)
def test_so_is_one_of_graphql_and_a_relative_one(base: str, link: str, ours: str) -> None:
    assert own_url(link, base, f"{base}/") == ours


@pytest.mark.parametrize(
    "link",
    [
        *("", "//elsewhere.example/repos/o/r", "https://elsewhere.example//repos/o/r"),
        *("file:///repos/o/r", "javascript:alert(1)", "ftp://api.github.com/repos/o/r", "data:,/repos/o/r"),
        *("https://proxy.local:8888@elsewhere.example/repos/o/r", "https://a:b@api.github.com/repos/o/r"),
        *("https://elsewhere.example/login?return_to=/repos", "https://api.github.com/", "https://[::1/repos/o/r"),
        *(
            "https://api.github.com/repos/../../admin",
            "/repos/./o",
            "/repos/%2e%2e/x",
            "/repos/..%2fx",
            "../repos/o/r",
        ),
        *("/repos/%252e%252e/x", "/repos/o%5c..%5cx", "/repos/o\\..\\x", "/repos/%25252e%25252e/x"),
        *(
            "/repos/o\r\nHost: x/r",
            "/repos/%0d%0aHost:x",
            "/repos/{owner}/r",
            "/repos/o r",
            "/repos/\u2025/r",
            "/\t/x/r",
        ),
        *(
            "/repos/o//r",
            "/repos/" + "x" * 9_000,
            "/rep%6Fs/o/r",
            "/login/oauth/authorize",
            "/api/v3/api/v3/repos/o",
        ),
    ],
)
def test_what_escapes_leads_nowhere(link: str) -> None:
    for base in BASES:
        assert own_url(link, base, f"{base}/repos/o/r") is None


PIECES = st.lists(
    st.sampled_from(["/", "//", "..", ".", "%2e", "%2F", "%5c", "\\", "@", ":", "?", "#", "repos", "x", "{", "é"])
    | st.text(max_size=3),
    max_size=12,
).map("".join)


@given(PIECES, st.sampled_from(BASES), st.sampled_from(["", "https://api.github.com", "//x", "http:", "/repos/"]))
@example("/repos/o/r", OURS, "https://api.github.com")
@settings(max_examples=400, deadline=None)
def test_whatever_an_answer_says_no_call_leaves_our_root(rest: str, base: str, start: str) -> None:
    url = own_url(start + rest, base, f"{base}/repos/o/r")
    if url is None:
        return
    # As it would be sent: aiohttp's own reading of an address takes out dots.
    sent, root = URL(url), URL(base)
    assert sent.origin() == root.origin()
    assert url.startswith(f"{base}/") or url.endswith("/graphql")
    assert sent.raw_path.startswith(root.raw_path.rstrip("/")) or sent.path.endswith("/graphql")
    assert ".." not in sent.path.split("/")
    assert own_url(url, base) == url


# Behind a proxy, or under another name


@pytest.fixture(params=["https://api.github.com", "http://ghe.internal:1/api/v3", "http://localhost:1/api/v3"])
def hidden(sandbox: Sandbox, request: pytest.FixtureRequest) -> Sandbox:
    """Let GitHub's answers name a host that is not the one that we call."""
    sandbox.world.urls = replace(sandbox.world.urls, api=request.param)
    return sandbox


@pytest.fixture
def behind(sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock) -> GitHub:
    return make_github(sandbox, session, clock)


@pytest.fixture
def client(behind: GitHub, sandbox: Sandbox) -> InstallationClient:
    return behind.installation(installed(sandbox).id)


async def test_issues_and_all_pages_of_their_comments_are_read(
    client: InstallationClient, hidden: Sandbox, calls: Calls
) -> None:
    letter = hidden.petition()
    for number in range(250):
        hidden.comment(letter, f"person-{number}")
    assert (await client.get_issue(REPO, letter.number)).repository.full_name == REPO
    for since in (None, 1):
        assert len((await client.list_comments(REPO, letter.number, since=since)).comments) == 250
    assert {call.url.host for call in calls.all} == {"127.0.0.1"}


async def test_lists_of_issues_and_repositories_are_read_to_the_end(
    client: InstallationClient, behind: GitHub, hidden: Sandbox, calls: Calls
) -> None:
    for number in range(101):
        hidden.petition(f"Letter {number}")
        hidden.repository(f"lovelace/letters-{number}")
    assert len(await client.list_petitions(await client.get_repository(REPO), "petition")) == 101
    assert len(await client.list_repositories()) == 102
    assert {call.url.host for call in calls.all} == {"127.0.0.1"}


async def test_a_renamed_repository_is_followed(client: InstallationClient, hidden: Sandbox, calls: Calls) -> None:
    letter = hidden.petition()
    hidden.repositories.rename(letter.repository, letter.repository.owner, "epistles")
    assert (await client.get_issue(REPO, letter.number)).repository.full_name == "lovelace/epistles"
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    assert (await client.get_issue(REPO, letter.number)).body == "Dear mayor,"
    assert {call.url.host for call in calls.all} == {"127.0.0.1"}


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_our_token_goes_nowhere_else(
    client: InstallationClient, sandbox: Sandbox, forgery: Forgery, calls: Calls, status: int
) -> None:
    elsewhere = sandbox.api_url.replace("127.0.0.1", "localhost")
    for where in (f"{elsewhere}/repos/{REPO}/issues/1", f"{elsewhere}/login", f"//localhost:1/repos/{REPO}"):
        forgery.answers("", status, location=where)
        with pytest.raises(Unavailable, match=r"redirects|no address of GitHub's API"):
            await client.get_issue(REPO, 1)
    assert calls.all
    assert all(call.url.host == "127.0.0.1" for call in calls.all)


async def test_a_next_page_and_a_repository_elsewhere_are_looked_for_here(
    client: InstallationClient, sandbox: Sandbox, forgery: Forgery, calls: Calls
) -> None:
    sandbox.petition()
    forgery.answers("[]", 200, link='<http://elsewhere.example/?page=2>; rel="next"')
    with pytest.raises(Unavailable, match=r"no address of GitHub's API, but to 'elsewhere\.example'"):
        await client.list_comments(REPO, 1, since=1)
    shown = '{"id": 1, "number": 1, "title": "", "labels": [], "updated_at": "2026-11-22T09:00:00Z"'
    forgery.answers(
        f'{shown}, "created_at": "2026-11-22T09:00:00Z", "repository_url": "http://elsewhere.example/x"}}'
    )
    with pytest.raises(Unavailable, match="no address of GitHub's API"):
        await client.get_issue(REPO, 1)
    assert all(call.url.host == "127.0.0.1" for call in calls.all)
