"""What organizers and GitHub do to a petition's issue."""

from __future__ import annotations

from msgspec.structs import replace

from bot.petition.comments.commands import Sign
from bot.petition.facts_from_github import (
    InstallationFact,
    IssueFact,
    IssueGone,
    Repository,
    RepositoryFact,
)
from bot.store import Store
from tests.store.scene import ADA, INSTALLATION, LETTER, REPOSITORY, Scene, rows

OTHERS = frozenset({"bug"})


async def rereads(scene: Scene) -> list[int]:
    return [thread.issue_id for thread in await scene.store.threads.list_to_read(INSTALLATION, 9e9)]


async def settle(scene: Scene) -> None:
    """Publish and reread, so that only what comes now is due."""
    for thread in await scene.store.threads.list_to_read(INSTALLATION, 9e9):
        comments = [c for c in scene.comments.values() if not c.deleted]
        await scene.store.record_listing(
            thread.issue_id, scene.clock + 1, comments, complete=True, reread=thread.reread
        )
    scene.clock += 1
    for due in await scene.store.petitions.list_due(INSTALLATION, 9e9):
        await scene.store.petitions.mark_published(due.petition_id, due.revision, scene.clock)


async def is_due(scene: Scene) -> bool:
    return bool(await scene.store.petitions.list_due(INSTALLATION, 9e9))


async def test_a_labelled_issue_is_published_and_read_at_once(scene: Scene) -> None:
    assert await is_due(scene)
    assert await rereads(scene) == [LETTER.id]
    assert await scene.store.petitions.list_installations_with_work(9e9) == [INSTALLATION]


async def test_an_issue_without_the_label_is_nothing_to_us(store: Store) -> None:
    scene = Scene(store, issue=replace(LETTER, labels=OTHERS))
    await scene.change_issue()
    assert await store.petitions.list_installations_with_work(9e9) == []


async def test_a_pull_request_is_no_petition(store: Store) -> None:
    scene = Scene(store, issue=replace(LETTER, is_pull_request=True))
    await scene.change_issue()
    assert await store.petitions.list_installations_with_work(9e9) == []


async def test_without_the_label_counting_stops_but_withdrawing_does_not(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.sign("grace")
    await settle(scene)
    await scene.change_issue(replace(scene.issue, labels=OTHERS))
    assert await is_due(scene)
    await scene.sign("alan")
    await scene.unsign("grace")
    assert await scene.signatories() == ["ada"]
    assert not (await scene.snapshot()).labelled


async def test_with_the_label_back_everything_counts_again(scene: Scene) -> None:
    await settle(scene)
    await scene.change_issue(replace(scene.issue, labels=OTHERS))
    await scene.sign("alan")
    await settle(scene)
    await scene.change_issue(replace(scene.issue, labels=LETTER.labels))
    assert await scene.signatories() == ["alan"]
    assert await rereads(scene) == [LETTER.id]
    assert await is_due(scene)


async def test_after_closing_only_withdrawals_count_until_it_reopens(scene: Scene) -> None:
    await scene.sign("ada")
    await settle(scene)
    await scene.change_issue(replace(scene.issue, closed_at=scene.clock + 1))
    late = await scene.sign("grace")
    await scene.unsign("ada")
    assert await scene.count() == 0
    assert {
        ack.comment_id: ack.wanted for ack in await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 9)
    }[late] == "confused"
    await scene.change_issue(replace(scene.issue, closed_at=None))
    assert await scene.signatories() == ["grace"]
    assert await rereads(scene) == [LETTER.id]
    assert {
        ack.comment_id: ack.wanted for ack in await scene.store.acknowledgements.drop_late_and_list(INSTALLATION, 9)
    }[late] == "+1"


async def test_news_of_the_closing_that_comes_late_takes_back_what_was_signed_since(scene: Scene) -> None:
    closing = replace(scene.issue, closed_at=scene.clock + 1, updated_at=scene.clock + 1)
    scene.clock += 1
    scene.issue = closing
    fact = scene.fact(ADA, Sign())
    await scene.store.record(
        [replace(fact, issue=replace(fact.issue, closed_at=None, updated_at=closing.updated_at - 1))]
    )
    assert await scene.count() == 1
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, closing, closing.updated_at)])
    assert await scene.count() == 0


async def test_an_older_fact_does_not_undo_a_newer_one(scene: Scene) -> None:
    await scene.change_issue(replace(scene.issue, title="Open all archives"))
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, LETTER, LETTER.updated_at)])
    assert (await scene.snapshot()).title == "Open all archives"


async def test_contradicting_facts_of_one_second_have_github_asked(scene: Scene) -> None:
    await settle(scene)
    fact = await scene.change_issue(replace(scene.issue, labels=OTHERS))
    await settle(scene)
    await scene.store.record([replace(fact, issue=replace(fact.issue, labels=LETTER.labels))])
    assert await rereads(scene) == [LETTER.id]
    assert await is_due(scene)


