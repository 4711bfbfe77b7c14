"""The OpenAPI 3.1 document of the API; its schemas are taken from the records."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from bot.export.schemas import EmbedRecord, ProblemRecord, RosterRecord, ShieldRecord
from bot.store import SortOrder


def describe(server: str) -> dict[str, Any]:
    """Return the document for a server at this address."""
    return {**_document(), "servers": [{"url": server}]}


@cache
def _document() -> dict[str, Any]:
    where = "/petitions/{owner}/{repo}/{number}"
    _, components = msgspec.json.schema_components(
        [RosterRecord, ShieldRecord, EmbedRecord, ProblemRecord], ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Undersigned",
            "version": "1",
            "description": "Who and how many have signed a petition. No credentials are needed; a petition of a"
            " private repository needs the key that is in the links of its issue.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            f"{where}.json": _path("roster", "A petition, part of its roster", _json(RosterRecord), _PARTS),
            f"{where}.csv": _path("table", "All listed signatures as a table", _text("text/csv")),
            f"{where}/badge.svg": _path("badge", "The count as a badge", _text("image/svg+xml")),
            f"{where}/badge.json": _path("shield", "The count for shields.io", _json(ShieldRecord)),
            f"{where}/card.png": _path("card", "Count and bar as a picture", {"image/png": {}}),
            f"{where}/chart.svg": _path("chart", "How the signatures grew", _text("image/svg+xml")),
            f"{where}/feed.atom": _path("feed", "The newest signatures", _text("application/atom+xml")),
            "/oembed": {
                "get": {
                    "operationId": "embed",
                    "summary": "A link to a petition, for other sites",
                    "parameters": [
                        _query("url", "The address of a petition's page", {"type": "string"}, required=True),
                        _query("format", "The only format", {"type": "string", "enum": ["json"]}),
                    ],
                    "responses": _answers(_json(EmbedRecord)),
                }
            },
        },
        "components": {"schemas": components},
    }


def _path(name: str, summary: str, content: dict[str, Any], parts: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    moved = {"description": "The same under the present name: this one is spelt otherwise, or a former one"}
    responses = {**_answers(content), "302": moved}
    if parts:
        responses["304"] = {"description": "Not modified"}
    parameters = [*_WHERE, *parts]
    return {"get": {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}}


def _answers(content: dict[str, Any]) -> dict[str, Any]:
    refusal = _json(ProblemRecord)
    return {
        "200": {"description": "The answer", "content": content},
        "400": {"description": "The query is not valid", "content": refusal},
        "404": {"description": "There is no such petition, or the key is missing", "content": refusal},
        "503": {"description": "The database is unavailable", "content": refusal},
    }


def _json(record: type[msgspec.Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{record.__name__}"}}}


def _text(media_type: str) -> dict[str, Any]:
    return {media_type: {"schema": {"type": "string"}}}


def _query(name: str, description: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}


def _in_path(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_WHERE = (
    _in_path("owner", {"type": "string", "pattern": "^[A-Za-z0-9_.-]+$"}),
    _in_path("repo", {"type": "string", "pattern": "^[A-Za-z0-9_.-]+$"}),
    _in_path("number", {"type": "integer", "minimum": 1, "maximum": 999_999_999}),
    _query("key", "The key of a private repository's petition", {"type": "string"}),
)
_PARTS = (
    _query("sort", "The sort order", {"type": "string", "enum": list(SortOrder), "default": "newest"}),
    _query(
        "q",
        "Text in the login, name or affiliation, with or without accents",
        {"type": "string", "maxLength": 100},
    ),
    _query("limit", "The maximum number", {"type": "integer", "minimum": 1, "maximum": 1000}),
    _query("after", "From the address in `next`", {"type": "string"}),
    _query("before", "From the address in `previous`", {"type": "string"}),
)
