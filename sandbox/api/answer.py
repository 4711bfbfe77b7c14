"""What a handler returns, page by page, and how it becomes an HTTP answer with GitHub's headers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping

from sandbox.models import Json, JsonObject, Refused

T = TypeVar("T")

DOCUMENTATION = "https://docs.github.com/rest"
VERSIONS = ("2022-11-28", "2026-03-10")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with JSON, or with `raw` bytes in place of JSON, or with nothing at 204."""

    json: Json = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def body(self) -> bytes:
        """Return the bytes to send."""
        if self.raw is not None:
            return self.raw
        if self.status == 204:
            return b""
        return json.dumps(self.json, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def refusal(refused: Refused) -> Answer:
    """Build GitHub's answer to what it refuses; `status` is a string in the body."""
    errors: JsonObject = {"errors": list(refused.errors)} if refused.errors else {}
    closing: JsonObject = {"documentation_url": DOCUMENTATION, "status": str(refused.status)}
    return Answer({"message": refused.message} | errors | closing, refused.status, refused.headers)


def moved(method: str, url: str) -> Answer:
    """Redirect as GitHub does: 301 for reading, 307 for writing, both worded as permanent."""
    body: JsonObject = {"message": "Moved Permanently", "url": url, "documentation_url": DOCUMENTATION}
    return Answer(body, 301 if method in {"GET", "HEAD"} else 307, {"Location": url})


def respond(answer: Answer, request: web.Request, salt: str = "") -> web.Response:
    """Send an answer; a reader whose copy is still good gets 304 and no body. ETags depend on `salt`."""
    body = answer.body()
    headers = {"X-GitHub-Media-Type": "github.v3; format=json", **answer.headers}
    if request.method == "GET" and answer.status == 200:
        headers["Cache-Control"] = "private, max-age=60, s-maxage=60"
        digest = hashlib.sha256(body + salt.encode()).hexdigest()
        headers["ETag"] = f'W/"{digest}"'
        if any(known.value == digest for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
    if answer.status != 204:
        headers.setdefault("Content-Type", "application/json; charset=utf-8")
    return web.Response(status=answer.status, body=body, headers=headers)


def page_of(things: Sequence[T], query: MultiMapping[str], url: str) -> tuple[Sequence[T], dict[str, str]]:
    """Cut out the page that the query asks for, and the `Link` header if there are more; `url` has no query."""
    per_page = min(_positive(query.get("per_page"), 30), 100)
    page = _positive(query.get("page"), 1)
    last = max(-(-len(things) // per_page), 1)
    links = {}
    if page > 1:
        links["prev"] = min(page - 1, last)
    if page < last:
        links["next"], links["last"] = page + 1, last
    if page > 1:
        links["first"] = 1
    start = (page - 1) * per_page
    kept = [(key, value) for key, value in query.items() if key != "page"]
    parts = [f'<{url}?{urlencode([*kept, ("page", page)])}>; rel="{rel}"' for rel, page in links.items()]
    return things[start : start + per_page], {"Link": ", ".join(parts)} if parts else {}


def _positive(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() and int(text) > 0 else default
