"""A petition on a real store, and a web server that shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from bot.links import Addresses
from bot.petition.facts_from_github import Repository
from bot.store import Store
from bot.web.monitoring import Monitoring
from bot.web.petition_requests import PagesContext
from bot.web.server import create_app
from tests.store.scene import REPOSITORY
from tests.store.scene import Scene as Petition

NOW = 1_795_000_000.0
PAGE = "/petitions/acme/letters/7"
PUBLIC = "https://petitions.example.org"
LOCAL = "http://localhost:8080"
"""Where the server was started, as far as it knows."""

Client = TestClient[web.Request, web.Application]


@dataclass
class Scene:
    """Who asks, and the petition that is asked for."""

    client: Client
    petition: Petition

    async def get(self, path: str, status: int = 200, **headers: str) -> str:
        """Ask as a browser does, unless `Accept` says otherwise; the answer must have this status."""
        async with self.client.get(
            path, headers={"Accept": "text/html", **headers}, allow_redirects=False
        ) as answer:
            text = await answer.text(errors="replace")
            assert answer.status == status, text
            return text

    async def make_private(self, private: bool = True) -> str:
        """Hide the repository; gives the petition's key."""
        self.petition.repository = replace(self.petition.repository, private=private)
        await self.petition.change_issue()
        return (await self.petition.snapshot()).page_key


@asynccontextmanager
async def serving(
    database_url: str, repository: Repository = REPOSITORY, public_url: str | None = PUBLIC
) -> AsyncIterator[Scene]:
    store = await Store.open(database_url)
    petition = Petition(store, clock=1_794_900_000, repository=repository)
    await petition.label()
    application = create_app(
        record=store.record, secrets=["s"], monitoring=Monitoring(ready), context=pages_context(store, public_url)
    )
    try:
        async with TestClient(TestServer(application)) as client:
            yield Scene(client, petition)
    finally:
        await store.close()


def pages_context(store: Store, public_url: str | None = None) -> PagesContext:
    return PagesContext(store.rosters, Addresses(public_url=public_url), lambda: NOW, [LOCAL])


async def ready() -> dict[str, bool]:
    return {"database": True}
