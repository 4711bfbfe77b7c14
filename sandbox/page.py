"""The sandbox in a browser: an issue to read, sign and edit, which updates as the bot works."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from aiohttp import web

from sandbox import views
from sandbox.activity_feed import ActivityFeed
from sandbox.github import GitHub
from sandbox.models import GHOST, Comment, Issue, Refused, Repository, User
from sandbox.server import Sandbox
from sandbox.views import picture_values

PEOPLE = ("ada", "grace", "emmy", "sofia")
"""Invented people who are there to speak from the start."""

HINTS = ("/sign", "/unsign", "/sign Ada Lovelace, Analytical Engines")
"""Comments offered for one click."""

HEADERS = {
    "Content-Security-Policy": views.POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def mount(sandbox: Sandbox, people: Iterable[str] = PEOPLE) -> None:
    """Serve the page beside the sandbox's API; before the sandbox starts. `people` are there to speak."""
    for login in people:
        sandbox.user(login)
    page = _Page(sandbox)
    sandbox.app.middlewares.append(page.guard)
    sandbox.app.on_shutdown.append(page.close)
    sandbox.app.add_routes(page.routes())


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Form = Mapping[str, str]


class _Page:
    """The page's routes."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._world = github.world
        self._feed = ActivityFeed(github.world.now, github.deliveries.log)
        self._templates = views.environment()
        github.world.on_change.append(lambda _: self._feed.changed())

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the page's addresses, which are GitHub's where GitHub has them."""
        issue = r"/{owner}/{name}/issues/{number:\d{1,9}}"
        comment = issue + r"/comments/{comment:\d{1,18}}"
        return [
            web.get("/", self._front),
            web.static("/-/static", Path(__file__).with_name("static")),
            web.get(r"/avatars/u/{id:\d{1,18}}", self._avatar),
            web.get("/{login}", self._person),
            web.get("/{owner}/{name}", self._repository),
            web.get("/{owner}/{name}/issues/new", self._new_issue),
            web.post("/{owner}/{name}/issues/new", self._open_issue),
            web.get(issue, self._issue),
            web.get(f"{issue}/events", self._events),
            web.post(f"{issue}/comments", self._write),
            web.post(f"{issue}/{{change:edit|state|lock|labels}}", self._change_issue),
            web.post(f"{comment}/{{change:edit|delete|hide|unhide}}", self._change_comment),
        ]

    @web.middleware
    async def guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Record calls to the API; answer errors on the page with a message, and set the security headers."""
        if request.path.startswith("/api/"):
            return await self._record_call(request, handler)
        try:
            # A set-up, which is another site, sends the browser here with its manifest.
            if request.method == "POST" and not request.path.endswith("/settings/apps/new"):
                _refuse_cross_site(request)
            response = await handler(request)
        except (Refused, web.HTTPException) as problem:
            if isinstance(problem, web.HTTPException) and problem.status < 400:
                raise
            response = self._message(*_explain(problem), status=problem.status)
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    async def close(self, _: web.Application) -> None:
        """End the change feed, so that the server can stop."""
        self._feed.close()

    # What one reads

    async def _front(self, _: web.Request) -> web.Response:
        issues = [one for repository in self._world.repositories.values() for one in _visible(repository)]
        if len(issues) == 1:
            raise web.HTTPFound(views.issue_path(issues[0]))
        return self._message("Issues", "All issues of this simulated GitHub.", links=issues)

    async def _repository(self, request: web.Request) -> web.Response:
        owner, name = request.match_info["owner"], request.match_info["name"]
        if owner == "apps" and name == self._world.app.slug:
            return self._message(self._world.app.bot.login, "The bot, installed here as a GitHub App.")
        repository = self._find_repository(request)
        return self._message(repository.full_name, "A repository of this sandbox.", links=_visible(repository))

    async def _person(self, request: web.Request) -> web.Response:
        login = request.match_info["login"]
        user = self._github.accounts.find(login)
        if user is None:
            raise Refused(404, f"This sandbox has nobody called {login}.")
        kind = "An organization" if user.type == "Organization" else "A person"
        return self._message(user.login, f"{kind} of this sandbox, invented, like everybody here.")

    async def _issue(self, request: web.Request) -> web.Response:
        issue = self._find_issue(request)
        speaker = self._github.accounts.find(request.query.get("as", ""))
        is_person = speaker is not None and speaker.type == "User"
        values = views.issue_values(
            self._world, issue, speaker=speaker if is_person else None, everything="all" in request.query
        )
        return self._html("issue.html", values | {"activity": self._feed, "hints": HINTS})

    async def _new_issue(self, request: web.Request) -> web.Response:
        """Show the form of a new issue, with what the address asks for.

        https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/creating-an-issue#creating-an-issue-from-a-url-query
        """
        repository = self._find_repository(request)
        labels = [one for one in request.query.get("labels", "").split(",") if one]
        host = views.organizer(repository, self._world.users.values())
        return self._html("new_issue.html", {"repository": repository, "labels": labels, "organizer": host})

    async def _events(self, request: web.Request) -> web.StreamResponse:
        self._find_issue(request)
        return await self._feed.watch(request, HEADERS)

    async def _avatar(self, request: web.Request) -> web.Response:
        user = self._world.users.get(int(request.match_info["id"]), GHOST)
        text = self._templates.get_template("avatar.svg").render(picture_values(user))
        return web.Response(text=text, content_type="image/svg+xml")

    # What one does

    async def _write(self, request: web.Request) -> web.Response:
        issue, form = self._find_issue(request), await _form(request)
        actor = self._newcomer(form["newcomer"]) if form.get("newcomer", "").strip() else self._actor(form)
        comment = self._github.comments.create(issue, actor, form.get("example") or form.get("body", ""))
        raise _back_to(issue, f"issuecomment-{comment.id}", speaker=actor)

    async def _open_issue(self, request: web.Request) -> web.Response:
        repository, form = self._find_repository(request), await _form(request)
        labels = [one for one in form.get("labels", "").split(",") if one]
        title, body = form.get("title", ""), form.get("body", "")
        raise _back_to(self._github.issues.open(repository, self._actor(form), title, body, labels=labels), "title")

    async def _change_issue(self, request: web.Request) -> web.Response:
        issue, form = self._find_issue(request), await _form(request)
        issues, actor = self._github.issues, self._actor(form)
        match request.match_info["change"]:
            case "edit":
                issues.edit(issue, actor, form.get("body"), title=form.get("title"))
                raise _back_to(issue, "letter")
            case "state":
                (issues.close if form.get("state") == "closed" else issues.reopen)(issue, actor)
            case "lock":
                (issues.lock if form.get("lock") == "on" else issues.unlock)(issue, actor)
            case _ if "remove" in form:
                issues.unlabel(issue, actor, form["remove"])
            case _:
                issues.label(issue, actor, form.get("add", "").strip())
        raise _back_to(issue, "title")

    async def _change_comment(self, request: web.Request) -> web.Response:
        comment, form = self._find_comment(request), await _form(request)
        comments, actor = self._github.comments, self._actor(form)
        match request.match_info["change"]:
            case "edit":
                comments.edit(comment, actor, form.get("body", ""))
            case "delete":
                comments.delete(comment, actor)
            case "hide":
                comments.hide(comment, actor, form.get("reason", "off-topic"))
            case _:
                comments.unhide(comment, actor)
        raise _back_to(comment.issue, "thread" if comment.deleted else f"issuecomment-{comment.id}")

    # Whom and what it is about

    def _find_repository(self, request: web.Request) -> Repository:
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        repository = self._github.repositories.find(name)
        if repository is None:
            raise Refused(404, f"There is no repository {name} in this sandbox.")
        return repository

    def _find_issue(self, request: web.Request) -> Issue:
        repository = self._find_repository(request)
        number = int(request.match_info["number"])
        issue = repository.issues.get(number)
        if issue is None:
            raise Refused(404, f"There is no issue #{number} in {repository.full_name}.")
        if issue.deleted:
            raise Refused(410, "This issue was deleted.")
        here = f"/{request.match_info['owner']}/{request.match_info['name']}/"
        moved = issue.moved_to or (issue if not views.issue_path(issue).startswith(here) else None)
        if moved is not None and request.method == "GET":
            raise web.HTTPFound(views.issue_path(moved))
        return issue

    def _find_comment(self, request: web.Request) -> Comment:
        issue = self._find_issue(request)
        wanted = int(request.match_info["comment"])
        comment = next((one for one in issue.visible_comments if one.id == wanted), None)
        if comment is None:
            raise Refused(404, "This comment does not exist any more.")
        return comment

    def _actor(self, form: Form) -> User:
        login = form.get("as", "")
        if not login:
            raise Refused(400, "Choose who comments.")
        actor = self._github.accounts.find(login)
        if actor is None or actor.type != "User":
            raise Refused(400, f"{login} cannot do this here.")
        return actor

    def _newcomer(self, name: str) -> User:
        """Find or make the person of this name; a login has letters, digits and single hyphens only."""
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        login = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:39].rstrip("-")
        if not login:
            raise Refused(422, "Enter a name with letters from a to z, as in GitHub's logins.")
        return self._actor({"as": self._github.accounts.get_or_create(login).login})

    # How it is answered

    async def _record_call(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        self._feed.called(request.method, re.sub(r"^/api(/v3)?", "", request.path), response.status)
        return response

    def _message(
        self, heading: str, message: str, *, status: int = 200, links: list[Issue] | None = None
    ) -> web.Response:
        shown = [(views.issue_path(one), one.title, f"#{one.number}") for one in links or []]
        values = {"heading": heading, "message": message, "links": shown}
        return self._html("message.html", values, status=status)

    def _html(self, template: str, values: Mapping[str, object], *, status: int = 200) -> web.Response:
        text = self._templates.get_template(template).render(values)
        return web.Response(text=text, status=status, content_type="text/html")


_HEADINGS = {
    400: "That did not come through", 403: "Not allowed", 404: "Not found", 405: "Not like this", 410: "Gone",
    413: "Too long", 422: "That does not fit",
}  # fmt: skip


def _visible(repository: Repository) -> list[Issue]:
    return [one for one in repository.issues.values() if not (one.deleted or one.moved_to or repository.deleted)]


def _back_to(issue: Issue, anchor: str, *, speaker: User | None = None) -> web.HTTPSeeOther:
    """Send the browser back to the issue, so that loading the page again repeats nothing."""
    asked = f"?as={quote(speaker.login)}" if speaker is not None else ""
    return web.HTTPSeeOther(f"{views.issue_path(issue)}{asked}#{anchor}")


async def _form(request: web.Request) -> Form:
    try:
        given = await request.post()
    except (ValueError, LookupError) as error:  # broken parts or bytes; a charset that nobody knows
        raise Refused(400, "The form could not be read.") from error
    return {name: value for name, value in given.items() if isinstance(value, str)}


def _refuse_cross_site(request: web.Request) -> None:
    """Refuse forms that another site's page sends, because browsers let any page post to this machine."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Refused(403, "This form came from another site.")


def _explain(problem: Refused | web.HTTPException) -> tuple[str, str]:
    heading = _HEADINGS.get(problem.status, "That did not work")
    if isinstance(problem, web.HTTPException):
        known = {404: "There is no such page.", 413: "That is too much text."}
        return heading, known.get(problem.status, problem.reason)
    details = [str(one["message"]) for one in problem.errors if isinstance(one, Mapping) and "message" in one]
    return heading, ": ".join([problem.message, *details])
