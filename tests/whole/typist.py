"""Commands of the bot, each in a process of its own, forked from one that has read all the code already.

    typist ← {"words": ["export", "a/b#1"], "into": "/tmp/x"}   a command; its output goes to x.out and x.err
    typist → {"into": "/tmp/x", "code": 0}                      how it ended

Forking saves the second that a fresh interpreter needs for its imports; what runs is the real thing.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from bot import cli
from tests.emissions import searched
from tests.whole.scene import PATIENCE
from tests.whole.test_command_line import ROOT


class Typist:
    """Somebody who types commands."""

    def __init__(self, process: Process, folder: Path) -> None:
        assert process.stdout is not None
        self._process = process
        self._lines = process.stdout
        self._names = (str(folder / f"command-{number}") for number in count())
        self._underway: dict[str, asyncio.Future[int]] = {}
        self._listening = asyncio.create_task(self._listen())

    async def run(self, *words: str) -> tuple[int, str, str]:
        """Run a command; give its exit code, and what it says on either stream."""
        assert self._process.stdin is not None
        into = next(self._names)
        self._underway[into] = asyncio.get_running_loop().create_future()
        self._process.stdin.write(f"{json.dumps({'words': words, 'into': into})}\n".encode())
        async with asyncio.timeout(PATIENCE):
            code = await self._underway[into]
        return code, _said(f"{into}.out"), _said(f"{into}.err")

    async def leave(self) -> None:
        """End; what runs goes on to its end."""
        self._listening.cancel()
        self._process.kill()
        await self._process.communicate()

    async def _listen(self) -> None:
        async for line in self._lines:
            told = json.loads(line)
            self._underway.pop(told["into"]).set_result(told["code"])


@asynccontextmanager
async def typing(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Typist]:
    """Give somebody who types commands in an environment, and keeps what they say in a folder."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, cwd=ROOT, env={**os.environ, **environment}, stdin=PIPE, stdout=PIPE
    )
    found = Typist(process, folder)
    try:
        yield found
    finally:
        await found.leave()


def _said(file: str) -> str:
    return searched(Path(file).read_text("utf-8"))


def main() -> None:
    """Run a command for every line of the standard input."""
    for word in cli.COMMANDS:
        word.load()
    # Nobody waits for these children; the system shall forget them when they end.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        told = json.loads(line)
        if os.fork() == 0:
            _type(told["words"], told["into"])


def _type(words: list[str], into: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    tell = os.dup(sys.stdout.fileno())
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        os.dup2(os.open(f"{into}.{name}", os.O_WRONLY | os.O_CREAT, 0o600), stream.fileno())
    sys.argv[1:] = words
    code: object = "a crash"
    try:
        code = cli.main(words)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - it ends here, as it would in a process of its own
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os.write(tell, f"{json.dumps({'into': into, 'code': code})}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    main()
