"""The App's installations: on which accounts it is, what it was granted, and which repositories it sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox import shapes
from sandbox.events import publish_installation
from sandbox.models import Installation, Json, JsonObject, Refused, Repository, User
from sandbox.world import World


class Installations:
    """The App on people's and organizations' accounts."""

    def __init__(self, world: World) -> None:
        self._world = world

    def create(self, account: User, repositories: Iterable[Repository] | None = None) -> Installation:
        """Install the App on an account, on the given repositories or on all; once only."""
        if self._world.installation_on(account) is not None:
            raise Refused(422, "The App is already installed on this account")
        now = self._world.time()
        installation = Installation(
            id=self._world.next_id("installation"),
            account=account,
            created_at=now,
            updated_at=now,
            permissions=dict(self._world.app.permissions),
            events=list(self._world.app.events),
            repositories=None if repositories is None else {one.id: one for one in repositories},
        )
        self._world.installations[installation.id] = installation
        self._publish("created", installation, account)
        return installation

    def delete(self, installation: Installation) -> None:
        """Remove the App from an account; its tokens die."""
        self._publish("deleted", installation, installation.account)
        installation.deleted = True

    def suspend(self, installation: Installation) -> Installation:
        """Suspend an installation: neither tokens nor deliveries until it is unsuspended."""
        installation.suspended_at = installation.updated_at = self._world.time()
        self._publish("suspend", installation, installation.account)
        return installation

    def unsuspend(self, installation: Installation) -> Installation:
        """End the suspension of an installation."""
        installation.suspended_at = None
        installation.updated_at = self._world.time()
        self._publish("unsuspend", installation, installation.account)
        return installation

    def grant(
        self, installation: Installation, permissions: Mapping[str, str], events: Iterable[str]
    ) -> Installation:
        """Accept other permissions and events for an installation."""
        installation.permissions = dict(permissions)
        installation.events = list(events)
        installation.updated_at = self._world.time()
        self._publish("new_permissions_accepted", installation, installation.account)
        return installation

    def add_repositories(self, installation: Installation, *repositories: Repository) -> Installation:
        """Add repositories to an installation that selects them."""
        if installation.repositories is not None:
            installation.repositories |= {one.id: one for one in repositories}
        self.publish_selection("added", installation, repositories)
        return installation

    def remove_repositories(self, installation: Installation, *repositories: Repository) -> Installation:
        """Remove repositories from an installation, which selects its repositories from then on."""
        seen = self.repositories_of(installation)
        gone = {one.id for one in repositories}
        installation.repositories = {one.id: one for one in seen if one.id not in gone}
        self.publish_selection("removed", installation, repositories)
        return installation

    def repositories_of(self, installation: Installation) -> list[Repository]:
        """List the repositories that an installation sees."""
        return [one for one in self._world.repositories.values() if not one.deleted and installation.covers(one)]

    def _publish(self, action: str, installation: Installation, sender: User) -> None:
        more: JsonObject = {}
        if action in {"created", "deleted", "new_permissions_accepted"}:
            more["repositories"] = [shapes.short_repository(one) for one in self.repositories_of(installation)]
        if action in {"created", "new_permissions_accepted"}:
            more["requester"] = None
        publish_installation(self._world, "installation", action, sender, installation, more)

    def publish_selection(self, action: str, installation: Installation, which: Iterable[Repository]) -> None:
        """Publish that an installation sees other repositories than before."""
        changed: list[Json] = [shapes.short_repository(one) for one in which]
        more: JsonObject = {
            "repository_selection": "all" if installation.repositories is None else "selected",
            "repositories_added": changed if action == "added" else [],
            "repositories_removed": changed if action == "removed" else [],
            "requester": None,
        }
        if installation.usable:
            name, sender = "installation_repositories", installation.account
            publish_installation(self._world, name, action, sender, installation, more)
