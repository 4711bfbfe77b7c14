"""Reading `DATABASE_URL`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store import WrongDatabase
from bot.store.address import PostgresServer, SqliteFile, read_address


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///undersigned.db", "undersigned.db"),
        ("sqlite:///data/undersigned.db", "data/undersigned.db"),
        ("sqlite:////var/lib/undersigned.db", "/var/lib/undersigned.db"),
        ("sqlite:///with%20space.db?x=1", "with space.db"),
        ("sqlite+aiosqlite:///undersigned.db", "undersigned.db"),
    ],
)
def test_sqlite(url: str, path: str) -> None:
    assert read_address(url) == SqliteFile(Path(path))


@pytest.mark.parametrize(
    ("url", "dsn"),
    [
        ("postgres://u:p@host:5432/db", "postgresql://u:p@host:5432/db"),
        ("postgresql://u:p%40@host/db?sslmode=require", "postgresql://u:p%40@host/db?sslmode=require"),
        ("postgresql+asyncpg://host/db", "postgresql://host/db"),
        ("postgresql:///db?host=/run/postgresql", "postgresql:///db?host=%2Frun%2Fpostgresql"),
        ("postgres://host/db?sslmode=require&channel_binding=require", "postgresql://host/db?sslmode=require"),
    ],
)
def test_postgres(url: str, dsn: str) -> None:
    assert read_address(url) == PostgresServer(dsn)


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///", "sqlite:///:memory:", "mysql://host/db", "undersigned.db"]
)
def test_what_is_no_database_of_ours(url: str) -> None:
    with pytest.raises(WrongDatabase):
        read_address(url)
