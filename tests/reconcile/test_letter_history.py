"""What a letter said before we came is learnt from its edit history, with few calls, whatever goes wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.github.errors import Paused
from bot.github.models.graphql import Revision
from bot.petition.block.body import splice
from bot.petition.facts_from_github import IssueFact
from bot.reconcile.letter_history_and_translations import DatedRevision, LetterHistory, select_revisions
from bot.reconcile.resync import resync_by_hand
from sandbox.faults import Faults
from sandbox.models import Edit, Issue
from tests.reconcile.scene import Scene
from tests.store.scene import list_letters

BLOCK = "<!-- undersigned:begin -->\n{} people\n<!-- undersigned:end -->"


async def adopt(stage: Scene, petition: Issue) -> None:
    """Let a petition be known, with those who signed, and published once."""
    where = petition.repository.full_name, petition.number
    await resync_by_hand(*where, stage.store, stage.github, "petition", stage.clock())
    await stage.store.petitions.mark_published(petition.id, 1, int(stage.clock()))


async def begin(stage: Scene) -> LetterHistory | None:
    thread = await stage.store.letters.get_thread_without_history(stage.installation.id, stage.clock())
    if thread is None:
        return None
    return LetterHistory(
        thread, stage.store, stage.github.installation(stage.installation.id), stage.clock, retry_after=600.0
    )


async def trace(stage: Scene) -> int:
    """Ask for all that is not known; give how many questions that took."""
    before = stage.called("POST /api/graphql")
    while (past := await begin(stage)) is not None:
        while await past.step():
            pass
    return stage.called("POST /api/graphql") - before


async def letters(stage: Scene, petition: Issue) -> list[tuple[str | None, int, int]]:
    """Give the versions: the text, the seconds since the issue was opened, and how many had signed."""
    known = await list_letters(stage.store, petition.id)
    return [(one.text, one.seen_at - petition.created_at, one.count) for one in known]


def save(stage: Scene, petition: Issue, body: str, *, by_us: bool = False, after: float = 60) -> None:
    stage.clock.pass_by(after)
    who = stage.sandbox.world.app.bot if by_us else stage.sandbox.organizer()
    stage.sandbox.issues.edit(petition, who, body, web=False)


async def often_edited(stage: Scene, texts: int) -> tuple[Issue, LetterHistory]:
    """Have a letter say one text after the other, and begin to ask for them."""
    petition = stage.sandbox.petition(body="Letter 0")
    for number in range(1, texts):
        save(stage, petition, f"Letter {number}")
    await adopt(stage, petition)
    past = await begin(stage)
    assert past is not None
    return petition, past


async def test_each_version_is_known_with_its_time_and_who_had_signed_by_then(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    save(stage, petition, splice("Dear all,", BLOCK.format(0)), by_us=True)
    stage.sandbox.comment(petition, "ada")
    save(stage, petition, splice("Dear everybody,", BLOCK.format(0)))
    save(stage, petition, splice("Dear everybody,", BLOCK.format(1)), by_us=True)
    save(stage, petition, splice("Dear  everybody,\n", BLOCK.format(1)))
    stage.sandbox.comment(petition, "grace")
    save(stage, petition, splice("Dear us,", BLOCK.format(1)))
    await adopt(stage, petition)
    assert await letters(stage, petition) == []
    assert await trace(stage) == 2
    assert await letters(stage, petition) == [
        ("Dear all,", 0, 0),
        ("Dear everybody,", 120, 1),
        ("Dear us,", 300, 2),
    ]
    assert await trace(stage) == 0


async def test_what_it_changes_is_shown(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    stage.sandbox.comment(petition, "ada")
    save(stage, petition, "Dear us,")
    await adopt(stage, petition)
    (due,) = await stage.store.petitions.list_due(stage.installation.id, stage.clock())
    await stage.store.petitions.mark_published(petition.id, due.revision, 0)
    await trace(stage)
    (due,) = await stage.store.petitions.list_due(stage.installation.id, stage.clock())
    await stage.store.petitions.mark_published(petition.id, due.revision, 0)
    await stage.store.letters.postpone_history(petition.id, 0)
    assert await trace(stage)
    assert await stage.store.petitions.list_due(stage.installation.id, stage.clock()) == []


async def test_of_a_letter_that_nobody_edited_one_question_is_asked(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    stage.clock.pass_by(60)
    stage.sandbox.comment(petition, "ada")
    await adopt(stage, petition)
    assert await trace(stage) == 1
    assert await letters(stage, petition) == [("Dear all,", 0, 0)]


async def test_nothing_is_asked_of_a_letter_that_was_seen_as_it_was_written(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    await adopt(stage, petition)
    await stage.store.letters.record(petition.id, petition.id, "Dear all,", petition.created_at, as_created=True)
    assert await begin(stage) is None


async def test_of_our_own_ten_thousand_revisions_no_text_is_read(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    save(stage, petition, "Dear us,")
    ours = Edit(int(stage.clock()) + 60, stage.sandbox.world.app.bot, "Dear us,")
    petition.edits += [replace(ours, at=ours.at + number) for number in range(10_000)]
    await adopt(stage, petition)
    assert await trace(stage) == 102
    assert await letters(stage, petition) == [("Dear all,", 0, 0), ("Dear us,", 60, 0)]


async def test_a_history_without_end_is_given_up(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.reconcile.letter_history_and_translations.MOST_PAGES", 2)
    monkeypatch.setattr("bot.reconcile.letter_history_and_translations.MOST_READ", 30)
    petition = stage.sandbox.petition(body="Dear all,")
    for number in range(250):
        save(stage, petition, f"Letter {number}")
    await adopt(stage, petition)
    assert await trace(stage) == 2 + 2
    assert [text for text, *_ in await letters(stage, petition)] == [
        f"Letter {number}" for number in range(220, 250)
    ]


async def test_a_revision_that_was_removed_from_the_history_is_unknown(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    save(stage, petition, "Dear fools,")
    save(stage, petition, "Dear us,")
    stage.sandbox.issues.remove_revision(petition, stage.sandbox.organizer(), 1)
    await adopt(stage, petition)
    await trace(stage)
    assert await letters(stage, petition) == [("Dear all,", 0, 0), ("Dear us,", 120, 0)]


async def test_edits_of_a_deleted_account_and_of_another_app_count(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    sandbox = stage.sandbox
    for number, who in enumerate([sandbox.user("grace"), sandbox.user("formatter[bot]", "Bot")]):
        sandbox.repositories.set_role(petition.repository, who, "write")
        stage.clock.pass_by(60)
        sandbox.issues.edit(petition, who, f"Dear {number},", web=False)
    sandbox.accounts.delete(sandbox.user("grace"), ghost=False)
    await adopt(stage, petition)
    await trace(stage)
    assert [text for text, *_ in await letters(stage, petition)] == ["Dear all,", "Dear 0,", "Dear 1,"]


async def test_what_is_saved_while_the_history_is_read_does_no_harm(stage: Scene) -> None:
    petition, past = await often_edited(stage, 150)
    assert await past.step()
    save(stage, petition, "Letter 150")
    while await past.step():
        pass
    assert [text for text, *_ in await letters(stage, petition)] == [f"Letter {number}" for number in range(150)]


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize(
    "faults", [Faults(graphql_error=1.0), Faults(unavailable=1.0), Faults(truncated=1.0), Faults(primary=1.0)]
)
async def test_what_fails_is_tried_again(stage: Scene, faults: Faults, after: int) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    save(stage, petition, "Dear us,")
    await adopt(stage, petition)
    past = await begin(stage)
    assert past is not None
    for _ in range(after):
        assert await past.step()
    stage.sandbox.faults = replace(faults, where="/graphql")
    assert not await past.step()
    stage.sandbox.faults = Faults()
    assert await begin(stage) is None
    stage.clock.pass_by(7200)
    await trace(stage)
    assert await letters(stage, petition) == [("Dear all,", 0, 0), ("Dear us,", 60, 0)]


async def test_after_a_pause_of_everything_it_goes_on_where_it_was(stage: Scene) -> None:
    petition, past = await often_edited(stage, 250)
    for _ in range(4):
        stage.sandbox.faults = Faults(where="/graphql", secondary=1.0)
        with pytest.raises(Paused) as pause:
            await past.step()
        stage.sandbox.faults = Faults()
        stage.clock.pass_by(pause.value.until - stage.clock())
        assert await past.step()
    while await past.step():
        pass
    assert [text for text, *_ in (await letters(stage, petition))[:200]] == [f"Letter {one}" for one in range(200)]


async def test_a_petition_that_has_moved_is_asked_for_later(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    save(stage, petition, "Dear us,")
    await adopt(stage, petition)
    past = await begin(stage)
    other = stage.sandbox.repository("lovelace/other")
    stage.sandbox.issues.transfer(petition, petition.repository.owner, other)
    assert past is not None
    assert not await past.step()
    assert await begin(stage) is None
    assert await letters(stage, petition) == []


async def test_nothing_is_asked_before_it_is_known_who_signed_and_what_the_letter_says(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    here = petition.repository.full_name
    read = await stage.github.installation(stage.installation.id).get_issue(here, petition.number)
    await stage.store.record([IssueFact(stage.installation.id, read.repository, read.issue, read.read_at)])
    await stage.store.petitions.mark_published(petition.id, 1, int(stage.clock()))
    assert await begin(stage) is None
    await resync_by_hand(here, petition.number, stage.store, stage.github, "petition", stage.clock())
    assert await begin(stage) is not None


async def test_a_petition_that_is_not_published_yet_waits(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    here = petition.repository.full_name
    await resync_by_hand(here, petition.number, stage.store, stage.github, "petition", stage.clock())
    assert await begin(stage) is None


async def test_what_is_known_is_asked_again_after_a_resync_by_hand(stage: Scene) -> None:
    petition = stage.sandbox.petition(body="Dear all,")
    await adopt(stage, petition)
    await trace(stage)
    assert await begin(stage) is None
    await adopt(stage, petition)
    assert await begin(stage) is not None


def test_of_a_second_the_last_revision_counts() -> None:
    revisions = [Revision("d", 61), Revision("c", 60), Revision("b", 60), Revision("a", 10), Revision("first", 10)]
    assert select_revisions(revisions) == [
        DatedRevision("a", (10, 11)),
        DatedRevision("c", (60,)),
        DatedRevision("d", (61,)),
    ]


def test_people_s_revisions_are_read_before_those_of_apps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.reconcile.letter_history_and_translations.MOST_READ", 2)
    revisions = [Revision("c", 30, "tidy[bot]", by_person=False), Revision("b", 20), Revision("a", 10)]
    assert [one.id for one in select_revisions(revisions)] == ["a", "b"]
