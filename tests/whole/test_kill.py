"""The bot dies fifty times in the middle of its work, without warning, and nothing that it acknowledged is lost."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.delivery_log import Attempt, DeliveryLog
from bot.sandbox.nouns import Issue
from bot.sandbox.server import Sandbox
from tests.whole.machine_truth import Petition, PhraseBook
from tests.whole.scene import PATIENCE
from tests.whole.test_command_line import ROOT, credentials, read_until
from tests.whole.watching import a_second_later

DEATHS = 50
CROWD = 15
"""Things that people do between two deaths."""

MOMENTS = ("starting", "at any time", "told", "calling", "answered")
"""When the bot dies: while it starts, whenever, when it has acknowledged a delivery, and before or after GitHub has
done what it asked for."""


async def test_nothing_acknowledged_is_lost_when_the_bot_is_killed_again_and_again(sqlite_url: str) -> None:
    chance = random.Random(2018)  # noqa: S311 - reproducible, not secret
    async with storm(sqlite_url, chance) as found:
        for _ in range(DEATHS):
            await found.live_and_die()
            found.check_what_is_on_disk()
        assert found.acknowledged > 2 * DEATHS
        # Whoever starts in the very second in which the last one had looked at everything looks only on the beat.
        await a_second_later()
        await found.start()
        await found.comes_right()


@dataclass
class Storm:
    """A petition that people storm, and a bot that dies of it."""

    sandbox: Sandbox
    nursery: Process
    database: str
    chance: random.Random
    petition: Issue
    book: PhraseBook = field(default_factory=PhraseBook)
    acknowledged: int = 0
    _news: list[Attempt] = field(default_factory=list)
    """What the bot has acknowledged since the last look at the disk."""
    _pid: int | None = None
    _moment: str = ""
    _times: int = 0
    """How often the moment comes before it is the last."""
    _dead: asyncio.Event = field(default_factory=asyncio.Event)

    async def live_and_die(self) -> None:
        """Bear the bot, storm it, and kill it when its moment has come, at the latest when all is quiet."""
        self._moment, self._times = self.chance.choice(MOMENTS), self.chance.randrange(CROWD)
        await self.start()
        if self._moment == "at any time":
            asyncio.get_running_loop().call_later(self.chance.uniform(0.0, 0.3), self.kill)
        for _ in range(CROWD):
            self._somebody_acts()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._dead.wait(), 1.0)
        self.kill()
        await self.sandbox.settled()

    async def start(self) -> None:
        """Have a bot born, which may take a second try, and send it the deliveries."""
        assert self.nursery.stdin is not None
        self._dead.clear()
        self.nursery.stdin.write(b"\n")
        self._pid = int(await read_until(self.nursery.stdout, r"born (\d+)"))
        if self._moment == "starting":
            await asyncio.sleep(self.chance.uniform(0.0, 0.2))
            self.kill()
            await self.start()
            return
        port = await read_until(self.nursery.stdout, r"listening (\d+)")
        self.sandbox.webhook_url = f"http://127.0.0.1:{port}/webhook"

    def kill(self) -> None:
        """End the bot, if it lives."""
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
        self._pid, self._moment = None, ""
        self._dead.set()

    def comes(self, moment: str) -> None:
        """Note that a moment has come, which may be the bot's last."""
        if self._moment == moment:
            self._times -= 1
            if self._times < 0:
                self.kill()

    def delivered(self, attempt: Attempt) -> None:
        """Note what the bot has acknowledged."""
        if attempt.status == "OK" and attempt.delivery.event == "issue_comment":
            self._news.append(attempt)
            self.acknowledged += 1
            self.comes("told")

    def check_what_is_on_disk(self) -> None:
        """See that the database holds all that was acknowledged, and that what is derived from it fits."""
        with closing(sqlite3.connect(urlsplit(self.database).path)) as database:
            rows = database.execute("SELECT id, deleted, missing_at, versions FROM comments")
            known = {comment_id: stored for comment_id, *stored in rows}
            counts = database.execute("SELECT count, (SELECT count(*) FROM signatures) FROM petitions").fetchall()
        assert all(kept == counted for kept, counted in counts)
        for attempt in self._news:
            told = json.loads(attempt.delivery.payload)
            deleted, missing_at, versions = known[told["comment"]["id"]]
            if told["action"] == "deleted":
                assert deleted
            elif not deleted and not missing_at:
                at = datetime.fromisoformat(told["comment"]["updated_at"]).timestamp()
                assert json.loads(versions)[-1][0] >= at
        self._news.clear()

    async def comes_right(self) -> None:
        """Wait until the body says what the comments say."""
        found = ["nothing yet"]
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while found := list(Petition([self.petition], self.book).mistakes(self.petition)):  # noqa: ASYNC110 - nobody tells
                    await asyncio.sleep(0.05)
        assert not found

    def _somebody_acts(self) -> None:
        state, chance = self.sandbox.state, self.chance
        said = [comment for comment in self.petition.comments if comment.user.type == "User"]
        words = self.book.phrase(chance.randrange(len(self.book)))
        act = chance.random()
        if act < 0.7 or not said:
            login = f"signer-{chance.randrange(12 * DEATHS)}"
            state.comment(self.petition, state.user(login), words)
        elif act < 0.85:
            comment = chance.choice(said)
            state.edit_comment(comment, comment.user, words)
        else:
            comment = chance.choice(said)
            state.delete_comment(comment, comment.user)


class _Log(DeliveryLog):
    """A log of deliveries that tells of each attempt."""

    tell: Callable[[Attempt], None]

    def add(self, attempt: Attempt) -> None:
        super().add(attempt)
        self.tell(attempt)


@asynccontextmanager
async def storm(database: str, chance: random.Random) -> AsyncIterator[Storm]:
    """Prepare a storm, and leave no bot behind."""
    sandbox = Sandbox()
    sandbox.deliveries.log = log = _Log(sandbox.state.now)
    sandbox.deliveries.concurrency = 4

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        found.comes("calling")
        response = await handler(request)
        found.comes("answered")
        return response

    sandbox.app.middlewares.append(watch)
    await sandbox.start()
    nursery = await _nursery(sandbox, database)
    found = Storm(sandbox, nursery, database, chance, sandbox.petition())
    log.tell = found.delivered
    try:
        yield found
    finally:
        found.kill()
        nursery.kill()
        await nursery.communicate()
        await sandbox.stop()


async def _nursery(sandbox: Sandbox, database: str) -> Process:
    environment = os.environ | credentials(sandbox, DATABASE_URL=database)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.whole.nursery", cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE
    )
