"""The webhook deliveries we read, as far as we read them, and the facts that each means; pure.

https://docs.github.com/en/webhooks/webhook-events-and-payloads
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from bot.github.models.rest import (
    AccountModel,
    CommentModel,
    Count,
    Id,
    IdModel,
    IssueModel,
    OwnerModel,
    RepositoryModel,
    Time,
    account_name,
    epoch,
)
from bot.petition.comments import command_and_phrase_parser
from bot.petition.comments.comment import Comment, Version, Writer, body_digest
from bot.petition.facts_from_github import (
    BodyEdit,
    CommentFact,
    Fact,
    InstallationFact,
    IssueFact,
    IssueGone,
    RepositoryFact,
    SettingsFact,
)
from bot.petition.letter_versions_and_translations import TEXT_ENDINGS
from bot.petition.settings import PATH
from bot.petition.settings_file import is_misplaced
from bot.time_types import WholeEpochSeconds

MAX_COMMITS_LISTED: Final = 2_048
MAX_FILES_LISTED: Final = 3_000
"""Of each commit."""


class _PreviousText(Struct, gc=False):
    text: str | None = msgspec.field(name="from", default=None)


class _CommentChanges(Struct, gc=False):
    body: _PreviousText | None = None


class _TransferRepository(Struct, kw_only=True, gc=False):
    """The repository on the other side of a transfer; without `owner` it has the same owner.

    https://docs.github.com/en/issues/tracking-your-work-with-issues/administering-issues/transferring-an-issue-to-another-repository
    """

    id: Id
    name: str
    owner: OwnerModel | None = None
    private: bool
    archived: bool = False

    def repository(self, here: RepositoryModel) -> RepositoryModel:
        """Return the repository in full; `here` is the one that the delivery came from."""
        return RepositoryModel(self.id, self.name, self.owner or here.owner, self.private, self.archived)


class _IssueChanges(Struct, gc=False):
    """What an edit of an issue changed, or where it was transferred from or to."""

    body: _PreviousText | None = None
    old_issue: IdModel | None = None
    old_repository: _TransferRepository | None = None
    new_issue: IssueModel | None = None
    new_repository: _TransferRepository | None = None


class _Sender(Struct, gc=False):
    id: Id
    type: str = "User"


class _RemovedRepository(Struct, gc=False):
    id: Id | None = None
    """GitHub's description does not promise it."""


class _Installation(Struct, gc=False):
    """An installation in full; GitHub writes its times either as text or as seconds."""

    id: Id
    account: AccountModel | None
    updated_at: Count | Time
    suspended_at: Count | Time | None = None


class _DatedRepository(RepositoryModel, kw_only=True, gc=False):
    updated_at: Time | None


class RepositoryScopedEvent(Struct, kw_only=True, gc=False):
    """The fields of all events of a repository; `installation` is absent when no App is installed."""

    action: str
    repository: RepositoryModel
    installation: IdModel | None = None
    sender: _Sender | None = None


class IssueCommentEvent(RepositoryScopedEvent, kw_only=True, gc=False):
    """The event `issue_comment`."""

    issue: IssueModel
    comment: CommentModel
    changes: _CommentChanges | None = None

    def facts(self, installation_id: int) -> tuple[Fact, ...]:
        """Return the comment as the delivery shows it."""
        if self.issue.pull_request is not None:
            return ()
        at = epoch(self.comment.updated_at)
        is_deleted = self.action == "deleted"
        version = None if is_deleted else self._version(at)
        comment = Comment(
            id=self.comment.id,
            created_at=epoch(self.comment.created_at),
            author=self.comment.author(),
            author_at=at,
            versions=() if version is None else (version,),
            deleted=is_deleted,
        )
        is_unclear = version is not None and version.writer is Writer.UNKNOWN and version.hidden is None
        recheck = is_unclear and self.action == "edited"
        here, issue = self.repository.fact(), self.issue.fact()
        return (CommentFact(installation_id, here, issue, comment, recheck, self.comment.node_id),)

    def _version(self, at: WholeEpochSeconds) -> Version:
        body = self.comment.body or ""
        digest = body_digest(body)
        writer, previous = self._writer(digest)
        return Version(at, digest, writer, command_and_phrase_parser.parse(body), previous, self.comment.hidden)

    def _writer(self, digest: str) -> tuple[Writer, str | None]:
        """Return who wrote the text and what text it replaced; hiding arrives as an edit that changes nothing."""
        if self.action == "created":
            return Writer.AUTHOR, None
        previous = self.changes.body if self.changes is not None else None
        before = digest if previous is None else body_digest(previous.text or "")
        if self.action != "edited" or before == digest or self.sender is None:
            return Writer.UNKNOWN, None
        author = self.comment.user
        is_own = author is not None and author.id == self.sender.id
        return (Writer.AUTHOR if is_own else Writer.OTHER), before


class _IssueWithBody(IssueModel, kw_only=True, gc=False):
    body: str | None = None


