"""Where organizers ask for it, accounts that are too young do not sign; anybody can count that again."""

from __future__ import annotations

import time

from bot.cli.verify import verify
from bot.github.petition_and_rules_reader import IssueName
from sandbox.faults import Failure, RequestFault
from sandbox.models import Issue, User
from tests.whole.recorded_calls import store_of, surveyed
from tests.whole.scene import Scene

DAY = 86_400


def person(stage: Scene, login: str, days: int) -> User:
    """Make somebody whose account is so many days old."""
    user = stage.sandbox.user(login)
    user.created_at = int(time.time()) - days * DAY
    return user


def settle_on(stage: Scene, petition: Issue, settings: str) -> None:
    petition.repository.files[".github/petition.yml"] = settings.encode()


async def agrees(stage: Scene) -> bool:
    return (await verify(IssueName("lovelace/letters", 1), stage.config())).recount.agrees


async def test_a_young_account_does_not_sign_where_organizers_ask_for_an_older_one(stage: Scene) -> None:
    settle_on(stage, stage.petition(), "minimum_account_age: 30")
    petition = stage.petition()
    person(stage, "ada", 400)
    person(stage, "sock", 3)
    old, young = stage.sign(petition, "ada"), stage.sign(petition, "sock")
    await stage.shows(petition, 1)
    await stage.reacted(old, "+1")
    await stage.reacted(young, "confused")
    assert (await verify(IssueName("lovelace/letters", 2), stage.config())).recount.agrees
    (found,) = (await store_of(stage).petitions.get_snapshot(petition.id, 9)).newest
    assert found.login == "ada"


async def test_the_age_is_asked_for_also_where_a_signature_stands_beside_a_command(stage: Scene) -> None:
    stage.organizer().created_at = int(time.time()) - 400 * DAY
    petition = stage.petition()
    settle_on(stage, petition, "minimum_account_age: 30")
    person(stage, "sock", 3)
    given = stage.sign(petition, "grace", "/sign\n/petition goal 4")
    tried = stage.sign(petition, "sock", "/sign\n/petition goal 5")
    await stage.shows(petition, 1)
    await stage.reacted(given, "+1")
    await stage.reacted(tried, "confused")
    assert await agrees(stage)


async def test_the_rule_can_be_switched_on_and_off(stage: Scene) -> None:
    petition = stage.petition()
    person(stage, "ada", 400)
    person(stage, "sock", 3)
    stage.sign(petition, "ada")
    stage.sign(petition, "sock")
    await stage.shows(petition, 2)
    settle_on(stage, petition, "minimum_account_age: 30")
    await surveyed(stage)
    await stage.shows(petition, 1)
    assert await agrees(stage)
    settle_on(stage, petition, "minimum_account_age: 2")
    await surveyed(stage)
    await stage.shows(petition, 2)
    settle_on(stage, petition, "minimum_account_age: 30")
    await surveyed(stage)
    await stage.shows(petition, 1)
    settle_on(stage, petition, "")
    await surveyed(stage)
    await stage.shows(petition, 2)
    assert await agrees(stage)


async def test_who_is_not_known_yet_waits_and_keeps_nobody_else_waiting(stage: Scene) -> None:
    petition = stage.petition()
    settle_on(stage, petition, "minimum_account_age: 30")
    person(stage, "ada", 400)
    person(stage, "grace", 400)
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    for _ in range(2):
        stage.sandbox.fault_injector.plan("POST /graphql", Failure(RequestFault.GRAPHQL_ERROR))
    stage.sign(petition, "grace")
    await stage.shows(petition, 2)
    assert await agrees(stage)
