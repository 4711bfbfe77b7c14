"""Who wrote an edited comment is asked of GitHub where no delivery has told, and nobody signs on a guess."""

from __future__ import annotations

import time

import pytest

from sandbox.faults import Faults
from sandbox.models import Comment, Issue
from tests.whole.recorded_calls import Calls, at_rest, eventually, store_of, surveyed, unheard, watched
from tests.whole.scene import Scene


def edited(stage: Scene, petition: Issue, login: str, by: str | None = None) -> Comment:
    """Write something, and have it edited into a /sign, a day ago."""
    stage.sandbox.world.now = lambda: time.time() - 86_400
    comment = stage.sandbox.comments.create(petition, stage.sandbox.user(login), "Hm.")
    stage.sandbox.world.now = lambda: time.time() - 80_000
    editor = stage.sandbox.organizer(by) if by else comment.user
    stage.sandbox.comments.edit(comment, editor, f"/sign {login.title()}")
    stage.sandbox.world.now = time.time
    return comment


async def doubtful(stage: Scene, petition: Issue) -> int:
    return (await store_of(stage).petitions.get_snapshot(petition.id, 0)).doubtful


def asked_before_writing(calls: Calls) -> int:
    """Count the questions about comments; afterwards it is asked what the letter said before."""
    (write, *_) = (place for place, call in enumerate(calls.made) if call.startswith("PATCH"))
    return sum("graphql" in call for call in calls.made[:write])


async def test_an_edited_comment_counts_if_its_author_edited_it(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition = stage.petition()
        edited(stage, petition, "ada")
        edited(stage, petition, "alan", by="grace")
        await stage.start_bot()
        body = await stage.shows(petition, 1)
        assert "**Ada**" in body
        assert asked_before_writing(calls) == 1


async def test_histories_are_read_a_hundred_with_each_call(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition = stage.petition()
        for number in range(230):
            edited(stage, petition, f"person-{number}")
        await stage.start_bot()
        await stage.shows(petition, 230)
        assert asked_before_writing(calls) == 3


GRAPHQL = "/graphql"


@pytest.mark.parametrize(
    "trouble",
    [
        Faults(where=GRAPHQL, graphql_error=1.0),
        Faults(where=GRAPHQL, server_error=1.0),
        Faults(where=GRAPHQL, primary=1.0),
    ],
    ids=["error", "unwell", "limited"],
)
async def test_while_github_does_not_tell_the_others_count_and_nobody_is_pestered(
    sqlite_url: str, trouble: Faults
) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition = stage.petition()
        edited(stage, petition, "ada")
        stage.sign(petition, "grace")
        stage.sandbox.faults = trouble
        await stage.start_bot()
        await stage.shows(petition, 1)
        assert await doubtful(stage, petition) == 1
        for number in range(10):
            stage.sign(petition, f"person-{number}")
        await stage.shows(petition, 11)
        await eventually(lambda: at_rest(stage), "the end of all work")
        # One of them asks what the letter said before.
        assert len(calls.like("POST .*graphql")) <= 3
        stage.sandbox.faults = Faults()
        await stage.shows(petition, 12)
        assert await doubtful(stage, petition) == 0


async def test_an_edit_in_a_long_thread_is_looked_up_by_itself(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        stage.sandbox.world.now = lambda: time.time() - 86_400
        petition = stage.petition()
        comments = [stage.sign(petition, f"person-{number}") for number in range(120)]
        stage.sandbox.world.now = time.time
        await stage.start_bot()
        await stage.shows(petition, 120)
        await surveyed(stage)
        calls.forget()
        with unheard(stage):
            stage.sandbox.comments.edit(comments[5], comments[5].user, "I take it back.")
        await surveyed(stage)
        await stage.shows(petition, 119)
        assert len(calls.like("GET .*/comments")) == 1
        assert len(calls.like("POST .*graphql")) == 1


async def test_what_happened_in_one_second_is_looked_at_once_it_is_over(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = stage.petition()
        signed = stage.sign(petition, "ada")
        stage.sandbox.comments.hide(signed, stage.organizer())
        stage.sandbox.comments.unhide(signed, stage.organizer())
        stage.sandbox.comments.hide(signed, stage.organizer())
        stage.sign(petition, "grace")
        stage.sandbox.comments.unhide(signed, stage.organizer())
        await stage.shows(petition, 2)
