"""Issues and repositories: the last write wins, things move, close, are locked away and vanish."""

import base64

import pytest

from sandbox.models import Refused
from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Mailbox

LETTERS = "/repos/lovelace/letters"
ISSUE = f"{LETTERS}/issues/1"


async def test_the_bot_s_own_edit_is_told_with_the_bot_as_sender(
    sandbox: Sandbox, api: Api, mailbox: Mailbox
) -> None:
    sandbox.petition(body="Dear all,")

    reply = await api("PATCH", ISSUE, {"body": "Dear all,\n\n1 signature"})
    await sandbox.settled()

    assert reply.json["body"] == "Dear all,\n\n1 signature"
    edited = mailbox.received[-1].json
    assert edited["action"] == "edited"
    assert edited["changes"] == {"body": {"from": "Dear all,"}}
    assert edited["sender"]["login"] == "undersigned[bot]"


async def test_writing_the_same_body_again_is_no_edit(sandbox: Sandbox, api: Api, mailbox: Mailbox) -> None:
    petition = sandbox.petition(body="Dear all,")
    await sandbox.settled()
    told = len(mailbox.received)

    await api("PATCH", ISSUE, {"body": "Dear all,"})
    await sandbox.settled()

    assert len(mailbox.received) == told
    assert len(petition.edits) == 1


@pytest.mark.parametrize("header", ["If_Match", "If_None_Match", "If_Modified_Since", "If_Unmodified_Since"])
async def test_a_conditional_write_is_refused(sandbox: Sandbox, api: Api, header: str) -> None:
    petition = sandbox.petition()

    reply = await api("PATCH", ISSUE, {"body": "new"}, **{header: '"abc"'})

    assert reply.status == 400
    assert reply.message == "Bad Request"
    assert reply.json["errors"] == [
        "Conditional request headers are not allowed in unsafe requests unless supported by the endpoint"
    ]
    assert petition.body == "Dear all,"


@pytest.mark.parametrize(("length", "status"), [(65_536, 200), (65_537, 422)])
async def test_a_body_has_65536_code_points(sandbox: Sandbox, api: Api, length: int, status: int) -> None:
    sandbox.petition()

    reply = await api("PATCH", ISSUE, {"body": "🖋" * length})

    assert reply.status == status
    if status == 422:
        assert reply.message == "Validation Failed"
        assert reply.json["errors"] == [
            {
                "resource": "Issue",
                "code": "custom",
                "field": "body",
                "message": "body is too long (maximum is 65536 characters)",
            }
        ]


async def test_a_transferred_issue_gets_new_ids_and_the_old_number_redirects(
    sandbox: Sandbox, api: Api, mailbox: Mailbox
) -> None:
    petition = sandbox.petition()
    target = sandbox.repository("lovelace/archive")
    sandbox.petition("Another", repository=target)
    signed = sandbox.comment(petition, "ada")

    moved = sandbox.issues.transfer(petition, petition.user, target)
    await sandbox.settled()

    transferred, opened = (one.json for one in mailbox.received[-2:])
    assert (transferred["action"], opened["action"]) == ("transferred", "opened")
    assert transferred["issue"]["id"] == opened["changes"]["old_issue"]["id"] == petition.id
    assert transferred["changes"]["new_issue"]["id"] == opened["issue"]["id"] == moved.id
    assert moved.id != petition.id
    assert moved.number == 2
    assert [label.name for label in moved.labels] == ["petition"]
    assert (petition.comments, moved.comments) == ([], [signed])
    old = await api.get(f"{ISSUE}/comments?per_page=100")
    assert old.status == 301
    assert old.headers["Location"] == f"{sandbox.api_url}/repositories/{target.id}/issues/2/comments?per_page=100"
    assert [one["id"] for one in (await api.get(old.headers["Location"])).json] == [signed.id]
    assert (await api("PATCH", ISSUE, {"body": "x"})).status == 307


async def test_a_transferred_issue_s_comments_may_get_new_ids(sandbox: Sandbox) -> None:
    sandbox.world.rules.comment_ids_survive_transfer = False
    petition = sandbox.petition()
    signed = sandbox.comment(petition, "ada")
    before = signed.id

    sandbox.issues.transfer(petition, petition.user, sandbox.repository("lovelace/archive"))

    assert signed.id != before
    assert sandbox.world.comments[signed.id] is signed


