"""Files that are their owner's alone: in them are people's names, and the keys that open private petitions."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def make(path: Path) -> None:
    """Make an empty file that only its owner may read and write; one that is there stays as it is.

    SQLite gives the files beside a database the mode of that.
    """
    # Why it cannot be made, whoever opens it says better.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_RDONLY, 0o600))
