"""What people do to their signatures, told by deliveries."""

from __future__ import annotations

from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import GHOST_ID, Author, Writer
from bot.petition.tally import digest
from tests.store.scene import ADA, INSTALLATION, LETTER, Scene


async def test_a_person_signs(scene: Scene) -> None:
    comment_id = await scene.sign("ada", "Ada Lovelace")
    snapshot = await scene.snapshot()
    assert snapshot.count == 1
    assert snapshot.digest == digest([(ADA.id, comment_id)])
    (signature,) = snapshot.newest
    assert (signature.login, signature.name, signature.signed_at) == ("ada", "Ada Lovelace", scene.clock)


async def test_a_person_who_signs_twice_counts_once(scene: Scene) -> None:
    await scene.sign("ada", "Ada")
    await scene.sign("ada", "Ada Lovelace")
    snapshot = await scene.snapshot()
    assert snapshot.count == 1
    assert [signature.name for signature in snapshot.newest] == ["Ada Lovelace"]


async def test_a_person_withdraws_and_signs_again(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.unsign("ada")
    assert await scene.count() == 0
    await scene.sign("ada")
    assert await scene.signatories() == ["ada"]


async def test_the_newest_signatures_come_first(scene: Scene) -> None:
    for login in ("ada", "grace", "alan"):
        await scene.sign(login)
    assert await scene.signatories() == ["alan", "grace", "ada"]
    assert [s.login for s in (await scene.store.petitions.get_snapshot(LETTER.id, 2)).newest] == ["alan", "grace"]


async def test_deleting_the_comment_withdraws_and_erases(scene: Scene) -> None:
    comment_id = await scene.sign("ada", "Ada Lovelace")
    await scene.delete(comment_id)
    assert await scene.count() == 0


async def test_a_late_delivery_does_not_bring_a_deleted_comment_back(scene: Scene) -> None:
    fact = scene.fact(ADA, Sign())
    await scene.delete(fact.comment.id)
    await scene.store.record([fact])
    assert await scene.count() == 0


async def test_hiding_leaves_out_and_unhiding_restores(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    await scene.hide(comment_id)
    assert await scene.count() == 0
    await scene.hide(comment_id, hidden=False)
    assert await scene.count() == 1


async def test_editing_the_command_away_withdraws(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    await scene.edit(comment_id, None)
    assert await scene.count() == 0


async def test_somebody_elses_edit_signs_for_nobody(scene: Scene) -> None:
    comment_id = await scene.say(ADA, None)
    await scene.edit(comment_id, Sign("Ada"), Writer.OTHER)
    assert await scene.count() == 0


async def test_bots_do_not_sign(scene: Scene) -> None:
    await scene.say(Author(99, "helper[bot]", "Bot"), Sign())
    await scene.say(None, Sign())
    assert await scene.count() == 0


async def test_when_an_account_is_deleted_its_signature_goes(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    known = scene.comments[comment_id]
    scene.clock += 1
    ghost = Author(GHOST_ID, "ghost")
    await scene.observe(type(known)(known.id, known.created_at, ghost, scene.clock, known.versions))
    assert await scene.count() == 0


async def test_a_repetition_changes_nothing(scene: Scene) -> None:
    fact = scene.fact(ADA, Sign())
    await scene.store.record([fact])
    before = await scene.snapshot()
    scene.store.changed.clear()
    await scene.store.record([fact])
    await scene.store.record([fact, fact])
    assert await scene.snapshot() == before
    assert not scene.store.changed.is_set()


async def test_a_group_of_signatures_is_one_revision(scene: Scene) -> None:
    before = (await scene.snapshot()).revision
    await scene.store.record([scene.fact(Author(n, f"user{n}"), Sign()) for n in range(1, 40)])
    snapshot = await scene.snapshot()
    assert (snapshot.count, snapshot.revision) == (39, before + 1)


async def test_chatter_is_no_news(scene: Scene) -> None:
    before = await scene.snapshot()
    await scene.say(ADA, None)
    assert (await scene.snapshot()).revision == before.revision


async def test_comments_on_other_issues_are_ignored(scene: Scene) -> None:
    scene.issue = type(LETTER)(id=2_000, number=8, title="A bug", labels=frozenset({"bug"}))
    await scene.sign("ada")
    assert await scene.count() == 0
    assert [due.petition_id for due in await scene.store.petitions.list_due(INSTALLATION, 9e9)] == [LETTER.id]


async def test_a_comment_on_a_labelled_issue_begins_its_petition(scene: Scene) -> None:
    scene.issue = type(LETTER)(id=2_000, number=8, title="Another", labels=frozenset({"petition"}))
    await scene.sign("ada")
    assert (await scene.store.petitions.get_snapshot(2_000, 5)).count == 1
