"""What is done for one installation, and that nothing is sent that is another process's to send by now."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest

from bot.github.client import GitHub
from bot.github.errors import WriteNotSent
from bot.github.throttle import Limits
from bot.reconcile.intervals import Intervals
from bot.reconcile.manual_resync import resync_by_hand
from bot.reconcile.worker import Worker
from bot.reconcile.write_limiter import WriteLimiter, WriteRate
from bot.store import Lease
from sandbox.models import Issue
from tests.reconcile.scene import Scene


@dataclass
class Shift:
    """A worker, and a lease that is lost as soon as a call has to wait for its turn."""

    stage: Scene
    session: aiohttp.ClientSession
    is_held: bool = True
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        sandbox, clock = self.stage.sandbox, self.stage.clock
        github = GitHub(
            self.session, app_id=str(sandbox.app_id), private_key=sandbox.private_key, api_url=sandbox.api_url,
            now=clock, sleep=self.sleep, limits=Limits(1.0, 100_000, 100_000),
        )  # fmt: skip
        here = self.stage.installation.id
        self.worker = Worker(
            here, self.stage.store, github.installation(here), "petition",
            WriteLimiter(WriteRate(burst=1_000, period=0.0, gap=0.0)), Intervals(lag=0.0), clock, clock(),
        )  # fmt: skip

    async def sleep(self, seconds: float) -> None:
        self.is_held = False
        self.stage.clock.pass_by(seconds)

    async def work(self) -> None:
        """Do all there is to do, as long as the lease is held."""
        while self.is_held and not await self.worker.step(Lease(lambda: self.is_held)):
            pass

    async def adopt(self, petition: Issue) -> None:
        where = petition.repository.full_name, petition.number
        await resync_by_hand(*where, self.stage.store, self.stage.github, "petition", self.stage.clock())


@pytest.fixture
async def shift(stage: Scene) -> AsyncIterator[Shift]:
    async with aiohttp.ClientSession() as session:
        yield Shift(stage, session)


async def test_a_body_is_not_written_when_the_lease_was_lost_while_it_waited_for_its_turn(shift: Shift) -> None:
    stage = shift.stage
    petition = stage.sandbox.petition(body="Dear all,")
    await shift.adopt(petition)
    await shift.work()
    assert stage.called("PATCH") == 1
    written = petition.body
    stage.sandbox.issues.lock(petition, stage.sandbox.organizer())
    stage.sandbox.comment(petition, "grace", "/sign")
    await shift.adopt(petition)
    with pytest.raises(WriteNotSent, match=r"PATCH .* was not sent"):
        await shift.work()
    assert (stage.called("PATCH"), petition.body) == (1, written)
    shift.is_held = True
    stage.clock.pass_by(10)
    await shift.work()
    assert stage.called("PATCH") == 2


async def test_a_reaction_is_not_given_when_the_lease_was_lost_while_it_waited_for_its_turn(shift: Shift) -> None:
    petition = shift.stage.sandbox.petition(body="Dear all,")
    comment = shift.stage.sandbox.comment(petition, "grace", "/sign")
    await shift.adopt(petition)
    with pytest.raises(WriteNotSent, match=r"POST .* was not sent"):
        await shift.work()
    assert shift.stage.called("PATCH") == 1
    assert not comment.reactions
    shift.is_held = True
    shift.stage.clock.pass_by(10)
    await shift.work()
    assert [one.content for one in comment.reactions] == ["+1"]


async def test_an_issue_is_not_opened_when_the_lease_was_lost_while_it_waited_for_its_turn(
    shift: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.petition.continuations.COMMENT_LIMIT", 3)
    petition = shift.stage.sandbox.petition(body="Dear all,")
    for login in ("ada", "grace", "alan"):
        shift.stage.sandbox.comment(petition, login, "/sign")
    await shift.adopt(petition)
    with pytest.raises(WriteNotSent, match=r"POST .*/issues was not sent"):
        await shift.work()
    assert not shift.stage.called("POST /repos/lovelace/letters/issues 201")
