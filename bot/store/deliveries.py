"""Deliveries that did not reach us, by the App's log on GitHub, and when to ask for each of them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bot.store import upkeep_statements as sql
from bot.store.engine.database import Transaction

KEPT: Final = 3 * 86_400
"""Seconds for which GitHub can deliver once more.

https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
"""

SWEPT: Final = "deliveries swept"


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery none of whose attempts has reached us; it was asked for `asked` times, last at `asked_at`."""

    guid: str
    delivery_id: int
    delivered_at: int
    asked_at: int = 0
    asked: int = 0


def read_swept_until(transaction: Transaction) -> int:
    """Return up to when the log has been read; 0 for never."""
    rows = transaction.fetch(sql.MARK, SWEPT)
    return rows[0][0] if rows else 0


def record_sweep(
    transaction: Transaction, failed: Sequence[FailedDelivery], arrived: Sequence[str], swept_until: int
) -> None:
    """Record what the log said, and up to when it has been read."""
    transaction.execute(sql.DROP_FAILED_DELIVERIES, list(arrived))
    transaction.put(sql.PUT_FAILED_DELIVERIES, [(one.guid, one.delivery_id, one.delivered_at) for one in failed])
    transaction.execute(sql.DROP_OLD_DELIVERIES, swept_until - KEPT)
    transaction.execute(sql.PUT_MARK, SWEPT, swept_until)


def read_failed_deliveries(transaction: Transaction) -> list[FailedDelivery]:
    """List deliveries that have not arrived, oldest first."""
    return [FailedDelivery(*row) for row in transaction.fetch(sql.FAILED_DELIVERIES)]
