"""A workflow has few calls and may be cancelled at any time: what passes by itself fails no run."""

from __future__ import annotations

import asyncio
import pkgutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from bot.cli import sync as sync_report
from bot.store import State
from sandbox.api.limits import Limits
from sandbox.faults import Failure, Faults, RequestFault
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.whole.command_line import finish, start
from tests.whole.command_line import run as run_command
from tests.whole.recorded_calls import Calls
from tests.whole.scene import PATIENCE, said
from tests.whole.workflow_runs import Clock, calls, clock, environment, folders, github, run

__all__ = ["calls", "clock", "folders", "github"]


async def command(github: Sandbox, folder: Path, *options: str, **more: str) -> tuple[int | None, str, str]:
    return await run_command("sync", "lovelace/letters", *options, **(environment(github, folder) | more))


def signed(github: Sandbox, *logins: str) -> Issue:
    petition = github.petition()
    for login in logins:
        github.comment(petition, login)
    return petition


async def test_when_the_calls_end_the_run_says_so_and_the_next_one_goes_on(
    github: Sandbox, tmp_path: Path, clock: Clock
) -> None:
    petition = signed(github, "ada", "grace")
    github.rate_limiter.limits = Limits(primary=3)
    code, out, err = await command(github, tmp_path)
    assert (code, said(petition)) == (0, None), err
    assert "::notice::Some work is left: GitHub accepts no calls until" in out
    assert "The next run continues." in (tmp_path / "summary.md").read_text("utf-8")
    github.rate_limiter.limits = Limits(primary=1000)
    clock.ahead += 3601
    code, out, _ = await command(github, tmp_path)
    assert (code, said(petition)) == (0, 2)
    assert "::notice::" not in out


async def test_without_any_call_left_a_run_does_not_fail(github: Sandbox, tmp_path: Path) -> None:
    signed(github, "ada")
    github.rate_limiter.limits = Limits(primary=0)
    code, out, _ = await command(github, tmp_path)
    assert code == 0
    assert "The next run continues." in out
    assert "has no petition" not in out


