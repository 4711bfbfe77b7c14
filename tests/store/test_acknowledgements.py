"""Which reactions comments should bear."""

from __future__ import annotations

from msgspec.structs import replace

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import OrganizerCommand
from bot.petition.comments.comment import Author
from bot.petition.facts_from_github import Repository
from bot.petition.organizer_commands import CommandResults, CommandStatus, Outcome
from bot.petition.rules_in_force import Rules
from bot.store import AckDue
from tests.store.conftest import NOW
from tests.store.scene import ADA, ALAN, GRACE, INSTALLATION, LETTER, REPOSITORY, Scene, list_commands, rows


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


async def command(scene: Scene, author: Author, status: CommandStatus) -> int:
    """Let somebody give a command, with what became of it."""
    comment_id = await scene.say(author, OrganizerCommand("goal", "5"))
    given = await list_commands(scene.store, LETTER.id)
    outcomes = tuple(
        Outcome(one, status if one.comment_id == comment_id else CommandStatus.APPLIED) for one in given
    )
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(), outcomes))
    return comment_id


async def test_organizers_come_first_then_who_is_refused_then_who_has_signed(scene: Scene) -> None:
    await scene.store.commands.record_organizer(REPOSITORY.id, GRACE.id, True, scene.clock)
    by_organizer = await command(scene, GRACE, CommandStatus.APPLIED)
    refused = await scene.say(ALAN, parse("/sing"))
    by_stranger = await command(scene, ADA, CommandStatus.REFUSED)
    signed = [await scene.sign(login) for login in ("linus", "barbara")]
    expected = [(by_organizer, "+1"), (by_stranger, "confused"), (refused, "confused")]
    expected += [(one, "+1") for one in reversed(signed)]
    assert [(one, wanted) for one, wanted, _ in await due(scene)] == expected
    for place, (comment_id, _) in enumerate(expected):
        left = await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 1)
        assert [one.comment_id for one in left] == [comment_id], place
        await scene.store.acknowledgements.record_given(comment_id, left[0].wanted, 7)
    assert await due(scene) == []


async def test_who_is_refused_is_told_so_for_a_day(scene: Scene) -> None:
    await scene.store.commands.record_organizer(REPOSITORY.id, GRACE.id, True, scene.clock)
    by_organizer = await command(scene, GRACE, CommandStatus.APPLIED)
    refused = await scene.say(ALAN, parse("/sing"))
    await scene.sign("ada")
    acknowledgements = scene.store.acknowledgements
    acknowledgements._now = scene.store._now = lambda: scene.clock + 86_300
    # Whoever is evaluated again stays as due as before.
    listed = list(scene.comments.values())
    await scene.store.record_listing(LETTER.id, scene.clock, listed, complete=True)
    assert [one for one, *_ in await due(scene)] == [by_organizer, refused]
    acknowledgements._now = lambda: scene.clock + 86_500
    assert await due(scene) == []
    assert await rows(scene.store, "SELECT count(*) FROM comments WHERE ack_due") == [(0,)]


async def test_a_locked_issue_keeps_nobody_elsewhere_waiting(scene: Scene) -> None:
    elsewhere = await scene.sign("ada")
    letter = scene.issue
    scene.issue, scene.repository = replace(letter, id=2_000, number=8), Repository(72, "acme", "other")
    await scene.sign("grace")
    await scene.change_issue(replace(scene.issue, locked=True))
    left = await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 1)
    assert [one.comment_id for one in left] == [elsewhere]
