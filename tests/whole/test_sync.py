"""Without a server: a run of `sync` counts what is there, publishes it, and ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_struct

from bot.config import Config
from bot.sync import SyncReport, sync
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.whole.scene import said


@pytest.fixture
async def github() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


async def run(github: Sandbox, folder: Path, number: int | None = None, **permissions: str) -> SyncReport:
    """Run once with a workflow's token, on a database of its own."""
    config = Config(
        token=github.workflow_token(**permissions),
        api_url=github.api_url,
        database_url=f"sqlite:///{folder / 'counted.db'}",
    )
    return await sync("lovelace/letters", number, config)


def by_the_workflow(petition: Issue) -> bool:
    return petition.edits[-1].editor.login == "github-actions[bot]"


async def test_the_first_run_counts_what_is_there(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    signed = github.comment(petition, "ada", "/sign Ada Lovelace")
    mistyped = github.comment(petition, "alan", "/sihn")
    report = await run(github, tmp_path)
    assert said(petition) == 1
    assert by_the_workflow(petition)
    assert list(report.lines()) == ["lovelace/letters#1: 1 signature.", "1 issue updated, 2 reactions, 15 calls to GitHub."]
    assert [one.content for one in signed.reactions] == ["+1"]
    assert [one.content for one in mistyped.reactions] == ["confused"]


async def test_a_database_that_is_new_each_time_does_as_well(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    signed = github.comment(petition, "ada", "/sign Ada Lovelace")
    for day, login in enumerate(("alan", "grace")):
        folder = tmp_path / str(day)
        folder.mkdir()
        await run(github, folder)
        github.comment(petition, login)
    await run(github, tmp_path)
    assert said(petition) == 3
    assert len(signed.reactions) == 1