async def test_an_issue_moved_where_the_caller_cannot_look_is_not_found(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    hidden = sandbox.repository("lovelace/hidden", private=True)
    installation = next(iter(sandbox.world.installations.values()))
    sandbox.issues.transfer(petition, petition.user, hidden)
    sandbox.installations.remove_repositories(installation, hidden)

    assert (await api.get(ISSUE)).status == 404


async def test_deleted_and_disabled_issues_are_gone(sandbox: Sandbox, api: Api, mailbox: Mailbox) -> None:
    petition = sandbox.petition()
    sandbox.petition("Another")
    with pytest.raises(Refused, match="admin rights"):
        sandbox.issues.delete(petition, sandbox.organizer())
    sandbox.issues.delete(petition, petition.user)
    await sandbox.settled()

    assert mailbox.events[-1] == "issues.deleted"
    deleted = await api.get(ISSUE)
    assert (deleted.status, deleted.message) == (410, "This issue was deleted")

    sandbox.repositories.set_issues_enabled(petition.repository, enabled=False)
    disabled = await api.get(f"{LETTERS}/issues/2")
    assert (disabled.status, disabled.message) == (410, "Issues are disabled for this repo")
    assert (await api.get(f"{LETTERS}/issues")).status == 410


async def test_an_archived_repository_is_read_only(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    sandbox.repositories.archive(petition.repository, petition.user)

    for method, path, body in (
        ("PATCH", ISSUE, {"body": "x"}),
        ("POST", f"{ISSUE}/comments", {"body": "x"}),
        ("POST", f"{LETTERS}/labels", {"name": "x"}),
    ):
        reply = await api(method, path, body)
        assert (reply.status, reply.message) == (403, "Repository was archived so is read-only.")
    assert (await api.get(ISSUE)).status == 200


async def test_a_renamed_repository_redirects_reads_and_writes_by_its_number(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    repository = petition.repository
    sandbox.repositories.rename(repository, petition.user, "open-letters")

    read = await api.get(f"{ISSUE}/comments?per_page=5")
    write = await api("PATCH", ISSUE, {"body": "x"})

    assert (read.status, write.status) == (301, 307)
    assert read.message == write.message == "Moved Permanently"
    assert (
        read.headers["Location"] == f"{sandbox.api_url}/repositories/{repository.id}/issues/1/comments?per_page=5"
    )
    assert write.json["url"] == write.headers["Location"]
    followed = await api("PATCH", write.headers["Location"], {"body": "x"})
    assert (followed.status, petition.body) == (200, "x")


async def test_a_former_name_can_be_taken_by_another_repository(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    sandbox.repositories.rename(petition.repository, petition.user, "open-letters")
    newer = sandbox.repositories.create(petition.user, "letters")

    assert (await api.get(LETTERS)).json["id"] == newer.id
    with pytest.raises(Refused):
        sandbox.repositories.rename(newer, petition.user, "Open-Letters")

    sandbox.repositories.delete(newer, petition.user)
    assert (await api.get(LETTERS)).status == 404  # the redirect does not come back


async def test_a_transferred_repository_leaves_the_app_s_sight(
    sandbox: Sandbox, api: Api, mailbox: Mailbox
) -> None:
    petition = sandbox.petition()
    await api.installation_token()
    byron = sandbox.user("byron")
    sandbox.repositories.privatize(petition.repository, petition.user)
    sandbox.repositories.transfer(petition.repository, petition.user, byron)
    await sandbox.settled()

    assert mailbox.events[-1] == "installation_repositories.removed"
    assert (await api.get(ISSUE)).status == 404

    sandbox.installations.create(byron)
    sandbox.comment(petition, "byron")
    await sandbox.settled()
    assert mailbox.received[-1].json["repository"]["full_name"] == "byron/letters"


async def test_a_label_exists_once_in_any_letter_case(sandbox: Sandbox, api: Api) -> None:
    sandbox.repository()

    first = await api("POST", f"{LETTERS}/labels", {"name": "Petition", "color": "0e8a16"})
    second = await api("POST", f"{LETTERS}/labels", {"name": "petition"})

    assert first.status == 201
    assert second.status == 422
    assert second.json["errors"] == [{"resource": "Label", "code": "already_exists", "field": "name"}]


async def test_a_file_comes_as_wrapped_base64(sandbox: Sandbox, api: Api) -> None:
    sandbox.repositories.write_file(sandbox.repository(), ".github/petition.yml", "goal: 2000\n" * 20)
    path = f"{LETTERS}/contents/.github/petition.yml"

    shown = await api.get(path)

    assert shown.json["encoding"] == "base64"
    assert shown.json["content"].count("\n") > 1
    assert base64.b64decode(shown.json["content"]).decode() == "goal: 2000\n" * 20
    assert (await api.get(f"{LETTERS}/contents/nothing.yml")).status == 404


@pytest.mark.parametrize(
    ("role", "permission"),
    [("admin", "admin"), ("maintain", "write"), ("write", "write"), ("triage", "read"), ("read", "read")],
)
async def test_a_role_is_shown_exactly_and_as_one_of_four_permissions(
    sandbox: Sandbox, api: Api, role: str, permission: str
) -> None:
    sandbox.repositories.set_role(sandbox.repository(), sandbox.user("grace"), role)

    reply = await api.get(f"{LETTERS}/collaborators/grace/permission")

    assert (reply.json["permission"], reply.json["role_name"]) == (permission, role)
