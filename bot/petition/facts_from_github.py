"""What GitHub tells us, in our own words: the facts that deliveries and listings bring and the store records.

`as_of` is when GitHub said so: `updated_at` for a delivery, the start of the
request for an API read; for one thing the newest fact wins.
"""

from __future__ import annotations

from msgspec import Struct

from bot.petition.comments.comment import Comment
from bot.time_types import WholeEpochSeconds


class Repository(Struct, frozen=True):
    """A repository; `id` lasts through renames and transfers."""

    id: int
    owner: str
    name: str
    private: bool = False
    archived: bool = False

    @property
    def full_name(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner}/{self.name}"


class Issue(Struct, frozen=True):
    """An issue as GitHub showed it; `labels` are lower case, because GitHub compares them so."""

    id: int
    number: int
    title: str
    labels: frozenset[str]
    closed_at: WholeEpochSeconds | None = None
    """None while the issue is open."""
    locked: bool = False
    comments: int = 0
    updated_at: WholeEpochSeconds = 0
    is_pull_request: bool = False


class CommentFact(Struct, frozen=True):
    """A comment was created, edited, hidden, pinned or deleted.

    `recheck` says that this may have been a hide or an unhide and nobody told which: only GitHub can. `node_id` is
    what GraphQL knows the comment by; it may be empty.
    """

    installation_id: int
    repository: Repository
    issue: Issue
    comment: Comment
    recheck: bool = False
    node_id: str = ""


class BodyEdit(Struct, frozen=True):
    """Somebody replaced an issue's body; `previous` is what was there, so that a lost edit can be put back."""

    previous: str
    body: str
    by_app: bool


class IssueFact(Struct, frozen=True):
    """An issue was opened, edited, labelled, closed, locked…; `reread` asks for its comments to be read again."""

    installation_id: int
    repository: Repository
    issue: Issue
    as_of: WholeEpochSeconds
    reread: bool = False
    edit: BodyEdit | None = None


class IssueGone(Struct, frozen=True):
    """An issue was deleted, or transferred to another repository."""

    installation_id: int
    repository: Repository
    issue_id: int
    moved_to: tuple[Repository, Issue] | None = None


class Continuation(Struct, frozen=True):
    """An issue that the App itself has opened continues a petition."""

    installation_id: int
    repository: Repository
    issue: Issue
    petition_id: int


class RepositoryFact(Struct, frozen=True):
    """A repository was renamed, transferred, archived, hidden from the public or shown to it."""

    installation_id: int
    repository: Repository
    as_of: WholeEpochSeconds
    deleted: bool = False


class SettingsFact(Struct, frozen=True):
    """The settings file of a repository may have changed: somebody has pushed.

    With `texts`, only these text files have, which may be translations of a letter.
    """

    installation_id: int
    repository_id: int
    texts: tuple[str, ...] = ()


class InstallationFact(Struct, frozen=True):
    """The App was installed, suspended or removed, or may see other repositories than before."""

    id: int
    account: str
    as_of: WholeEpochSeconds
    suspended: bool = False
    deleted: bool = False
    repositories_added: tuple[int, ...] = ()
    repositories_removed: tuple[int, ...] = ()


class Unclear(Struct, frozen=True):
    """Something happened to an issue that we could not read, and GitHub is to be asked.

    Without an `issue_id` it happened to the installation or to a repository of its.
    """

    installation_id: int
    issue_id: int | None = None


Fact = (
    CommentFact | IssueFact | IssueGone | Continuation | RepositoryFact | SettingsFact | InstallationFact | Unclear
)
