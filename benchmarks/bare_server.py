"""The server that ours is compared with: it reads a delivery's body and answers, and sends a page of fixed bytes.

It serves as our own bot does: on uvloop, without access log, with room for GitHub's largest body.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiohttp import web
from aiohttp.typedefs import Handler


async def handle(request: web.Request) -> web.Response:
    """Read the body, and nothing else."""
    await request.read()
    return web.Response()


async def listen(handler: Handler, page: bytes = b"") -> None:
    """Serve `POST /webhook`, `GET /healthz` and `GET /page` until killed, and print the port."""

    async def send_page(_request: web.Request) -> web.Response:
        return web.Response(body=page, content_type="text/html")

    application = web.Application(client_max_size=25 * 2**20 + 1)
    application.router.add_post("/webhook", handler)
    application.router.add_get("/healthz", _healthz)
    application.router.add_get("/page", send_page)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f'"port": {runner.addresses[0][1]}', flush=True)
    await asyncio.Event().wait()


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


if __name__ == "__main__":
    uvloop.run(listen(handle, b"x" * int(sys.argv[1] if len(sys.argv) > 1 else 0)))
