"""What people and maintainers go through, from the comment to the issue's body, over real HTTP and real SQLite."""

from __future__ import annotations

import time

from bot.petition import block
from sandbox.faults import Faults
from tests.whole.scene import Scene, scene


async def test_a_labelled_issue_gets_its_block_at_once_and_keeps_its_letter(stage: Scene) -> None:
    petition = stage.petition("Dear all,\r\n\r\nplease.")
    body = await stage.shows(petition, 0)
    assert block.letter(body) == "Dear all,\r\n\r\nplease."


async def test_a_person_signs_and_sees_it(stage: Scene) -> None:
    petition = stage.petition()
    signed = stage.sign(petition, "ada", "/sign Ada Lovelace, Analytical Engines")
    body = await stage.shows(petition, 1)
    assert "**Ada Lovelace**, Analytical Engines" in body
    await stage.reacted(signed, "+1")


async def test_a_person_asks_not_to_be_listed_and_is_listed_again(stage: Scene) -> None:
    petition = stage.petition()
    stage.sign(petition, "grace")
    signed = stage.sign(petition, "ada", "/sign Ada Lovelace")
    assert "Ada Lovelace" in await stage.shows(petition, 2)
    unlisted = stage.sign(petition, "ada", "/sign unlisted Ada Lovelace")
    await stage.until(lambda: "1 person who signed asked not to be listed." in (petition.body or ""))
    body = await stage.shows(petition, 2)
    assert "Ada" not in body
    assert "/ada)" not in body
    await stage.reacted(unlisted, "+1")
    await stage.reacted(signed, "+1")
    stage.sandbox.comments.edit(unlisted, unlisted.user, "/sign A. L.")
    await stage.until(lambda: "**A. L.**" in (petition.body or ""))
    assert "not to be listed" not in await stage.shows(petition, 2)


async def test_nobody_lists_who_asked_not_to_be_by_editing(stage: Scene) -> None:
    petition = stage.petition()
    signed = stage.sign(petition, "ada", "/sign unlisted")
    await stage.shows(petition, 1)
    stage.sandbox.comments.edit(signed, stage.organizer(), "/sign Ada Lovelace")
    stage.sign(petition, "grace")
    body = await stage.shows(petition, 2)
    assert "1 person who signed asked not to be listed." in body
    assert "/ada)" not in body


async def test_a_person_who_signs_twice_counts_once(stage: Scene) -> None:
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    stage.sign(petition, "ada", "/sign Ada Lovelace")
    await stage.until(lambda: "**Ada Lovelace**" in (petition.body or ""))
    assert "1 person has signed" in (petition.body or "")
    stage.sign(petition, "grace")
    assert "**Ada Lovelace**" in await stage.shows(petition, 2)


async def test_a_person_withdraws_by_comment(stage: Scene) -> None:
    petition = stage.petition()
    signed = stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    await stage.reacted(signed, "+1")
    withdrawn = stage.sign(petition, "ada", "/unsign")
    await stage.shows(petition, 0)
    await stage.reacted(withdrawn, "+1")
    await stage.reacted(signed)


async def test_a_person_withdraws_by_deleting_the_comment(stage: Scene) -> None:
    petition = stage.petition()
    signed = stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    stage.sandbox.comments.delete(signed, signed.user)
    await stage.shows(petition, 0)


async def test_a_person_edits_the_comment(stage: Scene) -> None:
    petition = stage.petition()
    said = stage.sign(petition, "ada", "I like this")
    stage.sign(petition, "grace")
    await stage.shows(petition, 1)
    stage.sandbox.comments.edit(said, said.user, "/sign Ada")
    await stage.shows(petition, 2)
    stage.sandbox.comments.edit(said, said.user, "I liked this")
    await stage.shows(petition, 1)


async def test_nobody_signs_for_somebody_else_by_editing(stage: Scene) -> None:
    petition = stage.petition()
    said = stage.sign(petition, "ada", "I disagree")
    stage.sandbox.comments.edit(said, stage.organizer(), "/sign Ada Lovelace")
    stage.sign(petition, "grace")
    body = await stage.shows(petition, 1)
    assert "github.com/ada)" not in body


