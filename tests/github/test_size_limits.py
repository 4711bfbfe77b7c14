"""Answers and lists that do not end are given up, whoever reads them, and nothing of them is used."""

from __future__ import annotations

import gzip
import re
import tracemalloc
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.github.app_client import GitHub
from bot.github.errors import Unavailable
from bot.github.http_exchange import SMALL_BODY, fetch
from bot.github.installation_client import InstallationClient
from bot.github.manifest import convert
from bot.github.repository_setup import RepositorySetup
from bot.github.sign_in import OAuthClient, identify
from bot.github.transport import MAX_BODY, MAX_COMMENT_PAGES, MAX_PAGES, Credentials, make_api
from bot.github.webhooks import send
from bot.petition.facts_from_github import Repository
from bot.reconcile.redelivery import read_log
from sandbox.server import Sandbox
from tests.github.scene import REPO, Calls, Clock, Forgery

MEGABYTE = 1024 * 1024
HERE = Repository(1, "lovelace", "letters")
TIME = "2026-11-22T09:00:00Z"
ISSUE = {"id": 1, "title": "", "labels": [], "updated_at": TIME, "created_at": TIME, "repository_url": "/repos/o/r"}


class Flood:
    """An answer without end to every request that an address is part of; counts the bytes that were taken."""

    def __init__(self, forgery: Forgery, where: str = "", headers: dict[str, str] | None = None) -> None:
        self.taken, self.where, self.headers = 0, where, headers or {}
        forgery.forger = self

    async def __call__(self, request: web.Request) -> web.StreamResponse | None:
        if self.where not in request.path:
            return None
        answer = web.StreamResponse(headers={"content-type": "application/json", **self.headers})
        await answer.prepare(request)
        for _ in range(300):
            try:
                await answer.write(b" " * MEGABYTE)
            except ConnectionError:
                break
            self.taken += MEGABYTE
        return answer


async def test_an_answer_without_end_is_not_read_to_its_end(client: InstallationClient, forgery: Forgery) -> None:
    flood = Flood(forgery)
    with pytest.raises(Unavailable, match=f"longer than {MAX_BODY} bytes"):
        await client.list_comments(REPO, 1)
    assert flood.taken < MAX_BODY + 32 * MEGABYTE


@pytest.mark.parametrize("where", ["/login/oauth/access_token", "/user"])
async def test_nobody_signs_in_with_an_answer_without_end(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock, forgery: Forgery, where: str
) -> None:
    flood = Flood(forgery, where)
    app = OAuthClient(sandbox.api_url, sandbox.client_id, sandbox.client_secret)
    given = web.json_response({"access_token": "t"})

    async def forger(request: web.Request) -> web.StreamResponse | None:
        return await flood(request) or (given if "access_token" in request.path else None)

    forgery.forger = forger
    with pytest.raises(Unavailable, match=f"longer than {SMALL_BODY} bytes"):
        await identify(session, app, "c0de", "verifier", "http://127.0.0.1:1/", clock)
    assert flood.taken < 32 * MEGABYTE


async def test_responses_of_single_calls_are_limited_too(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock, forgery: Forgery
) -> None:
    flood, url = Flood(forgery), sandbox.api_url
    for call in (
        lambda: convert(session, url, "c0de", "http://127.0.0.1:1", clock),
        lambda: RepositorySetup(make_api(session, url, clock), Credentials()).read_file(REPO, "README.md"),
    ):
        with pytest.raises(Unavailable, match=f"longer than {SMALL_BODY} bytes"):
            await call()
    for reply in (
        await fetch(session, "GET", f"{url}/meta"),
        await send(session, f"{url}/meta", "ping", b"{}", "hush"),
    ):
        assert (reply.status, len(reply.text)) == (200, 16 * 1024)
    assert flood.taken < 4 * 32 * MEGABYTE


async def test_a_compressed_response_is_limited_by_its_decompressed_size(
    sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock, forgery: Forgery
) -> None:
    bomb = gzip.compress(b" " * 300 * MEGABYTE, 9)
    forgery.answers(bomb, content_encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(Unavailable, match=f"longer than {SMALL_BODY} bytes"):
            await make_api(session, sandbox.api_url, clock).request("GET", "/user", {}, Credentials())
        assert tracemalloc.get_traced_memory()[1] < 32 * MEGABYTE
    finally:
        tracemalloc.stop()


# Lists


def endless(forgery: Forgery, page: Callable[[int], Any], *, circle: bool = False) -> None:
    """Let every page name a next one."""
    asked = 0

    async def forger(request: web.Request) -> web.Response | None:
        nonlocal asked
        if re.search(r"/issues/\d+$|/repos/[^/]+/[^/]+$", request.path):
            return web.json_response(ISSUE | {"number": 1, "comments": 250})
        asked += 1
        link = request.url.update_query(page=str(1 if circle else asked + 1), cursor=str(1 if circle else asked))
        return web.json_response(page(asked), headers={"Link": f'<{link}>; rel="next"'})

    forgery.forger = forger


Listing = Callable[[InstallationClient, GitHub], Awaitable[object]]
LISTINGS: list[tuple[Listing, Callable[[int], Any], int]] = [
    (lambda client, _: client.list_comments(REPO, 1), lambda _: [], MAX_COMMENT_PAGES),
    (lambda client, _: client.list_comments(REPO, 1, count=250), lambda _: [], MAX_COMMENT_PAGES),
    (lambda client, _: client.list_comments(REPO, 1, since=1), lambda _: [], MAX_COMMENT_PAGES),
    (lambda client, _: client.list_petitions(HERE, "petition"), lambda _: [], MAX_PAGES),
    (
        lambda client, _: client.list_issues_after(HERE, 7),
        lambda page: [ISSUE | {"number": 10**9 - page}],
        MAX_PAGES,
    ),
    (lambda client, _: client.list_repositories(), lambda _: {"repositories": []}, MAX_PAGES),
    (lambda _, github: github.list_installations(), lambda _: [], MAX_PAGES),
]


@pytest.mark.parametrize("circle", [False, True])
@pytest.mark.parametrize(("ask", "page", "most"), LISTINGS)
async def test_a_list_without_end_is_given_up(
    client: InstallationClient, github: GitHub, forgery: Forgery, calls: Calls,
    ask: Listing, page: Callable[[int], Any], most: int, circle: bool,
) -> None:  # fmt: skip
    endless(forgery, page, circle=circle)
    with capture_logs() as logs, pytest.raises(Unavailable, match="lead in a circle"):
        await ask(client, github)
    assert len(calls.made) <= (most + 1)
    assert [line["event"] for line in logs] == ["a list has no end and is ignored"]


@pytest.mark.parametrize("count", [MAX_COMMENT_PAGES * 100 + 1, 2**63 - 1])
async def test_a_thread_that_claims_too_many_comments_is_not_read(
    client: InstallationClient, sandbox: Sandbox, calls: Calls, count: int
) -> None:
    letter = sandbox.petition()
    with pytest.raises(Unavailable):
        await client.list_comments(REPO, letter.number, count=count)
    assert calls.made == []


async def test_a_log_of_deliveries_without_end_is_read_so_far(
    github: GitHub, forgery: Forgery, calls: Calls
) -> None:
    one = {"id": 1, "delivered_at": TIME, "status": "OK", "status_code": 200}
    endless(forgery, lambda page: [one | {"guid": f"g-{page}"}] if page < 5 else [])
    assert len((await read_log(github, 0, 10)).arrived) == 4
    assert len(calls.made) == 5