async def test_unlocking_has_the_comments_read_again(scene: Scene) -> None:
    await settle(scene)
    await scene.change_issue(replace(scene.issue, locked=True))
    assert await is_due(scene)
    assert await rereads(scene) == []
    await scene.change_issue(replace(scene.issue, locked=False))
    assert await rereads(scene) == [LETTER.id]


async def test_a_renamed_issue_is_published_again(scene: Scene) -> None:
    await settle(scene)
    await scene.change_issue(replace(scene.issue, title="Open all archives"))
    assert await is_due(scene)


async def test_a_fact_may_ask_for_a_reread_once(scene: Scene) -> None:
    await settle(scene)
    fact = replace(await scene.change_issue(), reread=True)
    await scene.store.record([fact])
    (thread,) = await scene.store.threads.list_to_read(INSTALLATION, 9e9)
    await scene.store.record([fact])
    assert (await scene.store.threads.list_to_read(INSTALLATION, 9e9)) == [thread]


async def test_a_hide_that_nobody_explained_has_the_thread_read(scene: Scene) -> None:
    comment_id = await scene.sign("ada")
    await settle(scene)
    known = scene.comments[comment_id]
    version = replace(known.versions[-1], at=scene.clock + 1, hidden=None)
    fact = replace(scene.fact(ADA, Sign()), comment=replace(known, versions=(version,)), recheck=True)
    await scene.store.record([fact])
    assert await rereads(scene) == [LETTER.id]


async def test_a_transferred_issue_takes_its_signatures_along(scene: Scene) -> None:
    await scene.sign("ada")
    await settle(scene)
    elsewhere = Repository(71, "acme", "archive")
    moved = replace(LETTER, id=3_000, number=1, updated_at=scene.clock)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (elsewhere, moved))])
    scene.issue, scene.repository = moved, elsewhere
    await scene.sign("grace")
    snapshot = await scene.snapshot()
    assert await scene.signatories() == ["grace", "ada"]
    assert [(thread.issue_id, thread.repository.name) for thread in snapshot.threads] == [(3_000, "archive")]
    assert snapshot.repository == elsewhere
    assert await rereads(scene) == [3_000]


async def test_a_transfer_told_after_the_arrival_makes_one_petition_of_two(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.sign("alan")
    elsewhere = Repository(71, "acme", "archive")
    moved = replace(LETTER, id=3_000, number=1, updated_at=scene.clock)
    scene.issue, scene.repository = moved, elsewhere
    await scene.change_issue()
    await scene.sign("grace")
    await scene.unsign("alan")
    assert (await scene.store.petitions.get_snapshot(3_000, 9)).count == 1
    gone = IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (elsewhere, scene.issue))
    await scene.store.record([gone])
    assert await scene.signatories() == ["grace", "ada"]
    again = await scene.snapshot()
    await scene.store.record([gone])
    assert await scene.snapshot() == again
    assert await rows(scene.store, "SELECT id FROM petitions") == [(LETTER.id,)]
    assert await rows(scene.store, "SELECT sum(signatures) FROM days") == [(2,)]


async def test_what_comes_late_for_the_old_issue_counts_for_the_new_one(scene: Scene) -> None:
    late = scene.fact(ADA, Sign())
    moved = replace(LETTER, id=3_000, number=1, updated_at=scene.clock)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (REPOSITORY, moved))])
    await scene.store.record([late])
    assert await scene.signatories() == ["ada"]
    assert [row[0] for row in await rows(scene.store, "SELECT issue_id FROM comments")] == [3_000]


async def test_an_issue_may_move_again_and_be_told_of_in_any_order(scene: Scene) -> None:
    late = scene.fact(ADA, Sign())
    second, third = (replace(LETTER, id=number, number=1, updated_at=scene.clock) for number in (3_000, 4_000))
    first_move = IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (REPOSITORY, second))
    second_move = IssueGone(INSTALLATION, REPOSITORY, second.id, (REPOSITORY, third))
    scene.issue = second
    await scene.change_issue()
    await scene.sign("grace")
    await scene.store.record([second_move])
    await scene.store.record([first_move])
    await scene.store.record([late])
    assert await scene.signatories() == ["grace", "ada"]
    assert await rows(scene.store, "SELECT DISTINCT issue_id FROM comments") == [(4_000,)]


async def test_an_issue_that_moves_twice_takes_what_comes_late_along(scene: Scene) -> None:
    late = scene.fact(ADA, Sign())
    second, third = (replace(LETTER, id=number, number=1, updated_at=scene.clock) for number in (3_000, 4_000))
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (REPOSITORY, second))])
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, second.id, (REPOSITORY, third))])
    await scene.store.record([late])
    assert await scene.signatories() == ["ada"]
    assert await rows(scene.store, "SELECT issue_id FROM comments") == [(4_000,)]


