"""GraphQL's view of the nouns: names, nulls and ids as its schema has them, not as REST does."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sandbox import shapes
from sandbox.api.call import Call
from sandbox.models import Comment, Issue, Label, Reaction, Repository, User, node_id, parts_of

Fields = Mapping[str, object]
T = TypeVar("T")

_REACTIONS = {
    "+1": "THUMBS_UP",
    "-1": "THUMBS_DOWN",
    "laugh": "LAUGH",
    "confused": "CONFUSED",
    "heart": "HEART",
    "hooray": "HOORAY",
    "rocket": "ROCKET",
    "eyes": "EYES",
}


class Unresolved(Exception):
    """GraphQL refuses one field; `kind` is GitHub's `type` of the error."""

    def __init__(self, message: str, kind: str = "NOT_FOUND") -> None:
        super().__init__(message)
        self.kind = kind


class Nodes:
    """What one caller may see, as GraphQL objects whose costly fields are computed when asked for."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._urls = call.world.urls

    def can_see(self, thing: Issue | Comment) -> bool:
        """Tell whether a thing exists for the caller."""
        if isinstance(thing, Comment):
            return self._call.github.stale_reads.shows(thing) and self.can_see(thing.issue)
        gone = thing.deleted or thing.moved_to is not None or thing.user.spam
        return not gone and not thing.repository.deleted and self._call.can_read(thing.repository)

    def repository(self, of: Repository) -> Fields:
        """Show a repository."""

        def issue(_info: object, number: int) -> object:
            found = of.issues.get(number)
            if found is None or not self.can_see(found) or found.is_pull_request:
                raise Unresolved(f"Could not resolve to an Issue with the number of {number}.")
            return self.issue(found)

        return {
            "__typename": "Repository",
            "id": of.node_id,
            "databaseId": of.id,
            "name": of.name,
            "nameWithOwner": of.full_name,
            "isPrivate": of.private,
            "isArchived": of.archived,
            "hasIssuesEnabled": of.has_issues,
            "url": f"{self._urls.web}/{of.full_name}",
            "issue": issue,
        }

    def issue(self, of: Issue) -> Fields:
        """Show an issue."""
        edited = of.edits[-1] if len(of.edits) > 1 else None
        return {
            "__typename": "Issue",
            "id": of.node_id,
            "databaseId": of.id,
            "fullDatabaseId": str(of.id),
            "number": of.number,
            "title": of.title,
            "body": of.body or "",
            "author": self.actor(of.user),
            "authorAssociation": shapes.association(of.repository, of.user),
            "createdAt": shapes.timestamp(of.created_at),
            "updatedAt": shapes.timestamp(of.updated_at),
            "state": of.state.upper(),
            "stateReason": of.state_reason and of.state_reason.upper(),
            "closed": of.state == "closed",
            "closedAt": _time(of.closed_at),
            "locked": of.locked,
            "activeLockReason": of.lock_reason and of.lock_reason.upper().replace("-", "_").replace(" ", "_"),
            "editor": self.actor(edited.editor) if edited else None,
            "lastEditedAt": _time(edited.at if edited else None),
            "includesCreatedEdit": edited is not None,
            "userContentEdits": lambda _info, **page: self._edits(of, page),
            "labels": lambda _info, **page: connection(of.labels, _label, page),
            "comments": lambda _info, **page: self._comments(of, page),
            "repository": lambda _info: self.repository(of.repository),
            "url": shapes.issue_page(self._urls, of),
        }

    def comment(self, of: Comment) -> Fields:
        """Show a comment; `databaseId` is there but today's ids do not fit it."""
        return {
            "__typename": "IssueComment",
            "id": of.node_id,
            "databaseId": of.id,
            "fullDatabaseId": str(of.id),
            "author": self.actor(of.user),
            "authorAssociation": shapes.association(of.issue.repository, of.user),
            "body": of.body,
            "createdAt": shapes.timestamp(of.created_at),
            "updatedAt": shapes.timestamp(of.updated_at),
            "publishedAt": shapes.timestamp(of.created_at),
            "createdViaEmail": of.via_email,
            "editor": self.actor(of.editor),
            "lastEditedAt": _time(of.edited_at),
            "includesCreatedEdit": of.edited_at is not None,
            "userContentEdits": lambda _info, **page: self._edits(of, page),
            "isMinimized": of.minimized is not None,
            "minimizedReason": of.minimized,
            "isPinned": of.pinned_at is not None,
            "pinnedAt": _time(of.pinned_at),
            "pinnedBy": self.actor(of.pinned_by),
            "reactions": lambda _info, **_page: {"totalCount": len(of.reactions)},
            "reactionGroups": lambda _info: self._reaction_groups(of.reactions),
            "issue": lambda _info: self.issue(of.issue),
            "repository": lambda _info: self.repository(of.issue.repository),
            "url": f"{shapes.issue_page(self._urls, of.issue)}#issuecomment-{of.id}",
            "viewerDidAuthor": of.user is self._call.actor,
            "viewerCanMinimize": True,
        }

    def edit(self, of: Issue | Comment, number: int) -> Fields:
        """Show a revision of a text; `number` is its place, the original's is 0."""
        edit = of.edits[number]
        at = shapes.timestamp(edit.at)
        return {
            "__typename": "UserContentEdit",
            "id": _edit_id(of, number),
            "createdAt": at,
            "updatedAt": at,
            "editedAt": at,
            "editor": self.actor(edit.editor),
            "deletedAt": _time(edit.removed_at),
            "deletedBy": self.actor(edit.removed_by),
            "diff": edit.text if edit.removed_at is None else None,
        }

    def find_edit(self, edit_id: str) -> Fields | None:
        """Show the revision of this id; None where there is none, or the caller may not see its text."""
        try:
            kind, ids = parts_of(edit_id)
            is_comment, repository, owner, number = ids
        except ValueError:
            return None
        found = self._call.world.nodes.get(node_id("IC" if is_comment else "I", repository, owner))
        is_there = kind == "UCE" and found is not None and self.can_see(found) and 1 < len(found.edits) > number
        return self.edit(found, number) if found is not None and is_there else None

    def actor(self, of: User | None) -> Fields | None:
        """Show an account: null once it is deleted, and a bot without `[bot]`."""
        if of is None or of.deleted:
            return None
        login = of.login.removesuffix("[bot]")
        return {
            "__typename": of.type,
            "id": of.node_id,
            "databaseId": of.id,
            "login": login,
            "name": of.name,
            "bio": of.bio,
            "createdAt": shapes.timestamp(of.created_at),
            "followers": {"totalCount": of.followers},
            "repositories": {"totalCount": of.repositories},
            "url": shapes.user(self._urls, of)["html_url"],
        }

    def _comments(self, issue: Issue, page: Mapping[str, object]) -> Fields:
        comments = self._call.github.stale_reads.comments(issue)
        order = page.get("orderBy")
        if isinstance(order, Mapping):
            is_newest_first = order["direction"] == "DESC"
            comments = sorted(comments, key=lambda one: (one.updated_at, one.id), reverse=is_newest_first)
        return connection(comments, self.comment, page, must_be_bounded=True)

    def _edits(self, of: Issue | Comment, page: Mapping[str, object]) -> Fields:
        """List revisions, newest first; a text that nobody edited has none, an edited one its original too."""
        numbers = range(len(of.edits) if len(of.edits) > 1 else 0)[::-1]
        return connection(numbers, lambda number: self.edit(of, number), page)

    def _reaction_groups(self, reactions: Sequence[Reaction]) -> list[Fields]:
        return [
            {
                "content": name,
                "reactors": {"totalCount": sum(1 for one in reactions if one.content == content)},
                "viewerHasReacted": any(
                    one.content == content and one.user is self._call.actor for one in reactions
                ),
            }
            for content, name in _REACTIONS.items()
        ]


