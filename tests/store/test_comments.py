"""A text is read once by each version of the grammar; what was erased does not come back with a new one."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec.structs import replace

from bot.petition.comments.command_and_phrase_parser import GRAMMAR
from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Comment, KnownText, Version, Writer, read_text
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Rules
from bot.store import Store, threads_to_read
from bot.store.comment_rows import read_known, write_versions
from bot.store.engine.database import connect
from bot.store.engine.url import read_address
from bot.store.migrations.upgrading import upgrade
from tests.store.releases import put, released
from tests.store.scene import ADA, INSTALLATION, LETTER, REPOSITORY, Scene, rows

READ = "SELECT read_digest, grammar FROM comments ORDER BY id"
NEXT = GRAMMAR + 1


async def known(scene: Scene) -> dict[int, KnownText]:
    return await scene.store.threads.get_known_texts(list(scene.comments))


async def list_comments(scene: Scene, *bodies: str) -> None:
    """List the comments as GitHub shows them now, reading only what is not known."""
    scene.clock += 10
    texts = await known(scene)
    seen = [
        replace(comment, versions=(read_as(comment, scene.clock, body, texts.get(comment.id)),))
        for comment, body in zip(scene.comments.values(), bodies, strict=True)
    ]
    await scene.store.record_listing(LETTER.id, scene.clock, seen, complete=True)


def read_as(comment: Comment, seen: int, body: str, known: KnownText | None) -> Version:
    digest, command = read_text(body, known)
    return Version(comment.versions[-1].at, digest, comment.versions[-1].writer, command, seen=seen)


async def say(scene: Scene, body: str, misread_as: Sign | None = None) -> int:
    digest, command = read_text(body)
    fact = scene.fact(ADA, misread_as or command)
    version = replace(fact.comment.versions[0], digest=digest)
    comment = replace(fact.comment, versions=(version,))
    await scene.observe(comment)
    return comment.id


async def edit(scene: Scene, comment_id: int, body: str, writer: Writer) -> None:
    digest, command = read_text(body)
    scene.clock += 1
    before = scene.comments[comment_id]
    version = Version(scene.clock, digest, writer, command, previous=before.versions[-1].digest)
    await scene.observe(replace(before, versions=(version,), author_at=scene.clock))


async def test_a_comment_keeps_the_digest_and_the_version_that_it_was_read_with(scene: Scene) -> None:
    comment_id = await say(scene, "/sign Ada")
    digest, command = read_text("/sign Ada")
    assert await rows(scene.store, READ) == [(digest, GRAMMAR)]
    assert await known(scene) == {comment_id: KnownText(digest, command)}
    await edit(scene, comment_id, "/sign Ada Lovelace", Writer.AUTHOR)
    assert (await known(scene))[comment_id].command == Sign("Ada Lovelace")


async def test_a_new_version_reads_everything_again_and_takes_over_what_it_reads(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await say(scene, "/sign Ada", misread_as=Sign("Adda"))
    await list_comments(scene, "/sign Ada")
    assert (await scene.snapshot()).newest[0].name == "Adda"
    monkeypatch.setattr(threads_to_read, "GRAMMAR", NEXT)
    assert await known(scene) == {}
    await list_comments(scene, "/sign Ada")
    assert (await scene.snapshot()).newest[0].name == "Ada"
    assert await rows(scene.store, READ) == [(read_text("/sign Ada")[0], NEXT)]


async def test_what_another_look_read_later_by_an_older_version_is_not_taken_for_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_id = await say(scene, "/sign Ada")
    await list_comments(scene, "/sign Ada")
    monkeypatch.setattr(threads_to_read, "GRAMMAR", NEXT)
    told = scene.comments[comment_id]
    await scene.observe(replace(told, versions=(replace(told.versions[0], command=Sign("Otherwise")),)))
    assert await known(scene) == {}


async def forget(scene: Scene) -> None:
    scene.store.privacy._now = lambda: float(scene.clock)
    await scene.store.privacy.forget([ADA.id])


async def anonymise(scene: Scene) -> None:
    await scene.store.settings.record(REPOSITORY.id, "anonymise_after: 0", 900)
    settings = (await scene.store.settings.get(REPOSITORY.id)).settings
    await scene.change_issue(replace(scene.issue, closed_at=scene.clock + 1))
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(settings)))
    assert await scene.store.privacy.anonymise(INSTALLATION)


@pytest.mark.parametrize("erase", [forget, anonymise])
async def test_a_new_version_brings_no_erased_name_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, erase: object
) -> None:
    await say(scene, "/sign Ada Lovelace")
    assert callable(erase)
    await erase(scene)
    for version in (GRAMMAR, NEXT):
        monkeypatch.setattr(threads_to_read, "GRAMMAR", version)
        await list_comments(scene, "/sign Ada Lovelace")
        await list_comments(scene, "/sign Ada Lovelace")
        assert (await scene.snapshot()).newest[0].name is None
        assert "Lovelace" not in repr(await rows(scene.store, "SELECT * FROM comments"))


async def test_a_new_version_brings_no_name_back_that_somebody_else_took_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_id = await say(scene, "/sign Ada Lovelace")
    await edit(scene, comment_id, "/sign", Writer.OTHER)
    monkeypatch.setattr(threads_to_read, "GRAMMAR", NEXT)
    scene.comments[comment_id] = replace(
        scene.comments[comment_id],
        versions=(replace(scene.comments[comment_id].versions[0], writer=Writer.UNKNOWN, previous=None),),
    )
    await list_comments(scene, "/sign")
    assert [(one.login, one.name) for one in (await scene.snapshot()).newest] == [("ada", None)]


async def test_each_new_version_asks_once_for_every_thread(new_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    database = connect(read_address(new_url))
    (first,) = (one for one in released() if one.revision == "0001")
    await database.alter(partial(upgrade, target=first.revision), 60)
    await database.alter(partial(put, rows=first.rows), 60)
    await database.close()
    asked = "SELECT reread - reread_done, reread_asked_at FROM threads"
    store = await Store.open(new_url)
    assert {grammar for _, grammar in await rows(store, READ)} == {0}
    thread = await store.threads.get(LETTER.id)
    assert thread is not None
    assert thread.asked
    await store.threads.mark_read(thread)
    await store.close()
    store = await Store.open(new_url)
    assert [count for count, _ in await rows(store, asked)] == [0]
    await store.close()
    monkeypatch.setattr(threads_to_read, "GRAMMAR", NEXT)
    store = await Store.open(new_url)
    assert await rows(store, asked) == [(1, 0)]
    # It can wait: nothing else does, and a survey comes by.
    assert await store.threads.list_to_read(INSTALLATION, 9e9) == []
    await store.close()


def test_a_text_that_is_kept_no_more_is_not_known() -> None:
    digest, command = read_text("/sign")
    versions = write_versions([Version(1, digest, Writer.AUTHOR, command)])
    assert read_known(digest, versions) == KnownText(digest, command)
    assert read_known("another", versions) is None
