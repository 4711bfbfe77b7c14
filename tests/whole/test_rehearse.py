"""The story that is rehearsed on GitHub, played in the sandbox: all assumptions hold, and differences show."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.cli import main
from bot.rehearsal.assumptions import ASSUMPTIONS, Finding, Verdict
from bot.rehearsal.paced_client import RehearsalClient
from bot.rehearsal.rehearse import NotPossible, Plan, Rehearsal, Report, rehearse
from bot.rehearsal.story import FIRST, SECOND, STORY, TITLE, Observations, Step
from bot.time_types import Clock as RehearsalClock
from sandbox.api.limits import Limits
from sandbox.faults import Failure, Faults, RequestFault
from sandbox.server import Sandbox
from tests.whole.command_line import finish, start
from tests.whole.command_line import run as run_command
from tests.whole.scene import PATIENCE
from tests.whole.workflow_runs import Clock, calls, clock, github

__all__ = ["calls", "clock", "github"]

HERE, THERE = "lovelace/scratch", "lovelace/scratch-2"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def plan(github: Sandbox, second: str | None = "grace", target: str | None = THERE, token: str = "") -> Plan:
    """Plan a rehearsal by the owner of a new repository, which has limits as GitHub has them."""
    github.rate_limiter.limits = Limits.like_github()
    for name in (HERE, THERE):
        github.repositories.get_or_create(name)
    tokens = {
        FIRST: token or github.token_of("lovelace"),
        SECOND: "" if second is None else github.token_of(second),
    }
    return Plan(HERE, tokens, github.api_url, "petition", target, "https://example.com/hook")


async def play(github: Sandbox, planned: Plan) -> Report:
    clock = github.world.now
    assert isinstance(clock, Clock)
    report = await rehearse(planned, lambda _: True, lambda _: None, RehearsalClock(clock, clock.sleep))
    assert report is not None
    return report


async def play_until_killed(github: Sandbox, planned: Plan, steps: Sequence[Step]) -> None:
    """Play some steps of the story, and clean nothing up."""
    clock = github.world.now
    assert isinstance(clock, Clock)
    async with aiohttp.ClientSession() as session:
        client = RehearsalClient(session, planned.api_url, planned.tokens, RehearsalClock(clock, clock.sleep))
        killed = Rehearsal(planned, client, Observations(), print)
        await killed.look()
        await killed.set_up()
        await client.play(steps, killed.seen)


def ids(report: Report, verdict: Verdict) -> set[str]:
    return {one.assumption.id for one in report.found(verdict)}


def left(github: Sandbox) -> list[str]:
    """List what is there of a rehearsal."""
    repositories = [github.repositories.get_or_create(name) for name in (HERE, THERE)]
    known = [one for repository in repositories for one in repository.issues.values() if one.title == TITLE]
    issues = [one.title for one in known if one.state == "open" and not one.deleted and one.moved_to is None]
    hooks = [one.url for repository in repositories for one in repository.hooks.values()]
    return (
        issues + hooks + [name for repository in repositories for name in repository.labels if "rehearsal" in name]
    )


CANNOT = {one.id for one in ASSUMPTIONS[-10:]} | {"writes-as-actions"}


async def test_every_assumption_holds_in_the_sandbox(github: Sandbox) -> None:
    report = await play(github, plan(github))
    assert [(one.assumption.id, one.seen) for one in report.found(Verdict.FAILED)] == []
    assert ids(report, Verdict.UNTRIED) == CANNOT
    assert report.broke_off == ""
    assert left(github) == []


@pytest.mark.parametrize(
    ("rule", "value", "red"),
    [
        ("hiding_moves_updated_at", False, {"hiding-moves-updated-at", "showing-moves-updated-at"}),
        ("comment_ids_survive_transfer", False, {"transfer-keeps-comment-ids"}),
        ("since_is_inclusive", False, {"since-is-inclusive"}),
        ("body_limit", 65_535, {"full-body-is-taken"}),
        ("body_limit", 70_000, {"longer-body-is-refused"}),
        ("comment_bytes", 65_536, {"full-comment-is-taken"}),
        ("comment_bytes", 300_000, {"longer-comment-is-refused"}),
    ],
)
async def test_where_github_differs_the_assumption_does_not_hold(
    github: Sandbox, rule: str, value: int | bool, red: set[str]
) -> None:
    setattr(github.world.rules, rule, value)
    report = await play(github, plan(github))
    assert ids(report, Verdict.FAILED) == red
    assert "Did not hold: " in next(report.lines())
    assert report.markdown().index("## Did not hold") < report.markdown().index("## Held")
    assert left(github) == []


@web.middleware
async def without_etags(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Forget the ETags that a client knows."""
    headers = request.headers.copy()
    headers.popall("If-None-Match", None)
    return await handler(request.clone(headers=headers))


