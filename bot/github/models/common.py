"""The JSON that REST responses and webhook deliveries share, as far as we read it, and the facts made from it.

Every field named here is read; the decoder skips all others, which is what makes it fast. Names end in `Model`
here, in `Response` for REST, in `Event` for deliveries and in `Node` for GraphQL.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Struct, UnsetType

from bot.petition import reported_facts
from bot.petition.comments.comment import Author
from bot.time_types import WholeEpochSeconds

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""An id that GitHub assigns; 64 bits, because comment ids have outgrown 32."""

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class IdModel(Struct, gc=False):
    """Something of which we read no more than its id."""

    id: Id


class PresenceModel(Struct, gc=False):
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

    def fact(self) -> reported_facts.Repository:
        """Return the repository as the core knows it."""
        return reported_facts.Repository(
            self.id, clean(self.owner.login), clean(self.name), self.private, self.archived
        )


class LabelModel(Struct, gc=False):
    """A label on an issue."""

    name: str | None = None


class IssueModel(Struct, gc=False):
    """An issue, or the issue side of a pull request.

    `labels` has no default: an issue shown without its labels is not an issue that has none.
    https://docs.github.com/en/rest/issues/issues#get-an-issue
    """

    id: Id
    number: Id
    title: str
    labels: list[LabelModel | str | None]
    updated_at: Time
    state: str | None = None
    closed_at: Time | None = None
    locked: bool | None = None
    comments: Count = 0
    pull_request: PresenceModel | None = None

    def fact(self) -> reported_facts.Issue:
        """Return the issue as the core knows it."""
        updated_at = epoch(self.updated_at)
        closed_at: WholeEpochSeconds | None = None
        if self.state != "open" and self.closed_at is not None:
            closed_at = epoch(self.closed_at)
        elif self.state == "closed":
            closed_at = updated_at
        return reported_facts.Issue(
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
    minimized: PresenceModel | UnsetType | None = UNSET

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


def _label_name(label: LabelModel | str | None) -> str:
    name = label.name if isinstance(label, LabelModel) else label
    return clean(name or "").lower()
