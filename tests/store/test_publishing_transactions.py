"""A publication is applied to what it was planned on: an edit, a command or an end that came since stops it."""

from __future__ import annotations

import pytest

from bot.petition.comments.commands import OrganizerCommand
from bot.petition.organizers.commands import CommandResults
from bot.petition.organizers.rules_in_force import DEFAULTS, Rules
from bot.petition.organizers.settings import Settings
from bot.petition.reported_facts import BodyEdit, IssueFact, IssueGone
from bot.store import PlannedBody
from tests.store.scene import GRACE, INSTALLATION, LETTER, REPOSITORY, Scene


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
