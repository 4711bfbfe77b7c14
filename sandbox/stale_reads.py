"""What the API shows of issues and comments: the present, or for a moment after a change the past.

GitHub's API can answer with old data, or 404, for something whose delivery has already arrived. With `lag` above
zero every change becomes visible that many seconds late; world, web page and deliveries know at once.
"""

from __future__ import annotations

from sandbox import shapes
from sandbox.models import Comment, Issue, JsonObject
from sandbox.world import Event, World


class StaleReads:
    """A view of the world that may lag behind it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lag = 0.0
        self._shown: dict[int, JsonObject] = {}
        self._stale: dict[int, tuple[float, JsonObject | None]] = {}
        world.on_event.append(self._remember)

    @property
    def lag(self) -> float:
        """Seconds by which the API lags behind."""
        return self._lag

    @lag.setter
    def lag(self, seconds: float) -> None:
        self._lag = seconds
        if seconds:
            comments = self._world.comments.values()
            issues = (one for repository in self._world.repositories.values() for one in repository.issues.values())
            self._shown = {one.id: shapes.comment(self._world, one) for one in comments if not one.deleted}
            self._shown |= {one.id: shapes.issue(self._world, one) for one in issues}
        else:
            self._shown, self._stale = {}, {}

    def issue(self, issue: Issue) -> JsonObject | None:
        """Return an issue's JSON; None while its creation is not visible yet."""
        stale = self._past(issue.id)
        return shapes.issue(self._world, issue) if stale is None else stale[0]

    def comment(self, comment: Comment) -> JsonObject | None:
        """Return a comment's JSON; None while its creation is not visible yet."""
        stale = self._past(comment.id)
        return shapes.comment(self._world, comment) if stale is None else stale[0]

    def shows(self, comment: Comment) -> bool:
        """Check whether a comment can be seen: there, not flagged, and its creation visible."""
        if comment.user.spam:
            return False
        stale = self._past(comment.id)
        return not comment.deleted if stale is None else stale[0] is not None

    def comments(self, issue: Issue) -> list[Comment]:
        """List the comments to be seen on an issue, oldest first."""
        if not self._lag:
            return issue.visible_comments
        lingering = {
            comment.id: comment
            for comment in (self._world.comments.get(one) for one in self._stale)
            if comment is not None and comment.issue is issue
        }
        candidates = lingering | {comment.id: comment for comment in issue.comments}
        return [candidates[one] for one in sorted(candidates) if self.shows(candidates[one])]

    def _past(self, thing: int) -> tuple[JsonObject | None] | None:
        stale = self._stale.get(thing)
        if stale is None:
            return None
        until, shown = stale
        if self._world.now() < until:
            return (shown,)
        del self._stale[thing]
        return None

    def _remember(self, event: Event) -> None:
        if not self._lag:
            return
        until = self._world.now() + self._lag
        if event.issue is not None:
            self._outdate(event.issue.id, shapes.issue(self._world, event.issue), until)
        if event.comment is not None:
            self._outdate(event.comment.id, shapes.comment(self._world, event.comment), until)

    def _outdate(self, thing: int, now: JsonObject, until: float) -> None:
        past = self._past(thing)
        self._stale[thing] = (until, self._shown.get(thing) if past is None else past[0])
        self._shown[thing] = now
