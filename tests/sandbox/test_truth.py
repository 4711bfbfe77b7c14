"""The sandbox says nothing that GitHub would not: every delivery and every answer fits GitHub's own description."""

import json
import time
import warnings

import pytest

from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock, Mailbox
from tests.sandbox.truth import check_answer, check_delivery

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from githubkit import AppInstallationAuthStrategy, GitHub, TokenAuthStrategy
    from githubkit.exception import RequestFailed


def everything_that_can_happen(sandbox: Sandbox) -> None:
    """Let one thing of each kind happen, so that each kind of delivery is sent."""
    letters, other = sandbox.repository(), sandbox.repository("lovelace/other")
    owner, ada = letters.owner, sandbox.user("ada")
    petition = sandbox.petition(body="Dear all,\nyours")
    signed = sandbox.comments.create(petition, ada, "/sign")
    for act in (sandbox.comments.hide, sandbox.comments.unhide, sandbox.comments.pin, sandbox.comments.unpin):
        act(signed, owner)
    sandbox.comments.pin(signed, owner)
    sandbox.comments.react(signed, sandbox.world.app.bot, "+1")
    sandbox.comments.edit(signed, ada, "/unsign")
    sandbox.accounts.delete(ada, ghost=False)
    sandbox.comments.edit(signed, owner, "redacted")
    sandbox.comments.create(petition, sandbox.world.app.bot, "A word from the bot")
    sandbox.comments.delete(signed, owner)
    sandbox.issues.close(petition, owner)
    sandbox.issues.reopen(petition, owner)
    sandbox.issues.lock(petition, owner)
    sandbox.issues.unlock(petition, owner)
    sandbox.issues.unlabel(petition, owner, "petition")
    sandbox.issues.edit(petition, sandbox.world.app.bot, body="new")
    sandbox.issues.edit(petition, owner, title="Another letter")
    pull = sandbox.issues.open(letters, owner, "A pull request", pull_request=True)
    sandbox.comments.create(pull, owner, "/sign")
    moved = sandbox.issues.transfer(petition, owner, other)
    sandbox.issues.delete(moved, owner)
    installation = next(iter(sandbox.world.installations.values()))
    sandbox.installations.suspend(installation)
    sandbox.installations.unsuspend(installation)
    sandbox.installations.grant(installation, installation.permissions, installation.events)
    sandbox.installations.remove_repositories(installation, other)
    sandbox.installations.add_repositories(installation, other)
    for content in ("goal: 1", "goal: 2", None):
        sandbox.repositories.write_file(letters, ".github/petition.yml", content)
    sandbox.repositories.rename(letters, owner, "open-letters")
    for change in (
        sandbox.repositories.archive,
        sandbox.repositories.unarchive,
        sandbox.repositories.privatize,
        sandbox.repositories.publicize,
    ):
        change(letters, owner)
    sandbox.accounts.rename(owner, "lovelace-king")
    acme = sandbox.user("acme", "Organization")
    of_acme = sandbox.installations.create(acme)
    sandbox.deliveries.ping()
    sandbox.repositories.transfer(letters, owner, acme)
    sandbox.issues.open(letters, acme, "A letter", "Dear all,", ["petition"])
    sandbox.repositories.delete(letters, acme)
    sandbox.repositories.create(acme, "new")
    sandbox.installations.delete(of_acme)


