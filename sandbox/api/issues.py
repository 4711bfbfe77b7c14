"""REST calls on issues, their labels and comments, and reactions to comments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter

from sandbox import shapes
from sandbox.api.call import COMMENT, ISSUE, REPOSITORY, Call, Route
from sandbox.api.responses import Answer, page_of
from sandbox.models import Comment, JsonObject, Refused, existing, invalid


@Route("GET", f"{REPOSITORY}/issues", "issues:read")
def list_issues(call: Call) -> Answer:
    """List a repository's issues and pull requests by their creation, newest first unless asked otherwise."""
    repository = call.repository()
    if not repository.has_issues:
        raise Refused(410, "Issues are disabled for this repo")
    state = call.query.get("state", "open")
    wanted = {name.strip().lower() for name in call.query.get("labels", "").split(",") if name.strip()}
    if state not in {"open", "closed", "all"}:
        raise invalid("Issue", "state", "invalid")
    found = [
        issue
        for issue in repository.issues.values()
        if not issue.deleted and issue.moved_to is None and not issue.user.spam
        and state in {"all", issue.state}
        and wanted <= {label.name.lower() for label in issue.labels}
    ]  # fmt: skip
    found.sort(key=attrgetter("created_at", "id"), reverse=call.query.get("direction", "desc") == "desc")
    page, links = page_of(found, call.query, f"{call.base(repository)}/issues")
    shown = (call.github.stale_reads.read(issue) for issue in page)
    return Answer([one for one in shown if one is not None], headers=links)


@Route("GET", ISSUE, "issues:read")
def get_issue(call: Call) -> Answer:
    """Read one issue."""
    return Answer(existing(call.github.stale_reads.read(call.issue())))


@Route("POST", f"{REPOSITORY}/issues", "issues:write", is_content=True)
def create_issue(call: Call) -> Answer:
    """Open an issue; labels are dropped unless the caller may write."""
    repository = call.repository()
    title, body = call.required("title"), call.text("body")
    labels = _names(call) if call.github.repositories.allows(repository, call.actor, "write") else []
    issue = call.github.issues.open(repository, call.actor, title, body, labels, web=False)
    url = shapes.issue_url(call.world, issue)
    return Answer(shapes.issue(call.world, issue), 201, {"Location": url})


@Route("PATCH", ISSUE, "issues:write", is_edit=True)
def edit_issue(call: Call) -> Answer:
    """Change title, body or state; the last write wins and conditional headers are refused."""
    issue, state = call.issue(), call.text("state")
    call.github.issues.edit(issue, call.actor, title=call.text("title"), body=call.text("body"), web=False)
    if state == "closed":
        call.github.issues.close(issue, call.actor, call.text("state_reason") or "completed")
    elif state == "open":
        call.github.issues.reopen(issue, call.actor)
    return Answer(shapes.issue(call.world, issue))


@Route("PUT", f"{ISSUE}/lock", "issues:write")
def lock_issue(call: Call) -> Answer:
    """Lock the conversation."""
    call.github.issues.lock(call.issue(), call.actor)
    return Answer(status=204)


@Route("DELETE", f"{ISSUE}/lock", "issues:write")
def unlock_issue(call: Call) -> Answer:
    """Unlock the conversation."""
    call.github.issues.unlock(call.issue(), call.actor)
    return Answer(status=204)


@Route("POST", f"{ISSUE}/labels", "issues:write")
def add_labels(call: Call) -> Answer:
    """Add labels to an issue, and list all that it has then."""
    issue = call.issue()
    for name in _names(call):
        call.github.issues.label(issue, call.actor, name)
    return Answer([shapes.label(call.world, issue.repository, one) for one in issue.labels])


@Route("DELETE", f"{ISSUE}/labels/{{name:.+}}", "issues:write")
def remove_label(call: Call) -> Answer:
    """Take a label off an issue, and list those that stay."""
    issue = call.issue()
    call.github.issues.unlabel(issue, call.actor, call.path["name"])
    return Answer([shapes.label(call.world, issue.repository, one) for one in issue.labels])


@Route("GET", f"{REPOSITORY}/labels/{{name:.+}}", "issues:read")
def get_label(call: Call) -> Answer:
    """Read one label."""
    repository = call.repository()
    label = existing(repository.labels.get(call.path["name"].lower()))
    return Answer(shapes.label(call.world, repository, label))


@Route("POST", f"{REPOSITORY}/labels", "issues:write")
def create_label(call: Call) -> Answer:
    """Make a label; 422 `already_exists` where the name is taken."""
    repository = call.repository()
    call.github.repositories.require(repository, call.actor, "write")
    color = call.text("color") or "ededed"
    label = call.github.repositories.create_label(
        repository, call.required("name"), color, call.text("description")
    )
    shown = shapes.label(call.world, repository, label)
    return Answer(shown, 201, {"Location": str(shown["url"])})


@Route("DELETE", f"{REPOSITORY}/labels/{{name:.+}}", "issues:write")
def delete_label(call: Call) -> Answer:
    """Delete a label, also from the issues that carry it."""
    call.github.repositories.delete_label(call.repository(), call.actor, call.path["name"])
    return Answer(status=204)


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
    return Answer(call.github.stale_reads.read(call.comment()))


@Route("POST", f"{ISSUE}/comments", "issues:write", is_content=True)
def create_comment(call: Call) -> Answer:
    """Write a comment; it notifies every subscriber and counts as content."""
    comment = call.github.comments.create(call.issue(), call.actor, call.required("body"), web=False)
    url = shapes.comment_url(call.world, comment)
    return Answer(shapes.comment(call.world, comment), 201, {"Location": url})


@Route("PATCH", COMMENT, "issues:write", is_edit=True)
def edit_comment(call: Call) -> Answer:
    """Save another text, as its author or with write access; conditional headers are refused."""
    comment = call.github.comments.edit(call.comment(), call.actor, call.required("body"), web=False)
    return Answer(shapes.comment(call.world, comment))


@Route("DELETE", COMMENT, "issues:write")
def delete_comment(call: Call) -> Answer:
    """Delete a comment for good."""
    call.github.comments.delete(call.comment(), call.actor)
    return Answer(status=204)


@Route("POST", f"{COMMENT}/reactions", "issues:write", is_content=True)
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


def since_of(call: Call) -> int | None:
    """Read the query's `since`, compared with `updated_at`; whether GitHub includes that second is not known."""
    text = call.query.get("since")
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid("Issue", "since", "invalid") from error
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def _names(call: Call) -> list[str]:
    """Return the names of labels in the body."""
    given = call.body.get("labels", [])
    if not isinstance(given, list):
        raise invalid("Issue", "labels", "invalid")
    return [name for name in given if isinstance(name, str)]


def _shown(call: Call, comments: Sequence[Comment]) -> list[JsonObject]:
    shown = (call.github.stale_reads.read(comment) for comment in comments)
    return [one for one in shown if one is not None]