async def test_a_moderator_redacts_what_is_shown(stage: Scene) -> None:
    petition = stage.petition()
    signed = stage.sign(petition, "ada", "/sign Rude Words")
    await stage.shows(petition, 1)
    stage.sandbox.comments.edit(signed, stage.organizer(), "/sign Nice Words")
    await stage.until(lambda: "Rude" not in (petition.body or ""))
    body = await stage.shows(petition, 1)
    assert "Nice Words" not in body
    assert "[ada]" in body


async def test_a_moderator_hides_a_comment_and_shows_it_again(stage: Scene) -> None:
    petition = stage.petition()
    signed = stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    stage.sandbox.comments.hide(signed, stage.organizer())
    await stage.shows(petition, 0)
    stage.sandbox.comments.unhide(signed, stage.organizer())
    await stage.shows(petition, 1)


async def test_bots_do_not_sign(stage: Scene) -> None:
    petition = stage.petition()
    stage.sandbox.comments.create(petition, stage.sandbox.user("dependent[bot]", "Bot"), "/sign")
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)


async def test_comments_from_before_the_label_count(stage: Scene) -> None:
    issue = stage.sandbox.petition("A letter", "Dear all,", label="")
    stage.sign(issue, "ada")
    stage.sign(issue, "grace", "Hello.")
    stage.sandbox.issues.label(issue, stage.organizer(), "petition")
    await stage.shows(issue, 1)


async def test_without_the_label_nothing_is_counted_until_it_is_back(stage: Scene) -> None:
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    stage.sandbox.issues.unlabel(petition, stage.organizer(), "petition")
    await stage.until(lambda: "paused" in (petition.body or ""))
    stage.sign(petition, "grace")
    stage.sandbox.issues.label(petition, stage.organizer(), "petition")
    await stage.shows(petition, 2)


async def test_what_is_signed_after_closing_counts_when_it_is_opened_again(stage: Scene) -> None:
    stage.sandbox.world.now = _Clock()
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    stage.sandbox.issues.close(petition, stage.organizer())
    stage.sandbox.world.now.pass_(5)
    late = stage.sign(petition, "grace")
    await stage.reacted(late, "confused")
    await stage.until(lambda: "Closed on" in (petition.body or ""))
    await stage.shows(petition, 1)
    stage.sandbox.issues.reopen(petition, stage.organizer())
    await stage.shows(petition, 2)
    await stage.reacted(late, "+1")


async def test_work_that_is_pending_survives_a_restart(sqlite_url: str) -> None:
    async with scene(sqlite_url) as stage:
        petition = stage.petition()
        await stage.shows(petition, 0)
        stage.sandbox.faults = Faults(where="PATCH /", unavailable=1.0)
        stage.sign(petition, "ada")
        await stage.sandbox.settled()
        await stage.stop_bot()
        stage.sandbox.faults = Faults()
        await stage.start_bot()
        await stage.shows(petition, 1)


async def test_where_there_are_no_reactions_the_tally_is_right_all_the_same(stage: Scene) -> None:
    stage.sandbox.faults = Faults(reactions_missing=True)
    petition = stage.petition()
    for login in ("ada", "grace", "alan"):
        stage.sign(petition, login)
    await stage.shows(petition, 3)


async def test_one_petition_that_fails_does_not_stop_the_others(stage: Scene) -> None:
    broken, sound = stage.petition(), stage.petition()
    await stage.shows(broken, 0)
    await stage.shows(sound, 0)
    stage.sandbox.faults = Faults(where=f"PATCH /repos/lovelace/letters/issues/{broken.number}", unavailable=1.0)
    stage.sign(broken, "ada")
    stage.sign(sound, "ada")
    await stage.shows(sound, 1)
    stage.sandbox.faults = Faults()
    await stage.shows(broken, 1)


async def test_nothing_is_written_when_nothing_changed(stage: Scene) -> None:
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    edits = len(petition.edits)
    said = stage.sign(petition, "grace", "Well said.")
    stage.sign(petition, "alan")
    await stage.shows(petition, 2)
    assert len(petition.edits) == edits + 1
    assert said.reactions == []


class _Clock:
    def __init__(self) -> None:
        self.ahead = 0.0

    def pass_(self, seconds: float) -> None:
        self.ahead += seconds

    def __call__(self) -> float:
        return time.time() + self.ahead
