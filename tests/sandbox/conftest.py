"""A running sandbox with a mailbox for its deliveries and somebody to call its API."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.server import Sandbox
from tests.sandbox.scene import Api, Clock, Mailbox


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    mailbox = await Mailbox().open()
    yield mailbox
    await mailbox.close()


@pytest.fixture
async def sandbox(clock: Clock, mailbox: Mailbox) -> AsyncIterator[Sandbox]:
    sandbox = Sandbox(now=clock)
    await sandbox.start()
    sandbox.deliveries.url = mailbox.url
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def api(sandbox: Sandbox) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(sandbox, session)
