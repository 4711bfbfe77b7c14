"""Repositories and issues get other names, places and ends, told by a delivery or not; the petition goes along."""

from __future__ import annotations

import aiohttp
import pytest
from structlog.testing import capture_logs

from bot.store import Due, State
from tests.whole.recorded_calls import (
    HEARD,
    comes_to,
    eventually,
    happening,
    quiet_tokens,
    signed_petition,
    store_of,
    unheard,
    watched,
)
from tests.whole.scene import WATCHFUL

__all__ = ["quiet_tokens"]


@HEARD
async def test_a_renamed_repository_keeps_its_petitions(sqlite_url: str, heard: bool) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition = await signed_petition(stage)
        repository = petition.repository
        with happening(stage, heard):
            stage.sandbox.repositories.rename(repository, repository.owner, "open-letters")
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)

        async def is_known() -> bool:
            return (await store_of(stage).petitions.get_snapshot(petition.id, 0)).repository.name == "open-letters"

        await eventually(is_known, "the new name")
        await comes_to(stage, petition, State.FINE)


@HEARD
async def test_old_addresses_lead_on_after_renames_of_repository_and_owner(sqlite_url: str, heard: bool) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _), aiohttp.ClientSession() as session:
        petition = await signed_petition(stage)
        repository, number = petition.repository, petition.number
        with happening(stage, heard):
            stage.sandbox.repositories.rename(repository, repository.owner, "open-letters")
            stage.sandbox.accounts.rename(repository.owner, "byron")
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        assert stage.bot is not None
        pages = f"http://127.0.0.1:{stage.bot.port}/petitions"

        async def leads_on() -> bool:
            async with session.get(f"{pages}/lovelace/letters/{number}.json") as answer:
                return str(answer.url) == f"{pages}/byron/open-letters/{number}.json" and answer.status == 200

        await eventually(leads_on, "the redirect")
        for form in ("", ".csv", "/badge.svg", "/chart.svg", "/feed.atom"):
            async with session.get(f"{pages}/lovelace/letters/{number}{form}") as answer:
                assert (str(answer.url), answer.status) == (f"{pages}/byron/open-letters/{number}{form}", 200)


async def test_another_repository_under_the_old_name_is_not_taken_for_ours(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = await signed_petition(stage)
        repository = petition.repository
        with unheard(stage):
            stage.sandbox.repositories.rename(repository, repository.owner, "open-letters")
            other = stage.sandbox.petition(
                "Not ours", "Not ours.", "", stage.sandbox.repository("lovelace/letters")
            )
            stage.sandbox.issues.edit(petition, repository.owner, "Dear all, once more.")
        assert other.number == petition.number
        await store_of(stage).petitions.request_publishing([petition.id])
        store_of(stage).changed.set()
        await stage.shows(petition, 1)
        assert other.body == "Not ours."


@HEARD
@pytest.mark.parametrize("survive", [True, False], ids=["same comment ids", "new comment ids"])
async def test_a_transferred_issue_takes_its_signatures_along(sqlite_url: str, heard: bool, survive: bool) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        stage.sandbox.world.rules.comment_ids_survive_transfer = survive
        petition = await signed_petition(stage, "ada", "grace")
        target = stage.sandbox.repository("lovelace/archive")
        stage.sandbox.petition("First here", repository=target)
        stage.sandbox.repositories.set_role(target, stage.organizer(), "write")
        with happening(stage, heard):
            moved = stage.sandbox.issues.transfer(petition, stage.organizer(), target)
        assert moved.number != petition.number
        stage.sign(moved, "alan")
        await stage.shows(moved, 3)

        async def has_moved() -> bool:
            snapshot = await store_of(stage).petitions.get_snapshot(petition.id, 9)
            return [thread.issue_id for thread in snapshot.threads] == [moved.id]

        await eventually(has_moved, "the move")
        snapshot = await store_of(stage).petitions.get_snapshot(petition.id, 9)
        assert {each.login for each in snapshot.newest} == {"ada", "grace", "alan"}


async def test_a_petition_that_became_part_of_another_one_while_it_was_due_is_left_alone(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        await signed_petition(stage)
        assert stage.bot is not None
        (installation,) = stage.sandbox.world.installations
        async with store_of(stage).lease(installation) as lease:
            with capture_logs() as told:
                gone = Due(1, installation, revision=2, published_revision=0, since=0, attempts=0)
                await stage.bot.scheduler._get_worker(installation)._publish(gone, lease)
        assert "the issue belongs to another petition" in {line["event"] for line in told}


@HEARD
async def test_a_deleted_issue_ends_its_petition(sqlite_url: str, heard: bool) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        with happening(stage, heard):
            stage.sandbox.issues.delete(petition, petition.repository.owner)
        await comes_to(stage, petition, State.ISSUE_DELETED)
        assert (await store_of(stage).petitions.get_snapshot(petition.id, 0)).count == 0
        calls.forget()
        another = await signed_petition(stage)
        assert not calls.like(f"GET .*/issues/{petition.number}")
        assert another.number != petition.number


@HEARD
async def test_an_archived_repository_rests_until_it_is_unarchived(sqlite_url: str, heard: bool) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        repository = petition.repository
        with happening(stage, heard):
            stage.sandbox.repositories.archive(repository, repository.owner)
        await comes_to(stage, petition, State.ARCHIVED)
        assert len(calls.like("PATCH .* 403")) <= 1
        calls.forget()
        with happening(stage, heard):
            stage.sandbox.repositories.unarchive(repository, repository.owner)
            stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.FINE)
        assert not calls.like("PATCH .* 403")


@HEARD
async def test_a_repository_that_is_made_private_is_known_as_such(sqlite_url: str, heard: bool) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition = await signed_petition(stage)

        async def is_private() -> bool:
            return (await store_of(stage).petitions.get_snapshot(petition.id, 0)).private

        with happening(stage, heard):
            stage.sandbox.repositories.privatize(petition.repository, petition.repository.owner)
        await eventually(is_private, "a private petition")
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)


