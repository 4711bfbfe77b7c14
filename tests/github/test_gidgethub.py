"""Of gidgethub only what it documents is used: whatever begins with an underscore may change with any release."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from gidgethub.abc import GitHubAPI

ROOT = Path(__file__).parents[2]
BACKEND = {"_request"}
"""What gidgethub asks a subclass to supply."""

INTERNAL = {name for name in (*dir(GitHubAPI), *GitHubAPI.__annotations__) if name.startswith("_")}


def internals_used(tree: ast.Module) -> Iterator[str]:
    """Find underscores in imports, in attributes of what was imported, and in subclasses."""
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found = [one for one in node.names if one.name.split(".")[0] == "gidgethub"]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "gidgethub":
            found = node.names
            yield from (part for part in f"{node.module}".split(".") if part.startswith("_"))
        else:
            continue
        imported |= {(one.asname or one.name).split(".")[0] for one in found}
        yield from (part for one in found for part in one.name.split(".") if part.startswith("_"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and root(node) in imported:
            yield node.attr
        if isinstance(node, ast.ClassDef) and any(root(base) in imported for base in node.bases):
            inside = [
                one
                for one in ast.walk(node)
                if isinstance(one, ast.Attribute | ast.AsyncFunctionDef | ast.FunctionDef)
            ]
            names = {one.attr if isinstance(one, ast.Attribute) else one.name for one in inside}
            yield from (names & INTERNAL) - BACKEND - {"__init__"}


def root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def test_nothing_internal_of_gidgethub_is_used() -> None:
    paths = [*(ROOT / "bot").rglob("*.py")]
    used = {str(path.relative_to(ROOT)): list(internals_used(ast.parse(path.read_bytes()))) for path in paths}
    assert {path: names for path, names in used.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "internal"),
    [
        ("from gidgethub.sansio import _next_link", "_next_link"),
        ("from gidgethub import sansio as s\ns._decode_body", "_decode_body"),
        (
            "import gidgethub.aiohttp\nclass A(gidgethub.aiohttp.GitHubAPI):\n def f(self): self._make_request()",
            "_make_request",
        ),
        (
            "from gidgethub.abc import GitHubAPI\nclass A(GitHubAPI):\n async def _make_request(self): ...",
            "_make_request",
        ),
    ],
)
def test_what_is_internal_is_found(source: str, internal: str) -> None:
    assert list(internals_used(ast.parse(source))) == [internal]


def test_a_backend_may_be_supplied() -> None:
    method = "async def _request(self): ..."
    tree = ast.parse(f"from gidgethub.abc import GitHubAPI\nclass A(GitHubAPI):\n {method}")
    assert list(internals_used(tree)) == []
