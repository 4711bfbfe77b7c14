"""What we write means the same to every Python that README names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot

SOURCES = sorted(Path(bot.__file__).parent.rglob("*.py"))
# Before 3.11.5 `re` forgets to go back where such a group fails in the middle, and reads `> > > > a` wrongly.
POSSESSIVE = re.compile(r"[*+?}]\+|\(\?>")
NO_OPERATOR = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")


@pytest.mark.parametrize("pattern", [r"(?:a|b)*+c", "(?:{_MARK})++", "a{2}+", "(?>a)", r"[(]?+"])
def test_a_possessive_pattern_would_be_found(pattern: str) -> None:
    assert is_possessive(pattern)


@pytest.mark.parametrize("pattern", [r"[>*+\-0-9.)]*", r"[^]*+]+", r"\++", r"\*+", "[ ]*(?=a)"])
def test_and_nothing_else(pattern: str) -> None:
    assert not is_possessive(pattern)


def test_no_pattern_of_re_is_possessive() -> None:
    for path in SOURCES:
        # The package `regex` gets them right everywhere.
        if "import regex as re" not in path.read_text(encoding="utf-8"):
            found = [text for text in strings(path) if is_possessive(text)]
            assert found == [], path


def test_no_message_is_in_an_f_string() -> None:
    """Before Python 3.12 gettext's tools do not look there, and `.ci/translate` would drop its translations."""
    for path in SOURCES:
        found = [
            ast.unparse(call)
            for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(text, ast.JoinedStr)
            for call in ast.walk(text)
            if isinstance(call, ast.Call) and is_message(call)
        ]
        assert found == [], path


def is_message(call: ast.Call) -> bool:
    """Return whether a call has a message that is extracted; texts and lists have a method `count` too."""
    least = {"translate": 1, "message": 1, "count": 2}.get(ast.unparse(call.func).rpartition(".")[2])
    return least is not None and len(call.args) > least - 1 and isinstance(call.args[0], ast.Constant)


def is_possessive(pattern: str) -> bool:
    return POSSESSIVE.search(NO_OPERATOR.sub("x", pattern)) is not None


def strings(path: Path) -> Iterator[str]:
    """Return the strings of a file that are no argument of the package `regex`."""
    nodes: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        if not (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("regex.")):
            nodes += ast.iter_child_nodes(node)
