"""Up to when all comments are known to be counted, as the threads' readings have it."""

from __future__ import annotations

from msgspec.structs import replace

from bot.petition.abuse_signals import Account
from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Writer
from bot.petition.facts_from_github import Continuation, Issue, IssueGone
from bot.petition.machine_readable_lines import Coverage
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Settings
from tests.store.scene import ADA, INSTALLATION, LETTER, REPOSITORY, Scene

SECOND = Issue(id=1_001, number=8, title="Open the archive (2)", labels=frozenset(), updated_at=100)


async def coverage(scene: Scene) -> Coverage | None:
    return (await scene.snapshot()).coverage


async def test_before_anything_was_listed_nothing_is_told(scene: Scene) -> None:
    await scene.sign("ada")
    assert await coverage(scene) is None


async def test_what_came_since_is_counted_apart(scene: Scene) -> None:
    await scene.store.threads.record_known(LETTER.id, scene.clock)
    for login in ("ada", "grace"):
        await scene.sign(login)
    assert await coverage(scene) == Coverage(scene.clock - 2, later=2)
    await scene.store.threads.record_known(LETTER.id, scene.clock - 1)
    assert await coverage(scene) == Coverage(scene.clock - 1, later=1)


async def test_what_was_known_stays_known(scene: Scene) -> None:
    await scene.store.threads.record_known(LETTER.id, 500)
    await scene.store.threads.record_known(LETTER.id, 400)
    assert await coverage(scene) == Coverage(500)


async def test_of_several_threads_the_one_that_was_read_first_says_it(scene: Scene) -> None:
    await scene.store.threads.record_known(LETTER.id, 500)
    await scene.store.record([Continuation(INSTALLATION, REPOSITORY, SECOND, LETTER.id)])
    assert await coverage(scene) is None
    await scene.store.threads.record_known(SECOND.id, 300)
    assert await coverage(scene) == Coverage(300)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, SECOND.id)])
    assert await coverage(scene) == Coverage(500)


async def test_an_issue_that_has_moved_is_to_be_read_first(scene: Scene) -> None:
    await scene.store.threads.record_known(LETTER.id, 500)
    moved = replace(scene.issue, id=2_000, number=1)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (REPOSITORY, moved))])
    assert await coverage(scene) is None


async def test_without_the_label_nothing_is_told(scene: Scene) -> None:
    await scene.store.threads.record_known(LETTER.id, 500)
    await scene.change_issue(replace(scene.issue, labels=frozenset()))
    assert await coverage(scene) is None
    await scene.change_issue(replace(scene.issue, labels=LETTER.labels))
    assert await coverage(scene) == Coverage(500)


async def test_who_waits_for_githubs_word_is_told_apart(scene: Scene) -> None:
    signed = await scene.sign("ada")
    await scene.edit(signed, Sign("Nobody"), Writer.UNKNOWN)
    await scene.store.threads.record_known(LETTER.id, scene.clock)
    assert await coverage(scene) == Coverage(scene.clock, waiting=1)


async def test_that_a_comment_waits_and_no_longer_does_is_a_change_although_nobody_signs(scene: Scene) -> None:
    await scene.store.threads.record_known(LETTER.id, scene.clock)
    comment = await scene.say(ADA, None)
    before = await scene.snapshot()
    await scene.edit(comment, Sign("Nobody"), Writer.UNKNOWN)
    waiting = await scene.snapshot()
    assert (waiting.count, waiting.doubtful, waiting.revision) == (0, 1, before.revision + 1)
    await scene.edit(comment, None)
    after = await scene.snapshot()
    assert (after.count, after.doubtful, after.revision) == (0, 0, waiting.revision + 1)


async def test_where_ages_are_asked_for_nobody_is_told_of_whom_they_are_not_known(scene: Scene) -> None:
    await scene.sign("ada")
    await scene.store.threads.record_known(LETTER.id, 500)
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(minimum_account_age=30))))
    assert await coverage(scene) is None
    await scene.store.signer_accounts.record_ages(LETTER.id, [Account(ADA.id, -10_000_000)])
    thread = await scene.store.threads.get(LETTER.id)
    assert thread is not None
    await scene.store.threads.mark_read(thread)
    assert await coverage(scene) == Coverage(500)
