"""Repositories: their names, owners, labels, collaborators and files."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox import shapes
from sandbox.accounts import Accounts
from sandbox.events import publish, push_payload
from sandbox.installations import Installations
from sandbox.models import ROLES, Json, Label, Refused, Repository, User, existing, invalid
from sandbox.world import World

_DEFAULT_LABELS = {"bug": "d73a4a", "enhancement": "a2eeef", "question": "d876e3"}


class Repositories:
    """Repositories of people and organizations."""

    def __init__(self, world: World, accounts: Accounts, installations: Installations) -> None:
        self._world = world
        self._accounts = accounts
        self._installations = installations

    def get_or_create(self, full_name: str, *, private: bool = False) -> Repository:
        """Find a repository by its present name, or make it and its owner."""
        owner, _, name = full_name.partition("/")
        found = self.find(full_name)
        if found is not None and found.full_name.lower() == full_name.lower():
            return found
        return self.create(self._accounts.get_or_create(owner), name, private=private)

    def create(self, owner: User, name: str, *, private: bool = False) -> Repository:
        """Make a repository with GitHub's default labels; an installation on all repositories sees it at once."""
        self._refuse_taken(owner, name)
        now = self._world.time()
        number = self._world.next_id("repository")
        repository = Repository(number, owner, name, created_at=now, updated_at=now, private=private)
        self._world.add_repository(repository)
        for label, color in _DEFAULT_LABELS.items():
            repository.labels[label] = Label(self._world.next_id("label"), label, color, default=True)
        installation = self._world.installation_for(repository)
        if installation is not None:
            self._installations.publish_selection("added", installation, [repository])
            publish(self._world, "repository", "created", owner, repository)
        return repository

    def find(self, full_name: str) -> Repository | None:
        """Find a repository by its present name or, where nobody has taken it since, by a former one."""
        owner, _, name = full_name.lower().partition("/")
        user = self._accounts.find(owner)
        for repository in self._world.repositories.values():
            if repository.owner is user and not repository.deleted and repository.name.lower() == name:
                return repository
        former = self._world.former_names.get(full_name.lower())
        return former if former is not None and not former.deleted else None

    def rename(self, repository: Repository, actor: User, name: str) -> Repository:
        """Rename a repository; the old one redirects until somebody takes it."""
        self.require(repository, actor, "admin")
        self._refuse_taken(repository.owner, name)
        before = repository.name
        self._world.former_names[repository.full_name.lower()] = repository
        repository.name = name
        self._touch(repository, "renamed", actor, {"changes": {"repository": {"name": {"from": before}}}})
        return repository

    def transfer(self, repository: Repository, actor: User, owner: User) -> Repository:
        """Move a repository to another account; the App sees it there only if it is installed there."""
        self.require(repository, actor, "admin")
        self._refuse_taken(owner, repository.name)
        before = repository.owner
        self._world.former_names[repository.full_name.lower()] = repository
        seen_by = self._world.installation_for(repository)
        if seen_by is not None:
            self._installations.publish_selection("removed", seen_by, [repository])
            if seen_by.repositories is not None:
                del seen_by.repositories[repository.id]
        repository.owner = owner
        now_seen_by = self._world.installation_for(repository)
        if now_seen_by is not None:
            self._installations.publish_selection("added", now_seen_by, [repository])
        kind = "organization" if before.type == "Organization" else "user"
        shown = shapes.user(self._world, before)
        self._touch(repository, "transferred", actor, {"changes": {"owner": {"from": {kind: shown}}}})
        return repository

    def archive(self, repository: Repository, actor: User) -> Repository:
        """Make a repository read-only."""
        return self._switch(repository, actor, "archived", archived=True)

    def unarchive(self, repository: Repository, actor: User) -> Repository:
        """Make an archived repository writable again."""
        return self._switch(repository, actor, "unarchived", archived=False)

    def privatize(self, repository: Repository, actor: User) -> Repository:
        """Hide a repository from the public."""
        return self._switch(repository, actor, "privatized", private=True)

    def publicize(self, repository: Repository, actor: User) -> Repository:
        """Show a private repository to the public."""
        return self._switch(repository, actor, "publicized", private=False)

    def delete(self, repository: Repository, actor: User) -> None:
        """Delete a repository with everything in it."""
        self.require(repository, actor, "admin")
        self._touch(repository, "deleted", actor)
        repository.deleted = True

    def set_issues_enabled(self, repository: Repository, enabled: bool) -> Repository:
        """Switch a repository's issues off or on; no webhook reports it."""
        repository.has_issues = enabled
        self._world.changed()
        return repository

    def set_role(self, repository: Repository, user: User, role: str) -> Repository:
        """Make somebody a collaborator with one of `ROLES`; `none` ends it."""
        if role not in ROLES:
            raise ValueError(role)
        repository.roles[user.id] = role
        return repository

    def role(self, repository: Repository, user: User) -> str:
        """Return what somebody may do in a repository, as one of `ROLES`; everybody may read a public one."""
        if user is repository.owner:
            return "admin"
        return repository.roles.get(user.id) or ("none" if repository.private else "read")

    def allows(self, repository: Repository, user: User, role: str) -> bool:
        """Check whether somebody may do in a repository what a role may."""
        return ROLES.index(self.role(repository, user)) >= ROLES.index(role)

    def require(self, repository: Repository, user: User, role: str) -> None:
        """Refuse what somebody's role does not allow; the bot of an App acts by its permissions instead."""
        if user.type != "Bot" and not self.allows(repository, user, role):
            raise Refused(403, "Must have admin rights to Repository.")

    def create_label(
        self, repository: Repository, name: str, color: str = "ededed", description: str | None = None
    ) -> Label:
        """Make a label."""
        self.refuse_archived(repository)
        if name.lower() in repository.labels:
            raise invalid("Label", "name", "already_exists")
        if not name or len(name) > 50:
            raise invalid("Label", "name", "invalid")
        if len(color) != 6 or not set(color.lower()) <= set("0123456789abcdef"):
            raise invalid("Label", "color", "invalid")
        if description is not None and len(description) > 100:
            raise invalid("Label", "description", "custom", "description is too long (maximum is 100 characters)")
        label = Label(self._world.next_id("label"), name, color.lower(), description)
        repository.labels[name.lower()] = label
        self._world.changed()
        return label

    def delete_label(self, repository: Repository, actor: User, name: str) -> None:
        """Delete a label, also from the issues that carry it; no event tells of that."""
        self.require(repository, actor, "write")
        label = existing(repository.labels.pop(name.lower(), None))
        for issue in repository.issues.values():
            if label in issue.labels:
                issue.labels.remove(label)
                self._world.changed(issue)

    def write_file(
        self, repository: Repository, path: str, content: str | None, actor: User | None = None
    ) -> Repository:
        """Push a file to the default branch, or with None its removal; without an `actor` the owner does so."""
        change = "modified" if path in repository.files else "added"
        if content is None:
            change = "removed"
            del repository.files[path]
        else:
            repository.files[path] = content.encode()
        repository.committed[path] = self._world.time()
        actor = actor or repository.owner
        pushed = push_payload(self._world, repository, actor, {change: [path]}, self._world.time())
        publish(self._world, "push", None, actor, repository, pushed)
        return repository

    def refuse_archived(self, repository: Repository) -> None:
        """Refuse any write to an archived repository."""
        if repository.archived:
            raise Refused(403, "Repository was archived so is read-only.")

    def _refuse_taken(self, owner: User, name: str) -> None:
        taken = self.find(f"{owner.login}/{name}")
        if taken is not None and taken.owner is owner and taken.name.lower() == name.lower():
            raise invalid("Repository", "name", "custom", "name already exists on this account")
        self._world.former_names.pop(f"{owner.login}/{name}".lower(), None)

    def _switch(self, repository: Repository, actor: User, action: str, **to: bool) -> Repository:
        self.require(repository, actor, "admin")
        for name, value in to.items():
            setattr(repository, name, value)
        self._touch(repository, action, actor)
        return repository

    def _touch(
        self, repository: Repository, action: str, actor: User, more: Mapping[str, Json] | None = None
    ) -> None:
        repository.updated_at = self._world.time()
        publish(self._world, "repository", action, actor, repository, dict(more or {}))
