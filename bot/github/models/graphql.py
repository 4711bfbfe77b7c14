"""The GraphQL queries in `bot/github/queries`, what GitHub answers to them, and the values made of that; pure.

GraphQL alone shows who wrote what: the edit histories of comments and of issues' bodies. A body that nobody edited
has no history. One that was edited has all its revisions, newest first; the last is the text as first written. The
texts of revisions are a query of their own: nearly all revisions of a petition are our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bot.github.models.rest import Id, Time, clean, epoch, expect
from bot.petition.abuse_signals import Account
from bot.petition.comments.comment import Author, Comment, KnownText, Version, Writer, read_text
from bot.time_types import WholeEpochSeconds


def _load(*names: str) -> str:
    """Return a query with the fragments it uses."""
    return "\n".join((files("bot.github") / "queries" / f"{name}.graphql").read_text("utf-8") for name in names)


MAX_NODES: Final = 100
"""Ids that one query may ask for."""

MAX_TEXTS: Final = 20
"""Texts of revisions that one query asks for; each may be as long as a body may be."""

COMMENT_HISTORIES: Final = _load("comment_histories", "actor")
COMMENT_AUTHORS: Final = _load("comment_authors", "account")
BODY_REVISIONS: Final = _load("body_revisions", "actor")
REVISION_TEXTS: Final = _load("revision_texts")
ACCOUNT: Final = _load("account")
VIEWER: Final = _load("viewer")
NEWEST_REACTIONS: Final = _load("newest_reactions")


def accounts_by_login(logins: Sequence[str]) -> tuple[str, dict[str, object]]:
    """Return a query for people by their logins, and its variables; GraphQL has no list of users by login."""
    names = [f"u{number}" for number in range(len(logins))]
    variables = ", ".join(f"${name}: String!" for name in names)
    fields = " ".join(f"{name}: user(login: ${name}) {{ ...account }}" for name in names)
    return f"query AccountsByLogin({variables}) {{ {fields} }}\n{ACCOUNT}", dict(zip(names, logins, strict=True))


NodeT = TypeVar("NodeT")


class _Error(Struct, gc=False):
    message: str = ""
    type: str = ""


class GraphQLResponse(Struct, gc=False):
    """A response of GraphQL's, which has status 200 even where something went wrong; the rest may be there."""

    data: dict[str, Any] | None = None
    errors: list[_Error] = []


