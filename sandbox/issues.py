"""Issues: opened, edited, labelled, closed, locked, transferred, deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox import shapes
from sandbox.events import issue_payload, publish
from sandbox.models import Edit, Issue, JsonObject, Label, Refused, Repository, User, invalid
from sandbox.repositories import Repositories
from sandbox.world import World

STATE_REASONS = ("completed", "not_planned", "duplicate", "reopened")


class Issues:
    """Issues and pull requests of repositories.

    Text made on the web gets CRLF line ends, as browsers send them; text made through the API stays as it is.
    People write on the web and bots through the API unless `web` says otherwise.
    """

    def __init__(self, world: World, repositories: Repositories) -> None:
        self._world = world
        self._repositories = repositories

    def open(
        self, repository: Repository, actor: User, title: str, body: str | None = None,
        labels: Iterable[str] = (), *, web: bool | None = None, pull_request: bool = False,
    ) -> Issue:  # fmt: skip
        """Open an issue; labels that the repository lacks are made."""
        self.refuse_disabled(repository)
        body = self.stored_text(actor, body, web=web)
        self._check_issue(title, body)
        now = self._world.time()
        issue = Issue(
            id=self._world.next_id("issue"),
            number=len(repository.issues) + 1,
            repository=repository,
            user=actor,
            title=title,
            body=body,
            created_at=now,
            updated_at=now,
            is_pull_request=pull_request,
        )
        issue.edits.append(Edit(now, actor, body or ""))
        self._world.add_issue(issue)
        issue.labels = [self._label(repository, name) for name in labels]
        publish(self._world, "issues", "opened", actor, repository, issue=issue)
        for label in issue.labels:
            self._update(issue, "labeled", actor, self._about(label, issue))
        return issue

    def edit(
        self, issue: Issue, actor: User, body: str | None = None, *,
        title: str | None = None, web: bool | None = None,
    ) -> Issue:  # fmt: skip
        """Change an issue's title, body or both; equal text changes nothing and sends no event."""
        self._require(issue, actor, "triage" if actor is not issue.user else "none")
        body = self.stored_text(actor, body, web=web)
        self._check_issue(issue.title if title is None else title, body)
        changes: dict[str, dict[str, str]] = {}
        if title is not None and title != issue.title:
            changes["title"] = {"from": issue.title}
            issue.title = title
        if body is not None and body != (issue.body or ""):
            changes["body"] = {"from": issue.body or ""}
            issue.body = body
            issue.edits.append(Edit(self._world.time(), actor, body))
        if changes:
            self._update(issue, "edited", actor, {"changes": changes})
        return issue

    def remove_revision(self, issue: Issue, actor: User, number: int) -> None:
        """Remove what an earlier revision of the body said from the history; who made it and when stays there."""
        self._repositories.require(issue.repository, actor, "write")
        if not 0 <= number < len(issue.edits) - 1:
            raise Refused(422, "Only an earlier revision can be deleted.")
        issue.edits[number] = replace(issue.edits[number], removed=True)

    def label(self, issue: Issue, actor: User, name: str) -> Issue:
        """Add a label to an issue, making the label if need be."""
        self._require(issue, actor, "triage")
        label = self._label(issue.repository, name)
        if label not in issue.labels:
            issue.labels.append(label)
            self._update(issue, "labeled", actor, self._about(label, issue))
        return issue

    def unlabel(self, issue: Issue, actor: User, name: str) -> Issue:
        """Remove a label from an issue."""
        self._require(issue, actor, "triage")
        label = next((one for one in issue.labels if one.name.lower() == name.lower()), None)
        if label is None:
            raise Refused(404, "Label does not exist")
        issue.labels.remove(label)
        self._update(issue, "unlabeled", actor, self._about(label, issue))
        return issue

    def close(self, issue: Issue, actor: User, reason: str = "completed") -> Issue:
        """Close an issue; comments stay possible."""
        return self._set_state(issue, actor, "closed", reason)

    def reopen(self, issue: Issue, actor: User) -> Issue:
        """Open a closed issue again."""
        return self._set_state(issue, actor, "open", "reopened")

    def lock(self, issue: Issue, actor: User) -> Issue:
        """Lock the conversation: people without write access and Apps cannot comment, nobody can react."""
        return self._set_locked(issue, actor, locked=True)

    def unlock(self, issue: Issue, actor: User) -> Issue:
        """Unlock the conversation."""
        return self._set_locked(issue, actor, locked=False)

    def transfer(self, issue: Issue, actor: User, target: Repository) -> Issue:
        """Move an issue to another repository of the same owner, where it gets a new id and number.

        Its comments go along; labels do where the target has the same names.
        """
        self.require_writable(issue)
        source = issue.repository
        self._repositories.require(source, actor, "write")
        self._repositories.require(target, actor, "write")
        if target.owner is not source.owner or (source.private and not target.private):
            raise Refused(422, "Issues can only be transferred between repositories of the same owner")
        moved = self._moved(issue, target)
        old = issue_payload(self._world, issue)
        publish(
            self._world, "issues", "transferred", actor, source,
            {"changes": {
                "new_issue": issue_payload(self._world, moved),
                "new_repository": shapes.repository(self._world, target),
            }},
            issue=issue,
        )  # fmt: skip
        issue.comments = []
        issue.pinned_comment = None
        origin = {"old_issue": old, "old_repository": shapes.repository(self._world, source)}
        publish(self._world, "issues", "opened", actor, target, {"changes": origin}, issue=moved)
        return moved

    def delete(self, issue: Issue, actor: User) -> None:
        """Delete an issue; the API answers 410 from then on."""
        self._require(issue, actor, "admin")
        publish(self._world, "issues", "deleted", actor, issue.repository, issue=issue)
        issue.deleted = True
        self._world.changed(issue)

    def refuse_disabled(self, repository: Repository) -> None:
        """Refuse issues where they are switched off, and writes where the repository is archived."""
        if not repository.has_issues:
            raise Refused(410, "Issues are disabled for this repo")
        self._repositories.refuse_archived(repository)

    def require_writable(self, issue: Issue) -> None:
        """Refuse to change an issue that is deleted, or whose repository takes no changes."""
        if issue.deleted:
            raise Refused(410, "This issue was deleted")
        self.refuse_disabled(issue.repository)

    def stored_text(self, actor: User, text: str | None, *, web: bool | None) -> str | None:
        """Return text as it is stored: browsers send CRLF line ends, the API keeps what it gets."""
        through_web = actor.type == "User" if web is None else web
        if text is None or not through_web:
            return text
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")

    def _require(self, issue: Issue, actor: User, role: str) -> None:
        self.require_writable(issue)
        self._repositories.require(issue.repository, actor, role)

    def _check_issue(self, title: str, body: str | None) -> None:
        if not title.strip():
            raise invalid("Issue", "title", "missing_field")
        for field, text, limit in (
            ("title", title, 256),
            ("body", body, self._world.rules.body_limit),
        ):
            if text is not None and len(text) > limit:
                raise invalid("Issue", field, "custom", f"{field} is too long (maximum is {limit} characters)")

    def _label(self, repository: Repository, name: str) -> Label:
        return repository.labels.get(name.lower()) or self._repositories.create_label(repository, name)

    def _about(self, label: Label, issue: Issue) -> JsonObject:
        return {"label": shapes.label(self._world, issue.repository, label)}

    def _update(self, issue: Issue, action: str, actor: User, more: JsonObject | None = None) -> None:
        issue.updated_at = self._world.time()
        publish(self._world, "issues", action, actor, issue.repository, more, issue=issue)

    def _set_state(self, issue: Issue, actor: User, state: str, reason: str) -> Issue:
        self._require(issue, actor, "triage" if actor is not issue.user else "none")
        if reason not in STATE_REASONS:
            raise invalid("Issue", "state_reason", "invalid")
        if issue.state == state:
            return issue
        closed = state == "closed"
        issue.state, issue.state_reason = state, reason
        issue.closed_at = self._world.time() if closed else None
        issue.closed_by = actor if closed else None
        self._update(issue, "closed" if closed else "reopened", actor)
        return issue

    def _set_locked(self, issue: Issue, actor: User, *, locked: bool) -> Issue:
        self._require(issue, actor, "write")
        if issue.locked != locked:
            issue.locked = locked
            self._update(issue, "locked" if locked else "unlocked", actor)
        return issue

    def _moved(self, issue: Issue, target: Repository) -> Issue:
        moved = replace(
            issue,
            id=self._world.next_id("issue"),
            number=len(target.issues) + 1,
            repository=target,
            updated_at=self._world.time(),
            labels=[target.labels[one.name.lower()] for one in issue.labels if one.name.lower() in target.labels],
            comments=list(issue.comments),
            edits=list(issue.edits),
        )
        issue.moved_to = moved
        self._world.add_issue(moved)
        for comment in moved.comments:
            comment.issue = moved
            if not self._world.rules.comment_ids_survive_transfer:
                comment.id = self._world.next_id("comment")
            self._world.add_comment(comment)
        return moved
