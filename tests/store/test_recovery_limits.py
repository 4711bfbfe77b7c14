"""Nothing is written over or made where nothing can be saved; and whatever the damage, only what was there is."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.encryption_and_derived_tokens import decrypt
from bot.store import DatabaseUnavailable, recover, restore
from bot.store.errors import WrongDatabase
from tests.chance import noise
from tests.store.recovery_cases import (
    APP,
    KEY,
    NOW,
    PAGE,
    SIGNERS,
    Case,
    Make,
    Sound,
    open_store,
    overwrite,
    overwrite_root,
    root_of,
    rows_of,
)
from tests.store.scene import Scene


@pytest.mark.parametrize(
    "content", [b"", b"x", b"Dear diary, \n" * 10_000, bytes(100_000), noise(100_000)], ids=range(5)
)
async def test_where_nothing_of_ours_is_we_are_told_what_to_do_and_nothing_is_made(
    tmp_path: Path, content: bytes
) -> None:
    case = Case(tmp_path / "bot.db", tmp_path / "new.db")
    case.path.write_bytes(content)
    with pytest.raises(WrongDatabase, match=r"nothing can be read.*import-app"):
        await case.recover()
    assert os.listdir(tmp_path) == ["bot.db"]  # noqa: PTH208 - in an async function


async def test_somebody_elses_database_is_none_of_ours(tmp_path: Path) -> None:
    case = Case(tmp_path / "bot.db", tmp_path / "new.db")
    with closing(sqlite3.connect(case.path, isolation_level=None)) as other:
        other.execute("CREATE TABLE notes (name TEXT, at INTEGER)")
        other.execute("INSERT INTO notes VALUES ('first delivery', 1)")
    with pytest.raises(WrongDatabase, match="nothing can be read"):
        await case.recover()


@pytest.mark.parametrize("name", ["taken", "link", "bot.db", "bot.db-wal", "bot.db-shm"])
async def test_nothing_is_written_over(damaged: Make, name: str) -> None:
    case = damaged(lambda _: None)
    case.path.with_name("taken").write_text("mine")
    case.path.with_name("link").symlink_to("nowhere")
    with pytest.raises(WrongDatabase, match="choose another name"):
        await replace(case, new=case.path.with_name(name)).recover()
    assert case.path.with_name("taken").read_text() == "mine"
    assert {one.name for one in case.path.parent.iterdir()} == {"bot.db", "taken", "link"}


async def test_a_file_that_cannot_be_made_is_said_so(damaged: Make, tmp_path: Path) -> None:
    case = damaged(lambda _: None)
    with pytest.raises(DatabaseUnavailable, match="nowhere"):
        await replace(case, new=tmp_path / "nowhere" / "new.db").recover()
    with pytest.raises(WrongDatabase, match="does not exist"):
        await recover(f"sqlite:///{tmp_path}/missing.db", case.new, NOW)
    with pytest.raises(WrongDatabase, match="pg_dump"):
        await recover("postgresql://bot@localhost/x", case.new, NOW)
    assert not case.new.exists()


async def test_a_file_that_another_program_has_locked_is_not_waited_for_without_end(
    damaged: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = damaged(lambda _: None)
    monkeypatch.setattr("bot.store.recovery.LOCK_SECONDS", 0.1)
    with closing(sqlite3.connect(case.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnavailable, match="locked by another program"):
            await case.recover()


async def test_a_database_of_a_newer_version_is_left_alone(damaged: Make) -> None:
    case = damaged(lambda _: None)
    with closing(sqlite3.connect(case.path, isolation_level=None)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongDatabase, match="upgrade the program"):
        await case.recover()


async def test_what_was_saved_can_be_put_in_place(damaged: Make) -> None:
    case = damaged(overwrite_root("writes"))
    await case.recover()
    case.path.unlink()
    restore(f"sqlite:///{case.path}", case.new)
    scene = Scene(await open_store(case.path))
    assert await scene.count() == SIGNERS
    await scene.store.close()


# Whatever the damage


KEPT = {"comments": 11, "forgotten": 1, "letters": 3, "letter_texts": 3, "marks": 2, "repositories": 3, "sealed": 3}
"""Of each of these tables, how many columns must be as they were."""


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32), share=st.floats(0, 1), of_zeros=st.booleans(), first=st.booleans())
async def test_what_is_saved_was_there_and_what_nothing_has_touched_is_saved(
    tmp_path_factory: pytest.TempPathFactory, sound: Sound, seed: int, share: float, of_zeros: bool, first: bool
) -> None:
    dice = random.Random(seed)  # noqa: S311 - nothing secret
    folder = tmp_path_factory.mktemp("law")
    case = Case(folder / "bot.db", folder / "new.db")
    case.path.write_bytes(sound.content)
    before = rows_of(case.path)
    content = bytearray(sound.content)
    pages = len(content) // PAGE
    hit = {page for page in range(2, pages + 1) if dice.random() < share} | ({1} if first else set())
    for page in hit:
        overwrite(content, page, bytes(PAGE) if of_zeros else dice.randbytes(PAGE))
    case.path.write_bytes(content)
    try:
        found = await case.recover()
    except WrongDatabase:
        assert hit
        return
    after = rows_of(case.new)
    for name, columns in KEPT.items():
        assert {row[:columns] for row in after[name]} <= {row[:columns] for row in before[name]}
    needed = {root_of(sound.content, name) for name in ("sealed", "forgotten")} | set(overflow(sound.content))
    if not hit & needed:
        assert decrypt(found.app or "", KEY) == APP
        assert after["forgotten"] == before["forgotten"]
    if all(after[name] for name in ("petitions", "installations", "repositories", "threads")):
        assert (await case.inspect()).discrepancies == ()
    shutil.rmtree(folder)


def overflow(content: bytes) -> list[int]:
    """Give the pages to which what is sealed runs over."""
    page = content[(root_of(content, "sealed") - 1) * PAGE :][:PAGE]
    # The number of the first one stands at the end of the cell, which is at the end of the page.
    found, number = [], int.from_bytes(page[-4:])
    while number:
        found.append(number)
        number = int.from_bytes(content[(number - 1) * PAGE :][:4])
    return found
