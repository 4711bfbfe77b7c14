"""The versions of the letter: from looks and from deliveries, in any order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.petition.block.body import letter_digest, splice
from bot.petition.comments.commands import Sign
from bot.petition.facts_from_github import BodyEdit, IssueGone
from bot.petition.letter_versions_and_translations import Letter, given_to
from tests.chance import examples
from tests.store.scene import ADA, INSTALLATION, LETTER, REPOSITORY, Scene, list_letters, person, record_write, rows

BLOCK = "<!-- undersigned:begin -->\n3 people\n<!-- undersigned:end -->"


async def look(scene: Scene, body: str, at: int) -> None:
    await scene.store.letters.record(LETTER.id, LETTER.id, body, at)


async def edit(scene: Scene, before: str, after: str, at: int) -> None:
    fact = replace(await scene.change_issue(), as_of=at, edit=BodyEdit(before, after, by_app=False))
    await scene.store.record([fact])


async def texts(scene: Scene) -> list[tuple[str | None, int]]:
    return [(letter.text, letter.seen_at) for letter in await list_letters(scene.store, LETTER.id)]


async def test_a_version_is_kept_with_its_text_its_time_and_the_count_then(scene: Scene) -> None:
    await look(scene, splice("Dear all,", BLOCK), 10)
    await scene.sign("ada")
    await scene.sign("grace")
    await look(scene, "Dear everybody,", 900)
    first, second = letter_digest("Dear all,"), letter_digest("Dear everybody,")
    assert (await scene.snapshot()).letters == (Letter(first, 10, 0), Letter(second, 900, 2))
    assert await texts(scene) == [("Dear all,", 10), ("Dear everybody,", 900)]


async def test_white_space_and_line_ends_make_no_version(scene: Scene) -> None:
    await look(scene, "Dear all,\n\nplease.", 10)
    await look(scene, "Dear all,\r\n\r\n\r\nplease. ", 20)
    await edit(scene, "Dear all,\n\nplease.", "Dear all, please.", 30)
    assert await texts(scene) == [("Dear all,\n\nplease.", 10)]


async def test_an_edit_is_a_version_from_the_second_in_which_it_was_made(scene: Scene) -> None:
    await look(scene, "Dear all,", 10)
    await edit(scene, "Dear all,", "Dear everybody,", 500)
    await look(scene, "Dear everybody,", 700)
    assert await texts(scene) == [("Dear all,", 10), ("Dear everybody,", 500)]


async def test_edits_make_the_same_versions_in_any_order(scene: Scene) -> None:
    await look(scene, "A", 10)
    await edit(scene, "B", "A", 300)
    await edit(scene, "A", "C", 400)
    await edit(scene, "A", "B", 200)
    assert await texts(scene) == [("A", 10), ("B", 200), ("A", 300), ("C", 400)]


async def test_of_an_edit_before_the_first_look_both_texts_are_known(scene: Scene) -> None:
    ada = await scene.sign("ada")
    await edit(scene, "Dear all,", "Dear nobody,", 500)
    assert await texts(scene) == [("Dear all,", 499), ("Dear nobody,", 500)]
    snapshot = await scene.snapshot()
    assert snapshot.newest[0].comment_id == ada
    assert given_to(snapshot.letters, snapshot.newest[0].signed_at) == 0
    assert snapshot.letter_changed == (500, 1)


async def test_a_look_at_what_was_there_before_an_edit_is_too_late(scene: Scene) -> None:
    await edit(scene, "A", "B", 500)
    await look(scene, "A", 480)
    assert await texts(scene) == [("A", 499), ("B", 500)]


async def test_which_of_two_edits_of_a_second_was_the_last_is_seen_by_a_look(scene: Scene) -> None:
    await edit(scene, "A", "B", 500)
    await edit(scene, "B", "C", 500)
    for last in ("B", "C"):
        await look(scene, last, 500)
        assert (await texts(scene))[-1][0] == last


async def test_our_own_writes_are_no_edits_of_the_letter(scene: Scene) -> None:
    await look(scene, "A", 10)
    await record_write(scene.store, LETTER.id, "A", splice("A", BLOCK))
    await edit(scene, "B", splice("A", BLOCK), 500)
    assert await texts(scene) == [("A", 10)]


async def test_a_change_before_anybody_signed_is_not_told(scene: Scene) -> None:
    await look(scene, "A", 10)
    await look(scene, "B", 20)
    await scene.sign("ada")
    assert (await scene.snapshot()).letter_changed is None


async def test_a_change_that_was_taken_back_before_anybody_signed_it_is_not_told(scene: Scene) -> None:
    await look(scene, "A", 10)
    await scene.sign("ada")
    await look(scene, "B", 900)
    assert (await scene.snapshot()).letter_changed == (900, 1)
    await look(scene, "A", 910)
    assert (await scene.snapshot()).letter_changed is None


async def test_who_signed_the_text_in_between_makes_the_way_back_a_change(scene: Scene) -> None:
    await look(scene, "A", 10)
    await look(scene, "B", 90)
    grace = await scene.sign("grace")
    await look(scene, "A", 900)
    assert (await scene.snapshot()).letter_changed == (900, 1)
    await scene.delete(grace)
    assert (await scene.snapshot()).letter_changed is None


async def test_signing_again_is_signing_what_the_letter_says_now(scene: Scene) -> None:
    await look(scene, "A", 10)
    await scene.sign("ada")
    await look(scene, "B", 110)
    scene.clock = 200
    await scene.sign("ada")
    snapshot = await scene.snapshot()
    assert [given_to(snapshot.letters, each.signed_at) for each in snapshot.newest] == [1]
    assert snapshot.letter_changed is None


async def test_a_history_tells_what_nobody_has_seen_and_is_shown(scene: Scene) -> None:
    await scene.sign("ada")
    await look(scene, "C", 900)
    await scene.store.petitions.mark_published(LETTER.id, (await scene.snapshot()).revision, 0)
    for is_news in (True, False):
        await scene.store.letters.record_history(LETTER.id, [(10, "A"), (90, splice("B", BLOCK)), (700, "C")])
        snapshot = await scene.snapshot()
        assert bool(await scene.store.petitions.list_due(INSTALLATION, 9e9)) == is_news
        assert [(one.seen_at, one.count) for one in snapshot.letters] == [(10, 0), (90, 0), (700, 1)]
        await scene.store.petitions.mark_published(LETTER.id, snapshot.revision, 0)
    assert await texts(scene) == [("A", 10), ("B", 90), ("C", 700)]


async def test_a_history_corrects_a_count_that_was_made_before_all_were_known(scene: Scene) -> None:
    await edit(scene, "A", "B", 500)
    await scene.sign("ada")
    await scene.sign("grace")
    await scene.store.letters.record_history(LETTER.id, [(10, "A"), (500, "B")])
    assert [(one.seen_at, one.count) for one in (await scene.snapshot()).letters] == [(10, 0), (500, 2)]
    await scene.unsign("ada")
    await scene.store.letters.record_history(LETTER.id, [(500, "B")])
    assert (await scene.snapshot()).letter_changed == (500, 1)


async def test_a_history_is_asked_for_until_it_is_known(scene: Scene) -> None:
    async def is_asked_for(now: int) -> bool:
        thread = await scene.store.letters.get_thread_without_history(INSTALLATION, now)
        return thread is not None and thread.issue_id == LETTER.id

    await scene.store.petitions.mark_published(LETTER.id, 1, 0)
    assert not await is_asked_for(1_000)
    await scene.store.record_listing(LETTER.id, 900, [], complete=True)
    assert await is_asked_for(1_000)
    await scene.store.letters.postpone_history(LETTER.id, 2_000)
    assert [await is_asked_for(now) for now in (1_999, 2_000)] == [False, True]
    await scene.store.letters.postpone_history(LETTER.id)
    assert not await is_asked_for(9_000_000_000)
    await scene.store.letters.postpone_history(LETTER.id, 0)
    await scene.store.letters.record(LETTER.id, LETTER.id, "A", 10, as_created=True)
    assert not await is_asked_for(9_000_000_000)


async def test_of_a_petition_that_is_gone_no_mark_is_left(scene: Scene) -> None:
    await scene.store.letters.postpone_history(LETTER.id)
    assert await rows(scene.store, "SELECT name FROM marks WHERE name LIKE 'letter %'") == [
        (f"letter {LETTER.id}",)
    ]
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id)])
    assert await rows(scene.store, "SELECT name FROM marks WHERE name LIKE 'letter %'") == []
    await scene.store.letters.postpone_history(8_888)
    assert await rows(scene.store, "SELECT name FROM marks WHERE name LIKE 'letter %'") == []


async def test_who_edits_on_and_on_fills_no_database(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.letters.TEXTS_KEPT", 3)
    for number in range(6):
        await look(scene, f"Version {number}", 10 + number)
    assert [text for text, _ in await texts(scene)] == ["Version 0", "Version 1", "Version 2", None, None, None]


async def test_what_no_database_can_store_is_left_out_of_the_text(scene: Scene) -> None:
    await look(scene, "nul \0 and half a pair \ud83d", 10)
    assert await texts(scene) == [("nul  and half a pair ?", 10)]


async def test_the_letter_goes_with_its_issue(scene: Scene) -> None:
    await look(scene, "A", 10)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id)])
    assert await rows(scene.store, "SELECT * FROM letters") == []
    assert await rows(scene.store, "SELECT * FROM letter_texts") == []


DAY = 86_400


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_how_many_signed_which_text_is_what_their_times_say(scene: Scene, data: st.DataObject) -> None:
    moments = st.integers(1, 9).map(lambda step: 3 * DAY + step * 9_000)
    for text, at in data.draw(st.lists(st.tuples(st.sampled_from("ABC"), moments), min_size=1, max_size=6)):
        await look(scene, text, at)
    for login in ("ada", "grace", "alan", "linus", "barbara"):
        if data.draw(st.booleans()):
            await scene.say(person(login), Sign(), at=data.draw(moments))
    snapshot = await scene.snapshot()
    now = snapshot.letters[-1].digest
    others = [
        one for one in snapshot.newest if snapshot.letters[given_to(snapshot.letters, one.signed_at)].digest != now
    ]
    assert snapshot.letter_changed == ((snapshot.letters[-1].seen_at, len(others)) if others else None)


async def test_whole_days_are_not_counted_anew(scene: Scene) -> None:
    await look(scene, "A", 10)
    for number, login in enumerate(("ada", "grace", "alan", "linus", "barbara")):
        await scene.say(person(login), Sign(), at=number * DAY + 500)
    await look(scene, "B", 4 * DAY + 100)
    assert (await scene.snapshot()).letter_changed == (4 * DAY + 100, 4)
    await look(scene, "C", 4 * DAY + 900)
    assert (await scene.snapshot()).letter_changed == (4 * DAY + 900, 5)


async def test_how_many_signed_an_earlier_text_stays_right_as_people_withdraw_move_and_are_forgotten(
    scene: Scene,
) -> None:
    await look(scene, "A", 10)
    for login in ("ada", "grace", "alan"):
        await scene.sign(login)
    await look(scene, "B", 900)
    assert (await scene.snapshot()).letter_changed == (900, 3)
    await scene.unsign("grace")
    assert (await scene.snapshot()).letter_changed == (900, 2)
    await scene.store.privacy.forget([ADA.id])
    assert (await scene.snapshot()).letter_changed == (900, 2)
    moved = replace(scene.issue, id=2_000, number=1)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (REPOSITORY, moved))])
    assert (await scene.snapshot()).letter_changed == (900, 2)
    scene.issue, scene.clock = moved, 1_000
    await scene.sign("alan")
    assert (await scene.snapshot()).letter_changed == (900, 1)
    await look(scene, "A", 2_000)
    assert (await scene.snapshot()).letter_changed == (2_000, 1)
