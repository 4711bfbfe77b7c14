"""What we wrote into an issue's body, what somebody else wrote there, and what was lost in between."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.github.models.rest import IssueRead
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import BodyEdit, IssueGone, Repository
from bot.reconcile.lost_edit_decision import EditDecision, guard_body
from bot.store import KnownBody, LastBodies, State, Store, outside_digest
from bot.store.issue_bodies import read_writes_since
from tests.store.scene import INSTALLATION, LETTER, REPOSITORY, Scene, record_write

BLOCK = "<!-- undersigned:begin -->\n3 people\n<!-- undersigned:end -->"
NEW_HOME = Repository(71, "acme", "new")
ELSEWHERE = replace(LETTER, id=3_000, number=1)
NEWER = BLOCK.replace("3", "4")


@pytest.fixture(autouse=True)
async def published(scene: Scene) -> None:
    await scene.store.petitions.mark_published(LETTER.id, 1, 500)


async def is_due(scene: Scene) -> bool:
    return bool(await scene.store.petitions.list_due(INSTALLATION, 9e9))


async def write(scene: Scene, made_from: str | None, body: str) -> None:
    await record_write(scene.store, scene.issue.id, made_from, body)


async def is_untouched_since(scene: Scene, issue_id: int, body: str, write: int) -> bool:
    """Tell whether what this write of ours had replaced would be put back into a body."""
    writes = await scene.store.database.read(lambda work: read_writes_since(work, issue_id, write))
    known = KnownBody(lost="something else", lost_by=write)
    return guard_body(known, writes, IssueRead(REPOSITORY, LETTER, body, read_at=1)) is EditDecision.PUT_BACK


async def hear(scene: Scene, previous: str, body: str, *, at: int | None = None) -> None:
    """Let GitHub tell of an edit; who made it is not asked, because other Apps edit as well."""
    fact = await scene.change_issue()
    await scene.store.record([replace(fact, as_of=at or fact.as_of, edit=BodyEdit(previous, body, by_app=True))])


async def told(scene: Scene, ours: str | None, saved: str | None, *, before: int = 2**40) -> bool:
    """Let the history tell what we and what others saved last; give whether the body is to be looked at."""
    return await scene.store.bodies.record_history(LETTER.id, LastBodies(ours, saved), before)


async def leave(scene: Scene) -> None:
    """Transfer the issue, and tell of it."""
    moved = replace(ELSEWHERE, updated_at=scene.clock)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (NEW_HOME, moved))])
    scene.issue, scene.repository = moved, NEW_HOME


async def lost(scene: Scene) -> KnownBody:
    return await scene.store.bodies.get(scene.issue.id)


async def test_our_own_write_is_no_news(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    await hear(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    assert not await is_due(scene)
    assert (await lost(scene)).lost is None


async def test_somebody_elses_edit_is_looked_at_once(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    await hear(scene, f"Dear all,\n\n{BLOCK}", "Dear all,", at=900)
    assert await is_due(scene)
    await scene.store.petitions.mark_published(LETTER.id, 2, 901)
    await hear(scene, f"Dear all,\n\n{BLOCK}", "Dear all,", at=900)
    await hear(scene, "Dear us,", "Dear you,", at=800)
    assert not await is_due(scene)


async def test_what_our_write_replaced_unread_is_kept(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    await hear(scene, "Dear everybody,", f"Dear all,\n\n{BLOCK}")
    assert (await lost(scene)).lost == "Dear everybody,"
    assert await is_due(scene)


async def test_a_repeated_delivery_loses_nothing_twice(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    for _ in range(2):
        await hear(scene, "Dear everybody,", f"Dear all,\n\n{BLOCK}")
        await scene.store.bodies.mark_restored(LETTER.id, (await lost(scene)).lost_by)
    assert (await lost(scene)).lost is None


async def test_of_two_lost_edits_the_later_one_is_kept(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    await write(scene, f"Dear all,\n\n{BLOCK}", f"Dear all,\n\n{NEWER}")
    await hear(scene, "Dear late ones,", f"Dear all,\n\n{NEWER}")
    await hear(scene, "Dear early ones,", f"Dear all,\n\n{BLOCK}")
    assert (await lost(scene)).lost == "Dear late ones,"


async def test_of_two_writes_of_the_same_text_each_is_heard_for_itself(scene: Scene) -> None:
    """Within one second the same count makes the same block, and somebody may save a letter between the two."""
    body = f"Dear all,\n\n{BLOCK}"
    for _ in range(2):
        await write(scene, "Dear all,", body)
    await hear(scene, "Dear all,", body)
    assert (await lost(scene)).lost is None
    await hear(scene, "Dear everybody,", body)
    assert (await lost(scene)).lost == "Dear everybody,"


async def test_of_two_writes_of_the_same_text_the_later_one_may_be_heard_first(scene: Scene) -> None:
    body = f"Dear all,\n\n{BLOCK}"
    for _ in range(2):
        await write(scene, "Dear all,", body)
    await hear(scene, "Dear everybody,", body)
    await hear(scene, "Dear all,", body)
    assert ((await lost(scene)).lost, (await lost(scene)).lost_by) == ("Dear everybody,", 2)


async def test_a_repeated_delivery_of_one_write_tells_nothing_of_another_one_of_the_same_text(scene: Scene) -> None:
    body = f"Dear all,\n\n{BLOCK}"
    for _ in range(2):
        await write(scene, "Dear all,", body)
    for _ in range(2):
        await hear(scene, "Dear all,", body)
    assert await scene.store.bodies.count_unconfirmed_writes(scene.issue.id, 10**10)
    for _ in range(2):
        await hear(scene, "Dear everybody,", body)
        assert (await lost(scene)).lost == "Dear everybody,"
    await scene.store.bodies.mark_restored(LETTER.id, (await lost(scene)).lost_by)
    await hear(scene, "Dear everybody,", body)
    assert (await lost(scene)).lost is None


async def test_what_a_write_of_ours_replaced_that_was_done_late_only_the_history_tells(scene: Scene) -> None:
    """The first one takes effect between the second one's read and its effect; or somebody saves our very words."""
    early, later = f"Dear all,\n\n{BLOCK}", f"Dear you,\n\n{NEWER}"
    await write(scene, "Dear all,", early)
    await write(scene, "Dear you,", later)
    await hear(scene, early, later)
    assert (await lost(scene)).lost is None
    assert await scene.store.bodies.count_unconfirmed_writes(scene.issue.id, 10**10) == 2
    assert await told(scene, later, early)
    assert (await lost(scene)).lost == early


