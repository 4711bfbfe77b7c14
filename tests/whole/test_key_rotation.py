"""The webhook secret and the private key are exchanged as docs/OPERATING.md says, and nobody is lost by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from bot import app
from bot.config import Config
from tests.whole.scene import SWEEPING, Scene, scene

NEW = "another secret of this test"


async def test_secret_and_key_are_exchanged_and_nobody_is_lost(sqlite_url: str) -> None:
    async with scene(sqlite_url, start=False) as stage:
        credentials, deliveries = stage.sandbox.credentials, stage.sandbox.deliveries
        old = stage.config()
        async with running(stage, old):
            petition = stage.petition()
            stage.sign(petition, "ada")
            await stage.shows(petition, 1)
            credentials.add_key()

        # Nobody is there between two starts.
        stage.sign(petition, "grace")
        await stage.sandbox.settled()
        both = replace(old, webhook_secrets=(NEW, *old.webhook_secrets), private_key=credentials.private_key)
        async with running(stage, both):
            credentials.delete_old_keys()
            await stage.shows(petition, 2)
            stage.sign(petition, "alan")
            await stage.shows(petition, 3)
            await stage.sandbox.settled()
            deliveries.secret = NEW
            stage.sign(petition, "joan")
            await stage.shows(petition, 4)
            await stage.sandbox.settled()

        stage.sign(petition, "kurt")
        await stage.sandbox.settled()
        async with running(stage, replace(both, webhook_secrets=(NEW,))):
            await stage.shows(petition, 5)
            stage.sign(petition, "mary")
            await stage.shows(petition, 6)
            await stage.sandbox.settled()
        assert 401 not in {attempt.status_code for attempt in deliveries.log.attempts()}


@asynccontextmanager
async def running(stage: Scene, config: Config) -> AsyncIterator[None]:
    async with app.running(config, SWEEPING) as bot:
        stage.sandbox.deliveries.url = f"http://127.0.0.1:{bot.port}/webhook"
        yield
