"""What organizers have set and ordered, in the database: rules in force, answers, the audit log, and the end."""

from __future__ import annotations

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import OrganizerCommand, Phrase, Sign
from bot.petition.comments.comment import Author
from bot.petition.facts_from_github import IssueGone
from bot.petition.organizer_commands import CommandResults, apply_commands, logins_in
from bot.petition.rules_in_force import Rules
from bot.petition.settings import DEFAULTS, Settings
from bot.store import Store
from bot.store.organizer_commands import read_named, read_organizers, record_rules
from tests.store.scene import ADA, GRACE, INSTALLATION, LETTER, REPOSITORY, Scene, list_commands, person, rows

EVE = Author(99, "eve")


async def govern(scene: Scene, settings: Settings = DEFAULTS) -> CommandResults:
    """Rule as the reconciler does; Grace is the organizer, and every order means Ada."""
    orders = await list_commands(scene.store, LETTER.id)
    ruling = apply_commands(
        settings,
        orders,
        organizers={one.author.id: one.author == GRACE for one in orders},
        named={(one.comment_id, login): ADA for one in orders for login in logins_in(one.command)},
    )
    await scene.store.commands.apply(LETTER.id, ruling)
    return ruling


async def reactions(scene: Scene) -> dict[int, str | None]:
    return {
        one.comment_id: one.wanted
        for one in await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 100)
    }


async def answers(store: Store) -> list[tuple[str, str]]:
    return [(entry.word, entry.answer) for entry in await store.commands.list_audit_entries(LETTER.id)]


async def test_a_command_makes_a_petition_due_and_is_answered(scene: Scene) -> None:
    given = await scene.say(GRACE, OrganizerCommand("goal", "5"))
    refused = await scene.say(EVE, OrganizerCommand("close"))
    assert await scene.store.petitions.list_due(INSTALLATION, 9e9)
    ruling = await govern(scene)
    assert (await scene.snapshot()).rules == ruling.rules == Rules(Settings(goals=(5,)))
    assert await reactions(scene) == {given: "+1", refused: "confused"}
    assert await answers(scene.store) == [("goal", "obeyed")]
    assert [(one.login, one.word, one.times) for one in await scene.store.commands.list_attempts(LETTER.id)] == [
        ("eve", "close", 1)
    ]


async def test_ruling_again_changes_nothing(scene: Scene) -> None:
    await scene.say(GRACE, OrganizerCommand("goal", "5"))
    await govern(scene)
    before = await rows(scene.store, "SELECT * FROM petitions"), await rows(scene.store, "SELECT * FROM audit")
    await govern(scene)
    assert before == (
        await rows(scene.store, "SELECT * FROM petitions"),
        await rows(scene.store, "SELECT * FROM audit"),
    )


async def test_a_removed_person_is_left_out_and_given_back(scene: Scene) -> None:
    signed = await scene.sign("ada")
    await scene.sign("alan")
    removing = await scene.say(GRACE, OrganizerCommand("remove", "@ada a fake"))
    await govern(scene)
    assert await scene.signatories() == ["alan"]
    assert (await reactions(scene))[signed] == "confused"
    await scene.sign("ada")
    assert await scene.signatories() == ["alan"]
    await scene.hide(removing)
    await govern(scene)
    assert await scene.count() == 2
    assert await answers(scene.store) == [("remove", "obeyed"), ("remove", "taken back")]


async def test_phrases_count_from_when_they_are_accepted_until_they_are_not(scene: Scene) -> None:
    phrase = parse("I agree!")
    assert isinstance(phrase, Phrase)
    await scene.say(ADA, phrase)
    assert await scene.count() == 0
    accepting = Settings(also_accept=("i agree",))
    await govern(scene, accepting)
    assert await scene.signatories() == ["ada"]
    await scene.say(person("alan"), phrase)
    assert await scene.count() == 2
    await govern(scene)
    assert await scene.count() == 0


async def test_words_count_until_the_settings_turn_them_off(scene: Scene) -> None:
    said = await scene.say(ADA, parse("Count me in!"))
    assert await scene.count() == 1
    await govern(scene, Settings(also_accept=None))
    assert await scene.count() == 0
    signed = await scene.say(ADA, parse("signed"))
    assert (await reactions(scene))[signed] == "confused"
    await govern(scene, Settings(also_accept=("+1",)))
    assert await scene.count() == 1
    assert (await reactions(scene))[said] == "+1"


