"""What GitHub's API answers, as far as we read it, and the values that the rest of the bot gets from it; pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from bot.github.errors import Unavailable
from bot.github.models import common
from bot.github.models.common import Account, Id, Time, account_name, epoch
from bot.petition.comments.comment import Author, Comment, KnownText, Version, Writer, read_text
from bot.petition.facts import Issue, Repository


@dataclass(frozen=True, slots=True)
class IssueRead:
    """An issue as it was at `read_at` or later; `unchanged` when nothing is new since we last read it.

    `repository` is where the issue is now, which may be another place than where it was looked for.
    """

    repository: Repository
    issue: Issue
    body: str | None
    read_at: int
    unchanged: bool = False
    author: Author | None = None
    created_at: int = 0
    """In UTC epoch seconds."""

    @property
    def is_as_created(self) -> bool:
        """Return whether nothing has happened to it since, so that its body says what was first written."""
        return self.issue.updated_at == self.created_at


@dataclass(frozen=True, slots=True)
class Listing:
    """An issue's comments, ascending by id, as they were at `started_at` or later.

    `node_ids` gives for each comment's id the name that GraphQL knows it by.
    """

    started_at: int
    comments: tuple[Comment, ...]
    unchanged: bool = False
    node_ids: Mapping[int, str] = field(default_factory=dict)
    associates: frozenset[int] = frozenset()
    """The authors that GitHub shows as the repository's owner, its organization's members, or collaborators."""


@dataclass(frozen=True, slots=True)
class AppInfo:
    """The App as GitHub knows it; `permissions` and `events` are what it asks of new installations."""

    id: int
    slug: str
    name: str
    html_url: str
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation with what its account's owner has really granted."""

    id: int
    account: str
    suspended: bool
    permissions: Mapping[str, str]
    events: tuple[str, ...]
    html_url: str


@dataclass(frozen=True, slots=True)
class HookConfig:
    """Where and how GitHub delivers; GitHub tells only whether there is a secret."""

    url: str | None
    insecure_ssl: bool
    has_secret: bool


@dataclass(frozen=True, slots=True)
class HookDelivery:
    """One attempt to deliver; all attempts of one delivery share the `guid`. It succeeded if `status` is `OK`."""

    id: int
    guid: str
    delivered_at: int
    status: str
    status_code: int


@dataclass(frozen=True, slots=True)
class DeliveryPage:
    """Attempts to deliver, newest first; `cursor` leads to older ones, None where there are none."""

    deliveries: tuple[HookDelivery, ...]
    cursor: str | None


class IssueAnswer(common.Issue, kw_only=True, gc=False):
    """An issue as REST shows it."""

    repository_url: str
    created_at: Time
    body: str | None = None
    user: common.User | None = None

    def read(self, repository: Repository, at: int, *, unchanged: bool = False) -> IssueRead:
        """Return the issue as it was at a time or later."""
        author = None if self.user is None else self.user.author()
        return IssueRead(repository, self.fact(), self.body, at, unchanged, author, epoch(self.created_at))


class CommentAnswer(common.Comment, kw_only=True, gc=False):
    """A comment as REST lists it."""

    node_id: str
    author_association: str = ""

    def observed(self, at: int, known: KnownText | None = None) -> Comment:
        """Return the comment as a listing that began `at` shows it; a `known` text is not read again.

        Who wrote a text that has changed since the comment was created is unsaid. GitHub's two times may differ by
        a second on a comment that nobody ever edited; it is unsaid as well then, and can be looked up.
        """
        created_at, updated_at = epoch(self.created_at), epoch(self.updated_at)
        digest, command = read_text(self.body or "", known)
        version = Version(
            at=updated_at,
            digest=digest,
            writer=Writer.AUTHOR if updated_at == created_at else Writer.UNSAID,
            command=command,
            hidden=self.hidden,
            seen=at,
        )
        return Comment(self.id, created_at, self.author(), author_at=at, versions=(version,))


