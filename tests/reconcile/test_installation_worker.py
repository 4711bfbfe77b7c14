"""What is done for one installation, and that nothing is sent that is another process's to send by now."""

from __future__ import annotations

import pytest

from bot.github.errors import Paused, WriteNotSent
from bot.github.throttle import Throttle
from bot.petition.facts_from_github import Unclear
from bot.reconcile import account_review
from bot.reconcile.resync import ThreadRead, ThreadResync
from bot.store import Lease
from tests.reconcile.scene import WorkerScene


async def test_a_body_is_not_written_when_the_lease_was_lost_while_it_waited_for_its_turn(
    shift: WorkerScene,
) -> None:
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


async def test_a_reaction_is_not_given_when_the_lease_was_lost_while_it_waited_for_its_turn(
    shift: WorkerScene,
) -> None:
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
    shift: WorkerScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.reconcile.continuation_issues.COMMENT_LIMIT", 3)
    petition = shift.stage.sandbox.petition(body="Dear all,")
    for login in ("ada", "grace", "alan"):
        shift.stage.sandbox.comment(petition, login, "/sign")
    await shift.adopt(petition)
    with pytest.raises(WriteNotSent, match=r"POST .*/issues was not sent"):
        await shift.work()
    assert not shift.stage.called("POST /repos/lovelace/letters/issues 201")


@pytest.mark.parametrize("signers", [["grace"], []])
async def test_comments_are_neither_missing_nor_new_where_another_repository_has_the_old_name(
    shift: WorkerScene, signers: list[str]
) -> None:
    stage = shift.stage
    petition = stage.sandbox.petition(body="Dear all,")
    for login in signers:
        stage.sandbox.comment(petition, login, "/sign")
    await shift.adopt(petition)
    while not await shift.worker.step(Lease(lambda: True)):
        pass
    stage.sandbox.repositories.rename(petition.repository, petition.repository.owner, "open-letters")
    other = stage.sandbox.petition("Not ours", "Not ours.", "", stage.sandbox.repository("lovelace/letters"))
    stage.sandbox.comment(other, "mallory", "/sign")
    assert other.number == petition.number
    stage.clock.pass_by(10)
    await stage.store.record([Unclear(stage.installation.id, petition.id)])
    for _ in range(60):
        until = await shift.worker.step(Lease(lambda: True))
        newest = (await stage.store.petitions.get_snapshot(petition.id, 9)).newest
        assert [one.login for one in newest] == signers
        if until:
            stage.clock.pass_by(until - stage.clock())
    snapshot = await stage.store.petitions.get_snapshot(petition.id, 0)
    assert snapshot.repository.name == "open-letters"
    assert not await stage.store.threads.list_to_read(stage.installation.id, stage.clock())
    assert other.body == "Not ours."


async def test_an_issue_that_was_transferred_is_read_where_it_is(shift: WorkerScene) -> None:
    stage = shift.stage
    petition = stage.sandbox.petition(body="Dear all,")
    gone, _ = (stage.sandbox.comment(petition, login, "/sign") for login in ("grace", "alan"))
    await shift.adopt(petition)
    thread = await stage.store.threads.get(petition.id)
    assert thread is not None
    resync = ThreadResync(thread, stage.store, shift.worker.client, stage.clock())
    assert (await resync.read_all()).outcome.count == 2
    elsewhere = stage.sandbox.repository("lovelace/archive")
    stage.sandbox.issues.transfer(petition, petition.repository.owner, elsewhere)
    stage.sandbox.comments.delete(gone, gone.user)
    stage.clock.pass_by(10)
    assert (await resync.read_all()).outcome.count == 1


async def test_an_issue_is_asked_for_only_where_a_listing_lacks_comments(shift: WorkerScene) -> None:
    stage = shift.stage
    petition = stage.sandbox.petition(body="Dear all,")
    comment = stage.sandbox.comment(petition, "grace", "/sign")
    await shift.adopt(petition)
    thread = await stage.store.threads.get(petition.id)
    assert thread is not None
    where = f"GET /repos/lovelace/letters/issues/{petition.number} "
    resync = ThreadResync(thread, stage.store, shift.worker.client, stage.clock())
    asked = stage.called(where)
    assert (await resync.read_all()).outcome.count == 1
    assert stage.called(where) == asked
    stage.sandbox.comments.delete(comment, comment.user)
    stage.clock.pass_by(10)
    assert (await resync.read_all()).outcome.count == 0
    assert stage.called(where) == asked + 1


async def test_accounts_are_looked_at_after_the_tally_and_slowly_where_few_calls_are_left(
    shift: WorkerScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account_review, "MAX_NODES", 1)
    stage = shift.stage
    petition = stage.sandbox.petition(body="Dear all,")
    for login in ("ada", "alan", "emmy"):
        stage.sandbox.comment(petition, login, "/sign")
    await shift.adopt(petition)
    while not await shift.worker.step(Lease(lambda: True)):
        pass
    stage.sandbox.comment(petition, "sofia", "/sign")
    await stage.store.signer_accounts.request_review(petition.id)
    stage.clock.pass_by(10)
    await stage.store.record([Unclear(stage.installation.id, petition.id)])
    stage.calls.clear()
    throttle = shift.worker.client.session.api.throttle
    throttle.record_headers(
        {
            "x-ratelimit-resource": "graphql",
            "x-ratelimit-remaining": "2000",
            "x-ratelimit-limit": "5000",
            "x-ratelimit-reset": str(int(stage.clock()) + 3_600),
        },
        stage.clock(),
    )
    monkeypatch.setattr(Throttle, "record_headers", lambda *_: None)
    while not await shift.worker.step(Lease(lambda: True)):
        pass
    writes = [call.split()[0] for call in stage.calls if call.startswith(("PATCH", "POST /api/graphql"))]
    assert writes == ["PATCH", "POST"], "the tally first, and then one look"
    for seconds, looked in ((1.0, 1), (7.0, 2), (1.0, 2), (7.0, 3)):
        stage.clock.pass_by(seconds)
        while not await shift.worker.step(Lease(lambda: True)):
            pass
        assert stage.called("POST /api/graphql") == looked, "no more than a tenth of an hour's calls"


async def test_a_thread_is_not_read_again_before_the_limit_that_its_reading_met_has_ended(
    shift: WorkerScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, tries = shift.stage, list[float]()
    petition = stage.sandbox.petition(body="Dear all,")
    await shift.adopt(petition)
    while not await shift.worker.step(Lease(lambda: True)):
        pass
    thread = await stage.store.threads.get(petition.id)
    assert thread is not None
    await stage.store.threads.postpone(thread, stage.clock())
    looked_at, until = stage.called(f"GET /repos/lovelace/letters/issues/{petition.number} "), stage.clock() + 900

    read_all = ThreadResync.read_all

    async def meet_the_limit(resync: ThreadResync) -> ThreadRead:
        tries.append(stage.clock())
        if stage.clock() < until:
            raise Paused(until, "no GraphQL calls are left", whole=False)
        return await read_all(resync)

    monkeypatch.setattr(ThreadResync, "read_all", meet_the_limit)
    for _ in range(16):
        while not await shift.worker.step(Lease(lambda: True)):
            pass
        stage.clock.pass_by(60)
    assert [one >= until for one in tries] == [False, True]
    # Nothing is the matter with the issue.
    assert stage.called(f"GET /repos/lovelace/letters/issues/{petition.number} ") == looked_at