class _PageInfo(Struct, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None


class Connection(Struct, Generic[NodeT], rename="camel"):
    """A page of a list, which has null for what we may not see."""

    nodes: list[NodeT | None] | None = None
    page_info: _PageInfo | None = None

    def items(self) -> list[NodeT]:
        """Return what is there."""
        return [node for node in self.nodes or () if node is not None]


class _Repository(Struct, Generic[NodeT]):
    issue: NodeT | None = None


class ActorNode(Struct, rename="camel"):
    """An account; enterprise accounts have no number here."""

    login: str
    typename: str = msgspec.field(name="__typename")
    database_id: Id | None = None

    def author(self) -> Author | None:
        """Return the account as the core knows it; REST adds `[bot]` to a bot's login, GraphQL does not."""
        if self.database_id is None:
            return None
        login = f"{self.login}[bot]" if self.typename == "Bot" else self.login
        return Author(self.database_id, clean(login), self.typename)


class EditNode(Struct, rename="camel"):
    """One entry of a history: despite its name, `diff` is the whole text after it; null when it was removed.

    https://docs.github.com/en/graphql/reference/objects#usercontentedit
    """

    edited_at: Time
    diff: str | None = None
    editor: ActorNode | None = None
    id: str = ""

    def revision(self) -> Revision:
        """Return the entry without its text."""
        author = None if self.editor is None else self.editor.author()
        by_person = self.editor is None or self.editor.typename != "Bot"
        return Revision(self.id, epoch(self.edited_at), None if author is None else author.login, by_person)


# Edit histories of comments


class CommentNode(Struct, rename="camel"):
    """A comment; `fullDatabaseId` is a text, because the number has outgrown GraphQL's.

    https://docs.github.com/en/graphql/reference/objects#issuecomment
    """

    full_database_id: Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,18}$")]
    body: str
    created_at: Time
    updated_at: Time
    is_minimized: bool
    created_via_email: bool | None = None
    last_edited_at: Time | None = None
    author: ActorNode | None = None
    editor: ActorNode | None = None
    user_content_edits: Connection[EditNode] | None = None
    """Newest first; the oldest entry is the comment as it was written."""

    def edits(self) -> list[EditNode]:
        """Return the history, oldest first; where GitHub has none, the comment was edited at most once."""
        edits = [] if self.user_content_edits is None else self.user_content_edits.items()[::-1]
        if self.last_edited_at is None:
            return [EditNode(self.created_at, self.body, self.author)]
        if not edits:
            return [EditNode(self.last_edited_at, self.body, self.editor)]
        newest = edits[-1]
        text = self.body if newest.diff is None else newest.diff
        return [*edits[:-1], EditNode(newest.edited_at, text, newest.editor)]

    def comment(self, now: WholeEpochSeconds, known: KnownText | None) -> Comment:
        """Return the comment with its history, read `now`; a `known` text is not read again."""
        return Comment(
            id=int(self.full_database_id),
            created_at=epoch(self.created_at),
            author=self.author.author() if self.author is not None else None,
            author_at=now,
            versions=tuple(self._versions(now, known)),
            by_mail=self.created_via_email,
        )

    def _versions(self, now: WholeEpochSeconds, known: KnownText | None) -> Iterator[Version]:
        """Return the history, oldest first, and at the end the present text."""
        author = None if self.author is None else self.author.database_id
        updated_at = epoch(self.updated_at)
        last: Version | None = None
        for edit in self.edits():
            at = epoch(edit.edited_at)
            editor = None if edit.editor is None else edit.editor.database_id
            writer = Writer.AUTHOR if editor is not None and editor == author else Writer.OTHER
            # Whether a text that was removed from the history was a command is not known.
            digest, command = (_REMOVED, None) if edit.diff is None else read_text(edit.diff, known)
            # Whether it was hidden is known of the present alone; hiding moves `updatedAt`.
            hidden = self.is_minimized if at == updated_at else None
            last = Version(at, digest, writer, command, last.digest if last is not None else None, hidden, now)
            yield last
        digest, command = read_text(self.body, known)
        if last is None or (last.at, last.digest) != (updated_at, digest):
            yield Version(updated_at, digest, Writer.UNKNOWN, command, hidden=self.is_minimized, seen=now)


_REMOVED = "removed"


def read_comments(
    nodes: Sequence[object], now: WholeEpochSeconds, known: Mapping[int, KnownText] | None = None
) -> tuple[Comment, ...]:
    """Return the comments with their histories, read `now`; deleted ones and those we may not see are left out.

    The texts that are `known`, by the comments' ids, are not read again. Raises Unavailable for what is not of the
    documented shape.
    """
    found = [expect(CommentNode, node) for node in nodes if node]
    return tuple(node.comment(now, (known or {}).get(int(node.full_database_id))) for node in found)


# Accounts


class _Count(Struct, frozen=True, rename="camel"):
    total_count: int = 0


class UserNode(Struct, rename="camel"):
    """A person's account; other actors have none of these fields.

    https://docs.github.com/en/graphql/reference/objects#user
    """

    database_id: Id | None = None
    created_at: Time | None = None
    name: str | None = None
    bio: str | None = None
    followers: _Count = _Count()
    repositories: _Count = _Count()


class _Authored(Struct):
    author: UserNode | None = None


def read_comment_authors(nodes: object) -> dict[int, Account]:
    """Return the accounts of people who commented, by user id; raises Unavailable for another shape."""
    return _accounts(node.author for node in expect(list[_Authored | None], nodes) if node is not None)


def read_accounts(nodes: object) -> dict[int, Account]:
    """Return the accounts that were asked for by login, by user id; raises Unavailable likewise."""
    return _accounts(expect(list[UserNode | None], nodes))


