"""`resync OWNER/REPO#N`, in a process of its own, beside a running bot and without one."""

from __future__ import annotations

import re

import pytest

from bot.cli import petition_commands
from bot.github.petition_and_rules_reader import IssueName
from bot.reconcile.resync import UnknownPetition
from bot.store import Store
from sandbox.faults import Faults
from tests.whole.command_line import credentials, run
from tests.whole.recorded_calls import a_second_later, surveyed, unheard, watched
from tests.whole.scene import Scene, scene


async def resync(stage: Scene, name: str) -> tuple[int | None, str, str]:
    return await run("resync", name, **credentials(stage.sandbox, DATABASE_URL=stage.database_url))


async def test_it_corrects_what_a_running_bot_has_missed(database_url: str) -> None:
    async with watched(database_url) as (stage, _):
        petition = stage.petition()
        gone = stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await surveyed(stage)
        with unheard(stage):
            stage.sandbox.comments.delete(gone, gone.user)
            stage.sign(petition, "grace")
            stage.sign(petition, "alan")
        # GitHub's times are whole seconds: what was written in the second of a listing may be too new for it.
        await a_second_later()
        code, out, err = await resync(stage, "lovelace/letters#1")
        assert (code, err) == (0, "")
        assert out.splitlines() == [
            "lovelace/letters#1: 2 comments read, 3 comments changed.",
            "  1 known comment was deleted.",
            "  2 signatures (1 before).",
        ]
        await stage.shows(petition, 2)
        code, out, err = await resync(stage, "lovelace/letters#1")
        assert code == 0
        assert out.splitlines()[-1] == "  2 signatures."


async def test_it_needs_no_running_bot_and_adopts_what_is_not_known(sqlite_url: str) -> None:
    async with scene(sqlite_url, start=False) as stage:
        petition = stage.petition()
        stage.sign(petition, "ada")
        code, out, _ = await resync(stage, "lovelace/letters#1")
        assert code == 0
        assert out.splitlines()[0] == "lovelace/letters#1 is new to this database."
        store = await Store.open(sqlite_url)
        assert (await store.petitions.get_snapshot(petition.id, 0)).count == 1
        await store.close()


async def test_it_says_when_something_cannot_be_checked(sqlite_url: str) -> None:
    async with scene(sqlite_url, start=False) as stage:
        petition = stage.petition()
        comment = stage.sign(petition, "ada", "Hm.")
        await a_second_later()
        stage.sandbox.comments.edit(comment, comment.user, "/sign Ada")
        stage.sandbox.faults = Faults(where="/graphql", graphql_error=1.0)
        code, out, _ = await resync(stage, "lovelace/letters#1")
        assert code == 1
        assert "1 comment cannot be counted until GitHub says who wrote the text." in out
        stage.sandbox.faults = Faults()
        code, out, _ = await resync(stage, "lovelace/letters#1")
        assert code == 0
        assert "1 signature (0 before)." in out


async def test_a_name_that_is_none_is_refused(sqlite_url: str) -> None:
    async with scene(sqlite_url, start=False) as stage:
        code, out, err = await resync(stage, "lovelace/letters")
        assert (code, out) == (2, "")
        assert "Write OWNER/REPO#NUMBER" in err
        code, out, err = await resync(stage, "lovelace/letters#9")
        assert (code, out) == (1, "")
        assert err.startswith("lovelace/letters#9 does not exist")


@pytest.mark.parametrize(
    ("repository", "number", "message"),
    [
        ("lovelace/nothing", 1, "lovelace/nothing does not exist, or the App is not installed on it"),
        ("curie/notes", 1, "curie/notes does not exist, or the App is not installed on it"),
        ("lovelace/letters", 9, "lovelace/letters#9 does not exist"),
        ("lovelace/letters", 2, "lovelace/letters#2 is not a petition: it does not have the label `petition`"),
        ("lovelace/letters", 3, "lovelace/letters#3 does not exist"),
    ],
)
async def test_what_is_no_petition_is_named(sqlite_url: str, repository: str, number: int, message: str) -> None:
    async with scene(sqlite_url, start=False) as stage:
        stage.petition()
        stage.sandbox.petition(label="")
        deleted = stage.petition()
        stage.sandbox.issues.delete(deleted, deleted.repository.owner)
        stage.sandbox.repositories.get_or_create("curie/notes")
        with pytest.raises(UnknownPetition, match=re.escape(message)):
            await petition_commands.resync(IssueName(repository, number), stage.config())
