"""Issues that continue a petition: one more thread, once."""

from __future__ import annotations

from msgspec.structs import replace

from bot.petition.comments.commands import Sign
from bot.petition.facts_from_github import CommentFact, Continuation, Issue, IssueFact, IssueGone
from tests.store.scene import ADA, GRACE, INSTALLATION, LETTER, REPOSITORY, Scene

SECOND = Issue(id=1_001, number=8, title="Open the archive (2)", labels=frozenset(), updated_at=100)


async def go_on(scene: Scene, issue: Issue = SECOND) -> None:
    await scene.store.record([Continuation(INSTALLATION, REPOSITORY, issue, LETTER.id)])


async def sign_second(scene: Scene, login: str = "grace") -> None:
    fact = scene.fact({"ada": ADA, "grace": GRACE}[login], Sign())
    await scene.store.record([replace(fact, issue=replace(SECOND, updated_at=scene.clock))])


async def thread_ids(scene: Scene) -> list[int]:
    return [thread.issue_id for thread in (await scene.snapshot()).threads]


async def test_both_threads_make_one_count(scene: Scene) -> None:
    await scene.sign("ada")
    await go_on(scene)
    await sign_second(scene, "ada")
    await sign_second(scene, "grace")
    assert await thread_ids(scene) == [LETTER.id, SECOND.id]
    assert await scene.signatories() == ["grace", "ada"]


async def test_being_told_twice_changes_nothing(scene: Scene) -> None:
    await go_on(scene)
    before = await scene.snapshot()
    await go_on(scene)
    assert await scene.snapshot() == before


async def test_a_continuation_is_read_and_published_and_no_longer_asked_for(scene: Scene) -> None:
    await scene.store.petitions.mark_continuing(LETTER.id, 500)
    assert (await scene.store.petitions.load_publication(LETTER.id, 0)).continuing_at == 500
    before = await scene.snapshot()
    await go_on(scene)
    assert (await scene.store.petitions.load_publication(LETTER.id, 0)).continuing_at == 0
    assert (await scene.snapshot()).revision > before.revision
    to_read = {thread.issue_id for thread in await scene.store.threads.list_to_read(INSTALLATION, 9e9)}
    assert SECOND.id in to_read


async def test_what_was_taken_for_a_petition_of_its_own_becomes_a_thread(scene: Scene) -> None:
    labelled = replace(SECOND, labels=LETTER.labels)
    await scene.sign("ada")
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, labelled, 100)])
    fact = scene.fact(GRACE, Sign())
    await scene.store.record([CommentFact(INSTALLATION, REPOSITORY, labelled, fact.comment)])
    assert await scene.count() == 1
    await go_on(scene, labelled)
    assert await scene.signatories() == ["grace", "ada"]
    assert await thread_ids(scene) == [LETTER.id, SECOND.id]
    assert {due.petition_id for due in await scene.store.petitions.list_due(INSTALLATION, 9e9)} == {LETTER.id}


async def test_a_moved_issue_that_was_continued_before_it_was_known_stays_the_first(scene: Scene) -> None:
    await scene.label()
    await go_on(scene)
    moved = replace(LETTER, id=3_000, number=1, updated_at=scene.clock)
    third = replace(SECOND, id=1_002, number=9)
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, moved, scene.clock)])
    await scene.store.record([Continuation(INSTALLATION, REPOSITORY, third, moved.id)])
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (REPOSITORY, moved))])
    threads = (await scene.snapshot()).threads
    assert [thread.issue_id for thread in threads] == [moved.id, SECOND.id, third.id]
    assert [thread.position for thread in threads] == [1, 2, 4]
    assert (await scene.snapshot()).labelled


async def test_a_deleted_continuation_comes_not_back_and_its_place_is_not_taken(scene: Scene) -> None:
    await go_on(scene)
    await sign_second(scene)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, SECOND.id)])
    assert await scene.count() == 0
    await go_on(scene)
    assert await thread_ids(scene) == [LETTER.id]
    await go_on(scene, replace(SECOND, id=1_002, number=9))
    assert [thread.position for thread in (await scene.snapshot()).threads] == [1, 3]


async def test_a_petition_that_has_ended_is_not_continued(scene: Scene) -> None:
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id)])
    await go_on(scene)
    assert await thread_ids(scene) == []


async def test_what_continued_a_petition_that_has_ended_is_not_read_any_more(scene: Scene) -> None:
    await scene.label()
    await go_on(scene)
    assert await scene.store.threads.list_to_read(INSTALLATION, 9e9)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id)])
    assert await scene.store.threads.list_to_read(INSTALLATION, 9e9) == []
    assert await scene.store.petitions.list_installations_with_work(9e9) == []


async def test_what_is_kept_wrongly_of_both_threads_is_found_where_it_is(scene: Scene) -> None:
    await scene.sign("ada")
    await go_on(scene)
    await sign_second(scene)
    await scene.store.database.write(lambda work: work.execute("DELETE FROM signatures"))
    found = await scene.store.consistency.inspect(LETTER.id)
    assert found is not None
    assert (found.name, found.count) == ("acme/letters#7", 2)
    assert [misfit.issue for misfit in found.discrepancies] == ["acme/letters#7", "acme/letters#8"]
