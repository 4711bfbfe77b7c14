"""The command line from outside: processes of the bot, what they say, and how they end.

`start` starts a fresh interpreter. `run` forks one that has read all the code already, which saves the second that
imports take; what runs is `python -m bot`.
"""

from __future__ import annotations

import asyncio
import os
import re
import runpy
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path

from bot.cli import COMMANDS
from sandbox.server import Sandbox
from tests.emissions import RUN, searched
from tests.whole import file_audit
from tests.whole.scene import PATIENCE

ROOT = Path(__file__).parents[2]
SHUTDOWN = 10.0
"""Seconds that a stop may take."""

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(
    [__name__, "pytest", "bot.store.migrations.upgrading", *(f"bot.cli.{command.module}" for command in COMMANDS)]
)


async def start(*arguments: str, **environment: str) -> Process:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Tests that a shell runs in the background ignore Ctrl-C, and what they start would ignore it too.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=ROOT, env=clean() | environment, stdout=PIPE, stderr=PIPE
    )


async def finish(process: Process) -> tuple[int | None, str, str]:
    out, err = await asyncio.wait_for(process.communicate(), 3 * PATIENCE)
    return process.returncode, out.decode(), err.decode()


async def run(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    """Run a command to its end; give its exit code, and what it says on either stream."""
    with tempfile.TemporaryDirectory() as folder:
        process = _FORKS.Process(target=_run, args=(arguments, clean() | environment, folder))
        process.start()
        await asyncio.to_thread(process.join, 3 * PATIENCE)
        code = process.exitcode
        process.kill()
        return code, _said(folder, "out"), _said(folder, "err")


def _run(arguments: tuple[str, ...], environment: Mapping[str, str], folder: str) -> None:
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        os.dup2(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT, 0o600), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    if file_audit.REPORT in environment:
        file_audit.watch()
    sys.argv[1:] = arguments
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


def _said(folder: str, stream: str) -> str:
    return searched(Path(folder, stream).read_text("utf-8"))


def clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "DATABASE_"))}


async def read_until(stream: asyncio.StreamReader | None, pattern: str) -> str:
    """Read lines until one matches; give what the pattern's group holds."""
    assert stream is not None
    async with asyncio.timeout(PATIENCE):
        async for line in stream:
            if match := re.search(pattern, line.decode()):
                return match[1]
    raise AssertionError(f"the process ended without {pattern!r}")


def credentials(sandbox: Sandbox, **more: str) -> dict[str, str]:
    RUN.give(sandbox.private_key, sandbox.webhook_secret, more.get("SECRET_KEY"))
    return {
        "GITHUB_APP_ID": str(sandbox.app_id),
        "GITHUB_PRIVATE_KEY": sandbox.private_key,
        "GITHUB_WEBHOOK_SECRET": sandbox.webhook_secret,
        "GITHUB_API_URL": sandbox.api_url,
        "HOST": "127.0.0.1",
        "PORT": "0",
        "LOG_FORMAT": "json",
    } | more
