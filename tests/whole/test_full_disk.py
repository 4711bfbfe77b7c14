"""The disk is full: the bot says so and takes nothing that it cannot keep; with room again it goes on by itself."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import aiohttp
import pytest

from benchmarks.servers import complaints
from bot.encryption_and_derived_tokens import derive
from sandbox.deliveries import Attempt
from sandbox.server import Sandbox
from tests.whole.command_line import ROOT, credentials, read_until
from tests.whole.disks import Disk, disks
from tests.whole.scene import PATIENCE, Scene

REASON = "because " * 60
KEY = "a key of more than thirty-two characters"


@pytest.mark.parametrize("disk", disks(), ids=lambda disk: disk.name)
async def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path, disk: Disk) -> None:
    async with served_from(disk, tmp_path) as house:
        stage, petition = house.stage, house.stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await house.says_of_its_database(True)
        with disk.full(house.folder, house.bot.pid):
            signed = 1
            while all(attempt.status == "OK" for attempt in await house.told()):
                stage.sign(petition, f"signer-{signed}", f"/sign Signer {signed}\n{REASON}")
                signed += 1
            refused = next(attempt for attempt in await house.told() if attempt.status != "OK")
            assert refused.status_code == HTTPStatus.SERVICE_UNAVAILABLE
            assert int(refused.response_headers["Retry-After"]) > 0
            await house.says_of_its_database(False)
            assert "undersigned_database_up 0.0" in (await house.ask("/metrics"))[1]
            assert f"cannot be written: {disk.says}" in await house.finding("database")
            house.check_what_a_crash_would_leave()
        await house.says_of_its_database(True)
        stage.sign(petition, "alan")
        await stage.shows(petition, signed + 1)
        house.check_what_a_crash_would_leave()


@dataclass
class House:
    """A bot in a process of its own, with its database in a folder on a disk that can be full."""

    stage: Scene
    bot: Process
    port: str
    disk: Disk
    folder: Path

    async def told(self) -> list[Attempt]:
        """Wait until everything is delivered or refused; give what became of the comments."""
        await self.stage.sandbox.settled()
        return self._attempts()

    async def says_of_its_database(self, works: bool) -> None:
        """Wait until the bot says that its database works, or that it does not."""
        wanted = (HTTPStatus.OK if works else HTTPStatus.SERVICE_UNAVAILABLE, works, True)
        said: object = None
        try:
            async with asyncio.timeout(PATIENCE):
                while said != wanted:
                    status, text = await self.ask("/readyz")
                    if status != HTTPStatus.TOO_MANY_REQUESTS:
                        parts = json.loads(text)["parts"]
                        said = (status, parts["database"], parts["loops"])
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"the bot says {said}, not {wanted}") from None

    async def finding(self, topic: str) -> str:
        """Ask, as the operator, what the doctor finds."""
        _, text = await self.ask("/readyz", Authorization=f"Bearer {derive(KEY, 'operator')}")
        findings: list[dict[str, str]] = json.loads(text)["findings"]
        return next(one["what"] for one in findings if one["topic"] == topic)

    async def ask(self, path: str, **headers: str) -> tuple[int, str]:
        async with aiohttp.ClientSession(headers=headers) as session:
            answer = await session.get(f"http://127.0.0.1:{self.port}{path}")
            return answer.status, await answer.text()

    def check_what_a_crash_would_leave(self) -> None:
        """See that the files as they are hold all that was acknowledged, and that what is derived from it fits."""
        with tempfile.TemporaryDirectory() as copy:
            with self._standing_still():
                for name in ("undersigned.db", "undersigned.db-wal"):
                    shutil.copy(self.disk.seen(self.folder, self.bot.pid) / name, copy)
            with closing(sqlite3.connect(Path(copy, "undersigned.db"))) as database:
                known = {comment_id for (comment_id,) in database.execute("SELECT id FROM comments")}
                kept = database.execute("SELECT count, (SELECT count(*) FROM signatures) FROM petitions").fetchall()
        taken = [json.loads(one.delivery.payload) for one in self._attempts() if one.status == "OK"]
        assert {payload["comment"]["id"] for payload in taken} <= known
        assert kept == [(len(known), len(known))]

    @contextmanager
    def _standing_still(self) -> Iterator[None]:
        self.bot.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.bot.pid, os.WSTOPPED)
        try:
            yield
        finally:
            self.bot.send_signal(signal.SIGCONT)

    def _attempts(self) -> list[Attempt]:
        log = self.stage.sandbox.deliveries.log
        return [one for one in log.attempts() if one.delivery.event == "issue_comment"]


@asynccontextmanager
async def served_from(disk: Disk, folder: Path) -> AsyncIterator[House]:
    """Start a bot with its database in a folder, which is empty; see that it ends well and complains of nothing."""
    sandbox = Sandbox()
    await sandbox.start()
    sandbox.repository()
    database_url = f"sqlite:///{folder}/undersigned.db"
    environment = os.environ | credentials(sandbox, DATABASE_URL=database_url, RESYNC_SECONDS="2", SECRET_KEY=KEY)
    command = [*disk.under(folder), sys.executable, "-m", "bot", "serve"]
    bot = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stderr=PIPE)
    try:
        port = await read_until(bot.stderr, r'"port": (\d+)')
        assert bot.stderr is not None
        # Else the bot would wait in the end for somebody to hear what it says.
        hearing = asyncio.create_task(bot.stderr.read())
        sandbox.deliveries.url = f"http://127.0.0.1:{port}/webhook"
        yield House(Scene(sandbox, database_url), bot, port, disk, folder)
        bot.terminate()
        said = (await hearing).decode()
        assert (await bot.wait(), complaints(said)) == (0, [])
    finally:
        if bot.returncode is None:
            bot.kill()
            await bot.wait()
        await sandbox.stop()
