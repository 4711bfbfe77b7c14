"""Processes that begin on the same database in the same moment: forked first, and let go all at once.

`python -m tests.store.first_start FILE NUMBER` prints what is wrong. Ten people sign with each; unless they see to
it, everybody may read what they make.
"""

from __future__ import annotations

import asyncio
import os
import stat
import sys
import traceback
from contextlib import suppress
from pathlib import Path

from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Author
from bot.store import Store
from bot.store.migrations import upgrading  # noqa: F401 - read once, before the fork
from tests.store.scene import INSTALLATION, Scene


def main(file: str, number: int) -> None:
    """Let as many begin, and wait for them."""
    os.umask(0o022)
    waiting, go = os.pipe()
    for beginner in range(number):
        if os.fork() == 0:
            os.close(go)
            os.read(waiting, 1)
            _begin(Path(file), beginner)
    os.close(go)
    for _ in range(number):
        os.wait()


def _begin(file: Path, beginner: int) -> None:
    try:
        asyncio.run(_sign(file, beginner))
    except BaseException:  # noqa: BLE001 - it ends here, as it would in a process of its own
        traceback.print_exc()
    os._exit(0)


async def _sign(file: Path, beginner: int) -> None:
    store = await Store.open(f"sqlite:///{file}")
    scene = Scene(store, next_comment=5_000_000_000 + 1_000 * beginner)
    await scene.label()
    async with store.lease(INSTALLATION):
        for number in range(10):
            await scene.say(Author(1_000 * beginner + number + 1, f"beginner-{beginner}-{number}"), Sign())
        _look_at_modes(file.parent)
    await store.close()


def _look_at_modes(folder: Path) -> None:
    for file in folder.iterdir():
        with suppress(FileNotFoundError):
            if (mode := file.stat().st_mode) & 0o077 and stat.S_ISREG(mode):
                os.write(1, f"{file.name} has {stat.filemode(mode)}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
