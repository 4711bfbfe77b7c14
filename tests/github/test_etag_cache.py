from __future__ import annotations

import json
from typing import Any

from bot.github.etag_cache import CachedResponse, EtagCache, make_response_store
from sandbox import shapes
from sandbox.server import Sandbox
from tests.chance import dice

PAGE = "https://api.github.com/repositories/7/issues/1/comments?per_page=100&page=1"


def page(sandbox: Sandbox) -> list[Any]:
    letter = sandbox.petition()
    comments = [sandbox.comment(letter, f"person-{number}", "/sign Ada Lovelace, Engines") for number in range(100)]
    return [shapes.comment(sandbox.world, comment) for comment in comments]


def response(data: object, next_url: str | None = None) -> CachedResponse:
    return CachedResponse('"etag"', None, data, next_url)


def test_what_is_read_is_kept_and_nothing_else() -> None:
    store = make_response_store(100_000)
    cache = EtagCache(store, 5)
    cache.put(PAGE, response([{"id": 1, "body": "/sign", "user": {"id": 2, "login": "ada", "url": "…"}}], PAGE))
    assert cache.get(PAGE) == response([{"id": 1, "body": "/sign", "user": {"id": 2, "login": "ada"}}], PAGE)
    assert list(store) == [(5, PAGE)]


def test_what_one_installation_drops_another_keeps() -> None:
    store = make_response_store(100_000)
    one, other = EtagCache(store, 1), EtagCache(store, 2)
    for number in range(3):
        one.put(f"{PAGE}{number}", response([]))
        other.put(f"{PAGE}{number}", response([]))
    one.clear()
    assert [one.get(f"{PAGE}{number}") for number in range(3)] == [None] * 3
    assert [other.get(f"{PAGE}{number}") for number in range(3)] == [response([])] * 3


DICE = dice(7)


def noise(length: int) -> str:
    """Return a text that cannot be compressed to less than half of it."""
    return DICE.randbytes(length // 2).hex()


async def test_a_page_of_comments_takes_a_fiftieth_of_its_size(sandbox: Sandbox) -> None:
    shown = page(sandbox)
    store = make_response_store(10_000_000)
    EtagCache(store, 5).put(PAGE, response(shown))
    assert store.currsize < len(json.dumps(shown)) / 50
    assert store.currsize < 6_000


def test_the_store_never_holds_more_than_its_size() -> None:
    store = make_response_store(20_000)
    one, other = EtagCache(store, 1), EtagCache(store, 2)
    for number in range(200):
        one.put(f"{PAGE}{number}", response({"body": noise(1000)}))
        other.put(f"{PAGE}{number}", response({"body": noise(10_000)}))
    assert store.currsize <= 20_000
    assert 0 < sum(installation_id == 1 for installation_id, _ in store) < 20
    assert not any(installation_id == 2 for installation_id, _ in store)
    assert one.get(f"{PAGE}0") is None