def _accounts(nodes: Iterable[UserNode | None]) -> dict[int, Account]:
    return {
        node.database_id: Account(
            id=node.database_id,
            born=epoch(node.created_at),
            followers=node.followers.total_count,
            repositories=node.repositories.total_count,
            has_profile=bool((node.name or "").strip() or (node.bio or "").strip()),
        )
        for node in nodes
        if node is not None and node.database_id is not None and node.created_at is not None
    }


# Edit histories of bodies


class Revision(Struct, frozen=True):
    """One saving of a body `at` a time; `by` is a login, None for a deleted account."""

    id: str
    at: WholeEpochSeconds
    by: str | None = None
    by_person: bool = True

    def is_by(self, login: str) -> bool:
        """Return whether the account with a login saved it, in any letter case."""
        return (self.by or "").lower() == login.lower()


class RevisionPage(Struct, frozen=True):
    """A page of a history, newest first; `more` is the cursor of the next one, None on the last.

    A body that nobody edited has no revisions; `unedited` is then when it was written, and its text.
    """

    revisions: tuple[Revision, ...]
    more: str | None = None
    unedited: tuple[WholeEpochSeconds, str] | None = None


class IssueNode(Struct, rename="camel"):
    """An issue with a page of its body's history."""

    full_database_id: str
    created_at: Time | None = None
    includes_created_edit: bool = False
    body: str | None = None
    user_content_edits: Connection[EditNode] | None = None

    def page(self) -> RevisionPage:
        """Return the page of the history."""
        history = self.user_content_edits or Connection[EditNode]()
        info = history.page_info
        more = info.end_cursor if info is not None and info.has_next_page else None
        found = [node.revision() for node in history.items() if node.id]
        created_at = None if self.created_at is None else epoch(self.created_at)
        if found and more is None and self.includes_created_edit and created_at is not None:
            # It became a revision only when it was edited for the first time.
            found[-1] = replace(found[-1], at=created_at)
        if found or self.body is None or created_at is None:
            return RevisionPage(tuple(found), more)
        return RevisionPage((), more, (created_at, self.body))


def read_revisions(repository: object, issue_id: int) -> RevisionPage | None:
    """Return a page of the history of an issue's body; None where the issue has another id by now.

    Raises Unavailable for what is not of the documented shape.
    """
    issue = expect(_Repository[IssueNode], repository).issue if repository else None
    return issue.page() if issue is not None and issue.full_database_id == str(issue_id) else None


class _Text(Struct):
    """The text after an edit; null when it was removed."""

    id: str = ""
    diff: str | None = None


def read_texts(nodes: object) -> dict[str, str]:
    """Return the texts of revisions by their ids; those that were removed are left out.

    Raises Unavailable for what is not of the documented shape.
    """
    edits = expect(list[_Text | None], nodes)
    return {edit.id: edit.diff for edit in edits if edit is not None and edit.diff is not None}


# What a token's owner is called, and has reacted with


class _Viewer(Struct):
    login: str


def read_viewer(data: Mapping[str, object]) -> str:
    """Return the login of whoever asked; raises Unavailable for what is not of the documented shape."""
    return clean(expect(_Viewer, data.get("viewer")).login)


class _ReactionGroup(Struct, rename="camel"):
    content: str
    viewer_has_reacted: bool


class _ReactedComment(Struct, rename="camel"):
    full_database_id: str
    reaction_groups: list[_ReactionGroup] | None = None


class _ReactedIssue(Struct):
    comments: Connection[_ReactedComment]


_REACTIONS: Final = {"THUMBS_UP": "+1", "CONFUSED": "confused"}


def read_our_reactions(repository: object) -> dict[int, frozenset[str]]:
    """Return which reactions of ours comments bear, by their ids and as REST calls them.

    Raises Unavailable for what is not of the documented shape.
    """
    issue = expect(_Repository[_ReactedIssue], repository).issue if repository else None
    return {
        int(node.full_database_id): frozenset(
            _REACTIONS[one.content]
            for one in node.reaction_groups or ()
            if one.viewer_has_reacted and one.content in _REACTIONS
        )
        for node in (issue.comments.items() if issue is not None else ())
    }
