"""What GitHub delivers of the story: webhooks of the repositories, whose log of deliveries shows each payload.

https://docs.github.com/en/rest/repos/webhooks
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from bot.rehearsal.client import RehearsalClient
from bot.rehearsal.observations import Observations, Request, Response
from bot.time_types import Seconds

MARK: Final = "undersigned-rehearsal"
"""In the query of every webhook's address; what a run leaves behind is found by it."""

WANTED: Final = (
    ("issue_comment", "edited"),
    ("issue_comment", "deleted"),
    ("issues", "transferred"),
    ("issues", "opened"),
)
PAUSE: Final[Seconds] = 15.0
"""How long GitHub may take to deliver."""


async def make_webhooks(client: RehearsalClient, seen: Observations, repositories: Iterable[str], url: str) -> None:
    """Make a webhook in each repository; the reason is recorded where that is refused."""
    await delete_webhooks(client, repositories)
    address = f"{url}{'&' if '?' in url else '?'}{MARK}"
    data = {"config": {"url": address, "content_type": "json"}, "events": ["issues", "issue_comment"]}
    for repository in repositories:
        made = await client.send(Request("POST", f"/repos/{repository}/hooks", data))
        if made.refusal:
            seen.reasons["told"] = f"the webhook in {repository} could not be made: {made.refusal}"


async def read_deliveries(client: RehearsalClient, seen: Observations, repositories: Iterable[str]) -> None:
    """Record the payloads that the checks look at as the step `told`."""
    if "told" in seen.reasons:
        return
    await client.pause(PAUSE)
    payloads: list[Any] = []
    headers: Mapping[str, str] = {}
    for repository in repositories:
        for hook in await _ours(client, repository):
            base = f"/repos/{repository}/hooks/{hook}/deliveries"
            listed = await client.send(Request("GET", f"{base}?per_page=100"))
            headers = listed.headers
            for one in listed.body if not listed.refusal else ():
                if (one["event"], one["action"]) in WANTED:
                    whole = await client.send(Request("GET", f"{base}/{one['id']}"))
                    if whole.refusal:
                        seen.reasons["told"] = f"GitHub does not show a delivery: {whole.refusal}"
                        return
                    payloads.append(whole.body["request"]["payload"])
    seen.responses["told"] = Response(200, headers, payloads)


async def delete_webhooks(client: RehearsalClient, repositories: Iterable[str]) -> list[str]:
    """Delete the webhooks of this rehearsal and of earlier ones, and return what was done."""
    lines = []
    for repository in repositories:
        for hook in await _ours(client, repository):
            gone = await client.send(Request("DELETE", f"/repos/{repository}/hooks/{hook}"))
            lines.append(f"The webhook in {repository} {'is deleted' if not gone.refusal else 'stays'}.")
    return lines


async def _ours(client: RehearsalClient, repository: str) -> list[int]:
    """List our webhooks; none where the token may not see any."""
    found = await client.send(Request("GET", f"/repos/{repository}/hooks?per_page=100"))
    return [] if found.refusal else [one["id"] for one in found.body if MARK in one["config"].get("url", "")]
