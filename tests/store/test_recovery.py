"""What can be read from a damaged file is saved, nothing else is, and what follows from it is right."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from bot.encryption_and_derived_tokens import decrypt, encrypt
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Author, Comment, Version, Writer, body_digest
from bot.petition.facts_from_github import Continuation
from bot.store.comment_rows import CommentRow, write_comment
from bot.store.recovery import derived_state
from tests.chance import noise
from tests.store.recovery_cases import (
    APP,
    BEFORE,
    FORGOTTEN,
    KEY,
    NOW,
    PAGE,
    SIGNERS,
    Case,
    Make,
    Sound,
    lost,
    names_in,
    open_store,
    overwrite,
    overwrite_root,
    page_of,
    root_of,
    rows_of,
    wal_of,
)
from tests.store.scene import INSTALLATION, LETTER, REPOSITORY, Scene, record_write


async def test_of_a_sound_file_everything_is_saved_and_all_of_it_is_read_again(damaged: Make, sound: Sound) -> None:
    case = damaged(lambda _: None)
    found = await case.recover()
    assert (found.lost, decrypt(found.app or "", KEY)) == ((), APP)
    assert case.path.read_bytes() == sound.content
    assert stat.S_IMODE(case.new.stat().st_mode) == 0o600
    before, after = rows_of(case.path), rows_of(case.new)
    same = before.keys() - {"installations", "petitions", "threads", "sign_outs"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}
    assert (await case.inspect()).count == SIGNERS
    store = await open_store(case.new)
    assert 0 < await store.sign_outs.get_not_before(1) <= await store.sign_outs.get_number()
    (thread,) = await store.threads.list_to_read(INSTALLATION, NOW)
    assert (thread.reread, thread.listed_at, thread.changes_since) == (2, 0, 0)
    assert len(await store.petitions.list_due(INSTALLATION, NOW)) == 1
    assert (await store.installations.list_to_discover(0))[0].asked == 2
    await store.close()


@pytest.mark.parametrize("length", [100, PAGE])
@pytest.mark.parametrize("garbage", [bytes, noise])
async def test_without_header_or_first_page_nothing_else_is_lost(
    damaged: Make, length: int, garbage: Callable[[int], bytes]
) -> None:
    def damage(content: bytearray) -> None:
        content[:length] = garbage(length)

    case = damaged(damage)
    found = await case.recover()
    after = rows_of(case.new)
    assert decrypt(found.app or "", KEY) == APP
    assert {user_id for user_id, _ in after["forgotten"]} == FORGOTTEN
    assert (len(after["comments"]), len(after["signatures"]), len(after["marks"])) == (SIGNERS, SIGNERS, 302)


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
    assert (SIGNERS - 50 < seen.count < SIGNERS, seen.discrepancies) == (True, ())


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
    assert (seen.count, seen.discrepancies) == (SIGNERS - 3, ())


@pytest.mark.parametrize(
    "text",
    [
        "/sign Ada, Guild", "/sign unlisted", "/unsign", "/petition goal 5\n/sign unlisted", "`/sign Ada`",
        "I sign", "I sign\n\nOn Monday Ada wrote:\nPlease sign.", "Hello",
    ],
)  # fmt: skip
def test_whatever_a_comment_says_its_row_can_be_read(text: str) -> None:
    version = Version(5, body_digest(text), Writer.AUTHOR, parse(text))
    row = CommentRow(Comment(1, 5, Author(1, "ada"), 5, (version,)), LETTER.id, LETTER.id)
    assert derived_state._readable(write_comment(row), NOW) == row


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
    scene = Scene(await open_store(case.new))
    await scene.store.record(
        [Continuation(INSTALLATION, REPOSITORY, replace(LETTER, id=1_001, number=8), LETTER.id)]
    )
    await scene.label()
    await scene.sign("ada")
    assert await scene.count() == 1
    await scene.store.close()


@pytest.mark.parametrize(
    "change",
    [
        "author_id = 77",
        "author_login = 'axa'",
        "deleted = 1",
        "counted = 0",
        "author_at = 5000000000",
        "command = NULL",
    ],
)
async def test_damage_that_cannot_be_seen_is_put_right_by_the_next_listing(
    sqlite_url: str, tmp_path: Path, change: str
) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    scene = Scene(await open_store(path))
    await scene.label()
    comment = scene.comments[await scene.sign("ada", "Ada Byron")]
    await scene.store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(f"UPDATE comments SET {change}")  # noqa: S608
    case = Case(path, tmp_path / "new.db")
    await case.recover()
    store = await open_store(case.new)
    versions = tuple(replace(one, seen=BEFORE) for one in comment.versions)
    await store.record_listing(LETTER.id, BEFORE, [replace(comment, versions=versions)], complete=True)
    (signature,) = (await store.petitions.get_snapshot(LETTER.id, 10)).newest
    assert (signature.user_id, signature.login, signature.name) == (1, "ada", "Ada Byron")
    await store.close()
    assert (await case.inspect()).discrepancies == ()


async def test_a_body_that_was_to_be_put_back_is_read_from_its_history_once_more(
    sqlite_url: str, tmp_path: Path
) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    scene = Scene(await open_store(path))
    await scene.label()
    await record_write(scene.store, LETTER.id, "Dear all", "Dear all, and a block")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE writes SET heard = TRUE")
        database.execute("UPDATE bodies SET lost = 'Dear a11', lost_by = 1")
    await scene.store.close()
    case = Case(path, tmp_path / "new.db")
    await case.recover()
    store = await open_store(case.new)
    assert (await store.bodies.get(LETTER.id)).lost is None
    assert await store.bodies.count_unconfirmed_writes(LETTER.id, NOW) == 1
    await store.close()


# The WAL


async def test_what_is_only_in_the_wal_is_saved_also_behind_a_damaged_place(tmp_path: Path, sound: Sound) -> None:
    path, later = tmp_path / "live.db", tmp_path / "bot.db"
    path.write_bytes(sound.content)
    scene = Scene(await open_store(path), clock=BEFORE, next_comment=6_000_000_000)
    first = await scene.say(Author(1_001, "first"), Sign())
    for user_id in range(1_002, 1_020):
        await scene.say(Author(user_id, f"user{user_id}"), Sign())
    wal = bytearray(wal_of(path).read_bytes())
    await scene.store.credentials.replace(encrypt("newer", KEY, NOW), NOW)
    wal += wal_of(path).read_bytes()[len(wal) :]
    content = bytearray(path.read_bytes())
    overwrite(content, root_of(content, "settings"))
    later.write_bytes(content)
    await scene.store.close()
    wal[32 + 24 + 100 : 32 + 24 + 200] = noise(100)
    wal_of(later).write_bytes(wal)
    case = Case(later, tmp_path / "new.db")
    found = await case.recover()
    assert decrypt(found.app or "", KEY) == "newer"
    assert {first, first + 18} <= {row[0] for row in rows_of(case.new)["comments"]}


async def test_a_wal_of_garbage_is_left_out(damaged: Make) -> None:
    case = damaged(lambda _: None)
    case.path.with_name("bot.db-wal").write_bytes(noise(50_000))
    assert (await case.recover()).lost == ()


async def test_a_transaction_that_never_ended_is_left_out(tmp_path: Path, sound: Sound) -> None:
    path = tmp_path / "live.db"
    path.write_bytes(sound.content)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 1")
        writer.execute("BEGIN")
        writer.execute("UPDATE comments SET author_login = 'nobody'")
        (tmp_path / "bot.db").write_bytes(noise(100) + path.read_bytes()[100:])
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
    scene = Scene(await open_store(case.new))
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
