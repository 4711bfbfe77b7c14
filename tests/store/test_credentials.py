"""The App's credentials are kept once, replaced only on purpose, and found without changing anything."""

from __future__ import annotations

from pathlib import Path

from bot.store import Store, read_encrypted


async def test_the_first_app_stays_until_it_is_replaced_on_purpose(database_url: str) -> None:
    store = await Store.open(database_url)
    assert await store.credentials.get() is None
    assert [await store.credentials.add(text, 1) for text in ("first", "second")] == [True, False]
    assert await store.credentials.get() == "first"
    await store.credentials.replace("third", 2)
    assert await read_encrypted(database_url) == "third"
    await store.credentials.record_delivery(3)
    assert [await store.credentials.drop() for _ in range(2)] == [True, False]
    assert (await store.credentials.get(), await store.credentials.get_first_delivery_at()) == (None, None)
    await store.close()


async def test_the_first_delivery_is_noted_once(database_url: str) -> None:
    store = await Store.open(database_url)
    assert await store.credentials.get_first_delivery_at() is None
    await store.credentials.record_delivery(5)
    await store.credentials.record_delivery(9)
    assert await store.credentials.get_first_delivery_at() == 5
    await store.close()


async def test_looking_for_an_app_makes_no_database(tmp_path: Path, new_postgres_url: str) -> None:
    assert await read_encrypted(f"sqlite:///{tmp_path}/none.db") is None
    assert not (tmp_path / "none.db").exists()
    assert await read_encrypted(new_postgres_url) is None
