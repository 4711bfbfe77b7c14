"""Who changes a body again and again does not have it written each time, and the organizers are told."""

from __future__ import annotations

import asyncio

import pytest

from bot import time_types
from bot.petition import block
from bot.store import State
from sandbox.models import Issue
from tests.whole.recorded_calls import at_rest, eventually, state_of, watched
from tests.whole.scene import Clock, Scene

LETTER = "Dear all,\r\n\r\nplease."


async def change(stage: Scene, petition: Issue, body: str) -> None:
    """Save a body, and let the bot do about it what it does at once."""
    stage.sandbox.issues.edit(petition, stage.organizer(), body)
    await stage.sandbox.settled()
    await eventually(lambda: at_rest(stage), "the end of all work")


@pytest.mark.parametrize("wiped", [(LETTER,), ("", LETTER, "Nothing.")], ids=["the same", "something else"])
async def test_a_body_that_is_wiped_again_and_again_is_written_again_a_few_times_only(
    sqlite_url: str, wiped: tuple[str, ...]
) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        clock = Clock()
        stage.clock = time_types.Clock(clock, asyncio.sleep)
        await stage.start_bot()
        petition = stage.petition(LETTER)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        calls.forget()
        await change(stage, petition, LETTER)
        await stage.shows(petition, 1)
        for number in range(24):
            await change(stage, petition, wiped[number % len(wiped)])
        assert len(calls.like("PATCH")) <= 4
        assert await state_of(stage, petition) is State.OVERWRITTEN
        stage.sign(petition, "grace")
        clock.ahead += 60
        await stage.shows(petition, 2)
        await eventually(lambda: at_rest(stage), "the end of all work")
        assert await state_of(stage, petition) is State.FINE


async def test_who_edits_the_letter_sees_at_once_what_comes_of_it(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = stage.petition(LETTER)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        for number in range(6):
            await change(stage, petition, (petition.body or "").replace("please", f"please{number} please"))
            assert block.machine_line(petition.body) is not None
            assert await state_of(stage, petition) is State.FINE
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)


async def test_who_edits_the_letter_for_ever_does_not_have_it_written_each_time(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition(LETTER)
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        calls.forget()
        for number in range(40):
            body = (petition.body or "").replace("1 person", f"{number + 2} people")
            await change(stage, petition, f"{number} {body}")
        assert len(calls.like("PATCH")) <= 12
        assert await state_of(stage, petition) is State.OVERWRITTEN
