"""Search everything that the bot emits in a whole test run for the secrets that it was given meanwhile.

What it was given: every `Config`, every token it minted or was handed. What it emits: each test's log, standard
output and standard error, what its processes print, and the head and body of every answer of its web server. Each
process of pytest-xdist searches what its own tests emit.
"""

from __future__ import annotations

import functools
import re
import subprocess
from asyncio.subprocess import SubprocessStreamProtocol
from base64 import b64encode
from collections.abc import Callable, Generator
from typing import Any

import pytest
from aiohttp import web

from bot import config, encryption_and_derived_tokens
from bot.github import authentication, transport
from bot.web import server
from bot.web.setup.wizard import SetupWizard

LEAST = 12
"""Letters of a secret that is one; `s` is for tests that are not about secrets."""


class Emissions:
    """Secrets, and what was emitted since the last look that holds one of them."""

    def __init__(self) -> None:
        self.searched = 0
        """Letters that were looked through."""
        self.known: set[str] = set()
        self._leaks: list[str] = []

    def give(self, *secrets: str | None) -> None:
        """Note what must not show; a key's lines one by one, because a log breaks them apart."""
        for secret in secrets:
            lines = (secret or "").splitlines()
            self.known |= {line for line in lines if len(line) >= LEAST and not line.startswith("-----")}

    def emitted(self, where: str, text: str) -> None:
        """Look through a text."""
        self.searched += len(text)
        self._leaks += [f"{where} shows {secret[:4]}…: {text[:200]!r}" for secret in self.known if secret in text]

    def leaks(self) -> list[str]:
        """Give what was found since the last time."""
        found, self._leaks = self._leaks, []
        return found


RUN = Emissions()
"""Of this test run, or of this worker of it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a test fail in which the bot betrays a secret."""
    report = yield
    for name, text in report.sections:
        RUN.emitted(name, text)
    if (leaks := RUN.leaks()) and report.passed:
        report.outcome = "failed"
        report.longrepr = "The bot betrayed a secret.\n" + "\n".join(leaks)
    return report


def _watch(kind: type, note: Callable[[Any], None]) -> None:
    """Have everything that is made of a kind noted."""
    make = kind.__init__  # type: ignore[misc] # it is the generated one

    @functools.wraps(make)
    def watched(self: Any, *values: Any, **fields: Any) -> None:
        make(self, *values, **fields)
        note(self)

    setattr(kind, "__init__", watched)  # noqa: B010 - mypy does not let us assign it


def _note_config(made: config.Config) -> None:
    RUN.give(*made.secrets())
    if made.client_secret:
        RUN.give(b64encode(f"{made.client_id}:{made.client_secret}".encode()).decode())
    if made.secret_key:
        RUN.give(encryption_and_derived_tokens.derive(made.secret_key, "operator"))


_watch(config.Config, _note_config)
_watch(authentication.Token, lambda token: RUN.give(token.value))
_watch(transport.Credentials, lambda credentials: RUN.give(credentials.token, credentials.jwt))


_LOOKS = re.compile(r"\b(?:gh[oprsu]_[\w.-]{16,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,})")
"""How tokens look that a process has minted itself, so that nobody has told us."""


def searched(text: str) -> str:
    """Look through a text of a process of the bot's, whatever tokens it was given, and give it back."""
    RUN.emitted("a process", text)
    for token in _LOOKS.findall(text):
        RUN.give(token)
        RUN.emitted("a process", token)
    return text


def _listen_to_processes() -> None:
    """Look through what every process says that a test starts and listens to."""
    hand_on, communicate = SubprocessStreamProtocol.pipe_data_received, subprocess.Popen.communicate

    def heard(self: SubprocessStreamProtocol, fd: int, data: bytes | str) -> None:
        searched(data if isinstance(data, str) else data.decode(errors="replace"))
        hand_on(self, fd, data)

    def communicated(self: subprocess.Popen[Any], *values: Any, **fields: Any) -> tuple[Any, Any]:
        said = communicate(self, *values, **fields)
        for text in said:
            searched(text.decode(errors="replace") if isinstance(text, bytes) else text or "")
        return said

    setattr(SubprocessStreamProtocol, "pipe_data_received", heard)  # noqa: B010 - mypy does not let us assign it
    setattr(subprocess.Popen, "communicate", communicated)  # noqa: B010 - as above


_listen_to_processes()


async def _look_through(request: web.Request, response: web.StreamResponse) -> None:
    where = f"the answer to {request.method} {request.path}"
    RUN.emitted(where, f"{response.status} {dict(response.headers)}")
    if isinstance(response, web.Response):
        body = response.body
        RUN.emitted(where, body.decode(errors="replace") if isinstance(body, bytes | bytearray) else "")
        return
    write = response.write

    async def watched(data: bytes | bytearray | memoryview) -> None:
        RUN.emitted(where, bytes(data).decode(errors="replace"))
        await write(data)

    setattr(response, "write", watched)  # noqa: B010 - as above


def _look_through_answers(make: Callable[..., web.Application]) -> Callable[..., web.Application]:
    @functools.wraps(make)
    def watched(*values: Any, **parts: Any) -> web.Application:
        application = make(*values, **parts)
        application.on_response_prepare.append(_look_through)
        return application

    return watched


server.create_app = _look_through_answers(server.create_app)
setattr(SetupWizard, "application", _look_through_answers(SetupWizard.application))  # noqa: B010 - as above
