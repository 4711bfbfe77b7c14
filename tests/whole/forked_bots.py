"""Bots that can be killed: each a process of its own, forked from one that has read all the code already.

    → "\\n"                 a bot is to be born
    ← "born 4711"          its process
    ← "listening 40123"    its port, once it takes deliveries

Forking saves the second that a fresh interpreter needs for its imports; what runs is the real thing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

import structlog

from bot import app, config
from bot.config import Config
from tests.whole.scene import FAST, SWEEPING


def main() -> None:
    """Bear a bot for every line of the standard input."""
    # Nobody waits for these children; the system shall forget them when they die.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    settings = config.read(os.environ)
    rates = SWEEPING if "sweeping" in sys.argv else FAST
    for _ in sys.stdin:
        waiting, go = os.pipe()
        child = os.fork()
        if child == 0:
            # Not before its birth has been told: whoever reads goes by the order of the lines.
            os.close(go)
            os.read(waiting, 1)
            asyncio.run(_live(settings, rates))
            os._exit(0)
        _say(f"born {child}")
        os.close(waiting)
        os.close(go)


async def _live(settings: Config, rates: app.Rates) -> None:
    stop = asyncio.Event()
    with app.stopping_on_signals(stop.set):
        async with app.running(settings, rates) as bot:
            _say(f"listening {bot.port}")
            await stop.wait()


def _say(line: str) -> None:
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


if __name__ == "__main__":
    main()
