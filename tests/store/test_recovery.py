"""What can be read from a damaged file is saved, nothing else is, and what follows from it is right."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.petition.commands import Sign
from bot.petition.comment import Author
from bot.petition.facts import Continuation
from bot.sealing import seal, unseal
from bot.store import Recovered, Store, Unavailable, WrongDatabase, recover, restore
from bot.store.inspecting import Inspection
from bot.store.upkeep_statements import PUT_MARK
from tests.store.scene import INSTALLATION, LETTER, REPOSITORY, Scene

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


@pytest.fixture(scope="module")
def sound(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Sound:
    path = tmp_path_factory.mktemp("sound") / "bot.db"
    shutil.copy(sqlite_template, path)
    asyncio.run(_people_sign(path))
    earlier = path.read_bytes()
    asyncio.run(_people_are_forgotten(path))
    return Sound(path.read_bytes(), earlier)


async def _people_sign(path: Path) -> None:
    store = await _open(path)
    scene = Scene(store)
    await scene.label()
    people = [Author(user_id, f"user{user_id}") for user_id in range(1, SIGNERS + 1)]
    await store.record([scene.fact(one, Sign(f"Name {one.id}", "Guild")) for one in people])
    await store.safe.put(seal(APP, KEY, BEFORE), BEFORE)
    await store.safe.hear(BEFORE)
    for number in range(5):
        text = f"Dear all, {number}.\n" + "Please. " * 1_000
        await store.note_letter(LETTER.id, LETTER.id, text, 100 + number)
    marks = [(f"letter {number}", BEFORE) for number in range(300)]
    await store._database.write(lambda work: work.put(PUT_MARK, marks))
    await store.close()


async def _people_are_forgotten(path: Path) -> None:
    store = await _open(path)
    await store.upkeep.forget(FORGOTTEN)
    await store.close()


async def _open(path: Path) -> Store:
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
        store = await _open(self.new)
        found = await store.upkeep.inspect(LETTER.id)
        assert found is not None
        assert await Scene(store).count() == found.count
        await store.close()
        return found


Make = Callable[[Damage], Case]


@pytest.fixture
def damaged(tmp_path: Path, sound: Sound) -> Make:
    def make(damage: Damage) -> Case:
        content = bytearray(sound.content)
        damage(content)
        (tmp_path / "bot.db").write_bytes(content)
        return Case(tmp_path / "bot.db", tmp_path / "new.db")

    return make


def rows_of(path: Path) -> Rows:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
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


# What is saved


async def test_of_a_sound_file_everything_is_saved_and_all_of_it_is_read_again(damaged: Make, sound: Sound) -> None:
    case = damaged(lambda _: None)
    found = await case.recover()
    assert (found.lost, unseal(found.app or "", KEY)) == ((), APP)
    assert case.path.read_bytes() == sound.content
    assert stat.S_IMODE(case.new.stat().st_mode) == 0o600
    before, after = rows_of(case.path), rows_of(case.new)
    same = before.keys() - {"installations", "petitions", "threads"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert (await case.inspect()).count == SIGNERS
    store = await _open(case.new)
    (thread,) = await store.threads_to_read(INSTALLATION, NOW)
    assert (thread.reread, thread.listed_at, thread.changes_since) == (2, 0, 0)
    assert len(await store.due(INSTALLATION, NOW)) == 1
    assert (await store.upkeep.surveys(0))[0].asked == 2
    await store.close()


@pytest.mark.parametrize("length", [100, PAGE])
@pytest.mark.parametrize("garbage", [bytes, os.urandom])
async def test_without_header_or_first_page_nothing_else_is_lost(
    damaged: Make, length: int, garbage: Callable[[int], bytes]
) -> None:
    def damage(content: bytearray) -> None:
        content[:length] = garbage(length)

    case = damaged(damage)
    found = await case.recover()
    after = rows_of(case.new)
    assert unseal(found.app or "", KEY) == APP
    assert {user_id for user_id, _ in after["forgotten"]} == FORGOTTEN
    assert (len(after["comments"]), len(after["signatures"]), len(after["marks"])) == (SIGNERS, SIGNERS, 301)


async def test_a_header_that_says_another_size_of_pages_is_seen_through(damaged: Make) -> None:
    def damage(content: bytearray) -> None:
        content[16:18] = (8192).to_bytes(2)

    case = damaged(damage)
    assert (await case.recover()).lost == ()
    assert len(rows_of(case.new)["comments"]) == SIGNERS


async def test_an_index_that_is_damaged_costs_nothing(damaged: Make) -> None:
    case = damaged(overwrite_root("comments_of_thread"))
    assert (await case.recover()).lost == ()
    assert len(rows_of(case.new)["comments"]) == SIGNERS


@pytest.mark.parametrize("table", ["comments", "marks"])
async def test_rows_are_found_where_nothing_leads_to_them_any_more(damaged: Make, sound: Sound, table: str) -> None:
    case = damaged(overwrite_root(table))
    found = await case.recover()
    assert lost(found) == {table}
    case.path.write_bytes(sound.content)
    assert rows_of(case.new)[table] == rows_of(case.path)[table]


async def test_a_page_of_comments_costs_those_comments_and_their_signatures(damaged: Make) -> None:
    case = damaged(lambda content: overwrite(content, page_of(content, 100)))
    found = await case.recover()
    assert lost(found) == {"comments"}
    seen = await case.inspect()
    assert (SIGNERS - 50 < seen.count < SIGNERS, seen.misfits) == (True, ())


async def test_a_row_that_the_bot_could_not_read_is_left_out(damaged: Make) -> None:
    def damage(content: bytearray) -> None:
        for user_id, of, by in (
            (20, b'"a",["s"', b'"x",["s"'),
            (30, b"[[", b"{["),
            (40, b"user40", b"us\xff\xff40"),
        ):
            at = content.index(f"user{user_id}User".encode())
            at = content.index(of, at)
            content[at : at + len(of)] = by

    case = damaged(damage)
    await case.recover()
    seen = await case.inspect()
    assert (seen.count, seen.misfits) == (SIGNERS - 3, ())


async def test_of_a_file_that_is_cut_off_the_beginning_is_saved(damaged: Make) -> None:
    def damage(content: bytearray) -> None:
        del content[page_of(content, 151) * PAGE + 17 :]

    case = damaged(damage)
    await case.recover()
    assert 0 < len(rows_of(case.new)["comments"]) < SIGNERS


async def test_comments_whose_issue_is_lost_are_left_to_github_and_the_pages_key_stays(
    damaged: Make, sound: Sound
) -> None:
    case = damaged(overwrite_root("threads"))
    assert lost(await case.recover()) == {"threads"}
    after = rows_of(case.new)
    assert (after["comments"], after["signatures"], after["days"]) == (set(), set(), set())
    case.path.write_bytes(sound.content)
    assert {row[2] for row in after["petitions"]} == {row[2] for row in rows_of(case.path)["petitions"]}
    scene = Scene(await _open(case.new))
    await scene.store.record(
        [Continuation(INSTALLATION, REPOSITORY, replace(LETTER, id=1_001, number=8), LETTER.id)]
    )
    await scene.label()
    await scene.sign("ada")
    assert await scene.count() == 1
    await scene.store.close()


# The WAL


async def test_what_is_only_in_the_wal_is_saved_also_behind_a_damaged_place(tmp_path: Path, sound: Sound) -> None:
    path, later = tmp_path / "live.db", tmp_path / "bot.db"
    path.write_bytes(sound.content)
    scene = Scene(await _open(path), clock=BEFORE, next_comment=6_000_000_000)
    first = await scene.say(Author(1_001, "first"), Sign())
    for user_id in range(1_002, 1_020):
        await scene.say(Author(user_id, f"user{user_id}"), Sign())
    wal = bytearray(wal_of(path).read_bytes())
    await scene.store.safe.replace(seal("newer", KEY, NOW), NOW)
    wal += wal_of(path).read_bytes()[len(wal) :]
    content = bytearray(path.read_bytes())
    overwrite(content, root_of(content, "settings"))
    later.write_bytes(content)
    await scene.store.close()
    wal[32 + 24 + 100 : 32 + 24 + 200] = os.urandom(100)
    wal_of(later).write_bytes(wal)
    case = Case(later, tmp_path / "new.db")
    found = await case.recover()
    assert unseal(found.app or "", KEY) == "newer"
    assert {first, first + 18} <= {row[0] for row in rows_of(case.new)["comments"]}


async def test_a_wal_of_garbage_is_left_out(damaged: Make) -> None:
    case = damaged(lambda _: None)
    case.path.with_name("bot.db-wal").write_bytes(os.urandom(50_000))
    assert (await case.recover()).lost == ()


async def test_a_transaction_that_never_ended_is_left_out(tmp_path: Path, sound: Sound) -> None:
    path = tmp_path / "live.db"
    path.write_bytes(sound.content)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN")
        writer.execute("UPDATE comments SET author_login = 'nobody'")
        (tmp_path / "bot.db").write_bytes(os.urandom(100) + path.read_bytes()[100:])
        shutil.copy(f"{path}-wal", tmp_path / "bot.db-wal")
        assert (tmp_path / "bot.db-wal").stat().st_size > 0
        writer.execute("ROLLBACK")
    case = Case(tmp_path / "bot.db", tmp_path / "new.db")
    await case.recover()
    assert "nobody" not in {row[4] for row in rows_of(case.new)["comments"]}


# Who was forgotten


async def test_who_was_forgotten_stays_so_where_the_list_of_them_is_lost(damaged: Make) -> None:
    case = damaged(overwrite_root("forgotten"))
    assert "forgotten" in lost(await case.recover())
    assert {user_id for user_id, _ in rows_of(case.new)["forgotten"]} == FORGOTTEN
    scene = Scene(await _open(case.new))
    seen = [scene.fact(Author(user_id, f"user{user_id}"), Sign(f"Name {user_id}")) for user_id in range(1, 12)]
    await scene.store.record(seen[-1:])
    await scene.store.close()
    assert not names_in(rows_of(case.new)) & {f"Name {user_id}" for user_id in FORGOTTEN}


async def test_what_was_erased_does_not_come_back_from_an_old_page(damaged: Make, sound: Sound) -> None:
    def damage(content: bytearray) -> None:
        page = page_of(sound.earlier, 150)
        overwrite(content, root_of(content, "comments"))
        # Without the header nobody knows which pages are still in use.
        content[:100] = bytes(100)
        overwrite(content, page)
        content += sound.earlier[(page - 1) * PAGE : page * PAGE]

    case = damaged(damage)
    await case.recover()
    after = rows_of(case.new)
    assert (len(after["comments"]), len(after["signatures"])) == (SIGNERS, SIGNERS)
    assert not names_in(after) & {f"Name {user_id}" for user_id in FORGOTTEN}
    assert not {row[4] for row in after["comments"]} & {f"user{user_id}" for user_id in FORGOTTEN}


# What cannot be done


@pytest.mark.parametrize(
    "content", [b"", b"x", b"Dear diary, \n" * 10_000, bytes(100_000), os.urandom(100_000)], ids=range(5)
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
    with pytest.raises(WrongDatabase, match="give another name"):
        await replace(case, new=case.path.with_name(name)).recover()
    assert case.path.with_name("taken").read_text() == "mine"
    assert {one.name for one in case.path.parent.iterdir()} == {"bot.db", "taken", "link"}


async def test_a_file_that_cannot_be_made_is_said_so(damaged: Make, tmp_path: Path) -> None:
    case = damaged(lambda _: None)
    with pytest.raises(Unavailable, match="nowhere"):
        await replace(case, new=tmp_path / "nowhere" / "new.db").recover()
    with pytest.raises(WrongDatabase, match="there is no database"):
        await recover(f"sqlite:///{tmp_path}/missing.db", case.new, NOW)
    with pytest.raises(WrongDatabase, match="pg_dump"):
        await recover("postgresql://bot@localhost/x", case.new, NOW)
    assert not case.new.exists()


async def test_a_file_that_another_program_has_locked_is_not_waited_for_without_end(
    damaged: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = damaged(lambda _: None)
    monkeypatch.setattr("bot.store.sqlite_raw.LOCK_SECONDS", 0.1)
    with closing(sqlite3.connect(case.path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Unavailable, match="locked by another program"):
            await case.recover()


async def test_a_database_of_a_newer_version_is_left_alone(damaged: Make) -> None:
    case = damaged(lambda _: None)
    with closing(sqlite3.connect(case.path, isolation_level=None)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(WrongDatabase, match="update it"):
        await case.recover()


async def test_what_was_saved_can_be_put_in_place(damaged: Make) -> None:
    case = damaged(overwrite_root("writes"))
    await case.recover()
    case.path.unlink()
    restore(f"sqlite:///{case.path}", case.new)
    scene = Scene(await _open(case.path))
    assert await scene.count() == SIGNERS
    await scene.store.close()


# Whatever the damage


KEPT = {"comments": 11, "forgotten": 1, "letters": 3, "letter_texts": 3, "marks": 2, "repositories": 3, "sealed": 3}
"""Of each of these tables, how many columns must be as they were."""


@settings(max_examples=40)
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
        assert unseal(found.app or "", KEY) == APP
        assert after["forgotten"] == before["forgotten"]
    if all(after[name] for name in ("petitions", "installations", "repositories", "threads")):
        assert (await case.inspect()).misfits == ()
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