async def test_every_delivery_is_one_that_github_describes(sandbox: Sandbox, mailbox: Mailbox) -> None:
    everything_that_can_happen(sandbox)
    await sandbox.settled()

    for delivery in mailbox.received:
        check_delivery(delivery.headers["X-GitHub-Event"], delivery.body, delivery.json)
    assert {event for event in mailbox.events if event.startswith("issue_comment")} == {
        f"issue_comment.{action}" for action in ("created", "edited", "deleted", "pinned", "unpinned")
    }
    assert {event for event in mailbox.events if event.startswith("issues")} == {
        f"issues.{action}"
        for action in (
            "opened", "edited", "labeled", "unlabeled", "closed", "reopened", "locked", "unlocked",
            "transferred", "deleted",
        )
    }  # fmt: skip
    assert {event for event in mailbox.events if event.startswith("repository")} == {
        f"repository.{action}"
        for action in (
            "created", "renamed", "transferred", "archived", "unarchived", "privatized", "publicized", "deleted",
        )
    }  # fmt: skip
    assert {event for event in mailbox.events if event.startswith("installation")} == {
        "installation.created", "installation.deleted", "installation.suspend", "installation.unsuspend",
        "installation.new_permissions_accepted", "installation_repositories.added",
        "installation_repositories.removed", "installation_target.renamed",
    }  # fmt: skip
    assert "ping" in mailbox.events


LETTERS = "/repos/lovelace/letters"
ISSUE = f"{LETTERS}/issues/1"
COMMENT = f"{LETTERS}/issues/comments/5200000001"


@pytest.mark.parametrize(
    ("call", "status", "model"),
    [
        (f"GET {LETTERS}", 200, "FullRepository"),
        (f"GET {LETTERS}/issues?state=all", 200, "Issue"),
        (f"GET {ISSUE}", 200, "Issue"),
        (f"GET {ISSUE}/comments", 200, "IssueComment"),
        (f"GET {COMMENT}", 200, "IssueComment"),
        (f"GET {LETTERS}/labels/petition", 200, "Label"),
        (f"GET {LETTERS}/contents/.github/petition.yml", 200, "ContentFile"),
        (f"GET {LETTERS}/commits?path=.github/petition.yml&per_page=1", 200, "Commit"),
        (f"GET {LETTERS}/collaborators/grace/permission", 200, "RepositoryCollaboratorPermission"),
        ("GET /installation/repositories", 200, "InstallationRepositoriesGetResponse200"),
        ("GET /meta", 200, "ApiOverview"),
        ("GET /nowhere", 404, "BasicError"),
        (f'PATCH {ISSUE} {{"body": "new"}}', 200, "Issue"),
        (f'POST {LETTERS}/issues {{"title": "next"}}', 201, "Issue"),
        (f'POST {ISSUE}/comments {{"body": "hello"}}', 201, "IssueComment"),
        (f'POST {COMMENT}/reactions {{"content": "eyes"}}', 201, "Reaction"),
        (f'POST {LETTERS}/labels {{"name": "new"}}', 201, "Label"),
        (f'POST {LETTERS}/labels {{"name": "petition"}}', 422, "ValidationError"),
    ],
)  # fmt: skip
async def test_every_answer_is_one_that_github_describes(
    sandbox: Sandbox, api: Api, call: str, status: int, model: str
) -> None:
    a_repository_with_a_bit_of_everything(sandbox)
    method, path, *body = call.split(" ", 2)

    reply = await api(method, path, *map(json.loads, body))

    assert reply.status == status, reply.text
    check_answer(model, reply.json)


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/app", "Integration"),
        ("/app/installations", "Installation"),
        (f"{LETTERS}/installation", "Installation"),
        ("/app/hook/config", "WebhookConfig"),
        ("/app/hook/deliveries", "HookDeliveryItem"),
    ],
)
async def test_every_answer_to_the_app_is_one_that_github_describes(
    sandbox: Sandbox, api: Api, path: str, model: str
) -> None:
    a_repository_with_a_bit_of_everything(sandbox)
    await sandbox.settled()

    reply = await api("GET", path, token=api.jwt())

    assert reply.status == 200, reply.text
    check_answer(model, reply.json)


