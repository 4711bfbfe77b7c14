"""Somebody wants to be forgotten: `forget @login`, beside a running bot."""

from __future__ import annotations

from bot.cli.verify import verify
from bot.github.petition_and_rules_reader import IssueName
from tests.whole.command_line import run
from tests.whole.recorded_calls import surveyed
from tests.whole.scene import Scene


async def test_who_is_forgotten_is_named_no_more_and_counts_as_long_as_the_comment_stands(stage: Scene) -> None:
    petition = stage.petition()
    signed = stage.sign(petition, "ada", "/sign Ada Byron, Engines")
    stage.sign(petition, "grace")
    assert "Ada Byron" in await stage.shows(petition, 2)

    code, out, err = await run("forget", "@Ada", DATABASE_URL=stage.database_url)
    assert code == 0, err
    assert "1 comment on 1 petition" in out
    assert "still count, without a name" in out
    await stage.until(lambda: "Ada Byron" not in (petition.body or ""))
    assert "[ada]" not in (petition.body or "")
    assert "*not named*" in (petition.body or "")

    stage.sandbox.comments.edit(signed, stage.organizer(), "/sign Ada Byron!")
    await surveyed(stage)
    assert "*not named*" in await stage.shows(petition, 2)
    assert (await verify(IssueName("lovelace/letters", 1), stage.config())).recount.agrees

    stage.sandbox.comments.delete(signed, signed.user)
    assert "*not named*" not in await stage.shows(petition, 1)


async def test_when_a_petition_has_ended_names_go_and_the_count_stays(stage: Scene) -> None:
    petition = stage.petition()
    petition.repository.files[".github/petition.yml"] = b"anonymise_after: 0"
    stage.sign(petition, "ada", "/sign Ada Byron")
    assert "Ada Byron" in await stage.shows(petition, 1)
    stage.sandbox.issues.close(petition, stage.organizer())
    await stage.until(lambda: "Closed on" in (petition.body or ""))
    await surveyed(stage)
    await stage.until(lambda: "The names were erased on" in (petition.body or ""))
    body = await stage.shows(petition, 1)
    assert "Ada Byron" not in body
    assert "[ada]" not in body
    found = await verify(IssueName("lovelace/letters", 1), stage.config())
    assert found.recount.agrees
    assert any("has erased who signed" in line for line in found.lines())

    stage.sandbox.issues.reopen(petition, stage.organizer())
    await stage.until(lambda: "Closed on" not in (petition.body or ""))
    await surveyed(stage)
    await stage.until(lambda: "Ada Byron" in (petition.body or ""))


async def test_nobody_is_forgotten_who_is_not_known(stage: Scene) -> None:
    code, _, err = await run("forget", "@nobody", DATABASE_URL=stage.database_url)
    assert code == 1
    assert "the database has nothing of @nobody" in err
    code, out, _ = await run("forget", "4711", DATABASE_URL=stage.database_url)
    assert (code, "account 4711" in out) == (0, True)
