"""Bots that ours is compared with: `python -m benchmarks.gidgethub_bots typical|naive`.

*Typical* is as gidgethub's documentation shows it: it validates, decodes the whole event, and finds its handler.
*Naive* is what everybody writes first: for each comment it reads the body, adds a line, and writes the body. It
takes its configuration from the same environment as ours.
"""

from __future__ import annotations

import os
import re
import sys

import aiohttp
import uvloop
from aiohttp import web
from gidgethub import aiohttp as gh_aiohttp
from gidgethub import apps, routing, sansio

from benchmarks.bare_server import listen
from benchmarks.deliveries import SECRET

router = routing.Router()
signers: set[int] = set()


@router.register("issue_comment", action="created")
async def commented(event: sansio.Event) -> None:
    """Record who signs, as a bot would that then writes the issue's body."""
    comment = event.data["comment"]
    if comment["body"].startswith("/sign"):
        signers.add(comment["user"]["id"])


async def dispatch(request: web.Request) -> web.Response:
    """Answer a delivery to the typical bot."""
    event = sansio.Event.from_http(request.headers, await request.read(), secret=SECRET)
    await router.dispatch(event)
    return web.Response()


_TALLY = re.compile(r"\n\n\d+ people have signed:\n((?:- .*\n)*)$")


def signatures(body: str | None) -> list[str]:
    """Return the lines of the list at the end of a body that the naive bot wrote."""
    found = _TALLY.search(body or "")
    return found[1].splitlines() if found else []


def with_signature(body: str | None, login: str) -> str:
    """Add a line to the list at the body's end, once for each person."""
    lines = signatures(body)
    if f"- {login}" not in lines:
        lines.append(f"- {login}")
    letter = _TALLY.sub("", body or "")
    return f"{letter}\n\n{len(lines)} people have signed:\n" + "".join(f"{line}\n" for line in lines)


_tokens: dict[int, str] = {}
"""They last for an hour, and a storm for a minute."""


async def _token(github: gh_aiohttp.GitHubAPI, installation: int) -> str:
    if installation not in _tokens:
        answer = await apps.get_installation_access_token(
            github, installation_id=str(installation), app_id=os.environ["GITHUB_APP_ID"],
            private_key=os.environ["GITHUB_PRIVATE_KEY"],
        )  # fmt: skip
        _tokens[installation] = str(answer["token"])
    return _tokens[installation]


async def _add(event: sansio.Event, github: gh_aiohttp.GitHubAPI) -> None:
    """Read, change, write."""
    if event.data["comment"]["body"].startswith("/sign"):
        issue = await github.getitem(event.data["issue"]["url"])
        body = with_signature(issue["body"], event.data["comment"]["user"]["login"])
        await github.patch(event.data["issue"]["url"], data={"body": body})


async def read_and_write(request: web.Request) -> web.Response:
    """Answer a delivery to the naive bot."""
    secret = os.environ["GITHUB_WEBHOOK_SECRET"]
    event = sansio.Event.from_http(request.headers, await request.read(), secret=secret)
    async with aiohttp.ClientSession() as session:
        github = gh_aiohttp.GitHubAPI(session, "naive", base_url=os.environ["GITHUB_API_URL"])
        if "installation" in event.data:
            github.oauth_token = await _token(github, event.data["installation"]["id"])
        if event.event == "issue_comment" and event.data["action"] == "created":
            await _add(event, github)
    return web.Response()


if __name__ == "__main__":
    uvloop.run(listen({"typical": dispatch, "naive": read_and_write}[sys.argv[1]]))
