"""One request as a handler sees it: who calls, what it is about, and the lookups that every handler needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from multidict import MultiMapping

from sandbox.api.responses import Answer
from sandbox.credentials import LEVELS, Caller
from sandbox.github import GitHub
from sandbox.models import Comment, Issue, JsonObject, Refused, Repository, User
from sandbox.world import World

Handler = Callable[["Call"], Answer]


class Moved(Exception):
    """The thing asked for lives elsewhere; the API redirects to `url`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


REPOSITORY = "/repos/{owner}/{repo}"
ISSUE = REPOSITORY + r"/issues/{number:\d+}"
COMMENT = REPOSITORY + r"/issues/comments/{comment_id:\d+}"


def not_found(_call: Call) -> Answer:
    """Refuse what is nowhere."""
    raise Refused(404, "Not Found")


@dataclass(frozen=True, slots=True)
class Route:
    """One REST call: what it needs and who answers it; as a decorator it adds the call to `ROUTES`."""

    method: str
    path: str
    permission: str = ""
    """The App permission it needs, as `issues:write`; empty where none is."""
    needs_app: bool = False
    """Whether it is for the App's JWT only."""
    is_content: bool = False
    """Whether GitHub counts it as content creation."""
    is_edit: bool = False
    """Whether GitHub may count it so."""
    handler: Handler = not_found

    def __call__(self, handler: Handler) -> Handler:
        """Add the call with its handler."""
        ROUTES.append(replace(self, handler=handler))
        return handler


ROUTES: list[Route] = []
"""Every call that the imported modules have added."""


@dataclass(slots=True)
class Call:
    """A request with its path, query and body, and the GitHub it is made to."""

    github: GitHub
    caller: Caller
    route: Route
    target: str
    """The address below the API's root as it was sent, with the query."""
    path: Mapping[str, str]
    query: MultiMapping[str]
    body: JsonObject

    @property
    def world(self) -> World:
        """Return the data of the GitHub that is called."""
        return self.github.world

    @property
    def actor(self) -> User:
        """Return the account that acts; 401 for nobody."""
        if self.caller.actor is None:
            raise Refused(401, "Requires authentication")
        return self.caller.actor

    def repository(self) -> Repository:
        """Find the repository of the path, if the caller may do there what the route does."""
        if "repository_id" in self.path:
            repository = self.world.repositories.get(int(self.path["repository_id"]))
        else:
            repository = self.github.repositories.find(f"{self.path['owner']}/{self.path['repo']}")
        if repository is None or repository.deleted or not self.can_read(repository):
            raise Refused(404, "Not Found")
        if "owner" in self.path:
            asked = f"{self.path['owner']}/{self.path['repo']}"
            if asked.lower() != repository.full_name.lower():
                raise Moved(f"{self.base(repository)}{self._rest()}")
        self._check_permission(repository)
        return repository

    def issue(self) -> Issue:
        """Find the issue of the path; a moved one redirects, a deleted one is gone."""
        repository = self.repository()
        if not repository.has_issues:
            raise Refused(410, "Issues are disabled for this repo")
        issue = repository.issues.get(int(self.path["number"]))
        if issue is None or issue.user.spam:
            raise Refused(404, "Not Found")
        if issue.deleted:
            raise Refused(410, "This issue was deleted")
        if issue.moved_to is not None:
            target = issue.moved_to
            if not self.can_read(target.repository):
                raise Refused(404, "Not Found")
            rest = self._rest().split("/", 3)[3:]
            tail = "/".join(["", *rest]) if rest else ""
            raise Moved(f"{self.base(target.repository)}/issues/{target.number}{tail}")
        return issue

    def comment(self) -> Comment:
        """Find the comment of the path."""
        repository = self.repository()
        comment = self.world.comments.get(int(self.path["comment_id"]))
        is_here = comment is not None and comment.issue.repository is repository
        if comment is None or not is_here or not self.github.stale_reads.shows(comment):
            raise Refused(404, "Not Found")
        return comment

    def can_read(self, repository: Repository) -> bool:
        """Check whether the caller may know of a repository at all."""
        if not repository.private:
            return True
        if self.caller.is_app:
            return self.world.installation_for(repository) is not None
        if self.caller.token is not None:
            return self.caller.token.installation.covers(repository)
        actor = self.caller.actor
        return actor is not None and self.github.repositories.allows(repository, actor, "read")

    def base(self, repository: Repository) -> str:
        """Return the numeric address of a repository, as GitHub's own links and redirects use it."""
        return f"{self.world.urls.api}/repositories/{repository.id}"

    def text(self, field: str) -> str | None:
        """Return a text field of the body; None where it is absent or null, 422 where it is no text."""
        value = self.body.get(field)
        if value is not None and not isinstance(value, str):
            raise Refused(
                422, f"Invalid request.\n\nFor 'properties/{field}', {json.dumps(value)} is not a string."
            )
        return value

    def required(self, field: str) -> str:
        """Return a text field of the body; 422 where it is missing."""
        value = self.text(field)
        if value is None:
            raise Refused(422, f'Invalid request.\n\n"{field}" wasn\'t supplied.')
        return value

    def _rest(self) -> str:
        """Return what follows the repository in the address, with the query."""
        segments = 2 if "repository_id" in self.path else 3
        rest = self.target.split("/", segments + 1)[segments + 1 :]
        return "/".join(["", *rest])

    def _check_permission(self, repository: Repository) -> None:
        name, _, level = self.route.permission.partition(":")
        caller = self.caller
        if not name:
            return
        if caller.token is None:
            if level != "read" and caller.actor is None:
                raise Refused(401, "Requires authentication")
            return
        if level == "read" and not repository.private:
            return  # what is public needs no permission
        is_covered = caller.token.installation.covers(repository)
        granted = caller.token.permissions.get(name, "none") if is_covered else "none"
        if LEVELS.index(granted) < LEVELS.index(level):
            accepted = {"X-Accepted-GitHub-Permissions": f"{name}={level}"}
            raise Refused(403, "Resource not accessible by integration", headers=accepted)
