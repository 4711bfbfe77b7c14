"""GraphQL answers what a recount asks: provenance, visibility, ids as text, and refusals with status 200."""

from typing import Any

import pytest

from sandbox.models import Comment, Issue, Refused, node_id, parts_of
from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock

PROVENANCE = """
query($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment {
  fullDatabaseId body isMinimized lastEditedAt includesCreatedEdit
  author { __typename login ... on User { databaseId } } editor { login }
  userContentEdits(first: 5) { totalCount nodes { editedAt diff editor { login } } }
} } }
"""


async def test_it_tells_who_wrote_what_is_there_now(sandbox: Sandbox, api: Api, clock: Clock) -> None:
    petition = sandbox.petition()
    untouched = sandbox.comment(petition, "ada")
    edited = sandbox.comment(petition, "grace", "/sign Grace, something rude")
    clock.pass_by(60)
    sandbox.comments.edit(edited, sandbox.organizer("mod"), "/sign Grace")
    sandbox.comments.hide(untouched, petition.user, "spam")

    first, second = (await api.graphql(PROVENANCE, ids=[untouched.node_id, edited.node_id]))["data"]["nodes"]

    assert first == {
        "fullDatabaseId": str(untouched.id),
        "body": "/sign",
        "isMinimized": True,
        "lastEditedAt": None,
        "includesCreatedEdit": False,
        "author": {"__typename": "User", "login": "ada", "databaseId": untouched.user.id},
        "editor": None,
        "userContentEdits": {"totalCount": 0, "nodes": []},
    }
    assert second["editor"] == {"login": "mod"}
    assert second["lastEditedAt"] == "2026-11-22T12:01:00Z"
    assert [(one["editor"]["login"], one["diff"]) for one in second["userContentEdits"]["nodes"]] == [
        ("mod", "/sign Grace"),
        ("grace", "/sign Grace, something rude"),
    ]


async def test_today_s_ids_do_not_fit_the_old_field(sandbox: Sandbox, api: Api) -> None:
    signed = sandbox.comment(sandbox.petition(), "ada")
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment { databaseId fullDatabaseId } } }"

    answer = await api.graphql(query, ids=[signed.node_id])

    assert answer["data"]["nodes"] == [{"databaseId": None, "fullDatabaseId": str(signed.id)}]
    assert "32-bit" in answer["errors"][0]["message"]


async def test_what_is_not_there_is_null_beside_what_is(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    signed, gone = sandbox.comment(petition, "ada"), sandbox.comment(petition, "grace")
    sandbox.comments.delete(gone, gone.user)

    answer = await api.graphql(PROVENANCE, ids=[gone.node_id, signed.node_id, "IC_nonsense"])

    assert [one and one["fullDatabaseId"] for one in answer["data"]["nodes"]] == [None, str(signed.id), None]
    assert [(one["type"], one["path"]) for one in answer["errors"]] == [
        ("NOT_FOUND", ["nodes", 0]),
        ("NOT_FOUND", ["nodes", 2]),
    ]


async def test_too_much_at_once_is_refused(sandbox: Sandbox, api: Api) -> None:
    sandbox.petition()

    async def kind(query: str, ids: object = None) -> str:
        return str((await api.graphql(query, ids=ids))["errors"][0]["type"])

    edits = "userContentEdits(first: 101) { totalCount }"
    history = f'{{ repository(owner: "lovelace", name: "letters") {{ issue(number: 1) {{ {edits} }} }} }}'
    assert await kind(PROVENANCE, ids=["x"] * 101) == "ARGUMENT_LIMIT"
    assert await kind(history) == "EXCESSIVE_PAGINATION"
    assert await kind('{ repository(owner: "lovelace", name: "nothing") { id } }') == "NOT_FOUND"


async def test_private_things_are_not_there_for_strangers(sandbox: Sandbox, api: Api) -> None:
    secret = sandbox.petition(repository=sandbox.repository("lovelace/secret", private=True))
    query, ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }", [secret.node_id]

    assert (await api.graphql(query, ids=ids))["data"]["nodes"] == [{"id": secret.node_id}]
    assert (await api.graphql(query, token=sandbox.token_of("mallory"), ids=ids))["data"]["nodes"] == [None]


