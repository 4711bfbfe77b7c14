"""The responses of GitHub's REST API, as far as we read them, and the values that the bot makes of them; pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from bot.github.errors import Unavailable
from bot.github.models.common import (
    AccountModel,
    CommentModel,
    Id,
    IssueModel,
    RepositoryModel,
    Time,
    UserModel,
    account_name,
    epoch,
)
from bot.petition.comments.comment import Author, Comment, KnownText, Version, Writer, read_text
from bot.petition.reported_facts import Issue, Repository
from bot.time_types import WholeEpochSeconds


class IssueRead(Struct, frozen=True):
    """An issue as it was at `read_at` or later; `unchanged` when nothing is new since we last read it.

    `repository` is where the issue is now, which may not be where it was looked for.
    """

    repository: Repository
    issue: Issue
    body: str | None
    read_at: WholeEpochSeconds
    unchanged: bool = False
    author: Author | None = None
    created_at: WholeEpochSeconds = 0

    def is_at(self, repository: Repository, number: int) -> bool:
        """Return whether this is its name; GitHub leads elsewhere where it was transferred or renamed."""
        name = (self.repository.full_name.lower(), self.issue.number)
        return name == (repository.full_name.lower(), number)

    @property
    def is_as_created(self) -> bool:
        """Return whether nothing has changed since it was opened, so that its body is the first one."""
        return self.issue.updated_at == self.created_at


class CommentsRead(Struct, frozen=True):
    """An issue's comments, ascending by id, as they were at `started_at` or later.

    `node_ids` has each comment's GraphQL id.
    """

    started_at: WholeEpochSeconds
    comments: tuple[Comment, ...]
    unchanged: bool = False
    node_ids: Mapping[int, str] = field(default_factory=dict)
    associates: frozenset[int] = frozenset()
    """The authors that GitHub shows as the repository's owner, its organization's members, or collaborators."""


class AppInfo(Struct, frozen=True, gc=False):
    """The App as GitHub knows it; `permissions` and `events` are what it asks of new installations."""

    id: Id
    slug: str
    name: str
    html_url: str
    permissions: dict[str, str]
    events: tuple[str, ...]


class Installation(Struct, frozen=True, gc=False):
    """An installation with what its account's owner has granted."""

    id: Id
    owner: AccountModel | None = msgspec.field(name="account")
    permissions: dict[str, str]
    events: tuple[str, ...]
    html_url: str = ""
    suspended_at: Time | None = None

    @property
    def account(self) -> str:
        """Return the name of the account."""
        return account_name(self.owner)

    @property
    def suspended(self) -> bool:
        """Return whether GitHub or the owner has suspended it."""
        return self.suspended_at is not None


class HookConfig(Struct, frozen=True, gc=False):
    """Where and how GitHub delivers; of the secret GitHub shows only stars."""

    url: str | None = None
    insecure_ssl: str | float | None = None
    secret: str | None = None

    @property
    def is_insecure(self) -> bool:
        """Return whether GitHub does not check certificates."""
        return self.insecure_ssl in ("1", 1)


class HookDelivery(Struct, frozen=True, gc=False):
    """One attempt to deliver; all attempts of one delivery share the `guid`. It succeeded if `status` is `OK`."""

    id: Id
    guid: str
    delivered_at: Time
    status: str
    status_code: int

    @property
    def at(self) -> WholeEpochSeconds:
        """Return when it was made."""
        return epoch(self.delivered_at)


class DeliveryPage(Struct, frozen=True):
    """Attempts to deliver, newest first; `cursor` is of the next page, None on the last."""

    deliveries: tuple[HookDelivery, ...]
    cursor: str | None


class IssueResponse(IssueModel, kw_only=True, gc=False):
    """An issue as REST shows it."""

    repository_url: str
    created_at: Time
    body: str | None = None
    user: UserModel | None = None

    def read(self, repository: Repository, at: WholeEpochSeconds, *, unchanged: bool = False) -> IssueRead:
        """Return the issue as it was at a time or later."""
        author = None if self.user is None else self.user.author()
        return IssueRead(repository, self.fact(), self.body, at, unchanged, author, epoch(self.created_at))


class CommentResponse(CommentModel, kw_only=True, gc=False):
    """A comment as REST lists it."""

    node_id: str
    author_association: str = ""

    def observed(self, at: WholeEpochSeconds, known: KnownText | None = None) -> Comment:
        """Return the comment as a listing that began `at` shows it; a `known` text is not read again.

        Who wrote a text that has changed since the comment was created is not known. GitHub's two times may
        differ by a second on a comment that nobody ever edited; then it is not known either, and can be looked up.
        """
        created_at, updated_at = epoch(self.created_at), epoch(self.updated_at)
        digest, command = read_text(self.body or "", known)
        version = Version(
            at=updated_at,
            digest=digest,
            writer=Writer.AUTHOR if updated_at == created_at else Writer.UNKNOWN,
            command=command,
            hidden=self.hidden,
            seen=at,
        )
        return Comment(self.id, created_at, self.author(), author_at=at, versions=(version,))


class FileResponse(Struct, gc=False):
    """A file of a repository, as base64 in lines."""

    content: str = ""
    encoding: str = ""
    type: str = "file"

    def text(self) -> str | None:
        """Return the file's text; None where it is no file, or too long to be shown."""
        decoded = self.decoded()
        return None if decoded is None else decoded.decode("utf-8-sig", "replace")

    def decoded(self) -> bytes | None:
        """Return what the file contains; None where it is no file, or too long to be shown."""
        if self.type != "file" or self.encoding != "base64":
            return None
        try:
            return base64.b64decode(self.content)
        except ValueError:
            return None


class EntryModel(Struct, gc=False):
    """What is in a folder of a repository: a file, a folder or something else."""

    path: str
    type: str = "file"
    size: int = 0


class CommitterModel(Struct, gc=False):
    """Who put a commit where it is, and when; that is later than when it was written where it was rebased."""

    date: Time


class CommitModel(Struct, gc=False):
    """What git says of a commit."""

    committer: CommitterModel | None = None


class CommitResponse(Struct, gc=False):
    """A commit of a repository."""

    commit: CommitModel


class PermissionResponse(Struct, gc=False):
    """A person's permission in a repository; `maintain` is shown as `write`, `triage` as `read`."""

    permission: str
    user: UserModel | None = None


class RepositoriesResponse(Struct, gc=False):
    """The repositories that an installation may see."""

    repositories: list[RepositoryModel]


class TokenResponse(Struct, gc=False):
    """A new installation token."""

    token: str
    expires_at: Time


class GraphQLError(Struct, gc=False):
    """An error of GraphQL's; the rest of the data may be there."""

    message: str = ""
    type: str = ""


class GraphQLResponse(Struct, gc=False):
    """A response of GraphQL's, which has status 200 even where something went wrong."""

    data: dict[str, Any] | None = None
    errors: list[GraphQLError] = []


CACHED = (
    IssueResponse,
    CommentResponse,
    RepositoriesResponse,
    RepositoryModel,
    FileResponse,
    EntryModel,
    CommitResponse,
    PermissionResponse,
)
"""What installations read; the ETag cache keeps only the fields of these."""

ModelT = TypeVar("ModelT")


def expect(kind: type[ModelT], data: Any) -> ModelT:
    """Convert a response; raises Unavailable for what is not of the documented shape."""
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise Unavailable(f"unexpected response: {error}") from None


class _Refusal(Struct):
    message: str = ""
    errors: object = None


def refusal_message(content: bytes) -> str:
    """Return why GitHub refused: the message and its details; empty where there are none.

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
