"""Without a server: a run of `sync` counts what is there, publishes it, and ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot import time_types
from bot.cli import sync as sync_report
from bot.config import ConfigError
from bot.petition.settings import PATH
from bot.reconcile.resync import UnknownPetition
from bot.repository_sync import sync
from bot.store import State, Store
from bot.store_and_github_from_config import open_store
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.whole.scene import said, scene
from tests.whole.workflow_runs import Clock, calls, clock, folders, github, run, writer

__all__ = ["calls", "clock", "folders", "github"]


async def test_the_first_run_counts_what_is_there(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    signed = github.comment(petition, "ada", "/sign Ada Lovelace")
    mistyped = github.comment(petition, "alan", "/sihn")
    report = await run(github, tmp_path)
    assert (said(petition), writer(petition)) == (1, "github-actions[bot]")
    assert next(sync_report.lines(report)) == "lovelace/letters#1: 1 signature."
    assert (report.written, report.reactions, report.left, sync_report.failures(report)) == (1, 2, "", [])
    assert [one.content for one in signed.reactions] == ["+1"]
    assert [one.content for one in mistyped.reactions] == ["confused"]


async def test_a_database_that_is_new_each_time_does_as_well(github: Sandbox, folders: list[Path]) -> None:
    petition = github.petition()
    signed = github.comment(petition, "ada", "/sign Ada Lovelace")
    for folder, login in zip(folders, ("alan", "grace"), strict=False):
        await run(github, folder)
        github.comment(petition, login)
    report = await run(github, folders[2])
    assert said(petition) == 3
    assert len(signed.reactions) == 1
    assert report.reactions == 1


async def test_a_run_with_a_kept_database_costs_nothing_where_nothing_has_changed(
    github: Sandbox, tmp_path: Path
) -> None:
    petition = github.petition()
    github.repositories.write_file(petition.repository, "README.md", "Letters")
    github.comment(petition, "ada")
    for _ in range(2):
        await run(github, tmp_path)
    before = list(petition.edits)
    report = await run(github, tmp_path)
    assert (report.calls, report.written, petition.edits, report.left) == (0, 0, before, "")
    github.comment(petition, "grace")
    report = await run(github, tmp_path)
    assert (said(petition), report.left) == (2, "")


async def test_a_long_petition_takes_few_calls(github: Sandbox, folders: list[Path], clock: Clock) -> None:
    petition = github.petition()
    github.repositories.write_file(petition.repository, PATH, "goal: 5000")
    for number in range(2_200):
        github.comment(petition, f"p{number}")
    await run(github, folders[0])
    (second,) = (one for one in petition.repository.issues.values() if one is not petition)
    for number in range(300):
        github.comment(second, f"q{number}")
    # Reactions, which take more, are only for the last hour's comments.
    clock.ahead += 2 * 3600
    report = await run(github, folders[1])
    assert said(petition) == said(second) == 2_500
    assert report.calls <= 35
    assert report.reactions == 0


async def test_only_the_petition_that_is_named_is_counted(github: Sandbox, tmp_path: Path) -> None:
    named, other = github.petition(), github.petition("Another")
    for petition in (named, other):
        github.comment(petition, "ada")
    await run(github, tmp_path, named.number)
    assert (said(named), said(other)) == (1, None)


async def test_an_issue_without_the_label_is_no_petition(github: Sandbox, tmp_path: Path) -> None:
    issue = github.petition(label="")
    with pytest.raises(UnknownPetition, match="it does not have the label `petition`"):
        await run(github, tmp_path, issue.number)


async def test_a_missing_permission_is_told(github: Sandbox, tmp_path: Path, clock: Clock) -> None:
    petition = github.petition()
    signed = github.comment(petition, "ada")
    report = await run(github, tmp_path, issues="read")
    assert [one.state for one in sync_report.failures(report)] == [State.NOT_ALLOWED]
    assert (said(petition), report.reactions) == (None, 0)
    clock.ahead += 60
    await run(github, tmp_path)
    assert said(petition) == 1
    assert [one.content for one in signed.reactions] == ["+1"]


async def test_a_repository_without_petitions_says_how_to_begin(github: Sandbox, tmp_path: Path) -> None:
    github.repository()
    report = await run(github, tmp_path)
    assert "give an issue the label `petition`" in next(sync_report.lines(report))


async def test_nothing_of_a_private_petition_is_kept(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    github.comment(petition, "ada", "/sign Ada Lovelace")
    await run(github, tmp_path)
    github.repositories.privatize(petition.repository, petition.repository.owner)
    github.comment(petition, "grace", "/sign Grace Hopper")
    await run(github, tmp_path)
    assert said(petition) == 2
    assert not [*tmp_path.iterdir()]  # noqa: ASYNC240


async def test_what_was_deleted_leaves_the_kept_database(github: Sandbox, tmp_path: Path) -> None:
    petition = github.petition()
    comment = github.comment(petition, "ada", "/sign Ada Lovelace, Analytical Engines")
    github.comment(petition, "alan")
    await run(github, tmp_path)
    github.comments.delete(comment, comment.user)
    await run(github, tmp_path)
    assert said(petition) == 1
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())  # noqa: ASYNC240
    assert b"Analytical" not in kept
    assert b"Lovelace" not in kept


def go_private(github: Sandbox, petition: Issue) -> None:
    owner = petition.repository.owner
    github.issues.transfer(petition, owner, github.repository("lovelace/private", private=True))


def begin_anew(github: Sandbox, petition: Issue) -> None:
    owner = petition.repository.owner
    github.repositories.delete(petition.repository, owner)
    github.petition(repository=github.repositories.create(owner, "letters"))


@pytest.mark.parametrize("leave", [go_private, begin_anew])
async def test_a_petition_that_has_left_the_repository_leaves_the_kept_database(
    github: Sandbox, tmp_path: Path, clock: Clock, leave: Callable[[Sandbox, Issue], None]
) -> None:
    petition = github.petition()
    github.comment(petition, "ada", "/sign Ada Lovelace, Analytical Engines")
    await run(github, tmp_path)
    leave(github, petition)
    clock.ahead += 60
    await run(github, tmp_path)
    await run(github, tmp_path)
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())  # noqa: ASYNC240
    assert b"Analytical" not in kept


async def test_a_token_takes_no_repository_from_an_app_with_the_same_database(sqlite_url: str) -> None:
    async with scene(sqlite_url) as stage:
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        config = replace(stage.config(), token=stage.sandbox.workflow_token())
        with pytest.raises(ConfigError, match="the database belongs to an App"):
            await sync("lovelace/letters", None, config)
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)


async def test_a_run_as_the_app_takes_its_other_repositories_for_no_others(sqlite_url: str) -> None:
    async with scene(sqlite_url) as stage:
        other = stage.sandbox.petition(repository=stage.sandbox.repository("lovelace/other"))
        petitions = [stage.petition(), other]
        for petition in petitions:
            stage.sign(petition, "ada")
            await stage.shows(petition, 1)
        await stage.stop_bot()
        # What was heard of within the same second would not be replaced.
        later = time_types.Clock(lambda: time.time() + 5, asyncio.sleep)
        assert not (await sync("lovelace/letters", None, stage.config(), later)).left
        async with open_store(stage.config()) as store:
            known = await store.installations.get_repositories(1, [other.repository.id])
        assert known[other.repository.id].accessible


async def test_a_token_deletes_no_database_that_holds_an_app_which_is_installed_nowhere_yet(
    github: Sandbox, tmp_path: Path
) -> None:
    github.repository("lovelace/letters", private=True)
    store = await Store.open(f"sqlite:///{tmp_path / 'counted.db'}")
    await store.credentials.add("sealed", 1)
    await store.close()
    with pytest.raises(ConfigError, match="the database belongs to an App"):
        await run(github, tmp_path)
    store = await Store.open(f"sqlite:///{tmp_path / 'counted.db'}")
    assert await store.credentials.get() is not None
    await store.close()
