"""A petition has one counter, the App with its server or a workflow; the other one writes nothing."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.cli import sync as sync_report
from bot.cli.verify import verify
from bot.config import Config
from bot.doctor.checks import examine
from bot.github.petition_and_rules_reader import IssueName
from bot.petition.block.body import machine_line
from bot.petition.machine_readable_lines import Continues
from bot.petition.settings import PATH
from bot.reconcile.continuation_issues import continuation_body
from bot.store import NoSuchPetition, State
from sandbox.faults import Failure, RequestFault
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.whole.recorded_calls import at_rest, eventually, state_of
from tests.whole.scene import Scene, said
from tests.whole.workflow_runs import Clock, calls, clock, folders, github, run, writer

__all__ = ["calls", "clock", "folders", "github"]

ROBOT = "github-actions[bot]"


@pytest.fixture
async def stage(github: Sandbox, sqlite_url: str) -> AsyncIterator[Scene]:
    """Set a scene in which no bot runs yet."""
    github.repository()
    found = Scene(github, sqlite_url)
    yield found
    await found.stop_bot()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three comments fill an issue."""
    monkeypatch.setattr("bot.reconcile.continuation_issues.COMMENT_LIMIT", 3)


def settle(stage: Scene, petition: Issue, text: str) -> None:
    """Save the settings file."""
    stage.sandbox.repositories.write_file(petition.repository, PATH, text)


def counted_by(petition: Issue) -> str | None:
    line = machine_line(petition.body)
    return line.by if line else None


async def is_in(stage: Scene, petition: Issue, state: State) -> bool:
    try:
        return await state_of(stage, petition) is state
    except NoSuchPetition:
        return False


async def rest(stage: Scene) -> None:
    await stage.sandbox.settled()
    await eventually(lambda: at_rest(stage), "the end of all work")


