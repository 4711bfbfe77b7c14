"""Accounts and the App's installations: who is who, renamed, gone, flagged; what the App may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sandbox import shapes
from sandbox.ground import Ground
from sandbox.nouns import Installation, Json, JsonObject, Refused, Repository, User


class Accounts(Ground):
    """People, organizations, bots, and the App on their accounts."""

    def user(self, login: str, kind: str = "User") -> User:
        """Find an account by its present login, or make one; `kind` is its type if it is new."""
        return self.find_user(login) or self._account(login, kind)

    def find_user(self, login: str) -> User | None:
        """Find an account by its present login, in any letter case."""
        wanted = login.lower()
        user = self._by_login.get(wanted)
        return user if user is not None and not user.deleted else None

    def rename_user(self, user: User, login: str) -> User:
        """Give an account another login and free the old one; only installed-on accounts' renames are told."""
        if self.find_user(login) not in {None, user}:
            raise Refused(422, "Login is already taken")
        before = user.login
        self._by_login.pop(before.lower(), None)
        user.login = login
        self._by_login[login.lower()] = user
        for repository in self.repositories.values():
            if repository.owner is user:
                self._former_names[f"{before}/{repository.name}".lower()] = repository
        installation = self._installed.get(user.id)
        if installation is not None and installation.usable:
            more: JsonObject = {
                "installation": {"id": installation.id, "node_id": installation.node_id},
                "account": shapes.user(self.urls, user),
                "changes": {"login": {"from": before}},
                "target_type": user.type,
            }
            self._tell_installation("installation_target", "renamed", user, installation, more)
        self._changed(None)
        return user

    def delete_user(self, user: User, *, ghost: bool = True) -> User:
        """Delete an account: its comments stay, shown as the ghost's, or with a null user if `ghost` is False."""
        user.deleted = True
        user.shown_when_deleted = ghost
        if self._by_login.get(user.login.lower()) is user:
            del self._by_login[user.login.lower()]
        self._changed(None)
        return user

    def flag_user(self, user: User) -> User:
        """Flag an account as spam: what it wrote becomes invisible, and no webhook says so."""
        user.spam = True
        self._changed(None)
        return user

    def unflag_user(self, user: User) -> User:
        """Take the spam flag back: what the account wrote returns, and no webhook says so."""
        user.spam = False
        self._changed(None)
        return user

    def install(
        self, account: User, repositories: Iterable[Repository] | None = None, *,
        permissions: Mapping[str, str] | None = None, events: Iterable[str] | None = None,
    ) -> Installation:  # fmt: skip
        """Install the App on an account, on the given repositories or on all; once only."""
        if account.id in self._installed:
            raise Refused(422, "The App is already installed on this account")
        now = self.time()
        installation = Installation(
            id=self.next_id("installation"),
            account=account,
            created_at=now,
            updated_at=now,
            permissions=dict(self.app.permissions if permissions is None else permissions),
            events=list(self.app.events if events is None else events),
            repositories=None if repositories is None else {one.id: one for one in repositories},
        )
        self.installations[installation.id] = installation
        self._installed[account.id] = installation
        self._tell_of("created", installation, account)
        return installation

    def uninstall(self, installation: Installation) -> None:
        """Remove the App from an account; its tokens die."""
        self._tell_of("deleted", installation, installation.account)
        installation.deleted = True
        del self._installed[installation.account.id]

    def suspend(self, installation: Installation) -> Installation:
        """Suspend an installation: neither tokens nor deliveries until it is unsuspended."""
        installation.suspended_at = installation.updated_at = self.time()
        installation.suspended_by = installation.account
        self._tell_of("suspend", installation, installation.account)
        return installation

    def unsuspend(self, installation: Installation) -> Installation:
        """Let a suspended installation work again."""
        installation.suspended_at = installation.suspended_by = None
        installation.updated_at = self.time()
        self._tell_of("unsuspend", installation, installation.account)
        return installation

    def grant(
        self, installation: Installation, permissions: Mapping[str, str], events: Iterable[str]
    ) -> Installation:
        """Accept other permissions and events for an installation."""
        installation.permissions = dict(permissions)
        installation.events = list(events)
        installation.updated_at = self.time()
        self._tell_of("new_permissions_accepted", installation, installation.account)
        return installation

    def add_repositories(self, installation: Installation, *repositories: Repository) -> Installation:
        """Let a selecting installation see more repositories."""
        if installation.repositories is not None:
            installation.repositories |= {one.id: one for one in repositories}
        self._tell_selection("added", installation, repositories)
        return installation

    def remove_repositories(self, installation: Installation, *repositories: Repository) -> Installation:
        """Take repositories away from an installation, which selects its repositories from then on."""
        seen = self.repositories_of(installation)
        gone = {one.id for one in repositories}
        installation.repositories = {one.id: one for one in seen if one.id not in gone}
        self._tell_selection("removed", installation, repositories)
        return installation

    def repositories_of(self, installation: Installation) -> list[Repository]:
        """List the repositories that an installation sees."""
        return [one for one in self.repositories.values() if not one.deleted and installation.covers(one)]

    def _tell_of(self, action: str, installation: Installation, sender: User) -> None:
        more: JsonObject = {}
        if action in {"created", "deleted", "new_permissions_accepted"}:
            more["repositories"] = [shapes.short_repository(one) for one in self.repositories_of(installation)]
        if action in {"created", "new_permissions_accepted"}:
            more["requester"] = None
        self._tell_installation("installation", action, sender, installation, more)

    def _tell_selection(self, action: str, installation: Installation, which: Iterable[Repository]) -> None:
        changed: list[Json] = [shapes.short_repository(one) for one in which]
        more: JsonObject = {
            "repository_selection": "all" if installation.repositories is None else "selected",
            "repositories_added": changed if action == "added" else [],
            "repositories_removed": changed if action == "removed" else [],
            "requester": None,
        }
        if installation.usable:
            self._tell_installation("installation_repositories", action, installation.account, installation, more)
