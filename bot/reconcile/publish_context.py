"""What publishing and going on work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bot.github.installation import InstallationClient
from bot.reconcile.damping import Damper
from bot.store import Lease, Store
from bot.urls import Addresses


@dataclass(frozen=True, slots=True)
class PublishContext:
    """`lease` tells whether we still may write.

    What was asked of GitHub about organizers longer than `beat` seconds ago is asked again.
    """

    store: Store
    client: InstallationClient
    lease: Lease
    label: str
    now: Callable[[], float]
    beat: float
    addresses: Addresses = field(default_factory=Addresses)
    damper: Damper = field(default_factory=Damper)
