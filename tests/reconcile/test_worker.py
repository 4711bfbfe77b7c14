"""What is done for one installation, and that nothing is sent that is another process's to send by now."""

from __future__ import annotations

import pytest

from bot.github.errors import WriteNotSent
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
    monkeypatch.setattr("bot.petition.threads.COMMENT_LIMIT", 3)
    petition = shift.stage.sandbox.petition(body="Dear all,")
    for login in ("ada", "grace", "alan"):
        shift.stage.sandbox.comment(petition, login, "/sign")
    await shift.adopt(petition)
    with pytest.raises(WriteNotSent, match=r"POST .*/issues was not sent"):
        await shift.work()
    assert not shift.stage.called("POST /repos/lovelace/letters/issues 201")
