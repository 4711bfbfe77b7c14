"""What GraphQL tells of accounts, a hundred with each call; pure.

https://docs.github.com/en/graphql/reference/objects#user
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from bot.github.models.common import Id, Time, epoch
from bot.github.models.rest import expect
from bot.petition.counting.abuse_signals import Account

# By their comments and not by their logins, which change and are reused.
QUERY = """
query($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on IssueComment {
      author {
        __typename
        ... on User {
          databaseId createdAt name bio followers { totalCount } repositories { totalCount }
        }
      }
    }
  }
}
"""


BY_LOGIN = """
query(%(variables)s) { %(questions)s }
fragment known on User {
  __typename databaseId createdAt name bio followers { totalCount } repositories { totalCount }
}
"""


def by_login(logins: Sequence[str]) -> tuple[str, dict[str, object]]:
    """Make the question for people by their logins, and its variables."""
    names = [f"u{number}" for number in range(len(logins))]
    variables = ", ".join(f"${name}: String!" for name in names)
    questions = " ".join(f"{name}: user(login: ${name}) {{ ...known }}" for name in names)
    return BY_LOGIN % {"variables": variables, "questions": questions}, dict(zip(names, logins, strict=True))


class Number(Struct, rename="camel"):
    """How many there are of something."""

    total_count: int


class User(Struct, rename="camel"):
    """An account; of what is no person only the kind is told."""

    typename: str = msgspec.field(name="__typename")
    database_id: Id | None = None
    created_at: Time | None = None
    name: str | None = None
    bio: str | None = None
    followers: Number = msgspec.field(default_factory=lambda: Number(0))
    repositories: Number = msgspec.field(default_factory=lambda: Number(0))


class Authored(Struct):
    """A comment, of which only the author is read; None for a deleted account."""

    author: User | None = None


def read(nodes: Iterable[object]) -> Iterator[Account]:
    """Return the accounts of people who commented; raises Unavailable for what is not of the documented shape."""
    yield from _accounts(expect(Authored, node).author for node in nodes if node)


def read_users(found: Iterable[object]) -> Iterator[Account]:
    """Return the accounts that were asked for by login; raises Unavailable likewise."""
    yield from _accounts(expect(User, one) for one in found if one)


def _accounts(found: Iterable[User | None]) -> Iterator[Account]:
    for author in found:
        if author is None or author.database_id is None or author.created_at is None:
            continue
        yield Account(
            id=author.database_id,
            born=epoch(author.created_at),
            followers=author.followers.total_count,
            repositories=author.repositories.total_count,
            has_profile=bool((author.name or "").strip() or (author.bio or "").strip()),
        )
