"""Accounts: created, renamed, deleted, flagged as spam."""

from __future__ import annotations

from sandbox import shapes
from sandbox.events import publish_installation
from sandbox.models import JsonObject, Refused, User
from sandbox.world import World


class Accounts:
    """People, organizations and bots."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get_or_create(self, login: str, kind: str = "User") -> User:
        """Find an account by its present login, or make one; `kind` is its type if it is new."""
        return self.find(login) or self._world.add_account(login, kind)

    def find(self, login: str) -> User | None:
        """Find an account by its present login, in any letter case."""
        user = self._world.logins.get(login.lower())
        return user if user is not None and not user.deleted else None

    def rename(self, user: User, login: str) -> User:
        """Rename an account and free its old login; the webhook is sent it where the App is installed."""
        if self.find(login) not in {None, user}:
            raise Refused(422, "Login is already taken")
        before = user.login
        self._world.logins.pop(before.lower(), None)
        user.login = login
        self._world.logins[login.lower()] = user
        for repository in self._world.repositories.values():
            if repository.owner is user:
                self._world.former_names[f"{before}/{repository.name}".lower()] = repository
        installation = self._world.installation_on(user)
        if installation is not None and installation.usable:
            more: JsonObject = {
                "installation": {"id": installation.id, "node_id": installation.node_id},
                "account": shapes.user(self._world, user),
                "changes": {"login": {"from": before}},
                "target_type": user.type,
            }
            publish_installation(self._world, "installation_target", "renamed", user, installation, more)
        self._world.changed()
        return user

    def delete(self, user: User, *, ghost: bool = True) -> User:
        """Delete an account: its comments stay, shown as the ghost's, or with a null user if `ghost` is False."""
        user.deleted = True
        user.shown_when_deleted = ghost
        if self._world.logins.get(user.login.lower()) is user:
            del self._world.logins[user.login.lower()]
        self._world.changed()
        return user

    def flag(self, user: User) -> User:
        """Flag an account as spam: what it wrote becomes invisible, and no webhook reports it."""
        user.spam = True
        self._world.changed()
        return user

    def unflag(self, user: User) -> User:
        """Remove the spam flag: what the account wrote returns, and no webhook reports it."""
        user.spam = False
        self._world.changed()
        return user
