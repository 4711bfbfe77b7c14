"""The bot that everybody writes first: for each comment it reads the body, adds a line, and writes the body.

`python -m benchmarks.rivals.naive` takes its configuration from the same environment as ours.
"""

from __future__ import annotations

import os
import re

import aiohttp
import uvloop
from aiohttp import web
from gidgethub import aiohttp as gh_aiohttp
from gidgethub import apps, sansio

from benchmarks.rivals.bare import listen

_TALLY = re.compile(r"\n\n\d+ people have signed:\n((?:- .*\n)*)$")


def signatures(body: str | None) -> list[str]:
    """Return the lines of the list at the body's end."""
    found = _TALLY.search(body or "")
    return found[1].splitlines() if found else []


def with_signature(body: str | None, login: str) -> str:
    """Add a line to the list at the body's end, once for each person."""
    lines = signatures(body)
    if f"- {login}" not in lines:
        lines.append(f"- {login}")
    letter = _TALLY.sub("", body or "")
    return f"{letter}\n\n{len(lines)} people have signed:\n" + "".join(f"{line}\n" for line in lines)


async def sign(event: sansio.Event, github: gh_aiohttp.GitHubAPI) -> None:
    """Read, change, write."""
    if event.data["comment"]["body"].startswith("/sign"):
        issue = await github.getitem(event.data["issue"]["url"])
        body = with_signature(issue["body"], event.data["comment"]["user"]["login"])
        await github.patch(event.data["issue"]["url"], data={"body": body})


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


async def handle(request: web.Request) -> web.Response:
    """Answer one delivery."""
    secret = os.environ["GITHUB_WEBHOOK_SECRET"]
    event = sansio.Event.from_http(request.headers, await request.read(), secret=secret)
    async with aiohttp.ClientSession() as session:
        github = gh_aiohttp.GitHubAPI(session, "naive", base_url=os.environ["GITHUB_API_URL"])
        if "installation" in event.data:
            github.oauth_token = await _token(github, event.data["installation"]["id"])
        if event.event == "issue_comment" and event.data["action"] == "created":
            await sign(event, github)
    return web.Response()


if __name__ == "__main__":
    uvloop.run(listen(handle))
