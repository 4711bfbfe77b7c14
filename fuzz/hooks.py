"""Hooks for schemathesis (`SCHEMATHESIS_HOOKS=fuzz.hooks`): what the served document lacks, signatures, own checks.

`python -m fuzz web` starts a bot and runs schemathesis on it with these hooks.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import re
from typing import Any, Final

import msgspec
import requests
import schemathesis
from schemathesis import Case, CheckContext, HookContext, Response

from bot.links import SIGNED_IN
from fuzz.targets import ROUTES

SECRET: Final = "UNDERSIGNED_FUZZ_SECRET"  # noqa: S105 - the name of a variable
PETITION: Final = {"owner": "lovelace", "repo": "letters", "number": 1}
"""The petition that `python -m fuzz web` has people sign."""

AIMED, SIGNED = 0.6, 0.9
"""The share of questions that ask for it, and of deliveries that are signed."""

_WHERE: Final = "/petitions/{owner}/{repo}/{number}"
_FILES: Final = ["roster.css", "roster.js", "mark.svg", "nothing"]
_QUERY: Final = ("key", "sort", "q", "after", "before", "since", "code", "state")
_PAGES: Final = (
    "/", _WHERE, f"{_WHERE}/letter", f"{_WHERE}/letter/{{language}}", f"{_WHERE}/organizers",
    f"{_WHERE}/organizers/sign-in", f"{_WHERE}/organizers/pack.zip", SIGNED_IN,
    "/static/{file}", "/healthz", "/readyz", "/metrics",
)  # fmt: skip


@schemathesis.hook
def before_load_schema(_context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Add the pages, the probes and the webhook, which the public document does not describe."""
    bodies, components = msgspec.json.schema_components(
        [route.kind for route in ROUTES.values()], ref_template="#/components/schemas/{name}"
    )
    deliveries = [{"allOf": [body, _said(event)]} for event, body in zip(ROUTES, bodies, strict=True)]
    raw_schema["components"]["schemas"] |= components
    raw_schema["paths"] |= {path: {"get": _operation(path)} for path in _PAGES}
    raw_schema["paths"][f"{_WHERE}/organizers/sign-out"] = {"post": _operation(_WHERE)}
    raw_schema["paths"]["/webhook"] = {
        "post": {
            "operationId": "webhook",
            "parameters": [_parameter("X-GitHub-Event", "header"), _parameter("X-GitHub-Delivery", "header")],
            "requestBody": {"required": True, "content": {"application/json": {"schema": {"anyOf": deliveries}}}},
            "responses": {status: {"description": ""} for status in ("200", "400", "401", "411", "413", "415")},
        }
    }


@schemathesis.hook
def before_call(_context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Ask mostly for the petition that is there, each time from another address; sign what is delivered."""
    dice = random.Random(repr(case.body) + case.id)  # noqa: S311 - no secret
    if "owner" in case.path_parameters and dice.random() < AIMED:
        case.path_parameters.update(PETITION)
    if case.path == "/oembed" and dice.random() < AIMED:
        case.query["url"] = f"{case.operation.base_url}{_WHERE.format(**PETITION)}"
    case.headers["X-Forwarded-For"] = "10.{}.{}.{}".format(*dice.choices(range(256), k=3))
    if case.path == "/webhook":
        said = case.body.get("fuzz") if isinstance(case.body, dict) else None
        if isinstance(said, str) and said in ROUTES:
            case.headers["X-GitHub-Event"] = said
        if dice.random() < SIGNED:
            kwargs["auth"] = Signature(os.environ[SECRET])


class Signature(requests.auth.AuthBase):
    """Signs a delivery as GitHub does, over the bytes that go out."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the signature."""
        payload = request.body or b""
        if isinstance(payload, str):
            payload = payload.encode()
        assert isinstance(payload, bytes)
        digest = hmac.new(self._secret, payload, hashlib.sha256).hexdigest()
        request.headers["X-Hub-Signature-256"] = f"sha256={digest}"
        return request


@schemathesis.check
def sealed(_context: CheckContext, response: Response, _case: Case[Any]) -> None:
    """Check for headers that keep browsers from guessing, no traceback, and no limit, or little would be asked."""
    assert response.headers.get("x-content-type-options") == ["nosniff"], "X-Content-Type-Options is missing"
    assert b"Traceback (most recent call last)" not in response.content, "the answer has a traceback"
    assert response.status_code != requests.codes.too_many_requests, "a limit is in the way"


def _said(event: str) -> dict[str, Any]:
    """Describe what a delivery has in it that we act on; by `fuzz`, which the bot ignores, we know it again."""
    action = {"enum": sorted(ROUTES[event].actions)} if ROUTES[event].actions else {}
    return {
        "properties": {"fuzz": {"const": event}, "action": action},
        "required": ["fuzz", "installation", *(["action"] if action else [])],
    }


def _operation(path: str) -> dict[str, Any]:
    parameters = [_parameter(name, "path") for name in re.findall(r"{(\w+)}", path)]
    parameters += [_parameter(name, "query") for name in _QUERY]
    return {"parameters": parameters, "responses": {"default": {"description": ""}}}


def _parameter(name: str, where: str) -> dict[str, Any]:
    schema = {"enum": _FILES} if name == "file" else {"type": "string", "minLength": 1}
    return {"name": name, "in": where, "required": where == "path", "schema": schema}
