"""GitHub tells people of comments, and of no edit or reaction: the bot writes no comments."""

from __future__ import annotations

import re

from tests.whole.recorded_calls import a_second_later, at_rest, eventually, watched

QUIET = re.compile(
    r"PATCH /repos/\S+/issues/\d+ |(POST|DELETE) /repos/\S+/issues/comments/\d+/reactions|POST /app/|POST /graphql "
)
"""Calls that change something, or look as if they did, and of which nobody is told."""


async def test_whatever_people_do_the_bot_writes_no_comment(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        signed = stage.sign(petition, "ada", "/sign Ada @everybody #1")
        mistyped = stage.sign(petition, "grace", "/sing")
        await stage.shows(petition, 1)
        await stage.reacted(mistyped, "confused")
        order = stage.sign(petition, "mallory", "/petition close")
        await stage.reacted(order, "confused")
        stage.sandbox.comments.edit(signed, signed.user, "/unsign")
        await stage.shows(petition, 0)
        stage.sandbox.issues.close(petition, stage.organizer())
        await stage.until(lambda: "Closed on" in (petition.body or ""))
        await a_second_later()
        late = stage.sign(petition, "alan")
        await stage.reacted(late, "confused")
        await stage.sandbox.settled()
        await eventually(lambda: at_rest(stage), "the end of all work")
        told = [call for call in calls.made if not call.startswith("GET ") and not QUIET.match(call)]
        assert told == []
        assert {comment.user.type for comment in petition.comments} == {"User"}
