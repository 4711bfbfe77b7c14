"""A damaged database file under a whole bot: deliveries are sent back, pages go on, and we are told what to do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from sandbox.server import Sandbox
from tests.store.damage import damage
from tests.whole.command_line import credentials, run
from tests.whole.scene import PATIENCE, Scene, scene


async def ready(found: Scene, session: aiohttp.ClientSession) -> tuple[int, str]:
    assert found.bot is not None
    async with session.get(f"http://127.0.0.1:{found.bot.port}/readyz") as answer:
        return answer.status, (await answer.json()).get("message", "")


async def test_deliveries_are_sent_back_and_pages_go_on(sqlite_url: str) -> None:
    async with scene(sqlite_url) as found, aiohttp.ClientSession() as session:
        petition = found.petition()
        found.sign(petition, "ada")
        await found.shows(petition, 1)
        await found.stop_bot()
        damage(Path(sqlite_url.removeprefix("sqlite:///")), "failed_deliveries")
        bot = await found.start_bot()
        async with asyncio.timeout(PATIENCE):
            while not (await ready(found, session))[1]:  # noqa: ASYNC110 - the bot finds it out beside its work
                await asyncio.sleep(0.25)
        status, message = await ready(found, session)
        assert (status, "python -m bot recover NEW-FILE" in message) == (503, True)
        found.sign(petition, "grace")
        await found.sandbox.settled()
        assert found.sandbox.deliveries.log.attempts()[0].status_code == 503
        name = f"{petition.repository.full_name}/{petition.number}"
        async with session.get(f"http://127.0.0.1:{bot.port}/petitions/{name}") as page:
            assert (page.status, "ada" in await page.text()) == (200, True)


@pytest.mark.parametrize("command", [["serve"], ["doctor"], ["migrate"], ["verify", "--database"]])
async def test_what_is_no_database_ends_a_command_with_what_to_do(tmp_path: Path, command: list[str]) -> None:
    file = tmp_path / "bot.db"
    file.write_bytes(b"This is no database. " * 500)
    sandbox = Sandbox()
    await sandbox.start()
    code, out, err = await run(*command, **credentials(sandbox, DATABASE_URL=f"sqlite:///{file}"))
    await sandbox.stop()
    assert (code, "recover NEW-FILE" in out + err) == (1, True)
    assert "Traceback" not in out + err
