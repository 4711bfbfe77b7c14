"""The table of defences that can be taken away fits the code, the tests and SECURITY.md."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache

import pytest

from tests.removals import ROOT, Removal, noticed, read_removals
from tests.test_documents import table

REMOVALS = read_removals()


@pytest.mark.parametrize("removal", REMOVALS, ids=[f"{one.threat}: {one.what}" for one in REMOVALS])
def test_a_defence_can_be_taken_away(removal: Removal) -> None:
    text = (ROOT / removal.file).read_text(encoding="utf-8")
    without = removal.applied(text)
    assert without != text
    if removal.file.endswith(".py"):
        compile(without, removal.file, "exec")
    for test in removal.tests:
        file, _, name = test.partition("::")
        assert name in written_in(file)


def test_each_threat_names_exactly_the_tests_that_its_removals_alarm() -> None:
    rows = table((ROOT / "SECURITY.md").read_text(encoding="utf-8"), "## What it is safe from, and what shows it")
    alarmed = defaultdict[str, set[str]](set)
    for one in REMOVALS:
        alarmed[one.threat].update(test.rpartition("::")[2] for test in one.tests)
    assert {who: set(re.findall(r"`(test_\w+)`", shown)) for who, _, shown in rows} == dict(alarmed)


def test_only_a_test_that_fails_has_noticed() -> None:
    said = "PASSED t.py::test_a[x]\nFAILED t.py::test_a[y - z] - assert 1\nERROR t.py::test_b\nFAILED t.py::test_cc"
    assert noticed(said, ["t.py::test_a", "t.py::test_b", "t.py::test_c"]) == {
        "t.py::test_a": "assert 1",
        "t.py::test_b": None,
        "t.py::test_c": None,
    }


@cache
def written_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_bytes())
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    for kind in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        found |= {f"{kind.name}::{node.name}" for node in kind.body if isinstance(node, ast.FunctionDef)}
    return found