@HEARD
async def test_the_petitions_of_a_deleted_repository_rest(sqlite_url: str, heard: bool) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        with happening(stage, heard):
            stage.sandbox.repositories.delete(petition.repository, petition.repository.owner)
        await comes_to(stage, petition, State.REPOSITORY_DELETED if heard else State.OUT_OF_REACH)
        # Once for the thread, which is read before the repositories are listed, and once for the body.
        assert len(calls.like(f"GET .*/issues/{petition.number} 404")) <= 2


@HEARD
async def test_a_repository_that_goes_to_an_account_with_the_app_is_kept_there(
    sqlite_url: str, heard: bool, quiet_tokens: None
) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition = await signed_petition(stage)
        curie = stage.sandbox.repository("curie/notes").owner
        with happening(stage, heard):
            stage.sandbox.repositories.transfer(petition.repository, petition.repository.owner, curie)
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.FINE)


@HEARD
async def test_a_repository_that_goes_where_the_app_is_not_waits_for_it(
    sqlite_url: str, heard: bool, quiet_tokens: None
) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        curie = stage.sandbox.repositories.get_or_create("curie/notes").owner
        with happening(stage, heard):
            stage.sandbox.repositories.transfer(petition.repository, petition.repository.owner, curie)
        await comes_to(stage, petition, State.OUT_OF_REACH)
        assert len(calls.like("PATCH .* 403")) <= 1
        stage.sign(petition, "grace")
        with happening(stage, heard):
            stage.sandbox.installations.create(curie)
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.FINE)


@HEARD
async def test_an_issue_that_goes_where_the_app_is_not_waits_for_it(
    sqlite_url: str, heard: bool, quiet_tokens: None
) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        sandbox = stage.sandbox
        letters, elsewhere = (
            sandbox.repositories.get_or_create("curie/letters"),
            sandbox.repositories.get_or_create("curie/elsewhere"),
        )
        sandbox.repositories.create_label(elsewhere, "petition")
        installation = sandbox.installations.create(letters.owner, [letters])
        petition = sandbox.issues.open(letters, letters.owner, "Radium", "Dear all,", labels=["petition"])
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        with happening(stage, heard):
            moved = sandbox.issues.transfer(petition, letters.owner, elsewhere)
        await comes_to(stage, petition, State.OUT_OF_REACH)
        stage.sign(moved, "grace")
        with happening(stage, heard):
            sandbox.installations.add_repositories(installation, elsewhere)
        await stage.shows(moved, 2)


async def test_an_issue_that_became_a_discussion_is_looked_for_now_and_then(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        issues = petition.repository.issues
        del issues[petition.number]
        await comes_to(stage, petition, State.NOT_FOUND)
        seen = len(calls.like(f"GET .*/issues/{petition.number} 404"))
        await eventually(lambda: len(calls.like("GET .*/issues[?]labels")) > 6, "some surveys")
        assert len(calls.like(f"GET .*/issues/{petition.number} 404")) <= seen + 2
        issues[petition.number] = petition
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.FINE)


async def test_where_issues_are_switched_off_petitions_rest_until_they_are_on_again(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, calls):
        petition = await signed_petition(stage)
        stage.sandbox.repositories.set_issues_enabled(petition.repository, False)
        await comes_to(stage, petition, State.ISSUES_DISABLED)
        seen = len(calls.like(f"GET .*/issues/{petition.number} 410"))
        await eventually(lambda: len(calls.like("GET .*/issues[?]labels")) > 6, "some surveys")
        assert len(calls.like(f"GET .*/issues/{petition.number} 410")) <= seen + 2
        stage.sandbox.repositories.set_issues_enabled(petition.repository, True)
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        await comes_to(stage, petition, State.FINE)
