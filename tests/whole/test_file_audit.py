"""The watch over a database notices who opens its files, takes them away or puts something in their place."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from tests.whole.command_line import finish
from tests.whole.file_audit import Watching

FORBIDDEN = {
    "reading": "open(database).close()",
    "a descriptor": "os.close(os.open(database, os.O_RDONLY))",
    "a path": "Path(database).read_bytes()",
    "a relative path": "open(os.path.basename(database)).close()",
    "a symbolic link": "open('symbolic').close()",
    "a hard link": "open('hard').close()",
    "the log": "open(database + '-wal', 'ab').close()",
    "the lease": "open(database + '-lease', 'ab').close()",
    "a copy of it": "shutil.copyfile(database, 'copy')",
    "something in its place": "os.replace('other', database)",
    "another name for it": "os.rename(database, 'elsewhere')",
    "nothing in its place": "os.remove(database)",
    "a shorter one": "os.truncate(database, 0)",
    "no folder": "shutil.rmtree(os.path.dirname(database))",
}
ALLOWED = {
    "SQLite": "sqlite3.connect(database).execute('PRAGMA journal_mode = WAL')",
    "looking": "os.stat(database); os.path.exists(database + '-wal')",
    "another file": "open('other').close(); os.remove('other')",
    "a name for a new one": "os.link('other', 'new.db'); os.remove('other')",
    "a hard link less": "os.remove('hard')",
}


@pytest.mark.parametrize("what", [*FORBIDDEN, *ALLOWED])
async def test_what_only_sqlite_may_do_is_noticed(tmp_path: Path, what: str) -> None:
    folder = tmp_path / "kept"
    prepare(folder)
    watching = Watching(tmp_path / "watching", folder / "bot.db")
    code = f"import os, shutil, sqlite3\nfrom pathlib import Path\ndatabase = {str(folder / 'bot.db')!r}\n"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code + (FORBIDDEN | ALLOWED)[what], cwd=folder,
        env=os.environ | watching.environment, stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    assert await finish(process) == (0, "", "")
    assert bool(watching.deeds()) == (what in FORBIDDEN), watching.deeds()
    assert bool(watching.connected()) == (what == "SQLite")


def prepare(folder: Path) -> None:
    folder.mkdir()
    for name in ("bot.db", "other"):
        (folder / name).touch()
    (folder / "symbolic").symlink_to("bot.db")
    (folder / "hard").hardlink_to(folder / "bot.db")
