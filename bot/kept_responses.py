"""What `sync` keeps of GitHub's responses from one run to the next."""

from __future__ import annotations

from bot.github.etag_cache import CachedResponse, EtagCache, ResponseStore
from bot.store import Store
from bot.store.deliveries_and_responses import KeptResponse


class KeptResponses(EtagCache):
    """The responses of the run before, and those that this one has asked for."""

    def __init__(self, store: ResponseStore, installation_id: int) -> None:
        super().__init__(store, installation_id)
        self._responses = store
        self._installation_id = installation_id
        self._used: set[str] = set()

    def get(self, url: str) -> CachedResponse | None:
        """Return the response that is kept, and keep it for the next run."""
        self._used.add(url)
        return super().get(url)

    async def load(self, store: Store) -> None:
        """Read what the run before has kept."""
        for one in await store.responses.list_all():
            self._responses[self._installation_id, one.url] = CachedResponse(
                one.etag, one.last_modified, one.data, one.next_url
            )

    async def save(self, store: Store) -> None:
        """Keep what this run has asked for, and nothing that was deleted since."""
        kept = [
            KeptResponse(url, one.etag, one.last_modified, one.next_url, one.data)
            for (_, url), one in self._responses.items()
            if url in self._used
        ]
        await store.responses.replace_all(kept)
