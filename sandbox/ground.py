"""What every layer of the state stands on: the clock, the ids, the App, and the telling of what happened."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from sandbox import payloads
from sandbox.nouns import App, Comment, Installation, Issue, Json, JsonObject, Repository, User
from sandbox.shapes import Urls

PERMISSIONS = {"issues": "write", "contents": "read", "metadata": "read"}
EVENTS = ("issues", "issue_comment", "repository", "push")


@dataclass(slots=True)
class Rules:
    """GitHub's limits and the habits nobody has documented; change them before the scene."""

    comment_cap: int | None = 2500
    """Comments per issue; None lifts the cap."""
    body_limit: int = 65_536
    """Code points of an issue body."""
    comment_bytes: int = 262_144
    """Bytes of a comment in UTF-8; GitHub's message says 65,536 characters all the same."""
    title_limit: int = 256
    comment_ids_survive_transfer: bool = True
    """Whether a transferred issue's comments keep their ids; nobody could tell."""
    late_updates: float = 0.0
    """Share of new comments whose `updated_at` is a second after `created_at` although nobody edited them."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something the App's webhook is told, with the payload as of that moment."""

    name: str
    action: str | None
    payload: JsonObject
    installation_id: int | None = None
    repository_id: int | None = None
    issue: Issue | None = None
    comment: Comment | None = None


class Ground:
    """The clock, the ids, the App with its installations, and who wants to know what happens."""

    def __init__(self, *, now: Callable[[], float], seed: int = 0) -> None:
        self.now = now
        self.random = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.rules = Rules()
        self.urls = Urls()
        self.on_event: list[Callable[[Event], None]] = []
        """Called with each event that the App's webhook is to be told."""
        self.on_change: list[Callable[[Issue | None], None]] = []
        """Called after each change, with the issue it concerns; reactions too, which no webhook tells."""
        self.users: dict[int, User] = {}
        self.repositories: dict[int, Repository] = {}
        self.comments: dict[int, Comment] = {}
        """Every comment by id, deleted ones too."""
        self.nodes: dict[str, Issue | Comment] = {}
        """Issues and comments by GraphQL id, deleted ones too."""
        self.installations: dict[int, Installation] = {}
        self._by_login: dict[str, User] = {}
        self._former_names: dict[str, Repository] = {}
        self._counters = {kind: itertools.count(start) for kind, start in _FIRST_IDS.items()}
        self._installed: dict[int, Installation] = {}
        owner = self._account("undersigned-makers", "Organization")
        bot = self._account("undersigned[bot]", "Bot")
        self.app = App(
            id=self.next_id("app"),
            slug="undersigned",
            name="Undersigned",
            client_id="Iv23liUndersignedOne",
            owner=owner,
            bot=bot,
            created_at=self.time(),
            permissions=dict(PERMISSIONS),
            events=list(EVENTS),
            hook_id=self.next_id("hook"),
        )

    def time(self) -> int:
        """Give the time in whole UTC epoch seconds, as GitHub keeps it."""
        return int(self.now())

    def next_id(self, kind: str) -> int:
        """Take the next id of a kind."""
        return next(self._counters[kind])

    def installation_for(self, repository: Repository) -> Installation | None:
        """Find the installation through which the App sees a repository."""
        installation = self._installed.get(repository.owner.id)
        return installation if installation is not None and installation.covers(repository) else None

    def _account(self, login: str, kind: str) -> User:
        user = User(id=self.next_id("user"), login=login, created_at=self.time(), type=kind)
        self.users[user.id] = user
        self._by_login[login.lower()] = user
        return user

    def tell(
        self, name: str, action: str | None, sender: User, repository: Repository, more: JsonObject | None = None,
        *, issue: Issue | None = None, comment: Comment | None = None, comments: int | None = None,
    ) -> None:  # fmt: skip
        """Tell the webhook of an event in a repository, if the App is there, not suspended, and subscribed.

        `comments` is the number of comments to show where it is not the present one.
        """
        installation = self.installation_for(repository)
        if installation is not None and installation.usable and name in installation.events and self.on_event:
            payload: JsonObject = {} if action is None else {"action": action}
            if issue is not None:
                payload["issue"] = payloads.issue(self.urls, issue, self.app)
            if issue is not None and comments is not None:
                payload["issue"] = payloads.issue(self.urls, issue, self.app) | {"comments": comments}
            if comment is not None:
                payload["comment"] = payloads.comment(self.urls, comment, self.app)
            payload |= (more or {}) | payloads.about_repository(self.urls, repository, installation, sender)
            self._send(Event(name, action, payload, installation.id, repository.id, issue, comment))
        self._changed(issue)

    def _tell_installation(
        self, name: str, action: str, sender: User, installation: Installation, more: JsonObject
    ) -> None:
        """Tell the webhook of an event of an installation; these cannot be unsubscribed."""
        common = payloads.about_installation(self.urls, installation, self.app, sender)
        payload: dict[str, Json] = {"action": action} | common | more
        self._send(Event(name, action, payload, installation.id))
        self._changed(None)

    def _send(self, event: Event) -> None:
        for listener in self.on_event:
            listener(event)

    def _changed(self, issue: Issue | None) -> None:
        for listener in self.on_change:
            listener(issue)


_FIRST_IDS: dict[str, int] = {
    "app": 1_200_001,
    "comment": 5_200_000_001,  # past 2^31, as GitHub's have been since 2024
    "hook": 480_000_001,
    "installation": 90_000_001,
    "issue": 3_600_000_001,
    "label": 9_400_000_001,
    "reaction": 330_000_001,
    "repository": 900_000_001,
    "user": 20_000_001,
}
