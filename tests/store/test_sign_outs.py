"""Whose sessions have ended, by the database's own order."""

from __future__ import annotations

import asyncio

from bot.store import Store
from bot.store.sign_outs import KEPT, end_all_sessions
from tests.store.conftest import NOW
from tests.store.scene import ADA, Scene, rows

GRACE = 7
OF_PEOPLE = "SELECT user_id FROM sign_outs WHERE user_id > 0"


async def is_good(store: Store, user_id: int, number: int) -> bool:
    return number >= await store.sign_outs.get_not_before(user_id)


async def test_what_was_made_before_a_sign_out_is_ended_and_nothing_else(store: Store) -> None:
    signs = store.sign_outs
    first = await signs.get_number()
    assert await is_good(store, GRACE, first)
    for _ in range(3):
        await signs.end_sessions(GRACE, NOW)
        assert not await is_good(store, GRACE, first)
        assert await is_good(store, ADA.id, first)
        first = await signs.get_number()
        assert await is_good(store, GRACE, first)
    assert len(await rows(store, OF_PEOPLE)) == 1


async def test_a_clock_that_goes_back_ends_sessions_all_the_same(store: Store) -> None:
    await store.sign_outs.end_sessions(GRACE, NOW + 5_000)
    number = await store.sign_outs.get_number()
    await store.sign_outs.end_sessions(GRACE, NOW - 5_000)
    assert not await is_good(store, GRACE, number)


async def test_many_who_sign_out_at_once_can_all_sign_in_again(database_url: str) -> None:
    stores = [await Store.open(database_url) for _ in range(2)]
    await asyncio.gather(
        *(stores[n % 2].sign_outs.end_sessions(n, NOW + n / 1_000_000 * (-1) ** n) for n in range(1, 21))
    )
    number = await stores[0].sign_outs.get_number()
    assert [n for n in range(1, 21) if not await is_good(stores[1], n, number)] == []
    numbers = [row[0] for row in await rows(stores[0], "SELECT not_before FROM sign_outs WHERE user_id > 0")]
    assert len(set(numbers)) == 20
    for store in stores:
        await store.close()


async def test_a_sign_out_is_kept_for_a_day(store: Store) -> None:
    await store.sign_outs.end_sessions(GRACE, NOW)
    await store.sign_outs.end_sessions(ADA.id, NOW + KEPT - 1)
    assert len(await rows(store, OF_PEOPLE)) == 2
    await store.sign_outs.end_sessions(ADA.id, NOW + KEPT + 1)
    assert [row[0] for row in await rows(store, OF_PEOPLE)] == [ADA.id]


async def test_of_who_is_forgotten_no_sign_out_is_left_and_no_session_comes_back(scene: Scene) -> None:
    signs = scene.store.sign_outs
    stolen = await signs.get_number()
    await signs.end_sessions(ADA.id, NOW)
    later = await signs.get_number()
    await scene.store.privacy.forget([ADA.id])
    assert await rows(scene.store, OF_PEOPLE) == []
    assert not await is_good(scene.store, ADA.id, stolen)
    assert await is_good(scene.store, ADA.id, later)
    await scene.store.privacy.forget([ADA.id, GRACE])
    assert await is_good(scene.store, GRACE, await signs.get_number())


async def test_where_it_was_lost_who_signed_out_everybody_signs_in_again(store: Store) -> None:
    before = await store.sign_outs.get_number()
    await store.database.write(lambda work: end_all_sessions(work, NOW))
    assert not await is_good(store, GRACE, before)
    assert await is_good(store, GRACE, await store.sign_outs.get_number())
