"""A bot as gidgethub's documentation shows it: validate, decode the whole event, find its handler."""

from __future__ import annotations

import uvloop
from aiohttp import web
from gidgethub import routing, sansio

from benchmarks.deliveries import SECRET
from benchmarks.rivals.bare import listen

router = routing.Router()
signers: set[int] = set()


@router.register("issue_comment", action="created")
async def commented(event: sansio.Event) -> None:
    """Notice who signs, as a bot would that then writes the issue's body."""
    comment = event.data["comment"]
    if comment["body"].startswith("/sign"):
        signers.add(comment["user"]["id"])


async def handle(request: web.Request) -> web.Response:
    """Answer one delivery."""
    body = await request.read()
    event = sansio.Event.from_http(request.headers, body, secret=SECRET)
    await router.dispatch(event)
    return web.Response()


if __name__ == "__main__":
    uvloop.run(listen(handle))
