"""Who wrote what in a comment, and when: its edit history, as only GraphQL tells it; pure.

https://docs.github.com/en/graphql/reference/objects#issuecomment
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Struct

from bot.github.models.common import Id, Time, clean, epoch
from bot.github.models.rest import expect
from bot.petition.comments.comment import Author, Comment, KnownText, Version, Writer, read_text

MOST = 100
"""Comments that GitHub tells of in one call."""

WHO = """
fragment who on Actor {
  __typename
  login
  ... on User { databaseId }
  ... on Bot { databaseId }
  ... on Mannequin { databaseId }
  ... on Organization { databaseId }
}
"""
"""What is asked of an account."""

QUERY = f"""
query($ids: [ID!]!) {{
  nodes(ids: $ids) {{
    ... on IssueComment {{
      fullDatabaseId body createdAt updatedAt lastEditedAt isMinimized
      author {{ ...who }}
      editor {{ ...who }}
      userContentEdits(first: 100) {{ nodes {{ editedAt diff editor {{ ...who }} }} }}
    }}
  }}
}}
{WHO}"""


class Actor(Struct, rename="camel"):
    """An account as GraphQL shows it; enterprise accounts have no number there."""

    login: str
    typename: str = msgspec.field(name="__typename")
    database_id: Id | None = None

    def account(self) -> Author | None:
        """Return the account as the core knows it; REST writes `[bot]` behind a bot's name, GraphQL does not."""
        if self.database_id is None:
            return None
        login = f"{self.login}[bot]" if self.typename == "Bot" else self.login
        return Author(self.database_id, clean(login), self.typename)


class Edit(Struct, rename="camel"):
    """One entry of a history: despite its name, `diff` is the whole text after it; null when it was removed."""

    edited_at: Time
    diff: str | None = None
    editor: Actor | None = None


class Edits(Struct):
    """A history, newest first; the oldest entry is the comment as it was written."""

    nodes: list[Edit | None] | None = None


class CommentNode(Struct, rename="camel"):
    """A comment as GraphQL shows it; `fullDatabaseId` is a text, because the number has outgrown GraphQL's."""

    full_database_id: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,18}$")]
    body: str
    created_at: Time
    updated_at: Time
    is_minimized: bool
    last_edited_at: Time | None = None
    author: Actor | None = None
    editor: Actor | None = None
    user_content_edits: Edits | None = None


def read(nodes: Sequence[object], now: int, known: Mapping[int, KnownText] | None = None) -> tuple[Comment, ...]:
    """Return everything that GitHub told of the comments asked for, seen `now`.

    The texts that are `known`, by the comments' ids, are not read again. What is deleted or not ours is left out.
    Raises Unavailable for what is not of the documented shape.
    """
    return tuple(_observed(expect(CommentNode, node), now, known or {}) for node in nodes if node)


def _observed(node: CommentNode, now: int, known: Mapping[int, KnownText]) -> Comment:
    comment_id = int(node.full_database_id)
    author = node.author.account() if node.author is not None else None
    return Comment(
        id=comment_id,
        created_at=epoch(node.created_at),
        author=author,
        author_at=now,
        versions=tuple(_versions(node, now, known.get(comment_id))),
    )


def _versions(node: CommentNode, now: int, known: KnownText | None) -> Iterator[Version]:
    """Return the history, oldest first, and at the end how the comment stands now."""
    author = None if node.author is None else node.author.database_id
    updated_at = epoch(node.updated_at)
    last: Version | None = None
    for edit in _edits(node):
        at = epoch(edit.edited_at)
        editor = None if edit.editor is None else edit.editor.database_id
        writer = Writer.AUTHOR if editor is not None and editor == author else Writer.OTHER
        # Of a text that was removed from the history nobody knows that it was a command.
        digest, command = (_REMOVED, None) if edit.diff is None else read_text(edit.diff, known)
        # Whether it was hidden is known of the present alone; hiding moves `updatedAt`.
        hidden = node.is_minimized if at == updated_at else None
        last = Version(at, digest, writer, command, last.digest if last is not None else None, hidden, now)
        yield last
    digest, command = read_text(node.body, known)
    if last is None or (last.at, last.digest) != (updated_at, digest):
        yield Version(updated_at, digest, Writer.UNSAID, command, hidden=node.is_minimized, seen=now)


def _edits(node: CommentNode) -> list[Edit]:
    """Return the history, oldest first; where GitHub has none, the comment was edited at most once."""
    history = node.user_content_edits
    edits = [edit for edit in (history.nodes or () if history is not None else ()) if edit is not None][::-1]
    if node.last_edited_at is None:
        return [Edit(node.created_at, node.body, node.author)]
    if not edits:
        return [Edit(node.last_edited_at, node.body, node.editor)]
    newest = edits[-1]
    return [*edits[:-1], Edit(newest.edited_at, node.body if newest.diff is None else newest.diff, newest.editor)]


_REMOVED = "removed"
