"""Ask GitHub to repeat deliveries that did not reach us; it never does so by itself.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import structlog
from msgspec import Struct, field

from bot.github.app_client import GitHub, HookDelivery
from bot.github.errors import NotFound, Unprocessable
from bot.store import FailedDelivery, Store
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds

log = structlog.get_logger("redelivery")

REACH: Final = 3 * 86_400
"""How long GitHub keeps deliveries, in seconds."""

OVERLAP: Final = 300
"""Seconds of the log that are read twice: an attempt may be entered late."""

LONGEST: Final[Seconds] = 6 * 3600.0
"""The longest time between two requests for a delivery that keeps failing."""

MOST_PAGES: Final = 1_000
"""Of a hundred deliveries each; more would take too much of an hour's calls."""


async def redeliver_failed(store: Store, github: GitHub, now: Callable[[], EpochSeconds], interval: Seconds) -> int:
    """Read the log back to where it was last read, and request what has not arrived; return how many deliveries.

    A delivery that was requested is not requested again within `interval`, which doubles each time.
    """
    began = int(now())
    since = max(began - REACH, await store.deliveries.get_log_read_until() - OVERLAP)
    attempts = await read_log(github, since, MOST_PAGES)
    if not attempts.is_complete:
        # What is not read is found by discovery, later.
        log.warning("the log of deliveries is too long to read completely", pages=MOST_PAGES)
    known = {one.guid for one in await store.deliveries.list_failed()}
    failed = [FailedDelivery(one.guid, one.id, one.at) for one in attempts.failed()]
    await store.deliveries.record_log(failed, sorted(known & attempts.arrived), began)
    asked = 0
    for delivery in await store.deliveries.list_failed():
        if delivery.asked and now() < delivery.asked_at + min(interval * 2.0 ** (delivery.asked - 1), LONGEST):
            continue
        try:
            await github.redeliver(delivery.delivery_id)
        except (NotFound, Unprocessable) as error:
            log.info("a delivery cannot be repeated", delivery=delivery.guid, error=str(error))
            await store.deliveries.drop(delivery.guid)
        else:
            await store.deliveries.mark_requested(delivery.guid, int(now()))
            asked += 1
    if asked:
        log.info("requested failed deliveries again", deliveries=asked)
    return asked


class DeliveryLog(Struct):
    """Which deliveries have arrived and which failed. No more is kept of the log, which is long in a storm."""

    arrived: set[str] = field(default_factory=set)
    """The guids of those one attempt of which was good."""
    newest: HookDelivery | None = None
    """The newest attempt."""
    is_complete: bool = False
    """Whether it was read back as far as was wanted."""
    _latest: dict[str, HookDelivery] = field(default_factory=dict)

    def add(self, page: Iterable[HookDelivery]) -> None:
        """Add a part of the log, which goes from the newest to the oldest.

        GitHub's own filter of failures knows only answers; who got no answer at all is not among them.
        """
        for one in page:
            self.newest = self.newest or one
            if one.status == "OK":
                self.arrived.add(one.guid)
                self._latest.pop(one.guid, None)
            elif one.guid not in self._latest or self._latest[one.guid].id < one.id:
                self._latest[one.guid] = one

    def failed(self) -> list[HookDelivery]:
        """List the latest attempts of those that have not arrived."""
        return [one for guid, one in self._latest.items() if guid not in self.arrived]


async def read_log(github: GitHub, since: WholeEpochSeconds, most_pages: int) -> DeliveryLog:
    """Read the log of deliveries back to a time, or so many pages of it."""
    attempts = DeliveryLog()
    cursor: str | None = None
    for _ in range(most_pages):
        page = await github.list_hook_deliveries(cursor)
        attempts.add(one for one in page.deliveries if one.at >= since)
        cursor = page.cursor
        if cursor is None or not page.deliveries or page.deliveries[-1].at < since:
            attempts.is_complete = True
            break
    return attempts
