"""What the bot stands on: asked for with bounds, pinned with hashes, and neither more nor less than it imports."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BASE = PROJECT["project"]["dependencies"]
POSTGRES, DEMO = (PROJECT["project"]["optional-dependencies"][extra] for extra in ("postgres", "demo"))
DEV = PROJECT["dependency-groups"]["dev"]

PIN_FILES = {
    "requirements.txt": [*BASE, *POSTGRES],
    "sandbox/requirements.txt": [*BASE, *DEMO],
    "tests/requirements.txt": [*BASE, *POSTGRES, *DEMO, *DEV],
}
"""What each file pins of what `pyproject.toml` asks for."""


def test_no_extra_is_forgotten() -> None:
    assert list(PROJECT["project"]["optional-dependencies"]) == ["postgres", "demo"]


@pytest.mark.parametrize("requirement", PIN_FILES["tests/requirements.txt"])
def test_a_dependency_is_bounded_and_pinned_within_its_bounds(requirement: str) -> None:
    wanted = Requirement(requirement)
    operators = {specifier.operator for specifier in wanted.specifier}
    assert operators == {">=", "<"}, "give a lower and an upper bound"
    for file in (file for file, requirements in PIN_FILES.items() if requirement in requirements):
        pin = pins(file).get(canonicalize_name(wanted.name))
        assert pin is not None, f"{file} lacks {wanted.name}; run .ci/lock"
        assert wanted.specifier.contains(pin, prereleases=True), f"{file} has {wanted.name} {pin}; run .ci/lock"


@pytest.mark.parametrize("file", PIN_FILES)
def test_pins_are_hashed_and_name_no_source(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z])", text)[1:]
    assert len(entries) == len(pins(file))
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "an option (index, find-links) is no pin"


@pytest.mark.parametrize("file", PIN_FILES)
def test_nothing_is_pinned_that_the_project_no_longer_asks_for(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8")
    direct = {
        canonicalize_name(re.split(r"[\[=]", entry)[0])
        for entry in re.split(r"\n(?=[a-z])", text)[1:]
        if "undersigned (pyproject.toml" in entry
    }
    assert direct == names(PIN_FILES[file])


@pytest.mark.parametrize("file", ["requirements.txt", "sandbox/requirements.txt"])
def test_the_tests_run_on_what_the_bot_and_the_demo_are_installed_with(file: str) -> None:
    assert pins(file).items() <= pins("tests/requirements.txt").items()


def test_what_the_bot_imports_is_what_it_asks_for() -> None:
    demo = {ROOT / "bot/cli/demo.py", *(ROOT / "sandbox").rglob("*.py")}
    assert imported({*(ROOT / "bot").rglob("*.py")} - demo) == names([*BASE, *POSTGRES])
    assert imported(demo) - names(BASE) == names(DEMO)


def test_the_parts_are_listed_with_versions_hashes_and_licences(tmp_path: Path) -> None:
    # They compile grammars for a second, in every process that collects tests.
    from cyclonedx.schema import SchemaVersion  # noqa: PLC0415
    from cyclonedx.validation.json import JsonStrictValidator  # noqa: PLC0415

    line = [sys.executable, str(ROOT / ".ci/supply"), str(tmp_path)]
    assert subprocess.run(line, capture_output=True, check=False).returncode in (0, 1, 3)
    text = (tmp_path / "sbom.json").read_text(encoding="utf-8")
    bill = json.loads(text)
    version = SchemaVersion.from_version(bill["specVersion"])
    assert JsonStrictValidator(version).validate_str(text) is None
    parts = {canonicalize_name(part["name"]): part for part in bill["components"]}
    assert {name: part["version"] for name, part in parts.items()} == pins("requirements.txt")
    assert all(part["externalReferences"][0]["hashes"] for part in parts.values())
    licences = (tmp_path / "licences.txt").read_text(encoding="utf-8")
    assert re.search(r"^markupsafe \S+: BSD-3-Clause$", licences, re.MULTILINE)
    assert "not said" not in licences


def test_heroku_finds_exactly_one_list_of_dependencies() -> None:
    # Several are a build error: https://devcenter.heroku.com/articles/python-support
    known = ("requirements.txt", "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "setup.py", "runtime.txt")
    assert [name for name in known if (ROOT / name).exists()] == ["requirements.txt"]


def names(requirements: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


def imported(files: Iterable[Path]) -> set[str]:
    """Return the packages that these files import."""
    modules: set[str] = set()
    for path in files:
        nodes = list(ast.walk(ast.parse(path.read_bytes())))
        modules |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    tops = {module.partition(".")[0] for module in modules} - {"bot", "sandbox"}
    return {canonicalize_name(package) for module in tops for package in providers().get(module, [])}


@cache
def providers() -> Mapping[str, list[str]]:
    """Return which packages a module may come from."""
    return packages_distributions()


def pins(file: str) -> dict[str, str]:
    lines = re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in lines}
