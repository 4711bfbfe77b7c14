"""That GitHub is down is known once for everybody, asked after by one, and told in a few lines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot import time_types
from bot.github.app_client import GitHub
from bot.github.circuit_breaker import MAX_WAIT, CircuitBreaker, make_probe
from bot.github.errors import Unavailable, Unreachable
from bot.github.transport import Transport
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.github.scene import REPO, Calls, Clock, Forgery


@pytest.fixture
def github(sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock) -> GitHub:
    sandbox.repository("babbage/engines")
    breaker = CircuitBreaker(make_probe(session, sandbox.api_url), clock)
    waits = time_types.Clock(clock, clock.sleep)
    transport = Transport(session, sandbox.api_url, waits, timeout=1.0, circuit_breaker=breaker)
    return GitHub(transport, app_id=str(sandbox.app_id), private_key=sandbox.private_key)


@pytest.fixture
def letter(sandbox: Sandbox) -> Issue:
    return sandbox.petition()


Forger = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def failing(status: int, *, but: str = "never") -> Forger:
    """Answer everything with a status, or, with 0, hang up; but not where an address holds some text."""

    async def forger(request: web.Request) -> web.StreamResponse | None:
        if but in request.path:
            return None
        if not status and request.transport is not None:
            request.transport.abort()
        return web.Response(status=status or 500)

    return forger


async def tried(github: GitHub, number: int, *which: int) -> list[str]:
    """Read an issue for installations at once; gives what came of it."""
    clients = [github.installation(one) for one in which]
    found = await asyncio.gather(*(one.get_issue(REPO, number) for one in clients), return_exceptions=True)
    return [type(one).__name__ for one in found]


@pytest.mark.parametrize("status", [0, 500, 502, 503, 504])
async def test_one_asks_for_all_and_later_each_time(
    github: GitHub, letter: Issue, sandbox: Sandbox, forgery: Forgery, clock: Clock, calls: Calls, status: int
) -> None:
    which = list(sandbox.world.installations)
    await tried(github, letter.number, *which)
    asked: list[str] = []
    broken = failing(status)

    async def forger(request: web.Request) -> web.StreamResponse | None:
        asked.append(request.path.removeprefix("/api/v3"))
        return await broken(request)

    forgery.forger = forger
    assert set(await tried(github, letter.number, *which * 20)) == {"Unreachable"}
    # Whoever hangs up on a call is asked once more at once, by aiohttp itself.
    again = 1 if status else 2
    assert asked.count("/meta") <= again
    assert len(asked) <= again * (1 + len(which))
    waits = []
    for _ in range(12):
        asked.clear()
        until = await github.unreachable_until()
        assert until is not None
        assert set(await tried(github, letter.number, *which * 20)) == {"Unreachable"}
        assert asked in ([], ["/meta"] * again)
        waits.append(until - clock.time)
        clock.time = until
    assert waits[0] < 3
    assert all(0.8 * MAX_WAIT <= wait <= 1.2 * MAX_WAIT for wait in waits[6:])
    assert len(set(waits)) == len(waits)
    forgery.forger = None
    assert await tried(github, letter.number, *which[:1]) == ["IssueRead"]
    assert await github.unreachable_until() is None


async def test_an_outage_is_logged_at_its_beginning_at_intervals_and_at_its_end(
    github: GitHub, letter: Issue, sandbox: Sandbox, forgery: Forgery, clock: Clock
) -> None:
    which = list(sandbox.world.installations)
    forgery.forger = failing(502)
    with capture_logs() as logs:
        for _ in range(60 * 6):
            await tried(github, letter.number, *which)
            clock.pass_by(10)
        forgery.forger = None
        clock.pass_by(100)
        await tried(github, letter.number, *which)
    lines = [line["event"] for line in logs]
    assert lines[0] == "GitHub cannot be reached; its work is postponed"
    assert lines[-1] == "GitHub can be reached again"
    assert lines[1:-1] == ["GitHub still cannot be reached"] * len(lines[1:-1])
    assert 4 <= len(lines[1:-1]) <= 6
    assert 60 <= logs[-1]["minutes"] < 65


async def test_a_failure_of_one_installation_stops_no_other(
    github: GitHub, letter: Issue, sandbox: Sandbox, forgery: Forgery, clock: Clock, calls: Calls
) -> None:
    one, other = (github.installation(number) for number in sandbox.world.installations)
    broken = failing(502)

    async def forger(request: web.Request) -> web.StreamResponse | None:
        return await broken(request) if "/installation/repositories" in request.path else None

    forgery.forger = forger
    for _ in range(100):
        with pytest.raises(Unavailable):
            await one.list_repositories()
        await other.get_issue(REPO, letter.number)
        clock.pass_by(2)
    # Nor is it asked after over and over whether all is well.
    assert calls.made.count("GET /meta 200") < 15


@pytest.mark.parametrize("status", [200, 301, 401, 403, 404, 429])
async def test_any_answer_to_the_probe_is_one(
    github: GitHub, letter: Issue, sandbox: Sandbox, forgery: Forgery, status: int
) -> None:
    """A server may want to know who asks, and GitHub answers few who do not say so."""
    broken = failing(502)

    async def forger(request: web.Request) -> web.StreamResponse | None:
        return web.Response(status=status) if request.path.endswith("/meta") else await broken(request)

    forgery.forger = forger
    assert await tried(github, letter.number, next(iter(sandbox.world.installations))) == ["Unavailable"]


async def test_a_probe_shows_no_token(
    github: GitHub, letter: Issue, sandbox: Sandbox, forgery: Forgery, calls: Calls
) -> None:
    forgery.forger = failing(503)
    await tried(github, letter.number, next(iter(sandbox.world.installations)))
    (probe,) = (call for call in calls.all if call.url.path.endswith("/meta"))
    assert "Authorization" not in probe.headers


async def test_a_clock_that_is_set_back_delays_no_probe(
    github: GitHub, letter: Issue, sandbox: Sandbox, forgery: Forgery, clock: Clock
) -> None:
    which = list(sandbox.world.installations)
    forgery.forger = failing(502)
    with pytest.raises(Unreachable, match="cannot be reached"):
        await github.installation(which[0]).get_issue(REPO, letter.number)
    clock.time -= 86_400
    forgery.forger = None
    assert await github.unreachable_until() is None
