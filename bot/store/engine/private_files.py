"""Files that only their owner may read: in them are people's names, and the keys that open private petitions."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path


def make_database_file(path: Path) -> None:
    """Create an empty file of mode 0600 for a database; one that is there is not touched.

    SQLite gives the files beside a database the mode of that. The file is made under another name, because whoever
    closes a file that SQLite has open in the same process takes SQLite's locks away:
    https://www.sqlite.org/howtocorrupt.html, 2.2.
    """
    if path.exists():
        return
    # Opening it gives the better error message.
    with suppress(OSError, sqlite3.Error):
        new = make_temporary_file(path)
        try:
            os.link(new, path)
        except FileExistsError:
            pass
        except OSError:
            # A file system without links: SQLite makes the file, and nothing is in it yet.
            with closing(sqlite3.connect(path)):
                path.chmod(0o600)
        finally:
            new.unlink()


def make_temporary_file(beside: Path) -> Path:
    """Create an empty file of mode 0600 and a name of its own in the folder of another; raises OSError."""
    descriptor, name = tempfile.mkstemp(prefix=f".{beside.name}.", suffix=".part", dir=beside.parent)
    os.close(descriptor)
    return Path(name)
