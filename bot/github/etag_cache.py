"""What GitHub answered before, so that asking again costs nothing where nothing has changed.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, MutableMapping
from typing import Any, get_args

import msgspec
from cachetools import LRUCache

from bot.github.models.rest import REMEMBERED

Remembered = tuple[str | None, str | None, Any, str | None]
"""ETag, Last-Modified, the answer and the address of the next page, as gidgethub wants them."""

Room = LRUCache[tuple[int, str], Remembered]
"""Shared by all installations, so that thousands of them take no more memory than one; nobody sees another's."""

FAST = 1
"""How hard to compress: names of fields and times repeat so much that more effort saves little."""


def room(size: int) -> Room:
    """Make room for about `size` bytes of answers; what was not asked for the longest is forgotten first."""
    return LRUCache(size, getsizeof=lambda remembered: len(remembered[2]) + 500)


class EtagCache(MutableMapping[str, Remembered]):
    """One installation's place in the room, by URL.

    Only the fields that are read are kept, encoded and compressed: some 5 kB for a page of a hundred comments,
    where the whole decoded answer would take megabytes.
    """

    def __init__(self, room: Room, installation_id: int) -> None:
        self._room = room
        self._id = installation_id

    def __getitem__(self, url: str) -> Remembered:
        etag, modified, packed, more = self._room[self._id, url]
        return etag, modified, msgspec.json.decode(zlib.decompress(packed)), more

    def __setitem__(self, url: str, remembered: Remembered) -> None:
        etag, modified, data, more = remembered
        packed = zlib.compress(msgspec.json.encode(_needed(data)), FAST)
        if len(packed) < self._room.maxsize / 8:
            self._room[self._id, url] = etag, modified, packed, more

    def __delitem__(self, url: str) -> None:
        del self._room[self._id, url]

    def __iter__(self) -> Iterator[str]:
        return (url for installation_id, url in self._room if installation_id == self._id)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _needed(data: Any) -> Any:
    match data:
        case dict():
            return {name: _needed(value) for name, value in data.items() if name in _NAMES}
        case list():
            return [_needed(item) for item in data]
        case _:
            return data


def _names(kind: Any) -> Iterator[str]:
    """Name every field of a struct and of the structs in it."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            yield field.encode_name
            yield from _names(field.type)
    for inner in get_args(kind):
        yield from _names(inner)


_NAMES = frozenset(name for kind in REMEMBERED for name in _names(kind))
