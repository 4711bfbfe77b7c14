"""A GitHub to talk to, a client that talks to it over real HTTP, and a clock that only sleeping turns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import aiohttp
import pytest

from bot.github.app_client import GitHub
from bot.github.installation_client import InstallationClient
from sandbox.server import Sandbox
from tests.github.scene import Calls, Clock, Forgery, installed, make_github


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forgery() -> Forgery:
    return Forgery()


@pytest.fixture
async def sandbox(clock: Clock, forgery: Forgery) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(now=clock)
    sandbox.app.middlewares.append(forgery.middleware)
    sandbox.repository()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
async def session(calls: Calls) -> AsyncIterator[aiohttp.ClientSession]:
    trace = aiohttp.TraceConfig()

    async def note(
        _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        calls.note(end.method, end.url, end.response.status, end.headers)

    trace.on_request_end.append(note)
    async with aiohttp.ClientSession(trace_configs=[trace]) as session:
        yield session


@pytest.fixture
def github(sandbox: Sandbox, session: aiohttp.ClientSession, clock: Clock) -> GitHub:
    return make_github(sandbox, session, clock)


@pytest.fixture
def client(github: GitHub, sandbox: Sandbox) -> InstallationClient:
    return github.installation(installed(sandbox).id)
