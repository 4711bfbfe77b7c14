"""What is due, and what was published; a publication is applied to what it was planned on, and to nothing else."""

from __future__ import annotations

import pytest

from bot.petition.comments.commands import OrganizerCommand
from bot.petition.facts_from_github import BodyEdit, IssueFact, IssueGone
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import DEFAULTS, Rules
from bot.petition.settings import Settings
from bot.store import Backlog, Due, PlannedBody, State
from tests.store.conftest import NOW
from tests.store.scene import GRACE, INSTALLATION, LETTER, REPOSITORY, Scene


async def due(scene: Scene, now: float = NOW) -> list[Due]:
    return await scene.store.petitions.list_due(INSTALLATION, now)


async def test_a_change_is_due_until_it_is_published(scene: Scene) -> None:
    (first,) = await due(scene)
    assert first == Due(LETTER.id, INSTALLATION, 1, 0, int(NOW), 0)
    await scene.store.petitions.mark_published(LETTER.id, 1, 500)
    assert await due(scene) == []
    snapshot = await scene.snapshot()
    assert (snapshot.revision, snapshot.published_revision, snapshot.published_at) == (1, 1, 500)


async def test_a_signature_that_arrives_while_we_publish_is_not_forgotten(scene: Scene) -> None:
    (read,) = await due(scene)
    await scene.sign("ada")
    await scene.store.petitions.mark_published(LETTER.id, read.revision, 600)
    (again,) = await due(scene)
    assert (again.revision, again.published_revision, again.since) == (2, 1, 600)


async def test_an_older_publication_does_not_take_back_a_newer_one(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.store.petitions.mark_published(LETTER.id, 2, 600)
    await scene.store.petitions.mark_published(LETTER.id, 1, 601)
    assert await due(scene) == []


async def test_the_waiting_begins_with_the_first_change(scene: Scene) -> None:
    await scene.store.petitions.mark_published(LETTER.id, 1, 500)
    scene.store._now = lambda: 2_000.9
    await scene.sign("ada")
    scene.store._now = lambda: 3_000.0
    await scene.sign("grace")
    assert [each.since for each in await due(scene)] == [2_000]


async def test_a_postponed_petition_waits_and_says_why(scene: Scene) -> None:
    await scene.store.petitions.postpone(LETTER.id, NOW + 10.5, State.NOT_FOUND, 3)
    assert await due(scene) == []
    assert (await scene.snapshot()).state is State.NOT_FOUND
    (later,) = await due(scene, NOW + 10.5)
    assert later.attempts == 3
    await scene.store.petitions.mark_published(LETTER.id, later.revision, 700)
    assert (await scene.snapshot()).state is State.FINE


async def test_the_longest_waiting_comes_first(scene: Scene) -> None:
    scene.store._now = lambda: NOW - 100
    scene.issue = type(LETTER)(999_999, 9, "Older news", LETTER.labels)
    await scene.change_issue()
    assert [each.petition_id for each in await due(scene)] == [999_999, LETTER.id]


async def test_publishing_is_no_news(scene: Scene) -> None:
    scene.store.changed.clear()
    await scene.store.letters.record(LETTER.id, LETTER.id, "first", 10)
    await scene.store.petitions.mark_published(LETTER.id, 1, 500)
    assert not scene.store.changed.is_set()


async def test_there_is_no_snapshot_of_what_is_no_petition(scene: Scene) -> None:
    with pytest.raises(KeyError):
        await scene.store.petitions.get_snapshot(123, 5)


async def test_the_backlog_tells_how_much_is_unpublished_and_since_when(scene: Scene) -> None:
    await scene.sign("ada")
    snapshot = await scene.snapshot()
    backlog = await scene.store.petitions.get_backlog()
    assert (backlog.petitions, backlog.since is not None) == (1, True)
    await scene.store.petitions.mark_published(LETTER.id, snapshot.revision, 900)
    assert await scene.store.petitions.get_backlog() == Backlog(0, None)


async def apply(scene: Scene, body: PlannedBody, rules: Rules = DEFAULTS) -> bool:
    return await scene.store.petitions.apply_publication(LETTER.id, [], CommandResults(rules), [body])


async def plan(scene: Scene) -> PlannedBody:
    known = await scene.store.petitions.load_publication(LETTER.id, 10)
    return PlannedBody(LETTER.id, known.bodies[LETTER.id], "Dear all,", text="Dear all,\n\n1 has signed")


async def count_writes(scene: Scene) -> int:
    return await scene.store.bodies.count_unconfirmed_writes(LETTER.id, 2**40)


async def is_due(scene: Scene) -> bool:
    return bool(await scene.store.petitions.list_due(INSTALLATION, 9e9))


async def test_a_write_is_recorded_before_it_is_sent(scene: Scene) -> None:
    assert await apply(scene, await plan(scene))
    assert await count_writes(scene) == 1


async def test_a_signature_that_comes_meanwhile_is_published_next(scene: Scene) -> None:
    body = await plan(scene)
    before = await scene.snapshot()
    await scene.sign("ada")
    assert await apply(scene, body)
    await scene.store.petitions.mark_published(LETTER.id, before.revision, 200)
    assert await is_due(scene)


@pytest.mark.parametrize("what", ["edit", "command", "end"])
async def test_what_the_plan_does_not_know_stops_it(scene: Scene, what: str) -> None:
    body = await plan(scene)
    await scene.store.petitions.mark_published(LETTER.id, (await scene.snapshot()).revision, 200)
    match what:
        case "edit":
            edit = BodyEdit("Dear all,", "Dear everybody,", by_app=False)
            await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, scene.issue, 300, edit=edit)])
        case "command":
            await scene.say(GRACE, OrganizerCommand("close"))
        case _:
            await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id)])
    assert not await apply(scene, body)
    assert await count_writes(scene) == 0
    assert await is_due(scene) == (what != "end")


async def test_rules_are_recorded_although_the_plan_is_stopped(scene: Scene) -> None:
    body = await plan(scene)
    edit = BodyEdit("Dear all,", "Dear everybody,", by_app=False)
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, scene.issue, 300, edit=edit)])
    rules = Rules(Settings(goals=(5,)))
    assert not await apply(scene, body, rules)
    assert (await scene.snapshot()).rules == rules
