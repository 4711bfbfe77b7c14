"""No file of the project names a machine, a host that serves packages, or a page that is not part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(r"(?<![\w.])/(?:work|root|home|Users|opt)/\w", id="a path of somebody's machine"),
        pytest.param(
            r"\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian)", id="a host that serves packages"
        ),
        pytest.param(
            r"\b(?:DESIGN|PLATFORM|EVIDENCE|STYLE)(?:\.md| ?§)|\b[PE]§|\.\./shared", id="a page that is elsewhere"
        ),
    ],
)
def test_no_file_names(pattern: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {match[0]}" for path, text in texts() for match in re.finditer(pattern, text)
    }
    assert found == set()


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every text file of the project; what git ignores has no place in these folders."""
    folders = ("bot", "sandbox", "tests", "docs", "deploy", "benchmarks", "fuzz", ".ci", ".github")
    files = [
        path
        for path in ROOT.iterdir()
        if path.suffix in {".md", ".toml", ".json", ".txt"} or path.name == "Procfile"
    ]
    files += [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    for path in files:
        if "__pycache__" not in path.parts:
            try:
                yield path, path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # a picture
