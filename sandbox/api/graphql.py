"""The GraphQL endpoint: as much of GitHub's schema as a recount of a petition needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

from sandbox.api.answer import Answer
from sandbox.api.call import Call, Route
from sandbox.api.graphql_nodes import Nodes, Unresolved
from sandbox.models import Comment, Issue, JsonObject, Refused
from sandbox.shapes import timestamp

MOST_IDS = 100
"""How many ids `nodes` takes at once."""


def answer(call: Call) -> Answer:
    """Run a query; errors in it are in `errors`, with status 200."""
    if call.caller.actor is None:
        raise Refused(401, "This endpoint requires you to be authenticated.")
    query, variables, operation = (call.body.get(key) for key in ("query", "variables", "operationName"))
    if not isinstance(query, str):
        return Answer({"errors": [{"message": "A query attribute must be specified and must be a string."}]})
    result = graphql_sync(
        _schema(),
        query,
        root_value=_Root(call).fields(),
        variable_values=variables if isinstance(variables, dict) else None,
        operation_name=operation if isinstance(operation, str) else None,
    )
    body: JsonObject = {} if result.data is None else {"data": result.data}
    if result.errors:
        body["errors"] = [_shown(error) for error in result.errors]
    return Answer(body)


GRAPHQL = Route("POST", "/graphql", answer)
"""The one call of this module, for `api.app`."""


class _Root:
    """What queries start from, for one caller."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._nodes = Nodes(call)

    def fields(self) -> Mapping[str, Callable[..., object]]:
        """Return the resolvers of the fields of `Query`."""
        return {
            "node": lambda _info, id: self._node(id),  # noqa: A006 - GitHub's name for it
            "nodes": lambda _info, ids: self._many(ids),
            "repository": lambda _info, owner, name, **options: self._repository(owner, name, **options),
            "user": lambda _info, login: self._user(login),
            "rateLimit": lambda _info, **_options: self._rate_limit(),
        }

    def _node(self, node_id: str) -> object:
        found = self._call.world.nodes.get(node_id)
        if isinstance(found, Comment) and self._nodes.can_see(found):
            return self._nodes.comment(found)
        if isinstance(found, Issue) and self._nodes.can_see(found):
            return self._nodes.issue(found)
        edit = self._nodes.find_edit(node_id)
        if edit is not None:
            return edit
        raise Unresolved(f"Could not resolve to a node with the global id of '{node_id}'")

    def _many(self, ids: list[str]) -> list[object]:
        if len(ids) > MOST_IDS:
            message = f"You may not provide more than {MOST_IDS} node ids; you provided {len(ids)}."
            raise Unresolved(message, "ARGUMENT_LIMIT")
        found: list[object] = []
        for one in ids:
            try:
                found.append(self._node(one))
            except Unresolved as unresolved:  # the others are answered all the same
                found.append(unresolved)
        return found

    def _repository(self, owner: str, name: str, **options: object) -> object:
        asked = f"{owner}/{name}"
        found = self._call.github.repositories.find(asked)
        is_former = found is not None and found.full_name.lower() != asked.lower()
        if found is None or not self._call.can_read(found) or (is_former and not options.get("followRenames")):
            raise Unresolved(f"Could not resolve to a Repository with the name '{asked}'.")
        return self._nodes.repository(found)

    def _user(self, login: str) -> object:
        found = self._call.github.accounts.find(login)
        if found is None or found.type != "User" or found.spam:
            raise Unresolved(f"Could not resolve to a User with the login of '{login}'.")
        return self._nodes.actor(found)

    def _rate_limit(self) -> Mapping[str, object]:
        numbers = self._call.github.rate_limiter.numbers(self._call.caller.key, "graphql")
        reset = numbers["reset"]
        return {**numbers, "cost": 1, "resetAt": timestamp(reset if isinstance(reset, int) else 0)}


def _shown(error: GraphQLError) -> JsonObject:
    """Build an error as GitHub does, which puts its kind beside the message."""
    locations = [{"line": one.line, "column": one.column} for one in error.locations or []]
    shown: JsonObject = {"path": list(error.path or []), "locations": locations, "message": error.message}
    cause = error.original_error
    if isinstance(cause, Unresolved):
        return {"type": cause.kind, **shown}
    return shown


@cache
def _schema() -> GraphQLSchema:
    return build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))
