"""GitHub counts a bot's calls, so nobody may have it make many by what they write."""

from __future__ import annotations

from bot.cli.verify import verify
from bot.github.petition_and_rules_reader import UNRELATED_LIMIT, IssueName
from bot.petition.block.body import machine_line
from bot.petition.machine_readable_lines import MachineLine
from sandbox.models import Issue
from tests.whole.recorded_calls import Calls, watched
from tests.whole.scene import Scene


async def test_whom_strangers_name_in_orders_is_not_asked(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition = stage.petition()
        for number in range(20):
            stage.sandbox.comment(petition, "mallory", f"/petition remove @nobody-{number}")
        stage.organizer()
        stage.sandbox.comment(petition, "grace", "/petition remove @ada")
        stage.sign(petition, "ada")
        stage.sign(petition, "alan")
        await stage.start_bot()
        await stage.shows(petition, 1)
        assert await agrees(stage)
        assert {call.split()[1] for call in calls.like("GET /users/")} == {"/users/ada"}


async def test_a_letter_that_names_thousands_of_issues_has_a_few_of_them_looked_up(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        names = tuple(f"lovelace/letters#{number}" for number in range(100, 2_000))
        petition = stage.petition(letter_with(MachineLine(9, "adhash4096:ab", 0, threads=names)))
        stage.sign(petition, "ada")
        found = await verify(IssueName("lovelace/letters", petition.number), stage.config())
        assert found.recount.count == 1
        assert lookups(calls, petition) == UNRELATED_LIMIT
        calls.forget()
        await stage.start_bot()
        await stage.shows(petition, 1)
        assert lookups(calls, petition) == UNRELATED_LIMIT


def letter_with(line: MachineLine) -> str:
    body = f"Dear all.\n\n<!-- undersigned:begin -->\n{line}\n<!-- undersigned:end -->\n"
    assert machine_line(body) == line
    return body


def lookups(calls: Calls, petition: Issue) -> int:
    return len(calls.like(rf"GET /repos/lovelace/letters/issues/(?!{petition.number} )\d+ "))


async def agrees(stage: Scene) -> bool:
    return (await verify(IssueName("lovelace/letters", 1), stage.config())).recount.agrees
