"""What is due, and what was published."""

from __future__ import annotations

import pytest

from bot.store import Backlog, Due, State
from tests.store.conftest import NOW
from tests.store.scene import INSTALLATION, LETTER, Scene


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
