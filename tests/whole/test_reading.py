"""Comments are read once: a survey reads no text that has not changed, a new version of the grammar reads all."""

from __future__ import annotations

import pytest

from bot.petition.comments import command_and_phrase_parser
from bot.petition.comments.command_and_phrase_parser import GRAMMAR
from bot.petition.comments.commands import Command
from bot.petition.untrusted_text import unify_newlines
from bot.store import threads_to_read
from tests.whole.recorded_calls import surveyed, watched

LONG = "/sign Ada\n" + "Yes. " * 2_000


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the texts that are read, as they are."""
    texts: list[str] = []

    def note(body: str) -> Command | None:
        texts.append(unify_newlines(body))
        return parse(body)

    parse = command_and_phrase_parser.parse
    monkeypatch.setattr(command_and_phrase_parser, "parse", note)
    return texts


async def test_what_has_not_changed_is_read_again_only_for_a_new_version_and_then_once(
    database_url: str, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(database_url) as (stage, _):
        petition = stage.petition()
        signed = stage.sign(petition, "ada", LONG)
        stage.sign(petition, "grace", "Well said.")
        await stage.shows(petition, 1)
        await surveyed(stage)
        read.clear()
        await surveyed(stage)
        assert read == []
        stage.sandbox.comments.edit(signed, signed.user, f"{LONG}!")
        await surveyed(stage)
        assert set(read) == {f"{LONG}!"}
        await stage.stop_bot()

        monkeypatch.setattr(threads_to_read, "GRAMMAR", GRAMMAR + 1)
        read.clear()
        await stage.start_bot()
        await surveyed(stage)
        assert sorted(read) == sorted(["Well said.", f"{LONG}!"])
        await surveyed(stage)
        assert len(read) == 2
        await stage.shows(petition, 1)


async def test_a_long_thread_is_read_as_a_whole_for_a_new_version(
    sqlite_url: str, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = stage.petition()
        for number in range(120):
            stage.sign(petition, f"user{number}")
        await stage.shows(petition, 120)
        await surveyed(stage)
        await stage.stop_bot()
        monkeypatch.setattr(threads_to_read, "GRAMMAR", GRAMMAR + 1)
        read.clear()
        await stage.start_bot()
        await surveyed(stage)
        assert len(read) == 120
        await surveyed(stage)
        assert len(read) == 120
