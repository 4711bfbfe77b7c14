"""What surveys are compared with, and what they change."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import InstallationFact, IssueFact, Unclear
from bot.store import DiscoveryMark, FailedDelivery, SeenInstallation, State, Store, ThreadToRead
from tests.store.conftest import NOW
from tests.store.scene import ADA, INSTALLATION, LETTER, REPOSITORY, Scene, list_conditions, mark_right

ACME = SeenInstallation(INSTALLATION, "acme")


async def surveys(store: Store, before: int = 0) -> list[int]:
    return [mark.installation_id for mark in await store.installations.list_to_discover(before)]


async def surveyed(store: Store, at: int = 900) -> None:
    mark = await store.installations.get_discovery(INSTALLATION)
    assert mark is not None
    await store.installations.mark_discovered(INSTALLATION, at, asked=mark.asked)


async def is_due(scene: Scene) -> bool:
    return bool(await scene.store.petitions.list_due(INSTALLATION, 9e9))


async def settle(scene: Scene) -> None:
    """Publish, read and survey everything, so that only what comes now is due."""
    for due in await scene.store.petitions.list_due(INSTALLATION, 9e9):
        await scene.store.petitions.mark_published(due.petition_id, due.revision, scene.clock)
    for thread in await scene.store.threads.list_to_read(INSTALLATION, 9e9):
        await scene.store.threads.mark_read(thread)
    await surveyed(scene.store)


# Installations


async def test_an_installation_that_is_listed_is_adopted_and_surveyed(store: Store) -> None:
    await store.installations.record_all([SeenInstallation(5, "curie")], as_of=500)
    assert await surveys(store) == [5]
    assert store.changed.is_set()


async def test_an_installation_that_is_not_listed_has_ended(scene: Scene) -> None:
    await scene.store.installations.record_all([], as_of=500)
    assert (await scene.snapshot()).state is State.UNINSTALLED
    assert await surveys(scene.store, 9_999) == []


async def test_an_installation_that_came_after_the_list_has_not_ended(scene: Scene) -> None:
    await scene.store.record([InstallationFact(INSTALLATION, "acme", as_of=600)])
    await scene.store.installations.record_all([], as_of=500)
    assert (await scene.snapshot()).state is State.FINE


async def test_what_the_list_says_of_suspension_counts_if_it_is_newer(scene: Scene) -> None:
    suspended = replace(ACME, suspended=True)
    await settle(scene)
    await scene.store.record([InstallationFact(INSTALLATION, "acme", as_of=600)])
    await scene.store.installations.record_all([suspended], as_of=500)
    assert (await scene.snapshot()).state is State.FINE
    await scene.store.installations.record_all([suspended], as_of=700)
    assert (await scene.snapshot()).state is State.SUSPENDED
    await scene.store.installations.record_all([ACME], as_of=800)
    assert (await scene.snapshot()).state is State.FINE
    assert await is_due(scene)
    assert await surveys(scene.store) == [INSTALLATION]


async def test_an_installation_that_is_listed_again_goes_on(scene: Scene) -> None:
    await scene.store.installations.record_all([], as_of=500)
    await scene.store.installations.record_all([ACME], as_of=600)
    assert (await scene.snapshot()).state is State.FINE


async def test_the_same_list_again_is_no_news(scene: Scene) -> None:
    await scene.store.installations.record_all([ACME], as_of=500)
    await settle(scene)
    scene.store.changed.clear()
    await scene.store.installations.record_all([ACME], as_of=600)
    assert not scene.store.changed.is_set()
    assert await surveys(scene.store) == []


async def test_what_is_not_granted_is_a_state(scene: Scene) -> None:
    await scene.store.installations.record_all([replace(ACME, lacks="event issues")], as_of=500)
    (condition,) = await list_conditions(scene.store)
    assert (condition.state, condition.detail, condition.name) == (
        State.NOT_GRANTED,
        "event issues",
        "acme/letters#7",
    )


# Surveys


async def test_a_survey_is_due_after_a_while_and_when_it_is_asked_for(scene: Scene) -> None:
    await settle(scene)
    assert await surveys(scene.store, 900) == []
    assert await surveys(scene.store, 901) == [INSTALLATION]
    await scene.store.installations.request_discovery(INSTALLATION)
    assert await surveys(scene.store, 900) == [INSTALLATION]


async def test_what_could_not_be_read_of_an_issue_has_it_read_again_and_looked_at(scene: Scene) -> None:
    await settle(scene)
    store = scene.store
    assert (await is_due(scene), await store.threads.list_to_read(INSTALLATION, 1e9)) == (False, [])
    await store.record([Unclear(INSTALLATION, scene.issue.id)])
    assert await is_due(scene)
    assert [one.issue_id for one in await store.threads.list_to_read(INSTALLATION, 1e9)] == [scene.issue.id]
    assert await surveys(store, 900) == []


@pytest.mark.parametrize("fact", [Unclear(INSTALLATION), Unclear(INSTALLATION, 4_711), Unclear(701, 4_711)])
async def test_an_installation_is_surveyed_where_it_is_unclear_what_happened(scene: Scene, fact: Unclear) -> None:
    await settle(scene)
    await scene.store.record([fact])
    assert fact.installation_id in await surveys(scene.store, 900)


async def test_a_survey_answers_only_what_was_asked_before_it_began(scene: Scene) -> None:
    mark = await scene.store.installations.get_discovery(INSTALLATION)
    assert mark is not None
    await scene.store.installations.request_discovery(INSTALLATION)
    await scene.store.installations.mark_discovered(INSTALLATION, 900, asked=mark.asked)
    assert await scene.store.installations.get_discovery(INSTALLATION) == DiscoveryMark(
        INSTALLATION, mark.asked + 1, mark.asked, 900
    )


@pytest.mark.parametrize(
    "fact",
    [
        InstallationFact(INSTALLATION, "acme", as_of=500),
        InstallationFact(INSTALLATION, "acme", as_of=-1, repositories_added=(99,)),
    ],
)
async def test_news_of_an_installation_have_it_surveyed(scene: Scene, fact: InstallationFact) -> None:
    await settle(scene)
    await scene.store.record([fact])
    assert await surveys(scene.store) == [INSTALLATION]


async def test_trouble_is_a_state_until_the_next_survey(scene: Scene) -> None:
    await settle(scene)
    await scene.store.installations.set_state(INSTALLATION, State.CREDENTIALS_REFUSED)
    assert (await scene.snapshot()).state is State.CREDENTIALS_REFUSED
    assert await surveys(scene.store) == [INSTALLATION]
    await surveyed(scene.store)
    assert (await scene.snapshot()).state is State.FINE


async def test_repositories_come_out_of_reach_and_back(scene: Scene) -> None:
    (known,) = (await scene.store.installations.get_repositories(INSTALLATION, [])).values()
    assert (known.repository, known.accessible) == (REPOSITORY, True)
    await scene.store.installations.record_access([], [REPOSITORY.id], as_of=500)
    assert (await scene.snapshot()).state is State.OUT_OF_REACH
    await settle(scene)
    await scene.store.installations.record_access([REPOSITORY.id], [], as_of=600)
    assert (await scene.snapshot()).state is State.FINE
    assert await is_due(scene)


async def test_a_repository_is_found_wherever_it_is(scene: Scene) -> None:
    assert await scene.store.installations.get_repositories(999, []) == {}
    assert set(await scene.store.installations.get_repositories(999, [REPOSITORY.id, 5])) == {REPOSITORY.id}


async def test_petitions_are_compared_by_the_body_that_we_left(scene: Scene) -> None:
    (known,) = await scene.store.petitions.list_in_repository(REPOSITORY.id)
    assert (known.id, known.issue_id, known.labelled, known.left_digest) == (LETTER.id, LETTER.id, True, "")
    await mark_right(scene.store, LETTER.id, "Dear all,")
    (known,) = await scene.store.petitions.list_in_repository(REPOSITORY.id)
    assert known.left_digest == body_digest("Dear all,")


async def test_a_look_does_not_wake_what_was_postponed(scene: Scene) -> None:
    await settle(scene)
    await scene.store.petitions.postpone(LETTER.id, NOW + 50, State.NOT_FOUND, 3)
    await scene.store.petitions.request_publishing([LETTER.id])
    assert await scene.store.petitions.list_due(INSTALLATION, NOW) == []
    (due,) = await scene.store.petitions.list_due(INSTALLATION, NOW + 50)
    await scene.store.petitions.request_publishing([LETTER.id])
    assert await scene.store.petitions.list_due(INSTALLATION, NOW + 50) == [due]
    await scene.store.petitions.retry_now([LETTER.id])
    assert [each.attempts for each in await scene.store.petitions.list_due(INSTALLATION, NOW)] == [0]


async def test_late_news_that_contradict_what_is_known_have_github_asked(scene: Scene) -> None:
    fact = await scene.change_issue(replace(scene.issue, locked=True))
    await settle(scene)
    await scene.store.record([replace(fact, as_of=fact.as_of - 50)])
    assert not await is_due(scene)
    await scene.store.record([replace(fact, issue=replace(fact.issue, locked=False), as_of=fact.as_of - 50)])
    assert await is_due(scene)


# Threads


async def thread(scene: Scene) -> ThreadToRead:
    found = await scene.store.threads.get(LETTER.id)
    assert found is not None
    return found


async def test_reading_is_put_off_until_its_time_or_a_new_request(scene: Scene) -> None:
    await scene.store.threads.postpone(await thread(scene), NOW + 10)
    assert await scene.store.threads.list_to_read(INSTALLATION, NOW) == []
    (put_off,) = await scene.store.threads.list_to_read(INSTALLATION, NOW + 10)
    assert put_off.attempts == 1
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, LETTER, as_of=500, reread=True)])
    (asked,) = await scene.store.threads.list_to_read(INSTALLATION, NOW)
    await scene.store.threads.mark_read(asked)
    assert (await thread(scene)).attempts == 0
    assert await scene.store.threads.list_to_read(INSTALLATION, 9e9) == []


async def test_a_request_that_came_while_reading_is_not_put_off(scene: Scene) -> None:
    before = await thread(scene)
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, LETTER, as_of=500, reread=True)])
    await scene.store.threads.postpone(before, NOW + 10)
    assert [each.issue_id for each in await scene.store.threads.list_to_read(INSTALLATION, NOW)] == [LETTER.id]


async def test_a_look_that_failed_becomes_a_request(scene: Scene) -> None:
    await settle(scene)
    await scene.store.threads.postpone(await thread(scene), NOW + 10)
    assert await scene.store.threads.list_to_read(INSTALLATION, NOW) == []
    assert [each.issue_id for each in await scene.store.threads.list_to_read(INSTALLATION, NOW + 10)] == [LETTER.id]


async def test_the_thread_that_waits_longest_is_looked_at_first(scene: Scene) -> None:
    other = replace(LETTER, id=2_000, number=8)
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, other, as_of=100)])
    await settle(scene)
    await scene.store.threads.mark_checked(LETTER.id, 300)
    await scene.store.threads.mark_checked(other.id, 200)
    found = await scene.store.threads.get_to_check(INSTALLATION, NOW, 250)
    assert found is not None
    assert found.issue_id == other.id
    assert await scene.store.threads.get_to_check(INSTALLATION, NOW, 200) is None
    assert await scene.store.threads.get_to_check(999, NOW, 250) is None


async def test_only_comments_that_are_there_are_held(scene: Scene) -> None:
    stays, goes, vanishes = [scene.fact(ADA, Sign()).comment for _ in range(3)]
    await scene.store.record_listing(LETTER.id, scene.clock, [stays, goes, vanishes], complete=True)
    assert len(await scene.store.threads.list_present(LETTER.id, scene.clock + 1)) == 3
    assert len(await scene.store.threads.list_present(LETTER.id, vanishes.created_at)) == 2
    await scene.delete(goes.id)
    await scene.store.record_listing(LETTER.id, scene.clock + 5, [stays], complete=True)
    assert len(await scene.store.threads.list_present(LETTER.id, 9_999)) == 1
    await scene.store.threads.record_gap(LETTER.id, 2)
    assert (await thread(scene)).gap == 2


async def test_what_changed_is_asked_for_since_the_last_listing_or_later(scene: Scene) -> None:
    await scene.store.record_listing(LETTER.id, 500, [], complete=True)
    assert (await thread(scene)).changes_since == 500
    await scene.store.threads.mark_checked(LETTER.id, 600)
    assert (await thread(scene)).changes_since == 500
    await scene.store.threads.mark_checked(LETTER.id, 600, 590)
    assert (await thread(scene)).changes_since == 590


# States and deliveries


async def test_a_change_of_state_is_given_out_once(scene: Scene) -> None:
    await scene.store.petitions.postpone(LETTER.id, 0.0, State.NOT_FOUND, 1, "Not Found")
    (told,) = await scene.store.states.take_changed()
    assert (told.state, told.was, told.detail) == (State.NOT_FOUND, State.FINE, "Not Found")
    assert await scene.store.states.take_changed() == []
    await scene.store.petitions.mark_published(LETTER.id, 1, 500)
    (told,) = await scene.store.states.take_changed()
    assert (told.state, told.was) == (State.FINE, State.NOT_FOUND)


async def test_two_processes_do_not_tell_the_same(scene: Scene) -> None:
    await scene.store.petitions.postpone(LETTER.id, 0.0, State.NOT_FOUND, 1)
    seen = [await scene.store.states.list_changed() for _ in range(2)]
    told = [await scene.store.states.mark_reported(one) for one in seen]
    assert [len(one) for one in told] == [1, 0]


async def test_failed_deliveries_are_kept_until_they_arrive_or_grow_old(store: Store) -> None:
    day = 86_400
    assert await store.deliveries.get_log_read_until() == 0
    old, kept, arrived = (FailedDelivery(guid, number, number * day) for number, guid in enumerate("abc", 1))
    await store.deliveries.record_log([old, kept, arrived], [], until=3 * day)
    await store.deliveries.mark_requested("b", 3 * day)
    await store.deliveries.record_log(
        [replace(kept, delivery_id=9, delivered_at=4 * day)], ["c"], until=int(4.5 * day)
    )
    assert await store.deliveries.list_failed() == [FailedDelivery("b", 9, 4 * day, asked_at=3 * day, asked=1)]
    assert await store.deliveries.get_log_read_until() == int(4.5 * day)
    await store.deliveries.drop("b")
    assert await store.deliveries.list_failed() == []
