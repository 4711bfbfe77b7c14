from __future__ import annotations

import threading

import pytest
from aiohttp import web

from bot.github.app_client import GitHub
from bot.github.errors import Unavailable
from bot.github.installation_client import InstallationClient
from bot.petition.abuse_signals import Account
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import Command, Sign
from bot.petition.comments.comment import Author, Writer, body_digest, standing
from bot.petition.facts_from_github import Repository
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.github.scene import NOON, REPO, Calls, Clock, Forgery, installed


@pytest.fixture
def letter(sandbox: Sandbox) -> Issue:
    return sandbox.petition("Keep the lights on", "Dear council,")


async def test_an_issue_is_read_with_its_body_and_its_place(client: InstallationClient, letter: Issue) -> None:
    read = await client.get_issue(REPO, letter.number)
    assert (read.issue.title, read.issue.labels, read.body) == (
        "Keep the lights on",
        frozenset({"petition"}),
        "Dear council,",
    )
    assert read.repository == Repository(letter.repository.id, "lovelace", "letters")
    assert read.read_at == NOON


async def test_people_are_looked_up_by_their_logins_and_known_by_their_numbers(
    client: InstallationClient, sandbox: Sandbox
) -> None:
    ada, gone = sandbox.user("ada"), sandbox.user("gone")
    ada.followers, ada.bio = 7, "Poetical science."
    sandbox.accounts.delete(gone)
    found = await client.get_accounts_by_login(["ada", "gone", "no-such-login"])
    assert found == {ada.id: Account(ada.id, ada.created_at, followers=7, has_profile=True)}


async def test_an_issue_without_a_body_has_none(client: InstallationClient, sandbox: Sandbox) -> None:
    read = await client.get_issue(REPO, sandbox.petition(body=None).number)
    assert read.body is None


async def test_reading_again_what_has_not_changed_costs_nothing(
    client: InstallationClient, letter: Issue, clock: Clock, calls: Calls
) -> None:
    first = await client.get_issue(REPO, letter.number)
    clock.pass_by(60)
    calls.forget()
    second = await client.get_issue(REPO, letter.number)
    assert (second.issue, second.body, second.repository) == (first.issue, first.body, first.repository)
    assert [call.split()[-1] for call in calls.made] == ["304", "304"]


async def test_what_has_changed_is_seen(client: InstallationClient, letter: Issue, sandbox: Sandbox) -> None:
    await client.get_issue(REPO, letter.number)
    sandbox.issues.edit(letter, letter.user, body="Dear mayor,")
    read = await client.get_issue(REPO, letter.number)
    assert read.body == "Dear mayor,"


async def test_a_repository_made_private_is_seen_at_once(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, clock: Clock
) -> None:
    await client.get_issue(REPO, letter.number)
    sandbox.repositories.privatize(letter.repository, letter.repository.owner)
    clock.pass_by(1)
    read = await client.get_issue(REPO, letter.number)
    assert (read.repository.private, read.read_at) == (True, NOON + 1)


async def test_no_installation_gets_what_is_cached_for_another(
    github: GitHub, client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls
) -> None:
    await client.get_issue(REPO, letter.number)
    calls.forget()
    other = sandbox.repository("babbage/engines")
    stranger = github.installation(
        next(i.id for i in sandbox.world.installations.values() if i.account is other.owner)
    )
    await stranger.get_issue(REPO, letter.number)
    assert [call.split()[-1] for call in calls.made] == ["200", "200"]
    assert all("If-None-Match" not in call.headers for call in calls.all)


# Comments


async def test_comments_are_listed_as_they_stand(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, clock: Clock
) -> None:
    own = sandbox.comment(letter, "ada", "/sign Ada Lovelace")
    hidden = sandbox.comment(letter, "eve")
    edited = sandbox.comment(letter, "bob", "hello\nworld")
    clock.pass_by(10)
    sandbox.comments.hide(hidden, sandbox.organizer())
    sandbox.comments.edit(edited, sandbox.user("bob"), "/sign Bob")
    listing = await client.list_comments(REPO, letter.number)
    shown = {comment.id: comment for comment in listing.comments}
    assert list(shown) == [own.id, hidden.id, edited.id]
    assert [shown[c.id].versions[0].writer for c in (own, hidden, edited)] == [
        Writer.AUTHOR,
        Writer.UNKNOWN,
        Writer.UNKNOWN,
    ]
    assert [shown[c.id].versions[0].hidden for c in (own, hidden, edited)] == [False, True, False]
    assert shown[own.id].author == Author(own.user.id, "ada")
    assert standing(shown[own.id]).command == Sign("Ada Lovelace")
    assert all(c.author_at == c.versions[0].seen == listing.started_at == NOON + 10 for c in listing.comments)
    assert listing.node_ids == {c.id: c.node_id for c in (own, hidden, edited)}


