"""A delivery that was stored can be sent again, signed, to a bot that runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.whole.command_line import run
from tests.whole.scene import Scene, scene

DEAD = "http://127.0.0.1:9/webhook"


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Scene]:
    async with scene(sqlite_url) as found:
        yield found


async def stored(stage: Scene, folder: Path) -> Path:
    """Let ada sign while nobody listens, and store what GitHub would have said."""
    petition = stage.petition()
    await stage.shows(petition, 0)
    there, stage.sandbox.deliveries.url = stage.sandbox.deliveries.url, DEAD
    stage.sign(petition, "ada")
    await stage.sandbox.settled()
    stage.sandbox.deliveries.url = there
    attempt = stage.sandbox.deliveries.log.attempts()[0]
    assert attempt.delivery.event == "issue_comment"
    file = folder / "payload.json"
    file.write_bytes(attempt.delivery.payload)
    return file


async def test_a_stored_delivery_is_sent_to_a_running_bot_and_counted(stage: Scene, tmp_path: Path) -> None:
    file = await stored(stage, tmp_path)
    url = str(stage.sandbox.deliveries.url)
    environment = {"GITHUB_WEBHOOK_SECRET": stage.sandbox.webhook_secret}
    code, out, err = await run("deliver", str(file), "--event", "issue_comment", "--url", url, **environment)
    assert (code, out.strip()) == (0, '200: {"message": "recorded"}'), err
    petition = next(iter(next(iter(stage.sandbox.world.repositories.values())).issues.values()))
    await stage.shows(petition, 1)


async def test_a_delivery_that_is_not_taken_is_told_with_the_answer(stage: Scene, tmp_path: Path) -> None:
    file = tmp_path / "ping.json"
    file.write_text("{}")
    line = ("deliver", str(file), "--event", "ping", "--url")
    code, out, _ = await run(*line, str(stage.sandbox.deliveries.url), GITHUB_WEBHOOK_SECRET="another")
    assert (code, out.startswith("401: "), "the signature does not match" in out) == (1, True, True)
    code, out, err = await run(*line, DEAD, GITHUB_WEBHOOK_SECRET="another")
    assert (code, out.startswith("no response: "), "Traceback" in err) == (1, True, False)


async def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.json").touch()
    for file in ("empty.json", "none.json"):
        code, _, err = await run("deliver", str(tmp_path / file), "--event", "ping")
        assert (code, file in err) == (1, True)
    (tmp_path / "ping.json").write_text("{}")
    code, _, err = await run("deliver", str(tmp_path / "ping.json"), "--event", "ping")
    assert (code, "GITHUB_WEBHOOK_SECRET" in err) == (2, True)
