"""Concurrent deliveries share a transaction; one that cannot be stored harms no other."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from bot import supervisor
from bot.metrics_hooks import Hooks
from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Author
from bot.petition.facts_from_github import CommentFact, Fact, IssueFact
from bot.store import Busy, DatabaseUnavailable, Store, StoreError, Unrecordable
from bot.store.engine import health
from bot.store.engine.database import Transaction
from bot.store.recording import group_commit
from bot.store.recording.group_commit import GroupCommitWriter
from bot.supervisor import Supervisor
from tests.store.scene import INSTALLATION, LETTER, REPOSITORY, Scene


def signatures(scene: Scene, number: int) -> list[CommentFact]:
    return [scene.fact(Author(n, f"user{n}"), Sign()) for n in range(1, number + 1)]


def count_transactions(store: Store) -> list[int]:
    """Give a list that gets the size of every group written."""
    sizes: list[int] = []
    write = store.writer._write

    async def counting(facts: Sequence[Fact]) -> None:
        sizes.append(len(facts))
        await write(facts)

    store.writer._write = counting
    return sizes


async def test_what_arrives_together_is_written_together(scene: Scene) -> None:
    sizes = count_transactions(scene.store)
    await asyncio.gather(*(scene.store.record([fact]) for fact in signatures(scene, 100)))
    assert await scene.count() == 100
    assert sum(sizes) == 100
    assert len(sizes) <= 3


async def test_a_group_does_not_grow_without_bounds(scene: Scene) -> None:
    sizes = count_transactions(scene.store)
    await asyncio.gather(*(scene.store.record([fact]) for fact in signatures(scene, 600)))
    assert await scene.count() == 600
    assert max(sizes) == 256


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda fact: replace(fact, comment=replace(fact.comment, id=2**63)), id="id too large"),
        pytest.param(
            lambda fact: replace(fact, comment=replace(fact.comment, author=Author(3, "\ud800"))), id="not Unicode"
        ),
        pytest.param(lambda fact: replace(fact, issue=replace(fact.issue, updated_at=2**70)), id="time too late"),
    ],
)
async def test_a_fact_that_cannot_be_stored_harms_no_other(
    scene: Scene, spoil: Callable[[CommentFact], CommentFact]
) -> None:
    facts = signatures(scene, 7)
    facts[3] = spoil(facts[3])
    outcomes = await asyncio.gather(*(scene.store.record([fact]) for fact in facts), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [*[type(None)] * 3, Unrecordable, *[type(None)] * 3]
    assert await scene.count() == 6


async def test_a_mistake_of_ours_is_not_blamed_on_the_sender_and_harms_no_other(scene: Scene) -> None:
    facts = signatures(scene, 7)
    facts[3] = replace(facts[3], comment=replace(facts[3].comment, created_at=None))
    outcomes = await asyncio.gather(*(scene.store.record([fact]) for fact in facts), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [*[type(None)] * 3, TypeError, *[type(None)] * 3]
    assert await scene.count() == 6


async def test_what_the_database_refuses_is_our_mistake_unless_no_database_takes_it(scene: Scene) -> None:
    async def refuse(_: Sequence[Fact]) -> None:
        broken = "INSERT INTO marks (name, at) VALUES ($1, $2)"
        await scene.store.database.write(lambda work: work.execute(broken, None, 1))

    scene.store.writer._write = refuse
    fact = signatures(scene, 1)[0]
    with pytest.raises(Exception, match=r"(?i)null") as mistake:
        await scene.store.record([fact])
    assert not isinstance(mistake.value, StoreError)
    with pytest.raises(Unrecordable):
        await scene.store.record([replace(fact, comment=replace(fact.comment, author=Author(3, "a\0")))])


async def test_a_measurement_that_fails_keeps_nobody_waiting(database_url: str) -> None:
    class Broken(Hooks):
        def record_commit(self, facts: int, duration: float) -> None:
            raise RuntimeError("no such metric")

    failures: list[str] = []
    store = await Store.open(database_url, hooks=Broken(), supervisor=Supervisor(failures.append))
    scene = Scene(store)
    with capture_logs() as told:
        async with asyncio.timeout(60):
            await scene.label()
            await scene.sign("ada")
            await scene.sign("grace")
    assert await scene.count() == 2
    assert failures == ["group_commit"]
    assert [str(one["exc_info"]) for one in told] == ["no such metric"]
    await store.close()


async def test_who_waits_for_a_writer_that_fails_is_answered_and_later_ones_are_written(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.01)
    scene, flusher, right = Scene(store), store.writer, store.writer._write_group
    await scene.label()

    async def fail(_: object) -> None:
        raise ZeroDivisionError

    flusher._write_group = fail  # type: ignore[method-assign, assignment] # a mistake in it
    with capture_logs() as told:
        async with asyncio.timeout(60):
            outcomes = await asyncio.gather(*map(scene.sign, ("ada", "grace")), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ZeroDivisionError, ZeroDivisionError]
        flusher._write_group = right  # type: ignore[method-assign] # mended
        async with asyncio.timeout(60):
            await scene.sign("alan")
    assert [(one["task"], type(one["exc_info"])) for one in told] == [("group_commit", ZeroDivisionError)]
    assert await scene.count() == 1


async def test_who_waits_for_a_writer_that_was_cancelled_is_answered(store: Store) -> None:
    scene, begun = Scene(store), asyncio.Event()

    async def hang(_: Sequence[Fact]) -> None:
        begun.set()
        await asyncio.Event().wait()

    store.writer._write = hang
    first = asyncio.ensure_future(scene.change_issue())
    await begun.wait()
    with capture_logs() as told:
        store.writer._task._task.cancel()
        with pytest.raises(DatabaseUnavailable):
            async with asyncio.timeout(60):
                await first
        await asyncio.sleep(0)
    assert [(one["task"], type(one["exc_info"])) for one in told] == [("group_commit", asyncio.CancelledError)]


async def test_a_store_that_writes_for_ever_closes_all_the_same(
    monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setattr(group_commit, "CLOSE_TIMEOUT", 0.05)
    store, begun = await Store.open(database_url), asyncio.Event()

    async def hang(_: Sequence[Fact]) -> None:
        begun.set()
        await asyncio.Event().wait()

    store.writer._write = hang
    first = asyncio.ensure_future(Scene(store).change_issue())
    await begun.wait()
    second = asyncio.ensure_future(Scene(store).change_issue())
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await store.close()
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable, DatabaseUnavailable]


async def test_a_database_that_answers_and_does_not_write_is_not_called_well(
    monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    monkeypatch.setattr(group_commit, "CHECK_INTERVAL", 0.01)
    monkeypatch.setattr(health, "TIMEOUT", 0.05)
    thawed, database, right = asyncio.Event(), store.database, store.database.write

    async def frozen(work: Callable[[Transaction], object], patience: float = 0) -> object:
        await thawed.wait()
        return await right(work)

    store.writer._timeout = 0.05
    database.record = database.write = frozen  # type: ignore[method-assign, assignment] # no disk hangs on demand
    with pytest.raises(DatabaseUnavailable):
        await Scene(store).label()
    assert not await store.ping()
    thawed.set()
    store.writer._timeout = group_commit.TIMEOUT
    monkeypatch.setattr(health, "TIMEOUT", 5.0)
    await Scene(store).sign("ada")
    assert await store.ping()


async def test_more_than_can_wait_is_sent_away_at_once(database_url: str) -> None:
    store = await Store.open(database_url, waiting_limit=5)
    scene = Scene(store)
    await scene.label()
    outcomes = await asyncio.gather(
        *(store.record([fact]) for fact in signatures(scene, 20)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Busy) for outcome in outcomes) == 15
    assert await scene.count() == 5
    await scene.sign("somebody else")
    assert await scene.count() == 6
    await store.close()


async def test_closing_writes_what_is_waiting(scene: Scene, database_url: str) -> None:
    waiting = [asyncio.ensure_future(scene.store.record([fact])) for fact in signatures(scene, 300)]
    await asyncio.sleep(0)
    await scene.store.close()
    await asyncio.gather(*waiting)
    with pytest.raises(Busy):
        await scene.sign("late")
    again = await Store.open(database_url)
    assert (await again.petitions.get_snapshot(LETTER.id, 0)).count == 300
    await again.close()


async def test_who_gives_up_waiting_does_not_disturb_the_others(scene: Scene) -> None:
    first, second = (asyncio.ensure_future(scene.store.record([fact])) for fact in signatures(scene, 2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert await scene.count() == 2


async def test_who_waits_too_long_is_sent_away_and_recorded_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "CHECK_INTERVAL", 0.01)
    written: list[Fact] = []
    thawed = asyncio.Event()

    async def frozen(facts: Sequence[Fact]) -> None:
        await thawed.wait()
        written.extend(facts)

    flusher = GroupCommitWriter(frozen, limit=10, timeout=0.05)
    facts = [IssueFact(INSTALLATION, REPOSITORY, LETTER, as_of) for as_of in (1, 2)]
    first = asyncio.ensure_future(flusher.submit(facts[:1]))
    await asyncio.sleep(0)
    second = asyncio.ensure_future(flusher.submit(facts[1:]))
    outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable, DatabaseUnavailable]
    thawed.set()
    await flusher.close()
    assert written == facts


async def test_recording_goes_on_when_the_database_is_back(scene: Scene) -> None:
    database = scene.store.database
    right_record = database.record
    facts = signatures(scene, 3)

    async def outage(work: Callable[[Transaction], object], patience: float = 0) -> object:
        raise DatabaseUnavailable("gone for lunch")

    database.record = outage  # type: ignore[method-assign, assignment] # no database goes away on demand
    outcomes = await asyncio.gather(*(scene.store.record([fact]) for fact in facts), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["gone for lunch"] * 3
    database.record = right_record  # type: ignore[method-assign] # and comes back
    await asyncio.gather(*map(partial(scene.store.record), [[fact] for fact in facts]))
    assert await scene.count() == 3


async def test_recording_nothing_takes_no_time(store: Store) -> None:
    sizes = count_transactions(store)
    await store.record([])
    assert sizes == []


async def test_what_was_refused_goes_without_waiting_for_the_garbage_collector(scene: Scene) -> None:
    async def write(_: Sequence[Fact]) -> None:
        raise DatabaseUnavailable("the disk is full")

    flusher = GroupCommitWriter(write, 100)
    known_to_nobody = Author(770_077, "refused")  # other tests may have left facts of other people behind
    gc.collect()
    gc.disable()
    try:
        with suppress(DatabaseUnavailable):
            await flusher.submit([scene.fact(known_to_nobody, Sign())])
            pytest.fail("it was not refused")
        # The loop itself holds on to the refusal for the rest of this turn.
        await asyncio.sleep(0)
        facts = [one for one in gc.get_objects() if isinstance(one, CommentFact)]
        kept = [one for one in facts if one.comment.author is known_to_nobody]
    finally:
        gc.enable()
        await flusher.close()
    assert kept == []