async def test_a_deleted_issue_erases_its_signatures(scene: Scene) -> None:
    await scene.sign("ada", "Ada Lovelace")
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id)])
    assert await scene.store.petitions.list_installations_with_work(9e9) == []
    assert await rows(scene.store, "SELECT versions FROM comments") == [("[]",)]
    assert await rows(scene.store, "SELECT * FROM signatures") == []


async def test_deleting_a_comment_leaves_nothing_of_the_person_said(scene: Scene) -> None:
    comment_id = await scene.sign("ada", "Ada Lovelace")
    await scene.edit(comment_id, Sign("Ada L.", "Analytical Engines", "Because."))
    await scene.delete(comment_id)
    assert await rows(scene.store, "SELECT versions FROM comments") == [("[]",)]
    assert await rows(scene.store, "SELECT * FROM signatures") == []


async def test_a_suspended_installation_has_no_work_until_it_is_back(scene: Scene) -> None:
    await settle(scene)
    await scene.sign("ada")
    await scene.store.record([InstallationFact(INSTALLATION, "acme", as_of=200, suspended=True)])
    assert await scene.store.petitions.list_installations_with_work(9e9) == []
    assert await scene.store.petitions.list_due(INSTALLATION, 9e9) == []
    await scene.store.record([InstallationFact(INSTALLATION, "acme", as_of=300)])
    await scene.store.record([InstallationFact(INSTALLATION, "acme", as_of=200, suspended=True)])
    assert await is_due(scene)
    assert await rereads(scene) == [LETTER.id]


async def test_an_uninstalled_app_does_nothing(scene: Scene) -> None:
    await scene.store.record([InstallationFact(INSTALLATION, "acme", as_of=200, deleted=True)])
    await scene.store.record([InstallationFact(INSTALLATION, "acme", as_of=300)])
    assert await scene.store.petitions.list_installations_with_work(9e9) == []


async def test_a_repository_taken_from_the_app_is_left_alone_until_given_back(scene: Scene) -> None:
    await settle(scene)
    await scene.sign("ada")
    await scene.store.record([InstallationFact(INSTALLATION, "acme", 200, repositories_removed=(REPOSITORY.id,))])
    assert await scene.store.petitions.list_installations_with_work(9e9) == []
    await scene.store.record([InstallationFact(INSTALLATION, "acme", 300, repositories_added=(REPOSITORY.id,))])
    assert await is_due(scene)
    assert await rereads(scene) == [LETTER.id]


async def test_an_archived_repository_is_left_alone(scene: Scene) -> None:
    archived = replace(REPOSITORY, archived=True)
    await scene.store.record([RepositoryFact(INSTALLATION, archived, as_of=200)])
    assert await scene.store.petitions.list_installations_with_work(9e9) == []
    await scene.store.record([RepositoryFact(INSTALLATION, REPOSITORY, as_of=300)])
    assert await is_due(scene)


async def test_a_repository_renamed_and_made_private_is_so_everywhere(scene: Scene) -> None:
    await settle(scene)
    renamed = replace(REPOSITORY, name="open-letters", private=True)
    await scene.store.record([RepositoryFact(INSTALLATION, renamed, as_of=200)])
    await scene.store.record([RepositoryFact(INSTALLATION, REPOSITORY, as_of=150)])
    snapshot = await scene.snapshot()
    assert snapshot.repository == renamed
    assert snapshot.private
    assert snapshot.threads[0].repository == renamed
    assert await is_due(scene)


async def test_a_comment_brings_the_news_of_a_renamed_repository(scene: Scene) -> None:
    scene.repository = replace(REPOSITORY, name="open-letters")
    await scene.sign("ada")
    assert (await scene.snapshot()).repository.name == "open-letters"
    assert await scene.count() == 1


async def test_each_petition_has_a_key_nobody_can_guess(scene: Scene) -> None:
    scene.issue = replace(LETTER, id=2_000)
    await scene.change_issue()
    keys = {(await scene.store.petitions.get_snapshot(issue_id, 0)).page_key for issue_id in (LETTER.id, 2_000)}
    assert len(keys) == 2
    assert all(len(key) >= 20 for key in keys)


async def test_a_petition_that_was_moved_back_before_that_was_told_is_where_its_issue_is(scene: Scene) -> None:
    elsewhere = Repository(72, "acme", "other")
    away, back = replace(scene.issue, id=2_000, number=1), replace(scene.issue, id=3_000, number=9)
    await scene.sign("ada")
    await scene.store.record([IssueFact(INSTALLATION, elsewhere, away, scene.clock + 1)])
    await scene.store.record([IssueGone(INSTALLATION, elsewhere, away.id, (REPOSITORY, back))])
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (elsewhere, away))])
    snapshot = await scene.snapshot()
    assert [(one.repository, one.issue_id) for one in snapshot.threads] == [(REPOSITORY, back.id)]
    assert (snapshot.repository, snapshot.count) == (REPOSITORY, 1)
