"""What a resync reads is let go of when it is over; and what our writes replaced is found."""

from __future__ import annotations

import gc

import pytest

from bot.github.models.rest import CommentsRead
from bot.petition.facts_from_github import IssueFact
from bot.reconcile.resync import ThreadResync, resync_by_hand
from bot.store import ThreadToRead
from sandbox.faults import Faults
from sandbox.models import Issue
from tests.reconcile.scene import Scene
from tests.store.scene import record_write


@pytest.mark.parametrize("faults", [Faults(), Faults(where="/graphql", graphql_error=1.0)])
async def test_what_was_read_goes_without_waiting_for_the_garbage_collector(stage: Scene, faults: Faults) -> None:
    petition = stage.sandbox.petition()
    comment = stage.sandbox.comment(petition, "ada", "/sign")
    stage.clock.pass_by(10)
    stage.sandbox.comments.edit(comment, comment.user, "/sign Ada Lovelace")
    stage.sandbox.faults = faults
    gc.collect()
    gc.disable()
    try:
        found = await resync_by_hand(
            petition.repository.full_name, petition.number, stage.store, stage.github, "petition", stage.clock()
        )
        kept = [one for one in gc.get_objects() if isinstance(one, CommentsRead)]
    finally:
        gc.enable()
    assert found.is_settled is (faults == Faults())
    assert kept == []


async def write_over(stage: Scene, petition: Issue, *, times: int = 1) -> None:
    """Let somebody save the letter in the moment of a write of ours, of which and of later ones nobody tells."""
    sandbox, before = stage.sandbox, petition.body or ""
    for number in range(times):
        body = f"{before}\n\n<!-- undersigned:begin -->\n{number}\n<!-- undersigned:end -->"
        await record_write(stage.store, petition.id, petition.body, body)
        if number == 0:
            sandbox.issues.edit(petition, stage.sandbox.organizer(), "Dear everybody,", web=False)
        sandbox.issues.edit(petition, sandbox.world.app.bot, body)
        stage.clock.pass_by(1)


async def adopt(stage: Scene, petition: Issue) -> ThreadToRead:
    where = petition.repository.full_name, petition.number
    await resync_by_hand(*where, stage.store, stage.github, "petition", stage.clock())
    thread = await stage.store.threads.get(petition.id)
    assert thread is not None
    return thread


async def reread_later(stage: Scene, thread: ThreadToRead) -> str | None:
    """Read a thread again when it is long over; give what was lost."""
    stage.clock.pass_by(120)
    client = stage.github.installation(stage.installation.id)
    await ThreadResync(thread, stage.store, client, stage.clock()).read_all()
    return (await stage.store.bodies.get(thread.issue_id)).lost


@pytest.mark.parametrize("writes", [1, 120])
async def test_what_was_lost_is_found_however_often_we_wrote_since(stage: Scene, writes: int) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    thread = await adopt(stage, petition)
    await write_over(stage, petition, times=writes)
    assert await reread_later(stage, thread) == "Dear everybody,"
    asked = stage.called("POST /api/graphql")
    await reread_later(stage, thread)
    assert stage.called("POST /api/graphql") == asked


async def test_nothing_is_lost_where_somebody_else_saved_last(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    thread = await adopt(stage, petition)
    await write_over(stage, petition)
    stage.sandbox.issues.edit(petition, stage.sandbox.organizer(), "Dear us,", web=False)
    assert await reread_later(stage, thread) is None


async def test_a_write_that_was_never_made_has_lost_nothing(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    thread = await adopt(stage, petition)
    await record_write(stage.store, petition.id, "Dear all,", "Dear all, and a block")
    assert await reread_later(stage, thread) is None
    assert not await stage.store.bodies.count_unconfirmed_writes(petition.id, 2**40)


async def test_where_an_issue_is_gone_nothing_is_given_up(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    thread = await adopt(stage, petition)
    await write_over(stage, petition)
    there = stage.sandbox.repository("lovelace/other")
    stage.sandbox.issues.transfer(petition, petition.repository.owner, there)
    assert await reread_later(stage, thread) is None
    assert await stage.store.bodies.count_unconfirmed_writes(petition.id, 2**40)


async def test_without_the_label_a_thread_is_checked_for_what_our_last_write_replaced(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    thread = await adopt(stage, petition)

    async def is_looked_at() -> bool:
        later = stage.clock() + 100
        found = await stage.store.threads.get_to_check(thread.installation_id, later, int(later))
        return found is not None

    assert await is_looked_at()
    stage.clock.pass_by(10)
    stage.sandbox.issues.unlabel(petition, petition.repository.owner, "petition")
    read = await stage.github.installation(thread.installation_id).get_issue("lovelace/letters", petition.number)
    await stage.store.record(
        [IssueFact(thread.installation_id, read.repository, read.issue, read.issue.updated_at)]
    )
    assert not await is_looked_at()
    await write_over(stage, petition)
    assert await is_looked_at()
    assert await reread_later(stage, thread) == "Dear everybody,"
    assert not await is_looked_at()
