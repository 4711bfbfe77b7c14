"""Cut out of GitHub's published GraphQL schema what the sandbox has of it: types, fields, arguments, values.

    npm pack @octokit/graphql-schema && tar xzf octokit-graphql-schema-*.tgz
    python -m tests.sandbox.cut_schema package/schema.graphql "VERSION, of DATE"

What GitHub has not, although the sandbox does, is not in the extract, and the tests find it missing.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import DocumentNode, parse, print_ast

OURS = Path(__file__).parents[2] / "sandbox" / "api" / "schema.graphql"
GITHUBS = Path(__file__).with_name("github_schema.graphql")
SOURCE = """\
# Cut by `tests/sandbox/cut_schema.py` from GitHub's schema as the npm package @octokit/graphql-schema has it,
# © GitHub, MIT licence; version"""


def cut(published: DocumentNode, wanted: DocumentNode) -> DocumentNode:
    """Keep the types that are wanted, with the fields, arguments and values that are wanted of each."""
    known = {_name(one): one for one in wanted.definitions}
    found = [one for one in published.definitions if one.kind != "directive_definition" and _name(one) in known]
    return DocumentNode(definitions=tuple(_stripped(one, known[_name(one)]) for one in found))


def _stripped(node: Any, wanted: Any) -> Any:
    """Return the node without what is not wanted, and without what only describes."""
    changes: dict[str, Any] = {"description": None, "directives": ()}
    for part in ("interfaces", "fields", "arguments", "values"):
        if not getattr(node, part, None):
            continue
        names = {_name(one): one for one in getattr(wanted, part, None) or ()}
        inside = [one for one in getattr(node, part) if _name(one) in names or _is_required(one)]
        is_reference = part == "interfaces"
        changes[part] = tuple(one if is_reference else _stripped(one, names.get(_name(one))) for one in inside)
    return replace(node, **changes)


def _name(node: Any) -> str:
    return str(node.name.value) if getattr(node, "name", None) else ""


def _is_required(node: Any) -> bool:
    """Check whether it is something that a caller must give; a field of an answer never is."""
    is_given = node.kind == "input_value_definition"
    return is_given and node.type.kind == "non_null_type" and node.default_value is None


if __name__ == "__main__":
    extract = cut(parse(Path(sys.argv[1]).read_text("utf-8")), parse(OURS.read_text("utf-8")))
    GITHUBS.write_text(f"{SOURCE} {sys.argv[2]}.\n\n{print_ast(extract)}\n", "utf-8")
