"""The search for secrets finds what it looks for, and it looks where the bot speaks."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import NoReturn

import aiohttp
import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from bot.config import Config
from bot.web.setup.wizard import SetupAuth, SetupWizard
from tests.emissions import RUN, Emissions
from tests.whole.scene import Scene

SECRET = "a secret of twenty letters"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAinvented\nand a second line of it\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize("leak", [SECRET, "and a second line of it"])
def test_a_leak_is_found(leak: str) -> None:
    emissions = Emissions()
    emissions.give(SECRET, KEY)
    emissions.emitted("the log", "nothing to see")
    assert emissions.leaks() == []
    emissions.emitted("the log", f"token={leak}, sorry")
    assert len(emissions.leaks()) == 1
    assert emissions.leaks() == []


def test_every_configuration_tells_its_secrets() -> None:
    Config(webhook_secrets=("a secret of this test",), database_url="postgresql://u:the-password-of-it@host/x")
    assert {"a secret of this test", "the-password-of-it"} <= RUN.known


async def test_the_running_bot_is_listened_to(stage: Scene) -> None:
    before = RUN.searched
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    assert stage.sandbox.webhook_secret in RUN.known
    assert any(secret.startswith("ghs_") for secret in RUN.known)
    assert any(secret.startswith("eyJ") for secret in RUN.known)
    assert RUN.searched > before


def printing(secret: str, stream: str) -> list[str]:
    """Give the line that starts a process which betrays a secret."""
    RUN.give(secret)
    return [sys.executable, "-c", f"import sys; print({secret!r}, file=sys.{stream})"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_processes_are_listened_to(stream: str) -> None:
    subprocess.run(printing(f"a secret for {stream}", stream), capture_output=True, check=True)
    assert len(RUN.leaks()) == 1


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_processes_of_the_loop_are_listened_to(stream: str) -> None:
    line = printing(f"the loop's secret for {stream}", stream)
    process = await asyncio.create_subprocess_exec(*line, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    await process.communicate()
    assert len(RUN.leaks()) == 1


async def test_streams_and_the_set_up_are_listened_to(stage: Scene) -> None:
    assert stage.bot is not None
    petition = stage.petition()
    stage.sign(petition, "ada", "/sign Ada Lovelace")
    await stage.shows(petition, 1)
    page = f"http://127.0.0.1:{stage.bot.port}/petitions/{petition.repository.full_name}/{petition.number}.csv"
    wizard = SetupWizard(
        SetupAuth("k" * 32, lambda: 0.0), refuse, refuse, "https://api.github.com", None, asyncio.Event()
    )
    # No secret, but the same to who searches.
    RUN.give("Ada Lovelace", "Set-up token")
    try:
        async with aiohttp.ClientSession() as session, session.get(page) as answer:
            assert "Ada Lovelace" in await answer.text()
        assert [leak for leak in RUN.leaks() if ".csv" in leak]
        async with TestClient(TestServer(wizard.application())) as client, client.get("/setup") as answer:
            assert "Set-up token" in await answer.text()
        assert [leak for leak in RUN.leaks() if "/setup" in leak]
    finally:
        RUN.known -= {"Ada Lovelace", "Set-up token"}


async def refuse(*_: object) -> NoReturn:
    raise AssertionError("nobody asks for an App")


async def test_the_log_names_nobody_who_signs(stage: Scene) -> None:
    with structlog.testing.capture_logs() as lines:
        petition = stage.petition()
        comment = stage.sign(
            petition, "margaret-of-apollo", "/sign Margaret Luna, Instrumentation\nbecause we land"
        )
        await stage.shows(petition, 1)
        stage.sandbox.comments.edit(comment, comment.user, "/sign Margaret L., Instrumentation")
        await stage.until(lambda: "Margaret L." in (petition.body or ""))
        stage.sandbox.comments.delete(comment, comment.user)
        await stage.shows(petition, 0)
    told = [line for line in lines if line["log_level"] != "debug"]
    assert {"delivery", "published"} <= {line["event"] for line in told}
    assert not [line for line in told if any(word in str(line) for word in ("argaret", "Instrument", "land"))]
