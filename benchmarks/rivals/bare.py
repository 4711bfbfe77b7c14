"""The least that aiohttp can do with a delivery: read its body and answer."""

from __future__ import annotations

from aiohttp import web

from benchmarks.rivals.listening import listen


async def handle(request: web.Request) -> web.Response:
    """Read the body, and nothing else."""
    await request.read()
    return web.Response()


if __name__ == "__main__":
    listen(handle)
