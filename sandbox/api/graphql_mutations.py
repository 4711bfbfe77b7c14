"""GraphQL's mutations, as far as REST has no call of the kind: hide, show, transfer, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from sandbox.api.call import Call
from sandbox.api.graphql_nodes import Nodes, Unresolved
from sandbox.models import Comment, Issue, Refused, Repository

Given = Mapping[str, str]
Payload = Mapping[str, object]
Mutation = Callable[..., Payload]
T = TypeVar("T")


def mutations(call: Call) -> Mapping[str, Mutation]:
    """Return what mutations start from, for one caller."""
    nodes = Nodes(call)

    def minimize(_info: object, input: Given) -> Payload:  # noqa: A002 - GitHub's name of it
        reason = input["classifier"].lower().replace("_", "-")
        _carry_out(lambda: call.github.comments.hide(_comment(call, input), call.actor, reason))
        return {}

    def unminimize(_info: object, input: Given) -> Payload:  # noqa: A002
        _carry_out(lambda: call.github.comments.unhide(_comment(call, input), call.actor))
        return {}

    def transfer(_info: object, input: Given) -> Payload:  # noqa: A002
        issue, target = _issue(call, input), _repository(call, input["repositoryId"])
        moved = _carry_out(lambda: call.github.issues.transfer(issue, call.actor, target))
        return {"issue": nodes.issue(moved)}

    def delete(_info: object, input: Given) -> Payload:  # noqa: A002
        issue = _issue(call, input)
        _carry_out(lambda: call.github.issues.delete(issue, call.actor))
        return {}

    return {
        "minimizeComment": minimize,
        "unminimizeComment": unminimize,
        "transferIssue": transfer,
        "deleteIssue": delete,
    }


def _carry_out(change: Callable[[], T]) -> T:
    """Change something; GraphQL words a refusal differently from REST."""
    try:
        return change()
    except Refused as refused:
        kind = "FORBIDDEN" if refused.status in (403, 404) else "UNPROCESSABLE"
        raise Unresolved(refused.message, kind) from refused


def _comment(call: Call, given: Given) -> Comment:
    found = call.world.nodes.get(given["subjectId"])
    if not isinstance(found, Comment):
        raise Unresolved(f"Could not resolve to a node with the global id of '{given['subjectId']}'")
    return found


def _issue(call: Call, given: Given) -> Issue:
    found = call.world.nodes.get(given["issueId"])
    if not isinstance(found, Issue) or found.deleted or found.moved_to is not None:
        raise Unresolved(f"Could not resolve to a node with the global id of '{given['issueId']}'")
    return found


def _repository(call: Call, node_id: str) -> Repository:
    for found in call.world.repositories.values():
        if found.node_id == node_id and not found.deleted:
            return found
    raise Unresolved(f"Could not resolve to a node with the global id of '{node_id}'")
