"""What passes between the sandbox's GitHub and the bot, in words, and the feed of changes to open pages."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from sandbox.deliveries import Attempt, DeliveryLog

LOOK_SECONDS = 1.0
"""Seconds between two looks at what changes without telling: the log of deliveries, and whether anybody watches."""

SHOWN = 5
"""Lines of the feed; older ones are only counted."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said between GitHub and the bot; `inbound` is towards the bot. `at` is in UTC epoch seconds."""

    id: str
    at: float
    inbound: bool
    text: str
    detail: str
    ok: bool


class ActivityFeed:
    """Counts deliveries and API calls, puts the last of them into words, and reports changes to open pages."""

    def __init__(self, now: Callable[[], float], log: DeliveryLog) -> None:
        self.calls = 0
        self._now = now
        self._log = log
        self._latest_calls: deque[Line] = deque(maxlen=SHOWN)
        self._changes = 0
        self._closed = False
        self._changed = asyncio.Event()

    @property
    def deliveries(self) -> int:
        """Count the attempts to tell the bot something."""
        return len(self._log.attempts())

    @property
    def version(self) -> str:
        """Return a name of the present state; another state has another name."""
        return f"{self._changes}.{self.deliveries}"

    def called(self, method: str, path: str, status: int) -> None:
        """Record a call to the API and its answer; `path` is below the API's root."""
        self.calls += 1
        words = (text for verb, pattern, text in _CALLS if verb == method and re.fullmatch(pattern, path))
        short = re.sub(r"^/.+(/[^/]+/[^/]+)$", r"…\1", path)
        detail = f"{method} {short} · {status}"
        line = Line(f"call-{self.calls}", self._now(), False, next(words, "calls"), detail, status < 400)
        self._latest_calls.append(line)
        self.changed()

    def latest(self) -> list[Line]:
        """List the last of both, newest first."""
        attempts = [_line(attempt) for attempt in self._log.attempts()[:SHOWN]]
        return sorted([*reversed(self._latest_calls), *attempts], key=lambda line: -line.at)[:SHOWN]

    def changed(self) -> None:
        """Record a change and wake the open pages."""
        self._changes += 1
        self._wake()

    def close(self) -> None:
        """End the feed, so that the server can stop."""
        self._closed = True
        self._wake()

    async def watch(self, request: web.Request, headers: Mapping[str, str]) -> web.StreamResponse:
        """Send `change` whenever the version is not the last one sent, which is `since` of the query at first."""
        seen = request.query.get("since", "")
        response = web.StreamResponse(headers={**headers, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        with suppress(ConnectionResetError):  # the page has been closed
            while not self._closed:
                changed = self._changed
                if seen != self.version:
                    seen = self.version
                    await response.write(f"event: change\ndata: {seen}\n\n".encode())
                    continue
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await changed.wait()
                except TimeoutError:
                    await response.write(b": still here\n\n")
        return response

    def _wake(self) -> None:
        """Wake who watches; who looks from now on waits for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()


def _line(attempt: Attempt) -> Line:
    of = attempt.delivery
    name = of.event if of.action is None else f"{of.event}.{of.action}"
    ok = attempt.status == "OK"
    answer = str(attempt.status_code or attempt.status)
    return Line(
        f"delivery-{attempt.id}", attempt.delivered_at, True, _EVENTS.get(name, "another event"),
        f"{name} · {answer}", ok,
    )  # fmt: skip


_EVENTS = {
    "issue_comment.created": "a comment was written",
    "issue_comment.edited": "a comment was edited or hidden",
    "issue_comment.deleted": "a comment was deleted",
    "issues.opened": "the issue was opened",
    "issues.edited": "the issue’s text was edited",
    "issues.labeled": "a label was added",
    "issues.unlabeled": "a label was removed",
    "issues.closed": "the issue was closed",
    "issues.reopened": "the issue was reopened",
    "issues.locked": "the issue was locked",
    "issues.unlocked": "the issue was unlocked",
    "push": "a file was changed",
    "installation.created": "the App was installed",
    "ping": "the webhook was set up",
}

_REPOSITORY = r"/(?:repos/[^/]+/[^/]+|repositories/\d+)"
_CALLS = (
    ("POST", r"/app/installations/\d+/access_tokens", "asks for a token"),
    ("GET", rf"{_REPOSITORY}/issues/\d+", "reads the issue"),
    ("PATCH", rf"{_REPOSITORY}/issues/\d+", "edits the issue’s text"),
    ("GET", rf"{_REPOSITORY}/issues/\d+/comments", "reads the comments"),
    ("GET", rf"{_REPOSITORY}/issues", "searches for petitions"),
    ("GET", _REPOSITORY, "reads the repository"),
    ("POST", rf"{_REPOSITORY}/issues/comments/\d+/reactions", "reacts to a comment"),
    ("DELETE", rf"{_REPOSITORY}/issues/comments/\d+/reactions/\d+", "removes a reaction"),
    ("GET", r"/installation/repositories", "lists its repositories"),
    ("GET", r"/app/hook/deliveries.*", "searches for lost deliveries"),
    ("GET", r"/app.*", "looks at its registration"),
    ("POST", r"/graphql", "asks who edited what"),
)