class FileAnswer(Struct, gc=False):
    """A file of a repository, as base64 in lines."""

    content: str = ""
    encoding: str = ""
    type: str = "file"

    def text(self) -> str | None:
        """Return the file's text; None where it is no file, or too long to be shown."""
        if self.type != "file" or self.encoding != "base64":
            return None
        try:
            return base64.b64decode(self.content).decode("utf-8-sig", "replace")
        except ValueError:
            return None


class PermissionAnswer(Struct, gc=False):
    """What somebody may do in a repository; `maintain` is shown as `write`, `triage` as `read`."""

    permission: str
    user: common.User | None = None


class RepositoriesAnswer(Struct, gc=False):
    """The repositories that an installation may see."""

    repositories: list[common.Repository]


class TokenAnswer(Struct, gc=False):
    """A new installation token."""

    token: str
    expires_at: Time


class AppAnswer(Struct, gc=False):
    """The App itself."""

    id: Id
    slug: str
    name: str
    html_url: str
    permissions: dict[str, str]
    events: list[str]

    def info(self) -> AppInfo:
        """Return it as the rest of the bot knows it."""
        return AppInfo(self.id, self.slug, self.name, self.html_url, self.permissions, tuple(self.events))


class InstallationAnswer(Struct, gc=False):
    """An installation of the App."""

    id: Id
    account: Account | None
    permissions: dict[str, str]
    events: list[str]
    html_url: str = ""
    suspended_at: Time | None = None

    def installation(self) -> Installation:
        """Return it as the rest of the bot knows it."""
        suspended = self.suspended_at is not None
        account = account_name(self.account)
        return Installation(self.id, account, suspended, self.permissions, tuple(self.events), self.html_url)


class HookConfigAnswer(Struct, gc=False):
    """The configuration of the App's webhook."""

    url: str | None = None
    insecure_ssl: str | float | None = None
    secret: str | None = None

    def config(self) -> HookConfig:
        """Return it as the rest of the bot knows it."""
        return HookConfig(self.url, self.insecure_ssl in ("1", 1), bool(self.secret))


class HookDeliveryAnswer(Struct, gc=False):
    """One line of the App's log of deliveries."""

    id: Id
    guid: str
    delivered_at: Time
    status: str
    status_code: int

    def delivery(self) -> HookDelivery:
        """Return it as the rest of the bot knows it."""
        return HookDelivery(self.id, self.guid, epoch(self.delivered_at), self.status, self.status_code)


class GraphQLError(Struct, gc=False):
    """What GraphQL could not tell, beside what it could."""

    message: str = ""
    type: str = ""


class GraphQLAnswer(Struct, gc=False):
    """An answer of GraphQL, which comes with status 200 even where something went wrong."""

    data: dict[str, Any] | None = None
    errors: list[GraphQLError] = []


REMEMBERED = (IssueAnswer, CommentAnswer, RepositoriesAnswer, common.Repository, FileAnswer, PermissionAnswer)
"""The answers to what installations read; of these alone the fields are remembered for conditional requests."""

Wanted = TypeVar("Wanted")


def expect(kind: type[Wanted], data: Any) -> Wanted:
    """Read an answer; what is not of the documented shape is GitHub being unwell."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise Unavailable(f"unexpected answer: {error}") from None


class _Refusal(Struct):
    message: str = ""
    errors: object = None


def complaint(content: bytes) -> str:
    """Read why GitHub refused: the message and the details beside it; empty where it is not said.

    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
    """
    try:
        refusal = msgspec.json.decode(content, type=_Refusal)
    except (ValueError, RecursionError):
        return ""
    errors = refusal.errors if isinstance(refusal.errors, list) else []
    details = [text for text in map(_detail, errors) if text]
    return f"{refusal.message}: {', '.join(details)}" if details else refusal.message


def _detail(error: object) -> str:
    if not isinstance(error, dict):
        return error if isinstance(error, str) else ""
    message, field_name, code = (error.get(key) for key in ("message", "field", "code"))
    return str(message) if message else f"{field_name} {code}"
