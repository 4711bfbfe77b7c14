"""A petition that people sign while bots serve it from one SQLite file, and commands that run beside them."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import aiohttp

from sandbox.deliveries import Attempt
from sandbox.models import Comment, Issue
from sandbox.server import Sandbox
from tests.whole.acknowledged_deliveries import TellingLog
from tests.whole.command_line import SHUTDOWN, credentials, read_until, run, start
from tests.whole.file_audit import Watching
from tests.whole.scene import PATIENCE

TOGETHER = 3
"""People who sign at once; each of them waits for an answer before the next one comes."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A command, the code that it ends with, what it says, and which or how many people that shows."""

    words: tuple[str, ...]
    code: int = 0
    says: str = ""
    shown: Callable[[str], Collection[str] | int] | None = None


class Bot:
    """A process that serves, and what it logs: it waits for whoever does not read that."""

    def __init__(self, process: Process) -> None:
        assert process.stderr is not None
        self.process = process
        self._log = asyncio.create_task(process.stderr.read())

    async def ended(self) -> tuple[int, str]:
        """Wait for its end, and give its exit code and its log."""
        log = await self._log
        return await self.process.wait(), log.decode()


@dataclass
class Signing:
    """The petition, who has signed it, and the bots."""

    sandbox: Sandbox
    database: Path
    watching: Watching
    petition: Issue
    environment: dict[str, str]
    acknowledged: dict[int, str] = field(default_factory=dict)
    """The comments that a bot has told GitHub it has, and the logins of their authors."""
    bots: dict[str, Bot] = field(default_factory=dict)
    """Those that serve, by where they take deliveries."""
    mistakes: list[str] = field(default_factory=list)
    """What commands did that they ought not to."""
    _numbers: count[int] = field(default_factory=count)
    _waiting: dict[int, asyncio.Event] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"{self.petition.repository.full_name}#{self.petition.number}"

    async def serve(self) -> str:
        """Start a bot, and give the address at which it takes deliveries."""
        bot = await start("serve", **self.environment)
        port = await read_until(bot.stderr, r'"port": ?(\d+)')
        address = f"http://127.0.0.1:{port}/webhook"
        self.bots[address] = Bot(bot)
        self._next_turn()
        return address

    async def end(self, address: str) -> None:
        """End a bot in good order; what comes meanwhile goes to the others."""
        bot = self.bots.pop(address)
        self._next_turn()
        bot.process.terminate()
        try:
            async with asyncio.timeout(SHUTDOWN):
                code, err = await bot.ended()
        except TimeoutError:
            bot.process.kill()
            raise
        assert (code, "Traceback" in err) == (0, False), err

    async def read(self, path: str, **headers: str) -> str:
        """Read a page of a bot's."""
        url = next(iter(self.bots)).removesuffix("/webhook") + path
        async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as page:
            assert page.status == 200, await page.text()
            return await page.text()

    async def kill(self) -> None:
        """End all bots without warning."""
        for bot in self.bots.values():
            bot.process.kill()
        for bot in self.bots.values():
            await bot.ended()
        self.bots.clear()

    async def sign(self, login: str, words: str = "/sign") -> Comment:
        """Let somebody sign, and wait until the delivery of that is answered, or lost."""
        self._next_turn()
        comment = self.sandbox.comment(self.petition, login, words)
        self._waiting[comment.id] = asyncio.Event()
        async with asyncio.timeout(PATIENCE):
            await self._waiting[comment.id].wait()
        return comment

    async def crowd_signs(self, number: int) -> None:
        """Let so many more people sign, some at once."""
        logins = iter([f"signer-{next(self._numbers)}" for _ in range(number)])

        async def some() -> None:
            for login in logins:
                await self.sign(login)

        await asyncio.gather(*(some() for _ in range(TOGETHER)))

    async def beside(self, command: Beside) -> None:
        """Run a command, and note what it does wrong and whom it does not see who was there when it began."""
        before = {login for login in self.acknowledged.values() if login.startswith("signer-")}
        code, out, err = await run(*command.words, **self.environment)
        words = " ".join(command.words)
        if code != command.code or command.says not in out + err or "Traceback" in err:
            self.mistakes.append(f"{words} ends with {code}: {out[-2000:]} {err[-2000:]}")
        elif command.shown is not None:
            shown = command.shown(out)
            lacks = len(before) - shown if isinstance(shown, int) else len(before.difference(shown))
            if lacks > 0:
                self.mistakes.append(f"{words} lacks {lacks} of {len(before)}")

    def stored(self) -> list[str]:
        """Look at the file, and give everything that is wrong with it."""
        with closing(sqlite3.connect(self.database)) as file:
            try:
                checks = [said for (said,) in file.execute("PRAGMA integrity_check")]
                known = {one for (one,) in file.execute("SELECT id FROM comments")}
                counted = {who for (who,) in file.execute("SELECT login FROM signatures")}
            except sqlite3.DatabaseError as error:
                return [str(error)]
        people = {login for login in self.acknowledged.values() if login.startswith("signer-")}
        found = [] if checks == ["ok"] else [f"integrity_check has {len(checks)} complaints, first: {checks[0]}"]
        if lost := self.acknowledged.keys() - known:
            found.append(f"{len(lost)} of {len(self.acknowledged)} acknowledged comments are lost")
        if lost_people := people - counted:
            found.append(f"{len(lost_people)} of {len(people)} people are not counted")
        return found

    def says(self, text: str) -> bool:
        """Tell whether a text is anywhere in the database."""
        with closing(sqlite3.connect(self.database)) as file:
            return any(text in line for line in file.iterdump())

    def answered(self, attempt: Attempt) -> None:
        """Note what has become of a delivery."""
        if attempt.delivery.event == "issue_comment":
            comment = json.loads(attempt.delivery.payload)["comment"]
            if attempt.status == "OK":
                self.acknowledged[comment["id"]] = comment["user"]["login"]
            if waiting := self._waiting.get(comment["id"]):
                waiting.set()

    def _next_turn(self) -> None:
        """Send the next delivery to another bot."""
        self.sandbox.deliveries.url = address = next(iter(self.bots), None)
        if address is not None:
            self.bots[address] = self.bots.pop(address)


@asynccontextmanager
async def signing(folder: Path, **more: str) -> AsyncIterator[Signing]:
    """Open a petition and a database that is not there yet, and leave no bot behind."""
    database = folder / "undersigned.db"
    watching = Watching(folder / "watching", database)
    sandbox = Sandbox()
    sandbox.deliveries.log = log = TellingLog(sandbox.world.now)
    sandbox.deliveries.concurrency = TOGETHER
    await sandbox.start()
    given = credentials(sandbox, DATABASE_URL=f"sqlite:///{database}", **more) | watching.environment
    try:
        found = Signing(sandbox, database, watching, sandbox.petition(), given)
        log.tell = found.answered
        try:
            yield found
        finally:
            await found.kill()
    finally:
        await sandbox.stop()


def people(text: str) -> set[str]:
    """Find everybody of the crowd whom a text names."""
    return set(re.findall(r"\bsigner-\d+\b", text))


def count_in(text: str) -> int:
    """Find the number of people that a picture tells."""
    found = re.search(r"([\d,]+) signature|: ([\d,]+)\"", text)
    assert found is not None, text
    return int((found[1] or found[2]).replace(",", ""))


def people_in_copy(copy: Path) -> set[str]:
    """Find everybody who has signed according to a copy of the database."""
    with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as file:
        return {who for (who,) in file.execute("SELECT login FROM signatures")}
