"""Answers by mail quote what they answer: that speaks for nobody, and GitHub tells which comments came by mail."""

from __future__ import annotations

import pytest

from bot.cli.verify import verify
from bot.github.petition_and_rules_reader import IssueName
from bot.petition.comments import mail_tail
from bot.petition.comments.command_and_phrase_parser import GRAMMAR
from bot.store import threads_to_read
from sandbox.faults import Faults
from sandbox.models import Issue
from tests.whole.recorded_calls import a_second_later, store_of, surveyed, unheard, watched
from tests.whole.scene import Scene, scene

LISTING = "GET /repos/lovelace/letters/issues/1/comments"
LOOKUP = "POST /api/graphql"

CERTAIN = [
    "---- On Mon, 02 Mar 2026 10:00:00 +0000 Ben Low <notifications@github.com> wrote ----",
    "---- Replied Message ----\n| From | Ben Low<notifications@github.com> |\n| Date | 03/02/2026 10:00 |",
    "Od: Ben Low\nOdesláno: pondělí 2. března 2026 10:00\nKomu: letters\nPředmět: Re: A letter",
    "Kimden: Ben Low\nGönderilme: 2 Mart 2026 Pazartesi 10:00\nKime: letters\nKonu: Re: A letter",
    "Ben Low <notifications@github.com>, 2 Mar 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    "ma 2. maalisk. 2026 klo 10.00 Ben Low (***@***.***) kirjoitti:",
    "    On Monday, March 2, 2026 at 10:00:00 AM GMT+1, Ben Low <notifications@github.com> wrote:",
    "-------- Oryginalna wiadomość --------",
]
DOUBTFUL = "-------- Teachtaireacht bhunúsach é --------"


async def agrees(stage: Scene, petition: Issue) -> bool:
    found = await verify(IssueName(petition.repository.full_name, petition.number), stage.config())
    return found.recount.agrees


@pytest.mark.parametrize("line", CERTAIN)
async def test_what_a_reply_quotes_neither_signs_nor_withdraws(stage: Scene, line: str) -> None:
    petition = stage.petition()
    stage.sign(petition, "ada", "/sign Ada Lovelace")
    reply = stage.sandbox.comment(petition, "grace", f"I read it.\n\n{line}\n\n/sign Ben Low", by_mail=True)
    stays = stage.sandbox.comment(petition, "ada", f"Me too.\n\n{line}\n\n/unsign", by_mail=True)
    stage.sandbox.comment(petition, "eve", f"/sign Eve\n\n{line}\n\n/sign Ben Low", by_mail=True)
    body = await stage.shows(petition, 2)
    assert "Ada Lovelace" in body
    assert "**Eve**" in body
    assert "Ben Low" not in body
    await stage.reacted(reply, "confused")
    await stage.reacted(stays, "confused")
    assert await agrees(stage, petition)


@pytest.mark.parametrize("line", [CERTAIN[0], DOUBTFUL])
async def test_what_a_reply_quotes_gives_no_command(stage: Scene, line: str) -> None:
    stage.organizer()
    petition = stage.petition()
    stage.sandbox.comment(petition, "grace", f"Well.\n\n{line}\n\n/petition close", by_mail=True)
    stage.sandbox.comment(petition, "grace", f"/petition goal 50\n\n{line}\n\n/petition close", by_mail=True)
    stage.sign(petition, "ada")
    body = await stage.shows(petition, 1)
    await stage.until(lambda: "of 50" in (petition.body or ""))
    assert petition.closed_at is None
    assert "closed" not in body.lower()


async def test_a_doubt_ends_when_github_tells_how_a_comment_came(stage: Scene) -> None:
    petition = stage.petition()
    text = f"I read it.\n\n{DOUBTFUL}\n\n/sign Name"
    stage.sandbox.comment(petition, "ada", text.replace("Name", "Ada Lovelace"))
    mailed = stage.sandbox.comment(petition, "grace", text.replace("Name", "Ben Low"), by_mail=True)
    body = await stage.shows(petition, 1)
    assert "Ada Lovelace" in body
    await stage.reacted(mailed, "confused")
    assert (await store_of(stage).petitions.get_snapshot(petition.id, 0)).doubtful == 0
    assert await agrees(stage, petition)


async def test_until_github_tells_what_stands_below_does_not_count(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        await stage.shows(petition, 0)
        await surveyed(stage)
        stage.sandbox.faults = Faults(where="/graphql", graphql_error=1.0)
        stage.sign(petition, "ada", f"/sign Ada\n\n{DOUBTFUL}\n\n/unsign")
        below = stage.sign(petition, "grace", f"Yes.\n\n{DOUBTFUL}\n\n/sign Grace")
        body = await stage.shows(petition, 1)
        assert "Grace" not in body
        assert (await store_of(stage).petitions.get_snapshot(petition.id, 0)).doubtful == 2
        stage.sandbox.faults = Faults()
        calls.forget()
        await stage.until(lambda: "**Grace**" in (petition.body or "") and "**Ada**" not in (petition.body or ""))
        await stage.reacted(below, "+1")
        assert calls.like(LOOKUP)
        assert not calls.like(LISTING)


async def test_doubts_cost_at_most_ten_calls_an_hour(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        calls.forget()
        for number in range(10):
            comment = stage.sign(petition, f"reader{number}", f"Yes.\n\n{DOUBTFUL}\n\n/sign Reader {number}")
            await stage.reacted(comment, "+1")
        late = [stage.sign(petition, f"late{one}", f"Yes.\n\n{DOUBTFUL}\n\n/sign Late {one}") for one in range(3)]
        stage.sign(petition, "grace")
        await stage.shows(petition, 12)
        assert 0 < len(calls.like(LOOKUP)) <= 10
        assert (await store_of(stage).petitions.get_snapshot(petition.id, 0)).doubtful == 3
        assert [one.reactions for one in late] == [[], [], []]


async def test_what_an_older_version_counted_of_a_quotation_is_counted_no_more(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"Yes.\n\n{DOUBTFUL}\n\n/sign Name"
    async with scene(database_url, start=False) as stage:
        with monkeypatch.context() as older:
            older.setattr(mail_tail, "_tails", lambda *_: ())
            older.setattr(threads_to_read, "GRAMMAR", GRAMMAR - 1)
            await stage.start_bot()
            petition = stage.petition()
            stage.sandbox.comment(petition, "ada", f"Yes.\n\n{CERTAIN[0]}\n\n/sign Ben Low", by_mail=True)
            stage.sandbox.comment(petition, "eve", text, by_mail=True)
            stage.sandbox.comment(petition, "grace", text.replace("Name", "Grace"))
            await stage.shows(petition, 3)
            await stage.stop_bot()
        await a_second_later()
        await stage.start_bot()
        await surveyed(stage)
        body = await stage.shows(petition, 1)
        assert "**Grace**" in body
        assert await agrees(stage, petition)


async def test_a_comment_that_nobody_told_of_is_asked_for_when_it_is_read(sqlite_url: str) -> None:
    async with scene(sqlite_url) as stage:
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await a_second_later()
        with unheard(stage):
            stage.sign(petition, "grace", f"Yes.\n\n{DOUBTFUL}\n\n/sign Grace")
            stage.sandbox.comment(petition, "eve", f"Yes.\n\n{DOUBTFUL}\n\n/sign Ben", by_mail=True)
        await stage.stop_bot()
        await stage.start_bot()
        body = await stage.shows(petition, 2)
        assert "Grace" in body
        assert "Ben" not in body