async def test_closing_by_a_command_and_reopening(scene: Scene) -> None:
    await scene.sign("ada")
    closing = await scene.say(GRACE, OrganizerCommand("close"))
    await govern(scene)
    late = await scene.sign("alan")
    assert await scene.signatories() == ["ada"]
    assert (await reactions(scene))[late] == "confused"
    found = await scene.snapshot()
    assert (found.ended_at, found.final_count) == (scene.comments[closing].created_at, 1)
    await scene.delete(closing)
    await govern(scene)
    found = await scene.snapshot()
    assert (found.count, found.ended_at, found.final_count) == (2, None, None)


async def test_the_final_count_stays_when_people_withdraw(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.say(GRACE, OrganizerCommand("close"))
    await govern(scene)
    await scene.unsign("ada")
    await govern(scene)
    found = await scene.snapshot()
    assert (found.count, found.final_count) == (0, 1)


async def test_a_petition_is_due_when_its_deadline_has_passed_and_once_only(scene: Scene) -> None:
    store = scene.store
    now = int(store._now())
    await govern(scene, Settings(deadline=now + 100))
    for due in await store.petitions.list_due(INSTALLATION, 9e9):
        await store.petitions.mark_published(due.petition_id, due.revision, now)
    assert await store.petitions.list_due(INSTALLATION, now + 100.9) == []
    assert await store.petitions.list_installations_with_work(now + 101.0) == [INSTALLATION]
    assert len(await store.petitions.list_due(INSTALLATION, now + 101.0)) == 1


async def test_an_end_that_was_recorded_is_due_until_the_bodies_show_it(scene: Scene) -> None:
    store = scene.store
    now = int(store._now())
    ruling = await govern(scene, Settings(deadline=now + 100))
    for due in await store.petitions.list_due(INSTALLATION, 9e9):
        await store.petitions.mark_published(due.petition_id, due.revision, now)
    assert await store.database.write(lambda work: record_rules(work, LETTER.id, ruling, now + 101))
    (due,) = await store.petitions.list_due(INSTALLATION, now + 101.0)
    assert not await store.database.write(lambda work: record_rules(work, LETTER.id, ruling, now + 102))
    await store.petitions.mark_published(due.petition_id, due.revision, now + 102)
    assert await store.petitions.list_due(INSTALLATION, 9e9) == []


async def test_a_recount_asks_once_for_the_threads_to_be_read(scene: Scene) -> None:
    store = scene.store
    for thread in await store.threads.list_to_read(INSTALLATION, 9e9):
        await store.threads.mark_read(thread)
    await scene.say(GRACE, OrganizerCommand("recount"), at=int(store._now()) + 5)
    await govern(scene)
    assert len(await store.threads.list_to_read(INSTALLATION, 9e9)) == 1


async def test_whom_a_command_means_and_who_may_give_one_is_remembered(scene: Scene) -> None:
    await scene.store.commands.record_organizer(REPOSITORY.id, GRACE.id, allowed=True, at=100)
    await scene.store.commands.record_organizer(REPOSITORY.id, GRACE.id, allowed=False, at=101)
    assert await scene.store.database.read(
        lambda work: read_organizers(work, REPOSITORY.id, [GRACE.id, EVE.id])
    ) == {GRACE.id: (False, 101)}
    await scene.store.commands.record_named(7, "ada", ADA, 100)
    await scene.store.commands.record_named(8, "nobody", None, 100)
    await scene.store.commands.record_named(8, "ada", ADA, 100)
    named = await scene.store.database.read(lambda work: read_named(work, [7, 8, 9]))
    told = {key: one.user_id for key, one in named.items()}
    assert told == {(7, "ada"): ADA.id, (8, "nobody"): None, (8, "ada"): ADA.id}
    await scene.say(ADA, Sign())
    assert await scene.store.commands.find_author(LETTER.id, "ada") == ADA
    assert await scene.store.commands.find_author(LETTER.id, "nobody") is None
    assert await scene.store.commands.list_petitions(REPOSITORY.id) == []
    await scene.say(GRACE, OrganizerCommand("help"))
    assert await scene.store.commands.list_petitions(REPOSITORY.id) == [LETTER.id]


async def test_a_deleted_petition_leaves_nothing_of_its_commands(scene: Scene) -> None:
    removal = await scene.say(GRACE, OrganizerCommand("remove", "@ada spam"))
    await scene.store.commands.record_named(removal, "ada", ADA, 200)
    await govern(scene)
    assert await answers(scene.store) == [("remove", "obeyed")]
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id)])
    assert await answers(scene.store) == []
    assert await rows(scene.store, "SELECT * FROM named") == []
    assert await rows(scene.store, "SELECT rules FROM petitions") == [("",)]
