"""What people try who may give no orders is summed up for each of them, and the audit log is the organizers'."""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from bot.petition.comments.commands import OrganizerCommand, Several
from bot.petition.comments.comment import Author
from bot.petition.facts_from_github import IssueGone
from bot.petition.organizer_commands import CommandResults, GivenCommand, apply_commands
from bot.petition.rules_in_force import Rules
from bot.petition.settings import DEFAULTS
from bot.store import Attempts, Store
from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.store.migrations.upgrading import upgrade
from bot.store.organizer_commands import ATTEMPTS_KEPT
from tests.store.releases import put, released
from tests.store.scene import GRACE, LETTER, REPOSITORY, Scene, list_commands

EVE, MALLORY = Author(99, "eve"), Author(98, "mallory")


async def govern(scene: Scene, *organizers: Author) -> CommandResults:
    """Rule as the reconciler does."""
    orders = await list_commands(scene.store, LETTER.id)
    allowed = {one.author.id: one.author in organizers for one in orders}
    ruling = apply_commands(DEFAULTS, orders, organizers=allowed, named={})
    await scene.store.commands.apply(LETTER.id, ruling)
    return ruling


async def log_of(scene: Scene) -> list[tuple[str, str, str]]:
    return [(one.login, one.word, one.answer) for one in await scene.store.commands.list_audit_entries(LETTER.id)]


async def attempts_of(store: Store) -> list[Attempts]:
    return await store.commands.list_attempts(LETTER.id)


async def test_however_often_a_stranger_tries_the_log_is_the_organizers(scene: Scene) -> None:
    given = await scene.say(GRACE, OrganizerCommand("goal", "5"))
    first_at = scene.clock + 1
    tried = [await scene.say(EVE, OrganizerCommand("close", f"{number}")) for number in range(5)]
    for number in range(20):
        for comment in tried:
            await scene.edit(comment, OrganizerCommand("remove", f"@ada {number}"))
        await govern(scene, GRACE)
        await govern(scene, GRACE)
    assert await log_of(scene) == [("grace", "goal", "obeyed")]
    assert await attempts_of(scene.store) == [
        Attempts(EVE.id, "eve", "remove", 100, first_at + 5, scene.clock, tried[-1], 7)
    ]
    await scene.delete(given)
    for comment in tried:
        await scene.delete(comment)
    await govern(scene, GRACE)
    assert await log_of(scene) == [("grace", "goal", "obeyed"), ("grace", "goal", "taken back")]


async def test_that_an_organizer_is_none_any_more_stands_in_the_log_once(scene: Scene) -> None:
    given = await scene.say(GRACE, OrganizerCommand("goal", "5"))
    await govern(scene, GRACE)
    await govern(scene)
    for number in range(5):
        await scene.edit(given, OrganizerCommand("goal", f"{number}"))
        await govern(scene)
    assert await log_of(scene) == [("grace", "goal", "obeyed"), ("grace", "goal", "refused")]
    assert [(one.login, one.times) for one in await attempts_of(scene.store)] == [("grace", 5)]
    await govern(scene, GRACE)
    assert (await log_of(scene))[2:] == [("grace", "goal", "obeyed")]


async def test_no_more_people_are_kept_than_have_room_and_ruling_again_changes_nothing(scene: Scene) -> None:
    people = [Author(1_000 + number, f"user{number}") for number in range(ATTEMPTS_KEPT + 5)]
    for one in people:
        await scene.say(one, OrganizerCommand("help"))
    for _ in range(2):
        await govern(scene, GRACE)
        found = await attempts_of(scene.store)
        assert [one.user_id for one in found] == [one.id for one in reversed(people[5:])]
        assert {one.times for one in found} == {1}


