"""An environment that has what `requirements.txt` says and nothing else, as on a server that is new."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
NEEDED = ("Procfile", "requirements.txt", ".python-version", "pyproject.toml")
"""What a deployment takes of the project besides `bot/`."""


def push(slug: Path) -> None:
    """Copy what a push to Heroku or a clone has of the project, as far as the bot needs it."""
    shutil.copytree(ROOT / "bot", slug / "bot", ignore=shutil.ignore_patterns("__pycache__"))
    for name in NEEDED:
        shutil.copy(ROOT / name, slug / name)


def install(slug: Path, environment: Path) -> None:
    """Install by pip from the package index where `CI` is `true`; elsewhere from what is installed here already."""
    if os.environ.get("CI") == "true":
        venv.create(environment, with_pip=True)
        pip = [str(environment / "bin/python"), "-m", "pip"]
        subprocess.run([*pip, "install", "-q", "--no-compile", "-r", str(slug / "requirements.txt")], check=True)
    else:
        link(slug, environment)


def link(slug: Path, environment: Path) -> None:
    """Install from what is installed here already, which takes no time and no network."""
    venv.create(environment, with_pip=False)
    (there,) = environment.glob("lib/python*/site-packages")
    for line in (slug / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line[:1].isalpha():
            wanted = Requirement(line.rstrip(" \\"))
            if wanted.marker is None or wanted.marker.evaluate():
                _link_one(wanted.name, there)


def plain_environment() -> dict[str, str]:
    """Give this process's environment without what would lead to other settings or modules."""
    foreign = ("GITHUB_", "PYTHON", "DATABASE_", "SECRET_KEY", "PUBLIC_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"PYTHONUNBUFFERED": "1"}


def _link_one(name: str, there: Path) -> None:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        pytest.fail(f"{name} is required and not installed here; install tests/requirements.txt")
    for top in {file.parts[0] for file in found.files or [] if file.parts[0] not in ("..", "__pycache__")}:
        if not (there / top).exists():
            (there / top).symlink_to(Path(str(found.locate_file(top))))
