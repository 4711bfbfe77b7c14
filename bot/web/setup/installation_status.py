"""What GitHub says of a new App: where it is installed, and which repositories can have their first petition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from bot.github.app_client import GitHub
from bot.github.errors import GitHubError
from bot.time_types import EpochSeconds, Seconds

FRESH: Final[Seconds] = 3.0
"""Seconds for which GitHub's answer is reused; the page polls every second or two."""

MOST_SHOWN: Final = 10
"""Repositories that are shown; each takes a call."""


class SetupRepository(Struct, frozen=True):
    """A repository with the App; `has_label` if it has the label that makes an issue a petition."""

    name: str
    installation_id: int
    has_label: bool


class SetupRepositories(Struct, frozen=True):
    """Repositories with the App: those that are shown, and how many there are beside them."""

    shown: tuple[SetupRepository, ...] = ()
    more: int = 0


class NotInstalledThere(Exception):
    """A repository that the App does not see."""


@dataclass(slots=True)
class InstalledApp:
    """The App's installations as GitHub has them now, whether or not a delivery has named them."""

    github: GitHub
    label: str
    now: Callable[[], EpochSeconds]
    _accounts: tuple[str, ...] = ()
    _trouble: str = ""
    _read_at: EpochSeconds = field(default=0.0)

    async def read(self, *, is_delivered: bool) -> tuple[tuple[str, ...], str]:
        """Return the accounts with the App, and why GitHub's newest delivery failed; raises `bot.github.errors`."""
        is_behind = is_delivered and not self._accounts
        if is_behind or self.now() >= self._read_at + FRESH:
            self._read_at = self.now()
            installations = await self.github.list_installations()
            self._accounts = tuple(one.account for one in installations if one.account)
            attempts = () if is_delivered else (await self.github.list_hook_deliveries()).deliveries
            self._trouble = attempts[0].status if attempts and attempts[0].status != "OK" else ""
        return self._accounts, self._trouble

    async def repositories(self) -> SetupRepositories:
        """List the repositories that can have petitions; raises `bot.github.errors`."""
        found: list[SetupRepository] = []
        more = 0
        for installation in await self.github.list_installations():
            if installation.suspended:
                continue
            client = self.github.installation(installation.id)
            for repository in await client.list_repositories():
                if repository.archived:
                    continue
                if len(found) == MOST_SHOWN:
                    more += 1
                    continue
                has_label = await client.has_label(repository.full_name, self.label)
                found.append(SetupRepository(repository.full_name, installation.id, has_label))
        return SetupRepositories(tuple(found), more)

    async def create_label(self, name: str) -> None:
        """Create the label in a repository unless it exists; raises NotInstalledThere and `bot.github.errors`."""
        found = next((one for one in (await self.repositories()).shown if one.name == name), None)
        if found is None:
            raise NotInstalledThere(name)
        setup = await self.github.get_repository_setup(found.installation_id)
        await setup.create_label(name, self.label)


async def read_or(
    app: InstalledApp, accounts: tuple[str, ...], *, is_delivered: bool
) -> tuple[tuple[str, ...], str]:
    """Read the status, or return the accounts that deliveries named where GitHub does not respond."""
    try:
        return await app.read(is_delivered=is_delivered)
    except GitHubError:
        return tuple(filter(None, accounts)), ""
