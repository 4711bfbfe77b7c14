"""A bot in a process of its own, a sandbox that storms it, and what became of what GitHub delivered."""

from __future__ import annotations

import asyncio
import math
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import psutil

from benchmarks.servers import bot_environment, complaints, end, port_of, start
from bot.petition import block
from sandbox.api.limits import Limits
from sandbox.models import Comment, Issue
from sandbox.server import Sandbox

PARALLEL = 32
"""Deliveries that are under way at once."""

BEAT = "5"
"""`RESYNC_SECONDS`: how often the bot asks for what has failed. The default would make the runs long."""


@dataclass(slots=True)
class Storm:
    """A running bot, and the petitions that people sign."""

    sandbox: Sandbox
    process: psutil.Process
    port: int
    petitions: list[Issue] = field(default_factory=list)
    signers: int = 0
    acts: int = 0
    """How often somebody wrote or edited a comment."""
    comments: list[Comment] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    """Lines of the log that tell of a mistake of ours, not of GitHub's or the database's; known at the end."""

    async def sign(self, per_second: float, seconds: float, most: float = math.inf, editors: int = 1) -> None:
        """Let people sign, each another petition in turn; from `most` on, the last `editors` edit it."""
        began, acts = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            while acts < int(passed * per_second):
                self._act(most, editors)
                acts += 1
            await asyncio.sleep(0.02)

    def _act(self, most: float, editors: int) -> None:
        if self.signers < most:
            petition = self.petitions[self.signers % len(self.petitions)]
            self.comments.append(self.sandbox.comment(petition, f"signer-{self.signers}"))
            self.signers += 1
        else:
            comment = self.comments[-1 - self.acts % editors]
            self.sandbox.comments.edit(comment, comment.user, f"/sign Signer {self.acts}")
        self.acts += 1

    def answers(self) -> tuple[int, int]:
        """Count the attempts to deliver a comment that were accepted, and those that were not."""
        told = [one for one in self.sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
        accepted = sum(one.status == "OK" for one in told)
        return accepted, len(told) - accepted

    def shown(self) -> int:
        """Sum up what the bodies say."""
        return sum(said(petition) for petition in self.petitions)

    async def until_right(self, patience: float = 180.0) -> float:
        """Wait until the bodies count everybody; give the seconds that it took."""
        began = time.monotonic()
        while self.shown() < self.signers and time.monotonic() - began < patience:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    async def until_accepted(self, patience: float = 60.0) -> float:
        """Wait until a delivery is accepted that was attempted after now; give the seconds that it took."""
        began, before = time.monotonic(), self.answers()[0]
        while self.answers()[0] <= before and time.monotonic() - began < patience:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
        return time.monotonic() - began


def said(petition: Issue) -> int:
    """Give the count in a petition's body."""
    line = block.machine_line(petition.body)
    return line.count if line else 0


@asynccontextmanager
async def storming(
    database_url: str, petitions: int, *, under: Sequence[str] = (), **more: str
) -> AsyncIterator[Storm]:
    """Run a bot until the context ends, and open petitions for it. What it forgets to close, its log tells."""
    sandbox = Sandbox()
    sandbox.limits = Limits.like_github()
    sandbox.deliveries.concurrency = PARALLEL
    await sandbox.start()
    sandbox.repository()
    environment = bot_environment(database_url, sandbox.api_url) | {
        "GITHUB_APP_ID": str(sandbox.app_id),
        "GITHUB_PRIVATE_KEY": sandbox.private_key,
        "GITHUB_WEBHOOK_SECRET": sandbox.webhook_secret,
        "RESYNC_SECONDS": BEAT,
        "PYTHONWARNINGS": "default::ResourceWarning",
    }
    with tempfile.TemporaryFile() as log:
        process = start("-m", "bot", "serve", environment=environment | more, log=log.fileno(), under=under)
        found: Storm | None = None
        try:
            port = await asyncio.to_thread(port_of, process, log.fileno())
            sandbox.webhook_url = f"http://127.0.0.1:{port}/webhook"
            found = Storm(sandbox, psutil.Process(process.pid), port)
            found.petitions = [sandbox.petition(f"Letter {number}", "Dear all,") for number in range(petitions)]
            yield found
        finally:
            await asyncio.to_thread(end, process)
            await sandbox.stop()
            if found is not None:
                log.seek(0)
                found.complaints = complaints(log.read().decode(errors="replace"))
