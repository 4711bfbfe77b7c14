"""What a rehearsal leaves behind on a bad day: nothing that can be deleted, and nothing that the next one meets."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.rehearsal.assumptions import ASSUMPTIONS, Verdict
from bot.rehearsal.story import STORY, TITLE
from sandbox.server import Sandbox
from tests.whole.test_rehearse import HERE, Handler, ids, left, plan, play, play_until_killed
from tests.whole.workflow_runs import Clock, calls, clock, github

__all__ = ["calls", "clock", "github"]


def failing(times: int, is_meant: Callable[[str], bool]) -> tuple[Middleware, list[str]]:
    """Answer the first calls that are meant with 502; the list has all that are meant."""
    met: list[str] = []

    @web.middleware
    async def fail(request: web.Request, handler: Handler) -> web.StreamResponse:
        if is_meant(f"{request.method} {request.path} {await request.text()}"):
            met.append(request.path)
            if len(met) <= times:
                return web.Response(status=502)
        return await handler(request)

    return fail, met


@pytest.mark.parametrize(
    ("meant", "times"),
    [
        # The story deletes an issue as well.
        ("deleteIssue", 2),
        ("DELETE /api/v3/repos/lovelace/scratch/labels", 1),
        ("DELETE /api/v3/repos/lovelace/scratch/hooks", 1),
    ],
)
async def test_a_deletion_that_github_does_not_answer_is_asked_for_again(
    clock: Clock, meant: str, times: int
) -> None:
    sandbox, (fail, met) = Sandbox(now=clock), failing(times, lambda call: meant in call)
    sandbox.app.middlewares.append(fail)
    await sandbox.start()
    try:
        report = await play(sandbox, plan(sandbox))
        assert len(met) > times
        assert left(sandbox) == []
        assert "Not everything could be deleted" not in report.markdown()
    finally:
        await sandbox.stop()


async def test_what_cannot_be_deleted_keeps_nothing_else(clock: Clock) -> None:
    sandbox, (fail, _) = Sandbox(now=clock), failing(100, lambda call: "deleteIssue" in call)
    sandbox.app.middlewares.append(fail)
    await sandbox.start()
    try:
        report = await play(sandbox, plan(sandbox))
        assert set(left(sandbox)) == {TITLE}
        assert "Not everything could be deleted" in report.markdown()
        assert "The webhook in lovelace/scratch is deleted." in report.cleaned
    finally:
        await sandbox.stop()


async def test_a_delivery_that_github_does_not_show_costs_no_report(clock: Clock) -> None:
    @web.middleware
    async def hide(request: web.Request, handler: Handler) -> web.StreamResponse:
        shown = not re.search(r"/deliveries/\d+$", request.path)
        return await handler(request) if shown else web.json_response({"message": "Not Found"}, status=404)

    sandbox = Sandbox(now=clock)
    sandbox.app.middlewares.append(hide)
    await sandbox.start()
    try:
        report = await play(sandbox, plan(sandbox))
        assert {one.id for one in ASSUMPTIONS if one.id.endswith("-is-told")} <= ids(report, Verdict.UNTRIED)
        assert "GitHub does not show a delivery: 404 Not Found" in report.markdown()
        assert left(sandbox) == []
    finally:
        await sandbox.stop()


async def test_an_issue_that_could_only_be_closed_is_not_taken_for_one_of_the_next_rehearsal(
    github: Sandbox,
) -> None:
    github.organizer("alan", github.repositories.get_or_create(HERE))
    planned = plan(github, target=None, token=github.token_of("alan"))
    await play_until_killed(github, planned, STORY[:3])
    report = await play(github, planned)
    assert [(one.assumption.id, one.seen) for one in report.found(Verdict.FAILED)] == []
    assert report.cleaned[0].startswith("lovelace/scratch#2 is closed")


@pytest.mark.parametrize("step", ["Analytical Engines", "Signer 3", "By whoever may write"])
async def test_a_story_whose_issue_somebody_deletes_shows_nothing_false(clock: Clock, step: str) -> None:
    """Another rehearsal there takes it for one that was left behind."""

    @web.middleware
    async def delete_first(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method in ("POST", "PATCH") and step in await request.text():
            (letter, *_) = sandbox.repositories.get_or_create(HERE).issues.values()
            sandbox.issues.delete(letter, letter.repository.owner)
        return await handler(request)

    sandbox = Sandbox(now=clock)
    sandbox.app.middlewares.append(delete_first)
    await sandbox.start()
    try:
        report = await play(sandbox, plan(sandbox))
        assert [(one.assumption.id, one.seen) for one in report.found(Verdict.FAILED)] == []
        assert "Is another rehearsal running there?" in report.markdown()
        assert "body-is-kept" in ids(report, Verdict.HELD)
        assert left(sandbox) == []
    finally:
        await sandbox.stop()
