"""The log of deliveries: a line for each of them up to a rate, and beyond it a sum every second."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web

from bot.github.webhooks import Delivery
from bot.units import Seconds

LINES_PER_PERIOD: Final = 10
"""More lines than this a second are not readable, and would fill the disk."""

PERIOD: Final[Seconds] = 1.0
"""The interval of sums."""

MAX_LOGGED_HEADER: Final = 64
"""Characters of GitHub's headers that are logged; its GUIDs have 36."""

Log = structlog.typing.FilteringBoundLogger


class LogSampler:
    """Decides which deliveries get their own line, and counts the others by outcome."""

    def __init__(self, log: Log, event: str) -> None:
        self._log = log
        self._event = event
        self._period_ends = 0.0
        self._lines = 0
        self._left_out: Counter[str] = Counter()

    def has_line_for(self, outcome: str) -> bool:
        """Return whether to write a line; if not, the outcome is counted for the sum."""
        now = time.monotonic()
        if now >= self._period_ends:
            self._period_ends, self._lines = now + PERIOD, 0
        self._lines += 1
        if self._lines <= LINES_PER_PERIOD:
            return True
        if not self._left_out:
            asyncio.get_running_loop().call_later(PERIOD, self._sum_up)
        self._left_out[outcome] += 1
        return False

    def _sum_up(self) -> None:
        # First of all: where logging fails, there must still be a next sum.
        left_out, self._left_out = self._left_out, Counter()
        self._log.info(self._event, **left_out)


def log_delivery(log: Log, request: web.Request, delivery: Delivery, outcome: str, milliseconds: float) -> None:
    """Log a delivery that was accepted."""
    log.info(
        "delivery",
        delivery=request.headers["X-GitHub-Delivery"],
        github_event=delivery.event,
        action=delivery.action,
        repository=delivery.repository_id,
        status=200,
        outcome=outcome,
        ms=milliseconds,
        **({"unread": delivery.unread} if delivery.unread else {}),
    )


def log_refusal(log: Log, request: web.Request, status: HTTPStatus, reason: Exception, milliseconds: float) -> None:
    """Log a delivery that was refused; an error of ours with its traceback."""
    error = reason.__cause__ if status is HTTPStatus.INTERNAL_SERVER_ERROR else None
    (log.warning if error is None else log.error)(
        "delivery refused",
        delivery=_printable(request.headers.get("X-GitHub-Delivery")),
        github_event=_printable(request.headers.get("X-GitHub-Event")),
        status=int(status),
        outcome=str(reason),
        ms=milliseconds,
        **({} if error is None else {"exc_info": error}),
    )


def _printable(text: str | None) -> str | None:
    """Return the beginning of a header, without characters that steer a terminal."""
    return None if text is None else "".join(filter(str.isprintable, text[:MAX_LOGGED_HEADER]))
