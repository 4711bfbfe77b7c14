"""Comments are written, edited, hidden and deleted as on GitHub, and the webhook hears what GitHub would say."""

import pytest

from sandbox.models import Refused
from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock, Mailbox


async def test_a_comment_carries_a_64_bit_id_and_the_count_from_before_it(
    sandbox: Sandbox, mailbox: Mailbox
) -> None:
    petition = sandbox.petition()
    sandbox.comment(petition, "ada")
    sandbox.comment(petition, "grace")
    await sandbox.settled()

    created = mailbox.received[-1].json
    assert created["comment"]["id"] > 2**31
    assert created["issue"]["comments"] == 1
    assert created["sender"]["login"] == created["comment"]["user"]["login"] == "grace"


async def test_an_edit_tells_what_it_replaced_and_who_did_it(sandbox: Sandbox, mailbox: Mailbox) -> None:
    moderator = sandbox.organizer("mod")
    signed = sandbox.comment(sandbox.petition(), "ada", "/sign Ada, a swear word")
    sandbox.comments.edit(signed, moderator, "/sign Ada")
    await sandbox.settled()

    edited = mailbox.received[-1].json
    assert edited["action"] == "edited"
    assert edited["changes"] == {"body": {"from": "/sign Ada, a swear word"}}
    assert edited["sender"]["login"] == "mod"
    assert edited["comment"]["user"]["login"] == "ada"
    assert [(edit.editor.login, edit.text) for edit in signed.edits] == [
        ("ada", "/sign Ada, a swear word"),
        ("mod", "/sign Ada"),
    ]


async def test_hiding_looks_like_an_edit_that_changed_nothing(
    sandbox: Sandbox, mailbox: Mailbox, api: Api, clock: Clock
) -> None:
    moderator = sandbox.organizer("mod")
    signed = sandbox.comment(sandbox.petition(), "ada")
    clock.pass_by(60)

    sandbox.comments.hide(signed, moderator, "spam")
    await sandbox.settled()

    edited = mailbox.received[-1].json
    assert edited["action"] == "edited"
    assert edited["changes"]["body"]["from"] == edited["comment"]["body"] == "/sign"
    assert edited["comment"]["updated_at"] > edited["comment"]["created_at"]
    assert edited["comment"]["minimized"] == {"reason": "spam"}
    assert signed.edited_at is None
    shown = await api.get(f"/repos/lovelace/letters/issues/comments/{signed.id}")
    assert shown.json["minimized"] == {"reason": "spam"}

    told = len(mailbox.received)
    sandbox.comments.hide(signed, moderator, "spam")
    await sandbox.settled()
    assert len(mailbox.received) == told

    sandbox.comments.unhide(signed, moderator)
    await sandbox.settled()

    assert mailbox.events[-1] == "issue_comment.edited"
    assert mailbox.received[-1].json["comment"]["minimized"] is None


async def test_saving_without_a_change_is_told_as_an_edit_but_not_recorded(
    sandbox: Sandbox, mailbox: Mailbox
) -> None:
    signed = sandbox.comment(sandbox.petition(), "ada", "/sign\nbecause")
    sandbox.comments.edit(signed, signed.user, "/sign\nbecause")
    await sandbox.settled()

    edited = mailbox.received[-1].json
    assert edited["changes"]["body"]["from"] == edited["comment"]["body"]
    assert signed.edited_at is None


async def test_a_deleted_comment_is_told_with_its_last_text_and_then_gone(
    sandbox: Sandbox, mailbox: Mailbox, api: Api
) -> None:
    moderator = sandbox.organizer("mod")
    petition = sandbox.petition()
    signed = sandbox.comment(petition, "ada")
    sandbox.comments.delete(signed, moderator)
    await sandbox.settled()

    deleted = mailbox.received[-1].json
    assert deleted["action"] == "deleted"
    assert deleted["sender"]["login"] == "mod"
    assert deleted["issue"]["comments"] == 1
    assert (await api.get(f"/repos/lovelace/letters/issues/comments/{signed.id}")).status == 404
    assert (await api.get("/repos/lovelace/letters/issues/1/comments")).json == []
    assert petition.comments == []


async def test_pinning_another_comment_takes_the_first_one_down(sandbox: Sandbox, mailbox: Mailbox) -> None:
    petition = sandbox.petition()
    owner = petition.repository.owner
    first, second = sandbox.comment(petition, "ada"), sandbox.comment(petition, "grace")
    sandbox.comments.pin(first, owner)
    sandbox.comments.pin(second, owner)
    await sandbox.settled()

    assert mailbox.events[-3:] == ["issue_comment.pinned", "issue_comment.unpinned", "issue_comment.pinned"]
    assert petition.pinned_comment is second


