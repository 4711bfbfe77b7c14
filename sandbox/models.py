"""What the sandbox's GitHub is made of: accounts, repositories, labels, issues, comments, reactions, the App.

These are live objects: a handle kept by a test or a page shows the present. Only the services
change them. All times are UTC epoch seconds, as GitHub shows them.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeVar

Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None
JsonObject = dict[str, Json]
T = TypeVar("T")

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")
ROLES = ("none", "read", "triage", "write", "maintain", "admin")
HIDE_REASONS = ("abuse", "duplicate", "low-quality", "off-topic", "outdated", "resolved", "spam")


@dataclass(eq=False)
class Refused(Exception):
    """GitHub refuses an action; the API answers with exactly this, the page shows the message."""

    status: int
    message: str
    errors: Sequence[Json] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def existing(thing: T | None) -> T:
    """Return a thing that is there; refuse with 404 where there is none."""
    if thing is None:
        raise Refused(404, "Not Found")
    return thing


def invalid(resource: str, field: str, code: str, message: str | None = None) -> Refused:
    """Build GitHub's 422 `Validation Failed` about one field."""
    error: JsonObject = {"resource": resource, "code": code, "field": field}
    return Refused(422, "Validation Failed", [error | ({} if message is None else {"message": message})])


class _Node:
    """Something with a GraphQL id that is made of its kind and its number."""

    __slots__ = ()
    _prefix: ClassVar[str]
    id: int

    @property
    def node_id(self) -> str:
        """Return the GraphQL id."""
        return node_id(self._prefix, self.id)


@dataclass(slots=True, eq=False)
class User:
    """An account; `type` is `User`, `Bot`, `Organization` or `Mannequin`."""

    id: int
    login: str
    created_at: int
    type: str = "User"
    name: str | None = None
    bio: str | None = None
    followers: int = 0
    repositories: int = 0
    """Public ones of its own, as far as they are not in the sandbox."""
    deleted: bool = False
    shown_when_deleted: bool = True
    """Whether a deleted account is shown as the ghost (True) or as null; both have been seen."""
    spam: bool = False
    """Flagged: everything the account wrote is invisible until the flag is taken back."""

    @property
    def shown(self) -> User:
        """Return the account that is shown, the ghost in the place of a deleted one."""
        return GHOST if self.deleted else self

    @property
    def node_id(self) -> str:
        """Return the GraphQL id."""
        prefix = {"Bot": "BOT", "Organization": "O", "Mannequin": "M"}.get(self.type, "U")
        return node_id(prefix, self.id)


GHOST = User(id=10137, login="ghost", created_at=1210713600)
"""The account that GitHub shows in place of deleted ones: https://github.com/ghost"""


@dataclass(frozen=True, slots=True)
class Edit:
    """One revision of a text: who saved what, and when. The first revision is the original.

    Of one that somebody has removed from the history, GitHub shows no text any more.
    """

    at: int
    editor: User
    text: str
    removed: bool = False


@dataclass(slots=True, eq=False)
class Reaction(_Node):
    """One person's emoji; `content` is one of `REACTIONS`."""

    id: int
    user: User
    content: str
    created_at: int
    _prefix: ClassVar[str] = "REA"


@dataclass(slots=True, eq=False)
class Label(_Node):
    """A label of one repository; `color` is six hexadecimal digits."""

    id: int
    name: str
    color: str = "ededed"
    description: str | None = None
    default: bool = False
    _prefix: ClassVar[str] = "LA"


class _Text:
    """A text with all its revisions, the original first."""

    __slots__ = ()
    edits: list[Edit]

    @property
    def edited_at(self) -> int | None:
        """Return the time of the last edit of the text; None if there was none."""
        return self.edits[-1].at if len(self.edits) > 1 else None

    @property
    def editor(self) -> User | None:
        """Return who edited the text last; None if nobody did."""
        return self.edits[-1].editor if len(self.edits) > 1 else None


@dataclass(slots=True, eq=False)
class Comment(_Text):
    """A comment on an issue, with all its revisions."""

    id: int
    issue: Issue
    user: User
    body: str
    created_at: int
    updated_at: int
    edits: list[Edit] = field(default_factory=list)
    minimized: str | None = None
    """Why it is hidden, one of `HIDE_REASONS`; None while it is shown."""
    pinned: tuple[int, User] | None = None
    """When it was pinned, and by whom."""
    reactions: list[Reaction] = field(default_factory=list)
    deleted: bool = False
    by_mail: bool = False

    @property
    def node_id(self) -> str:
        """Return the GraphQL id."""
        return node_id("IC", self.issue.repository.id, self.id)

    @property
    def visible(self) -> bool:
        """Check whether readers get to see it: neither deleted nor written by an account flagged as spam."""
        return not self.deleted and not self.user.spam


