"""Issues: opened, edited, labelled, closed, locked, transferred, deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox import payloads, shapes
from sandbox.nouns import (
    LOCK_REASONS,
    REACTIONS,
    Comment,
    Edit,
    Issue,
    Label,
    Reaction,
    Refused,
    Repository,
    User,
)
from sandbox.repositories import Repositories, invalid
from sandbox.repository_shape import repository as repository_shape

STATE_REASONS = ("completed", "not_planned", "duplicate", "reopened")


class Issues(Repositories):
    """Issues and pull requests of repositories.

    Text made on the web gets CRLF line ends, as browsers send them; text made through the API stays as it is.
    People write on the web and bots through the API unless `web` says otherwise.
    """

    def open_issue(
        self, repository: Repository, actor: User, title: str, body: str | None = None,
        labels: Iterable[str] = (), *, web: bool | None = None, pull_request: bool = False,
    ) -> Issue:  # fmt: skip
        """Open an issue; labels that the repository lacks are made."""
        self.refuse_disabled(repository)
        body = self._text(actor, body, web=web)
        self._check_issue(title, body)
        now = self.time()
        issue = Issue(
            id=self.next_id("issue"),
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
        repository.issues[issue.number] = self._index(issue)
        issue.labels = [self._label(repository, name) for name in labels]
        self.tell("issues", "opened", actor, repository, issue=issue)
        for label in issue.labels:
            self._tell_label("labeled", issue, actor, label)
        return issue

    def edit_issue(
        self,
        issue: Issue,
        actor: User,
        *,
        title: str | None = None,
        body: str | None = None,
        web: bool | None = None,
    ) -> Issue:
        """Change an issue's title, body or both; equal text changes nothing and tells nobody."""
        self._writable(issue)
        if actor is not issue.user:
            self.require(issue.repository, actor, "triage")
        body = self._text(actor, body, web=web)
        self._check_issue(issue.title if title is None else title, body)
        changes: dict[str, dict[str, str]] = {}
        if title is not None and title != issue.title:
            changes["title"] = {"from": issue.title}
            issue.title = title
        if body is not None and body != (issue.body or ""):
            changes["body"] = {"from": issue.body or ""}
            issue.body = body
            issue.edits.append(Edit(self.time(), actor, body))
        if changes:
            issue.updated_at = self.time()
            self.tell("issues", "edited", actor, issue.repository, {"changes": changes}, issue=issue)
        return issue

    def edit_issue_body(self, issue: Issue, actor: User, body: str, *, web: bool | None = None) -> Issue:
        """Save another text as the issue's body; the last write wins."""
        return self.edit_issue(issue, actor, body=body, web=web)

    def remove_revision(self, issue: Issue, actor: User, number: int) -> None:
        """Remove what an earlier revision of the body said from the history; who made it and when stays there."""
        self.require(issue.repository, actor, "write")
        if not 0 <= number < len(issue.edits) - 1:
            raise Refused(422, "Only an earlier revision can be deleted.")
        issue.edits[number] = replace(issue.edits[number], removed_at=self.time(), removed_by=actor)

    def label(self, issue: Issue, actor: User, name: str) -> Issue:
        """Put a label on an issue, making the label if need be."""
        self._writable(issue)
        self.require(issue.repository, actor, "triage")
        label = self._label(issue.repository, name)
        if label not in issue.labels:
            issue.labels.append(label)
            issue.updated_at = self.time()
            self._tell_label("labeled", issue, actor, label)
        return issue

    def unlabel(self, issue: Issue, actor: User, name: str) -> Issue:
        """Take a label off an issue."""
        self._writable(issue)
        self.require(issue.repository, actor, "triage")
        label = next((one for one in issue.labels if one.name.lower() == name.lower()), None)
        if label is None:
            raise Refused(404, "Label does not exist")
        issue.labels.remove(label)
        issue.updated_at = self.time()
        self._tell_label("unlabeled", issue, actor, label)
        return issue

    def close(self, issue: Issue, actor: User, reason: str = "completed") -> Issue:
        """Close an issue; comments stay possible."""
        return self._set_state(issue, actor, "closed", reason)

    def reopen(self, issue: Issue, actor: User) -> Issue:
        """Open a closed issue again."""
        return self._set_state(issue, actor, "open", "reopened")

    def lock(self, issue: Issue, actor: User, reason: str | None = None) -> Issue:
        """Lock the conversation: people without write access and Apps cannot comment, nobody can react."""
        self._writable(issue)
        self.require(issue.repository, actor, "write")
        if reason is not None and reason not in LOCK_REASONS:
            raise invalid("Issue", "lock_reason", "invalid")
        return self._set_locked(issue, actor, locked=True, reason=reason)

    def unlock(self, issue: Issue, actor: User) -> Issue:
        """Let people comment again."""
        self._writable(issue)
        self.require(issue.repository, actor, "write")
        return self._set_locked(issue, actor, locked=False, reason=None)

    def transfer(self, issue: Issue, actor: User, target: Repository) -> Issue:
        """Move an issue to another repository of the same owner, where it gets a new id and number.

        Its comments go along; labels do where the target has the same names.
        """
        self._writable(issue)
        source = issue.repository
        self.require(source, actor, "write")
        self.require(target, actor, "write")
        if target.owner is not source.owner or (source.private and not target.private):
            raise Refused(422, "Issues can only be transferred between repositories of the same owner")
        moved = self._moved(issue, target)
        old = payloads.issue(self.urls, issue, self.app)
        self.tell(
            "issues", "transferred", actor, source,
            {"changes": {
                "new_issue": payloads.issue(self.urls, moved, self.app),
                "new_repository": repository_shape(self.urls, target),
            }},
            issue=issue,
        )  # fmt: skip
        issue.comments = []
        issue.pinned_comment = None
        origin = {"old_issue": old, "old_repository": repository_shape(self.urls, source)}
        self.tell("issues", "opened", actor, target, {"changes": origin}, issue=moved)
        return moved

    def delete_issue(self, issue: Issue, actor: User) -> None:
        """Delete an issue; the API answers 410 from then on."""
        self._writable(issue)
        self.require(issue.repository, actor, "admin")
        self.tell("issues", "deleted", actor, issue.repository, issue=issue)
        issue.deleted = True
        self._changed(issue)

    def react(self, to: Issue | Comment, actor: User, content: str) -> Reaction:
        """React with one of `REACTIONS`; the same reaction again gives the one that is there. No webhook tells."""
        issue = to if isinstance(to, Issue) else to.issue
        self._writable(issue)
        if content not in REACTIONS:
            raise invalid("Reaction", "content", "invalid")
        if issue.locked:
            raise Refused(403, "Unable to create reaction because issue is locked.")
        for reaction in to.reactions:
            if reaction.user is actor and reaction.content == content:
                return reaction
        reaction = Reaction(self.next_id("reaction"), actor, content, self.time())
        to.reactions.append(reaction)
        self._changed(issue)
        return reaction

    def unreact(self, to: Issue | Comment, actor: User, content: str) -> None:
        """Take one's reaction back."""
        mine = [one for one in to.reactions if one.user is actor and one.content == content]
        for reaction in mine:
            to.reactions.remove(reaction)
        self._changed(to if isinstance(to, Issue) else to.issue)

    def refuse_disabled(self, repository: Repository) -> None:
        """Refuse issues where they are switched off, and writes where the repository is archived."""
        if not repository.has_issues:
            raise Refused(410, "Issues are disabled for this repo")
        self.refuse_archived(repository)

    def _writable(self, issue: Issue) -> None:
        if issue.deleted:
            raise Refused(410, "This issue was deleted")
        self.refuse_disabled(issue.repository)

    def _text(self, actor: User, text: str | None, *, web: bool | None) -> str | None:
        """Give text as it is stored: browsers send CRLF line ends, the API keeps what it gets."""
        through_web = actor.type == "User" if web is None else web
        if text is None or not through_web:
            return text
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")

    def _check_issue(self, title: str, body: str | None) -> None:
        if not title.strip():
            raise invalid("Issue", "title", "missing_field")
        for field, text, limit in (("title", title, self.rules.title_limit), ("body", body, self.rules.body_limit)):
            if text is not None and len(text) > limit:
                raise invalid("Issue", field, "custom", f"{field} is too long (maximum is {limit} characters)")

    def _label(self, repository: Repository, name: str) -> Label:
        return repository.labels.get(name.lower()) or self.create_label(repository, name)

    def _tell_label(self, action: str, issue: Issue, actor: User, label: Label) -> None:
        shown = shapes.label(self.urls, issue.repository, label)
        self.tell("issues", action, actor, issue.repository, {"label": shown}, issue=issue)

    def _set_state(self, issue: Issue, actor: User, state: str, reason: str) -> Issue:
        self._writable(issue)
        if actor is not issue.user:
            self.require(issue.repository, actor, "triage")
        if reason not in STATE_REASONS:
            raise invalid("Issue", "state_reason", "invalid")
        if issue.state == state:
            return issue
        closed = state == "closed"
        issue.state, issue.state_reason = state, reason
        issue.updated_at = self.time()
        issue.closed_at = issue.updated_at if closed else None
        issue.closed_by = actor if closed else None
        self.tell("issues", "closed" if closed else "reopened", actor, issue.repository, issue=issue)
        return issue

    def _set_locked(self, issue: Issue, actor: User, *, locked: bool, reason: str | None) -> Issue:
        if issue.locked != locked:
            issue.locked, issue.lock_reason = locked, reason
            issue.updated_at = self.time()
            self.tell("issues", "locked" if locked else "unlocked", actor, issue.repository, issue=issue)
        return issue

    def _moved(self, issue: Issue, target: Repository) -> Issue:
        moved = Issue(
            id=self.next_id("issue"),
            number=len(target.issues) + 1,
            repository=target,
            user=issue.user,
            title=issue.title,
            body=issue.body,
            created_at=issue.created_at,
            updated_at=self.time(),
            labels=[target.labels[one.name.lower()] for one in issue.labels if one.name.lower() in target.labels],
            comments=list(issue.comments),
            edits=list(issue.edits),
            reactions=list(issue.reactions),
            state=issue.state,
            state_reason=issue.state_reason,
            closed_at=issue.closed_at,
            closed_by=issue.closed_by,
            locked=issue.locked,
            lock_reason=issue.lock_reason,
            is_pull_request=issue.is_pull_request,
            pinned_comment=issue.pinned_comment,
        )
        issue.moved_to = moved
        target.issues[moved.number] = self._index(moved)
        for comment in moved.comments:
            comment.issue = moved
            if not self.rules.comment_ids_survive_transfer:
                comment.id = self.next_id("comment")
            self._index_comment(comment)
        return moved

    def _index(self, issue: Issue) -> Issue:
        self.nodes[issue.node_id] = issue
        return issue

    def _index_comment(self, comment: Comment) -> None:
        self.comments[comment.id] = comment
        self.nodes[comment.node_id] = comment
