"""A GitHub, and runs of `sync` with a workflow's token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import time_types
from bot.config import Config
from bot.repository_sync import SyncReport, sync
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.emissions import RUN
from tests.whole import scene
from tests.whole.recorded_calls import Calls


class Clock(scene.Clock):
    """This machine's time, which waiting moves on at once."""

    async def sleep(self, seconds: float) -> None:
        self.ahead += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
async def github(clock: Clock, calls: Calls) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(now=clock)
    sandbox.app.middlewares.append(calls.note)
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Make folders for databases, one for each run that begins anew."""
    found = [tmp_path / str(number) for number in range(4)]
    for folder in found:
        folder.mkdir()
    return found


async def run(github: Sandbox, folder: Path, number: int | None = None, **permissions: str) -> SyncReport:
    """Run once as the action does: with a workflow's token, on a database in a folder."""
    config = Config(
        token=github.workflow_token(None, **permissions),
        api_url=github.api_url,
        database_url=f"sqlite:///{folder / 'counted.db'}",
    )
    clock = github.world.now
    assert isinstance(clock, Clock)
    return await sync(
        "lovelace/letters", number, config, time_types.Clock(clock, clock.sleep), replaces_database=True
    )


def writer(issue: Issue) -> str:
    editor = issue.edits[-1].editor
    assert editor is not None
    return editor.login


def environment(github: Sandbox, folder: Path, **permissions: str) -> dict[str, str]:
    """Return what a job of a workflow has in its environment, as far as `sync` reads it."""
    token = github.workflow_token(None, **permissions)
    RUN.give(token)
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_TOKEN": token,
        "GITHUB_API_URL": github.api_url,
        "GITHUB_REPOSITORY": "lovelace/letters",
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "DATABASE_URL": f"sqlite:///{folder / 'counted.db'}",
    }
