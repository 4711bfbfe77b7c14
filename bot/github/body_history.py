"""What an issue's body said before, and who wrote it: its edit history, as only GraphQL tells it; pure.

A body that nobody edited has no history. One that was edited has all its revisions, the newest first, and the text
as it was first written is the last of them. The texts are asked for apart from the rest: nearly all revisions of a
petition are our own.

https://docs.github.com/en/graphql/reference/objects#usercontentedit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from bot.github.comment_history import WHO, Actor
from bot.github.models.common import Time, epoch
from bot.github.models.rest import expect

MOST_TEXTS: Final = 20
"""Texts that are asked for in one call; each may be as long as a body may be."""

QUERY: Final = f"""
query($owner: String!, $name: String!, $number: Int!, $after: String, $begins: Boolean!) {{
  repository(owner: $owner, name: $name) {{
    issue(number: $number) {{
      fullDatabaseId
      createdAt
      includesCreatedEdit
      body @include(if: $begins)
      userContentEdits(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ id editedAt editor {{ ...who }} }}
      }}
    }}
  }}
}}
{WHO}"""

TEXTS_QUERY: Final = """
query($ids: [ID!]!) { nodes(ids: $ids) { ... on UserContentEdit { id diff } } }
"""


@dataclass(frozen=True, slots=True)
class Revision:
    """That somebody saved a body `at` a time, in UTC epoch seconds; `by` is a login, None of a deleted account."""

    id: str
    at: int
    by: str | None = None
    by_person: bool = True

    def is_by(self, login: str) -> bool:
        """Return whether the account with a login saved it; logins have no letter case."""
        return (self.by or "").lower() == login.lower()


@dataclass(frozen=True, slots=True)
class Revisions:
    """A page of a history, newest first; `more` is where the next one begins, None after the last.

    A body that nobody edited has no revisions, but what it says and when it was written is told: `unedited`.
    """

    revisions: tuple[Revision, ...]
    more: str | None = None
    unedited: tuple[int, str] | None = None


def read_revisions(repository: object, issue_id: int) -> Revisions | None:
    """Return a page of the history of an issue's body; None where the issue is another one by now.

    Raises Unavailable for what is not of the documented shape.
    """
    issue = _issue(repository, issue_id)
    if issue is None:
        return None
    history = issue.user_content_edits
    info = history.page_info if history is not None else None
    more = info.end_cursor if info is not None and info.has_next_page else None
    found = [_revision(edit) for edit in issue.edits() if edit.id and edit.edited_at is not None]
    created_at = None if issue.created_at is None else epoch(issue.created_at)
    if found and more is None and issue.includes_created_edit and created_at is not None:
        # It became a revision only when it was edited for the first time.
        found[-1] = Revision(found[-1].id, created_at, found[-1].by, found[-1].by_person)
    is_unedited = not found and issue.body is not None and created_at is not None
    return Revisions(tuple(found), more, (created_at or 0, issue.body or "") if is_unedited else None)


def read_texts(nodes: Sequence[object]) -> dict[str, str]:
    """Return the texts of revisions by their ids; what somebody removed is left out.

    Raises Unavailable for what is not of the documented shape.
    """
    edits = [expect(_Edit, node) for node in nodes if node]
    return {edit.id: edit.diff for edit in edits if edit.diff is not None}


class _Edit(Struct, rename="camel"):
    """A revision; despite its name, `diff` is the whole text after it. It is null when it was removed."""

    id: str = ""
    edited_at: Time | None = None
    diff: str | None = None
    editor: Actor | None = None


class _PageInfo(Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class _Edits(Struct, rename="camel"):
    nodes: list[_Edit | None] | None = None
    page_info: _PageInfo | None = None


class _Issue(Struct, rename="camel"):
    full_database_id: str
    created_at: Time | None = None
    includes_created_edit: bool = False
    body: str | None = None
    user_content_edits: _Edits | None = None

    def edits(self) -> list[_Edit]:
        nodes = self.user_content_edits.nodes if self.user_content_edits is not None else None
        return [edit for edit in nodes or () if edit is not None]


class _Repository(Struct):
    issue: _Issue | None = None


def _issue(repository: object, issue_id: int) -> _Issue | None:
    issue = expect(_Repository, repository).issue if repository else None
    return issue if issue is not None and issue.full_database_id == str(issue_id) else None


def _revision(edit: _Edit) -> Revision:
    account = None if edit.editor is None else edit.editor.account()
    at = 0 if edit.edited_at is None else epoch(edit.edited_at)
    by_person = edit.editor is None or edit.editor.typename != "Bot"
    return Revision(edit.id, at, None if account is None else account.login, by_person)
