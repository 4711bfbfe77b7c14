"""All that can be asked over HTTP, as OpenAPI: the public document, and pages, probes and deliveries besides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
import schemathesis
from schemathesis.schemas import APIOperation

from bot.github import webhooks
from bot.petition.addresses import SIGNED_IN
from bot.web.api.openapi import describe

Operation = APIOperation[Any, Any, Any, Any]

EVENTS: Final = webhooks._ROUTES  # noqa: SLF001 - the events that we act on, and what they look like


@dataclass(frozen=True, slots=True)
class Route:
    """A method and the paths that it is for; `operation` is how schemathesis knows it.

    `answers` are the media types of each status.
    """

    name: str
    method: str
    paths: re.Pattern[str]
    operation: Operation
    answers: Mapping[str, frozenset[str]]


def routes() -> tuple[Route, ...]:
    """List everything that the bot answers; the webhook has a route for each event, and one for all others."""
    return _routes(describe(_NOWHERE), _unnamed(), *(_delivery(event) for event in EVENTS), _delivery(None))


def setup_routes() -> tuple[Route, ...]:
    """List what a bot answers that has no App yet."""
    return _routes(_setup())


_NOWHERE: Final = "http://127.0.0.1:1"
_WHERE: Final = "/petitions/{owner}/{repo}/{number}"

_IN_PATHS: Final = {
    "owner": "[A-Za-z0-9_.-]+",
    "repo": "[A-Za-z0-9_.-]+",
    "number": "[1-9][0-9]{0,8}",
    "file": "[a-z.]+",
}


def _routes(*documents: Mapping[str, Any]) -> tuple[Route, ...]:
    return tuple(
        _route(path, method, described, document)
        for document in documents
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    )


def _route(path: str, method: str, described: Mapping[str, Any], document: Mapping[str, Any]) -> Route:
    pattern = re.sub(r"\\\{(\w+)\\\}", lambda name: _IN_PATHS[name[1]], re.escape(path))
    schema = schemathesis.openapi.from_dict(dict(document))
    operation = schema.find_operation_by_id(described["operationId"])
    answers = {status: frozenset(answer.get("content", ())) for status, answer in described["responses"].items()}
    return Route(described["operationId"], method.upper(), re.compile(pattern), operation, answers)


def _unnamed() -> dict[str, Any]:
    """Describe the pages and the probes."""
    refused = {"400": _MESSAGE, "404": _MESSAGE}
    page = {"200": _content("text/html"), "302": {"description": "Elsewhere"}, **refused}
    away = {"302": {"description": "Elsewhere"}, "303": {"description": "Elsewhere"}, **refused}
    in_page = [*_in_path("owner", "repo", "number"), *_texts("query", "key", "sort", "q", "after", "before")]
    paths = {
        "/": _get("front", {"200": _content("text/html")}, []),
        _WHERE: _get("petition", page, in_page),
        f"{_WHERE}/letter": _get("letter", page, in_page),
        f"{_WHERE}/events": _get(
            "events",
            {"200": _content("text/event-stream"), **refused},
            [*in_page, *_texts("query", "since"), *_texts("header", "Last-Event-ID")],
        ),
        f"{_WHERE}/organizers": _get("organizers", page, in_page),
        f"{_WHERE}/organizers/sign-in": _get("sign in", away, in_page),
        f"{_WHERE}/organizers/sign-out": {"post": _get("sign out", away, in_page)["get"]},
        SIGNED_IN: _get("signed in", {"403": _content("text/html"), **refused}, _texts("query", "code", "state")),
        "/static/{file}": _get("static", {"200": _content("text/css"), "404": _MESSAGE}, _in_path("file")),
        "/openapi.json": _get("openapi", {"200": _content("application/json")}, []),
        "/healthz": _get("healthz", {"200": _content("application/json")}, []),
        "/readyz": _get(
            "readyz", {"200": _content("application/json"), "401": _MESSAGE}, _texts("header", "Authorization")
        ),
        "/metrics": _get("metrics", {"200": _content("text/plain")}, []),
    }
    for kind in ("text/javascript", "image/svg+xml"):
        paths["/static/{file}"]["get"]["responses"]["200"]["content"][kind] = {"schema": {"type": "string"}}
    return _document(paths, {})


def _setup() -> dict[str, Any]:
    """Describe the set-up."""
    page, away, refused = _content("text/html"), {"description": "Elsewhere"}, {"description": "Not like this"}
    not_yet = {"503": _MESSAGE}
    admission = {"303": away, "403": page, "413": refused, "415": page}
    wishes = _texts("query", "name", "public_url", "hook_url", "organization", "public")
    made = {"303": away, "403": page, "410": page, "502": page}
    paths = {
        "/": _get("front", {"302": away}, []),
        "/setup": _get("setup", {"200": page, "303": away, "403": page}, _texts("query", "token")),
        "/setup/review": _get("review", {"200": page, "403": page, "422": page}, wishes),
        "/setup/made": _get("made", made, _texts("query", "code", "state")),
        "/setup/static/{file}": _get(
            "static", {"200": {"description": "A file"}, "404": _content("text/plain")}, _in_path("file")
        ),
        "/webhook": {"post": _get("webhook", not_yet, [])["get"]},
        "/healthz": _get("healthz", {"200": _content("application/json")}, []),
        "/readyz": _get("readyz", not_yet, []),
    }
    form = {"type": "object", "properties": {"token": {"type": "string"}}, "required": ["token"]}
    paths["/setup"]["post"] = {
        "operationId": "admit",
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": admission,
    }
    return _document(paths, {})


def _delivery(event: str | None) -> dict[str, Any]:
    """Describe deliveries of an event, or of any other one."""
    body: dict[str, Any] = {"type": "object"}
    components: dict[str, Any] = {}
    named: dict[str, Any] = {"type": "string", "maxLength": 60}
    if event is not None:
        (body,), components = msgspec.json.schema_components(
            [EVENTS[event].decoder.type], ref_template="#/components/schemas/{name}"
        )
        said = components[body["$ref"].rpartition("/")[2]]
        said["properties"]["action"] = {"enum": sorted(EVENTS[event].actions)}
        said["required"] = sorted({*said["required"], "installation"})
        for component in components.values():
            # We take no notice of what is said in pull requests.
            component.get("properties", {}).pop("pull_request", None)
        if "Label" in components:
            components["Label"]["properties"]["name"] = {"anyOf": [{"const": "petition"}, {"type": "string"}]}
        named = {"enum": [event]}
    answers = {"200": _MESSAGE, "400": _MESSAGE, "401": _MESSAGE, "411": _MESSAGE, "413": _MESSAGE, "415": _MESSAGE}
    webhook = {
        "operationId": event or "other event",
        "parameters": [_parameter("header", "X-GitHub-Event", named), *_texts("header", "X-GitHub-Delivery")],
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": answers,
    }
    return _document({"/webhook": {"post": webhook}}, components)


def _document(paths: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "The rest", "version": "1"},
        "servers": [{"url": _NOWHERE}],
        "paths": paths,
        "components": {"schemas": components},
    }


def _get(name: str, answers: dict[str, Any], parameters: list[dict[str, Any]]) -> dict[str, Any]:
    # A copy, because answers are shared.
    return {"get": {"operationId": name, "parameters": parameters, "responses": dict(answers)}}


def _content(media_type: str) -> dict[str, Any]:
    shape = {"type": "object"} if media_type == "application/json" else {"type": "string"}
    return {"description": "Here it is", "content": {media_type: {"schema": shape}}}


_MESSAGE: Final = {
    "description": "What is to be said",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"message": {"type": "string", "minLength": 1}},
                "required": ["message"],
            }
        }
    },
}


def _in_path(*names: str) -> list[dict[str, Any]]:
    shapes: dict[str, dict[str, Any]] = {
        name: {"type": "string", "pattern": f"^{_IN_PATHS[name]}$"} for name in names
    }
    if "file" in shapes:
        shapes["file"] = {"enum": ["roster.css", "roster.js", "setup.css", "setup.js", "mark.svg"]}
    return [{"name": name, "in": "path", "required": True, "schema": shape} for name, shape in shapes.items()]


def _texts(where: str, *names: str) -> list[dict[str, Any]]:
    return [_parameter(where, name, {"type": "string"}) for name in names]


def _parameter(where: str, name: str, schema: dict[str, Any]) -> dict[str, Any]:
    must = name.startswith("X-")
    return {"name": name, "in": where, "required": must, "schema": {**schema, "minLength": 1} if must else schema}


def named(all_routes: tuple[Route, ...], method: str, path: str) -> Iterator[Route]:
    """Give the routes that a method and a path are for."""
    return (route for route in all_routes if route.method == method and route.paths.fullmatch(path))