class IssuesEvent(RepositoryScopedEvent, kw_only=True, gc=False):
    """The event `issues`."""

    issue: _IssueWithBody
    changes: _IssueChanges | None = None

    def facts(self, installation_id: int) -> tuple[Fact, ...]:
        """Return the issue as the delivery shows it, or where it has gone."""
        if self.issue.pull_request is not None:
            return ()
        here = self.repository
        repository, issue = here.fact(), self.issue.fact()
        changes = self.changes or _IssueChanges()
        if self.action in ("deleted", "transferred"):
            moved_to = None
            if changes.new_repository is not None and changes.new_issue is not None:
                moved_to = (changes.new_repository.repository(here).fact(), changes.new_issue.fact())
            return (IssueGone(installation_id, repository, issue.id, moved_to),)
        # The arrival of a transferred issue is `opened` too, but brings comments along.
        has_arrived = changes.old_issue is not None or changes.old_repository is not None
        reread = has_arrived or self.action in ("labeled", "reopened", "unlocked")
        fact = IssueFact(installation_id, repository, issue, issue.updated_at, reread, self._body_edit())
        if changes.old_issue is None or changes.old_repository is None:
            return (fact,)
        there = changes.old_repository.repository(here).fact()
        return (fact, IssueGone(installation_id, there, changes.old_issue.id, (repository, issue)))

    def _body_edit(self) -> BodyEdit | None:
        previous = self.changes.body if self.changes is not None else None
        if self.action != "edited" or previous is None or self.sender is None:
            return None
        return BodyEdit(previous.text or "", self.issue.body or "", self.sender.type == "Bot")


class RepositoryEvent(RepositoryScopedEvent, kw_only=True, gc=False):
    """The event `repository`."""

    repository: _DatedRepository

    def facts(self, installation_id: int) -> tuple[Fact, ...]:
        """Return the repository as the delivery shows it."""
        updated_at = self.repository.updated_at
        as_of = 0 if updated_at is None else epoch(updated_at)
        is_deleted = self.action == "deleted"
        return (RepositoryFact(installation_id, self.repository.fact(), as_of, deleted=is_deleted),)


class _PushedRepository(Struct, gc=False):
    id: Id
    default_branch: str


class _Commit(Struct, gc=False):
    added: list[str] = msgspec.field(default_factory=list)
    modified: list[str] = msgspec.field(default_factory=list)
    removed: list[str] = msgspec.field(default_factory=list)

    @property
    def files(self) -> list[str]:
        return [*self.added, *self.modified, *self.removed]


class PushEvent(Struct, gc=False):
    """The event `push`, which has no actions.

    https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
    """

    repository: _PushedRepository
    ref: str
    commits: list[_Commit]
    forced: bool = False
    installation: IdModel | None = None

    @property
    def action(self) -> None:
        """Return None."""

    def facts(self, installation_id: int) -> tuple[Fact, ...]:
        """Return that the settings or translations may have changed, or that GitHub may not have listed all."""
        here = self.repository
        if self.ref != f"refs/heads/{here.default_branch}":
            return ()
        is_cut = not 0 < len(self.commits) < MAX_COMMITS_LISTED
        is_cut |= any(len(commit.files) >= MAX_FILES_LISTED for commit in self.commits)
        # What a forced push removes is not listed either.
        files = [path for commit in self.commits for path in commit.files]
        if is_cut or self.forced or any(path == PATH or is_misplaced(path) for path in files):
            return (SettingsFact(installation_id, here.id),)
        texts = tuple(sorted({path for path in files if path.lower().endswith(TEXT_ENDINGS)}))
        return (SettingsFact(installation_id, here.id, texts),) if texts else ()


class InstallationEvent(Struct, kw_only=True, gc=False):
    """The events `installation` and `installation_repositories`."""

    action: str
    installation: _Installation
    repositories: list[IdModel] | None = None
    repositories_added: list[IdModel] | None = None
    repositories_removed: list[_RemovedRepository] | None = None

    def facts(self, installation_id: int) -> tuple[Fact, ...]:
        """Return the installation as the delivery shows it."""
        installation = self.installation
        times = (installation.updated_at, installation.suspended_at or 0)
        # Other actions list the repositories too, which are known then.
        added = self.repositories if self.action == "created" else self.repositories_added
        removed = self.repositories_removed
        return (
            InstallationFact(
                id=installation_id,
                account=account_name(installation.account),
                as_of=max(epoch(time) if isinstance(time, datetime) else time for time in times),
                suspended=installation.suspended_at is not None,
                deleted=self.action == "deleted",
                repositories_added=tuple(one.id for one in added or ()),
                repositories_removed=tuple(one.id for one in removed or () if one.id is not None),
            ),
        )


Event: TypeAlias = IssueCommentEvent | IssuesEvent | RepositoryEvent | PushEvent | InstallationEvent
"""A delivery that was decoded; without `installation` somebody set a webhook up instead of installing the App."""
