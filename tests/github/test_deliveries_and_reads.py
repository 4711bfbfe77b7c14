"""Deliveries and reads of the same events on the sandbox give the same facts."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bot.github.installation_client import InstallationClient
from bot.github.webhooks import read
from bot.petition.comments.comment import Comment, merge, standing
from bot.petition.facts_from_github import CommentFact, Fact, InstallationFact, IssueFact, IssueGone, RepositoryFact
from sandbox.server import Sandbox
from sandbox.world import Event
from tests.github.scene import REPO, Clock


@pytest.fixture
def delivered(sandbox: Sandbox) -> list[Fact]:
    facts: list[Fact] = []

    def collect(event: Event) -> None:
        facts.extend(read(event.name, json.dumps(event.payload).encode()).facts)

    sandbox.world.on_event.append(collect)
    return facts


async def test_deliveries_of_comments_agree_with_reads(
    client: InstallationClient, sandbox: Sandbox, clock: Clock, delivered: list[Fact]
) -> None:
    letter, organizer = sandbox.petition(), sandbox.organizer()
    signed, edited, planted, hidden, unhidden, deleted = (
        sandbox.comment(letter, login, body)
        for login, body in (
            ("ada", "/sign Ada"),
            ("bob", "hello"),
            ("cyd", "hello"),
            ("dan", "/sign"),
            ("eve", "/sign"),
            ("fay", "/sign"),
        )
    )
    clock.pass_by(10)
    sandbox.comments.pin(signed, organizer)
    sandbox.comments.edit(edited, edited.user, "/sign Bob")
    sandbox.comments.edit(planted, organizer, "/sign Cyd")
    sandbox.comments.hide(hidden, organizer, "spam")
    sandbox.comments.hide(unhidden, organizer, "spam")
    clock.pass_by(10)
    sandbox.comments.unhide(unhidden, organizer)
    sandbox.comments.delete(deleted, organizer)

    known: dict[int, Comment] = {}
    for fact in delivered:
        if isinstance(fact, CommentFact):
            comment = fact.comment
            known[comment.id] = merge(known[comment.id], comment) if comment.id in known else comment
    listing = await client.list_comments(REPO, letter.number)
    told = await client.get_comment_histories(list(listing.node_ids.values()))
    assert known[deleted.id].deleted
    assert {comment.id: standing(comment) for comment in told} == {
        comment_id: standing(comment) for comment_id, comment in known.items() if comment_id != deleted.id
    }
    together = [
        merge(merge(one, known[one.id]), listed) for one, listed in zip(told, listing.comments, strict=True)
    ]
    assert [standing(comment) for comment in together] == [standing(comment) for comment in told]


async def test_deliveries_of_issues_agree_with_reads(
    client: InstallationClient, sandbox: Sandbox, clock: Clock, delivered: list[Fact]
) -> None:
    letter, organizer = sandbox.petition(), sandbox.organizer()
    steps: list[Callable[[], object]] = [
        lambda: sandbox.issues.label(letter, organizer, "Urgent"),
        lambda: sandbox.issues.unlabel(letter, organizer, "Urgent"),
        lambda: sandbox.issues.close(letter, organizer),
        lambda: sandbox.issues.lock(letter, organizer),
        lambda: sandbox.issues.edit(letter, organizer, "Dear mayor,"),
        lambda: sandbox.issues.reopen(letter, organizer),
        lambda: sandbox.issues.unlock(letter, organizer),
    ]
    for step in steps:
        clock.pass_by(10)
        step()
        fact = delivered[-1]
        assert isinstance(fact, IssueFact)
        shown = await client.get_issue(REPO, letter.number)
        assert (fact.repository, fact.issue) == (shown.repository, shown.issue)
    edits = [fact.edit for fact in delivered if isinstance(fact, IssueFact) and fact.edit is not None]
    assert [(edit.previous, edit.body, edit.by_app) for edit in edits] == [("Dear all,", "Dear mayor,", False)]


async def test_a_delivery_of_our_own_write_is_known_as_ours(
    client: InstallationClient, sandbox: Sandbox, delivered: list[Fact]
) -> None:
    letter = sandbox.petition()
    await client.edit_body(REPO, letter.number, "Dear mayor,")
    fact = delivered[-1]
    assert isinstance(fact, IssueFact)
    assert fact.edit is not None
    assert (fact.edit.previous, fact.edit.by_app) == ("Dear all,", True)


async def test_moves_and_deletions_are_delivered(
    client: InstallationClient, sandbox: Sandbox, delivered: list[Fact]
) -> None:
    letter, archive = sandbox.petition(), sandbox.repository("lovelace/archive")
    owner = letter.repository.owner
    moved = sandbox.issues.transfer(letter, owner, archive)
    places = {
        (fact.issue_id, fact.moved_to[1].id) for fact in delivered if isinstance(fact, IssueGone) and fact.moved_to
    }
    assert places == {(letter.id, moved.id)}
    sandbox.issues.delete(moved, owner)
    assert delivered[-1] == IssueGone(client.id, delivered[-1].repository, moved.id)  # type: ignore[union-attr]  # or it fails
    sandbox.repositories.rename(archive, owner, "old-letters")
    sandbox.repositories.privatize(archive, owner)
    sandbox.repositories.archive(archive, owner)
    fact = delivered[-1]
    assert isinstance(fact, RepositoryFact)
    assert fact.repository == (await client.list_repositories())[1]
    sandbox.repositories.delete(archive, owner)
    assert isinstance(delivered[-1], RepositoryFact)
    assert delivered[-1].deleted


async def test_the_changes_of_an_installation_are_delivered(
    sandbox: Sandbox, clock: Clock, delivered: list[Fact]
) -> None:
    account = sandbox.user("babbage")
    engines, diaries = (sandbox.repositories.get_or_create(f"babbage/{name}") for name in ("engines", "diaries"))
    installation = sandbox.installations.create(account, [engines])
    sandbox.installations.add_repositories(installation, diaries)
    sandbox.installations.remove_repositories(installation, engines)
    clock.pass_by(10)
    sandbox.installations.suspend(installation)
    sandbox.installations.unsuspend(installation)
    sandbox.installations.grant(installation, {"issues": "read"}, ["issues"])
    sandbox.installations.delete(installation)
    facts = [fact for fact in delivered if isinstance(fact, InstallationFact)]
    assert {(fact.id, fact.account) for fact in facts} == {(installation.id, "babbage")}
    assert [(fact.repositories_added, fact.repositories_removed) for fact in facts[:3]] == [
        ((engines.id,), ()),
        ((diaries.id,), ()),
        ((), (engines.id,)),
    ]
    assert [(fact.suspended, fact.deleted) for fact in facts[3:]] == [
        (True, False),
        (False, False),
        (False, False),
        (False, True),
    ]
