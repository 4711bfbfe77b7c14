"""GitHub's JSON as its REST API and its webhook deliveries show it, and the values that the bot makes of it; pure.

Every field named here is read; the decoder skips all others, which is what makes it fast. Public names end in
`Model` where both show it, in `Response` for REST alone, in `Event` for deliveries and in `Node` for GraphQL.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from bot.github.errors import Unavailable
from bot.petition import block
from bot.petition.comments.comment import Author, Comment, KnownText, Version, Writer, read_text
from bot.petition.facts_from_github import Issue, Repository
from bot.petition.machine_readable_lines import Continues, read_continues
from bot.time_types import WholeEpochSeconds

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""An id that GitHub assigns; 64 bits, because comment ids have outgrown 32."""

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class IdModel(Struct, gc=False):
    """Something of which we read no more than its id."""

    id: Id


class _Presence(Struct, gc=False):
    """An object of which only the presence matters."""


class UserModel(Struct, gc=False):
    """An account.

    https://docs.github.com/en/rest/users/users#get-a-user
    """

    id: Id
    login: str
    type: str = "User"

    def author(self) -> Author:
        """Return the account as the core knows it."""
        return Author(self.id, clean(self.login), clean(self.type))


class AccountModel(Struct, gc=False):
    """Who owns an installation: a person, an organization, or an enterprise, which has a slug and no login."""

    login: str | None = None
    slug: str | None = None


class OwnerModel(Struct, gc=False):
    """Who owns a repository."""

    login: str


class RepositoryModel(Struct, gc=False):
    """A repository.

    `private` has no default: a private repository taken for a public one would show its petitions to all.
    https://docs.github.com/en/rest/repos/repos#get-a-repository
    """

    id: Id
    name: str
    owner: OwnerModel
    private: bool
    archived: bool = False

    def fact(self) -> Repository:
        """Return the repository as the core knows it."""
        return Repository(self.id, clean(self.owner.login), clean(self.name), self.private, self.archived)


class _Label(Struct, gc=False):
    name: str | None = None


class IssueModel(Struct, gc=False):
    """An issue, or the issue side of a pull request.

    `labels` has no default: an issue shown without its labels is not an issue that has none.
    https://docs.github.com/en/rest/issues/issues#get-an-issue
    """

    id: Id
    number: Id
    title: str
    labels: list[_Label | str | None]
    updated_at: Time
    state: str | None = None
    closed_at: Time | None = None
    locked: bool | None = None
    comments: Count = 0
    pull_request: _Presence | None = None

    def fact(self) -> Issue:
        """Return the issue as the core knows it."""
        updated_at = epoch(self.updated_at)
        closed_at: WholeEpochSeconds | None = None
        if self.state != "open" and self.closed_at is not None:
            closed_at = epoch(self.closed_at)
        elif self.state == "closed":
            closed_at = updated_at
        return Issue(
            id=self.id,
            number=self.number,
            title=clean(self.title),
            labels=frozenset(name for label in self.labels if (name := _label_name(label))),
            closed_at=closed_at,
            locked=bool(self.locked),
            comments=self.comments,
            updated_at=updated_at,
            is_pull_request=self.pull_request is not None,
        )


class CommentModel(Struct, gc=False):
    """A comment on an issue.

    https://docs.github.com/en/rest/issues/comments#get-an-issue-comment
    """

    id: Id
    user: UserModel | None
    created_at: Time
    updated_at: Time
    node_id: str = ""
    body: str | None = None
    minimized: _Presence | UnsetType | None = UNSET

    @property
    def hidden(self) -> bool | None:
        """Return whether a moderator has hidden it; None where GitHub does not show it, as on older servers."""
        return None if self.minimized is UNSET else self.minimized is not None

    def author(self) -> Author | None:
        """Return the author; None for a deleted account."""
        return None if self.user is None else self.user.author()


def account_name(account: AccountModel | None) -> str:
    """Return the login of an account, or the slug of an enterprise."""
    return clean((account.login or account.slug or "") if account is not None else "")


def epoch(at: datetime) -> WholeEpochSeconds:
    """Return a time of GitHub's in whole seconds."""
    return int(at.timestamp())


def clean(text: str) -> str:
    """Return a text without NUL characters, which JSON can carry and PostgreSQL cannot store."""
    return text.replace("\0", "") if "\0" in text else text


def _label_name(label: _Label | str | None) -> str:
    name = label.name if isinstance(label, _Label) else label
    return clean(name or "").lower()


ACTIONS: Final = "github-actions[bot]"
"""Who writes with the token of a workflow.

Not established on github.com; `rehearse` asks.
"""


class IssueRead(Struct, frozen=True):
    """An issue as it was at `read_at` or later.

    `repository` is where the issue is now, which may not be where it was looked for.
    """

    repository: Repository
    issue: Issue
    body: str | None
    read_at: WholeEpochSeconds
    author: Author | None = None
    created_at: WholeEpochSeconds = 0

    def is_at(self, repository: Repository, number: int) -> bool:
        """Return whether this is its name; GitHub leads elsewhere where it was transferred or renamed."""
        name = (self.repository.full_name.lower(), self.issue.number)
        return name == (repository.full_name.lower(), number)

    @property
    def continues(self) -> Continues | None:
        """Return which petition it continues, where a bot has written so: only an owner lets a bot in."""
        is_by_bot = self.author is not None and self.author.type == "Bot"
        return read_continues(self.body) if is_by_bot else None

    @property
    def is_by_workflow(self) -> bool:
        """Return whether a workflow has opened it, whichever it was.

        That may also be one that opens issues with what strangers have written. So such an issue continues a
        petition only where the previous issue's block names it.
        """
        return self.author is not None and self.author.login.lower() == ACTIONS

    @property
    def named_threads(self) -> tuple[str, ...]:
        """Return the names of the petition's issues that its block has; none where there is only one."""
        line = block.machine_line(self.body)
        return line.threads if line is not None else ()


class CommentsRead(Struct, frozen=True):
    """An issue's comments, ascending by id, as they were at `started_at` or later.

    `node_ids` has each comment's GraphQL id.
    """

    started_at: WholeEpochSeconds
    comments: tuple[Comment, ...]
    node_ids: Mapping[int, str] = field(default_factory=dict)
    associates: frozenset[int] = frozenset()
    """The authors that GitHub shows as the repository's owner, its organization's members, or collaborators."""


class IssueResponse(IssueModel, kw_only=True, gc=False):
    """An issue as REST shows it."""

    repository_url: str
    created_at: Time
    body: str | None = None
    user: UserModel | None = None

    def read(self, repository: Repository, at: WholeEpochSeconds) -> IssueRead:
        """Return the issue as it was at a time or later."""
        author = None if self.user is None else self.user.author()
        return IssueRead(repository, self.fact(), self.body, at, author, epoch(self.created_at))


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


class _Committer(Struct, gc=False):
    date: Time
    """When the commit was put where it is: later than when it was written, where it was rebased."""


class _Commit(Struct, gc=False):
    committer: _Committer | None = None


class CommitResponse(Struct, gc=False):
    """A commit of a repository."""

    commit: _Commit


class PermissionResponse(Struct, gc=False):
    """A person's permission in a repository; `maintain` is shown as `write`, `triage` as `read`."""

    permission: str
    user: UserModel | None = None


class RepositoriesResponse(Struct, gc=False):
    """The repositories that an installation may see."""

    repositories: list[RepositoryModel]


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
