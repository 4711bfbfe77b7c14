from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from bot.github.errors import Forbidden, Gone, NotFound, Unprocessable
from bot.github.installation_client import InstallationClient
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.github.scene import REPO, Calls, Clock, Forgery


@pytest.fixture
def letter(sandbox: Sandbox) -> Issue:
    return sandbox.petition("Keep the lights on", "Dear council,")


async def test_a_body_is_replaced(client: InstallationClient, letter: Issue) -> None:
    await client.edit_body(REPO, letter.number, "Dear mayor,\r\n👍")
    assert letter.body == "Dear mayor,\r\n👍"


async def test_a_write_takes_one_call(client: InstallationClient, letter: Issue, calls: Calls) -> None:
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    assert calls.made == [f"PATCH /repos/{REPO}/issues/{letter.number} 200"]


async def test_after_a_write_the_new_body_is_read(client: InstallationClient, letter: Issue) -> None:
    await client.get_issue(REPO, letter.number)
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    assert (await client.get_issue(REPO, letter.number)).body == "Dear mayor,"


async def test_a_reaction_is_given_once_and_taken_back(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    comment = sandbox.comment(letter, "ada")
    given = await client.create_reaction(REPO, comment.id, "+1")
    assert [(one.id, one.content, one.user.type) for one in comment.reactions] == [(given, "+1", "Bot")]
    assert await client.create_reaction(REPO, comment.id, "+1") == given
    await client.delete_reaction(REPO, comment.id, given)
    assert comment.reactions == []
    await client.delete_reaction(REPO, comment.id, given)


async def test_a_reaction_on_a_deleted_comment_is_gone_already(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    comment = sandbox.comment(letter, "ada")
    given = await client.create_reaction(REPO, comment.id, "+1")
    sandbox.comments.delete(comment, sandbox.user("ada"))
    await client.delete_reaction(REPO, comment.id, given)
    with pytest.raises(NotFound):
        await client.create_reaction(REPO, comment.id, "+1")


async def test_writes_are_a_second_apart_and_reads_are_not(
    client: InstallationClient, letter: Issue, clock: Clock
) -> None:
    for text in "abc":
        await client.get_issue(REPO, letter.number)
        await client.edit_body(REPO, letter.number, text)
    assert clock.slept == [1.0, 1.0]


async def test_calls_are_made_one_at_a_time(client: InstallationClient, letter: Issue, forgery: Forgery) -> None:
    under_way: list[int] = []
    most = 0

    async def watch(_request: web.Request) -> None:
        nonlocal most
        under_way.append(1)
        most = max(most, len(under_way))
        await asyncio.sleep(0.01)
        under_way.pop()

    forgery.forger = watch
    await asyncio.gather(
        *(client.get_issue(REPO, letter.number) for _ in range(5)), client.edit_body(REPO, letter.number, "")
    )
    assert most == 1


# Refusals


async def test_a_body_that_is_too_long_is_refused_with_githubs_reason(
    client: InstallationClient, letter: Issue
) -> None:
    with pytest.raises(Unprocessable, match=r"body is too long \(maximum is 65536 characters\)"):
        await client.edit_body(REPO, letter.number, "x" * 65_537)


async def test_what_is_not_there_is_not_found(client: InstallationClient) -> None:
    with pytest.raises(NotFound):
        await client.get_issue(REPO, 404)
    with pytest.raises(NotFound):
        await client.get_issue("nobody/nothing", 1)
    with pytest.raises(NotFound):
        await client.list_comments("../..", 1)


async def test_a_deleted_issue_is_gone(client: InstallationClient, letter: Issue, sandbox: Sandbox) -> None:
    sandbox.issues.delete(letter, letter.user)
    with pytest.raises(Gone, match="deleted"):
        await client.get_issue(REPO, letter.number)
    with pytest.raises(Gone):
        await client.edit_body(REPO, letter.number, "")


async def test_issues_that_are_switched_off_are_gone(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    sandbox.repositories.set_issues_enabled(letter.repository, enabled=False)
    with pytest.raises(Gone, match="disabled"):
        await client.get_issue(REPO, letter.number)


async def test_an_archived_repository_can_be_read_and_not_written(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    sandbox.repositories.archive(letter.repository, letter.repository.owner)
    assert (await client.get_issue(REPO, letter.number)).repository.archived
    with pytest.raises(Forbidden, match="archived"):
        await client.edit_body(REPO, letter.number, "")


async def test_a_locked_issue_takes_a_body_and_no_reaction(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    comment = sandbox.comment(letter, "ada")
    sandbox.issues.lock(letter, sandbox.organizer())
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    with pytest.raises(Forbidden, match="locked"):
        await client.create_reaction(REPO, comment.id, "+1")


async def test_a_missing_permission_is_named(client: InstallationClient, letter: Issue, sandbox: Sandbox) -> None:
    (installation,) = sandbox.world.installations.values()
    sandbox.installations.grant(installation, {"issues": "read", "metadata": "read"}, ["issues"])
    with pytest.raises(Forbidden, match="not accessible") as refusal:
        await client.edit_body(REPO, letter.number, "")
    assert refusal.value.accepted_permissions == "issues=write"


# Moves


async def test_a_renamed_repository_is_followed(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    comment = sandbox.comment(letter, "ada")
    sandbox.repositories.rename(letter.repository, letter.repository.owner, "open-letters")
    read = await client.get_issue(REPO, letter.number)
    assert (read.repository.id, read.repository.full_name) == (letter.repository.id, "lovelace/open-letters")
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    assert letter.body == "Dear mayor,"
    await client.delete_reaction(REPO, comment.id, await client.create_reaction(REPO, comment.id, "confused"))
    assert comment.reactions == []
    assert [one.id for one in (await client.list_comments(REPO, letter.number)).comments] == [comment.id]
    assert [one.issue.id for one in await client.list_petitions(await client.get_repository(REPO), "petition")] == [
        letter.id
    ]


async def test_a_repository_that_moved_to_an_account_without_the_app_is_not_found(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    sandbox.repositories.privatize(letter.repository, letter.repository.owner)
    sandbox.repositories.transfer(letter.repository, letter.repository.owner, sandbox.user("babbage"))
    with pytest.raises(NotFound):
        await client.get_issue(REPO, letter.number)


async def test_a_transferred_issue_has_its_new_place(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    archive = sandbox.repository("lovelace/archive")
    moved = sandbox.issues.transfer(letter, letter.repository.owner, archive)
    read = await client.get_issue(REPO, letter.number)
    assert (read.repository.id, read.issue.id, read.issue.number) == (archive.id, moved.id, moved.number)
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    assert moved.body == "Dear mayor,"


async def test_an_issue_that_moved_out_of_sight_is_not_found(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    (installation,) = sandbox.world.installations.values()
    secret = sandbox.repository("lovelace/secret", private=True)
    sandbox.issues.transfer(letter, letter.repository.owner, secret)
    sandbox.installations.remove_repositories(installation, secret)
    with pytest.raises(NotFound):
        await client.get_issue(REPO, letter.number)
