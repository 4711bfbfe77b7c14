"""Several processes share a PostgreSQL and a GitHub: they come and go, by force or not, and nothing is lost."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import psutil
import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.reconcile.errors_and_retries import Intervals
from bot.store.engine import postgres, postgres_coordinator
from sandbox.deliveries import Attempt, DeliveryLog
from sandbox.models import Comment, Issue
from sandbox.server import Sandbox
from tests.whole.command_line import ROOT, SHUTDOWN, credentials, read_until
from tests.whole.machine_truth import Petition, PhraseBook
from tests.whole.recorded_calls import eventually
from tests.whole.scene import PATIENCE

CROWD = 40
"""People who sign between two events."""

LATENCY = 0.01
"""Seconds that GitHub takes to write a body; two who write at once meet in them."""


@pytest.mark.parametrize("moment", ["before", "after", "long after"])
async def test_one_that_dies_while_it_publishes_is_replaced(postgres_url: str, moment: str) -> None:
    async with several(postgres_url, 3) as found:
        found.crowd_signs()
        await eventually(lambda: found.writes)
        found.publisher_dies(moment)
        found.crowd_signs()
        await eventually(lambda: found.dead, "a death")
        found.crowd_signs()
        await found.comes_right()
        assert len(found.living) == 2
        found.check_manners()


async def test_a_rolling_deploy_in_a_storm_loses_nothing(postgres_url: str) -> None:
    async with several(postgres_url, 1) as found:
        for _ in range(2):
            (old,) = found.living
            found.crowd_signs()
            await found.start()
            found.crowd_signs()
            # Whoever shares out the deliveries does not know yet that it is leaving.
            await found.leaves(old)
            found.crowd_signs()
        await found.comes_right()
        found.check_manners()


def test_who_falls_silent_is_replaced_within_half_a_minute() -> None:
    # The server ends its session, and whatever it holds locked, and one of the others looks.
    silent = max(postgres_coordinator.IDLE_TIMEOUT, postgres.IDLE_IN_TRANSACTION)
    assert silent + Intervals().poll + Intervals().debounce <= 30
    # It knows before the others do that its lease has ended.
    assert postgres_coordinator.LEASE_SECONDS + postgres_coordinator.HEARTBEAT < postgres_coordinator.IDLE_TIMEOUT


@dataclass
class Several:
    """A petition that people storm, and the processes that share the work."""

    sandbox: Sandbox
    forks: Process
    petition: Issue
    comments: list[Comment] = field(default_factory=list)
    book: PhraseBook = field(default_factory=PhraseBook)
    living: dict[int, str] = field(default_factory=dict)
    """The processes and their addresses."""
    dead: list[int] = field(default_factory=list)
    writes: int = 0
    _moment: str = ""
    _writing: Counter[str] = field(default_factory=Counter)
    """Writes under way by the living, by body."""
    _overlaps: list[str] = field(default_factory=list)
    _reactions: Counter[str] = field(default_factory=Counter)
    """Reactions asked for, by comment."""

    async def start(self) -> None:
        """Have one more born and send it deliveries too."""
        assert self.forks.stdin is not None
        self.forks.stdin.write(b"\n")
        pid = int(await read_until(self.forks.stdout, r"born (\d+)"))
        port = await read_until(self.forks.stdout, r"listening (\d+)")
        self.living[pid] = f"http://127.0.0.1:{port}/webhook"
        self.next_turn()

    async def leaves(self, pid: int) -> None:
        """Ask one to end, and wait until it has."""
        os.kill(pid, signal.SIGTERM)
        async with asyncio.timeout(SHUTDOWN):
            await eventually(lambda: not psutil.pid_exists(pid), "the end of a process")
        del self.living[pid]

    def publisher_dies(self, moment: str) -> None:
        """Let the next one that writes a body die: before it is written, after it, or long before it is written."""
        self._moment = moment

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        del self.living[pid]
        self.dead.append(pid)
        self.next_turn()

    def crowd_signs(self) -> None:
        for _ in range(CROWD):
            login = f"signer-{len(self.comments)}"
            self.comments.append(self.sandbox.comment(self.petition, login, self.book.phrase(0)))

    def next_turn(self) -> None:
        """Send the next delivery to another process."""
        pid = next(iter(self.living))
        self.living[pid] = self.sandbox.deliveries.url = self.living.pop(pid)

    async def comes_right(self) -> None:
        """Wait until the body says what the comments say, and every comment is acknowledged."""
        found = ["nothing yet"]
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while found := self._mistakes():  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.05)
        assert not found

    def _mistakes(self) -> list[str]:
        petition = Petition([self.petition], self.book)
        return [*petition.mistakes(self.petition), *self._unacknowledged()]

    def check_manners(self) -> None:
        """See that nobody wrote while another did, and that nobody was thanked twice but by a dead one's heir."""
        assert not self._overlaps
        assert all(len(comment.reactions) == 1 for comment in self.comments)
        assert sum(self._reactions.values()) <= len(self.comments) + len(self.dead)

    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note who writes what, and kill where it is time."""
        path = request.path
        if request.method == "POST" and path.endswith("/reactions"):
            self._reactions[path] += 1
        if request.method != "PATCH" or not re.search(r"/issues/\d+$", path):
            return await handler(request)
        self.writes += 1
        moment, self._moment = self._moment, ""
        if moment:
            return await self._last_write(request, handler, moment)
        if self._writing[path]:
            self._overlaps.append(path)
        self._writing[path] += 1
        await asyncio.sleep(LATENCY)
        response = await handler(request)
        self._writing[path] -= 1
        return response

    async def _last_write(self, request: web.Request, handler: Handler, moment: str) -> web.StreamResponse:
        body = await request.read()
        if moment == "after":
            response = await handler(request)
            self.kill(self._caller(request))
            return response
        self.kill(self._caller(request))
        if moment == "before" or not body:
            return web.Response(status=502)
        written = self.writes
        await eventually(lambda: self.writes > written, "a write by somebody else")
        return await handler(request)

    def _caller(self, request: web.Request) -> int:
        assert request.transport is not None
        port = request.transport.get_extra_info("peername")[1]
        return next(pid for pid in self.living if port in _ports_of(pid))

    def _unacknowledged(self) -> list[str]:
        return [comment.user.login for comment in self.comments if not comment.reactions]


class _Log(DeliveryLog):
    """A log of deliveries that tells of each attempt."""

    tell: Callable[[], None]

    def add(self, attempt: Attempt) -> None:
        super().add(attempt)
        self.tell()


@asynccontextmanager
async def several(database: str, number: int) -> AsyncIterator[Several]:
    """Start so many processes, and leave none behind."""
    sandbox = Sandbox()
    sandbox.deliveries.log = log = _Log(sandbox.world.now)
    sandbox.deliveries.concurrency = 4

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await found.watch(request, handler)

    sandbox.app.middlewares.append(watch)
    await sandbox.start()
    environment = os.environ | credentials(sandbox, DATABASE_URL=database)
    forks = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.whole.forked_bots", "sweeping",
        cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE,
    )  # fmt: skip
    found = Several(sandbox, forks, sandbox.petition())
    log.tell = found.next_turn
    try:
        for _ in range(number):
            await found.start()
        yield found
    finally:
        log.tell = lambda: None
        for pid in [*found.living]:
            os.kill(pid, signal.SIGKILL)
        forks.kill()
        await forks.communicate()
        await sandbox.stop()


def _ports_of(pid: int) -> set[int]:
    return {connection.laddr.port for connection in psutil.Process(pid).net_connections("tcp")}
