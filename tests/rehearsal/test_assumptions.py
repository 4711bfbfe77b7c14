"""Each check notices when GitHub does something else: what was seen in the sandbox, with one difference."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from bot.rehearsal.assumptions import ASSUMPTIONS, DOCS, Verdict
from bot.rehearsal.paced_client import RehearsalClient
from bot.rehearsal.rehearse import Plan, Rehearsal
from bot.rehearsal.story import FIRST, SECOND, STORY, Observations
from bot.time_types import Clock as RehearsalClock
from sandbox.api.limits import Limits
from sandbox.server import Sandbox
from tests.whole.workflow_runs import Clock

Change = Callable[[Observations], None]
UNTRIED = [one.id for one in ASSUMPTIONS[-10:]]
PAGE = (Path(__file__).parents[2] / "docs" / "ASSUMPTIONS.md").read_text("utf-8")


def body(step: str, *path: str | int, to: Any) -> Change:
    """Put something else into a response."""

    def change(seen: Observations) -> None:
        inside = seen[step].body
        for key in path[:-1]:
            inside = inside[key]
        inside[path[-1]] = to

    return change


def status(step: str, to: int, **headers: str) -> Change:
    """Give a response another status, or other headers."""

    def change(seen: Observations) -> None:
        found = seen[step]
        seen.responses[step] = replace(found, status=to, headers={**found.headers, **headers})

    return change


def within(step: str, change_body: Callable[[Any], object]) -> Change:
    """Change a response in place."""

    def change(seen: Observations) -> None:
        change_body(seen[step].body)

    return change


def together(*changes: Change) -> Change:
    def change_all(seen: Observations) -> None:
        for change in changes:
            change(seen)

    return change_all


def told(action: str, *path: str, to: Any) -> Change:
    """Put something else into what was delivered of an action."""

    def change(seen: Observations) -> None:
        for number, one in enumerate(seen["told"].body):
            if one["action"] == action:
                body("told", number, *path, to=to)(seen)

    return change


def used(*numbers: int) -> Change:
    steps = ("listing", "unchanged_1", "unchanged_2", "unchanged_3")
    return together(
        *(status(step, 304, **{"x-ratelimit-used": str(n)}) for step, n in zip(steps, numbers, strict=True))
    )


EARLY = "2020-01-01T00:00:00Z"
EDITS = ("repository", "issue", "userContentEdits", "nodes")
DIFFERENCES: dict[str, Change] = {
    "viewer-is-author": body("viewer", "viewer", "login", to="somebody"),
    "writes-as-actions": body("letter", "user", to={"type": "Bot", "login": "actions[bot]"}),
    "writer-is-associated": body("sign", "author_association", to="CONTRIBUTOR"),
    "writer-has-permission": body("permission", "permission", to="read"),
    "body-is-kept": body("letter_read", "body", to="Dear all,\r\n"),
    "line-ends-are-kept": body(
        "body_again", "body", to="Dear all,\n\nwith other line ends, and nothing at the end"
    ),
    "revisions-are-kept": body("revision", "nodes", 0, "diff", to="-a\n+b"),
    "full-body-is-taken": status("full_body", 422),
    "longer-body-is-refused": status("longer_body", 200),
    "full-comment-is-taken": status("full_comment", 422),
    "longer-comment-is-refused": status("longer_comment", 201),
    "conditional-write-is-refused": status("conditional", 412),
    "locked-body-is-written": status("locked_body", 403),
    "ids-are-long": body("unedited", "nodes", 0, "fullDatabaseId", to="7"),
    "ids-ascend": within("crowd", list.reverse),
    "pages-lead-on": within("next_page", list.pop),
    "times-are-whole-seconds": body("edit", "updated_at", to="2026-11-30T19:27:38.123Z"),
    "unedited-has-no-history": body("unedited", "nodes", 0, "lastEditedAt", to=EARLY),
    "edit-moves-updated-at": body("edit", "updated_at", to=EARLY),
    "edits-are-in-the-history": within(
        "edited", lambda data: data["nodes"][0]["userContentEdits"]["nodes"].reverse()
    ),
    "other-editor-is-shown": body("edited_by_other", "nodes", 0, "editor", to=None),
    "deleted-comment-is-gone": status("gone", 200),
    "owner-may-comment-on-locked": status("locked_comment", 403),
    "others-may-not-comment-on-locked": status("second_locked_comment", 201),
    "closed-takes-comments": status("closed_comment", 403),
    "hidden-is-shown": body("hidden_history", "nodes", 0, "isMinimized", to=False),
    "hidden-is-shown-in-rest": within("hidden", lambda comment: comment.pop("minimized")),
    "hiding-moves-updated-at": body("hidden", "updated_at", to=EARLY),
    "showing-moves-updated-at": body("unhidden", "updated_at", to=EARLY),
    "hiding-is-no-edit": body("hidden_history", "nodes", 0, "lastEditedAt", to="2030-01-01T00:00:00Z"),
    "reaction-is-made-once": status("reaction_again", 201),
    "own-reaction-is-shown": body("reactions", *EDITS[:2], "comments", "nodes", 0, "reactionGroups", to=[]),
    "reaction-leaves-updated-at": body("liked", "updated_at", to="2030-01-01T00:00:00Z"),
    "since-is-inclusive": within("since_edit", list.clear),
    "since-is-by-update": within("since_later", list.clear),
    "unchanged-list-is-304": status("unchanged_2", 200),
    "unchanged-list-is-free": used(1, 2, 3, 4),
    "edit-changes-etag": status("changed", 304),
    "hiding-changes-etag": status("hidden_list", 304),
    "limits-are-shown": lambda seen: seen.responses.update(gone=replace(seen["gone"], headers={})),
    "label-is-listed": within("labelled", list.clear),
    "label-moves": within("relabelled", lambda issues: issues.append(issues[0])),
    "repository-has-a-number": body("by_number", "id", to=7),
    "old-address-leads-on": status("old_address", 404),
    "transfer-gives-another-id": lambda seen: body("moved", "id", to=seen["letter"].body["id"])(seen),
    "transfer-keeps-comments": within("moved_comments", list.pop),
    "transfer-keeps-comment-ids": body("moved_comments", 0, "id", to=7),
    "transfer-keeps-labels": body("moved", "labels", to=[]),
    "transfer-keeps-revisions": body("moved_revisions", *EDITS, to=[]),
    "deleted-issue-is-gone": status("deleted_issue", 404),
    "hidden-comment-is-told": told("edited", "changes", "body", "from", to="something else"),
    "deletion-is-told": told("deleted", "sender", "id", to=7),
    "transfer-is-told": told("transferred", "changes", "new_issue", "id", to=7),
}


async def played() -> Observations:
    clock = Clock()
    sandbox = Sandbox(now=clock)
    await sandbox.start()
    try:
        sandbox.rate_limiter.limits = Limits.like_github()
        here, there = (sandbox.repositories.get_or_create(f"ada/{name}").full_name for name in ("here", "there"))
        tokens = {FIRST: sandbox.token_of("ada"), SECOND: sandbox.token_of("grace")}
        plan = Plan(here, tokens, sandbox.api_url, "petition", there, "https://example.com/hook")
        async with aiohttp.ClientSession() as session:
            client = RehearsalClient(session, plan.api_url, tokens, RehearsalClock(clock, clock.sleep))
            rehearsal = Rehearsal(plan, client, Observations(), lambda _: None)
            await rehearsal.look()
            await rehearsal.set_up()
            await client.play(STORY, rehearsal.seen)
            await rehearsal.read_deliveries()
        return rehearsal.seen
    finally:
        await sandbox.stop()


@pytest.fixture(scope="module")
def story() -> Observations:
    """Play the story once for all tests here."""
    return asyncio.run(played())


def test_there_is_a_difference_for_everything_that_can_be_tried() -> None:
    assert [*DIFFERENCES, *UNTRIED] == [one.id for one in ASSUMPTIONS]


@pytest.mark.parametrize("one", ASSUMPTIONS[:-10], ids=lambda one: one.id)
def test_a_difference_is_noticed(story: Observations, one: Any) -> None:
    before, seen = one.find(story), deepcopy(story)
    assert before.verdict is not Verdict.FAILED
    DIFFERENCES[one.id](seen)
    assert one.find(seen).verdict is Verdict.FAILED
    assert seen.responses != story.responses


@pytest.mark.parametrize("one", ASSUMPTIONS, ids=lambda one: one.id)
def test_what_was_not_played_was_not_tried(one: Any) -> None:
    assert one.find(Observations(broke_off="it ended")).verdict is Verdict.UNTRIED


def test_a_page_that_leads_nowhere_is_a_difference(story: Observations) -> None:
    seen = deepcopy(story)
    seen.responses["page"] = replace(seen["page"], headers={})
    del seen.responses["next_page"]
    (one,) = (one for one in ASSUMPTIONS if one.id == "pages-lead-on")
    assert one.find(seen).verdict is Verdict.FAILED


def test_a_response_of_another_form_is_a_difference(story: Observations) -> None:
    seen = deepcopy(story)
    seen.responses["crowd"] = replace(seen["crowd"], body={"message": "moved"})
    (one,) = (one for one in ASSUMPTIONS if one.id == "ids-ascend")
    found = one.find(seen)
    assert (found.verdict, found.seen.partition(":")[0]) == (Verdict.FAILED, "a response has another form")


def test_the_page_has_every_assumption_as_the_code_has_it() -> None:
    for one in ASSUMPTIONS:
        tried = "no: " + str(one.find(Observations()).seen) if one.id in UNTRIED else "yes"
        row = f"| {one.sentence} | [{one.confidence}]({DOCS}{one.page}) | {tried} |"
        assert row in PAGE, row
    assert PAGE.count(f"]({DOCS}") == len(ASSUMPTIONS)
