"""What keeps the bot from its work has a name, is told once, stops the hammering, and passes by itself."""

from __future__ import annotations

import asyncio
import dataclasses
import pkgutil
from typing import Any

import pytest
from msgspec.structs import replace

from bot import app, time_types
from bot.reconcile.errors_and_retries import Intervals
from bot.reconcile.installation_worker import RETRY_AFTER_BUG
from bot.reconcile.resync import ThreadResync
from bot.store import Due, State
from sandbox.models import Installation, Issue
from sandbox.server import Sandbox
from tests.store.scene import list_conditions
from tests.whole.recorded_calls import (
    HEARD,
    Calls,
    at_rest,
    comes_to,
    eventually,
    happening,
    quiet_tokens,
    signed_petition,
    state_of,
    store_of,
    unheard,
    watched,
)
from tests.whole.scene import FAST, WATCHFUL, Clock, Scene, said, scene

__all__ = ["quiet_tokens"]

READ_ONLY = {"issues": "read", "contents": "read", "metadata": "read"}


def installation_of(stage: Scene) -> Installation:
    return next(one for one in stage.sandbox.world.installations.values() if not one.deleted)


async def some_surveys(calls: Calls, number: int = 4) -> None:
    """Wait until the rounds have been gone some more times."""
    before = len(calls.like("GET /app/installations"))
    await eventually(lambda: len(calls.like("GET /app/installations")) >= before + number, "some rounds")


def test_every_state_says_what_to_do() -> None:
    assert all(state.advice for state in State)


@HEARD
async def test_a_suspended_installation_rests_until_it_is_back(sqlite_url: str, heard: bool) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        installation = installation_of(stage)
        with happening(stage, heard):
            stage.sandbox.installations.suspend(installation)
        await comes_to(stage, petition, State.SUSPENDED)
        await eventually(lambda: at_rest(stage), "the end of all work")
        calls.forget()
        await some_surveys(calls)
        assert not [call for call in calls.made if not call.startswith("GET /app/")]
        with happening(stage, heard):
            stage.sandbox.installations.unsuspend(installation)
            stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.FINE)


@HEARD
async def test_an_app_that_was_removed_goes_on_when_it_is_installed_again(
    sqlite_url: str, heard: bool, quiet_tokens: None
) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        with happening(stage, heard):
            stage.sandbox.installations.delete(installation_of(stage))
        await comes_to(stage, petition, State.UNINSTALLED)
        stage.sign(petition, "grace")
        await eventually(lambda: at_rest(stage), "the end of all work")
        scheduler = stage.bot.scheduler if stage.bot is not None else None
        assert scheduler is not None
        await eventually(lambda: not scheduler._workers and not scheduler._wanted_at, "nothing kept of it")
        calls.forget()
        await some_surveys(calls)
        assert not [call for call in calls.made if not call.startswith("GET /app/")]
        with happening(stage, heard):
            stage.sandbox.installations.create(petition.repository.owner)
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.FINE)


async def test_an_installation_that_cannot_be_used_raises_the_alarm(sqlite_url: str) -> None:
    """Without waiting for the beat of the rounds."""
    async with watched(sqlite_url) as (stage, calls):
        petition = await signed_petition(stage)
        await stage.stop_bot()
        with unheard(stage):
            stage.sandbox.installations.suspend(installation_of(stage))
            stage.sign(petition, "grace")
        slow = replace(FAST, intervals=Intervals(poll=0.1, debounce=0.01, resync=600.0, api_lag=0.0))
        stage.rates = slow
        await stage.start_bot()
        await comes_to(stage, petition, State.SUSPENDED)
        await eventually(lambda: at_rest(stage), "the end of all work")
        assert len(calls.like("POST /app/installations/.*/access_tokens 403")) <= 2


@HEARD
async def test_without_permission_to_write_the_petition_waits_for_it(
    sqlite_url: str, heard: bool, quiet_tokens: None
) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        installation = installation_of(stage)
        events = list(installation.events)
        with happening(stage, heard):
            stage.sandbox.installations.grant(installation, READ_ONLY, events)
        # As after an hour: a token may do what was permitted when it was minted.
        await stage.stop_bot()
        await stage.start_bot()
        stage.sign(petition, "grace")
        await comes_to(stage, petition, State.NOT_ALLOWED)
        (condition,) = await list_conditions(store_of(stage))
        assert "issues=write" in condition.detail
        calls.forget()
        for number in range(10):
            stage.sign(petition, f"person-{number}")
        await stage.sandbox.settled()
        await some_surveys(calls)
        assert len(calls.like("PATCH")) <= 1
        with happening(stage, heard):
            stage.sandbox.installations.grant(installation, installation.permissions | {"issues": "write"}, events)
        await stage.shows(petition, 12)
        await comes_to(stage, petition, State.FINE)


