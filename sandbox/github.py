"""The sandbox's GitHub: one world, and the services through which people, the App and the API act in it.

Every method does what the person or the bot named as actor does, returns what it changed, and publishes it to the
App's webhook. What GitHub would refuse raises `Refused` with GitHub's status and words.
"""

from __future__ import annotations

from collections.abc import Callable

from sandbox.accounts import Accounts
from sandbox.api.limits import RateLimiter
from sandbox.comments import Comments
from sandbox.credentials import Credentials
from sandbox.deliveries import Deliveries
from sandbox.faults import FaultInjector, StaleReads
from sandbox.installations import Installations
from sandbox.issues import Issues
from sandbox.registration import Registration
from sandbox.repositories import Repositories
from sandbox.world import World


class GitHub:
    """The world and its services, each given what it needs and no more."""

    def __init__(self, *, now: Callable[[], float], seed: int = 0) -> None:
        self.world = world = World(now=now, seed=seed)
        self.accounts = Accounts(world)
        self.installations = Installations(world)
        self.repositories = Repositories(world, self.accounts, self.installations)
        self.issues = Issues(world, self.repositories)
        self.comments = Comments(world, self.repositories, self.issues)
        self.fault_injector = FaultInjector()
        self.credentials = Credentials(world)
        self.rate_limiter = RateLimiter(now)
        self.stale_reads = StaleReads(world)
        self.deliveries = Deliveries(world, self.fault_injector, secret=world.random.randbytes(20).hex())
        self.registration = Registration(world, self.accounts, self.deliveries)
