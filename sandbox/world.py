"""The world: everything the sandbox's GitHub knows, as plain data, with its clock, its ids and its listeners."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.models import App, Comment, Installation, Issue, JsonObject, Repository, Urls, User

PERMISSIONS = {"issues": "write", "contents": "read", "metadata": "read"}
EVENTS = ("issues", "issue_comment", "repository", "push")


@dataclass(slots=True)
class Rules:
    """GitHub's limits and the habits nobody has documented; change them before the scene."""

    comment_cap: int = 2500
    """Comments per issue."""
    body_limit: int = 65_536
    """Code points of an issue body."""
    comment_bytes: int = 262_144
    """Bytes of a comment in UTF-8; GitHub's message says 65,536 characters all the same."""
    comment_ids_survive_transfer: bool = True
    """Whether a transferred issue's comments keep their ids; nobody could tell."""
    hiding_moves_updated_at: bool = True
    """Whether a comment's `updated_at` moves when it is hidden or shown again; reported, not documented."""
    since_is_inclusive: bool = True
    """Whether `since` lists what was updated in that very second; nobody could tell."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that is delivered to the App's webhook, with the payload as of that moment."""

    name: str
    action: str | None
    payload: JsonObject
    installation_id: int | None = None
    repository_id: int | None = None
    issue: Issue | None = None
    comment: Comment | None = None


class World:
    """The data of one sandbox; only the services change it."""

    def __init__(self, *, now: Callable[[], float], seed: int = 0) -> None:
        self.now = now
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.rules = Rules()
        self.urls = Urls()
        self.on_event: list[Callable[[Event], None]] = []
        """Called with each event that is delivered to the App's webhook."""
        self.on_change: list[Callable[[Issue | None], None]] = []
        """Called after each change, with the issue it concerns; reactions too, which no webhook reports."""
        self.users: dict[int, User] = {}
        self.logins: dict[str, User] = {}
        """By present login in lower case."""
        self.repositories: dict[int, Repository] = {}
        self.former_names: dict[str, Repository] = {}
        """Repositories by each full name they have had, in lower case."""
        self.comments: dict[int, Comment] = {}
        """Every comment by id, deleted ones too."""
        self.nodes: dict[str, Repository | Issue | Comment] = {}
        """Repositories, issues and comments by GraphQL id, deleted ones too."""
        self.installations: dict[int, Installation] = {}
        self._ids = {kind: itertools.count(start) for kind, start in _FIRST_IDS.items()}
        self.app = App(
            owner=self.add_account("undersigned-makers", "Organization"),
            bot=self.add_account("undersigned[bot]", "Bot"),
            id=self.next_id("app"),
            slug="undersigned",
            name="Undersigned",
            client_id="Iv23liUndersignedOne",
            created_at=self.time(),
            permissions=dict(PERMISSIONS),
            events=list(EVENTS),
            hook_id=self.next_id("hook"),
        )

    def time(self) -> int:
        """Return the time in whole UTC epoch seconds, as GitHub keeps it."""
        return int(self.now())

    def next_id(self, kind: str) -> int:
        """Return an id of a kind that nothing has yet."""
        return next(self._ids[kind])

    def changed(self, issue: Issue | None = None) -> None:
        """Call whoever waits for changes, with the issue that has changed if it is one."""
        for listener in self.on_change:
            listener(issue)

    def send(self, event: Event) -> None:
        """Call whoever delivers events."""
        for listener in self.on_event:
            listener(event)

    def add_account(self, login: str, kind: str) -> User:
        """Add an account under a login that nobody has."""
        user = User(id=self.next_id("user"), login=login, created_at=self.time(), type=kind)
        self.users[user.id] = user
        self.logins[login.lower()] = user
        return user

    def add_repository(self, repository: Repository) -> None:
        """Add a repository by its id."""
        self.repositories[repository.id] = self.nodes[repository.node_id] = repository

    def add_issue(self, issue: Issue) -> None:
        """Add an issue to its repository and to the GraphQL ids."""
        issue.repository.issues[issue.number] = issue
        self.nodes[issue.node_id] = issue

    def add_comment(self, comment: Comment) -> None:
        """Add a comment by its present id."""
        self.comments[comment.id] = comment
        self.nodes[comment.node_id] = comment

    def installation_on(self, account: User) -> Installation | None:
        """Return the App's installation on an account."""
        found = (one for one in self.installations.values() if one.account is account and not one.deleted)
        return next(found, None)

    def installation_for(self, repository: Repository) -> Installation | None:
        """Return the installation through which the App sees a repository."""
        installation = self.installation_on(repository.owner)
        return installation if installation is not None and installation.covers(repository) else None


_FIRST_IDS: dict[str, int] = {
    "app": 1_200_001, "attempt": 180_000_000_001, "comment": 5_200_000_001, "hook": 480_000_001,
    "installation": 90_000_001, "issue": 3_600_000_001, "label": 9_400_000_001, "reaction": 330_000_001,
    "repository": 900_000_001, "user": 20_000_001,
}  # fmt: skip
"""Those of comments are past 2^31, as GitHub's have been since 2024."""
