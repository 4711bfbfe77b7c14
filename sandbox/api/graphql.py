"""The GraphQL endpoint: as much of GitHub's schema as a recount of a petition needs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

from sandbox.api.answer import Answer
from sandbox.api.call import Call, Route
from sandbox.api.graphql_mutations import mutations
from sandbox.api.graphql_nodes import Nodes, Unresolved
from sandbox.models import Comment, JsonObject, Refused

MOST_IDS = 100
"""How many ids `nodes` takes at once."""


def answer(call: Call) -> Answer:
    """Run a query; errors in it are in `errors`, with status 200."""
    if call.caller.actor is None:
        raise Refused(401, "This endpoint requires you to be authenticated.")
    query, variables = call.body.get("query"), call.body.get("variables")
    if not isinstance(query, str):
        return Answer({"errors": [{"message": "A query attribute must be specified and must be a string."}]})
    given = variables if isinstance(variables, dict) else None
    root = mutations(call) if query.lstrip().startswith("mutation") else _Query(call)
    result = graphql_sync(_schema(), query, root_value=root, variable_values=given)
    body: JsonObject = {} if result.data is None else {"data": result.data}
    if result.errors:
        body["errors"] = [_shown(error) for error in result.errors]
    return Answer(body)


GRAPHQL = Route("POST", "/graphql", handler=answer)
"""The one call of this module, for `api.app`."""


class _Query:
    """What queries start from, for one caller: each method resolves the field of `Query` that it is named after."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._nodes = Nodes(call)

    def nodes(self, _info: object, ids: list[str]) -> list[object]:
        if len(ids) > MOST_IDS:
            message = f"You may not provide more than {MOST_IDS} node ids; you provided {len(ids)}."
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
        if found is not None and self._nodes.can_see(found):
            return self._nodes.comment(found) if isinstance(found, Comment) else self._nodes.issue(found)
        missing = Unresolved(f"Could not resolve to a node with the global id of '{node_id}'")
        return self._nodes.find_edit(node_id) or missing


def _shown(error: GraphQLError) -> JsonObject:
    """Build an error as GitHub does, which puts its kind beside the message."""
    locations = [{"line": one.line, "column": one.column} for one in error.locations or []]
    shown: JsonObject = {"path": list(error.path or []), "locations": locations, "message": error.message}
    cause = error.original_error
    return {"type": cause.kind, **shown} if isinstance(cause, Unresolved) else shown


@cache
def _schema() -> GraphQLSchema:
    return build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))
