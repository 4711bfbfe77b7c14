"""Listings of a thread's comments make our rows agree with GitHub."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from bot.petition.comments.commands import Doubtful, Sign
from bot.petition.comments.comment import Comment, Version, Writer, body_digest
from bot.petition.facts_from_github import IssueGone
from bot.store import ListingOutcome, ThreadToRead
from bot.store.engine.database import Transaction
from bot.store.recording import listings
from tests.store.scene import ADA, ALAN, GRACE, INSTALLATION, LETTER, REPOSITORY, Scene, person, rows

MISCHIEF = [
    "DELETE FROM signatures",
    "DELETE FROM days",
    "UPDATE days SET signatures = 5",
    "INSERT INTO days VALUES (1000, 17, 1)",
    "UPDATE petitions SET count = 17",
    "UPDATE signatures SET name = 'Mallory'",
    "UPDATE signatures SET user_id = 99 WHERE user_id = 1",
    "UPDATE signatures SET comment_id = comment_id + 1000",
    "UPDATE signatures SET petition_id = 17",
    "INSERT INTO signatures (comment_id, petition_id, user_id, login, signed_at) VALUES (98, 1000, 99, 'eve', 5)",
]


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a listing of three comments recorded in two parts."""
    monkeypatch.setattr(listings, "PORTION", 2)


DERIVED = "SELECT id, command, made_at, doubtful, counted FROM comments ORDER BY id"


async def list_comments(
    scene: Scene, *comments: Comment, at: int | None = None, complete: bool = True, reread: int | None = None
) -> ListingOutcome:
    started_at = scene.clock + 10 if at is None else at
    scene.clock = max(scene.clock, started_at)
    seen = [
        replace(c, author_at=started_at, versions=tuple(replace(v, seen=started_at) for v in c.versions))
        for c in comments
    ]
    return await scene.store.record_listing(scene.issue.id, started_at, seen, complete, reread)


async def misfits(scene: Scene) -> list[str]:
    found = await scene.store.consistency.inspect(LETTER.id)
    assert found is not None
    return [misfit.text for misfit in found.discrepancies]


async def to_read(scene: Scene) -> list[ThreadToRead]:
    return await scene.store.threads.list_to_read(INSTALLATION, 9e9)


async def test_comments_from_before_the_label_are_counted(scene: Scene) -> None:
    signed = [scene.fact(person(login), Sign(login)).comment for login in ("ada", "grace")]
    outcome = await list_comments(scene, *signed)
    assert await scene.signatories() == ["grace", "ada"]
    assert (outcome.changed, outcome.missing, outcome.repaired, outcome.count) == (2, 0, 0, 2)


async def test_a_comment_that_is_gone_is_noticed_and_its_text_forgotten(scene: Scene) -> None:
    await scene.sign("ada", "Ada Lovelace")
    await scene.sign("grace")
    grace = scene.comments[scene.next_comment]
    outcome = await list_comments(scene, grace)
    assert outcome.missing == 1
    assert await scene.signatories() == ["grace"]
    assert await rows(scene.store, "SELECT count(*) FROM comments WHERE versions = '[]'") == [(1,)]


async def test_a_listing_that_broke_off_takes_nobody_away(scene: Scene) -> None:
    await scene.sign("ada")
    assert (await list_comments(scene, complete=False)).missing == 0
    assert await scene.signatories() == ["ada"]


async def test_a_comment_younger_than_the_listing_is_spared(scene: Scene) -> None:
    await scene.sign("ada")
    assert (await list_comments(scene, at=scene.clock)).missing == 0
    assert (await list_comments(scene, at=scene.clock + 1)).missing == 1


