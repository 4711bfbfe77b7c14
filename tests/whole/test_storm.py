"""What people are told when very many sign at once, when the letter changes, and when an issue is full."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from bot import time_types
from bot.github.throttle import Limits
from bot.petition.block import machine_line
from bot.petition.machine_readable_lines import Coverage
from sandbox.models import Comment, Issue
from sandbox.server import Sandbox
from tests.whole.recorded_calls import a_second_later, surveyed, unheard
from tests.whole.scene import FAST, Clock, Scene, scene

REACTIONS = 10
"""Reactions that are given in an hour of these stories."""

FEW = replace(FAST, limits=Limits(0.0, 100_000, REACTIONS, reserve=0))

PUBLIC = "https://petitions.example.org"


def covered(petition: Issue) -> Coverage:
    line = machine_line(petition.body)
    assert line is not None
    assert line.coverage is not None
    return line.coverage


def reactions(comments: list[Comment]) -> list[list[str]]:
    return [[one.content for one in comment.reactions] for comment in comments]


@pytest.fixture
async def public(sqlite_url: str) -> AsyncIterator[Scene]:
    async with scene(sqlite_url, start=False) as stage:
        stage.public_url = PUBLIC
        await stage.start_bot()
        yield stage


async def test_after_a_storm_organizers_and_who_is_refused_have_their_reactions(sqlite_url: str) -> None:
    clock = Clock()
    async with scene(sqlite_url, rates=FEW, sandbox=Sandbox(now=clock), start=False) as stage:
        stage.clock = time_types.Clock(clock, asyncio.sleep)
        petition = stage.petition()
        stage.organizer()
        signed, mistyped, commands = list[Comment](), list[Comment](), list[Comment]()
        for number in range(8):
            signed += [stage.sign(petition, f"signer-{number}-{one}") for one in range(5)]
            mistyped.append(stage.sign(petition, f"hasty-{number}", "/sing"))
            commands.append(stage.sign(petition, "grace", f"/petition goal {100 + number}"))
        await stage.start_bot()
        await stage.shows(petition, len(signed))
        await stage.until(lambda: all(one.reactions for one in commands))
        assert reactions(commands) == [["+1"]] * 8
        await stage.until(lambda: sum(bool(one.reactions) for one in mistyped) == REACTIONS - 8)
        assert [one for one in signed if one.reactions] == []
        clock.ahead += 3_601
        await stage.until(lambda: all(one.reactions for one in mistyped))
        assert reactions(mistyped) == [["confused"]] * 8
        # It has counted them all, and says so.
        assert covered(petition).until >= max(one.created_at for one in signed)


async def test_the_block_says_up_to_when_every_comment_is_counted(stage: Scene) -> None:
    petition = stage.petition()
    ada = stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    await a_second_later()
    grace = stage.sign(petition, "grace")
    body = await stage.shows(petition, 2)
    assert "**Every comment up to " in body
    told = covered(petition)
    assert ada.created_at <= told.until <= grace.created_at + 1
    assert told.later == (told.until < grace.created_at)


async def test_who_was_not_heard_of_is_counted_before_anything_later_is_said_to_be(stage: Scene) -> None:
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    await a_second_later()
    with unheard(stage):
        alan = stage.sign(petition, "alan")
    assert covered(petition).until < alan.created_at
    await a_second_later()
    stage.sign(petition, "grace")
    await stage.shows(petition, 3)
    assert covered(petition).until >= alan.created_at


async def test_nothing_is_written_for_the_time_alone(stage: Scene) -> None:
    petition = stage.petition()
    stage.sign(petition, "ada")
    body = await stage.shows(petition, 1)
    await a_second_later()
    stage.sign(petition, "alan", "Hello.")
    await surveyed(stage)
    assert petition.body == body


async def test_the_block_says_how_many_signed_which_text_and_how_to_sign_the_new_one(public: Scene) -> None:
    petition = public.petition("Please open the archive.")
    for login in ("ada", "alan"):
        public.sign(petition, login)
    await public.shows(petition, 2)
    await a_second_later()
    before = petition.body or ""
    public.sandbox.issues.edit(petition, public.organizer(), before.replace("Please open", "Please soon open"))
    await public.until(lambda: "**0 people signed this text, 2 an earlier one.**" in (petition.body or ""))
    assert f"[What was changed]({PUBLIC}/petitions/lovelace/letters/1/letter)" in (petition.body or "")
    assert "To sign this text, comment `/sign` again." in (petition.body or "")
    await a_second_later()
    public.sign(petition, "ada")
    await public.until(lambda: "**1 person signed this text, 1 an earlier one.**" in (petition.body or ""))
    public.sign(petition, "alan")
    await public.until(lambda: "signed this text" not in (petition.body or ""))
    assert machine_line(petition.body or "").count == 2  # type: ignore[union-attr] # it is there


async def test_a_full_continuation_leads_on_and_does_not_say_that_one_signs_there(
    public: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.reconcile.continuation_issues.is_full", lambda comments, _limit: comments >= 2)
    first = public.petition()
    app_ = public.sandbox.world.app.bot
    threads = [first]

    def opened() -> bool:
        found = [one for one in first.repository.issues.values() if one.user is app_]
        threads[1:] = sorted(found, key=lambda one: one.number)
        return len(threads) == number + 1

    for number in (1, 2):
        for login in ("ada", "grace"):
            public.sign(threads[-1], f"{login}-{number}")
        await public.until(opened)
    last = f"lovelace/letters#{threads[2].number}"
    link = f"[Was I counted?]({PUBLIC}/petitions/lovelace/letters/1#roster)"
    for full in threads[:2]:
        await public.until(lambda: f"Please sign in [{last}](" in (full.body or ""))  # noqa: B023 - at once
        assert link in (full.body or "")
        assert "sign here" not in (full.body or "").lower()
        assert "To sign" not in (full.body or "")
    await public.until(lambda: "To sign, comment" in (threads[2].body or ""))
