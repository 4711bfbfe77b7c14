"""What organizers set and order, end to end: from a file and comments to the issue's body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import aiohttp
import pytest

from bot import time_types
from bot.cli.verify import Verification, verify
from bot.github.petition_and_rules_reader import IssueName
from bot.petition.settings import PATH
from bot.store import State
from sandbox.models import Comment, Issue
from sandbox.server import Sandbox
from tests.whole.recorded_calls import surveyed, unheard, watched
from tests.whole.scene import Clock, Scene, scene


@pytest.fixture
async def stage(sqlite_url: str, clock: Clock) -> AsyncIterator[Scene]:
    async with scene(sqlite_url, sandbox=Sandbox(now=clock), start=False) as found:
        found.clock = time_types.Clock(clock, asyncio.sleep)
        await found.start_bot()
        yield found


def order(stage: Scene, petition: Issue, text: str, login: str = "grace") -> Comment:
    return stage.sandbox.comment(petition, login, f"/petition {text}")


def settings(stage: Scene, text: str) -> None:
    stage.sandbox.repositories.write_file(stage.sandbox.repository(), PATH, text)


async def says(stage: Scene, petition: Issue, *words: str) -> str:
    try:
        await stage.until(lambda: all(word in (petition.body or "") for word in words))
    except TimeoutError:
        raise AssertionError(f"{words} not in\n{petition.body}") from None
    return petition.body or ""


@pytest.fixture
def petition(stage: Scene) -> Issue:
    stage.organizer()
    return stage.petition()


async def test_a_changed_settings_file_takes_effect_at_once(stage: Scene, petition: Issue) -> None:
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    settings(stage, "goal: 4")
    await says(stage, petition, "goal of 4")
    settings(stage, "gaol: 5")
    await says(stage, petition, "goal of 4", "did you mean goal?")
    stage.sandbox.repositories.write_file(stage.sandbox.repository(), PATH, None)
    await stage.until(lambda: "goal of" not in (petition.body or ""))


async def test_an_organizer_sets_the_goal_and_sees_that_it_was_understood(stage: Scene, petition: Issue) -> None:
    given = order(stage, petition, "goal 4")
    stage.sign(petition, "ada")
    await says(stage, petition, "**25%** of the goal of 4")
    await stage.reacted(given, "+1")


async def test_commands_by_others_change_nothing(stage: Scene, petition: Issue) -> None:
    given = order(stage, petition, "close", "mallory")
    await stage.reacted(given, "confused")
    stage.sign(petition, "ada")
    assert "Closed" not in await stage.shows(petition, 1)
    assert await audit(stage, petition) == []
    assert stage.bot is not None
    (tried,) = await stage.bot.store.commands.list_attempts(petition.id)
    assert (tried.login, tried.word, tried.times) == ("mallory", "close", 1)


async def test_a_deleted_command_was_never_given_and_stays_in_the_audit_log(stage: Scene, petition: Issue) -> None:
    given = order(stage, petition, "goal 4")
    await says(stage, petition, "goal of 4")
    stage.sandbox.comments.delete(given, given.user)
    await stage.until(lambda: "goal of 4" not in (petition.body or ""))
    await stage.reacted(given)
    assert [entry[-1] for entry in await audit(stage, petition)] == ["obeyed", "taken back"]


async def test_a_signature_is_removed_and_given_back(stage: Scene, petition: Issue) -> None:
    signed = stage.sign(petition, "ada", "/sign A Fake Name")
    stage.sign(petition, "alan")
    await stage.shows(petition, 2)
    await stage.reacted(signed, "+1")
    order(stage, petition, "remove @Ada a fake")
    assert "Fake" not in await stage.shows(petition, 1)
    await stage.reacted(signed, "confused")
    order(stage, petition, "restore @ada")
    await stage.shows(petition, 2)
    await stage.reacted(signed, "+1")
    assert await audit(stage, petition) == [
        ("grace", "remove", "@Ada a fake", "obeyed"),
        ("grace", "restore", "@ada", "obeyed"),
    ]


async def test_one_command_removes_many_socks_and_a_recount_agrees(stage: Scene, petition: Issue) -> None:
    for number in range(40):
        stage.sign(petition, f"sock-{number}")
    stage.sign(petition, "ada")
    await stage.shows(petition, 41)
    many = ", ".join(f"sock-{number}" for number in range(40))
    given = order(stage, petition, f"remove [{many}, nobody-at-all] all made in one night")
    await stage.shows(petition, 1)
    await stage.reacted(given, "+1")
    stage.sandbox.accounts.rename(stage.sandbox.user("sock-7"), "no-sock")
    found = await verify(IssueName.read("lovelace/letters#1"), stage.config())
    assert (found.recount.agrees, found.recount.count) == (True, 1)
    assert found.notes == ("a command names sock-7, whose login has changed; the block shows who was meant",)
    stage.sandbox.comments.delete(given, given.user)
    await stage.shows(petition, 41)


async def test_who_is_removed_stays_so_under_another_name(stage: Scene, petition: Issue) -> None:
    signed = stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    order(stage, petition, "remove @ada spam")
    await stage.shows(petition, 0)
    stage.sandbox.accounts.rename(signed.user, "ada-again")
    stage.sign(petition, "ada-again")
    stage.sign(petition, "ada")
    assert "ada-again" not in await stage.shows(petition, 1)


async def test_a_command_ends_the_petition_and_another_one_opens_it_again(
    stage: Scene, petition: Issue, clock: Clock
) -> None:
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    clock.ahead += 10
    order(stage, petition, "close")
    await says(stage, petition, "**Closed on", "with 1 signature.**")
    clock.ahead += 10
    late = stage.sign(petition, "alan")
    await stage.reacted(late, "confused")
    withdrawn = stage.sign(petition, "ada", "/unsign")
    await stage.reacted(withdrawn, "+1")
    assert "with 1 signature.**" in await stage.shows(petition, 0)
    clock.ahead += 10
    order(stage, petition, "reopen")
    assert "Closed" not in await stage.shows(petition, 1)
    await stage.reacted(late, "+1")


async def test_the_deadline_ends_it_without_anybodys_doing(stage: Scene, petition: Issue, clock: Clock) -> None:
    stage.sign(petition, "ada")
    order(stage, petition, "deadline 2026-12-31")
    await says(stage, petition, "Open until 31 Dec 2026, 23:59 UTC.")
    clock.ahead += 60 * 86_400
    await says(stage, petition, "**Closed on 31 Dec 2026, 23:59 UTC with 1 signature.**")
    late = stage.sign(petition, "alan")
    await stage.reacted(late, "confused")


async def test_the_ladder_moves_on_by_itself_and_back(stage: Scene, petition: Issue) -> None:
    order(stage, petition, "goal 2, 4")
    stage.sign(petition, "ada")
    await says(stage, petition, "**50%** of the goal of 2")
    second = stage.sign(petition, "alan")
    await says(stage, petition, "🎉 **2** on", "**50%** of the goal of 4")
    stage.sandbox.comments.delete(second, second.user)
    body = await says(stage, petition, "**50%** of the goal of 2")
    assert "🎉" not in body


async def test_an_official_answer_stands_at_the_top_and_is_harmless(stage: Scene, petition: Issue) -> None:
    order(stage, petition, "respond We agree, @ada. See [our plan](https://example.org/plan).")
    body = await says(stage, petition, "Official response by [grace]", "[our plan](https://example.org/plan)")
    assert "@ada" not in body
    assert body.index("Official") < body.index("Be the first")
    order(stage, petition, "respond from the Library of Letters: We do not.\n\nSorry: no.")
    body = await says(stage, petition, "Official response by the Library of Letters, ", "> We do not.")
    assert "Official response by [grace]" not in body


async def test_help_is_shown_while_it_is_asked_for(stage: Scene, petition: Issue) -> None:
    asked = order(stage, petition, "help")
    await says(stage, petition, "`/petition deadline 2026-12-31`")
    await stage.reacted(asked, "+1")
    stage.sandbox.comments.delete(asked, asked.user)
    await stage.until(lambda: "/petition" not in (petition.body or ""))


async def test_all_commands_of_a_comment_are_applied_and_its_signature_counts(
    stage: Scene, petition: Issue, clock: Clock
) -> None:
    given = stage.sign(petition, "grace", "/sign Grace Hopper\r\n/petition goal 2\r\n/petition deadline 2026-12-31")
    body = await says(stage, petition, "**50%** of the goal of 2", "Open until 31 Dec 2026", "Grace Hopper")
    assert "remark" not in body
    await stage.reacted(given, "+1")
    assert (await recounted(stage, petition)).recount.agrees
    clock.ahead += 10
    stage.sandbox.comments.edit(given, given.user, "/sign Grace Hopper\n/petition goal 4")
    body = await says(stage, petition, "**25%** of the goal of 4")
    assert "Open until" not in body
    await stage.shows(petition, 1)
    clock.ahead += 10
    stage.sandbox.comments.edit(given, given.user, "/petition goal 4\n/petition goal 5\n/unsign")
    await stage.shows(petition, 0)
    await says(stage, petition, "of the goal of 5")
    await stage.reacted(given, "+1")
    assert [entry[1:] for entry in await audit(stage, petition)] == [
        ("goal", "2", "obeyed"), ("deadline", "2026-12-31", "obeyed"), ("goal", "4", "obeyed"),
        ("deadline", "2026-12-31", "taken back"), ("goal", "4", "obeyed"), ("goal", "5", "obeyed"),
    ]  # fmt: skip


async def test_what_of_a_comment_was_not_applied_is_told(stage: Scene, petition: Issue) -> None:
    given = stage.sign(petition, "grace", "/petition deadline tomorrow\n/petition goal 4\n/sign")
    await says(stage, petition, "**25%** of the goal of 4", "“/petition deadline tomorrow”: write a date")
    await stage.reacted(given, "confused")
    many = stage.sign(petition, "grace", "\n".join(f"/petition goal {goal}" for goal in range(1, 30)))
    await says(stage, petition, "of the goal of 20", "only the first 20 commands of a comment are read")
    await stage.reacted(many, "confused")


async def test_who_may_not_give_commands_signs_beside_one_all_the_same(stage: Scene, petition: Issue) -> None:
    tried = stage.sign(petition, "mallory", "/sign Mallory\n/petition close")
    assert "Closed" not in await stage.shows(petition, 1)
    await stage.reacted(tried, "confused")
    assert (await recounted(stage, petition)).recount.agrees
    stage.sandbox.comments.edit(tried, stage.organizer(), "/sign Mallory\n/petition goal 3")
    body = await says(stage, petition, "1 person has signed", "[mallory]")
    await stage.until(lambda: "Mallory" not in (petition.body or ""))
    assert "goal" not in body


async def test_a_late_signature_beside_a_command_is_refused_and_the_command_is_applied(
    stage: Scene, petition: Issue, clock: Clock
) -> None:
    order(stage, petition, "close")
    await says(stage, petition, "**Closed on")
    clock.ahead += 10
    given = stage.sign(petition, "grace", "/sign\n/petition goal 4")
    await says(stage, petition, "of the goal of 4")
    await stage.reacted(given, "confused")
    assert "Nobody has signed" in await stage.shows(petition, 0)
    clock.ahead += 10
    order(stage, petition, "reopen")
    await stage.shows(petition, 1)
    await stage.reacted(given, "+1")


async def test_people_are_removed_by_several_commands_of_a_comment(stage: Scene, petition: Issue) -> None:
    fake = stage.sign(petition, "bob")
    for login in ("nsmith-", "-eve", "ada"):
        stage.sign(petition, login)
    await stage.shows(petition, 4)
    given = stage.sign(petition, "grace", "/petition remove @bob fake\n/petition remove [nsmith-, -eve] socks")
    await stage.shows(petition, 1)
    await stage.reacted(given, "+1")
    stage.sandbox.accounts.rename(fake.user, "robert")
    found = await recounted(stage, petition)
    assert found.recount.agrees
    assert found.notes == ("a command names bob, whose login has changed; the block shows who was meant",)


@pytest.mark.parametrize("text", ["/petiton goal 80", "- /petition goal 80", "`/petition goal 80`"])
async def test_a_mistyped_command_is_explained_to_the_organizers(stage: Scene, petition: Issue, text: str) -> None:
    given = stage.sign(petition, "grace", text)
    tried = stage.sign(petition, "mallory", text)
    body = await says(stage, petition, "For the organizers: 1 remark", "begin a line with /petition")
    assert "goal of 80" not in body
    await stage.reacted(given, "confused")
    await stage.reacted(tried, "confused")
    stage.sandbox.comments.edit(given, given.user, "/petition goal 80")
    assert "remark" not in await says(stage, petition, "goal of 80")
    await stage.reacted(given, "+1")


async def test_an_answer_is_kept_to_its_end(stage: Scene, petition: Issue) -> None:
    text = "We agree.\n\n- the archive opens\n- in May\n\nThank you all."
    tail = "\n\nOn Mon, 2 Mar 2026 at 10:00, Ben Low <ben@example.org> wrote:\n/petition close"
    given = order(stage, petition, f"respond {text}\n/petition goal 4{tail}")
    body = await says(stage, petition, "We agree.", "Thank you all.", "of the goal of 4")
    assert "Closed" not in body
    assert "Ben Low" not in body
    await stage.reacted(given, "+1")
    assert stage.bot is not None
    response = (await stage.bot.store.petitions.get_snapshot(petition.id, 0)).rules.response
    assert response is not None
    assert response.text == text


async def test_a_slip_is_explained_to_the_organizers(stage: Scene, petition: Issue) -> None:
    given = order(stage, petition, "deadline tomorrow")
    await says(stage, petition, "For the organizers: 1 remark", "write a date such as 2026-12-31")
    await stage.reacted(given, "confused")


async def test_settings_come_from_the_file_and_mistakes_leave_them_in_force(stage: Scene) -> None:
    settings(stage, "goal: 10\nalso_accept: [agreed]\nshow: login\nnames: 1\n")
    stage.organizer()
    petition = stage.petition()
    stage.sign(petition, "ada", "/sign Ada Lovelace")
    stage.sign(petition, "alan", "Agreed!")
    body = await says(stage, petition, "**20%** of the goal of 10", "…and 1 more")
    assert "Lovelace" not in body
    settings(stage, "gaol: 20\n")
    order(stage, petition, "recount")
    body = await says(stage, petition, "found the key “gaol”; did you mean goal?")
    assert "of the goal of 10" in body
    settings(stage, "goal: 20\n")
    order(stage, petition, "recount now")
    body = await says(stage, petition, "of the goal of 20")
    assert "organizers" not in body
    await stage.shows(petition, 1)  # the phrase is not accepted any more


async def test_a_first_file_with_a_mistake_shows_nobody_until_it_is_corrected(stage: Scene) -> None:
    settings(stage, "roster: hidden\n")
    stage.organizer()
    petition = stage.petition()
    stage.sign(petition, "ada", "/sign Ada Lovelace")
    body = await says(stage, petition, "For the organizers: 2 remarks", "so only the count is shown")
    body = await stage.shows(petition, 1)
    assert ("Lovelace" in body, "@ada" in body) == (False, False)
    assert stage.bot
    page = f"http://127.0.0.1:{stage.bot.port}/petitions/{petition.repository.full_name}/{petition.number}"
    async with aiohttp.ClientSession() as session:
        for path in ("", ".csv", ".json"):
            assert "Lovelace" not in await (await session.get(f"{page}{path}")).text(), path
    settings(stage, "roster: private\n")
    order(stage, petition, "recount")
    body = await says(stage, petition, "Ada Lovelace")
    assert "organizers" not in body


@pytest.mark.parametrize("path", [".github/petition.yaml", "petition.yml"])
async def test_settings_in_another_place_are_named(stage: Scene, path: str) -> None:
    repository = stage.sandbox.repository()
    push = partial(stage.sandbox.repositories.write_file, repository)
    push(path, "goal: 4")
    push("README.md", "# Letters")
    stage.organizer()
    petition = stage.petition()
    # At the beginning of a petition …
    body = await says(stage, petition, "For the organizers: 1 remark", "is not read; move it to")
    assert "goal of 4" not in body
    push(path, None)
    await stage.until(lambda: "remark" not in (petition.body or ""))
    # … and when somebody pushes.
    push(path, "goal: 5")
    await says(stage, petition, "is not read; move it to")
    settings(stage, "goal: 5")
    assert "remark" not in await says(stage, petition, "goal of 5")
    settings(stage, "goal: 6")
    assert "remark" not in await says(stage, petition, "goal of 6")


async def test_settings_in_another_place_are_looked_for_when_a_petition_begins(
    stage: Scene, petition: Issue
) -> None:
    await stage.shows(petition, 0)
    with unheard(stage):
        stage.sandbox.repositories.write_file(stage.sandbox.repository(), "petition.yaml", "goal: 4")
    second = stage.petition()
    await says(stage, second, "is not read; move it to")
    await says(stage, petition, "is not read; move it to")


async def test_to_look_in_other_places_costs_no_call_at_each_look(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        stage.sandbox.repositories.write_file(petition.repository, "README.md", "Letters")
        await stage.shows(petition, 0)
        await surveyed(stage)
        assert calls.like(".*/contents/ 200")
        calls.forget()
        await surveyed(stage)
        await surveyed(stage)
        looks = calls.like("GET .*/contents/")
        assert looks
        assert set(looks) == {"GET /repos/lovelace/letters/contents/ 304"}


async def test_a_mistyped_command_gets_a_puzzled_face_and_other_words_none(stage: Scene, petition: Issue) -> None:
    mistyped = stage.sign(petition, "ada", "/sing")
    chat = stage.sign(petition, "alan", "I wonder.")
    await stage.reacted(mistyped, "confused")
    stage.sandbox.comments.edit(mistyped, mistyped.user, "/sign")
    await stage.shows(petition, 1)
    await stage.reacted(mistyped, "+1")
    assert not chat.reactions


async def test_words_sign_and_what_was_meant_as_a_command_is_answered(stage: Scene, petition: Issue) -> None:
    said = stage.sign(petition, "ada", "**Please add my name.**\n\nSent from my iPhone")
    item = stage.sign(petition, "alan", "- /sign Alan Turing")
    refusal = stage.sign(petition, "eve", "/sign only if the goal is dropped")
    prose = stage.sign(petition, "grace", "I will not /sign")
    await stage.shows(petition, 1)
    await stage.reacted(said, "+1")
    await stage.reacted(item, "confused")
    await stage.reacted(refusal, "confused")
    assert not prose.reactions
    stage.sandbox.comments.edit(item, item.user, "/sign\nAlan Turing\nUniversity of Elsewhere")
    assert "**Alan Turing**, University of Elsewhere" in await stage.shows(petition, 2)
    assert (await recounted(stage, petition)).recount.agrees


async def test_outside_of_petitions_there_is_silence(stage: Scene, petition: Issue) -> None:
    other = stage.sandbox.petition("A bug", "It hurts.", label="")
    said = [stage.sign(other, "ada", words) for words in ("/sign", "/sing", "/petition close")]
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    assert not any(comment.reactions for comment in said)
    assert other.body == "It hurts."


async def test_anybody_counts_by_the_same_rules(stage: Scene) -> None:
    settings(stage, "also_accept: [agreed]\n")
    stage.organizer()
    petition = stage.petition()
    stage.sign(petition, "ada", "agreed")
    fake = stage.sign(petition, "bob")
    stage.sign(petition, "eve")
    await stage.shows(petition, 3)
    order(stage, petition, "remove @bob fake")
    order(stage, petition, "remove @eve spam", "mallory")
    await stage.shows(petition, 2)
    assert (await recounted(stage, petition)).recount.agrees
    stage.sandbox.accounts.rename(fake.user, "robert")
    found = await recounted(stage, petition)
    assert found.recount.agrees
    assert any("whose login has changed" in line for line in found.lines())
    found = await recounted(stage, petition, token=stage.sandbox.token_of("zoe"))
    assert found.recount.agrees
    assert any("only organizers can see who is an organizer" in line for line in found.lines())


async def test_a_signature_that_is_counted_against_a_command_is_named(stage: Scene, petition: Issue) -> None:
    fake = stage.sign(petition, "bob")
    stage.sign(petition, "ada")
    await stage.shows(petition, 2)
    await stage.stop_bot()
    order(stage, petition, "remove @bob fake")
    lines = (await recounted(stage, petition)).lines()
    assert any("commands exclude it" in line and f"issuecomment-{fake.id}" in line for line in lines)


async def recounted(stage: Scene, petition: Issue, token: str = "") -> Verification:
    config = replace(stage.config(), token=token) if token else stage.config()
    return await verify(IssueName(petition.repository.full_name, petition.number), config)


async def audit(stage: Scene, petition: Issue) -> list[tuple[str, str, str, str]]:
    assert stage.bot is not None
    entries = await stage.bot.store.commands.list_audit_entries(petition.id)
    return [(one.login, one.word, one.argument, one.answer) for one in entries]


async def test_settings_that_may_not_be_read_are_a_named_state(stage: Scene) -> None:
    repository = stage.sandbox.repository()
    stage.sandbox.repositories.privatize(repository, repository.owner)
    (installation,) = stage.sandbox.world.installations.values()
    stage.sandbox.installations.grant(installation, {"issues": "write", "metadata": "read"}, installation.events)
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    assert stage.bot is not None
    assert (await stage.bot.store.petitions.get_snapshot(petition.id, 0)).state is State.SETTINGS_UNREADABLE
