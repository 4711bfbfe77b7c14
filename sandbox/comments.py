"""Comments: written, edited, hidden, pinned, reacted to, deleted, by their author or by somebody else."""

from __future__ import annotations

from sandbox.events import publish
from sandbox.issues import Issues
from sandbox.models import HIDE_REASONS, REACTIONS, Comment, Edit, Issue, Reaction, Refused, User, invalid
from sandbox.repositories import Repositories
from sandbox.world import World


class Comments:
    """Comments on issues, and reactions to them."""

    def __init__(self, world: World, repositories: Repositories, issues: Issues) -> None:
        self._world = world
        self._repositories = repositories
        self._issues = issues

    def create(
        self, issue: Issue, actor: User, body: str, *, web: bool | None = None, by_mail: bool = False
    ) -> Comment:
        """Write a comment; by mail, it answers a notification."""
        self._issues.require_writable(issue)
        if issue.locked and not self._repositories.allows(issue.repository, actor, "write"):
            raise Refused(403, "Unable to create comment because issue is locked.")
        if self._world.rules.comment_cap is not None and len(issue.comments) >= self._world.rules.comment_cap:
            raise Refused(
                403, f"Commenting is disabled on issues with more than {self._world.rules.comment_cap} comments"
            )
        body = self._body(actor, body, web=web)
        now = self._world.time()
        comment = Comment(
            id=self._world.next_id("comment"),
            issue=issue,
            user=actor,
            body=body,
            created_at=now,
            updated_at=now,
            edits=[Edit(now, actor, body)],
            by_mail=by_mail,
        )
        self._world.add_comment(comment)
        before = len(issue.comments)
        issue.comments.append(comment)
        issue.updated_at = now
        # GitHub's own sample payload shows the number of comments from before this one.
        self._publish("created", comment, actor, comments=before)
        return comment

    def edit(self, comment: Comment, actor: User, body: str, *, web: bool | None = None) -> Comment:
        """Save another text; saving the same one sends an edit whose texts are equal, and records none."""
        self._require(comment, actor, or_author=True)
        body = self._body(actor, body, web=web)
        before = comment.body
        comment.updated_at = self._later(comment)
        if body != before:
            comment.body = body
            comment.edits.append(Edit(comment.updated_at, actor, body))
        self._publish("edited", comment, actor, before=before)
        return comment

    def delete(self, comment: Comment, actor: User) -> None:
        """Delete a comment for good."""
        self._require(comment, actor, or_author=True)
        # In GitHub's own sample payload the number of comments still includes the deleted one.
        self._publish("deleted", comment, actor)
        comment.deleted = True
        issue = comment.issue
        issue.comments.remove(comment)
        issue.updated_at = self._world.time()
        if issue.pinned_comment is comment:
            issue.pinned_comment = None
        self._world.changed(issue)

    def hide(self, comment: Comment, actor: User, reason: str = "off-topic") -> Comment:
        """Hide a comment as a moderator; GitHub sends it as an edit whose texts are equal."""
        if reason not in HIDE_REASONS:
            raise invalid("IssueComment", "classifier", "invalid")
        return self._set_minimized(comment, actor, reason)

    def unhide(self, comment: Comment, actor: User) -> Comment:
        """Show a hidden comment again."""
        return self._set_minimized(comment, actor, None)

    def pin(self, comment: Comment, actor: User) -> Comment:
        """Pin a comment to the top of its issue, in place of the one pinned before."""
        self._require(comment, actor)
        issue = comment.issue
        if issue.is_pull_request:
            raise Refused(422, "Validation Failed")
        if issue.pinned_comment is not None and issue.pinned_comment is not comment:
            self.unpin(issue.pinned_comment, actor)
        comment.pinned = self._world.time(), actor
        issue.pinned_comment = comment
        self._publish("pinned", comment, actor)
        return comment

    def unpin(self, comment: Comment, actor: User) -> Comment:
        """Unpin a comment."""
        self._require(comment, actor)
        if comment.issue.pinned_comment is not comment:
            raise Refused(404, "Not Found")
        comment.pinned = None
        comment.issue.pinned_comment = None
        self._publish("unpinned", comment, actor)
        return comment

    def react(self, comment: Comment, actor: User, content: str) -> Reaction:
        """React with one of `REACTIONS`, or return the same reaction that is there; no webhook reports it."""
        self._issues.require_writable(comment.issue)
        if content not in REACTIONS:
            raise invalid("Reaction", "content", "invalid")
        if comment.issue.locked:
            raise Refused(403, "Unable to create reaction because issue is locked.")
        for reaction in comment.reactions:
            if reaction.user is actor and reaction.content == content:
                return reaction
        reaction = Reaction(self._world.next_id("reaction"), actor, content, self._world.time())
        comment.reactions.append(reaction)
        self._world.changed(comment.issue)
        return reaction

    def remove_reaction(self, comment: Comment, reaction: Reaction) -> None:
        """Remove a reaction."""
        comment.reactions.remove(reaction)
        self._world.changed(comment.issue)

    def _set_minimized(self, comment: Comment, actor: User, reason: str | None) -> Comment:
        self._require(comment, actor)
        if comment.minimized != reason:
            comment.minimized = reason
            if self._world.rules.hiding_moves_updated_at:
                comment.updated_at = self._later(comment)
            self._publish("edited", comment, actor, before=comment.body)
        return comment

    def _publish(
        self, action: str, comment: Comment, actor: User, *, before: str | None = None, comments: int | None = None
    ) -> None:
        changes = {} if before is None else {"changes": {"body": {"from": before}}}
        issue = comment.issue
        publish(
            self._world, "issue_comment", action, actor, issue.repository, dict(changes),
            issue=issue, comment=comment, comments=comments,
        )  # fmt: skip

    def _body(self, actor: User, body: str, *, web: bool | None) -> str:
        text = self._issues.stored_text(actor, body, web=web) or ""
        if not text.strip():
            raise invalid("IssueComment", "data", "unprocessable", "Body cannot be blank")
        if len(text.encode("utf-8", "surrogatepass")) > self._world.rules.comment_bytes:
            raise invalid("IssueComment", "data", "unprocessable", "Body is too long (maximum is 65536 characters)")
        return text

    def _later(self, comment: Comment) -> int:
        return max(self._world.time(), comment.updated_at)

    def _require(self, comment: Comment, actor: User, *, or_author: bool = False) -> None:
        if comment.deleted:
            raise Refused(404, "Not Found")
        self._issues.require_writable(comment.issue)
        if not (or_author and actor is comment.user):
            self._repositories.require(comment.issue.repository, actor, "write")
