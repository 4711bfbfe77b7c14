"""What somebody saved last stands in the end, however reads, writes, deliveries and edits fall together.

GitHub's side is a body with its history, and deliveries that come late, twice, in any order or never. The bot's
side is what `bot.reconcile.publish` and `bot.reconcile.resync` do with the store, without the calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.github.models.rest import IssueRead
from bot.petition.block.body import letter, locate_block, splice
from bot.petition.facts_from_github import BodyEdit, Issue, IssueFact
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import DEFAULTS
from bot.reconcile.lost_edit_decision import EditDecision, guard_body
from bot.store import KnownBody, LastBodies, PlannedBody, Store
from tests.chance import examples
from tests.store.scene import INSTALLATION, REPOSITORY

BLOCK = "<!-- undersigned:begin -->\n{} people\n<!-- undersigned:end -->"
WORDS = ("A", "B", "C")
OVERLAP = 60
_issue_ids = count(70_000)

STEPS = st.one_of(
    st.sampled_from(
        ["read", "write", "send", "apply", "apply", "refuse", "count", "second", "minutes", "look", "vanish"]
    ),
    st.tuples(st.sampled_from(["save", "save bare", "tidy", "deliver", "again"]), st.integers(0, 2)),
)


@dataclass(frozen=True)
class Edit:
    """A body that replaced another one, as a delivery tells of it."""

    previous: str
    body: str
    at: int
    by_app: bool
    by_us: bool


@dataclass(frozen=True)
class Page:
    """What the bot has read, and what it goes by."""

    body: str
    known: KnownBody
    decision: EditDecision


class Clock:
    """The time, in seconds, for GitHub and for the bot."""

    time = 1_000

    def __call__(self) -> float:
        return self.time


@dataclass
class World:
    """One issue, and one bot that publishes there."""

    store: Store
    now: Clock
    issue: Issue = field(
        default_factory=lambda: Issue(next(_issue_ids), 1, "A letter", frozenset({"petition"}), updated_at=0)
    )
    lag: int = 0
    """Seconds by which the history is behind."""
    signed: int = 0
    body: str = "A"
    saved: str = "A"
    """What somebody saved last."""
    edits: list[Edit] = field(default_factory=list)
    on_the_way: list[Edit] = field(default_factory=list)
    arrived: list[Edit] = field(default_factory=list)
    page: Page | None = None
    sent: deque[tuple[str, KnownBody | None]] = field(default_factory=deque)
    """Writes that GitHub has not carried out yet, and the body that each puts back."""

    async def open(self) -> None:
        await self.store.record([IssueFact(INSTALLATION, REPOSITORY, self.issue, self.now.time)])

    async def do(self, step: str | tuple[str, int]) -> None:
        match step:
            case ("save", which):
                self._change(splice(WORDS[which], self._block()), by_app=False)
            case ("save bare", which):
                self._change(WORDS[which], by_app=False)
            case ("tidy", which):
                self._change(splice(f"{WORDS[which]}, tidied as No. {len(self.edits)}", self._block()), by_app=True)
            case ("deliver", which) if self.on_the_way:
                await self.deliver(self.on_the_way.pop(which % len(self.on_the_way)))
            case ("again", which) if self.arrived:
                await self.deliver(self.arrived[-1 - which % len(self.arrived)])
            case str(name):
                await self._do(name)

    async def _do(self, name: str) -> None:
        match name:
            case "vanish" if self.on_the_way:
                self.on_the_way.pop(0)
            case "send":
                self.page = await self.read()
                await self.write()
            case "read":
                self.page = await self.read()
            case "write":
                await self.write()
            case "apply" if self.sent:
                await self.apply()
            case "refuse" if self.sent:
                self.sent.popleft()
            case "look":
                await self.look()
            case "minutes":
                # GitHub carries a call out within seconds, or never.
                while self.sent:
                    await self.apply()
                self.now.time += 100
            case _:
                self.signed += name == "count"
                self.now.time += name == "second"

    async def read(self) -> Page | None:
        """Do as `publish` does until it knows what to write into."""
        known = await self.store.petitions.load_publication(self.issue.id, 0)
        body, read = known.bodies[self.issue.id], IssueRead(REPOSITORY, self.issue, self.body, self.now.time)
        decision = guard_body(body, known.writes.get(self.issue.id, ()), read)
        return None if decision is EditDecision.WAIT else Page(self.body, body, decision)

    async def write(self) -> None:
        """Do as `publish` does with what it has read: record the write, and send it."""
        page, self.page = self.page, None
        if page is None:
            return
        is_lost = page.decision is EditDecision.PUT_BACK
        base = (page.known.lost if is_lost else None) or page.body
        body = splice(base, BLOCK.format(self.signed))
        is_right = body == page.body
        change = PlannedBody(
            self.issue.id,
            page.known,
            page.body,
            text=None if is_right else body,
            is_right=is_right,
            settles_lost=page.decision in (EditDecision.IS_BACK, EditDecision.GIVEN_UP),
        )
        if (
            await self.store.petitions.apply_publication(self.issue.id, [], CommandResults(DEFAULTS), [change])
            and not is_right
        ):
            self.sent.append((body, page.known if is_lost else None))

    async def apply(self) -> None:
        body, lost = self.sent.popleft()
        self._change(body, by_app=True, by_us=True)
        if lost is not None:
            await self.store.bodies.mark_restored(self.issue.id, lost.lost_by)

    async def deliver(self, edit: Edit) -> None:
        self.arrived.append(edit)
        told = BodyEdit(edit.previous, edit.body, by_app=edit.by_app)
        issue = replace(self.issue, updated_at=edit.at)
        await self.store.record([IssueFact(INSTALLATION, REPOSITORY, issue, edit.at, edit=told)])

    async def settle(self) -> None:
        """Let everything end that has begun, and a resync follow."""
        while self.sent:
            await self.apply()
        for _ in range(9):
            while self.on_the_way:
                await self.deliver(self.on_the_way.pop(0))
            self.now.time += 100
            await self.look()
            self.page = await self.read()
            await self.write()
            if not self.sent:
                return
            await self.apply()
        raise AssertionError("it writes on and on")

    async def look(self) -> None:
        """Do as `resync` does: ask the history, which may be some seconds behind, of writes that are long over."""
        if not await self.store.bodies.count_unconfirmed_writes(self.issue.id, self.now.time - OVERLAP):
            return
        shown = [edit for edit in self.edits if edit.at <= self.now.time - self.lag]
        ours = shown[-1].body if shown and shown[-1].by_us else None
        saved = next((edit.body for edit in reversed(shown) if not edit.by_us), "A")
        await self.store.bodies.record_history(self.issue.id, LastBodies(ours, saved), self.now.time - OVERLAP)

    def _change(self, body: str, *, by_app: bool, by_us: bool = False) -> None:
        # Of a body that is saved as it was nobody is told.
        if body != self.body:
            self.saved = self.saved if by_us else body
            self.issue = replace(self.issue, updated_at=self.now.time)
            edit = Edit(self.body, body, self.now.time, by_app, by_us)
            self.edits.append(edit)
            self.on_the_way.append(edit)
            self.body = body

    def _block(self) -> str:
        return locate_block(self.body).block or ""


DOUBLED = ["send", "send", "apply", ("deliver", 0), ("again", 0), ("save", 1), "apply", "vanish", "vanish"]
"""A repeated delivery of one write could be taken for that of another one with the same text."""
LATE = ["send", ("save", 1), "send", ("save", 0)]
"""A write is done only after the next one was made from something newer, and that is done late as well."""
TAKEN_BACK = [("save", 1), "send", "count", ("save", 0), "apply", ("save bare", 1), "send"]
"""Somebody's edit is lost, and they save what stood there before."""


@pytest.fixture
async def clocked(database_url: str) -> AsyncIterator[tuple[Store, Clock]]:
    clock = Clock()
    store = await Store.open(database_url, label="petition", now=clock)
    yield store, clock
    await store.close()


@settings(
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEPS, max_size=25), lag=st.sampled_from([0, 2]))
@example(steps=DOUBLED, lag=0)
@example(steps=LATE, lag=0)
@example(steps=TAKEN_BACK, lag=0)
async def test_what_somebody_saved_last_stands_in_the_end(
    clocked: tuple[Store, Clock], steps: Sequence[str | tuple[str, int]], lag: int
) -> None:
    world = World(*clocked, lag=lag)
    await world.open()
    for step in steps:
        await world.do(step)
    await world.settle()
    told = [(letter(edit.body), edit.at, "us" if edit.by_us else "them") for edit in world.edits]
    assert letter(world.body) == letter(world.saved), told