async def test_without_events_signatures_are_counted_by_reading(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition = await signed_petition(stage)
        installation = installation_of(stage)
        stage.sandbox.installations.grant(installation, installation.permissions, ["issues"])
        await comes_to(stage, petition, State.NOT_GRANTED)
        (condition,) = await list_conditions(store_of(stage))
        assert condition.detail == "event issue_comment"
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        stage.sandbox.installations.grant(installation, installation.permissions, ["issues", "issue_comment"])
        await comes_to(stage, petition, State.FINE)


async def test_a_locked_petition_is_kept_and_reactions_catch_up(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = await signed_petition(stage)
        await stage.reacted(petition.comments[0], "+1")
        stage.sandbox.issues.lock(petition, stage.organizer())
        signed = stage.sandbox.comments.create(petition, stage.organizer(), "/sign")
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.LOCKED)
        assert not calls.like("POST .*/reactions 403")
        stage.sandbox.issues.unlock(petition, stage.organizer())
        await stage.reacted(signed, "+1")
        await comes_to(stage, petition, State.FINE)


async def test_a_letter_that_leaves_no_room_is_left_alone_until_it_is_shorter(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        long = "x" * 65_536
        petition = stage.petition(long)
        stage.sign(petition, "ada")
        await comes_to(stage, petition, State.NO_ROOM)
        assert petition.body == long
        assert not calls.like("PATCH")
        stage.sandbox.issues.edit(petition, petition.user, "Dear all,")
        await stage.shows(petition, 1)
        await comes_to(stage, petition, State.FINE)


async def test_credentials_that_github_refuses_are_told_and_not_tried_again_and_again(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = await signed_petition(stage)
        await stage.stop_bot()
        calls.forget()
        wrong = dataclasses.replace(stage.config(), app_id="1")
        async with app.running(
            wrong, replace(FAST, intervals=Intervals(poll=0.1, debounce=0.01, api_lag=0.0))
        ) as bot:
            stage.bot = bot
            stage.sign(petition, "grace")
            await comes_to(stage, petition, State.CREDENTIALS_REFUSED)
            assert len(calls.made) <= 12
        await stage.start_bot()
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.FINE)


async def test_each_change_of_state_is_told_once_with_what_to_do(
    sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        stage.sandbox.repositories.archive(petition.repository, petition.repository.owner)
        await told(stage, petition, State.ARCHIVED)
        await some_surveys(calls)
        await stage.stop_bot()
        await stage.start_bot()
        await some_surveys(calls)
        stage.sandbox.repositories.unarchive(petition.repository, petition.repository.owner)
        await told(stage, petition, State.FINE)
        said = capsys.readouterr().out
        assert said.count("state=archived") == 1
        assert "Unarchive it to continue the petition." in said
        assert said.count("the petition is fine again") == 1


async def told(stage: Scene, petition: Issue, state: State) -> None:
    """Wait until a state has been told."""

    async def is_told() -> bool:
        now = await state_of(stage, petition)
        return now is state and not await store_of(stage).states.list_changed()

    await eventually(is_told, f"the telling of {state!r}")


@pytest.mark.parametrize(
    "where",
    ["bot.reconcile.installation_worker.publish", "bot.reconcile.installation_worker.ThreadResync.read_all"],
)
async def test_a_mistake_of_ours_over_one_petition_keeps_no_other_waiting(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    clock = Clock()
    async with scene(sqlite_url, sandbox=Sandbox(now=clock), start=False) as stage:
        stage.clock = time_types.Clock(clock, asyncio.sleep)
        odd, sound = stage.petition(), stage.petition()
        stage.sign(odd, "ada")
        stage.sign(sound, "ada")
        do = pkgutil.resolve_name(where)

        async def stumble(over: Due | ThreadResync, *rest: Any, **more: Any) -> object:
            due = over.thread if isinstance(over, ThreadResync) else over
            if due.petition_id == odd.id:
                raise ValueError("year 10000 is out of range")
            return await do(over, *rest, **more)

        def minutes_pass() -> bool:
            clock.ahead += 61
            return said(sound) == 1

        monkeypatch.setattr(where, stumble)
        await stage.start_bot()
        await eventually(minutes_pass, "the other one's tally")
        monkeypatch.setattr(where, do)
        clock.ahead += RETRY_AFTER_BUG
        await stage.shows(odd, 1)
        await eventually(lambda: is_fine(stage, odd), "its good state")


async def is_fine(stage: Scene, petition: Issue) -> bool:
    return await state_of(stage, petition) is State.FINE