async def test_who_is_to_be_forgotten_is_until_they_write_anew(scene: Scene) -> None:
    await scene.say(EVE, OrganizerCommand("close"))
    await scene.say(MALLORY, OrganizerCommand("close"))
    await govern(scene, GRACE)
    await scene.store.privacy.forget([EVE.id])
    await govern(scene, GRACE)
    assert [one.user_id for one in await attempts_of(scene.store)] == [MALLORY.id]
    await scene.say(EVE, OrganizerCommand("goal"), at=int(scene.store._now()) + 1)
    await govern(scene, GRACE)
    assert [(one.login, one.word, one.times) for one in await attempts_of(scene.store)] == [
        ("eve", "goal", 1),
        ("mallory", "close", 1),
    ]


async def test_with_the_issue_goes_what_was_tried_on_it(scene: Scene) -> None:
    await scene.say(EVE, OrganizerCommand("close"))
    await govern(scene, GRACE)
    await scene.store.record([IssueGone(700, REPOSITORY, LETTER.id)])
    assert await attempts_of(scene.store) == []


async def test_where_names_were_erased_none_is_taken_down(scene: Scene) -> None:
    await scene.say(EVE, OrganizerCommand("close"))
    ruling = await govern(scene, GRACE)
    ended = replace(ruling, rules=Rules(replace(DEFAULTS, anonymise_after=0), closed_at=101))
    await scene.store.commands.apply(LETTER.id, ended)
    assert [one.goes_on for one in await scene.store.privacy.anonymise(700)] == [False]
    assert await attempts_of(scene.store) == []
    await scene.store.commands.apply(LETTER.id, ended)
    assert await attempts_of(scene.store) == []


def entry(number: int, comment: int, author: Author, answer: str) -> dict[str, object]:
    """Give a row of the log as 0.1.0 left it."""
    given = GivenCommand(comment, 1_000 + number, author, OrganizerCommand("goal", f"{number}"))
    return {
        "petition_id": LETTER.id,
        "number": number,
        "noted_at": 2_000 + number,
        "comment_id": comment,
        "given_at": given.at,
        "user_id": author.id,
        "login": author.login,
        "word": given.command.word,
        "argument": given.command.argument,
        "answer": answer,
        "note": "",
    }


async def test_what_strangers_left_in_an_older_log_is_summed_up(new_url: str) -> None:
    old = next(one for one in released() if one.revision == "0001")
    log = [
        entry(1, 50, GRACE, "obeyed"),
        entry(2, 60, EVE, "refused"),
        entry(3, 61, EVE, "refused"),
        entry(4, 60, EVE, "taken back"),
        entry(5, 50, GRACE, "refused"),
        entry(6, 62, MALLORY, "refused"),
    ]
    database = connect(read_address(new_url))
    await database.alter(partial(upgrade, target="0001"), 60)
    forgotten: list[dict[str, object]] = [{"user_id": MALLORY.id, "at": 5_000}]
    await database.alter(partial(put, rows={**old.rows, "audit": log, "forgotten": forgotten}), 60)
    await database.close()
    store = await Store.open(new_url)
    kept = [(one.number, one.login, one.answer) for one in await store.commands.list_audit_entries(LETTER.id)]
    assert kept == [(1, "grace", "obeyed"), (5, "grace", "refused")]
    assert await attempts_of(store) == [Attempts(EVE.id, "eve", "goal", 2, 1_002, 1_003, 61)]
    await store.close()


async def test_commands_are_shown_as_they_were_commented(scene: Scene) -> None:
    await scene.say(GRACE, OrganizerCommand.mistyped("- /petiton", "goal 5"))
    await scene.say(GRACE, Several((OrganizerCommand("goal", "5"), OrganizerCommand("close"))))
    await scene.say(EVE, OrganizerCommand.mistyped("/petiton", "close"))
    await govern(scene, GRACE)
    shown = [entry.text for entry in await scene.store.commands.list_audit_entries(LETTER.id)]
    assert shown == ["- /petiton goal 5", "/petition goal 5", "/petition close"]
    (tried,) = await scene.store.commands.list_attempts(LETTER.id)
    assert (tried.text, tried.times) == ("/petiton", 1)
