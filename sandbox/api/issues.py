"""REST calls on issues and labels."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sandbox import shapes
from sandbox.api.answer import Answer, page_of
from sandbox.api.call import Call, Route
from sandbox.models import Issue, Refused, invalid


def list_issues(call: Call) -> Answer:
    """List a repository's issues and pull requests, newest first unless asked otherwise."""
    repository = call.repository()
    if not repository.has_issues:
        raise Refused(410, "Issues are disabled for this repo")
    state = call.query.get("state", "open")
    wanted = {name.strip().lower() for name in call.query.get("labels", "").split(",") if name.strip()}
    since = since_of(call)
    if state not in {"open", "closed", "all"}:
        raise invalid("Issue", "state", "invalid")
    found = [
        issue
        for issue in repository.issues.values()
        if not issue.deleted and issue.moved_to is None and not issue.user.spam
        and state in {"all", issue.state}
        and wanted <= {label.name.lower() for label in issue.labels}
        and (since is None or issue.updated_at >= since)
    ]  # fmt: skip
    found.sort(key=_order(call), reverse=call.query.get("direction", "desc") == "desc")
    page, links = page_of(found, call.query, f"{call.base(repository)}/issues")
    shown = (call.github.stale_reads.issue(issue) for issue in page)
    return Answer([one for one in shown if one is not None], headers=links)


def get_issue(call: Call) -> Answer:
    """Read one issue."""
    return _shown(call, call.issue())


def create_issue(call: Call) -> Answer:
    """Open an issue; labels are for those who may set them."""
    repository = call.repository()
    title, body, labels = call.required("title"), call.text("body"), call.names("labels") or []
    if call.actor.type == "User" and not call.github.repositories.allows(repository, call.actor, "triage"):
        labels = []  # GitHub drops them silently
    issue = call.github.issues.open(repository, call.actor, title, body, labels, web=False)
    url = shapes.issue_url(call.world, issue)
    return Answer(shapes.issue(call.world, issue), 201, {"Location": url})


def edit_issue(call: Call) -> Answer:
    """Change title, body, state or labels; the last write wins and conditional headers are refused."""
    issue, issues, actor = call.issue(), call.github.issues, call.actor
    issues.edit(issue, actor, title=call.text("title"), body=call.text("body"), web=False)
    match call.text("state"):
        case "closed":
            issues.close(issue, actor, call.text("state_reason") or "completed")
        case "open":
            issues.reopen(issue, actor)
        case None:
            pass
        case _:
            raise invalid("Issue", "state", "invalid")
    names = call.names("labels")
    if names is not None:
        _replace_labels(call, issue, names)
    return Answer(shapes.issue(call.world, issue))


def get_label(call: Call) -> Answer:
    """Read one label."""
    repository = call.repository()
    label = repository.labels.get(call.path["name"].lower())
    if label is None:
        raise Refused(404, "Not Found")
    return Answer(shapes.label(call.world, repository, label))


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


def _order(call: Call) -> Callable[[Issue], tuple[int, int]]:
    match call.query.get("sort"):
        case "updated":
            return lambda issue: (issue.updated_at, issue.id)
        case "comments":
            return lambda issue: (len(issue.comments), issue.id)
        case _:
            return lambda issue: (issue.created_at, issue.id)


def _replace_labels(call: Call, issue: Issue, names: list[str]) -> None:
    wanted = {name.lower() for name in names}
    for label in list(issue.labels):
        if label.name.lower() not in wanted:
            call.github.issues.unlabel(issue, call.actor, label.name)
    for name in names:
        call.github.issues.label(issue, call.actor, name)


def _shown(call: Call, issue: Issue) -> Answer:
    shown = call.github.stale_reads.issue(issue)
    if shown is None:
        raise Refused(404, "Not Found")
    return Answer(shown)


_R = "/repos/{owner}/{repo}"
_I = _R + r"/issues/{number:\d+}"
ROUTES = (
    Route("GET", f"{_R}/issues", list_issues, "issues:read"),
    Route("POST", f"{_R}/issues", create_issue, "issues:write", is_content="yes"),
    Route("GET", _I, get_issue, "issues:read"),
    Route("PATCH", _I, edit_issue, "issues:write", is_content="edit"),
    Route("GET", f"{_R}/labels/{{name:.+}}", get_label, "issues:read"),
    Route("POST", f"{_R}/labels", create_label, "issues:write"),
)
"""Every call of this module, for `api.app`."""
