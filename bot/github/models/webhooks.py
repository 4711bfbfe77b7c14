"""The JSON of the deliveries we read, event by event, as far as we read it.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from bot.github.models.common import Account, Comment, Count, Id, Issue, Owner, Repository, Time


class Was(Struct, gc=False):
    """What a text was before an edit."""

    previous: str | None = msgspec.field(name="from", default=None)


class CommentChanges(Struct, gc=False):
    """What an edit of a comment changed."""

    body: Was | None = None


class Identified(Struct, gc=False):
    """Something of which we read no more than its id."""

    id: Id


class Elsewhere(Struct, kw_only=True, gc=False):
    """The repository on the other side of a transfer; without `owner` it is the same one's.

    https://docs.github.com/en/issues/tracking-your-work-with-issues/administering-issues/transferring-an-issue-to-another-repository
    """

    id: Id
    name: str
    owner: Owner | None = None
    private: bool
    archived: bool = False

    def repository(self, here: Repository) -> Repository:
        """Return the repository in full; `here` is the one that told of it."""
        return Repository(self.id, self.name, self.owner or here.owner, self.private, self.archived)


class IssueChanges(Struct, gc=False):
    """What an edit of an issue changed, or whence and whither it was transferred."""

    body: Was | None = None
    old_issue: Identified | None = None
    old_repository: Elsewhere | None = None
    new_issue: Issue | None = None
    new_repository: Elsewhere | None = None


class Sender(Struct, gc=False):
    """Who did it."""

    id: Id
    type: str = "User"


class Removed(Struct, gc=False):
    """A repository that is ours no more; GitHub's description does not promise that it is named."""

    id: Id | None = None


class Installation(Struct, gc=False):
    """An installation in full, with times that GitHub writes now as text and now as seconds."""

    id: Id
    account: Account | None
    updated_at: Count | Time
    suspended_at: Count | Time | None = None


class DatedRepository(Repository, kw_only=True, gc=False):
    """A repository with the time of its last change."""

    updated_at: Time | None


class AboutRepository(Struct, kw_only=True, gc=False):
    """What the events of a repository carry; `installation` is absent when no App is installed."""

    action: str
    repository: Repository
    installation: Identified | None = None
    sender: Sender | None = None


class IssueComment(AboutRepository, kw_only=True, gc=False):
    """The event `issue_comment`."""

    issue: Issue
    comment: Comment
    changes: CommentChanges | None = None


class IssueWithBody(Issue, kw_only=True, gc=False):
    """An issue with its text."""

    body: str | None = None


class Issues(AboutRepository, kw_only=True, gc=False):
    """The event `issues`."""

    issue: IssueWithBody
    changes: IssueChanges | None = None


class RepositoryChange(AboutRepository, kw_only=True, gc=False):
    """The event `repository`."""

    repository: DatedRepository


class Branched(Struct, gc=False):
    """A repository of which we read no more than its id and its default branch."""

    id: Id
    default_branch: str


class Commit(Struct, gc=False):
    """The files that a commit touches, 3,000 at most."""

    added: list[str] = msgspec.field(default_factory=list)
    modified: list[str] = msgspec.field(default_factory=list)
    removed: list[str] = msgspec.field(default_factory=list)

    @property
    def files(self) -> list[str]:
        """Return all of them."""
        return [*self.added, *self.modified, *self.removed]


class Push(Struct, gc=False):
    """The event `push`, which has no actions; 2,048 commits are listed at most."""

    repository: Branched
    ref: str
    commits: list[Commit]
    forced: bool = False
    installation: Identified | None = None


class AboutInstallation(Struct, kw_only=True, gc=False):
    """The events `installation` and `installation_repositories`."""

    action: str
    installation: Installation
    repositories: list[Identified] | None = None
    repositories_added: list[Identified] | None = None
    repositories_removed: list[Removed] | None = None
