"""The program says which version it is, and helps whoever types no command."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import bot
from bot.github.http_exchange import USER_AGENT

ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def typed(*words: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_it_says_its_version() -> None:
    assert typed("--version") == (0, f"undersigned {VERSION}\n", "")
    assert (bot.__version__, USER_AGENT) == (VERSION, f"undersigned/{VERSION}")


def test_whoever_types_no_command_is_shown_all() -> None:
    code, out, err = typed()
    assert (code, err) == (0, "")
    assert "serve" in out
    assert "python -m bot demo" in out


def test_the_container_gets_nothing_but_what_is_copied() -> None:
    copied = {
        word
        for line in (ROOT / "deploy/Containerfile").read_text(encoding="utf-8").splitlines()
        if line.startswith("COPY ")
        for word in line.split()[1:-1]
    }
    sent = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert sent[1] == "*"
    assert copied == {"requirements.txt", "pyproject.toml", "bot"}
    assert copied == {line[1:] for line in sent if line.startswith("!")}
