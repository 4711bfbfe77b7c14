"""What the doctor knows before judging; every fact is a value, also that something could not be found out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from bot.github.errors import GitHubError
from bot.github.models.rest import AppInfo, HookConfig, HookDelivery, Installation
from bot.github.webhook_sender import Reply
from bot.store import Health


@dataclass(frozen=True, slots=True)
class Target:
    """What was configured, as far as the doctor has to know."""

    database_url: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    api_url: str
    public_url: str | None
    label: str
    lets_sign_in: bool = False
    """Whether organizers can sign in on the pages."""


@dataclass(frozen=True, slots=True)
class Place:
    """An installation, and in how many of its repositories the label was looked for and found.

    `looked_at` is None where that could not be found out.
    """

    installation: Installation
    looked_at: int | None = None
    labelled: int = 0
    is_all: bool = True
    """Whether these are all its repositories."""


@dataclass(frozen=True, slots=True)
class AtGitHub:
    """What GitHub tells of the App."""

    app: AppInfo
    hook: HookConfig
    deliveries: tuple[HookDelivery, ...]
    """Attempts of the last three days, newest first; only the newest thousand."""
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the running bot saw of the doctor's delivery: from which peer it came, and for whose it took it.

    `forwarded` is how many addresses stood in `X-Forwarded-For`, `proxies` how many the bot was told of.
    """

    peer: str
    near: bool
    forwarded: int
    proxies: int | None
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that was gathered. `skew` is in seconds, None where GitHub gives no time."""

    patient: Target
    health: Health
    skew: float | None
    at_github: AtGitHub | GitHubError
    home: Reply | None
    """What `PUBLIC_URL` answers; None where there is none."""
    delivered: Reply | None
    """What became of a delivery that the doctor signed itself; None where nobody knows where to send it."""
    seen: Seen | None = None
    """What the bot saw of it; None where it does not tell."""

    @property
    def places(self) -> Collection[Place]:
        """Return the installations, none where GitHub does not tell."""
        return () if isinstance(self.at_github, GitHubError) else self.at_github.places
