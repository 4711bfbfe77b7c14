"""While GitHub is down nobody knocks but one, deliveries are recorded, and then everything goes on by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from structlog.testing import capture_logs

from bot.github.webhooks import send
from bot.store import State
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.whole.recorded_calls import Handler, eventually, state_of
from tests.whole.scene import WATCHFUL, scene

OWNERS = 8
EACH = 3


@dataclass
class Outage:
    """A GitHub that answers 502 while it is down, but whose deliveries go out."""

    down: bool = False
    of_issues: bool = False
    """Whether it is only issues that cannot be read or written."""
    asked: list[str] = field(default_factory=list)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self.down or (self.of_issues and "/issues" not in request.path):
            return await handler(request)
        self.asked.append(request.path.removeprefix("/api/v3"))
        return web.Response(status=502)


def petitions(sandbox: Sandbox) -> list[Issue]:
    places = [sandbox.repository(f"owner-{owner}/letters") for owner in range(OWNERS)]
    return [sandbox.petition(f"Letter {number}", repository=place) for place in places for number in range(EACH)]


async def test_a_github_that_is_down_is_asked_by_one_and_everything_goes_on(sqlite_url: str) -> None:
    outage, sandbox = Outage(), Sandbox()
    sandbox.app.middlewares.append(outage.middleware)
    async with scene(sqlite_url, rates=WATCHFUL, sandbox=sandbox) as stage:
        letters = petitions(sandbox)
        for letter in letters:
            await stage.shows(letter, 0)
        assert stage.bot is not None
        with capture_logs() as logs:
            outage.down = True
            for letter in letters:
                stage.sign(letter, "ada")
            await sandbox.settled()
            for letter in letters:
                assert (await stage.bot.store.petitions.get_snapshot(letter.id, 0)).count == 1
            await eventually(lambda: outage.asked.count("/meta") >= 2, "two probes")
            # Each installation, and who goes the rounds, may have been on the way when it began.
            assert len(outage.asked) <= outage.asked.count("/meta") + 2 * OWNERS + 2
            assert [await state_of(stage, letter) for letter in letters] == [State.FINE] * len(letters)
            outage.down = False
            for letter in letters:
                await stage.shows(letter, 1)
        warnings = [line["event"] for line in logs if line["log_level"] == "warning"]
        assert warnings == [
            "GitHub cannot be reached; its work is postponed",
            "GitHub can be reached again",
        ]


async def test_a_github_whose_issues_fail_is_asked_ever_more_rarely(sqlite_url: str) -> None:
    outage, sandbox = Outage(of_issues=True), Sandbox()
    sandbox.app.middlewares.append(outage.middleware)
    async with scene(sqlite_url, rates=WATCHFUL, sandbox=sandbox) as stage:
        place = sandbox.repository("owner/letters")
        letters = [sandbox.petition(f"Letter {number}", repository=place) for number in range(40)]
        for letter in letters:
            await stage.shows(letter, 0)
        outage.down = True
        for letter in letters:
            stage.sign(letter, "ada")
        await eventually(lambda: len(outage.asked) >= 6, "some failures")
        assert stage.bot is not None
        (worker,) = [one for one in stage.bot.scheduler._workers.values() if one.postponed]
        before = len(outage.asked)
        await eventually(lambda: worker.postponed >= 7, "more failures")
        # 0.1 s, 0.2 s, 0.4 s and so on lie between them: each thing is tried, and then everything waits.
        assert len(outage.asked) - before <= 3 * 7
        outage.down = False
        for letter in letters:
            await stage.shows(letter, 1)
        assert worker.postponed == 0


async def test_a_delivery_is_taken_while_github_is_down(sqlite_url: str) -> None:
    outage, sandbox = Outage(down=True), Sandbox()
    sandbox.app.middlewares.append(outage.middleware)
    async with scene(sqlite_url, rates=WATCHFUL, sandbox=sandbox), aiohttp.ClientSession() as session:
        url, secret = str(sandbox.deliveries.url), sandbox.webhook_secret
        reply = await send(session, url, "ping", json.dumps({"zen": "Keep it simple."}).encode(), secret)
        assert reply.is_good
        await eventually(lambda: "/meta" in outage.asked, "a probe")
        async with session.get(url.replace("/webhook", "/metrics")) as answer:
            assert "undersigned_github_up 0.0" in await answer.text()
