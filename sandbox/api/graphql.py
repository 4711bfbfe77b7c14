"""The GraphQL endpoint: as much of GitHub's schema as the bot and its rehearsal use."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TypeVar

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from sandbox import shapes
from sandbox.api.call import Call, Route
from sandbox.api.responses import Answer
from sandbox.models import Comment, Issue, JsonObject, Refused, Repository, User, node_id, parts_of

Fields = Mapping[str, object]

MOST_NODES = 100
"""How many things a connection gives, and how many ids `nodes` takes, at once."""


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
        _, owner = parts_of(of.node_id)
        return {
            "__typename": "UserContentEdit",
            "id": node_id("UCE", isinstance(of, Comment), *owner, number),
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
        if kind != "UCE" or not isinstance(found, Comment | Issue) or not self.can_see(found):
            return None
        return self.edit(found, number) if 1 < len(found.edits) > number else None

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
            "lastEditedAt": None if of.edited_at is None else shapes.timestamp(of.edited_at),
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


T = TypeVar("T")
Thing = TypeVar("Thing", Comment, Issue, Repository)
Given = Mapping[str, str]


def _mutations(call: Call) -> Mapping[str, Callable[..., Fields]]:
    """Return what mutations start from, for one caller."""
    comments, issues = call.github.comments, call.github.issues

    def comment(given: Given) -> Comment:
        return _find(call, given["subjectId"], Comment)

    def issue(given: Given) -> Issue:
        return _find(call, given["issueId"], Issue)

    changes: Mapping[str, Callable[[Given], object]] = {
        "minimizeComment": lambda given: comments.hide(
            comment(given), call.actor, given["classifier"].lower().replace("_", "-")
        ),
        "unminimizeComment": lambda given: comments.unhide(comment(given), call.actor),
        "transferIssue": lambda given: issues.transfer(
            issue(given), call.actor, _find(call, given["repositoryId"], Repository)
        ),
        "deleteIssue": lambda given: issues.delete(issue(given), call.actor),
    }
    return {name: partial(_carry_out, call, change) for name, change in changes.items()}


def _carry_out(call: Call, change: Callable[[Given], object], _info: object, input: Given) -> Fields:  # noqa: A002
    """Change something; GraphQL words a refusal differently from REST, and calls what is given `input`."""
    try:
        changed = change(input)
    except Refused as refused:
        kind = "FORBIDDEN" if refused.status in (403, 404) else "UNPROCESSABLE"
        raise Unresolved(refused.message, kind) from refused
    return {"issue": Nodes(call).issue(changed)} if isinstance(changed, Issue) else {}


def _find(call: Call, node_id: str, kind: type[Thing]) -> Thing:
    found = call.world.nodes.get(node_id)
    if not isinstance(found, kind) or found.deleted or getattr(found, "moved_to", None) is not None:
        raise _missing(node_id)
    return found


def _missing(node_id: str) -> Unresolved:
    return Unresolved(f"Could not resolve to a node with the global id of '{node_id}'")


def answer(call: Call) -> Answer:
    """Run a query; errors in it are in `errors`, with status 200."""
    if call.caller.actor is None:
        raise Refused(401, "This endpoint requires you to be authenticated.")
    query, variables = call.body.get("query"), call.body.get("variables")
    if not isinstance(query, str):
        return Answer({"errors": [{"message": "A query attribute must be specified and must be a string."}]})
    given = variables if isinstance(variables, dict) else None
    root = _mutations(call) if query.lstrip().startswith("mutation") else _Query(call)
    document, errors = _read(query)
    if document is None or errors:
        result = ExecutionResult(None, list(errors))
    else:
        result = execute_sync(_schema(), document, root_value=root, variable_values=given)
    body: JsonObject = {} if result.data is None else {"data": result.data}
    if result.errors:
        body["errors"] = [_shown(error) for error in result.errors]
    return Answer(body)


@lru_cache(maxsize=64)
def _read(query: str) -> tuple[DocumentNode | None, Sequence[GraphQLError]]:
    """Read a query and find its mistakes, which takes longer than to answer it: a bot asks the same few."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    return document, validate(_schema(), document)


GRAPHQL = Route("POST", "/graphql", handler=answer)
"""The one call of this module, for `api.app`."""


class _Query:
    """What queries start from, for one caller: each method resolves the field of `Query` that it is named after."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._nodes = Nodes(call)

    def nodes(self, _info: object, ids: list[str]) -> list[object]:
        if len(ids) > MOST_NODES:
            message = f"You may not provide more than {MOST_NODES} node ids; you provided {len(ids)}."
            raise Unresolved(message, "ARGUMENT_LIMIT")
        return [self._node(one) for one in ids]

    def repository(self, _info: object, owner: str, name: str) -> object:
        found = self._call.github.repositories.find(f"{owner}/{name}")
        if found is None or not self._call.can_read(found):
            raise Unresolved(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return self._nodes.repository(found)

    def viewer(self, _info: object) -> object:
        """Return who calls; of a bot GitHub shows the login as REST does."""
        actor = self._call.caller.actor
        return {} if actor is None else {**(self._nodes.actor(actor) or {}), "login": actor.login}

    def user(self, _info: object, login: str) -> object:
        found = self._call.github.accounts.find(login)
        if found is None or found.type != "User" or found.spam:
            raise Unresolved(f"Could not resolve to a User with the login of '{login}'.")
        return self._nodes.actor(found)

    def _node(self, node_id: str) -> object:
        """Return a node, or the error in its place, because the others are answered all the same."""
        found = self._call.world.nodes.get(node_id)
        if isinstance(found, Comment | Issue) and self._nodes.can_see(found):
            return self._nodes.comment(found) if isinstance(found, Comment) else self._nodes.issue(found)
        return self._nodes.find_edit(node_id) or _missing(node_id)


def _shown(error: GraphQLError) -> JsonObject:
    """Build an error as GitHub does, which puts its kind beside the message."""
    locations = [{"line": one.line, "column": one.column} for one in error.locations or []]
    shown: JsonObject = {"path": list(error.path or []), "locations": locations, "message": error.message}
    cause = error.original_error
    return {"type": cause.kind, **shown} if isinstance(cause, Unresolved) else shown


@cache
def _schema() -> GraphQLSchema:
    return build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))
