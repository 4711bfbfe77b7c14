"""People are renamed, deleted, flagged and replaced; the App is installed, suspended and removed."""

import pytest

from sandbox.models import Refused
from sandbox.server import Sandbox
from tests.sandbox.scene import NOON, Api, Mailbox

COMMENTS = "/repos/lovelace/letters/issues/1/comments"
AUTHOR = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment { author { __typename login } } } }"


async def test_a_renamed_person_keeps_the_id_and_somebody_else_may_take_the_login(
    sandbox: Sandbox, api: Api
) -> None:
    petition = sandbox.petition()
    ada = sandbox.user("ada")
    sandbox.comment(petition, "ada")

    sandbox.accounts.rename(ada, "countess")
    sandbox.comment(petition, "ada")

    first, second = (await api.get(COMMENTS)).json
    assert (first["user"]["login"], first["user"]["id"]) == ("countess", ada.id)
    assert second["user"]["login"] == "ada"
    assert second["user"]["id"] != ada.id
    with pytest.raises(Refused, match="taken"):
        sandbox.accounts.rename(ada, "ADA")


async def test_a_deleted_account_is_the_ghost_to_rest_and_null_to_graphql(sandbox: Sandbox, api: Api) -> None:
    signed = sandbox.comment(sandbox.petition(), "ada")
    sandbox.accounts.delete(signed.user)

    assert [one["user"]["login"] for one in (await api.get(COMMENTS)).json] == ["ghost"]
    answer = await api.graphql(AUTHOR, ids=[signed.node_id])
    assert answer["data"]["nodes"][0]["author"] is None


async def test_a_deleted_account_may_be_null_to_rest_but_deliveries_have_the_ghost(
    sandbox: Sandbox, api: Api, mailbox: Mailbox
) -> None:
    signed = sandbox.comment(sandbox.petition(), "ada")
    sandbox.accounts.delete(signed.user, ghost=False)
    sandbox.comments.hide(signed, sandbox.organizer())
    await sandbox.settled()

    assert (await api.get(COMMENTS)).json[0]["user"] is None
    assert mailbox.received[-1].json["comment"]["user"]["id"] == 10137


async def test_what_a_flagged_account_wrote_vanishes_and_returns_without_a_word(
    sandbox: Sandbox, api: Api, mailbox: Mailbox
) -> None:
    petition = sandbox.petition()
    signed = sandbox.comment(petition, "ada")
    sandbox.comment(petition, "grace")
    await sandbox.settled()
    told = len(mailbox.received)

    sandbox.accounts.flag(signed.user)
    assert [one["user"]["login"] for one in (await api.get(COMMENTS)).json] == ["grace"]
    assert (await api.get(f"/repos/lovelace/letters/issues/comments/{signed.id}")).status == 404
    assert (await api.graphql(AUTHOR, ids=[signed.node_id]))["errors"][0]["type"] == "NOT_FOUND"

    sandbox.accounts.unflag(signed.user)
    assert [one["user"]["login"] for one in (await api.get(COMMENTS)).json] == ["ada", "grace"]
    await sandbox.settled()
    assert len(mailbox.received) == told


async def test_the_bot_has_brackets_in_rest_and_none_in_graphql(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()
    written = await api("POST", COMMENTS, {"body": "hello"})

    assert (written.json["user"]["login"], written.json["user"]["type"]) == ("undersigned[bot]", "Bot")
    answer = await api.graphql(AUTHOR, ids=[written.json["node_id"]])
    assert answer["data"]["nodes"][0]["author"] == {"__typename": "Bot", "login": "undersigned"}


async def test_the_installed_account_s_rename_is_told_and_its_repositories_redirect(
    sandbox: Sandbox, api: Api, mailbox: Mailbox
) -> None:
    petition = sandbox.petition()
    sandbox.accounts.rename(petition.repository.owner, "king")
    await sandbox.settled()

    assert mailbox.events[-1] == "installation_target.renamed"
    assert mailbox.received[-1].json["changes"] == {"login": {"from": "lovelace"}}
    assert (await api.get("/repos/lovelace/letters/issues/1")).status == 301
    assert (await api.get("/repos/king/letters/issues/1")).status == 200


async def test_nothing_is_told_where_the_app_is_not_suspended_or_not_subscribed(
    sandbox: Sandbox, mailbox: Mailbox
) -> None:
    petition = sandbox.petition()
    installation = next(iter(sandbox.world.installations.values()))
    elsewhere = sandbox.petition(repository=sandbox.repositories.get_or_create("byron/poems"))
    await sandbox.settled()
    mailbox.received.clear()

    sandbox.comment(elsewhere, "ada")
    sandbox.installations.grant(installation, installation.permissions, ["issues"])
    sandbox.comment(petition, "ada")
    sandbox.installations.suspend(installation)
    sandbox.issues.close(petition, petition.user)
    sandbox.accounts.rename(installation.account, "king")
    sandbox.installations.unsuspend(installation)
    sandbox.issues.reopen(petition, petition.user)
    await sandbox.settled()

    assert mailbox.events == [
        "installation.new_permissions_accepted",
        "installation.suspend",
        "installation.unsuspend",
        "issues.reopened",
    ]


async def test_an_installation_s_own_deliveries_tell_its_times_as_numbers(
    sandbox: Sandbox, mailbox: Mailbox
) -> None:
    sandbox.repository()
    await sandbox.settled()

    installation = mailbox.received[0].json["installation"]
    assert (installation["created_at"], installation["updated_at"]) == (int(NOON), int(NOON))


async def test_a_new_repository_falls_into_an_installation_on_all(sandbox: Sandbox, mailbox: Mailbox) -> None:
    letters = sandbox.repository()
    sandbox.repositories.create(letters.owner, "more")
    await sandbox.settled()

    added = mailbox.received[-2].json
    assert mailbox.events[-2:] == ["installation_repositories.added", "repository.created"]
    assert [one["full_name"] for one in added["repositories_added"]] == ["lovelace/more"]


async def test_a_removed_repository_is_out_of_sight(sandbox: Sandbox, api: Api) -> None:
    private = sandbox.repository("lovelace/secret", private=True)
    installation = next(iter(sandbox.world.installations.values()))
    assert (await api.get("/repos/lovelace/secret")).status == 200

    sandbox.installations.remove_repositories(installation, private)

    assert (await api.get("/repos/lovelace/secret")).status == 404
    assert (await api.get("/installation/repositories")).json["total_count"] == 0
