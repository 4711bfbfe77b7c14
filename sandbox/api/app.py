"""The API as an aiohttp application: one path from a request to an answer, whatever the call."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import partial

from aiohttp import web

from sandbox import app_pages
from sandbox.api import apps, issues, repositories  # noqa: F401 - each adds its calls
from sandbox.api.call import REPOSITORY, ROUTES, Call, Moved, Route
from sandbox.api.graphql import GRAPHQL
from sandbox.api.limits import Cost, Limits
from sandbox.api.responses import VERSIONS, Answer, go_wrong, moved, refusal, respond
from sandbox.credentials import Caller
from sandbox.github import GitHub
from sandbox.models import JsonObject, Refused

PREFIX = "/api/v3"
"""Where REST lives, as on GitHub Enterprise Server, so that pages have the root to themselves."""
_CONDITIONAL = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
_CONDITIONAL_WRITE = (
    "Conditional request headers are not allowed in unsafe requests unless supported by the endpoint"
)


@dataclass(frozen=True, slots=True)
class Api:
    """REST and GraphQL over one GitHub."""

    github: GitHub

    def mount(self, app: web.Application) -> None:
        """Add every call to an application; repositories are also reachable by their number."""
        for route in ROUTES:
            self._mount(app, route)
            if route.path.startswith(REPOSITORY):
                numeric = r"/repositories/{repository_id:\d+}" + route.path.removeprefix(REPOSITORY)
                self._mount(app, replace(route, path=numeric))
        app_pages.mount(app, self.github, PREFIX)
        app.router.add_route("POST", "/api/graphql", partial(self._serve, GRAPHQL))
        self._mount(app, Route("*", "/{tail:.*}"))

    def _mount(self, app: web.Application, route: Route) -> None:
        app.router.add_route(route.method, PREFIX + route.path, partial(self._serve, route), name=None)

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        self.github.rate_limiter.in_flight += 1
        try:
            raw = await request.read()
            failure = self.github.fault_injector.with_request(request.method, request.path.removeprefix(PREFIX))
            if failure is None:
                return self._respond(route, request, raw)
            carried_out = failure.applied or request.method == "GET"
            real = self._respond(route, request, raw) if carried_out else None
            faults, now = self.github.fault_injector.faults, self.github.world.now()
            return await go_wrong(request, failure, real, faults, now)
        finally:
            self.github.rate_limiter.in_flight -= 1

    def _respond(self, route: Route, request: web.Request, raw: bytes) -> web.Response:
        caller, cost, is_served = Caller(), _cost(route, self.github.rate_limiter.limits), True
        try:
            caller = self._caller(request)
            denied = self.github.rate_limiter.refuse(caller.key, cost)
            is_served = denied is None
            answer = denied or self._answer(route, request, caller, raw)
        except Refused as refused:
            answer = refusal(refused)
        salt = request.headers.get("Authorization", "") if self.github.fault_injector.faults.etag_by_token else ""
        response = respond(answer, request, salt)
        if is_served and response.status != 304:
            self.github.rate_limiter.charge(caller.key, cost)
        response.headers.update(self.github.rate_limiter.headers(caller.key, cost.resource))
        # GitHub's clock, not this machine's
        response.headers["Date"] = formatdate(self.github.world.now(), usegmt=True)
        return response

    def _caller(self, request: web.Request) -> Caller:
        if not request.headers.get("User-Agent"):
            raise Refused(
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
            )
        caller = self.github.credentials.caller(request.headers.get("Authorization"))
        if caller.token is not None:
            status = self.github.fault_injector.refuses_token(self.github.world.now() - caller.token.minted_at)
            if status:
                raise Refused(
                    status, "Bad credentials" if status == 401 else "Resource not accessible by integration"
                )
        return caller

    def _answer(self, route: Route, request: web.Request, caller: Caller, raw: bytes) -> Answer:
        if request.headers.get("X-GitHub-Api-Version", VERSIONS[0]) not in VERSIONS:
            raise Refused(400, "The version in the 'X-GitHub-Api-Version' header is not supported.")
        if route.needs_app and not caller.is_app:
            raise Refused(401, "A JSON web token could not be decoded")
        if request.method == "PATCH" and any(name in request.headers for name in _CONDITIONAL):
            raise Refused(400, "Bad Request", [_CONDITIONAL_WRITE])
        call = Call(
            github=self.github,
            caller=caller,
            route=route,
            target=request.raw_path.removeprefix(PREFIX),
            path=request.match_info,
            query=request.query,
            body={} if request.method == "GET" else _parse(raw),
        )
        try:
            return route.handler(call)
        except Moved as elsewhere:
            return moved(request.method, elsewhere.url)


def _parse(raw: bytes) -> JsonObject:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused(400, "Problems parsing JSON") from error
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
    return body


def _cost(route: Route, limits: Limits) -> Cost:
    if route is GRAPHQL:
        return Cost("graphql")
    is_content = route.is_content or (route.is_edit and limits.edits_are_content)
    return Cost("core", 1 if route.method == "GET" else 5, is_content)
