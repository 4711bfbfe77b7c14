"""Whatever people save in the issue's body while the bot writes there, their text stands and the block is right."""

from __future__ import annotations

from functools import partial

import pytest

from bot.petition import block
from sandbox.faults import Failure, Faults, RequestFault
from sandbox.models import Issue
from tests.whole.recorded_calls import at_rest, eventually, surveyed, unheard, watched
from tests.whole.scene import Scene, said

LETTER = "Dear all,\r\n\r\nplease."


def letter(petition: Issue) -> str:
    return block.letter(petition.body).replace("\r\n", "\n")


def save(stage: Scene, petition: Issue, body: str) -> None:
    stage.sandbox.issues.edit(petition, stage.organizer(), body)


async def rest(stage: Scene) -> None:
    await stage.sandbox.settled()
    await eventually(lambda: at_rest(stage), "the end of all work")


async def test_what_a_person_saved_between_our_read_and_our_write_is_put_back(
    sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition(LETTER)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        calls.before("PATCH", lambda: save(stage, petition, "Dear everybody,\n\nplease do.\n"))
        stage.sign(petition, "grace")
        await stage.until(lambda: letter(petition) == "Dear everybody,\n\nplease do.\n")
        await stage.until(lambda: said(petition) == 2 and "The letter was changed" in (petition.body or ""))
        await rest(stage)
        edits = len(petition.edits)
        stage.sign(petition, "alan", "Well said.")
        await surveyed(stage)
        assert len(petition.edits) == edits
        assert capsys.readouterr().out.count("restored an edit") == 1


async def test_an_edit_that_is_lost_while_another_is_put_back_is_put_back_too(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition(LETTER)
        await stage.shows(petition, 0)
        for text in ("First thought.", "Second thought.", "Third thought."):
            calls.before("PATCH", partial(save, stage, petition, text))
        stage.sign(petition, "ada")
        await stage.until(lambda: letter(petition) == "Third thought." and said(petition) == 1)
        await rest(stage)
        assert letter(petition) == "Third thought."


async def test_a_lost_edit_is_found_in_the_history_where_no_delivery_ever_tells_of_it(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.reconcile.resync.OVERLAP", -2)
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition(LETTER)
        await stage.shows(petition, 0)
        await rest(stage)

        def act() -> None:
            stage.sandbox.faults = Faults(vanished=1.0)
            save(stage, petition, "Lost.")

        calls.before("PATCH", act)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        assert letter(petition) != "Lost."
        stage.sandbox.faults = Faults()
        await surveyed(stage)
        await stage.until(lambda: letter(petition) == "Lost." and said(petition) == 1)
        await rest(stage)
        calls.forget()
        await surveyed(stage)
        assert calls.like("POST .*graphql") == []


async def test_an_edit_made_since_is_not_replaced_by_the_lost_one(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition(LETTER)
        await stage.shows(petition, 0)
        await rest(stage)

        def act() -> None:
            save(stage, petition, "Lost.")
            stage.sandbox.faults = Faults(lost=1.0)

        calls.before("PATCH", act)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        stage.sandbox.faults = Faults()
        save(stage, petition, "Newer.")
        await stage.until(lambda: letter(petition) == "Newer." and said(petition) == 1)
        await rest(stage)
        assert stage.bot is not None
        stage.bot.app_sync.request_sync()
        await eventually(lambda: calls.like("POST /app/hook/deliveries/.*/attempts"), "a redelivery")
        await rest(stage)
        assert letter(petition) == "Newer."


async def test_a_lost_edit_is_put_back_after_a_restart_and_a_lost_delivery(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition(LETTER)
        await stage.shows(petition, 0)
        await rest(stage)
        calls.before("PATCH", lambda: save(stage, petition, "Mine."))
        broken = Faults(where="PATCH", unavailable=1.0)
        calls.before("PATCH", lambda: setattr(stage.sandbox, "faults", broken))
        stage.sign(petition, "ada")
        await eventually(lambda: calls.like("PATCH .* 503"), "a write that fails")
        await stage.stop_bot()
        assert letter(petition) != "Mine."
        stage.sandbox.faults = Faults()
        await stage.start_bot()
        await stage.until(lambda: letter(petition) == "Mine." and said(petition) == 1)


async def test_a_write_that_was_made_although_it_seemed_to_fail_loses_nothing(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition(LETTER)
        await stage.shows(petition, 0)
        await rest(stage)
        stage.sandbox.fault_injector.plan("PATCH", Failure(RequestFault.SERVER_ERROR, applied=True))
        calls.before("PATCH", lambda: save(stage, petition, "Mine."))
        stage.sign(petition, "ada")
        await stage.until(lambda: letter(petition) == "Mine." and said(petition) == 1)
        await rest(stage)
        assert [edit.text.count("undersigned:begin") for edit in petition.edits[-2:]] == [1, 1]


async def test_our_own_writes_cause_no_more_work(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition(LETTER)
        await stage.shows(petition, 0)
        await surveyed(stage)
        calls.forget()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await rest(stage)
        assert len(calls.like("GET .*/issues/1 ")) == 1
        assert len(calls.like("PATCH")) == 1


@pytest.mark.parametrize(
    "damage",
    [
        "Dear people,",
        "",
        "<!-- undersigned:begin -->\nDear people,",
        "Dear people,\n<!-- undersigned:end -->\n\n<!-- undersigned:end -->",
        "<!-- undersigned:end -->\nDear people,\n<!-- undersigned:begin -->",
        "<!-- undersigned:begin -->\n<!-- undersigned:begin -->\n0 people\n<!-- undersigned:end -->\nDear people,",
    ],
)
async def test_a_damaged_body_is_mended_at_once(sqlite_url: str, damage: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = stage.petition(LETTER)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        save(stage, petition, damage)
        body = await stage.shows(petition, 1)
        await rest(stage)
        assert (petition.body or "").count("undersigned:begin") == 1
        assert ("Dear people," in body) == ("Dear people," in damage)


async def test_what_another_app_does_to_the_body_is_mended_at_once(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = stage.petition(LETTER)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        other = stage.sandbox.user("formatter[bot]", "Bot")
        stage.sandbox.repositories.set_role(petition.repository, other, "write")
        stage.sandbox.issues.edit(petition, other, "Dear\nall,")
        await stage.shows(petition, 1)
        assert letter(petition) == "Dear\nall,"


async def test_a_body_of_nothing_gets_a_block(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = stage.petition(None)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        with unheard(stage):
            save(stage, petition, "")
        petition.body = None
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)


async def test_an_edit_of_the_letter_alone_is_read_and_nothing_written_before_anybody_signed(
    sqlite_url: str,
) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = stage.petition(LETTER)
        body = await stage.shows(petition, 0)
        await rest(stage)
        save(stage, petition, body.replace("please", "kindly"))
        await rest(stage)
        assert petition.edits[-1].editor is stage.organizer()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        save(stage, petition, (petition.body or "").replace("kindly", "at once"))
        await stage.until(lambda: "The letter was changed" in (petition.body or ""))
        assert letter(petition) == "Dear all,\n\nat once."