async def test_a_comment_that_comes_back_counts_again(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    await list_comments(scene)
    assert await scene.count() == 0
    await list_comments(scene, scene.comments[comment_id])
    assert await scene.count() == 1


async def test_whether_deletion_or_absence_is_told_first_makes_no_difference(scene: Scene) -> None:
    ada, grace = [await scene.sign(login) for login in ("ada", "grace")]
    await scene.delete(ada)
    await list_comments(scene)
    await scene.delete(grace)
    assert await rows(scene.store, "SELECT DISTINCT deleted, missing_at, versions FROM comments") == [
        (True, 0, "[]")
    ]


async def test_a_delivery_does_not_wait_for_a_whole_listing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [await scene.sign(login) for login in ("ada", "grace", "alan", "linus", "barbara")]
    database, write, parts = scene.store.database, scene.store.database.write, list[object]()

    async def sign_after_each_part(work: Callable[[Transaction], object], *timeout: float) -> object:
        outcome = await write(work, *timeout)
        if isinstance(outcome, ListingOutcome):
            parts.append(outcome)
            monkeypatch.setattr(database, "write", write)
            await scene.sign(f"between {len(parts)}")
            monkeypatch.setattr(database, "write", sign_after_each_part)
        return outcome

    monkeypatch.setattr(database, "write", sign_after_each_part)
    comments = [scene.comments[one] for one in ids if one != ids[3]]
    outcome = await list_comments(scene, *comments)
    assert (len(parts), outcome.missing, outcome.count) == (3, 1, 6)
    assert await scene.count() == 7
    assert await misfits(scene) == []


async def test_the_same_listing_again_changes_nothing(scene: Scene) -> None:
    signed = scene.fact(ADA, Sign()).comment
    await list_comments(scene, signed, at=500)
    before = await scene.snapshot()
    outcome = await list_comments(scene, signed, at=500)
    assert (outcome.changed, await scene.snapshot()) == (0, before)


async def test_a_redelivery_from_before_the_listing_revives_nobody(scene: Scene) -> None:
    lost = scene.fact(ADA, Sign())
    await list_comments(scene)
    (thread,) = await to_read(scene)
    await list_comments(scene, reread=thread.reread)
    await scene.store.record([lost])
    assert await scene.count() == 0
    assert [again.issue_id for again in await to_read(scene)] == [LETTER.id]
    await list_comments(scene, lost.comment)
    assert await scene.count() == 1


async def test_reading_answers_only_the_requests_made_before(scene: Scene) -> None:
    (thread,) = await to_read(scene)
    scene.clock += 1
    again = replace(await scene.change_issue(), reread=True)
    await scene.store.record([again])
    await list_comments(scene, reread=thread.reread)
    (still,) = await to_read(scene)
    await list_comments(scene, reread=still.reread)
    assert await to_read(scene) == []


async def test_a_comment_edited_by_nobody_knows_whom_is_named(scene: Scene) -> None:
    edited = scene.fact(ADA, Sign()).comment
    text = body_digest("edited")
    outcome = await list_comments(
        scene, replace(edited, versions=(Version(scene.clock, text, Writer.UNKNOWN, Sign()),))
    )
    assert outcome.doubtful == (edited.id,)
    assert outcome.count == 0
    known = replace(edited, versions=(Version(scene.clock, text, Writer.AUTHOR, Sign()),))
    outcome = await list_comments(scene, known, complete=False)
    assert (outcome.doubtful, outcome.count) == ((), 1)


async def test_who_signed_before_the_end_is_asked_for_where_only_a_later_edit_was_heard_of(scene: Scene) -> None:
    await scene.label()
    signed = scene.fact(ADA, Sign()).comment
    await scene.change_issue(replace(LETTER, closed_at=scene.clock))
    await scene.edit(signed.id, Sign("Ada"))
    edited = scene.comments[signed.id]
    outcome = await list_comments(
        scene, replace(edited, versions=(replace(edited.versions[-1], previous=None, writer=Writer.UNKNOWN),))
    )
    assert (outcome.doubtful, outcome.count) == ((signed.id,), 0)
    history = replace(edited, versions=(*signed.versions, *edited.versions))
    outcome = await list_comments(scene, history, complete=False)
    assert (outcome.doubtful, outcome.count) == ((), 1)


async def test_a_delivery_of_doubtful_origin_has_the_thread_read(scene: Scene) -> None:
    (thread,) = await to_read(scene)
    await list_comments(scene, reread=thread.reread)
    comment = scene.fact(ADA, Sign()).comment
    await scene.observe(replace(comment, versions=(replace(comment.versions[0], writer=Writer.UNKNOWN),)))
    assert [again.issue_id for again in await to_read(scene)] == [LETTER.id]


async def test_what_may_have_come_by_mail_is_asked_for_without_reading_its_thread(scene: Scene) -> None:
    (thread,) = await to_read(scene)
    await list_comments(scene, reread=thread.reread)
    doubt = Doubtful(None, Sign("Ada"))
    fact = scene.fact(ADA, doubt)
    comment = fact.comment
    await scene.store.record([replace(fact, node_id="IC_ada")])
    assert await to_read(scene) == []
    assert await rows(scene.store, "SELECT count(*) FROM signatures") == [(0,)]
    (asked,) = await scene.store.doubtful_comments.list_doubtful(LETTER.id, 9e9)
    assert (asked.comment_id, asked.node_id, bool(asked.about_mail)) == (comment.id, "IC_ada", True)
    outcome = await list_comments(scene, comment, complete=False)
    assert (outcome.doubtful, outcome.about_mail, outcome.count) == ((comment.id,), frozenset({comment.id}), 0)
    outcome = await list_comments(scene, replace(comment, by_mail=False), complete=False)
    assert (outcome.doubtful, outcome.about_mail, outcome.count) == ((), frozenset(), 1)
    # Once known, it stays so: a later delivery of the same text does not tell.
    await scene.observe(comment)
    assert (await scene.store.petitions.get_snapshot(LETTER.id, 0)).doubtful == 0
    known = await scene.store.threads.get_known_texts([comment.id])
    assert known[comment.id].command == doubt


@pytest.mark.parametrize("mischief", MISCHIEF)
async def test_what_is_kept_wrongly_is_found_and_repaired(scene: Scene, mischief: str) -> None:
    signed = [scene.fact(author, Sign(author.login)).comment for author in (ADA, GRACE, ALAN)]
    await list_comments(scene, *signed)
    right = await scene.snapshot()
    await scene.store.database.write(lambda work: work.execute(mischief))
    assert await misfits(scene)
    outcome = await list_comments(scene, *signed)
    snapshot = await scene.snapshot()
    assert outcome.repaired
    assert outcome.count == 3
    assert (snapshot.count, snapshot.digest, snapshot.newest) == (right.count, right.digest, right.newest)
    assert snapshot.revision > right.revision
    assert await rows(scene.store, "SELECT day, signatures FROM days WHERE signatures <> 0") == [(0, 3)]
    assert await misfits(scene) == []


@pytest.mark.parametrize(
    "mischief",
    [
        "UPDATE comments SET command = NULL",
        "UPDATE comments SET made_at = 1",
        "UPDATE comments SET doubtful = TRUE",
        "UPDATE comments SET counted = NOT counted",
    ],
)
async def test_a_comment_that_is_kept_wrongly_is_found_and_repaired(scene: Scene, mischief: str) -> None:
    signed = [scene.fact(author, Sign(author.login)).comment for author in (ADA, GRACE, ALAN)]
    silent = scene.fact(person("linus"), None).comment
    await list_comments(scene, *signed, silent)
    right = await rows(scene.store, DERIVED)
    await scene.store.database.write(lambda work: work.execute(mischief))
    assert await misfits(scene)
    outcome = await list_comments(scene, *signed, silent)
    assert outcome.repaired
    assert outcome.count == 3
    assert await rows(scene.store, DERIVED) == right
    assert await misfits(scene) == []


async def test_a_digest_that_is_kept_wrongly_is_found_and_repaired(scene: Scene) -> None:
    signed = [scene.fact(author, Sign(author.login)).comment for author in (ADA, GRACE, ALAN)]
    await list_comments(scene, *signed)
    right = (await scene.snapshot()).digest
    damage = "UPDATE petitions SET digest_sum = $1"
    await scene.store.database.write(lambda work: work.execute(damage, b"17"))
    assert await misfits(scene) == ["the stored digest is that of other signatures"]
    assert (await list_comments(scene, *signed)).repaired
    assert (await scene.snapshot()).digest == right
    assert await misfits(scene) == []


async def test_signatures_without_the_label_are_no_misfits(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.change_issue(replace(scene.issue, labels=frozenset()))
    await scene.sign("grace")
    assert (await misfits(scene), await scene.count()) == ([], 1)


async def test_comments_that_moved_with_their_issue_move_in_our_rows(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    scene.issue = replace(LETTER, id=3_000, number=1, updated_at=scene.clock)
    await scene.change_issue()
    await list_comments(scene, scene.comments[comment_id])
    assert await scene.count() == 0
    assert (await scene.store.petitions.get_snapshot(3_000, 5)).count == 1
    gone = IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (REPOSITORY, scene.issue))
    await scene.store.record([gone])
    assert await scene.signatories() == ["ada"]