async def test_a_write_that_was_given_up_and_done_at_last_is_heard_of_all_the_same(scene: Scene) -> None:
    body = f"Dear all,\n\n{BLOCK}"
    await write(scene, "Dear all,", body)
    assert not await told(scene, None, "Dear all,")
    await hear(scene, "Dear everybody,", body)
    assert (await lost(scene)).lost == "Dear everybody,"


async def test_a_write_that_takes_effect_after_a_later_one_is_looked_at(scene: Scene) -> None:
    early, later = f"Dear all,\n\n{BLOCK}", f"Dear all,\n\n{NEWER}"
    await write(scene, "Dear all,", early)
    await write(scene, "Dear all,", later)
    await hear(scene, "Dear all,", later)
    assert not await is_due(scene)
    await hear(scene, later, early)
    assert await is_due(scene)
    assert (await lost(scene)).lost is None


async def test_an_old_block_and_other_line_ends_are_not_missed(scene: Scene) -> None:
    await write(scene, f"Dear\r\n\r\nall,\r\n\r\n{BLOCK}", f"Dear\n\nall,\n\n{NEWER}")
    await hear(scene, f"Dear\n\nall,\n\n{BLOCK.replace('3', '2')}", f"Dear\n\nall,\n\n{NEWER}")
    assert (await lost(scene)).lost is None


async def test_a_block_that_somebody_moved_is_missed(scene: Scene) -> None:
    await write(scene, f"Dear all,\n\n{BLOCK}", f"Dear all,\n\n{NEWER}")
    await hear(scene, f"{BLOCK}\n\nDear all,", f"Dear all,\n\n{NEWER}")
    assert (await lost(scene)).lost == f"{BLOCK}\n\nDear all,"


async def test_the_letter_is_untouched_until_somebody_edits_it(scene: Scene) -> None:
    for made_from, body in (("a", f"a\n{BLOCK}"), (f"a\n{BLOCK}", f"a\n{NEWER}"), ("b", f"b\n{NEWER}")):
        await write(scene, made_from, body)
    for body, since, untouched in (
        (f"a\n{BLOCK}", 1, True),
        (f"a\n{NEWER}", 1, True),
        (f"a\n{BLOCK}", 2, False),
        (f"b\n{NEWER}", 1, False),
        (f"b\n{NEWER}", 3, True),
        ("c", 1, False),
    ):
        assert await is_untouched_since(scene, LETTER.id, body, since) == untouched
    assert (await lost(scene)).left_digest == body_digest(f"b\n{NEWER}")


async def test_a_letter_that_we_put_back_ourselves_is_untouched(scene: Scene) -> None:
    for made_from, body in (("a", f"a\n{BLOCK}"), (f"a\n{BLOCK}", f"b\n{NEWER}"), (f"a\n{BLOCK}", f"b\n{BLOCK}")):
        await write(scene, made_from, body)
    assert await is_untouched_since(scene, LETTER.id, f"b\n{BLOCK}", 1)


