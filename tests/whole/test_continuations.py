"""A petition goes on in another issue before GitHub takes no more comments: one count, nobody twice or lost."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from bot.cli.verify import verify
from bot.github.petition_and_rules_reader import IssueName
from bot.petition.block.body import machine_line
from bot.petition.machine_readable_lines import Continues
from bot.reconcile.continuation_issues import continuation_body
from sandbox.faults import Failure, RequestFault
from sandbox.models import Issue, Refused, User
from tests.whole.recorded_calls import a_second_later, at_rest, eventually, store_of, surveyed, unheard, watched
from tests.whole.scene import Scene, said

LIMIT = 3


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let three comments fill an issue."""
    monkeypatch.setattr("bot.reconcile.continuation_issues.COMMENT_LIMIT", LIMIT)


def issues_of_the_bot(stage: Scene) -> list[Issue]:
    app = stage.sandbox.world.app.bot
    found = [one for place in stage.sandbox.world.repositories.values() for one in place.issues.values()]
    return [one for one in found if one.user is app and one.moved_to is None]


async def continuation(stage: Scene, number: int = 1) -> Issue:
    await stage.until(lambda: len(issues_of_the_bot(stage)) >= number)
    return issues_of_the_bot(stage)[number - 1]


async def opened_unheard(stage: Scene) -> tuple[Issue, Issue]:
    """Have a full petition's next issue opened by a bot that never hears of it, and stop that bot."""
    broken = Failure(RequestFault.SERVER_ERROR, applied=True)
    stage.sandbox.fault_injector.plan("POST /repos/lovelace/letters/issues", broken)
    petition = stage.petition()
    for login in ("ada", "grace", "alan"):
        stage.sign(petition, login)
    second = await continuation(stage)
    await stage.stop_bot()
    return petition, second


async def is_known(stage: Scene, petition: Issue) -> bool:
    return await store_of(stage).threads.get(petition.id) is not None


async def is_gone(stage: Scene, petition: Issue) -> bool:
    return not (await store_of(stage).petitions.get_snapshot(petition.id, 0)).threads


async def all_is_published(stage: Scene) -> bool:
    return not await store_of(stage).petitions.list_due(next(iter(stage.sandbox.world.installations)), math.inf)


async def rest(stage: Scene) -> None:
    await stage.sandbox.settled()
    await eventually(lambda: at_rest(stage), "the end of all work")


async def full_petition(stage: Scene) -> tuple[Issue, Issue]:
    petition = stage.petition()
    for login in ("ada", "grace", "alan"):
        stage.sign(petition, login)
    return petition, await continuation(stage)


async def test_a_full_issue_is_continued_in_another_one(stage: Scene, few: None) -> None:
    petition, second = await full_petition(stage)
    stage.sign(second, "edsger")
    for issue in (petition, second):
        body = await stage.shows(issue, 4)
        assert "4 people have signed" in body
    assert f"Please sign in [{second.repository.full_name}#2](" in (petition.body or "")
    assert "To sign, comment" not in (petition.body or "")
    assert "To sign, comment" in (second.body or "")
    assert "This issue continues [lovelace/letters#1](" in (second.body or "")
    assert (second.title, second.labels) == ("A letter (2)", [])


async def test_a_person_is_counted_once_in_all_issues_together(stage: Scene, few: None) -> None:
    petition, second = await full_petition(stage)
    stage.sign(second, "ada", "/sign Ada Lovelace")
    stage.sign(second, "edsger")
    assert "Ada Lovelace" in await stage.shows(petition, 4)
    stage.sign(second, "grace", "/unsign")
    for issue in (petition, second):
        await stage.shows(issue, 3)