async def test_people_are_found_by_their_login_and_others_are_told_not_to_be(sandbox: Sandbox, api: Api) -> None:
    sandbox.repository()
    ada = sandbox.user("ada")
    sandbox.user("acme", "Organization")
    answer = await api.graphql('{ a: user(login: "Ada") { databaseId } b: user(login: "acme") { databaseId } }')
    assert answer["data"] == {"a": {"databaseId": ada.id}, "b": None}
    (error,) = answer["errors"]
    assert (error["type"], error["path"]) == ("NOT_FOUND", ["b"])
    assert error["message"] == "Could not resolve to a User with the login of 'acme'."


async def test_nobody_gets_nothing_and_nonsense_is_told(sandbox: Sandbox, api: Api) -> None:
    sandbox.repository()
    address = f"{sandbox.web_url}/api/graphql"

    assert (await api("POST", address, {"query": "{ __typename }"}, token="")).status == 401
    assert "errors" in await api.graphql("{ nonsense }")
    assert "errors" in (await api("POST", address, {})).json


REVISIONS = """
query($after: String) { repository(owner: "lovelace", name: "letters") { issue(number: 1) {
 includesCreatedEdit createdAt lastEditedAt
 userContentEdits(first: 100, after: $after) {
  totalCount pageInfo { hasNextPage endCursor } nodes { id editedAt editor { login } }
} } } }
"""
TEXTS = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on UserContentEdit { id editedAt diff } } }"


async def test_who_edited_an_issue_s_body_is_told_page_by_page_newest_first(
    sandbox: Sandbox, api: Api, clock: Clock
) -> None:
    petition = sandbox.petition(body="Letter 0")
    for number in range(1, 230):
        clock.pass_by(1)
        sandbox.issues.edit(petition, petition.user, f"Letter {number}", web=False)
    sandbox.issues.remove_revision(petition, sandbox.organizer("mod"), 2)

    found: list[dict[str, object]] = []
    issue: dict[str, Any] = {}
    page = {"hasNextPage": True, "endCursor": None}
    while page["hasNextPage"]:
        issue = (await api.graphql(REVISIONS, after=page["endCursor"]))["data"]["repository"]["issue"]
        edits = issue["userContentEdits"]
        assert edits["totalCount"] == 230
        found += edits["nodes"]
        page = edits["pageInfo"]

    assert (issue["includesCreatedEdit"], issue["lastEditedAt"]) == (True, found[0]["editedAt"])
    assert found[-1]["editedAt"] == issue["createdAt"]
    assert [one["editedAt"] for one in found] == sorted((str(one["editedAt"]) for one in found), reverse=True)
    texts = (await api.graphql(TEXTS, ids=[one["id"] for one in found[-4:]]))["data"]["nodes"]
    assert [one["diff"] for one in texts] == ["Letter 3", None, "Letter 1", "Letter 0"]
    assert [(one["id"], one["editedAt"]) for one in texts] == [(one["id"], one["editedAt"]) for one in found[-4:]]


async def test_a_revision_is_there_for_those_who_may_see_its_text(sandbox: Sandbox, api: Api) -> None:
    secret = sandbox.petition(repository=sandbox.repository("lovelace/secret", private=True))
    comment = sandbox.comment(secret, "ada")
    untouched = sandbox.petition(repository=secret.repository)
    sandbox.issues.edit(secret, secret.user, "Dear you,")
    sandbox.comments.edit(comment, comment.user, "/unsign")
    places: list[tuple[Issue | Comment, int]] = [(secret, 0), (comment, 1), (comment, 2), (untouched, 0)]
    ids = [revision_id(of, number) for of, number in places]

    seen = (await api.graphql(TEXTS, ids=[*ids, "UCE_nonsense", "UCE_AAAA"]))["data"]["nodes"]
    assert [one and one["diff"] for one in seen] == [secret.edits[0].text, "/unsign", None, None, None, None]
    unseen = await api.graphql(TEXTS, token=sandbox.token_of("mallory"), ids=ids)
    assert unseen["data"]["nodes"] == [None, None, None, None]


def revision_id(of: Issue | Comment, number: int) -> str:
    return node_id("UCE", isinstance(of, Comment), *parts_of(of.node_id)[1], number)


async def test_only_an_earlier_revision_can_be_removed(sandbox: Sandbox) -> None:
    petition = sandbox.petition()
    sandbox.issues.edit(petition, petition.user, "Dear you,")
    for number in (-1, 1):
        with pytest.raises(Refused):
            sandbox.issues.remove_revision(petition, petition.user, number)
    with pytest.raises(Refused):
        sandbox.issues.remove_revision(petition, sandbox.user("mallory"), 0)
