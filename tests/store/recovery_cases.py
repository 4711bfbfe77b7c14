"""Files to be damaged and recovered, and a look at what was saved."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bot.encryption_and_derived_tokens import encrypt
from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Author
from bot.store import Recovered, Store, recover
from bot.store.engine.database import Transaction, put_mark
from bot.store.recording.consistency import Inspection
from tests.store.scene import LETTER, Scene

PAGE = 4096
KEY = "k" * 32
APP = "an App's credentials " * 200
SIGNERS = 300
FORGOTTEN = {11, 150}
"""User ids; the comments' ids follow from them."""

BEFORE, NOW = 1_000, 2_000

Damage = Callable[[bytearray], object]
Rows = dict[str, set[tuple[object, ...]]]


class Sound:
    """A file with several pages of what there is much of; `earlier` is before anybody was forgotten."""

    def __init__(self, content: bytes, earlier: bytes) -> None:
        self.content, self.earlier = content, earlier


def put_marks(transaction: Transaction) -> None:
    for number in range(300):
        put_mark(transaction, f"letter {number}", BEFORE)


async def people_sign(path: Path) -> None:
    store = await open_store(path)
    scene = Scene(store)
    await scene.label()
    people = [Author(user_id, f"user{user_id}") for user_id in range(1, SIGNERS + 1)]
    await store.record([scene.fact(one, Sign(f"Name {one.id}", "Guild")) for one in people])
    await store.credentials.add(encrypt(APP, KEY, BEFORE), BEFORE)
    await store.credentials.record_delivery(BEFORE)
    for number in range(5):
        text = f"Dear all, {number}.\n" + "Please. " * 1_000
        await store.letters.record(LETTER.id, LETTER.id, text, 100 + number)
    await store.database.write(put_marks)
    await store.close()


async def people_are_forgotten(path: Path) -> None:
    store = await open_store(path)
    await store.privacy.forget(FORGOTTEN)
    await store.close()


async def open_store(path: Path) -> Store:
    return await Store.open(f"sqlite:///{path}", now=lambda: BEFORE)


@dataclass(frozen=True)
class Case:
    """A damaged file, and the file into which it is saved."""

    path: Path
    new: Path

    async def recover(self) -> Recovered:
        return await recover(f"sqlite:///{self.path}", self.new, NOW)

    async def inspect(self) -> Inspection:
        """Compare what is kept with what the comments say."""
        store = await open_store(self.new)
        found = await store.consistency.inspect(LETTER.id)
        assert found is not None
        assert await Scene(store).count() == found.count
        await store.close()
        return found


Make = Callable[[Damage], Case]


def rows_of(path: Path) -> Rows:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        # What GitHub says next of an author and a text goes before what was saved.
        database.execute("UPDATE comments SET author_at = 0, read_digest = '', grammar = 0")
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: set(database.execute(f"SELECT * FROM {name}")) for name in names}  # noqa: S608


def root_of(content: bytes | bytearray, name: str) -> int:
    """Give the page on which a table or an index begins."""
    with closing(sqlite3.connect(":memory:")) as database:
        # In memory there is no WAL.
        database.deserialize(content[:18] + b"\x01\x01" + content[20:])
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return int(root)


def page_of(content: bytes | bytearray, user_id: int) -> int:
    """Give the page with somebody's comment."""
    return content.index(f"user{user_id}User".encode()) // PAGE + 1


def overwrite(content: bytearray, page: int, new: bytes | None = None) -> None:
    content[(page - 1) * PAGE : page * PAGE] = garbage(page) if new is None else new


def wal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def garbage(seed: int) -> bytes:
    return random.Random(seed).randbytes(PAGE)  # noqa: S311 - nothing secret


def overwrite_root(name: str) -> Damage:
    return lambda content: overwrite(content, root_of(content, name))


def lost(found: Recovered) -> set[str]:
    return {table.name for table in found.lost}


def names_in(rows: Rows) -> set[object]:
    return {row[4] for row in rows["signatures"]}
