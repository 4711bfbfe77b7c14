"""At a terminal a link stands alone, and what cannot be undone is asked before; a nightly job goes on."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import sqlite3
import sys
from asyncio.subprocess import PIPE
from contextlib import closing
from pathlib import Path

import pytest

from bot.store import is_backup
from sandbox.server import Sandbox
from tests.whole.command_line import ROOT, clean, credentials, finish, run
from tests.whole.scene import PATIENCE

KEY = "a key of more than thirty-two characters"


async def answered(answer: str, *words: str, **environment: str) -> tuple[int | None, str, str]:
    """Run a command at a terminal, where somebody types the answer."""
    terminal, theirs = pty.openpty()
    try:
        os.write(terminal, f"{answer}\n".encode())
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *words, cwd=ROOT, env=clean() | environment, stdin=theirs, stdout=PIPE,
            stderr=PIPE,
        )  # fmt: skip
        return await finish(process)
    finally:
        os.close(terminal)
        os.close(theirs)


async def test_the_only_copy_of_a_key_is_not_dropped_without_a_yes(sandbox: Sandbox, sqlite_url: str) -> None:
    app = credentials(sandbox, DATABASE_URL=sqlite_url, SECRET_KEY=KEY)
    assert (await run("import-app", **app))[0] == 0
    code, _, err = await run("drop-app", DATABASE_URL=sqlite_url)
    assert (code, "only copy of the App's private key" in err, "--yes" in err) == (2, True, True)
    for answer in ("", "what?"):
        code, out, _ = await answered(answer, "drop-app", DATABASE_URL=sqlite_url)
        assert (code, "Delete the stored App? [y/N]" in out, "The stored App is deleted" in out) == (1, True, False)
    code, out, _ = await answered("yes", "drop-app", DATABASE_URL=sqlite_url)
    assert (code, "The stored App is deleted" in out) == (0, True)
    code, out, _ = await answered("yes", "drop-app", DATABASE_URL=sqlite_url)
    assert (code, out) == (1, "No App is stored.\n")
    assert (await run("import-app", **app))[0] == 0
    code, out, _ = await run("drop-app", "--yes", DATABASE_URL=sqlite_url)
    assert (code, "The stored App is deleted" in out) == (0, True)


async def test_a_nightly_copy_goes_on_and_nothing_else_is_written_over(sqlite_url: str, tmp_path: Path) -> None:
    copy, notes = tmp_path / "copy", tmp_path / "notes.txt"
    for _ in range(2):
        assert (await run("backup", str(copy), DATABASE_URL=sqlite_url))[0] == 0
    notes.write_text("my notes")
    code, _, err = await run("backup", str(notes), DATABASE_URL=sqlite_url)
    assert (code, f"{notes} exists and is not a copy from `backup`." in err) == (1, True)
    assert notes.read_text() == "my notes"
    assert (await run("backup", "--yes", str(notes), DATABASE_URL=sqlite_url))[0] == 0
    assert is_backup(notes)


async def test_whoever_sits_at_a_terminal_is_asked_before_a_copy_is_written_over(
    sqlite_url: str, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    code, out, _ = await answered("", "backup", str(copy), DATABASE_URL=sqlite_url)
    assert (code, "[y/N]" in out) == (0, False)
    before = copy.stat().st_ino
    code, out, _ = await answered("no", "backup", str(copy), DATABASE_URL=sqlite_url)
    assert (code, f"{copy} exists and is a copy from `backup`." in out) == (1, True)
    assert copy.stat().st_ino == before
    code, out, _ = await answered("y", "backup", str(copy), DATABASE_URL=sqlite_url)
    assert (code, copy.stat().st_ino != before) == (0, True)


@pytest.mark.parametrize("public_url", [None, "https://petitions.example.org"])
async def test_at_a_terminal_the_link_of_the_set_up_stands_alone(tmp_path: Path, public_url: str | None) -> None:
    terminal, theirs = pty.openpty()
    given = {} if public_url is None else {"PUBLIC_URL": public_url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", cwd=ROOT, stdout=theirs, stderr=PIPE,
        env=clean() | given | {
            "SECRET_KEY": KEY, "DATABASE_URL": f"sqlite:///{tmp_path}/new.db", "HOST": "127.0.0.1", "PORT": "0",
        },
    )  # fmt: skip
    last = "https://YOUR-HOST/setup?token=" if public_url is None else "/setup?token="
    shown = ""
    try:
        async with asyncio.timeout(PATIENCE):
            while not re.search(rf"{re.escape(last)}\w{{32}}\s+$", shown):
                shown += (await asyncio.to_thread(os.read, terminal, 1000)).decode()
    finally:
        process.terminate()
        assert process.stderr is not None
        err = (await process.stderr.read()).decode()
        await process.wait()
        os.close(terminal)
        os.close(theirs)
    assert "set up" not in err, "the token is shown once"
    home = public_url or r"http://localhost:\d+"
    (link,) = re.findall(rf"^  ({home}/setup\?token=\w{{32}})\r?$", shown, re.MULTILINE)
    assert ("PUBLIC_URL sets" in shown) is (public_url is None)
    assert shown.count("token=") == (2 if public_url is None else 1)
    assert link


async def test_a_copy_that_cannot_be_written_is_one_line_that_says_why(sqlite_url: str, tmp_path: Path) -> None:
    for command in ("backup", "recover"):
        code, _, err = await run(command, f"{tmp_path}/nowhere/copy", DATABASE_URL=sqlite_url)
        folder = tmp_path / "nowhere"
        assert (code, err) == (1, f"{folder}/copy could not be written: the folder {folder} does not exist\n")


@pytest.mark.parametrize("content", ["CREATE TABLE notes (text)", "CREATE TABLE alembic_version (version_num)"])
def test_a_database_of_somebody_elses_is_no_copy_of_ours(tmp_path: Path, content: str) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as other:
        other.execute(content)
    assert not is_backup(file)
    assert not is_backup(tmp_path / "missing")
    assert not is_backup(tmp_path)
    (tmp_path / "new").touch()
    assert is_backup(tmp_path / "new"), "mktemp makes such"