async def test_deleted_accounts_have_no_author_or_the_ghost(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    for login, ghost in (("ada", True), ("bob", False)):
        sandbox.comment(letter, login)
        sandbox.accounts.delete(sandbox.user(login), ghost=ghost)
    authors = [comment.author for comment in (await client.list_comments(REPO, letter.number)).comments]
    assert authors[0] is not None
    assert (authors[0].can_sign, authors[1]) == (False, None)


def crowd(sandbox: Sandbox, letter: Issue, size: int) -> list[int]:
    return [sandbox.comment(letter, f"person-{number}").id for number in range(size)]


@pytest.mark.parametrize(("size", "calls_made"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
async def test_all_pages_are_read_each_once_when_their_number_is_known(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls, size: int, calls_made: int
) -> None:
    ids = crowd(sandbox, letter, size)
    listing = await client.list_comments(REPO, letter.number, count=size)
    assert [comment.id for comment in listing.comments] == ids
    assert len(calls.made) == calls_made


@pytest.mark.parametrize("count", [None, 0, 90, 130, 1000])
async def test_all_pages_are_read_even_if_their_number_is_not_known_or_wrong(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls, count: int | None
) -> None:
    ids = crowd(sandbox, letter, 250)
    listing = await client.list_comments(REPO, letter.number, count=count)
    assert [comment.id for comment in listing.comments] == ids
    assert len(calls.made) <= 10


async def test_an_unchanged_thread_costs_nothing(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls
) -> None:
    crowd(sandbox, letter, 250)
    first = await client.list_comments(REPO, letter.number, count=250)
    calls.forget()
    again = await client.list_comments(REPO, letter.number, count=250)
    assert [c.id for c in again.comments] == [c.id for c in first.comments]
    assert {call.split()[-1] for call in calls.made} == {"304"}


async def test_a_page_that_fills_up_does_not_hide_the_next(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    ids = crowd(sandbox, letter, 100)
    await client.list_comments(REPO, letter.number)
    ids += crowd(sandbox, letter, 1)
    listing = await client.list_comments(REPO, letter.number)
    assert [comment.id for comment in listing.comments] == ids


async def test_a_comment_deleted_meanwhile_makes_no_other_one_slip_through(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, forgery: Forgery
) -> None:
    ids = crowd(sandbox, letter, 350)
    deleted = iter(ids[:12])

    def delete_one(request: web.Request) -> None:
        if request.path.endswith("/comments") and (comment_id := next(deleted, 0)):
            sandbox.comments.delete(sandbox.world.comments[comment_id], sandbox.organizer())

    forgery.after = delete_one
    for count in (None, 350, 100):
        listed = {comment.id for comment in (await client.list_comments(REPO, letter.number, count=count)).comments}
        assert listed >= {comment_id for comment_id in ids if not sandbox.world.comments[comment_id].deleted}


async def test_what_was_updated_since_is_listed(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls, clock: Clock
) -> None:
    ids = crowd(sandbox, letter, 120)
    clock.pass_by(100)
    for comment_id in ids[:110]:
        sandbox.comments.edit(sandbox.world.comments[comment_id], sandbox.organizer(), "/sign again")
    listing = await client.list_comments(REPO, letter.number, since=int(NOON) + 50)
    assert [comment.id for comment in listing.comments] == ids[:110]
    assert len(calls.made) == 2


# Lists


async def test_petitions_are_found_open_or_closed(client: InstallationClient, sandbox: Sandbox) -> None:
    letters = sandbox.repository()
    petitions = [sandbox.petition(f"Letter {number}", label="petition") for number in range(105)]
    sandbox.issues.close(petitions[3], letters.owner)
    sandbox.petition("A bug", label="bug")
    sandbox.issues.open(letters, letters.owner, "A change", "Please merge.", labels=["petition"], pull_request=True)
    found = await client.list_petitions(await client.get_repository(REPO), "Petition")
    assert [read.issue.number for read in found] == [petition.number for petition in petitions]
    assert (found[3].issue.closed_at, found[4].issue.closed_at) == (NOON, None)
    assert all(read.repository == Repository(letters.id, "lovelace", "letters") for read in found)
    assert found[0].body == "Dear all,"


async def test_all_repositories_are_listed(client: InstallationClient, sandbox: Sandbox) -> None:
    for number in range(120):
        sandbox.repository(f"lovelace/letters-{number}", private=number == 7)
    found = await client.list_repositories()
    assert len(found) == 121
    assert [one.name for one in found if one.private] == ["letters-7"]


# Histories


async def histories(client: InstallationClient, letter: Issue) -> list[object]:
    listing = await client.list_comments(REPO, letter.number)
    found = await client.get_comment_histories(list(listing.node_ids.values()))
    assert [comment.id for comment in found] == [comment.id for comment in listing.comments]
    return [standing(comment).command for comment in found]


async def test_the_history_shows_who_wrote_what(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, clock: Clock
) -> None:
    comment = sandbox.comment(letter, "ada", "hello\nworld")
    clock.pass_by(10)
    sandbox.comments.edit(comment, sandbox.user("ada"), "/sign Ada")
    clock.pass_by(10)
    sandbox.comments.edit(comment, sandbox.organizer("grace"), "/sign")
    sandbox.comments.hide(comment, sandbox.organizer("grace"))
    (known,) = await client.get_comment_histories([comment.node_id])
    assert (known.id, known.created_at, known.author) == (comment.id, NOON, Author(comment.user.id, "ada"))
    assert [(v.at - NOON, v.writer, v.digest, v.previous) for v in known.versions[:3]] == [
        (0, Writer.AUTHOR, body_digest("hello\nworld"), None),
        (10, Writer.AUTHOR, body_digest("/sign Ada"), body_digest("hello\nworld")),
        (20, Writer.OTHER, body_digest("/sign"), body_digest("/sign Ada")),
    ]
    stands = standing(known)
    assert (stands.command, stands.hidden, stands.unverified, stands.ambiguous) == (Sign(), True, False, False)


async def test_what_people_wrote_is_read_beside_the_loop(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    comments = [sandbox.comment(letter, login, f"/sign {login}") for login in ("ada", "bob")]
    readers: list[int] = []

    def note(text: str) -> Command | None:
        readers.append(threading.get_ident())
        return parse(text)

    monkeypatch.setattr("bot.petition.comments.command_and_phrase_parser.parse", note)
    await client.list_comments(REPO, letter.number)
    await client.get_comment_histories([one.node_id for one in comments])
    assert len(readers) >= 4
    assert threading.get_ident() not in readers


async def test_only_texts_written_by_the_author_sign(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, clock: Clock
) -> None:
    planted, untouched, fixed = (sandbox.comment(letter, who, "hello\nworld") for who in ("ada", "bob", "cyd"))
    clock.pass_by(10)
    sandbox.comments.edit(planted, sandbox.organizer(), "/sign")
    sandbox.comments.edit(fixed, sandbox.user("cyd"), "/sign")
    assert await histories(client, letter) == [None, None, Sign()]
    assert not untouched.edited_at


async def test_histories_are_read_a_hundred_at_a_time(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, calls: Calls
) -> None:
    crowd(sandbox, letter, 230)
    listing = await client.list_comments(REPO, letter.number)
    calls.forget()
    found = await client.get_comment_histories(list(listing.node_ids.values()))
    assert len(found) == 230
    assert calls.made == ["POST /api/graphql 200"] * 3


async def test_a_history_that_github_cannot_tell_keeps_no_other_from_being_told(
    client: InstallationClient, letter: Issue, sandbox: Sandbox, forgery: Forgery, calls: Calls
) -> None:
    crowd(sandbox, letter, 40)
    nodes = list((await client.list_comments(REPO, letter.number)).node_ids.values())
    heavy = {nodes[0], nodes[1], nodes[25]}

    async def give_up(request: web.Request) -> web.Response | None:
        asked = (await request.json())["variables"]["ids"]
        return web.Response(status=502) if heavy & set(asked) else None

    forgery.forger = give_up
    assert len(await client.get_comment_histories(nodes)) == 37
    heavy.update(nodes)
    calls.forget()
    with pytest.raises(Unavailable):
        await client.get_comment_histories(nodes)
    assert len(calls.made) < 20


async def test_deleted_comments_have_no_history(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    gone, there = sandbox.comment(letter, "ada"), sandbox.comment(letter, "bob")
    sandbox.comments.delete(gone, sandbox.user("ada"))
    found = await client.get_comment_histories([gone.node_id, there.node_id, "IC_nonsense"])
    assert [comment.id for comment in found] == [there.id]


async def test_deleted_accounts_and_bots_sign_nothing(
    client: InstallationClient, letter: Issue, sandbox: Sandbox
) -> None:
    gone = sandbox.comment(letter, "ada")
    sandbox.accounts.delete(gone.user)
    robot = sandbox.comments.create(letter, sandbox.user("robot[bot]", "Bot"), "/sign")
    known = await client.get_comment_histories([gone.node_id, robot.node_id])
    assert [comment.author for comment in known] == [None, Author(robot.user.id, "robot[bot]", "Bot")]
    assert installed(sandbox).usable