@dataclass(slots=True, eq=False)
class Issue(_Text):
    """An issue or pull request; `comments` holds what has not been deleted, oldest first."""

    id: int
    number: int
    repository: Repository
    user: User
    title: str
    body: str | None
    created_at: int
    updated_at: int
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    closed_at: int | None = None
    closed_by: User | None = None
    locked: bool = False
    is_pull_request: bool = False
    deleted: bool = False
    moved_to: Issue | None = None
    pinned_comment: Comment | None = None

    @property
    def node_id(self) -> str:
        """Return the GraphQL id."""
        return node_id("PR" if self.is_pull_request else "I", self.repository.id, self.id)

    @property
    def visible_comments(self) -> list[Comment]:
        """List the comments that readers get to see, oldest first."""
        return [comment for comment in self.comments if comment.visible]


@dataclass(slots=True, eq=False)
class RepositoryHook:
    """A webhook of one repository; nothing is sent, but all of it is in its log of deliveries, the oldest first."""

    id: int
    url: str
    events: list[str]
    deliveries: list[JsonObject] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Repository(_Node):
    """A repository; `id` lasts through renames and transfers."""

    id: int
    owner: User
    name: str
    created_at: int
    updated_at: int
    private: bool = False
    archived: bool = False
    has_issues: bool = True
    deleted: bool = False
    labels: dict[str, Label] = field(default_factory=dict)
    """By name in lower case, because GitHub compares label names so."""
    issues: dict[int, Issue] = field(default_factory=dict)
    """By number, deleted and moved ones too."""
    roles: dict[int, str] = field(default_factory=dict)
    """Collaborators' roles by user id, each one of `ROLES`."""
    files: dict[str, bytes] = field(default_factory=dict)
    committed: dict[str, int] = field(default_factory=dict)
    """When each file was last committed, also that it was removed."""
    hooks: dict[int, RepositoryHook] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner.login}/{self.name}"

    _prefix: ClassVar[str] = "R"


@dataclass(slots=True, eq=False)
class App(_Node):
    """The GitHub App under test and its bot account, `<slug>[bot]`."""

    id: int
    slug: str
    name: str
    client_id: str
    owner: User
    bot: User
    created_at: int
    permissions: dict[str, str]
    events: list[str]
    hook_id: int
    homepage: str = ""
    _prefix: ClassVar[str] = "A"


@dataclass(slots=True, eq=False)
class Installation(_Node):
    """The App on one account, with what that account has granted."""

    id: int
    account: User
    created_at: int
    updated_at: int
    permissions: dict[str, str]
    events: list[str]
    repositories: dict[int, Repository] | None = None
    """The selected repositories by id; None means all of the account."""
    suspended_at: int | None = None
    deleted: bool = False
    _prefix: ClassVar[str] = "MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u"

    @property
    def usable(self) -> bool:
        """Check whether tokens and deliveries flow."""
        return not self.deleted and self.suspended_at is None

    def covers(self, repository: Repository) -> bool:
        """Check whether the App may see this repository through this installation."""
        if self.deleted or repository.owner is not self.account:
            return False
        return self.repositories is None or repository.id in self.repositories


@dataclass(frozen=True, slots=True)
class Urls:
    """Where this GitHub is reachable: REST root and web pages."""

    api: str = "http://localhost/api/v3"
    web: str = "http://localhost"


def node_id(prefix: str, *ids: int) -> str:
    """Make an opaque GraphQL id that carries its parts, so that equal things have equal ids."""
    packed = struct.pack(f">{len(ids)}Q", *ids)
    return f"{prefix}_{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"


def parts_of(node_id: str) -> tuple[str, tuple[int, ...]]:
    """Split an id into its parts; ValueError for what is none."""
    prefix, _, packed = node_id.partition("_")
    content = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
    if len(content) % 8:
        raise ValueError(f"{node_id} is no id")
    return prefix, struct.unpack(f">{len(content) // 8}Q", content)
