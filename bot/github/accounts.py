"""What GraphQL tells of the accounts that wrote comments, a hundred with each call; pure.

https://docs.github.com/en/graphql/reference/objects#user
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from bot.github.answers import expect
from bot.github.shapes import Id, Time, epoch
from bot.petition.plausibility import Account

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


def read(nodes: Sequence[object]) -> Iterator[Account]:
    """Give the accounts of people; raises Unavailable for what is not of the documented shape."""
    for node in nodes:
        author = expect(Authored, node).author if node else None
        if author is None or author.database_id is None or author.created_at is None:
            continue
        yield Account(
            id=author.database_id,
            born=epoch(author.created_at),
            followers=author.followers.total_count,
            repositories=author.repositories.total_count,
            has_profile=bool((author.name or "").strip() or (author.bio or "").strip()),
        )
