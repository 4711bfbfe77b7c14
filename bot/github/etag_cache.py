"""What GitHub answered before, so that asking again costs nothing where nothing has changed.

https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, get_args

import msgspec
from cachetools import LRUCache

from bot.github.models.rest import CACHED

COMPRESSION: Final = 1
"""How hard to compress: names of fields and times repeat so much that more effort saves little."""


class CachedResponse(NamedTuple):
    """A response with what GitHub needs to tell whether it still holds."""

    etag: str | None
    last_modified: str | None
    data: Any
    next_url: str | None


ResponseStore = LRUCache[tuple[int, str], CachedResponse]
"""By installation and URL, with packed `data`.

All installations share it, so that thousands of them take no more memory than one; nobody sees another's.
"""


def make_response_store(size: int) -> ResponseStore:
    """Return a store for about `size` bytes of responses; the least recently used are dropped first."""
    return LRUCache(size, getsizeof=lambda response: len(response.data) + 500)


class EtagCache:
    """One installation's part of the store, by URL.

    Only the fields that are read are kept, encoded and compressed: some 5 kB for a page of a hundred comments,
    where the whole decoded response would take megabytes.
    """

    def __init__(self, store: ResponseStore, installation_id: int) -> None:
        self._store = store
        self._id = installation_id

    def get(self, url: str) -> CachedResponse | None:
        """Return the response that was put here last, or None."""
        response = self._store.get((self._id, url))
        if response is None:
            return None
        return response._replace(data=msgspec.json.decode(zlib.decompress(response.data)))

    def put(self, url: str, response: CachedResponse) -> None:
        """Keep a response, unless it would fill an eighth of the whole store."""
        packed = zlib.compress(msgspec.json.encode(_fields_we_read(response.data)), COMPRESSION)
        if len(packed) < self._store.maxsize / 8:
            self._store[self._id, url] = response._replace(data=packed)

    def clear(self) -> None:
        """Drop everything of this installation."""
        for key in [key for key in self._store if key[0] == self._id]:
            del self._store[key]


def _fields_we_read(data: Any) -> Any:
    match data:
        case dict():
            return {name: _fields_we_read(value) for name, value in data.items() if name in _NAMES}
        case list():
            return [_fields_we_read(item) for item in data]
        case _:
            return data


def _names(kind: Any) -> Iterator[str]:
    """Return the names of all fields of a struct and of the structs in it."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        for field in msgspec.structs.fields(kind):
            yield field.encode_name
            yield from _names(field.type)
    for inner in get_args(kind):
        yield from _names(inner)


_NAMES = frozenset(name for kind in CACHED for name in _names(kind))