async def test_what_is_known_of_a_body_moves_with_its_issue(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    await leave(scene)
    await hear(scene, "Dear everybody,", f"Dear all,\n\n{BLOCK}")
    assert (await lost(scene)).lost == "Dear everybody,"


async def test_a_write_that_is_sent_on_to_where_its_issue_went_is_known_there(scene: Scene) -> None:
    left = scene.issue
    await leave(scene)
    arrival, scene.issue = scene.issue, left
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    scene.issue = arrival
    await hear(scene, "Dear everybody,", f"Dear all,\n\n{BLOCK}")
    assert (await lost(scene)).lost == "Dear everybody,"


async def test_a_delivery_that_arrives_after_its_issue_left_is_understood(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    left = scene.issue
    await leave(scene)
    arrival, scene.issue = scene.issue, left
    await hear(scene, "Dear everybody,", f"Dear all,\n\n{BLOCK}")
    scene.issue = arrival
    assert (await lost(scene)).lost == "Dear everybody,"
    assert await is_due(scene)


@pytest.mark.parametrize("heard_there", [False, True])
async def test_what_was_lost_is_known_also_where_the_issue_was_begun_anew(scene: Scene, heard_there: bool) -> None:
    """The petition goes on elsewhere before anybody tells us that it is the same."""
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    await hear(scene, "Dear everybody,", f"Dear all,\n\n{BLOCK}")
    left, scene.issue = scene.issue, ELSEWHERE
    await scene.change_issue()
    await write(scene, f"Dear all,\n\n{BLOCK}", f"Dear all,\n\n{NEWER}")
    if heard_there:
        await hear(scene, "Dear later ones,", f"Dear all,\n\n{NEWER}")
    scene.issue = left
    await leave(scene)
    known = await lost(scene)
    assert known.lost == ("Dear later ones," if heard_there else "Dear everybody,")
    assert await is_untouched_since(scene, ELSEWHERE.id, f"Dear all,\n\n{NEWER}", known.lost_by)


async def test_a_history_tells_what_no_delivery_has_told(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    assert await scene.store.bodies.count_unconfirmed_writes(LETTER.id, scene.clock) == 0
    assert await scene.store.bodies.count_unconfirmed_writes(LETTER.id, 2**40) == 1
    assert await told(scene, f"Dear all,\n\n{BLOCK}", "Dear everybody,")
    assert (await lost(scene)).lost == "Dear everybody,"
    assert await scene.store.bodies.count_unconfirmed_writes(LETTER.id, 2**40) == 0


@pytest.mark.parametrize("ours", [None, f"Dear all,\n\n{BLOCK}"])
async def test_a_history_tells_that_nothing_was_lost(scene: Scene, ours: str | None) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    await hear(scene, "Dear everybody,", f"Dear all,\n\n{BLOCK}")
    assert not await told(scene, ours, "Dear all,", before=0)
    assert (await lost(scene)).lost == "Dear everybody,"
    assert not await told(scene, ours, "Dear all,")
    assert (await lost(scene)).lost is None


async def test_a_history_that_is_behind_takes_nothing_newer_away(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    await write(scene, f"Dear all,\n\n{BLOCK}", f"Dear all,\n\n{NEWER}")
    await hear(scene, "Dear late ones,", f"Dear all,\n\n{NEWER}")
    assert not await told(scene, f"Dear all,\n\n{BLOCK}", "Dear early ones,")
    assert (await lost(scene)).lost == "Dear late ones,"
    await scene.store.bodies.mark_restored(LETTER.id, 2)
    assert await told(scene, f"Dear all,\n\n{BLOCK}", "Dear early ones,")
    assert (await lost(scene)).lost == "Dear early ones,"


async def test_what_we_do_not_know_as_our_own_is_not_replaced(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    assert not await told(scene, f"Dear all,\n\n{NEWER}", "Dear everybody,")
    assert (await lost(scene)).lost is None


async def test_what_was_removed_from_a_history_is_not_put_back(scene: Scene) -> None:
    await write(scene, "Dear all,", f"Dear all,\n\n{BLOCK}")
    assert not await told(scene, f"Dear all,\n\n{BLOCK}", None)
    assert (await lost(scene)).lost is None
    assert await scene.store.bodies.count_unconfirmed_writes(LETTER.id, 2**40) == 0


async def test_only_so_many_writes_are_remembered(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.store.issue_bodies.WRITES_KEPT", 2)
    for body in ("one", "two", "three"):
        await write(scene, None, body)
    assert not await is_untouched_since(scene, LETTER.id, "one", 0)
    assert await is_untouched_since(scene, LETTER.id, "three", 3)


def test_the_outside_of_a_body_is_all_but_what_is_in_the_block() -> None:
    assert outside_digest(f"a\n\n{BLOCK}\nb") == outside_digest(f"a\r\n\r\n{NEWER}\r\nb")
    assert outside_digest(f"a\n\n{BLOCK}\nb") != outside_digest(f"a\n\n{BLOCK}\nc")
    assert outside_digest(None) == outside_digest("")


async def test_the_state_is_derived_from_all_that_is_known(store: Store, scene: Scene) -> None:
    assert (await scene.snapshot()).state is State.FINE
    await scene.change_issue(replace(scene.issue, locked=True))
    assert (await scene.snapshot()).state is State.LOCKED
    await store.petitions.postpone(LETTER.id, 0.0, State.NOT_ALLOWED, 1, "Resource not accessible by integration")
    assert (await scene.snapshot()).state is State.NOT_ALLOWED
