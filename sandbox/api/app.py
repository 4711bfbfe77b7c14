"""The API as an aiohttp application: one path from a request to an answer, whatever the call."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import partial

from aiohttp import web

from sandbox import authorizing, installing
from sandbox.api import apps, comments, hook, issues, manifests, repositories
from sandbox.api.answer import VERSIONS, Answer, moved, refusal, respond
from sandbox.api.call import Call, Moved, Route
from sandbox.api.graphql import GRAPHQL
from sandbox.api.keys import Caller, Keychain
from sandbox.api.limits import Cost, Limits, Meter
from sandbox.api.mishaps import go_wrong
from sandbox.api.replica import Replica
from sandbox.deliveries import Deliveries
from sandbox.faults import Luck
from sandbox.nouns import JsonObject, Refused
from sandbox.registration import Registration
from sandbox.state import State

PREFIX = "/api/v3"
"""Where REST lives, as on GitHub Enterprise Server, so that pages have the root to themselves."""
ROUTES = (*issues.ROUTES, *comments.ROUTES, *repositories.ROUTES, *apps.ROUTES, *hook.ROUTES, *manifests.ROUTES)
_CONDITIONAL = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
_CONDITIONAL_WRITE = (
    "Conditional request headers are not allowed in unsafe requests unless supported by the endpoint"
)


@dataclass(frozen=True, slots=True)
class Api:
    """REST and GraphQL over one state."""

    state: State
    keychain: Keychain
    meter: Meter
    replica: Replica
    deliveries: Deliveries
    registration: Registration
    luck: Luck

    def mount(self, app: web.Application) -> None:
        """Add every call to an application; repositories are also reachable by their number."""
        for route in ROUTES:
            self._mount(app, route)
            if route.path.startswith("/repos/{owner}/{repo}"):
                numeric = r"/repositories/{repository_id:\d+}" + route.path.removeprefix("/repos/{owner}/{repo}")
                self._mount(app, replace(route, path=numeric))
        manifests.mount_form(app, self.registration)
        installing.mount(app, self.state, self.registration)
        authorizing.mount(app, self.state, self.keychain, self.registration, PREFIX)
        app.router.add_route("POST", "/api/graphql", partial(self._serve, GRAPHQL))
        nowhere = Route("*", "/{tail:.*}", _not_found)
        app.router.add_route("*", PREFIX + nowhere.path, partial(self._serve, nowhere))

    def _mount(self, app: web.Application, route: Route) -> None:
        app.router.add_route(route.method, PREFIX + route.path, partial(self._serve, route), name=None)

    async def _serve(self, route: Route, request: web.Request) -> web.StreamResponse:
        self.meter.in_flight += 1
        try:
            raw = await request.read()
            mishap = self.luck.with_request(request.method, request.path.removeprefix(PREFIX))
            if mishap is None:
                return self._respond(route, request, raw)
            carried_out = mishap.applied or request.method == "GET"
            real = self._respond(route, request, raw) if carried_out else None
            return await go_wrong(request, mishap, real, self.luck.faults, self.state.now())
        finally:
            self.meter.in_flight -= 1

    def _respond(self, route: Route, request: web.Request, raw: bytes) -> web.Response:
        caller, cost, is_served = Caller(), _cost(route, self.meter.limits, raw), True
        try:
            caller = self._caller(request)
            denied = self.meter.refuse(caller.key, cost)
            is_served = denied is None
            answer = denied or self._answer(route, request, caller, raw)
        except Refused as refused:
            answer = refusal(refused)
        salt = request.headers.get("Authorization", "") if self.luck.faults.etag_by_token else ""
        response = respond(answer, request, salt)
        if is_served and response.status != 304:
            self.meter.charge(caller.key, cost)
        response.headers.update(self.meter.headers(caller.key, cost.resource))
        response.headers["Date"] = formatdate(self.state.now(), usegmt=True)  # GitHub's clock, not this machine's
        return response

    def _caller(self, request: web.Request) -> Caller:
        if not request.headers.get("User-Agent"):
            raise Refused(
                403,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
            )
        caller = self.keychain.caller(request.headers.get("Authorization"))
        if caller.token is not None:
            status = self.luck.refuses_token(self.state.now() - caller.token.minted_at)
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
            state=self.state,
            keychain=self.keychain,
            meter=self.meter,
            replica=self.replica,
            deliveries=self.deliveries,
            registration=self.registration,
            caller=caller,
            route=route,
            target=request.raw_path.removeprefix(PREFIX),
            path=request.match_info,
            query=request.query,
            headers=request.headers,
            body={} if request.method == "GET" else _parse(raw),
        )
        try:
            return route.handler(call)
        except Moved as elsewhere:
            return moved(request.method, elsewhere.url)


def _not_found(_call: Call) -> Answer:
    raise Refused(404, "Not Found")


def _parse(raw: bytes) -> JsonObject:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused(400, "Problems parsing JSON") from error
    if isinstance(body, list):  # as `POST …/labels` once took it
        return {"labels": body}
    if not isinstance(body, dict):
        raise Refused(400, "Body should be a JSON object")
    return body


def _cost(route: Route, limits: Limits, raw: bytes) -> Cost:
    if route is GRAPHQL:
        return Cost("graphql", 5 if b"mutation" in raw else 1)
    counts = {"yes": True, "reaction": limits.reactions_are_content, "edit": limits.edits_are_content}
    return Cost("core", 1 if route.method == "GET" else 5, counts.get(route.is_content, False), route.is_free)
