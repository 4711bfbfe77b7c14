"""What the doctor checks. Each fact is a value, also that something could not be read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from bot.github.errors import GitHubError
from bot.github.models.rest import AppInfo, HookConfig, HookDelivery, Installation
from bot.github.webhooks import Reply
from bot.store import Health
from bot.units import Seconds


@dataclass(frozen=True, slots=True)
class Target:
    """The configuration of the bot that is examined."""

    database_url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    api_url: str
    public_url: str | None
    label: str
    can_sign_in: bool = False
    """Whether organizers can sign in on the pages."""


@dataclass(frozen=True, slots=True)
class InstallationFacts:
    """An installation, and in how many of its repositories the label was searched and found.

    `searched` is None where the repositories could not be read.
    """

    installation: Installation
    searched: int | None = None
    labelled: int = 0
    is_complete: bool = True
    """Whether all repositories were searched."""


@dataclass(frozen=True, slots=True)
class AppFacts:
    """The App as GitHub has it."""

    app: AppInfo
    hook: HookConfig
    deliveries: tuple[HookDelivery, ...]
    """Attempts of the last three days, newest first, at most a thousand."""
    installations: tuple[InstallationFacts, ...]


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """The client of the doctor's delivery as the running bot saw it: its peer, and the address it counted for.

    `forwarded` is the number of addresses in `X-Forwarded-For`, `proxies` the configured number of proxies.
    """

    peer: str
    near: bool
    forwarded: int
    proxies: int | None
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All facts. `skew` is that of this computer's clock, None where GitHub gives no time."""

    target: Target
    health: Health
    skew: Seconds | None
    app_facts: AppFacts | GitHubError
    readiness: Reply | None
    """The answer of `PUBLIC_URL`/readyz; None where there is no `PUBLIC_URL`."""
    delivered: Reply | None
    """The answer to a delivery that the doctor signed; None where its address is not known."""
    client: ClientFacts | None = None
    """The client of that delivery; None where the answer does not have it."""

    @property
    def installations(self) -> Collection[InstallationFacts]:
        """Return the installations, none where GitHub could not be asked."""
        return () if isinstance(self.app_facts, GitHubError) else self.app_facts.installations
