"""Read `DATABASE_URL`: an SQLite file or a PostgreSQL server; say which one cannot be opened, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from msgspec import Struct

from bot.store.errors import Damaged, DatabaseUnavailable, StoreError, WrongDatabase, obstacle


class SqliteFile(Struct, frozen=True):
    """An SQLite file."""

    path: Path


class PostgresServer(Struct, frozen=True):
    """A PostgreSQL database, as the libpq-style URL that asyncpg reads."""

    dsn: str


Address = SqliteFile | PostgresServer

_POSTGRES = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
_SQLITE = frozenset({"sqlite", "sqlite+aiosqlite", "sqlite+pysqlite"})
_LIBPQ_ONLY = frozenset(
    {"channel_binding", "connect_timeout", "gssencmode", "keepalives", "pgbouncer", "sslcompression", "sslsni"}
)
"""Parameters that libpq, or Prisma, knows and asyncpg would take for server settings, which the server refuses."""


def read_address(url: str) -> Address:
    """Return what a database URL names.

    `sqlite:///relative.db`, `sqlite:////absolute.db`, and `postgres://` or `postgresql://` with libpq's
    parameters (`sslmode=require`); Heroku hands out `postgres://`.
    """
    scheme = url.partition(":")[0].lower()
    if scheme in _SQLITE:
        return SqliteFile(_sqlite_path(url))
    if scheme in _POSTGRES:
        return PostgresServer(_dsn(url))
    raise WrongDatabase("DATABASE_URL must begin with sqlite:/// or postgresql://")


def read_existing_address(url: str) -> Address:
    """Return what a database URL names, as `read_address`; raises WrongDatabase for a file that is not there."""
    address = read_address(url)
    if isinstance(address, SqliteFile) and not address.path.is_file():
        raise WrongDatabase(f"the database {address.path} does not exist; set DATABASE_URL to the bot's database")
    return address


def _sqlite_path(url: str) -> Path:
    """Return what follows `sqlite:///`, so that three slashes are relative and four absolute."""
    rest = url.partition(":")[2]
    path = unquote(rest.removeprefix("///").partition("?")[0])
    if not rest.startswith("///") or path in ("", ":memory:"):
        raise WrongDatabase("an SQLite URL must name a file, such as sqlite:///undersigned.db")
    return Path(path)


UNREADABLE: Final = (
    "DATABASE_URL cannot be read; it is postgresql://USER:PASSWORD@HOST:PORT/NAME, and what is special in the"
    " password is written as %2F, %40 and the like"
)


def _dsn(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        # Not chained, here and elsewhere: Python's message may quote the password.
        raise WrongDatabase(UNREADABLE) from None
    if "@" in parts.path + parts.query + parts.fragment and "@" not in parts.netloc:
        raise WrongDatabase(UNREADABLE)
    query = [(key, value) for key, value in parse_qsl(parts.query) if key not in _LIBPQ_ONLY]
    return f"postgresql://{parts.netloc}{parts.path}" + (f"?{urlencode(query)}" if query else "")


@contextmanager
def opening(address: Address) -> Iterator[None]:
    """Raise DatabaseUnavailable with the name, the reason and the remedy where a database cannot be opened."""
    try:
        yield
    except Damaged:
        raise
    except DatabaseUnavailable as error:
        remedy = "Check DATABASE_URL, and that the database server runs and can be reached from this computer."
        if isinstance(address, SqliteFile):
            remedy = "DATABASE_URL must name a file in a folder that the bot can write to."
        what = f"The database {describe(address)} cannot be opened: {reason(address, error)}. {remedy}"
        raise DatabaseUnavailable(what) from error


def describe(address: Address) -> str:
    """Return which database an address names, without user and password."""
    if isinstance(address, SqliteFile):
        return str(address.path)
    parts = urlsplit(address.dsn)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def reason(address: Address, error: StoreError) -> str:
    """Return why a database cannot be opened: of a file SQLite says too little."""
    return (obstacle(address.path) if isinstance(address, SqliteFile) else "") or str(error)
