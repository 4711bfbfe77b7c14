"""Which reactions comments should bear."""

from __future__ import annotations

from bot.petition.github_facts import Repository
from bot.store import AckDue
from tests.store.conftest import NOW
from tests.store.scene import ADA, INSTALLATION, REPOSITORY, Scene, rows


async def due(scene: Scene) -> list[tuple[int, str | None, str | None]]:
    return [
        (a.comment_id, a.wanted, a.given)
        for a in await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 100)
    ]


async def test_signing_wants_a_thumb_up(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    assert await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 5) == [
        AckDue(comment_id, "acme/letters", "+1", None, None)
    ]
    assert await scene.store.acknowledgements.drop_late_and_list(INSTALLATION + 1, 5) == []


async def test_what_was_given_is_not_due_any_more(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    await scene.store.acknowledgements.record_given(comment_id, "+1", 77)
    assert await due(scene) == []


async def test_the_newest_come_first_and_no_more_than_asked_for(scene: Scene) -> None:
    signed = [await scene.sign(login) for login in ("ada", "grace", "alan")]
    assert [ack.comment_id for ack in await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 2)] == [
        signed[2],
        signed[1],
    ]


async def test_the_newest_of_all_petitions_come_first(scene: Scene) -> None:
    first = await scene.sign("ada")
    letter = scene.issue
    scene.issue, scene.repository = (
        type(letter)(2_000, 8, "Another", letter.labels),
        Repository(72, "acme", "other"),
    )
    second = await scene.sign("ada")
    scene.issue, scene.repository = letter, REPOSITORY
    third = await scene.sign("grace")
    acks = await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 2)
    assert [(ack.comment_id, ack.repository) for ack in acks] == [(third, "acme/letters"), (second, "acme/other")]
    assert len(await due(scene)) == 3
    assert first


async def test_withdrawing_takes_the_thumb_back_and_acknowledges_the_withdrawal(scene: Scene) -> None:
    signed = await scene.sign("ada")
    await scene.store.acknowledgements.record_given(signed, "+1", 77)
    withdrawn = await scene.unsign("ada")
    assert await due(scene) == [(withdrawn, "+1", None), (signed, None, "+1")]
    assert (await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 5))[1].reaction_id == 77


async def test_a_deleted_comment_takes_its_reactions_along(scene: Scene) -> None:
    signed = await scene.sign("ada")
    await scene.store.acknowledgements.record_given(signed, "+1", 77)
    await scene.delete(signed)
    assert await due(scene) == []


async def test_an_hour_late_nothing_is_given_but_still_taken_back(scene: Scene) -> None:
    given = await scene.sign("ada")
    await scene.store.acknowledgements.record_given(given, "+1", 77)
    await scene.sign("grace")
    await scene.unsign("ada")
    scene.store.acknowledgements._now = lambda: NOW + 3_600
    assert await due(scene) == [(given, None, "+1")]
    scene.store.acknowledgements._now = lambda: NOW
    assert await due(scene) == [(given, None, "+1")]


async def test_what_was_signed_long_ago_is_not_acknowledged_now(scene: Scene) -> None:
    scene.store._now = lambda: NOW + 10_000
    await scene.sign("ada")
    assert await rows(scene.store, "SELECT count(*) FROM comments WHERE ack_due") == [(0,)]
    assert await due(scene) == []


async def test_chatter_and_hidden_comments_bear_nothing(scene: Scene) -> None:
    await scene.say(ADA, None)
    hidden = await scene.sign("ada")
    await scene.store.acknowledgements.record_given(hidden, "+1", 77)
    await scene.hide(hidden)
    assert await due(scene) == [(hidden, None, "+1")]


async def test_a_judgement_that_changes_while_the_reaction_is_given_is_due_again(scene: Scene) -> None:
    signed = await scene.sign("ada")
    await scene.unsign("ada")
    await scene.store.acknowledgements.record_given(signed, "+1", 77)
    assert (signed, None, "+1") in await due(scene)
