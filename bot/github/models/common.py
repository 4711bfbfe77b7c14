"""What GitHub's JSON looks like, as far as we read it, and how it becomes our own nouns.

Deliveries and API answers show the same things in the same shapes. Every field named here is read; all others are
skipped by the decoder, which is what makes it fast.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Struct, UnsetType

from bot.petition import facts
from bot.petition.comments.comment import Author

Id = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""A number that GitHub gives out; 64 bits, because comment ids have outgrown 32."""

Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]

Time = Annotated[datetime, msgspec.Meta(tz=True)]


class Something(Struct, gc=False):
    """An object of which only the presence matters."""


class User(Struct, gc=False):
    """An account.

    https://docs.github.com/en/rest/users/users#get-a-user
    """

    id: Id
    login: str
    type: str = "User"

    def author(self) -> Author:
        """Return the account as the core knows it."""
        return Author(self.id, clean(self.login), clean(self.type))


class Account(Struct, gc=False):
    """Whose installation it is: a person, an organization, or an enterprise, which has a slug and no login."""

    login: str | None = None
    slug: str | None = None


class Owner(Struct, gc=False):
    """Whose repository it is."""

    login: str


class Repository(Struct, gc=False):
    """A repository.

    `private` has no default: to take a private repository for a public one would show its petitions to the world.
    https://docs.github.com/en/rest/repos/repos#get-a-repository
    """

    id: Id
    name: str
    owner: Owner
    private: bool
    archived: bool = False

    def fact(self) -> facts.Repository:
        """Return the repository as the core knows it."""
        return facts.Repository(self.id, clean(self.owner.login), clean(self.name), self.private, self.archived)


class Label(Struct, gc=False):
    """A label on an issue."""

    name: str | None = None


class Issue(Struct, gc=False):
    """An issue, or the issue side of a pull request.

    `labels` has no default: an issue whose labels we were not shown is not an issue without labels.
    https://docs.github.com/en/rest/issues/issues#get-an-issue
    """

    id: Id
    number: Id
    title: str
    labels: list[Label | str | None]
    updated_at: Time
    state: str | None = None
    closed_at: Time | None = None
    locked: bool | None = None
    comments: Count = 0
    pull_request: Something | None = None

    def fact(self) -> facts.Issue:
        """Return the issue as the core knows it."""
        updated_at = epoch(self.updated_at)
        closed_at: int | None = None
        if self.state != "open" and self.closed_at is not None:
            closed_at = epoch(self.closed_at)
        elif self.state == "closed":
            closed_at = updated_at
        return facts.Issue(
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


class Comment(Struct, gc=False):
    """A comment on an issue.

    https://docs.github.com/en/rest/issues/comments#get-an-issue-comment
    """

    id: Id
    user: User | None
    created_at: Time
    updated_at: Time
    body: str | None = None
    minimized: Something | UnsetType | None = UNSET

    @property
    def hidden(self) -> bool | None:
        """Return whether a moderator has hidden it; None where GitHub does not say, as on older servers."""
        return None if self.minimized is UNSET else self.minimized is not None

    def author(self) -> Author | None:
        """Return the author; None for a deleted account."""
        return None if self.user is None else self.user.author()


def account_name(account: Account | None) -> str:
    """Return the login of an account, or the slug of an enterprise."""
    return clean((account.login or account.slug or "") if account is not None else "")


def epoch(at: datetime) -> int:
    """Turn a time that GitHub wrote into UTC epoch seconds."""
    return int(at.timestamp())


def clean(text: str) -> str:
    """Drop NUL characters, which JSON can carry and PostgreSQL cannot store."""
    return text.replace("\0", "") if "\0" in text else text


def _label_name(label: Label | str | None) -> str:
    name = label.name if isinstance(label, Label) else label
    return clean(name or "").lower()