async def test_an_answer_to_a_commit_is_one_that_github_describes(sandbox: Sandbox, api: Api) -> None:
    letters = sandbox.repository()
    path, token = f"{LETTERS}/contents/docs/a.md", sandbox.token_of("lovelace")

    made = await api("PUT", path, {"message": "new", "content": "YQ=="}, token=token)
    blind = await api("PUT", path, {"message": "newer", "content": "Yg=="}, token=token)
    late = await api("PUT", path, {"message": "newer", "content": "Yg==", "sha": "0"}, token=token)
    sha = made.json["content"]["sha"]
    changed = await api("PUT", path, {"message": "newer", "content": "Yg==", "sha": sha}, token=token)
    refused = await api("PUT", path, {"message": "mine", "content": "Yw=="})

    assert [one.status for one in (made, blind, late, changed, refused)] == [201, 422, 409, 200, 403]
    check_answer("FileCommit", made.json)
    check_answer("FileCommit", changed.json)
    assert letters.files["docs/a.md"] == b"b"


async def test_a_minted_token_is_one_that_github_describes(sandbox: Sandbox, api: Api) -> None:
    sandbox.repository()

    reply = await api("POST", "/app/installations/90000001/access_tokens", token=api.jwt())

    check_answer("InstallationToken", reply.json)


async def test_an_independent_client_signs_in_as_the_app_and_works(sandbox: Sandbox, clock: Clock) -> None:
    petition = sandbox.petition()
    for number in range(120):
        sandbox.comment(petition, f"person-{number}")
    installation = next(iter(sandbox.world.installations))
    as_app = AppInstallationAuthStrategy(str(sandbox.app_id), sandbox.private_key, installation)
    clock.time = time.time()  # the client has no other clock

    async with GitHub(as_app, base_url=sandbox.api_url, auto_retry=False) as github:
        issues = github.rest.issues
        issue = (await issues.async_get("lovelace", "letters", 1)).parsed_data
        changed = (await issues.async_update("lovelace", "letters", 1, body="counted")).parsed_data
        comments = [
            one
            async for one in github.rest.paginate(
                issues.async_list_comments, owner="lovelace", repo="letters", issue_number=1
            )
        ]
        thumb = await github.rest.reactions.async_create_for_issue_comment(
            "lovelace", "letters", comments[0].id, content="+1"
        )
        await github.rest.reactions.async_delete_for_issue_comment(
            "lovelace", "letters", comments[0].id, thumb.parsed_data.id
        )
        answer = await github.async_graphql(
            "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Issue { body } } }", {"ids": [issue.node_id]}
        )

    assert issue.title == petition.title
    assert changed.body == petition.body == "counted"
    assert len(comments) == 120
    assert thumb.status_code == 201
    assert petition.comments[0].reactions == []
    assert answer == {"nodes": [{"body": "counted"}]}


async def test_an_independent_client_works_with_a_personal_token(sandbox: Sandbox) -> None:
    sandbox.petition()

    async with GitHub(
        TokenAuthStrategy(sandbox.token_of("ada")), base_url=sandbox.api_url, auto_retry=False
    ) as github:
        written = await github.rest.issues.async_create_comment("lovelace", "letters", 1, body="/sign")
        with pytest.raises(RequestFailed) as refused:
            await github.rest.issues.async_update("lovelace", "letters", 1, title="Mine now")

    assert written.parsed_data.user is not None
    assert written.parsed_data.user.login == "ada"
    assert refused.value.response.status_code == 403


def a_repository_with_a_bit_of_everything(sandbox: Sandbox) -> None:
    letters = sandbox.repository()
    petition = sandbox.petition()
    signed = sandbox.comment(petition, "ada")
    assert signed.id == 5_200_000_001
    sandbox.comments.react(signed, sandbox.world.app.bot, "+1")
    sandbox.comments.hide(sandbox.comment(petition, "babbage"), letters.owner, "spam")
    gone = sandbox.comment(petition, "byron")
    sandbox.accounts.delete(gone.user, ghost=False)
    sandbox.comments.pin(signed, letters.owner)
    sandbox.issues.close(sandbox.petition("Another"), letters.owner, "not_planned")
    sandbox.issues.open(letters, letters.owner, "A pull request", pull_request=True)
    sandbox.repositories.set_role(letters, sandbox.user("grace"), "maintain")
    sandbox.repositories.write_file(letters, ".github/petition.yml", "goal: 100\n")
