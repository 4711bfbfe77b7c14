"""Bring the database to this version whose URL stands in the standard input: no secret for everybody to see."""

from __future__ import annotations

import asyncio
import sys

from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.store.migrations import migrate


async def _main() -> None:
    async with connect(read_address(sys.stdin.read())) as database:
        await migrate(database)


if __name__ == "__main__":
    asyncio.run(_main())
