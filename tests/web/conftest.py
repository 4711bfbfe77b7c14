from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.web.scene import Scene, serving


@pytest.fixture
async def scene(sqlite_url: str) -> AsyncIterator[Scene]:
    async with serving(sqlite_url) as scene:
        yield scene