async def test_comments_that_sign_nothing_fill_an_issue_too(
    stage: Scene, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.store.recording.comment_and_issue_facts.COMMENTS_PER_CHECK", LIMIT)
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    for number in range(2 * LIMIT):
        stage.sign(petition, "ada", f"Comment {number}.")
    second = await continuation(stage)
    await stage.shows(second, 1)


@pytest.mark.parametrize("applied", [True, False], ids=["opened all the same", "not opened"])
async def test_an_answer_that_got_lost_opens_no_second_issue(sqlite_url: str, few: None, applied: bool) -> None:
    async with watched(sqlite_url) as (stage, calls):
        with waiting_for_nothing():
            stage.sandbox.fault_injector.plan(
                "POST /repos/lovelace/letters/issues", Failure(RequestFault.SERVER_ERROR, applied)
            )
            _, second = await full_petition(stage)
            await stage.shows(second, 3)
            await rest(stage)
        assert len(issues_of_the_bot(stage)) == 1
        assert len(calls.like("POST /repos/lovelace/letters/issues ")) == (1 if applied else 2)


async def test_a_bot_that_dies_right_after_opening_finds_the_issue_again(sqlite_url: str, few: None) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        for login in ("ada", "grace"):
            stage.sign(petition, login)
        await stage.shows(petition, 2)
        broken = Failure(RequestFault.SERVER_ERROR, applied=True)
        stage.sandbox.fault_injector.plan("POST /repos/lovelace/letters/issues", broken)
        stage.sign(petition, "alan")
        second = await continuation(stage)
        await stage.stop_bot()
        assert said(second) is None
        await stage.start_bot()
        await stage.shows(second, 3)
        await rest(stage)
        assert len(issues_of_the_bot(stage)) == 1
        assert len(calls.like("POST /repos/lovelace/letters/issues ")) == 1


@pytest.mark.parametrize("labelled", [False, True], ids=["as it was opened", "labelled by somebody"])
async def test_an_issue_that_was_opened_unheard_is_found_though_the_petition_was_transferred(
    sqlite_url: str, few: None, labelled: bool
) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition, second = await opened_unheard(stage)
        if labelled:
            stage.sandbox.issues.label(second, stage.organizer(), "petition")
        stage.sign(second, "edsger")
        target = stage.sandbox.repository("lovelace/archive")
        stage.sandbox.repositories.create_label(target, "petition")
        stage.sandbox.repositories.set_role(target, stage.organizer(), "write")
        petition = stage.sandbox.issues.transfer(petition, stage.organizer(), target)
        await stage.start_bot()
        for issue in (petition, second):
            await stage.shows(issue, 4)
        await rest(stage)
        assert len(issues_of_the_bot(stage)) == 1
        assert len(calls.like("POST /repos/lovelace/archive/issues ")) == 0


async def test_an_issue_that_was_opened_unheard_is_found_though_the_petition_has_been_closed(
    sqlite_url: str, few: None
) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition, second = await opened_unheard(stage)
        stage.sign(second, "edsger")
        await a_second_later()
        stage.sandbox.issues.close(petition, stage.organizer())
        await stage.start_bot()
        for issue in (petition, second):
            assert "Closed on" in await stage.shows(issue, 4)


async def test_all_issues_are_found_again_when_the_database_is_lost(
    sqlite_url: str, tmp_path_factory: pytest.TempPathFactory, few: None
) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition, second = await full_petition(stage)
        for login in ("edsger", "barbara", "donald"):
            stage.sign(second, login)
        third = await continuation(stage, 2)
        stage.sign(third, "margaret")
        bodies = [await stage.shows(issue, 7) for issue in (petition, second, third)]
        await rest(stage)
        await stage.stop_bot()
        stage.database_url = f"sqlite:///{tmp_path_factory.mktemp('new')}/new.db"
        edits = [len(issue.edits) for issue in (petition, second, third)]
        calls.forget()
        await stage.start_bot()
        await eventually(lambda: is_known(stage, petition), "the petition")
        await rest(stage)
        found = await store_of(stage).petitions.get_snapshot(petition.id, 9)
        assert [thread.issue_id for thread in found.threads] == [petition.id, second.id, third.id]
        assert (found.count, found.newest[0].login) == (7, "margaret")
        assert [issue.body for issue in (petition, second, third)] == bodies
        assert [len(issue.edits) for issue in (petition, second, third)] == edits
        assert not calls.like("POST /repos/[^/]*/[^/]*/issues ")


async def test_a_strangers_issue_continues_nothing(sqlite_url: str, few: None) -> None:
    async with watched(sqlite_url, start=False) as (stage, _):
        petition = stage.petition()
        for login in ("ada", "grace", "alan"):
            stage.sign(petition, login)
        forged = continuation_body("A letter", "https://example.org", Continues(petition.id, "lovelace/letters#1"))
        robot: User = stage.sandbox.user("helper[bot]", "Bot")
        strangers = [
            stage.sandbox.issues.open(petition.repository, who, "A letter (2)", forged, web=False)
            for who in (stage.sandbox.user("mallory"), robot)
        ]
        stage.sign(strangers[0], "edsger")
        await stage.start_bot()
        second = await continuation(stage)
        await stage.shows(second, 3)
        await rest(stage)
        threads = (await store_of(stage).petitions.get_snapshot(petition.id, 0)).threads
        assert [thread.issue_id for thread in threads] == [petition.id, second.id]
        assert [issue.body for issue in strangers] == [forged, forged]


async def test_a_block_that_names_a_strangers_issue_is_not_believed(sqlite_url: str, few: None) -> None:
    async with watched(sqlite_url, start=False) as (stage, _):
        petition = stage.petition()
        stage.sign(petition, "ada")
        stranger = stage.sandbox.issues.open(petition.repository, stage.sandbox.user("mallory"), "Mine", "Mine.")
        stage.sign(stranger, "edsger")
        await stage.start_bot()
        body = await stage.shows(petition, 1)
        await rest(stage)
        await stage.stop_bot()
        line = str(machine_line(body))
        forged = line.replace('"as_of"', '"threads":["lovelace/letters#1","lovelace/letters#2"],"as_of"')
        with unheard(stage):
            stage.sandbox.issues.edit(petition, stage.organizer(), body.replace(line, forged))
        stage.database_url = stage.database_url.replace("undersigned.db", "new.db")
        await stage.start_bot()
        await stage.until(lambda: forged not in (petition.body or ""))
        await stage.shows(petition, 1)
        found = await verify(IssueName("lovelace/letters", 1), stage.config())
        assert found.recount.agrees


async def test_the_petition_issue_closes_and_reopens_all(stage: Scene, few: None) -> None:
    petition, second = await full_petition(stage)
    await stage.shows(second, 3)
    await rest(stage)
    stage.sandbox.issues.close(petition, stage.organizer())
    await stage.until(lambda: "Closed on" in (second.body or ""))
    await a_second_later()
    late = stage.sign(second, "edsger")
    await stage.reacted(late, "confused")
    stage.sandbox.issues.reopen(petition, stage.organizer())
    for issue in (petition, second):
        await stage.shows(issue, 4)
        assert "Closed on" not in (issue.body or "")


async def test_closing_a_continuation_closes_nothing(stage: Scene, few: None) -> None:
    petition, second = await full_petition(stage)
    await stage.shows(second, 3)
    await rest(stage)
    stage.sandbox.issues.close(second, stage.organizer())
    stage.sign(second, "edsger")
    for issue in (petition, second):
        assert "Closed on" not in await stage.shows(issue, 4)


async def test_a_closed_or_locked_petition_is_not_continued(sqlite_url: str, few: None) -> None:
    async with watched(sqlite_url, start=False) as (stage, _):
        closed, locked = stage.petition(), stage.petition()
        for petition in (closed, locked):
            for login in ("ada", "grace", "alan"):
                stage.sign(petition, login)
        stage.sandbox.issues.close(closed, stage.organizer())
        stage.sandbox.issues.lock(locked, stage.organizer())
        await stage.start_bot()
        for petition in (closed, locked):
            await stage.shows(petition, 3)
        # The reactions on the locked one wait, and so there is no rest.
        await eventually(lambda: all_is_published(stage), "the end of publishing")
        assert issues_of_the_bot(stage) == []
        stage.sandbox.issues.reopen(closed, stage.organizer())
        second = await continuation(stage)
        assert second.title == "A letter (2)"


@pytest.mark.parametrize("which", ["the first issue", "the second issue"])
async def test_a_transferred_issue_stays_part_of_its_petition(stage: Scene, few: None, which: str) -> None:
    petition, second = await full_petition(stage)
    stage.sign(second, "edsger")
    await stage.shows(second, 4)
    await rest(stage)
    target = stage.sandbox.repository("lovelace/archive")
    stage.sandbox.repositories.create_label(target, "petition")
    stage.sandbox.petition("First here", repository=target)
    stage.sandbox.repositories.set_role(target, stage.organizer(), "write")
    if which == "the first issue":
        petition = stage.sandbox.issues.transfer(petition, stage.organizer(), target)
    else:
        second = stage.sandbox.issues.transfer(second, stage.organizer(), target)
    stage.sign(second, "barbara")
    for issue in (petition, second):
        assert "lovelace/archive#2" in await stage.shows(issue, 5)
    found = await verify(IssueName("lovelace/letters", 1), stage.config())
    assert (found.recount.agrees, found.recount.count) == (True, 5)


async def test_a_deleted_continuation_takes_its_signatures_along_and_another_one_is_opened(
    stage: Scene, few: None
) -> None:
    petition, second = await full_petition(stage)
    stage.sign(second, "edsger")
    await stage.shows(second, 4)
    await rest(stage)
    stage.sandbox.issues.delete(second, petition.repository.owner)
    await stage.shows(petition, 3)
    await stage.until(lambda: len([one for one in issues_of_the_bot(stage) if not one.deleted]) == 1)


async def test_nothing_is_written_for_a_petition_that_is_deleted_while_its_next_issue_is_looked_for(
    sqlite_url: str, few: None
) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        for login in ("ada", "grace"):
            stage.sign(petition, login)
        await stage.shows(petition, 2)
        await rest(stage)

        async def delete() -> None:
            stage.sandbox.issues.delete(petition, petition.repository.owner)
            await eventually(lambda: is_gone(stage, petition), "news of the deletion")

        # The issue has just been read then, to look once more for the one that was opened unheard.
        calls.before("POST .*/issues$", lambda: calls.before("GET /repos/lovelace/letters$", delete))
        stage.sandbox.fault_injector.plan(
            "POST /repos/lovelace/letters/issues", Failure(RequestFault.SERVER_ERROR, applied=True)
        )
        with waiting_for_nothing():
            stage.sign(petition, "alan")
            await eventually(lambda: is_gone(stage, petition), "news of the deletion")
            await rest(stage)
        assert calls.like("PATCH .* 410") == []
        assert len(issues_of_the_bot(stage)) == 1


async def test_anybody_counts_all_issues_again(stage: Scene, few: None) -> None:
    petition, second = await full_petition(stage)
    stage.sign(second, "edsger")
    for issue in (petition, second):
        await stage.shows(issue, 4)
    for number in (1, 2):
        found = await verify(IssueName("lovelace/letters", number), stage.config())
        assert found.recount.agrees
        assert found.lines()[0] == (
            "lovelace/letters#1: the comments contain 4 signatures, and the issue shows the same."
            " This includes lovelace/letters#2."
        )
    missed = stage.sign(second, "barbara")
    await stage.stop_bot()
    found = await verify(IssueName("lovelace/letters", 1), stage.config())
    if not found.recount.agrees:
        assert any(f"/issues/2#issuecomment-{missed.id}" in line for line in found.lines())


async def test_what_nobody_told_of_a_continuation_is_found_by_a_survey(stage: Scene, few: None) -> None:
    _, second = await full_petition(stage)
    dijkstra = stage.sign(second, "edsger")
    body = await stage.shows(second, 4)
    await rest(stage)
    # A comment so young may be too young for a list that lacks it.
    await a_second_later()
    with unheard(stage):
        stage.sandbox.comments.delete(dijkstra, dijkstra.user)
        stage.sandbox.issues.edit(second, stage.organizer(), body.replace("people", "aliens"))
    await surveyed(stage)
    assert "3 people have signed" in (second.body or "")


async def test_six_thousand_sign_on_three_issues(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Reactions are another story.
    monkeypatch.setattr("bot.store.recording.signatures_and_reactions.ACKNOWLEDGED_WITHIN", -60)
    async with watched(sqlite_url, start=False) as (stage, calls):
        first = stage.petition()
        crowd = [stage.sandbox.user(f"person-{number}") for number in range(6_000)]
        sign_until_the_wall(stage, first, crowd[:2_200])
        await stage.start_bot()
        second = await continuation(stage, 1)
        await stage.shows(second, 2_200)
        with unheard(stage):
            # Those who go on in the first issue until GitHub takes no more are counted too.
            turned_away = sign_until_the_wall(stage, first, crowd[2_200:2_600])
            assert (len(first.comments), len(turned_away)) == (2_500, 100)
            sign_until_the_wall(stage, second, [*turned_away, *crowd[2_600:4_700]])
        await surveyed(stage)
        third = await continuation(stage, 2)
        with unheard(stage):
            sign_until_the_wall(stage, third, [*crowd[:5], *crowd[4_700:]])
        await surveyed(stage)
        for issue in (first, second, third):
            assert "6,000 people have signed" in await stage.shows(issue, 6_000)
        signed = (await store_of(stage).petitions.get_snapshot(first.id, 9_999)).newest
        assert len(signed) == 6_000
        assert {each.user_id for each in signed} == {person.id for person in crowd}
        assert len(issues_of_the_bot(stage)) == 2
        assert not calls.like("POST .*/comments ")
        found = await verify(IssueName("lovelace/letters", 1), stage.config())
        assert (found.recount.agrees, found.recount.count) == (True, 6_000)


def sign_until_the_wall(stage: Scene, issue: Issue, crowd: Sequence[User]) -> list[User]:
    """Let people sign an issue; give those whom GitHub turned away."""
    turned_away: list[User] = []
    for person in crowd:
        try:
            stage.sandbox.comments.create(issue, person, "/sign")
        except Refused:
            turned_away.append(person)
    return turned_away


@contextmanager
def waiting_for_nothing() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.reconcile.continuation_issues.SETTLED_AFTER", 0)
        patch.setattr("bot.reconcile.continuation_issues.RETRY_AFTER_OUTAGE", 0.0)
        yield
