"""Damage a database file, as a bad disk does, from a process that holds no lock of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os, sqlite3, sys
path, table, garbage = sys.argv[1], sys.argv[2], b"\\xa5" * 4096
start = 0
if table == "header":
    page = 1
elif table == "schema":
    page, start = 1, 100
else:
    database = sqlite3.connect(path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    database.close()
with open(path, "r+b") as file:
    file.seek(4096 * (page - 1) + start)
    file.write(garbage[start:])
    file.flush()
    os.fsync(file.fileno())
"""


def damage(path: Path, table: str) -> None:
    """Overwrite the root page of a table; `header` is the first page, `schema` the list of tables on it."""
    in_another_process(PROGRAM, str(path), table)


def in_another_process(program: str, *arguments: str) -> None:
    """Run a Python program to its end."""
    subprocess.run([sys.executable, "-c", program, *arguments], check=True)
