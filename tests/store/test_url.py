"""Reading `DATABASE_URL`."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from bot.store.engine.url import PostgresServer, SqliteFile, read_address
from bot.store.errors import WrongDatabase


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


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret/word@host/db",
        "postgresql://u:secret?word@host/db",
        "postgresql://u:secret#word@host/db",
        "postgresql://u:secret@[::1/db",
    ],
)
def test_a_password_that_breaks_the_address_is_not_told(url: str) -> None:
    with pytest.raises(WrongDatabase, match="%2F") as error:
        read_address(url)
    assert "secret" not in "".join(traceback.format_exception(error.value))
