from __future__ import annotations

import json
from typing import Any

from bot.github.etag_cache import EtagCache, room
from sandbox import shapes
from sandbox.server import Sandbox
from tests.chance import dice

PAGE = "https://api.github.com/repositories/7/issues/1/comments?per_page=100&page=1"


def page(sandbox: Sandbox) -> list[Any]:
    letter = sandbox.petition()
    comments = [sandbox.comment(letter, f"person-{number}", "/sign Ada Lovelace, Engines") for number in range(100)]
    return [shapes.comment(sandbox.world, comment) for comment in comments]


def test_what_is_read_is_remembered_and_nothing_else() -> None:
    memory = EtagCache(room(100_000), 5)
    memory[PAGE] = '"etag"', None, [{"id": 1, "body": "/sign", "user": {"id": 2, "login": "ada", "url": "…"}}], PAGE
    assert memory[PAGE] == ('"etag"', None, [{"id": 1, "body": "/sign", "user": {"id": 2, "login": "ada"}}], PAGE)
    assert (list(memory), len(memory)) == ([PAGE], 1)
    del memory[PAGE]
    assert PAGE not in memory


DICE = dice(7)


def noise(length: int) -> str:
    """Make a text that cannot be compressed to less than half of it."""
    return DICE.randbytes(length // 2).hex()


async def test_a_page_of_comments_takes_a_fiftieth_of_its_room(sandbox: Sandbox) -> None:
    shown = page(sandbox)
    shared = room(10_000_000)
    EtagCache(shared, 5)[PAGE] = '"etag"', None, shown, None
    assert shared.currsize < len(json.dumps(shown)) / 50
    assert shared.currsize < 6_000


def test_the_room_is_never_overfilled() -> None:
    shared = room(20_000)
    one, other = EtagCache(shared, 1), EtagCache(shared, 2)
    for number in range(200):
        one[f"{PAGE}{number}"] = None, None, {"body": noise(1000)}, None
        other[f"{PAGE}{number}"] = None, None, {"body": noise(10_000)}, None
    assert shared.currsize <= 20_000
    assert 0 < len(one) < 20
    assert len(other) == 0
    assert one.get(f"{PAGE}0") is None
