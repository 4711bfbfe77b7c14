"""REST calls on comments and on reactions to them."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox import shapes
from sandbox.api.answer import Answer, page_of
from sandbox.api.call import COMMENT, ISSUE, Call, Route
from sandbox.api.issues import since_of
from sandbox.models import Comment, JsonObject, Refused, existing


@Route("GET", f"{ISSUE}/comments", "issues:read")
def list_comments(call: Call) -> Answer:
    """List an issue's comments, ascending by id; there is no other order."""
    issue = call.issue()
    comments, since = call.github.stale_reads.comments(issue), since_of(call)
    if since is not None:
        first = since if call.world.rules.since_is_inclusive else since + 1
        comments = [comment for comment in comments if comment.updated_at >= first]
    page, links = page_of(comments, call.query, f"{call.base(issue.repository)}/issues/{issue.number}/comments")
    return Answer(_shown(call, page), headers=links)


@Route("GET", COMMENT, "issues:read")
def get_comment(call: Call) -> Answer:
    """Read one comment."""
    return Answer(call.github.stale_reads.comment(call.comment()))


@Route("POST", f"{ISSUE}/comments", "issues:write", is_content="yes")
def create_comment(call: Call) -> Answer:
    """Write a comment; it notifies every subscriber and counts as content."""
    comment = call.github.comments.create(call.issue(), call.actor, call.required("body"), web=False)
    url = shapes.comment_url(call.world, comment)
    return Answer(shapes.comment(call.world, comment), 201, {"Location": url})


@Route("PATCH", COMMENT, "issues:write", is_content="edit")
def edit_comment(call: Call) -> Answer:
    """Save another text, as its author or with write access; conditional headers are refused."""
    comment = call.github.comments.edit(call.comment(), call.actor, call.required("body"), web=False)
    return Answer(shapes.comment(call.world, comment))


@Route("DELETE", COMMENT, "issues:write")
def delete_comment(call: Call) -> Answer:
    """Delete a comment for good."""
    call.github.comments.delete(call.comment(), call.actor)
    return Answer(status=204)


@Route("POST", f"{COMMENT}/reactions", "issues:write", is_content="reaction")
def create_reaction(call: Call) -> Answer:
    """React to a comment: 201 for a new reaction, 200 for one that is there."""
    target = call.comment()
    before = len(target.reactions)
    reaction = call.github.comments.react(target, call.actor, call.required("content"))
    return Answer(shapes.reaction(call.world, reaction), 201 if len(target.reactions) > before else 200)


@Route("DELETE", rf"{COMMENT}/reactions/{{reaction_id:\d+}}", "issues:write")
def delete_reaction(call: Call) -> Answer:
    """Remove a reaction; only one's own."""
    target = call.comment()
    reaction = existing(next((one for one in target.reactions if one.id == int(call.path["reaction_id"])), None))
    if reaction.user is not call.actor:
        raise Refused(403, "Resource not accessible by integration")
    call.github.comments.remove_reaction(target, reaction)
    return Answer(status=204)


def _shown(call: Call, comments: Sequence[Comment]) -> list[JsonObject]:
    shown = (call.github.stale_reads.comment(comment) for comment in comments)
    return [one for one in shown if one is not None]