async def test_browsers_save_crlf_and_the_api_keeps_what_it_gets(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition(body="one\ntwo")
    assert petition.body == "one\r\ntwo"

    await api("PATCH", "/repos/lovelace/letters/issues/1", {"body": "three\nfour\r\nfive"})
    assert petition.body == "three\nfour\r\nfive"

    sandbox.issues.edit(petition, petition.user, "three\nfour\r\nfive\nsix")
    assert petition.body == "three\r\nfour\r\nfive\r\nsix"


async def test_an_issue_takes_2500_comments_and_not_one_more(sandbox: Sandbox, api: Api) -> None:
    sandbox.deliveries.url = None
    petition = sandbox.petition()
    for _ in range(2500):
        sandbox.comment(petition, "ada")

    reply = await api("POST", "/repos/lovelace/letters/issues/1/comments", {"body": "one more"})
    assert (reply.status, reply.message) == (403, "Commenting is disabled on issues with more than 2500 comments")

    sandbox.world.rules.comment_cap = 2501
    assert sandbox.comment(petition, "ada").issue is petition


async def test_nobody_but_writers_comments_on_a_locked_issue_and_nobody_reacts(sandbox: Sandbox, api: Api) -> None:
    petition = sandbox.petition()
    signed = sandbox.comment(petition, "ada")
    organizer = sandbox.organizer()
    sandbox.issues.lock(petition, organizer)

    with pytest.raises(Refused, match="locked"):
        sandbox.comment(petition, "ada")
    by_bot = await api("POST", "/repos/lovelace/letters/issues/1/comments", {"body": "hello"})
    reaction = await api(
        "POST", f"/repos/lovelace/letters/issues/comments/{signed.id}/reactions", {"content": "+1"}
    )
    body = await api("PATCH", "/repos/lovelace/letters/issues/1", {"body": "counted"})

    assert (by_bot.status, by_bot.message) == (403, "Unable to create comment because issue is locked.")
    assert reaction.status == 403
    assert body.status == 200
    assert sandbox.comments.create(petition, organizer, "Calm down").issue is petition


@pytest.mark.parametrize(
    ("body", "message"),
    [("", "Body cannot be blank"), ("\u00e9" * 131_073, "Body is too long (maximum is 65536 characters)")],
)
async def test_a_comment_is_neither_empty_nor_endless(sandbox: Sandbox, api: Api, body: str, message: str) -> None:
    sandbox.petition()

    reply = await api("POST", "/repos/lovelace/letters/issues/1/comments", {"body": body})

    assert reply.status == 422
    assert reply.json["errors"] == [
        {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": message}
    ]


async def test_strangers_cannot_touch_the_comments_of_others(sandbox: Sandbox) -> None:
    signed = sandbox.comment(sandbox.petition(), "ada")
    stranger = sandbox.user("mallory")

    for act in (
        lambda: sandbox.comments.edit(signed, stranger, "/unsign"),
        lambda: sandbox.comments.delete(signed, stranger),
        lambda: sandbox.comments.hide(signed, stranger),
        lambda: sandbox.comments.pin(signed, stranger),
    ):
        with pytest.raises(Refused, match="admin rights"):
            act()
    assert signed.body == "/sign"


async def test_a_reaction_is_201_once_and_200_after_and_no_webhook_hears_of_it(
    sandbox: Sandbox, mailbox: Mailbox, api: Api
) -> None:
    signed = sandbox.comment(sandbox.petition(), "ada")
    await sandbox.settled()
    before = len(mailbox.received)
    reactions = f"/repos/lovelace/letters/issues/comments/{signed.id}/reactions"

    first = await api("POST", reactions, {"content": "+1"})
    second = await api("POST", reactions, {"content": "+1"})
    assert (first.status, second.status) == (201, 200)
    assert first.json["id"] == second.json["id"]
    assert first.json["user"]["login"] == "undersigned[bot]"

    removed = await api("DELETE", f"{reactions}/{first.json['id']}")
    again = await api("DELETE", f"{reactions}/{first.json['id']}")
    wrong = await api("POST", reactions, {"content": "clap"})
    assert (removed.status, again.status, wrong.status) == (204, 404, 422)
    await sandbox.settled()
    assert len(mailbox.received) == before
