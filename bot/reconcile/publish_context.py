"""What publishing needs: the store, GitHub, the lease, the time, and where pages are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.github.installation import InstallationClient
from bot.reconcile.write_limiter import RepairLimiter
from bot.store import Lease, Store
from bot.units import EpochSeconds, Seconds
from bot.urls import Addresses


@dataclass(frozen=True, slots=True)
class PublishContext:
    """`lease` says whether this process still may write.

    What GitHub said of organizers longer than `recheck_after` seconds ago is asked again.
    """

    store: Store
    client: InstallationClient
    lease: Lease
    label: str
    now: Callable[[], EpochSeconds]
    recheck_after: Seconds
    addresses: Addresses = field(default_factory=Addresses)
    repair_limiter: RepairLimiter = field(default_factory=RepairLimiter)
