"""Ask GitHub to repeat deliveries that did not reach us; it never does so by itself.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import structlog

from bot.github.answers import HookDelivery
from bot.github.client import GitHub
from bot.github.errors import NotFound, Unprocessable
from bot.store import FailedDelivery, Store

log = structlog.get_logger("sweep")

REACH: Final = 3 * 86_400
"""Seconds for which GitHub keeps deliveries."""

OVERLAP: Final = 300
"""Seconds of the log that are read twice: an attempt may be entered late."""

LONGEST: Final = 6 * 3600.0
"""Seconds between two requests for a delivery that keeps failing."""


async def sweep(store: Store, github: GitHub, now: Callable[[], float], beat: float) -> int:
    """Read the log back to where the last sweep began, and ask for what has not arrived; return for how many.

    A delivery that was asked for is not asked for again for a `beat` (in seconds), and twice as long each time.
    """
    began = int(now())
    since = max(began - REACH, await store.upkeep.swept_until() - OVERLAP)
    failed, arrived = judge(await _attempts(github, since))
    known = {one.guid for one in await store.upkeep.failed_deliveries()}
    await store.upkeep.swept(failed, sorted(known & arrived), began)
    asked = 0
    for delivery in await store.upkeep.failed_deliveries():
        if delivery.asked and now() < delivery.asked_at + min(beat * 2.0 ** (delivery.asked - 1), LONGEST):
            continue
        try:
            await github.redeliver(delivery.delivery_id)
        except (NotFound, Unprocessable) as error:
            log.info("a delivery cannot be repeated", delivery=delivery.guid, error=str(error))
            await store.upkeep.give_up(delivery.guid)
        else:
            await store.upkeep.asked_for(delivery.guid, int(now()))
            asked += 1
    if asked:
        log.info("asked for deliveries that had failed", deliveries=asked)
    return asked


def judge(attempts: Iterable[HookDelivery]) -> tuple[list[FailedDelivery], set[str]]:
    """Tell the deliveries that have not arrived from the guids of those that have; one good attempt is enough.

    GitHub's own filter of failures knows only answers; who got no answer at all is not among them.
    """
    failed: dict[str, FailedDelivery] = {}
    arrived: set[str] = set()
    for one in attempts:
        if one.status == "OK":
            arrived.add(one.guid)
        elif one.guid not in failed or failed[one.guid].delivery_id < one.id:
            failed[one.guid] = FailedDelivery(one.guid, one.id, one.delivered_at)
    return [one for guid, one in failed.items() if guid not in arrived], arrived


async def _attempts(github: GitHub, since: int) -> list[HookDelivery]:
    """Read the log, which goes from the newest to the oldest."""
    page = await github.hook_deliveries()
    attempts = list(page.deliveries)
    while page.cursor is not None and attempts[-1].delivered_at >= since:
        page = await github.hook_deliveries(page.cursor)
        attempts += page.deliveries
    return [one for one in attempts if one.delivered_at >= since]
