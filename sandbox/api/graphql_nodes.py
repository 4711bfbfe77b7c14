"""GraphQL's view of the models: names, nulls and ids as its schema has them, not as REST does."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from sandbox import shapes
from sandbox.api.call import Call
from sandbox.models import Comment, Issue, Repository, User, node_id, parts_of

Fields = Mapping[str, object]

MOST_NODES = 100
"""How many things a connection gives at once."""


class Unresolved(Exception):
    """GraphQL refuses one field; `kind` is GitHub's `type` of the error."""

    def __init__(self, message: str, kind: str = "NOT_FOUND") -> None:
        super().__init__(message)
        self.kind = kind


class Nodes:
    """What one caller may see, as GraphQL objects whose costly fields are computed when asked for."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def can_see(self, thing: Issue | Comment) -> bool:
        """Check whether a thing exists for the caller."""
        if isinstance(thing, Comment):
            return self._call.github.stale_reads.shows(thing) and self.can_see(thing.issue)
        gone = thing.deleted or thing.moved_to is not None or thing.user.spam
        return not gone and not thing.repository.deleted and self._call.can_read(thing.repository)

    def repository(self, of: Repository) -> Fields:
        """Build a repository."""

        def issue(_info: object, number: int) -> object:
            found = of.issues.get(number)
            if found is None or not self.can_see(found) or found.is_pull_request:
                raise Unresolved(f"Could not resolve to an Issue with the number of {number}.")
            return self.issue(found)

        return {"__typename": "Repository", "id": of.node_id, "issue": issue}

    def issue(self, of: Issue) -> Fields:
        """Build an issue."""

        def comments(_info: object, last: int = MOST_NODES) -> Fields:
            seen = [one for one in of.visible_comments if self.can_see(one)]
            _check_size("last", last)
            nodes = [self.comment(one) for one in seen[-last:]]
            return {"nodes": nodes, "totalCount": len(seen), "pageInfo": {"hasNextPage": False}}

        return {"__typename": "Issue", "number": of.number, **self._text(of), "comments": comments}

    def comment(self, of: Comment) -> Fields:
        """Build a comment; `databaseId` is there but today's ids do not fit it."""
        return {
            "__typename": "IssueComment",
            **self._text(of),
            "databaseId": of.id,
            "author": self.actor(of.user),
            "updatedAt": shapes.timestamp(of.updated_at),
            "isMinimized": of.minimized is not None,
            "createdViaEmail": of.by_mail,
            "reactionGroups": lambda _info: self._reactions(of),
        }

    def edit(self, of: Issue | Comment, number: int) -> Fields:
        """Build a revision of a text; `number` is its place, the original's is 0."""
        edit = of.edits[number]
        return {
            "__typename": "UserContentEdit",
            "id": _edit_id(of, number),
            "editedAt": shapes.timestamp(edit.at),
            "editor": self.actor(edit.editor),
            "diff": None if edit.removed else edit.text,
        }

    def find_edit(self, edit_id: str) -> Fields | None:
        """Build the revision of this id; None where there is none, or the caller may not see its text."""
        try:
            kind, ids = parts_of(edit_id)
            is_comment, repository, owner, number = ids
        except ValueError:
            return None
        found = self._call.world.nodes.get(node_id("IC" if is_comment else "I", repository, owner))
        is_there = kind == "UCE" and found is not None and self.can_see(found) and 1 < len(found.edits) > number
        return self.edit(found, number) if found is not None and is_there else None

    def actor(self, of: User | None) -> Fields | None:
        """Build an account: null once it is deleted, and a bot without `[bot]`."""
        if of is None or of.deleted:
            return None
        return {
            "__typename": of.type,
            "id": of.node_id,
            "databaseId": of.id,
            "login": of.login.removesuffix("[bot]"),
            "name": of.name,
            "bio": of.bio,
            "createdAt": shapes.timestamp(of.created_at),
            "followers": {"totalCount": of.followers},
            "repositories": {"totalCount": of.repositories},
        }

    def _reactions(self, of: Comment) -> list[Fields]:
        mine = {one.content for one in of.reactions if one.user is self._call.caller.actor}
        return [{"content": name, "viewerHasReacted": rest in mine} for rest, name in _REACTIONS.items()]

    def _text(self, of: Issue | Comment) -> Fields:
        return {
            "id": of.node_id,
            "fullDatabaseId": str(of.id),
            "body": of.body or "",
            "createdAt": shapes.timestamp(of.created_at),
            "editor": self.actor(of.editor),
            "lastEditedAt": _time(of.edited_at),
            "includesCreatedEdit": of.edited_at is not None,
            "userContentEdits": lambda _info, **page: self._edits(of, **page),
        }

    def _edits(self, of: Issue | Comment, first: int = MOST_NODES, after: str | None = None) -> Fields:
        """List revisions, newest first; a text that nobody edited has none, an edited one its original too."""
        _check_size("first", first)
        numbers = range(len(of.edits) if len(of.edits) > 1 else 0)[::-1]
        start = min(_place(after), len(numbers))
        end = min(start + first, len(numbers))
        return {
            "nodes": [self.edit(of, number) for number in numbers[start:end]],
            "totalCount": len(numbers),
            "pageInfo": {"endCursor": _cursor(end) if end > start else None, "hasNextPage": end < len(numbers)},
        }


_REACTIONS = {
    "+1": "THUMBS_UP", "-1": "THUMBS_DOWN", "laugh": "LAUGH", "hooray": "HOORAY", "confused": "CONFUSED",
    "heart": "HEART", "rocket": "ROCKET", "eyes": "EYES",
}  # fmt: skip
"""GraphQL's names of what REST calls otherwise."""


def _check_size(name: str, number: int) -> None:
    if number > MOST_NODES:
        message = f"Requesting {number} records exceeds the `{name}` limit of {MOST_NODES} records."
        raise Unresolved(message, "EXCESSIVE_PAGINATION")


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:v2:{place}".encode()).decode()


def _place(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        return int(base64.b64decode(cursor).decode().removeprefix("cursor:v2:"))
    except ValueError as error:
        raise Unresolved(f"`{cursor}` does not appear to be a valid cursor.", "INVALID_CURSOR_ARGUMENTS") from error


def _edit_id(of: Issue | Comment, number: int) -> str:
    _, owner = parts_of(of.node_id)
    return node_id("UCE", isinstance(of, Comment), *owner, number)


def _time(at: int | None) -> str | None:
    return None if at is None else shapes.timestamp(at)
