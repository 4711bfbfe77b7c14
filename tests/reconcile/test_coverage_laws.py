"""Every comment up to the time that a block names is counted, whichever deliveries came, late or never."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

import aiohttp
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.github.app_client import GitHub
from bot.github.errors import GitHubError
from bot.github.throttle import Limits
from bot.github.transport import Transport
from bot.petition.block import machine_line
from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Author, Comment, Version, Writer, body_digest
from bot.petition.facts_from_github import CommentFact
from bot.petition.machine_readable_lines import Coverage
from bot.reconcile.body_write_and_repair_limiters import WriteLimiter, WriteRate
from bot.reconcile.errors_and_retries import Intervals
from bot.reconcile.installation_worker import Worker
from bot.reconcile.resync import ThreadResync, resync_by_hand
from bot.store import Lease, ThreadToRead
from bot.time_types import Clock
from sandbox.faults import Faults
from sandbox.models import Comment as Posted
from sandbox.models import Issue
from tests.chance import examples
from tests.reconcile.scene import Scene

LAG = 5.0
"""Seconds that GitHub's answers may be behind, as we reckon; in these stories they are so by less."""

BOTH = settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
_logins = (f"signer-{number}" for number in count())

ACTIONS = st.one_of(
    st.tuples(st.sampled_from(["heard", "lost", "late"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["arrive", "withdraw", "delete", "publish", "check", "read", "break"]), st.just(0)),
    st.tuples(st.just("pass"), st.sampled_from([1, 4, 9, 700])),
)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a thread of two comments for a long one, which is not always read as a whole."""
    monkeypatch.setattr("bot.reconcile.resync.PAGE_SIZE", 1)


@dataclass
class Life:
    """A petition, the bot's worker, and deliveries that are on their way."""

    stage: Scene
    worker: Worker
    petition: Issue
    late: list[Posted] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    body: str | None = None

    async def act(self, kind: str, number: int) -> None:
        """Let one thing happen."""
        match kind:
            case "heard" | "lost" | "late":
                await self.sign(kind, number)
            case "arrive" if self.late:
                await self.deliver(self.late.pop())
            case "withdraw" | "delete":
                self.take_back(kind)
            case "break":
                self.stage.sandbox.faults = Faults(lag_seconds=3.0, where="/comments", server_error=1.0)
            case "pass":
                self.stage.clock.pass_by(number)
                self.stage.sandbox.faults = Faults(lag_seconds=3.0)
            case "publish":
                await self.work()
            case "check" | "read":
                await self.look(kind)

    async def sign(self, kind: str, number: int) -> None:
        """Let somebody sign; the delivery comes, comes later or never."""
        self.posted.append(self.stage.sandbox.comment(self.petition, next(_logins), "/sign"))
        if kind == "heard":
            await self.deliver(self.posted[-1])
        elif kind == "late":
            self.late.append(self.posted[-1])
        self.stage.clock.pass_by(number / 3)

    def take_back(self, kind: str) -> None:
        """Let the first who signed withdraw, or the last delete the comment, unheard."""
        comments, here = self.stage.sandbox.comments, [one for one in self.posted if one.visible]
        if here and kind == "withdraw":
            comments.edit(here[0], here[0].user, "/unsign")
        elif here:
            comments.delete(here[-1], here[-1].user)

    async def deliver(self, posted: Posted) -> None:
        """Let a delivery of a comment arrive, as it was at first."""
        client = self.stage.github.installation(self.stage.installation.id)
        shown = await client.get_issue(self.petition.repository.full_name, self.petition.number)
        version = Version(posted.created_at, body_digest("/sign"), Writer.AUTHOR, Sign())
        author = Author(posted.user.id, posted.user.login)
        seen = Comment(posted.id, posted.created_at, author, posted.created_at, (version,))
        await self.stage.store.record([CommentFact(self.worker.client.id, shown.repository, shown.issue, seen)])

    async def look(self, kind: str) -> None:
        """Read the thread as discovery does, or as a request makes it."""
        resync = ThreadResync(await self.thread(), self.stage.store, self.worker.client, self.stage.clock())
        count = len(self.petition.visible_comments)
        with suppress(GitHubError):
            await (resync.read_all() if kind == "read" else resync.check((count, int(self.stage.clock()))))

    async def thread(self) -> ThreadToRead:
        found = await self.stage.store.threads.get(self.petition.id)
        assert found is not None
        return found

    async def work(self) -> None:
        """Let the worker do what is due, until GitHub fails."""
        with suppress(GitHubError):
            while not await self.worker.step(Lease(lambda: True)):
                pass

    async def judge(self) -> None:
        """Check that everybody is counted who signed until the time that is told, here and in a new body."""
        snapshot = await self.stage.store.petitions.get_snapshot(self.petition.id, 1_000)
        counted = {one.comment_id for one in snapshot.newest}
        line = machine_line(self.petition.body)
        told = [snapshot.coverage]
        if line is not None and self.petition.body != self.body:
            told.append(line.coverage)
            self.body = self.petition.body
        for coverage in filter(None, told):
            signed = [one for one in self.posted if one.visible and one.body == "/sign"]
            left_out = [one for one in signed if one.id not in counted and one.created_at <= coverage.until]
            assert not left_out, f"told {coverage}, and left out {[one.created_at for one in left_out]}"
            assert coverage.later <= len(counted)


@asynccontextmanager
async def life(stage: Scene) -> AsyncIterator[Life]:
    """Begin a petition that is published."""
    sandbox, clock = stage.sandbox, stage.clock
    sandbox.faults = Faults()
    petition = sandbox.petition()
    where = petition.repository.full_name, petition.number
    await resync_by_hand(*where, stage.store, stage.github, "petition", clock())
    async with aiohttp.ClientSession() as session:
        github = GitHub(
            Transport(session, sandbox.api_url, Clock(clock, clock.sleep)), app_id=str(sandbox.app_id),
            private_key=sandbox.private_key, limits=Limits(0.0, 100_000, 100_000), lag=LAG,
        )  # fmt: skip
        here = stage.installation.id
        worker = Worker(
            stage.store, github.installation(here), "petition",
            WriteLimiter(WriteRate(burst=1_000, period=0.0, gap=0.0)), Intervals(api_lag=LAG), clock, clock(),
        )  # fmt: skip
        found = Life(stage, worker, petition)
        await found.work()
        clock.pass_by(60)
        await found.work()
        sandbox.faults = Faults(lag_seconds=3.0)
        yield found
        sandbox.faults = Faults()


@BOTH
@given(actions=st.lists(ACTIONS, min_size=4, max_size=25))
@example([("lost", 3), ("pass", 9), ("heard", 3), ("publish", 0), ("pass", 9), ("delete", 0), ("publish", 0)])
@example([("heard", 3), ("heard", 3), ("lost", 0), ("check", 0), ("lost", 0), ("check", 0)])
@example([("heard", 3), ("pass", 9), ("lost", 0), ("break", 0), ("heard", 0), ("publish", 0)])
async def test_whoever_signed_until_the_time_that_is_told_is_counted(
    stage: Scene, actions: Sequence[tuple[str, int]]
) -> None:
    async with life(stage) as one:
        for kind, number in actions:
            await one.act(kind, number)
            await one.judge()


async def test_a_lost_delivery_is_made_up_for_before_the_next_tally_is_written(stage: Scene) -> None:
    async with life(stage) as one:
        for kind, number in (("lost", 0), ("pass", 9), ("heard", 0), ("publish", 0)):
            await one.act(kind, number)
        line = machine_line(one.petition.body)
        assert line is not None
        assert line.coverage is not None
        lost, heard = one.posted
        assert (line.count, line.coverage.later, line.coverage.waiting) == (2, 1, 0)
        assert lost.created_at <= line.coverage.until < heard.created_at


async def test_where_the_comments_cannot_be_listed_less_is_told(stage: Scene) -> None:
    async with life(stage) as one:
        began = int(stage.clock()) - 60
        for kind, number in (("lost", 0), ("pass", 9), ("heard", 0), ("break", 0), ("publish", 0)):
            await one.act(kind, number)
        line = machine_line(one.petition.body)
        assert line is not None
        assert line.coverage is not None
        assert (line.count, line.coverage.later) == (1, 1)
        assert line.coverage.until <= began
        for kind, number in (("pass", 700), ("check", 0), ("publish", 0), ("pass", 9), ("publish", 0)):
            await one.act(kind, number)
        line, writes = machine_line(one.petition.body), stage.called("PATCH")
        assert line is not None
        assert (line.count, line.coverage) == (2, Coverage(int(stage.clock() - 9 - LAG)))
        for kind, number in (("pass", 700), ("check", 0), ("publish", 0)):
            await one.act(kind, number)
        # Nothing is written for the time alone.
        assert stage.called("PATCH") == writes
        snapshot = await stage.store.petitions.get_snapshot(one.petition.id, 0)
        assert snapshot.coverage is not None
        assert snapshot.coverage.until == int(stage.clock() - LAG)
