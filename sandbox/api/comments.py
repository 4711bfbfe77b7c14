"""REST calls on comments and on reactions to comments and issues."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox import shapes
from sandbox.api.answer import Answer
from sandbox.api.call import Call, Route
from sandbox.api.issues import since_of
from sandbox.api.paging import page_of
from sandbox.nouns import Comment, Issue, JsonObject, Refused


def list_comments(call: Call) -> Answer:
    """List an issue's comments, ascending by id; there is no other order."""
    issue = call.issue()
    comments = _since(call, call.replica.comments(issue))
    page, links = page_of(comments, call.query, f"{call.base(issue.repository)}/issues/{issue.number}/comments")
    return Answer(_shown(call, page), headers=links)


def list_repository_comments(call: Call) -> Answer:
    """List the comments on all issues of a repository, ascending by id unless asked otherwise."""
    repository = call.repository()
    everywhere = [comment for issue in repository.issues.values() for comment in call.replica.comments(issue)]
    comments = sorted(_since(call, everywhere), key=lambda comment: comment.id)
    match call.query.get("sort"):
        case "updated":
            comments.sort(key=lambda comment: comment.updated_at)
        case "created" | None:
            pass
        case _:
            raise Refused(422, "Validation Failed")
    if "sort" in call.query and call.query.get("direction") == "desc":
        comments.reverse()
    page, links = page_of(comments, call.query, f"{call.base(repository)}/issues/comments")
    return Answer(_shown(call, page), headers=links)


def get_comment(call: Call) -> Answer:
    """Read one comment."""
    return Answer(call.replica.comment(call.comment()))


def create_comment(call: Call) -> Answer:
    """Write a comment; it notifies every subscriber and counts as content."""
    comment = call.state.comment(call.issue(), call.actor, call.required("body"), web=False)
    url = shapes.comment_url(call.state.urls, comment)
    return Answer(_now(call, comment), 201, {"Location": url})


def edit_comment(call: Call) -> Answer:
    """Change a comment's text."""
    return Answer(_now(call, call.state.edit_comment(call.comment(), call.actor, call.required("body"), web=False)))


def delete_comment(call: Call) -> Answer:
    """Delete a comment."""
    call.state.delete_comment(call.comment(), call.actor)
    return Answer(status=204)


def pin_comment(call: Call) -> Answer:
    """Pin a comment to the top of its issue."""
    return Answer(_now(call, call.state.pin(call.comment(), call.actor)))


def unpin_comment(call: Call) -> Answer:
    """Take a pinned comment down."""
    call.state.unpin(call.comment(), call.actor)
    return Answer(status=204)


def list_reactions(call: Call) -> Answer:
    """List the reactions to a comment or an issue."""
    target = _target(call)
    content = call.query.get("content")
    reactions = [one for one in target.reactions if content in {None, one.content} and not one.user.spam]
    page, links = page_of(reactions, call.query, _reactions_url(call, target))
    return Answer([shapes.reaction(call.state.urls, one) for one in page], headers=links)


def create_reaction(call: Call) -> Answer:
    """React to a comment or an issue: 201 for a new reaction, 200 for one that is there."""
    target = _target(call)
    before = len(target.reactions)
    reaction = call.state.react(target, call.actor, call.required("content"))
    return Answer(shapes.reaction(call.state.urls, reaction), 201 if len(target.reactions) > before else 200)


def delete_reaction(call: Call) -> Answer:
    """Take a reaction back; only one's own."""
    target = _target(call)
    reaction = next((one for one in target.reactions if one.id == int(call.path["reaction_id"])), None)
    if reaction is None:
        raise Refused(404, "Not Found")
    if reaction.user is not call.actor:
        raise Refused(403, "Resource not accessible by integration")
    call.state.unreact(target, call.actor, reaction.content)
    return Answer(status=204)


def _target(call: Call) -> Issue | Comment:
    return call.comment() if "comment_id" in call.path else call.issue()


def _reactions_url(call: Call, target: Issue | Comment) -> str:
    if isinstance(target, Issue):
        return f"{call.base(target.repository)}/issues/{target.number}/reactions"
    return f"{call.base(target.issue.repository)}/issues/comments/{target.id}/reactions"


def _since(call: Call, comments: list[Comment]) -> list[Comment]:
    since = since_of(call)
    return comments if since is None else [comment for comment in comments if comment.updated_at >= since]


def _shown(call: Call, comments: Sequence[Comment]) -> list[JsonObject]:
    shown = (call.replica.comment(comment) for comment in comments)
    return [one for one in shown if one is not None]


def _now(call: Call, comment: Comment) -> JsonObject:
    return shapes.comment(call.state.urls, comment, call.state.app)


_R = "/repos/{owner}/{repo}/issues"
_I = _R + r"/{number:\d+}"
_C = _R + r"/comments/{comment_id:\d+}"
ROUTES = (
    Route("GET", f"{_R}/comments", list_repository_comments, "issues:read"),
    Route("GET", f"{_I}/comments", list_comments, "issues:read"),
    Route("POST", f"{_I}/comments", create_comment, "issues:write", is_content="yes"),
    Route("GET", _C, get_comment, "issues:read"),
    Route("PATCH", _C, edit_comment, "issues:write", is_content="edit"),
    Route("DELETE", _C, delete_comment, "issues:write"),
    Route("PUT", f"{_C}/pin", pin_comment, "issues:write"),
    Route("DELETE", f"{_C}/pin", unpin_comment, "issues:write"),
    *(
        Route(method, path, handler, permission, is_content=content)
        for thing in (_I, _C)
        for method, path, handler, permission, content in (
            ("GET", f"{thing}/reactions", list_reactions, "issues:read", ""),
            ("POST", f"{thing}/reactions", create_reaction, "issues:write", "reaction"),
            ("DELETE", rf"{thing}/reactions/{{reaction_id:\d+}}", delete_reaction, "issues:write", ""),
        )
    ),
)
"""Every call of this module, for `api.app`."""
