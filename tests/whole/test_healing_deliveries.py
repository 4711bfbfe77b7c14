"""Deliveries that failed are fetched: at start, on the beat, and by one process of several."""

from __future__ import annotations

import json
import time
from functools import partial

import aiohttp

from bot import app
from bot.github.webhooks import send
from sandbox.faults import Faults
from tests.whole.recorded_calls import at_rest, eventually, watched
from tests.whole.scene import FAST, WATCHFUL


async def test_what_was_told_while_nobody_listened_is_fetched_at_start(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        await stage.shows(petition, 0)
        await stage.sandbox.settled()
        await stage.stop_bot()
        stage.sign(petition, "ada")
        stage.sign(petition, "grace")
        await stage.sandbox.settled()
        await stage.start_bot()
        await stage.shows(petition, 2)
        await eventually(lambda: len(calls.like("POST /app/hook/deliveries/.*/attempts")) == 2, "both redeliveries")
        await stage.sandbox.settled()
        assert [one.status for one in stage.sandbox.deliveries.log.attempts()[:2]] == ["OK", "OK"]


async def test_an_edit_told_in_a_strange_shape_is_asked_for(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        stage.sandbox.world.now = lambda: time.time() - 60
        petition = stage.petition()
        comment = stage.sign(petition, "ada", "hello")
        await stage.sandbox.settled()
        await stage.shows(petition, 0)
        await eventually(lambda: at_rest(stage), "the end of all work")
        there, stage.sandbox.deliveries.url = stage.sandbox.deliveries.url, "http://127.0.0.1:9/webhook"
        edits = (40, "/sign Ada", {"changes": {"body": True}}), (20, "hello", {"comment": 5})
        for ago, words, strange in edits:
            stage.sandbox.world.now = partial(lambda ago: time.time() - ago, ago)
            stage.sandbox.comments.edit(comment, comment.user, words)
            await stage.sandbox.settled()
            told = json.loads(stage.sandbox.deliveries.log.attempts()[0].delivery.payload) | strange
            async with aiohttp.ClientSession() as session:
                secret = stage.sandbox.webhook_secret
                reply = await send(session, str(there), "issue_comment", json.dumps(told).encode(), secret)
            assert reply.is_good
            await stage.shows(petition, int("/sign" in words))


async def test_what_fails_now_and_then_is_fetched_on_the_beat(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = stage.petition()
        await stage.shows(petition, 0)
        stage.sandbox.faults = Faults(lost=0.5, seed=3)
        for number in range(20):
            stage.sign(petition, f"person-{number}")
        stage.sandbox.faults = Faults()
        await stage.shows(petition, 20)

        def all_arrived() -> bool:
            attempts = stage.sandbox.deliveries.log.attempts()
            return {one.delivery.guid for one in attempts if one.status == "OK"} == {
                one.delivery.guid for one in attempts
            }

        await eventually(all_arrived, "every delivery")
        asked = calls.like("POST /app/hook/deliveries/.*/attempts")
        assert len(asked) == len(set(asked))


async def test_of_several_processes_one_fetches(postgres_url: str) -> None:
    async with watched(postgres_url, start=False) as (stage, calls):
        petition = stage.petition()
        stage.sandbox.deliveries.url = "http://127.0.0.1:9/webhook"
        stage.sandbox.faults = Faults(lost=1.0)
        for number in range(10):
            stage.sign(petition, f"person-{number}")
        stage.sandbox.faults = Faults()
        async with app.running(stage.config(), FAST) as other:
            await stage.start_bot()
            await stage.shows(petition, 10)
            await stage.sandbox.settled()
            await eventually(lambda: at_rest(stage), "the end of all work")
            await eventually(lambda: not other.app_sync.busy, "the end of the rounds")
        asked = calls.like("POST /app/hook/deliveries/.*/attempts")
        assert len(asked) == len(set(asked)) == 10


async def test_an_app_that_github_does_not_know_waits_and_goes_on(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL, start=False) as (stage, calls):
        petition = stage.petition()
        stage.sign(petition, "ada")
        stage.sandbox.faults = Faults(where="/app", unavailable=1.0)
        await stage.start_bot()
        await eventually(lambda: len(calls.like("GET /app/installations")) > 1, "a second try")
        stage.sandbox.faults = Faults()
        await stage.shows(petition, 1)