def connection(
    things: Sequence[T], show: Callable[[T], Fields], page: Mapping[str, object], *, must_be_bounded: bool = False
) -> Fields:
    """Cut a page out of a list; cursors are places in the list."""
    first, last = _bound(page, "first"), _bound(page, "last")
    if must_be_bounded and first is None and last is None:
        message = "You must provide a `first` or `last` value to properly paginate the `comments` connection."
        raise Unresolved(message, "MISSING_PAGINATION_BOUNDARIES")
    start, end = _place(page.get("after"), 0), _place(page.get("before"), len(things) + 1) - 1
    start, end = min(start, len(things)), min(end, len(things))
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    nodes = [show(one) for one in things[start:end]]
    return {
        "nodes": nodes,
        "edges": [{"cursor": _cursor(start + place + 1), "node": node} for place, node in enumerate(nodes)],
        "totalCount": len(things),
        "pageInfo": {
            "startCursor": _cursor(start + 1) if nodes else None,
            "endCursor": _cursor(end) if nodes else None,
            "hasNextPage": end < len(things),
            "hasPreviousPage": start > 0,
        },
    }


def _bound(page: Mapping[str, object], name: str) -> int | None:
    value = page.get(name)
    if not isinstance(value, int):
        return None
    if value > 100:
        message = f"Requesting {value} records on the connection exceeds the `{name}` limit of 100 records."
        raise Unresolved(message, "EXCESSIVE_PAGINATION")
    return value


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:v2:{place}".encode()).decode()


def _place(cursor: object, default: int) -> int:
    if not isinstance(cursor, str):
        return default
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("cursor:v2:"))
    except ValueError as error:
        raise Unresolved(f"`{cursor}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS") from error


def _edit_id(of: Issue | Comment, number: int) -> str:
    _, owner = parts_of(of.node_id)
    return node_id("UCE", isinstance(of, Comment), *owner, number)


def _label(of: Label) -> Fields:
    return {"id": of.node_id, "name": of.name, "color": of.color, "description": of.description}


def _time(at: int | None) -> str | None:
    return None if at is None else shapes.timestamp(at)