async def test_the_block_says_that_a_workflow_wrote_it(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    await run(github, tmp_path)
    assert '"by":"workflow"' in (petition.body or "")


async def test_what_wrote_the_last_block_goes_on(stage: Scene, tmp_path: Path) -> None:
    petition = stage.petition()
    await run(stage.sandbox, tmp_path)
    written = petition.body
    with capture_logs() as logged:
        await stage.start_bot()
        signed = stage.sign(petition, "ada")
        await eventually(
            lambda: is_in(stage, petition, State.COUNTED_ELSEWHERE), "the App leaves it to the workflow"
        )
        await rest(stage)
    assert petition.body == written
    assert signed.reactions == []
    assert any(one.get("advice") == State.COUNTED_ELSEWHERE.advice for one in logged)
    await run(stage.sandbox, tmp_path)
    assert (said(petition), counted_by(petition), writer(petition)) == (1, "workflow", ROBOT)


async def test_the_workflow_leaves_to_the_app_what_is_the_apps(stage: Scene, tmp_path: Path) -> None:
    petition = stage.petition()
    await stage.start_bot()
    await stage.shows(petition, 0)
    await rest(stage)
    await stage.stop_bot()
    written, signed = petition.body, stage.sign(petition, "ada")
    report = await run(stage.sandbox, tmp_path)
    assert (petition.body, signed.reactions) == (written, [])
    assert (report.written, report.reactions, sync_report.failures(report)) == (0, 0, [])
    assert State.COUNTED_ELSEWHERE.advice in next(sync_report.lines(report))


async def test_the_doctor_names_a_petition_that_a_workflow_counts(stage: Scene, tmp_path: Path) -> None:
    petition = stage.petition()
    await run(stage.sandbox, tmp_path)
    await stage.start_bot()
    await eventually(lambda: is_in(stage, petition, State.COUNTED_ELSEWHERE), "the App leaves it to the workflow")
    await rest(stage)
    found = [one for one in await examine(stage.config()) if one.do == State.COUNTED_ELSEWHERE.advice]
    assert [one.what for one in found] == ["lovelace/letters#1 is counted by a workflow."]


async def test_a_line_in_the_settings_moves_a_petition_there_and_back(
    stage: Scene, few: None, folders: list[Path]
) -> None:
    petition = stage.petition()
    await stage.start_bot()
    for login in ("ada", "grace", "alan"):
        stage.sign(petition, login)
    await stage.until(lambda: len(petition.repository.issues) == 2)
    second = petition.repository.issues[2]
    stage.sign(second, "edsger")
    await stage.shows(second, 4)
    await rest(stage)
    settle(stage, petition, "counter: workflow")
    await eventually(lambda: is_in(stage, petition, State.COUNTED_ELSEWHERE), "the App leaves it to the workflow")
    for login in ("barbara", "donald"):
        stage.sign(second, login)
    await run(stage.sandbox, folders[0])
    third = petition.repository.issues[3]
    signed = stage.sign(third, "tony")
    await run(stage.sandbox, folders[1])
    await rest(stage)
    for issue in (petition, second, third):
        assert (said(issue), counted_by(issue), writer(issue)) == (7, "workflow", ROBOT)
    assert [one.user.login for one in signed.reactions] == [ROBOT]
    settle(stage, petition, "counter: app")
    for issue in (petition, second, third):
        await stage.until(lambda issue=issue: counted_by(issue) == "app")  # type: ignore[misc]
        await stage.shows(issue, 7)
    assert len(petition.repository.issues) == 3
    await rest(stage)
    report = await run(stage.sandbox, folders[1])
    assert report.written == 0


async def test_the_letters_author_cannot_stop_the_app_with_a_forged_block(stage: Scene) -> None:
    petition = stage.petition()
    await stage.start_bot()
    stage.sign(petition, "ada")
    body = await stage.shows(petition, 1)
    line = machine_line(body)
    forged = body.replace(str(line), str(line).replace('"v":1', '"v":1,"by":"workflow"'))
    stage.sandbox.issues.edit(petition, petition.user, forged)
    await stage.until(lambda: counted_by(petition) == "app")
    stage.sign(petition, "grace")
    await stage.shows(petition, 2)


# Continuations that workflows open


async def test_a_continuation_is_known_to_a_run_with_a_new_database(
    github: Sandbox, few: None, folders: list[Path]
) -> None:
    petition = github.petition()
    for login in ("ada", "grace", "alan"):
        github.comment(petition, login)
    await run(github, folders[0])
    for folder, logins in zip(folders[1:], (("edsger", "tony", "donald"), ("barbara",)), strict=False):
        last = petition.repository.issues[len(petition.repository.issues)]
        for login in logins:
            github.comment(last, login)
        await run(github, folder)
    assert [said(issue) for issue in petition.repository.issues.values()] == [7, 7, 7]
    assert (await recounted(github)) == 7


async def test_a_continuation_is_known_to_a_run_with_an_older_database(
    github: Sandbox, few: None, folders: list[Path], clock: Clock
) -> None:
    petition = github.petition()
    for login in ("ada", "grace"):
        github.comment(petition, login)
    await run(github, folders[0])
    shutil.copytree(folders[0], folders[1], dirs_exist_ok=True)
    github.comment(petition, "alan")
    clock.ahead += 60
    await run(github, folders[0])
    second = petition.repository.issues[2]
    github.comment(second, "edsger")
    clock.ahead += 60
    await run(github, folders[1])
    await run(github, folders[1])
    assert [said(issue) for issue in petition.repository.issues.values()] == [4, 4]
    assert (await recounted(github)) == 4


async def test_an_answer_that_got_lost_leaves_an_issue_that_is_told_and_not_counted(
    github: Sandbox, few: None, tmp_path: Path, clock: Clock
) -> None:
    petition = github.petition()
    for login in ("ada", "grace", "alan"):
        github.comment(petition, login)
    github.fault_injector.plan("POST /repos/lovelace/letters/issues", Failure(RequestFault.SERVER_ERROR, True))
    report = await run(github, tmp_path)
    assert (said(petition), sync_report.failures(report)) == (3, [])
    assert report.left
    lost = petition.repository.issues[2]
    github.comment(lost, "edsger")
    clock.ahead += 120
    with capture_logs() as logged:
        await run(github, tmp_path)
    third = petition.repository.issues[3]
    github.comment(third, "tony")
    await run(github, tmp_path)
    assert [said(issue) for issue in (petition, lost, third)] == [4, None, 4]
    assert [one["issue"] for one in logged if one.get("advice") == "Close it."] == [2]
    assert (await recounted(github)) == 4


async def recounted(github: Sandbox) -> int:
    """Count as anybody can, and check that the block says the same."""
    config = Config(token=github.workflow_token(), api_url=github.api_url)
    found = await verify(IssueName("lovelace/letters", 1), config)
    assert found.recount.agrees
    return found.recount.count


async def test_an_issue_that_another_workflow_opened_continues_nothing(
    github: Sandbox, few: None, folders: list[Path]
) -> None:
    petition = github.petition()
    for login in ("ada", "grace", "alan"):
        github.comment(petition, login)
    forged = continuation_body("A letter", "https://example.org", Continues(petition.id, "lovelace/letters#1"))
    echoed = github.issues.open(petition.repository, github.user(ROBOT, "Bot"), "From a form", forged, web=False)
    github.comment(echoed, "mallory")
    for folder in folders[:2]:
        await run(github, folder)
    assert (echoed.body, len(petition.repository.issues)) == (forged, 3)
    assert said(petition) == said(petition.repository.issues[3]) == 3
    assert (await recounted(github)) == 3


async def test_a_workflows_issue_behind_the_last_counts_only_where_the_last_names_it(
    github: Sandbox, few: None, folders: list[Path]
) -> None:
    petition = github.petition()
    for login in ("ada", "grace", "alan"):
        github.comment(petition, login)
    await run(github, folders[0])
    forged = continuation_body("A letter", "https://example.org", Continues(petition.id, "lovelace/letters#1"))
    echoed = github.issues.open(petition.repository, github.user(ROBOT, "Bot"), "From a form", forged, web=False)
    github.comment(echoed, "mallory")
    body = petition.body or ""
    stuffed = body.replace('"lovelace/letters#2"]', '"lovelace/letters#2","lovelace/letters#3"]')
    assert stuffed != body
    github.issues.edit(petition, petition.user, stuffed)
    config = Config(token=github.workflow_token(), api_url=github.api_url)
    assert (await verify(IssueName("lovelace/letters", 1), config)).recount.count == 3
    await run(github, folders[1])
    assert (said(petition), echoed.body) == (3, forged)
