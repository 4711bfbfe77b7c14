"""Whatever GitHub has delivered once changes nothing when it comes again, the next day or in any order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import pytest

from bot.github import webhooks
from bot.store import Store
from bot.store.engine.database import Row, Transaction
from bot.store.engine.sqlite import SqliteDatabase
from sandbox.deliveries import Delivery
from sandbox.server import Sandbox
from sandbox.world import Event
from tests.store.scene import record_write

DELIVERIES = sorted((event, action) for event, route in webhooks._ROUTES.items() for action in route.actions)
"""Every event and action that we act on."""

READ, SAVED, WRITTEN = "Dear council", "Dear council, please", "Dear council\n\nand our block"
"""What the bot read, what somebody saved meanwhile, and what the bot wrote over it."""

BOOKKEEPING = {
    # That somebody asks again to have the comments read, or to look at an issue, is no change of what is known.
    "threads": {"reread", "reread_asked_at", "read_attempts", "read_retry_at"},
    "petitions": {"revision", "changed_at"},
    "installations": {"survey_asked"},
}


class Clock:
    """A minute passes with each look at it."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        self.now += 60.0
        return self.now


def life() -> tuple[list[Event], int, int]:
    """Give what is delivered in the life of some petitions, in which everything happens that we act on.

    Gives also the issue whose body the bot writes, and what this issue has become by the end.
    """
    sandbox = Sandbox(now=Clock())
    told = list[Event]()
    sandbox.world.on_event.append(told.append)
    letters = sandbox.repository("league/letters")
    owner = letters.owner
    (installation,) = sandbox.world.installations.values()
    petition = sandbox.petition("Keep the lights on", READ, repository=letters)
    ada, grace = sandbox.comment(petition, "ada", "/sign Ada"), sandbox.comment(petition, "grace", "/sign")
    alan = sandbox.comment(petition, "alan", "/sign Alan, Bletchley")
    sandbox.comments.edit(ada, ada.user, "/unsign")
    sandbox.comments.edit(ada, ada.user, "/sign Ada Lovelace")
    sandbox.comments.hide(grace, owner)
    sandbox.comments.unhide(grace, owner)
    sandbox.comments.pin(alan, owner)
    sandbox.comments.unpin(alan, owner)
    sandbox.comments.delete(alan, alan.user)
    sandbox.issues.edit(petition, owner, SAVED)
    sandbox.issues.edit(petition, sandbox.world.app.bot, WRITTEN)
    sandbox.issues.close(petition, owner)
    sandbox.issues.reopen(petition, owner)
    sandbox.issues.lock(petition, owner)
    sandbox.issues.unlock(petition, owner)
    sandbox.issues.unlabel(petition, owner, "petition")
    sandbox.issues.label(petition, owner, "petition")
    sandbox.repositories.privatize(letters, owner)
    sandbox.repositories.publicize(letters, owner)
    sandbox.repositories.archive(letters, owner)
    sandbox.repositories.unarchive(letters, owner)
    sandbox.repositories.rename(letters, owner, "open-letters")
    archive = sandbox.repository("league/archive")
    arrived = sandbox.issues.transfer(petition, owner, archive)
    gone = sandbox.petition("Never mind", "x", repository=archive)
    sandbox.comment(gone, "ada", "/sign")
    sandbox.issues.delete(gone, owner)
    doomed = sandbox.repository("league/doomed")
    sandbox.comment(sandbox.petition("Lost", "y", repository=doomed), "ada", "/sign")
    sandbox.repositories.delete(doomed, owner)
    other = sandbox.repository("guild/hall").owner
    moved = sandbox.repository("league/moved")
    sandbox.comment(sandbox.petition("Moving", "z", repository=moved), "ada", "/sign")
    sandbox.repositories.transfer(moved, owner, other)
    sandbox.installations.remove_repositories(installation, archive)
    sandbox.installations.add_repositories(installation, archive)
    sandbox.installations.grant(installation, {**installation.permissions, "contents": "read"}, installation.events)
    sandbox.installations.suspend(installation)
    sandbox.installations.unsuspend(installation)
    sandbox.installations.delete(next(one for one in sandbox.world.installations.values() if one.account is other))
    return told, petition.id, arrived.id


LIFE, ISSUE, ARRIVED = life()


async def live(store: Store) -> None:
    """Have everything delivered for the first time; what our write has replaced is put back."""
    await record_write(store, ISSUE, READ, WRITTEN)
    await replay(store, LIFE)
    known = await store.bodies.get(ARRIVED)
    assert known.lost == SAVED
    await store.bodies.mark_restored(ARRIVED, known.lost_by)


async def replay(store: Store, events: Sequence[Event]) -> None:
    for event in events:
        payload = webhooks.payload_of("application/json", _bytes(event))
        await store.record(webhooks.read(event.name, payload).facts)


async def contents(store: Store) -> dict[str, list[str]]:
    """Give all rows of all tables, but for what is only bookkeeping."""
    found: dict[str, list[str]] = {}
    sql = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if not isinstance(store.database, SqliteDatabase):
        sql = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
    for (table,) in await store.database.read(lambda work: work.fetch(sql)):
        rows = await store.database.read(partial(_rows, table=table))
        left_out = BOOKKEEPING.get(table, set())
        found[table] = sorted(
            repr([(name, value) for name, value in dict(cast("Any", row)).items() if name not in left_out])
            for row in rows
        )
    return found


def _rows(transaction: Transaction, table: str) -> Sequence[Row]:
    return transaction.fetch(f"SELECT * FROM {table}")  # noqa: S608 - a name of ours


def _bytes(event: Event) -> bytes:
    return Delivery("", event.name, event.action, None, None, Delivery.pack(event.payload)).payload


def test_everything_that_we_act_on_happens_in_this_life() -> None:
    assert {(event.name, event.action) for event in LIFE} >= set(DELIVERIES)


@pytest.mark.parametrize(("name", "action"), DELIVERIES)
async def test_an_old_delivery_changes_nothing(sqlite_url: str, name: str, action: str) -> None:
    store = await Store.open(sqlite_url, now=lambda: 1_800_000_000.0)
    await live(store)
    before = await contents(store)
    old = [event for event in LIFE if (event.name, event.action) == (name, action)]
    await replay(store, [*old, *old])
    assert await contents(store) == before
    assert all(before[table] for table in ("signatures", "letters", "writes", "bodies"))
    await store.close()


@pytest.mark.parametrize("seed", range(3))
async def test_a_whole_life_comes_again_in_any_order_and_changes_nothing(database_url: str, seed: int) -> None:
    store = await Store.open(database_url, now=lambda: 1_800_000_000.0)
    await live(store)
    before = await contents(store)
    await replay(store, random.Random(seed).sample(LIFE, len(LIFE)))  # noqa: S311 - the same every time
    assert await contents(store) == before
    await store.close()
