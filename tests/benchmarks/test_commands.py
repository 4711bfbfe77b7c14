"""What CONTRIBUTING says how to measure works: each command exists, and each benchmark runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_guide_names_every_benchmark_and_no_other() -> None:
    assert set(re.findall(r"python -m benchmarks (\w+)", GUIDE)) | named_beside("benchmarks") == set(NAMES)


def test_the_guide_names_what_can_be_fuzzed_and_nothing_else() -> None:
    assert set(re.findall(r"python -m fuzz (\w+)", GUIDE)) | named_beside("fuzz") == {*TARGETS, "web"}


def test_the_guide_names_what_can_be_broken_on_purpose_and_nothing_else() -> None:
    parts = set(re.findall(r"^    (\w+)\)$", (ROOT / ".ci/mutate").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\.ci/mutate (\w+)", GUIDE)) | named_beside("mutate") == parts


def test_what_is_to_be_broken_on_purpose_is_there() -> None:
    script = (ROOT / ".ci/mutate").read_text(encoding="utf-8")
    names = [name for line in re.findall(r"(?:mutate|tests)='(.+)'", script) for name in line.split()]
    assert len(names) > 20
    assert [name for name in names if not any(ROOT.glob(name))] == []


def test_scripts_of_the_guide_can_be_run() -> None:
    scripts = set(re.findall(r"`(?:\.venv/bin/python )?(\.ci/\w+)", GUIDE))
    assert scripts >= {".ci/mutate", ".ci/footprint"}
    assert [script for script in scripts if not os.access(ROOT / script, os.X_OK)] == []


@pytest.mark.timeout(300)
@pytest.mark.postgresql
@pytest.mark.parametrize("name", NAMES)
def test_each_benchmark_runs_and_has_goals_with_figures(name: str) -> None:
    said = run(name, "--quick")
    assert said.startswith(f"## {name}\n\n| ")
    _, _, goals = said.partition("| goal | wanted | measured |  |\n| --- | ---: | ---: | ---: |\n")
    assert goals, said
    for line in goals.splitlines():
        assert re.fullmatch(r"\| .+ \| [≤≥] [\d.,]+.* \| -?[\d.,]+.* \| (met|\*\*missed\*\*) \|", line), line


@pytest.mark.timeout(300)
@pytest.mark.postgresql
def test_another_checkout_takes_turns() -> None:
    said = run("accept", "--quick", "--against", str(ROOT))
    assert "| other checkout, SQLite, times ours, SQLite (half of the rounds) |" in said
    assert "| deliveries answered with 200 and not counted | ≤ 0 | 0 | met |" in said


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["pages", "--against", "."], "knows neither"),
        (["accept", "--against", "docs"], "no checkout"),
        (["everything"], "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_refused(line: list[str], says: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", *line], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert says in ended.stderr


def run(*line: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks", *line],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def named_beside(command: str) -> set[str]:
    """Return the names of which the guide says `likewise`, in the row of a command."""
    rows = [row for row in GUIDE.splitlines() if command in row and "likewise" in row]
    return {name for row in rows for name in re.findall(r"`([a-z]+)`", row.partition("likewise")[2])}
