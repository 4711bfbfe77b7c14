"""The search for secrets finds what it looks for, and it looks where the bot speaks."""

from __future__ import annotations

import pytest
import structlog

from bot.config import Config
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


async def test_the_log_names_nobody_who_signs(stage: Scene) -> None:
    with structlog.testing.capture_logs() as lines:
        petition = stage.petition()
        comment = stage.sign(
            petition, "margaret-of-apollo", "/sign Margaret Luna, Instrumentation\nbecause we land"
        )
        await stage.shows(petition, 1)
        stage.state.edit_comment(comment, comment.user, "/sign Margaret L., Instrumentation")
        await stage.until(lambda: "Margaret L." in (petition.body or ""))
        stage.state.delete_comment(comment, comment.user)
        await stage.shows(petition, 0)
    told = [line for line in lines if line["log_level"] != "debug"]
    assert {"delivery", "published"} <= {line["event"] for line in told}
    assert not [line for line in told if any(word in str(line) for word in ("argaret", "Instrument", "land"))]
