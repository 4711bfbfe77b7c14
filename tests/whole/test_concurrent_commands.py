"""Commands, and more bots, beside a bot that serves, while people sign: nobody takes the database from another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

from bot.cli import COMMANDS
from bot.cli.petition_commands import FORMATS
from bot.encryption_and_derived_tokens import derive
from tests.whole.concurrent_commands import Beside, Signing, count_in, people, people_in_copy, signing

CROWD = 300
SECRET_KEY = "k" * 32
WITHOUT_DATABASE = {"serve", "demo", "init-repo", "audit", "rehearse"}
"""Words that are not run beside the bot: it is one itself, has a database of its own, or asks only GitHub."""


async def test_whatever_runs_beside_the_bot_sees_all_that_was_acknowledged_and_loses_none_of_it(
    tmp_path: Path,
) -> None:
    async with signing(tmp_path, SECRET_KEY=SECRET_KEY) as found:
        await found.serve()
        await found.sign("ada-of-ockham", "/sign Ada Lovelace")
        await found.crowd_signs(10)
        assert found.says("Ada Lovelace")
        await found.beside(Beside(("backup", str(tmp_path / "old"))))
        commands = list(every_command(found, tmp_path))
        assert {one.words[0] for one in commands} == {word.name for word in COMMANDS} - WITHOUT_DATABASE
        # That somebody took a file away under the bot shows only in what comes after.
        for those in a_few_at_a_time(commands):
            await asyncio.gather(found.crowd_signs(CROWD // 12), *map(found.beside, those))
            await found.crowd_signs(CROWD // 12)
        await found.kill()
        assert [*found.mistakes, *found.stored()] == []
        assert len(found.acknowledged) > CROWD
        assert not found.says("Ada Lovelace")


async def test_whatever_is_used_nobody_but_sqlite_opens_the_database_or_takes_its_files_away(
    tmp_path: Path,
) -> None:
    async with signing(tmp_path, SECRET_KEY=SECRET_KEY) as found:
        address = await found.serve()
        await found.sign("ada-of-ockham", "/sign Ada Lovelace")
        await found.beside(Beside(("backup", str(tmp_path / "old"))))
        for those in a_few_at_a_time([*every_command(found, tmp_path)]):
            await asyncio.gather(*map(found.beside, those))
        await read_pages(found)
        await found.end(address)
        assert [*found.mistakes, *found.watching.deeds()] == []
        # `deliver` knows the secret from the environment, and asks no database; `serve` has its tables made.
        asking = {word.name for word in COMMANDS} - WITHOUT_DATABASE - {"deliver"} | {"serve"}
        assert found.watching.connected() == asking | {"bot.store.migrations.upgrading"}


def a_few_at_a_time(commands: list[Beside]) -> Iterator[list[Beside]]:
    return (commands[at : at + 3] for at in range(0, len(commands), 3))


def every_command(found: Signing, folder: Path) -> Iterator[Beside]:
    """Give all that touch the database, each with what it shows of the people who have signed."""
    copy, pack, told = folder / "copy", folder / "pack", folder / "told.json"
    comments = [one for one in found.sandbox.deliveries.log.attempts() if one.delivery.event == "issue_comment"]
    told.write_bytes(comments[0].delivery.payload)
    (bot,) = found.bots
    for form in FORMATS:
        shown = people if form in ("csv", "json", "atom") else count_in
        yield Beside(("export", found.name, "--format", form), shown=shown)
    yield Beside(("sync", found.name.partition("#")[0]), says="another process is using this database")
    yield Beside(("forget", "@ada-of-ockham"), says="Erased the details")
    yield Beside(("backup", str(copy)), shown=lambda _: people_in_copy(copy))
    yield Beside(("verify", "--database", "--json"), shown=_counted)
    yield Beside(("doctor",), says="✓ database")
    yield Beside(("restore", str(folder / "old")), code=1, says="stop the bot")
    yield Beside(("handover", found.name, "--out", str(pack)), shown=lambda _: _in_pack(pack))
    yield Beside(("resync", found.name))
    yield Beside(("migrate",), says="up to date")
    yield Beside(("recover", str(folder / "saved")), shown=lambda _: people_in_copy(folder / "saved"))
    yield Beside(("import-app",), says="is stored")
    yield Beside(("deliver", str(told), "--event", "issue_comment", "--url", bot), says="recorded")
    yield Beside(("site", "--out", str(folder / "site")), shown=lambda _: _in_site(folder / "site", found.name))
    yield Beside(("drop-app", "--yes"), says="The stored App is deleted")


async def read_pages(found: Signing) -> None:
    """Read what the bot shows of its database, and have it look the database over."""
    for form in ("", ".json", ".csv", "/badge.svg", "/feed.atom"):
        await found.read(f"/petitions/{found.name.replace('#', '/')}{form}")
    operator = f"Bearer {derive(SECRET_KEY, 'operator')}"
    assert '"database"' in await found.read("/readyz", Authorization=operator)


async def test_bots_that_take_turns_on_one_file_lose_nothing_that_they_acknowledged(tmp_path: Path) -> None:
    async with signing(tmp_path) as found:
        bots = [await found.serve(), await found.serve()]

        async def replace_one() -> None:
            await found.end(bots.pop(0))
            bots.append(await found.serve())

        for _ in range(4):
            await asyncio.gather(found.crowd_signs(CROWD // 8), replace_one())
            await found.crowd_signs(CROWD // 8)
        await found.kill()
        assert found.stored() == []
        assert len(found.acknowledged) > CROWD * 3 // 4


def _counted(out: str) -> int:
    (petition,) = json.loads(out)["petitions"]
    count = petition["comments"]["count"]
    assert isinstance(count, int)
    return count


def _in_site(folder: Path, name: str) -> set[str]:
    return people((folder / "petitions" / name.replace("#", "/") / "petition.json").read_text("utf-8"))


def _in_pack(folder: Path) -> set[str]:
    return people((folder / "petition.json").read_text("utf-8"))