async def test_the_last_calls_are_for_tallies(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada")
    github.rate_limiter.limits = Limits(primary=150)
    report = await run(github, tmp_path)
    assert (said(petition), report.reactions, report.left) == (1, 0, "")
    github.rate_limiter.limits = Limits(primary=1000)
    report = await run(github, tmp_path)
    assert report.reactions == 1


@pytest.mark.parametrize("call", ["GET /repos/lovelace/letters/issues", "PATCH /repos/lovelace/letters/issues/1"])
async def test_a_bad_moment_of_githubs_is_waited_for(github: Sandbox, tmp_path: Path, call: str) -> None:
    petition = signed(github, "ada")
    github.fault_injector.plan(call, Failure(RequestFault.SERVER_ERROR, False))
    report = await run(github, tmp_path)
    assert (said(petition), sync_report.failures(report), report.left) == (1, [], "")


async def test_github_that_does_not_answer_at_all_fails_no_run(github: Sandbox, tmp_path: Path) -> None:
    signed(github, "ada")
    github.fault_injector.plan("GET /repos/lovelace/letters", Failure(RequestFault.SERVER_ERROR, False))
    code, out, _ = await command(github, tmp_path)
    assert (code, "GitHub did not respond as expected" in out) == (0, True)


async def test_github_that_goes_down_after_the_first_call_is_not_asked_without_end(
    github: Sandbox, tmp_path: Path, calls: Calls
) -> None:
    signed(github, "ada")
    github.rate_limiter.limits = Limits(primary=100)

    def go_down() -> None:
        github.faults = Faults(server_error=1.0)

    calls.before("GET", lambda: calls.before("GET", go_down))
    report = await run(github, tmp_path)
    assert "GitHub did not respond as expected" in report.left
    assert len(calls.made) < 10


async def test_github_that_stays_unwell_fails_no_run_either(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada")
    for _ in range(20):
        github.fault_injector.plan(
            "PATCH /repos/lovelace/letters/issues/1", Failure(RequestFault.SERVER_ERROR, False)
        )
    report = await run(github, tmp_path)
    assert said(petition) is None
    assert (sync_report.failures(report), [one.state for one in report.petitions]) == ([], [State.UNAVAILABLE])
    assert report.left


async def test_issues_that_cannot_be_listed_keep_no_run_going_without_end(
    github: Sandbox, tmp_path: Path, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The issue is full, and whether another one continues it cannot be found out.
    monkeypatch.setattr("bot.reconcile.continuation_issues.COMMENT_LIMIT", 3)
    petition = signed(github, "ada", "grace", "alan")
    calls.refuse("GET /repos/lovelace/letters/issues.*direction=desc")
    github.rate_limiter.limits = Limits(primary=2_000)
    report = await run(github, tmp_path)
    assert said(petition) == 3
    assert report.left == "it took too long"


@pytest.mark.parametrize(
    "where", ["bot.reconcile.publish.make_plan", "bot.reconcile.installation_worker.ThreadResync.read_all"]
)
async def test_a_mistake_of_ours_over_one_petition_keeps_no_other_from_being_counted(
    github: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    wrong, right = signed(github, "ada"), github.petition("Another")
    github.comment(right, "grace")
    go_wrong_once(monkeypatch, where)
    report = await run(github, tmp_path)
    assert sorted(said(one) or 0 for one in (wrong, right)) == [0, 1]
    assert report.mistakes == 1
    assert sync_report.MISTAKE in list(sync_report.lines(report))


async def test_a_missing_permission_fails_the_run_and_is_named_as_it_is_written(
    github: Sandbox, tmp_path: Path
) -> None:
    signed(github, "ada")
    code, out, _ = await run_command("sync", "lovelace/letters", **environment(github, tmp_path, issues="read"))
    assert code == 1
    assert (
        "::error title=lovelace/letters#1::lovelace/letters#1: 1 signature. The workflow cannot edit the issue."
        " Add `issues: write` under `permissions:` in its file." in out
    )


async def test_settings_that_may_not_be_read_fail_the_run(github: Sandbox, tmp_path: Path, calls: Calls) -> None:
    petition = signed(github, "ada")
    calls.refuse("GET /repos/lovelace/letters/contents", 403)
    code, out, _ = await command(github, tmp_path)
    assert (code, said(petition)) == (1, 1)
    assert "::error title=lovelace/letters#1::" in out
    assert "Add `contents: read` under `permissions:` in its file." in out


@pytest.mark.parametrize("is_known", [True, False])
async def test_issues_that_are_switched_off_fail_the_run_and_leave_nothing_to_the_next(
    github: Sandbox, tmp_path: Path, is_known: bool
) -> None:
    petition = signed(github, "ada")
    if is_known:
        await run(github, tmp_path)
    github.repositories.set_issues_enabled(petition.repository, False)
    code, out, _ = await command(github, tmp_path)
    assert code
    assert out.count("::error") == 1
    assert State.ISSUES_DISABLED.advice in out
    assert "::notice" not in out


async def test_a_locked_petition_says_so_in_the_report(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada")
    github.issues.lock(petition, petition.repository.owner)
    report = await run(github, tmp_path)
    assert (said(petition), sync_report.failures(report)) == (1, [])
    assert State.LOCKED.advice in next(sync_report.lines(report))


async def test_a_run_that_may_not_read_the_issues_says_what_it_needs(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada")
    github.repositories.privatize(petition.repository, petition.repository.owner)
    code, out, _ = await run_command("sync", "lovelace/letters", **environment(github, tmp_path, issues="none"))
    assert code == 2
    assert "Add `issues: write` and `contents: read` under `permissions:` in its file." in out
    assert out.startswith("::error title=sync::")


def go_wrong_once(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Make the first call of a function fail by a mistake of ours."""
    calls = count()
    function = pkgutil.resolve_name(where)

    def wrong(*values: object, **more: object) -> object:
        if next(calls) == 0:
            raise RuntimeError("wrong")
        return function(*values, **more)

    monkeypatch.setattr(where, wrong)


def damage(database: Path) -> None:
    database.write_bytes(database.read_bytes()[:20_000])


def make_newer(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize("spoil", [damage, make_newer])
async def test_a_kept_database_that_cannot_be_used_is_replaced_where_that_is_wanted(
    github: Sandbox, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    petition = signed(github, "ada")
    await run(github, tmp_path)
    github.comment(petition, "grace")
    spoil(tmp_path / "counted.db")
    code, out, err = await command(github, tmp_path)
    assert (code, said(petition)) == (1, 1), err
    assert out.startswith("::error title=sync::")
    assert "--replace-database" in out
    for _ in range(2):
        code, out, err = await command(github, tmp_path, "--replace-database")
        assert (code, said(petition)) == (0, 2), err
    assert "0 issues updated" in out


@pytest.mark.parametrize(
    ("environment_of_the_job", "said_in_it"),
    [
        ({"GITHUB_TOKEN": "ghs_expired"}, "Bad credentials. GitHub does not accept the token."),
        ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_API_URL": "github"}, "GITHUB_API_URL must be an http or https URL"),
        ({"DATABASE_URL": "sqlite:////nowhere/counted.db"}, "the folder /nowhere does not exist"),
    ],
)
async def test_whatever_fails_a_run_is_annotated(
    github: Sandbox, tmp_path: Path, environment_of_the_job: dict[str, str], said_in_it: str
) -> None:
    signed(github, "ada")
    code, out, _ = await command(github, tmp_path, **environment_of_the_job)
    assert code in (1, 2)
    assert out.startswith("::error title=sync::")
    assert out.count("\n") == 1
    assert said_in_it in out


async def test_a_summary_that_cannot_be_written_fails_no_run(github: Sandbox, tmp_path: Path) -> None:
    petition = signed(github, "ada")
    code, out, err = await command(github, tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "none" / "summary.md"))
    assert (code, said(petition)) == (0, 1), err
    assert "::warning::The summary cannot be written: No such file or directory." in out


async def test_a_burst_with_runs_that_are_cancelled_loses_nobody(
    github: Sandbox, folders: list[Path], clock: Clock, calls: Calls
) -> None:
    # Only comments of the last hour get a reaction, and 60 of them would take a minute.
    clock.ahead = -2 * 3600.0
    petition = github.petition()
    for number in range(500):
        github.comment(petition, f"p{number}")
    clock.ahead = 0.0
    for folder in (folders[0], folders[0], folders[1]):
        reached = asyncio.Event()
        calls.before("GET /repos/lovelace/letters/issues/1/comments", reached.set)
        process = await start("sync", "lovelace/letters", **environment(github, folder))
        await asyncio.wait_for(reached.wait(), PATIENCE)
        process.kill()
        assert (await finish(process))[0] == -9
        github.comment(petition, f"late{len(petition.comments)}")
    code, _, err = await command(github, folders[0])
    assert (code, said(petition)) == (0, 503), err


async def test_two_runs_at_once_on_two_databases_agree(github: Sandbox, folders: list[Path]) -> None:
    petition = github.petition()
    comments = [github.comment(petition, f"p{number}") for number in range(5)]
    await asyncio.gather(command(github, folders[0]), command(github, folders[1]))
    assert said(petition) == 5
    assert [len(one.reactions) for one in comments] == [1] * 5
    github.comments.delete(comments[0], comments[0].user)
    await asyncio.gather(command(github, folders[0]), command(github, folders[1]))
    assert said(petition) == 4


async def test_edits_by_others_sign_nobody_and_hiding_takes_out(
    github: Sandbox, tmp_path: Path, clock: Clock
) -> None:
    petition = github.petition()
    hidden, other = github.comment(petition, "ada"), github.comment(petition, "edsger", "What is this?")
    github.comment(petition, "alan")
    await run(github, tmp_path)
    clock.ahead += 60
    github.comments.edit(other, github.organizer(), "/sign")
    github.comments.hide(hidden, github.organizer())
    await run(github, tmp_path)
    clock.ahead += 60
    assert said(petition) == 1
    github.comments.unhide(hidden, github.organizer())
    await run(github, tmp_path)
    assert said(petition) == 2
