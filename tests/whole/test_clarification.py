"""A comment in doubt waits alone: everything else in its thread is read and counted on time."""

from __future__ import annotations

import time

import pytest

from sandbox.faults import Faults
from tests.whole.recorded_calls import a_second_later, store_of, surveyed, unheard, watched

LISTING = "GET /repos/lovelace/letters/issues/1/comments"


@pytest.mark.parametrize("tells", [True, False], ids=["GitHub tells who wrote it", "GitHub does not"])
async def test_a_comment_that_is_switched_to_and_fro_keeps_nobody_waiting(sqlite_url: str, tells: bool) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        stage.sign(petition, "ada")
        switched = stage.sign(petition, "mallory", "hello")
        await stage.shows(petition, 1)
        if not tells:
            stage.sandbox.faults = Faults(where="/graphql", graphql_error=1.0)
        calls.forget()
        # As if it took 13 seconds: what comes within one of them is no riddle.
        passed = 0.0
        stage.sandbox.world.now = lambda: time.time() + passed
        for number in range(160):
            passed = number / 12
            stage.sandbox.comments.edit(switched, switched.user, "hello" if number % 2 else "/sign Mallory")
            await stage.sandbox.settled()
        listings, asked = len(calls.like(LISTING)), len(calls.like("POST /api/graphql"))
        # One for what could be meant by the first of them, and one before each new tally; none for each edit.
        assert 0 < listings < 20
        assert 0 < asked < 10
        with unheard(stage):
            stage.sign(petition, "grace")
        await surveyed(stage)
        await stage.until(lambda: "/grace)" in (petition.body or ""))


async def test_a_comment_in_doubt_is_asked_for_without_reading_the_thread(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        signed = stage.sign(petition, "ada", "hello")
        await stage.shows(petition, 0)
        await a_second_later()
        stage.sandbox.faults = Faults(where="/graphql", graphql_error=1.0)
        with unheard(stage):
            stage.sandbox.comments.edit(signed, signed.user, "/sign Ada")
        await surveyed(stage)
        assert (await store_of(stage).petitions.get_snapshot(petition.id, 0)).doubtful == 1
        calls.forget()
        stage.sandbox.faults = Faults()
        await stage.shows(petition, 1)
        assert calls.like("POST /api/graphql")
        assert not calls.like(LISTING)
