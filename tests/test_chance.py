"""The ordinary run takes the same examples every time, and no test has a source of chance of its own."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import chance

TESTS = Path(__file__).parent


def drawn() -> list[tuple[int, str]]:
    """Give what a property is tried with."""
    found: list[tuple[int, str]] = []

    @settings(max_examples=chance.examples(200))
    @given(st.integers(), st.text())
    def note(number: int, text: str) -> None:
        found.append((number, text))

    note()
    return found


def test_only_the_long_run_takes_fresh_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drawn()
    (tmp_path / "loaded_by_chance.py").write_text(f"NUMBERS = {list(range(70_000, 70_400))}\nWORD = 'loaded'\n")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("loaded_by_chance")
    monkeypatch.delitem(sys.modules, "loaded_by_chance")
    assert (drawn() == before) is not chance.is_long()


def test_what_a_law_finds_is_shown() -> None:
    @given(st.integers())
    def fail(number: int) -> None:
        assert number != number

    with pytest.raises(AssertionError) as found:
        fail()
    assert any("number=0" in note for note in found.value.__notes__)


def test_fixed_dice_fall_the_same_way_and_only_the_long_run_throws_them_anew() -> None:
    assert (chance.dice(1).random() == chance.dice(1).random()) is not chance.is_long()
    assert chance.noise(9) == chance.noise(9)


def test_no_test_has_a_source_of_chance_of_its_own() -> None:
    others = sorted(set(TESTS.rglob("*.py")) - {TESTS / "chance.py"})
    assert [path.name for path in others if sources(ast.parse(path.read_text(encoding="utf-8")))] == []


def sources(tree: ast.AST) -> list[ast.AST]:
    """Give where chance comes in that is not the same every time."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if {name.name for name in names} & {"secrets", "uuid"}:
                found.append(node)
            case ast.ImportFrom(module="secrets" | "uuid"):
                found.append(node)
            case ast.Attribute(attr="urandom" | "SystemRandom"):
                found.append(node)
            case ast.Call(func=ast.Attribute(attr="Random") | ast.Name(id="Random"), args=[]):
                found.append(node)
    return found
