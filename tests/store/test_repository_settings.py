"""The settings file of a repository, in the database: what is in force, its mistakes, and when to read it."""

from __future__ import annotations

import pytest

from bot.petition.facts_from_github import SettingsFact
from bot.petition.settings import DEFAULTS, Settings
from bot.store import Store
from tests.store.scene import INSTALLATION, REPOSITORY, Scene


async def test_settings_are_kept_and_mistakes_leave_them_in_force(store: Store) -> None:
    scene = Scene(store)
    await scene.label()
    assert (await scene.store.settings.get(REPOSITORY.id)).settings == DEFAULTS
    known = await scene.store.settings.record(REPOSITORY.id, "goal: 5", 100)
    assert known.settings == Settings(goals=(5,))
    known = await scene.store.settings.record(REPOSITORY.id, "gaol: 5", 101)
    assert known.settings == Settings(goals=(5,))
    assert [str(one) for one in known.mistakes] == ["line 1: found the key “gaol”; did you mean goal?"]
    known = await scene.store.settings.mark_unreadable(REPOSITORY.id, 102, known)
    assert (known.settings, known.readable, known.read_at) == (Settings(goals=(5,)), False, 102)
    await scene.store.settings.mark_read(REPOSITORY.id, 103, await scene.store.settings.get(REPOSITORY.id))
    assert (await scene.store.settings.get(REPOSITORY.id)).read_at == 103
    known = await scene.store.settings.record(REPOSITORY.id, None, 104)
    assert (known.settings, known.mistakes, known.readable) == (DEFAULTS, (), True)


async def test_a_first_file_with_mistakes_shows_nobody_until_a_file_is_applied(store: Store) -> None:
    scene = Scene(store)
    await scene.label()
    hidden = Settings(public_roster=False, show=frozenset())
    known = await store.settings.record(REPOSITORY.id, "goal: 5\nroster: hidden", 100)
    assert (known.settings, known.hides_people) == (hidden, True)
    assert [one.split(";")[0] for one in known.remarks("en")] == [
        ".github/petition.yml, line 2, roster: found “hidden”",
        "No settings file was applied yet, so only the count is shown. Correct the file to show who has signed.",
    ]
    # Still with a mistake, it says clearly who is shown.
    known = await store.settings.record(REPOSITORY.id, "goal: x\nroster: private", 101)
    assert (known.settings, known.hides_people) == (Settings(public_roster=False), False)
    assert len(known.remarks("en")) == 1
    known = await store.settings.record(REPOSITORY.id, "goal: [", 102)
    assert (known.settings, known.hides_people) == (hidden, True)
    known = await store.settings.mark_unreadable(REPOSITORY.id, 103, known)
    assert (known.settings, known.hides_people) == (hidden, True)
    known = await store.settings.record(REPOSITORY.id, "goal: 5", 104)
    assert (known.settings, known.remarks("en")) == (Settings(goals=(5,)), [])
    # From now on, a mistake leaves in force what was applied.
    known = await store.settings.record(REPOSITORY.id, "goal: 5\nroster: hidden", 105)
    assert (known.settings, known.hides_people) == (Settings(goals=(5,)), False)
    # Deleted, and then there again, it is a first file once more.
    await store.settings.record(REPOSITORY.id, None, 106)
    known = await store.settings.record(REPOSITORY.id, "roster: hidden", 107)
    assert (known.settings, known.hides_people) == (hidden, True)


async def test_petitions_are_due_when_settings_have_changed_and_not_otherwise(scene: Scene) -> None:
    store = scene.store
    await store.settings.record(REPOSITORY.id, "goal: 5", 100)
    for due in await store.petitions.list_due(INSTALLATION, 9e9):
        await store.petitions.mark_published(due.petition_id, due.revision, 101)
    await store.settings.record(REPOSITORY.id, "goal:   5", 102)
    assert await store.petitions.list_due(INSTALLATION, 9e9) == []
    await store.settings.record(REPOSITORY.id, "goal: 6", 103)
    assert len(await store.petitions.list_due(INSTALLATION, 9e9)) == 1


async def test_a_push_has_the_settings_read_again_and_the_petitions_looked_at(scene: Scene) -> None:
    await scene.label()
    await scene.store.settings.record(REPOSITORY.id, "goal: 5", 100)
    before = await scene.snapshot()
    await scene.store.record([SettingsFact(INSTALLATION, REPOSITORY.id)])
    assert not (await scene.store.settings.get(REPOSITORY.id)).is_read
    assert (await scene.snapshot()).revision > before.revision
    await scene.store.settings.mark_read(REPOSITORY.id, 101, await scene.store.settings.get(REPOSITORY.id))
    assert (await scene.store.settings.get(REPOSITORY.id)).is_read


@pytest.mark.parametrize("heard", [0, 1], ids=["first push", "second push"])
async def test_what_was_pushed_while_the_file_was_read_is_read_as_well(scene: Scene, heard: int) -> None:
    push = SettingsFact(INSTALLATION, REPOSITORY.id)
    await scene.store.settings.record(REPOSITORY.id, "goal: 5", 100)
    await scene.store.record([push] * heard)
    known = await scene.store.settings.get(REPOSITORY.id)
    await scene.store.record([push])
    await scene.store.settings.record(REPOSITORY.id, "goal: 6", 101, known)
    assert not (await scene.store.settings.get(REPOSITORY.id)).is_read
    await scene.store.settings.mark_read(REPOSITORY.id, 102, known)
    assert not (await scene.store.settings.get(REPOSITORY.id)).is_read


async def test_what_an_update_finds_wrong_in_the_settings_is_named_and_the_rest_stays_in_force(
    scene: Scene,
) -> None:
    store = scene.store
    await store.settings.record(REPOSITORY.id, 'also_accept: ["+1"]\ngoal: 5', 100)
    older = "UPDATE settings SET text = $1"
    await store.database.write(lambda work: work.execute(older, 'also_accept: ["+1"]\ngoal: 1.0'))
    known = await store.settings.get(REPOSITORY.id)
    assert known.settings == Settings(also_accept=("+1",))
    assert [str(one).split(";")[0] for one in known.mistakes] == ["line 2, goal: found “1.0”"]
