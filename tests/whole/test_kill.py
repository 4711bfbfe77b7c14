"""The bot dies fifty times in the middle of its work, without warning, and nothing that it acknowledged is lost.

Commands run beside it on the same database, and are not disturbed by its deaths.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import sys
from asyncio import FIRST_COMPLETED
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.deliveries import Attempt
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.whole.acknowledged_deliveries import TellingLog
from tests.whole.command_line import ROOT, credentials, read_until, run
from tests.whole.machine_truth import Petition, PhraseBook
from tests.whole.scene import PATIENCE

DEATHS = 50
CROWD = 15
"""Things that people do between two deaths."""

MOMENTS = ("starting", "at any time", "told", "calling", "answered")
"""When the bot dies: while it starts, whenever, when it has acknowledged a delivery, and before or after GitHub has
done what it asked for."""

COMMANDS = ("doctor", "export {petition}", "verify --database", "backup {copy}", "resync {petition}", "migrate")


async def test_nothing_acknowledged_is_lost_when_the_bot_is_killed_again_and_again(
    sqlite_url: str, tmp_path: Path
) -> None:
    chance = random.Random(2018)  # noqa: S311 - reproducible, not secret
    async with storm(sqlite_url, chance, tmp_path) as found:
        for _ in range(DEATHS):
            await found.live_and_die()
            found.check_what_is_on_disk()
        assert found.acknowledged > 2 * DEATHS
        await found.start()
        await found.comes_right()


@dataclass
class Storm:
    """A petition that people storm, and a bot that dies of it."""

    sandbox: Sandbox
    forks: Process
    environment: dict[str, str]
    copy: Path
    database: str
    chance: random.Random
    petition: Issue
    book: PhraseBook = field(default_factory=PhraseBook)
    acknowledged: int = 0
    _comments: set[int] = field(default_factory=set)
    """Those of which the bot has acknowledged something."""
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
        begun = asyncio.Event()
        typed = asyncio.create_task(self._somebody_types(begun))
        if self.chance.random() < 0.5:
            begun.set()
        await self.start()
        begun.set()
        # One that has died while it started is alive again by now, and its moment has passed.
        if self._moment in ("at any time", ""):
            asyncio.get_running_loop().call_later(self.chance.uniform(0.0, 0.3), self.kill)
        for _ in range(CROWD):
            self._somebody_acts()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._dead.wait(), 1.0)
        # On a busy machine a second is not enough for what it is to acknowledge.
        await self.sandbox.settled()
        self.kill()
        await self.sandbox.settled()
        await typed

    async def start(self) -> None:
        """Have a bot born, and another one if it dies while it starts, and send it the deliveries."""
        assert self.forks.stdin is not None
        self._dead.clear()
        self.forks.stdin.write(b"\n")
        self._pid = int(await read_until(self.forks.stdout, r"born (\d+)"))
        if self._moment == "starting":
            await asyncio.sleep(self.chance.uniform(0.0, 0.2))
            self.kill()
        # A command that runs beside it may make the call at which it dies.
        dead = asyncio.create_task(self._dead.wait())
        listens = asyncio.create_task(read_until(self.forks.stdout, r"listening (\d+)"))
        await asyncio.wait({dead, listens}, return_when=FIRST_COMPLETED)
        if self._pid is None:
            listens.cancel()
            await asyncio.wait({listens})
            await self.start()
            return
        dead.cancel()
        self.sandbox.deliveries.url = f"http://127.0.0.1:{await listens}/webhook"

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
            self._comments.add(json.loads(attempt.delivery.payload)["comment"]["id"])
            self.comes("told")

    def check_what_is_on_disk(self) -> None:
        """See that the database holds all that was acknowledged, and that what is derived from it fits."""
        with closing(sqlite3.connect(urlsplit(self.database).path)) as database:
            rows = database.execute("SELECT id, deleted, missing_at, versions FROM comments")
            known = {comment_id: stored for comment_id, *stored in rows}
            counts = database.execute("SELECT count, (SELECT count(*) FROM signatures) FROM petitions").fetchall()
        assert [kept for kept, _ in counts] == [counted for _, counted in counts]
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

    async def _somebody_types(self, begun: asyncio.Event) -> None:
        """Run a command beside the bot, while it starts or later, and see that the command finds what there was."""
        command, before = self.chance.choice(COMMANDS), set(self._comments)
        await begun.wait()
        name = f"{self.petition.repository.full_name}#{self.petition.number}"
        code, out, err = await run(*command.format(petition=name, copy=self.copy).split(), **self.environment)
        # The doctor finds that the bot is dead, nobody can export what nobody has heard of, and GitHub may not have
        # told yet who edited a comment.
        may_fail = command == "doctor" or not before or "until GitHub says who wrote" in out
        expected = {0, 1} if may_fail else {0}
        assert code in expected, f"{command}: {out} {err}"
        assert "Traceback" not in err, err
        if command.startswith("backup"):
            with closing(sqlite3.connect(f"{self.copy.as_uri()}?mode=ro", uri=True)) as copy:
                assert before <= {comment_id for (comment_id,) in copy.execute("SELECT id FROM comments")}

    def _somebody_acts(self) -> None:
        sandbox, chance = self.sandbox, self.chance
        said = [comment for comment in self.petition.comments if comment.user.type == "User"]
        words = self.book.phrase(chance.randrange(len(self.book)))
        act = chance.random()
        if act < 0.7 or not said:
            login = f"signer-{chance.randrange(12 * DEATHS)}"
            sandbox.comments.create(self.petition, sandbox.user(login), words)
        elif act < 0.85:
            comment = chance.choice(said)
            sandbox.comments.edit(comment, comment.user, words)
        else:
            comment = chance.choice(said)
            sandbox.comments.delete(comment, comment.user)


@asynccontextmanager
async def storm(database: str, chance: random.Random, folder: Path) -> AsyncIterator[Storm]:
    """Prepare a storm, and leave no bot behind."""
    sandbox = Sandbox()
    sandbox.deliveries.log = log = TellingLog(sandbox.world.now)
    sandbox.deliveries.concurrency = 4

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        found.comes("calling")
        response = await handler(request)
        found.comes("answered")
        return response

    sandbox.app.middlewares.append(watch)
    await sandbox.start()
    given = credentials(sandbox, DATABASE_URL=database)
    forks = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.whole.forked_bots", cwd=ROOT, env=os.environ | given, stdin=PIPE, stdout=PIPE
    )
    found = Storm(sandbox, forks, given, folder / "copy", database, chance, sandbox.petition())
    log.tell = found.delivered
    try:
        yield found
    finally:
        found.kill()
        forks.kill()
        await forks.communicate()
        await sandbox.stop()