@web.middleware
async def without_limits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Leave out the headers of the rate limit on a deletion."""
    response = await handler(request)
    if request.method == "DELETE":
        response.headers.popall("X-RateLimit-Used", None)
    return response


@pytest.mark.parametrize(
    ("middleware", "red"),
    [(without_etags, {"unchanged-list-is-304", "unchanged-list-is-free"}), (without_limits, {"limits-are-shown"})],
)
async def test_where_its_http_differs_that_shows(clock: Clock, middleware: Middleware, red: set[str]) -> None:
    sandbox = Sandbox(now=clock)
    sandbox.app.middlewares.append(middleware)
    await sandbox.start()
    try:
        assert ids(await play(sandbox, plan(sandbox)), Verdict.FAILED) == red
    finally:
        await sandbox.stop()


# What cannot be tried


async def test_what_takes_two_is_not_tried_alone(github: Sandbox) -> None:
    report = await play(github, plan(github, second=None))
    alone = {"other-editor-is-shown", "others-may-not-comment-on-locked"}
    assert ids(report, Verdict.UNTRIED) == CANNOT | alone
    assert "there is no token of a second account (REHEARSAL_SECOND_TOKEN)" in report.markdown()
    assert report.found(Verdict.FAILED) == []


async def test_without_a_second_repository_nothing_is_transferred(github: Sandbox) -> None:
    report = await play(github, plan(github, target=None))
    moves = {one.id for one in ASSUMPTIONS if "transfer-" in one.id or one.id == "old-address-leads-on"}
    assert ids(report, Verdict.UNTRIED) == CANNOT | moves
    assert "there is no second repository (--transfer-to OWNER/REPO2)" in report.markdown()
    assert left(github) == []


async def test_without_a_webhook_nothing_that_is_delivered_is_tried(github: Sandbox) -> None:
    report = await play(github, replace(plan(github), webhook=None))
    assert ids(report, Verdict.UNTRIED) == CANNOT | {one.id for one in ASSUMPTIONS if one.id.endswith("-is-told")}
    assert "there is no address to which GitHub could deliver (--webhook URL)" in report.markdown()


async def test_a_workflow_s_token_shows_who_it_writes_as(github: Sandbox) -> None:
    planned = plan(github, target=None, token=github.workflow_token(github.repository(HERE)))
    report = await play(github, planned)
    assert "writes-as-actions" in ids(report, Verdict.HELD)
    assert {"writer-is-associated", "writer-has-permission"} <= ids(report, Verdict.UNTRIED)


async def test_who_is_no_admin_leaves_closed_issues_and_is_told(github: Sandbox) -> None:
    github.organizer("alan", github.repositories.get_or_create(HERE))
    report = await play(github, plan(github, target=None, token=github.token_of("alan")))
    assert {"deleted-issue-is-gone", "deletion-is-told"} <= ids(report, Verdict.UNTRIED)
    assert "the webhook in lovelace/scratch could not be made: 403" in report.markdown()
    assert report.found(Verdict.FAILED) == []
    assert left(github) == []
    assert re.search(r"scratch#1 is closed; only an admin may delete it", "\n".join(report.cleaned))


# Where it is refused


async def refusal(github: Sandbox, planned: Plan) -> str:
    with pytest.raises(NotPossible) as refused:
        await play(github, planned)
    assert left(github) == []
    return str(refused.value)


async def test_a_token_that_may_not_write_is_told_what_it_needs(github: Sandbox) -> None:
    told = await refusal(github, plan(github, second=None, token=github.token_of("eve")))
    assert told.startswith("The token may not write to lovelace/scratch. It needs *Issues: read and write* there")
    reading = github.workflow_token(github.repository(HERE), issues="read")
    told = await refusal(github, plan(github, second=None, token=reading))
    assert "Resource not accessible by integration" in told


async def test_a_repository_with_open_petitions_is_left_alone(github: Sandbox) -> None:
    github.petition(repository=github.repository(THERE))
    assert "lovelace/scratch-2 has open petitions" in await refusal(github, plan(github))


async def test_where_it_cannot_be_played_it_says_why(github: Sandbox) -> None:
    assert "belong to the same account" in await refusal(github, plan(github, second="lovelace"))
    assert "the same repository" in await refusal(github, plan(github, target=HERE))
    github.repositories.get_or_create("grace/other")
    assert "only between repositories of one owner" in await refusal(github, plan(github, target="grace/other"))
    assert "nobody/nowhere is not there" in await refusal(github, plan(github, target="nobody/nowhere"))
    planned = plan(github)
    stale = replace(planned, tokens={**planned.tokens, SECOND: "stale"})
    assert "REHEARSAL_SECOND_TOKEN is not accepted" in await refusal(github, stale)


async def test_nothing_is_written_where_nobody_agrees(github: Sandbox) -> None:
    announced: list[str] = []

    def disagree(lines: Sequence[str]) -> bool:
        announced.extend(lines)
        return False

    planned = plan(github)
    assert (
        await rehearse(planned, disagree, announced.append, RehearsalClock(github.world.now, asyncio.sleep)) is None
    )
    first = "This writes to lovelace/scratch and lovelace/scratch-2 as lovelace and grace: two issues, forty"
    assert announced[0].startswith(first)
    assert any(f"It takes {len(STORY)} calls to GitHub" in line for line in announced)
    assert left(github) == []


# On a bad day


async def test_nobody_else_s_issue_is_touched(github: Sandbox) -> None:
    repository = github.repository(HERE)
    others = [github.petition(title, label="", repository=repository) for title in ("A question", TITLE)]
    before = [(one.body, one.state, one.updated_at, one.comments) for one in others]
    await play(github, plan(github))
    assert [(one.body, one.state, one.updated_at, one.comments) for one in others] == before
    assert not any(one.deleted for one in others)


async def test_limits_and_failed_reads_are_waited_for(github: Sandbox) -> None:
    planned = plan(github)
    github.fault_injector.plan("GET /repositories", Failure(RequestFault.SERVER_ERROR))
    github.fault_injector.plan("POST /repos/lovelace/scratch/issues", Failure(RequestFault.SECONDARY))
    github.fault_injector.plan("/lock", Failure(RequestFault.PRIMARY))
    report = await play(github, planned)
    assert report.found(Verdict.FAILED) == []
    assert ids(report, Verdict.UNTRIED) == CANNOT


async def test_where_github_gives_way_the_report_says_so_and_the_rest_is_not_tried(github: Sandbox) -> None:
    planned = plan(github)
    github.faults = Faults(
        where="POST /repos/lovelace/scratch/issues/1/comments", server_error=1.0, applied_anyway=1.0
    )
    report = await play(github, planned)
    assert "GitHub does not answer" in report.broke_off
    assert "body-is-kept" in ids(report, Verdict.HELD)
    assert "transfer-keeps-comments" in ids(report, Verdict.UNTRIED)
    assert report.found(Verdict.FAILED) == []
    assert left(github) == []


async def test_what_a_killed_rehearsal_leaves_is_deleted_by_the_next_one(github: Sandbox) -> None:
    planned, clock = plan(github), github.world.now
    assert isinstance(clock, Clock)
    await play_until_killed(github, planned, [step for step in STORY if step.name != "delete_issue"])
    assert left(github).count(TITLE) == 2
    told: list[str] = []

    def agree(lines: Sequence[str]) -> bool:
        told.extend(lines)
        return True

    report = await rehearse(planned, agree, told.append, RehearsalClock(clock, clock.sleep))
    assert "First, 2 issues are deleted that an earlier rehearsal has left behind." in told
    assert report is not None
    assert report.found(Verdict.FAILED) == []
    assert left(github) == []


async def test_ctrl_c_cleans_up(sandbox: Sandbox) -> None:
    planned = plan(sandbox)
    environment = {"GITHUB_TOKEN": planned.tokens[FIRST], "GITHUB_API_URL": sandbox.api_url}
    opened = asyncio.Event()
    sandbox.world.on_change.append(lambda _issue: opened.set() if TITLE in left(sandbox) else None)
    process = await start("rehearse", HERE, "--yes", **environment)
    await asyncio.wait_for(opened.wait(), PATIENCE)
    process.send_signal(signal.SIGINT)
    code, out, err = await finish(process)
    assert (code, "Traceback" in err) == (2, False), err
    assert "lovelace/scratch#1 is deleted." in out
    assert "The rehearsal was interrupted" in err
    assert left(sandbox) == []


# The command


async def test_the_command_does_not_write_unasked(sandbox: Sandbox) -> None:
    environment = {"GITHUB_TOKEN": plan(sandbox).tokens[FIRST], "GITHUB_API_URL": sandbox.api_url}
    code, out, err = await run_command("rehearse", HERE, **environment)
    assert (code, out) == (2, "")
    assert "nobody is here to be asked; --yes answers yes" in err
    code, _, err = await run_command("rehearse", HERE, "--yes")
    assert (code, "GITHUB_TOKEN is not set" in err) == (2, True)


@pytest.mark.parametrize(
    ("verdict", "broke_off", "code"),
    [(Verdict.HELD, "", 0), (Verdict.FAILED, "", 1), (Verdict.FAILED, "no", 1), (Verdict.UNTRIED, "no", 2)],
)
def test_the_exit_code_says_whether_all_held(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verdict: Verdict, broke_off: str, code: int
) -> None:
    found = [Finding(ASSUMPTIONS[0], verdict, "a | b")]
    report = Report(HERE, "github.com", 1_795_000_000.0, ["ada"], 3, found, ["cleaned"], broke_off)

    async def rehearsed(*_: object) -> Report:
        return report

    stand_in(monkeypatch, rehearsed)
    monkeypatch.chdir(tmp_path)
    assert main(["rehearse", HERE, "--yes"]) == code
    page = (tmp_path / "rehearsal-2026-11-18.md").read_text("utf-8")
    assert page.startswith("# Rehearsal on github.com, 2026-11-18\n")
    assert r"| a \| b |" in page
    assert main(["rehearse", HERE, "--yes", "--out", str(tmp_path / "none" / "report.md")]) == code


def test_the_command_asks_and_takes_no_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def rehearsed(_plan: Plan, agree: Callable[[Sequence[str]], bool], *_: object) -> Report | None:
        assert not agree(["This writes."])
        return None

    stand_in(monkeypatch, rehearsed)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "" if question == "Go on? [y/N] " else "y")
    assert main(["rehearse", HERE]) == 2
    assert capsys.readouterr().out == "This writes.\nNothing was written.\n"


def stand_in(monkeypatch: pytest.MonkeyPatch, rehearse: Callable[..., Awaitable[Report | None]]) -> None:
    """Have the command run something else, with a token, and leave the logs of this process as they are."""
    monkeypatch.setattr("bot.cli.rehearse.rehearse", rehearse)
    monkeypatch.setattr("bot.cli.command_base.ENVIRONMENT", {"GITHUB_TOKEN": "t"})
    monkeypatch.setattr("bot.cli.command_base.set_up_logs", lambda _: None)
