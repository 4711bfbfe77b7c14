"""Servers as processes of their own: started, asked what they have used, and ended by their id."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.deliveries import SECRET
from sandbox.server import Sandbox

ROOT = Path(__file__).parents[1]
NOWHERE = "http://127.0.0.1:1"
"""Where nobody answers, in the place of GitHub: what is measured then is accepting alone."""


@dataclass(slots=True)
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]
    complaints: Sequence[str] = ()
    """Lines of a bot's log that nothing but a mistake of ours leads to; known at the end."""

    def cpu(self) -> float:
        """Return the processor time used so far, in seconds; Linux's clock of the process, its threads included."""
        # clock_getcpuclockid(3); psutil's figure moves by hundredths of a second only.
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def memory(self) -> float:
        """Return the resident memory in MB."""
        return psutil.Process(self.process.pid).memory_info().rss / 2**20


@contextmanager
def serving(
    *arguments: str, environment: Mapping[str, str] | None = None, checkout: Path = ROOT
) -> Iterator[Server]:
    """Run `python ARGUMENTS` until the context ends; it says where it listens as `"port": N`.

    Another checkout has its own virtual environment, or takes ours.
    """
    # It may keep what it compiles, as where it is installed, even if whoever measures does not want that of theirs.
    left_out = ("GITHUB_", "DATABASE_", "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    own = checkout / ".venv" / "bin" / "python"
    python = str(own) if checkout != ROOT and own.exists() else sys.executable
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(  # noqa: S603 - our own programs
            [python, *arguments], cwd=checkout, env=kept | dict(environment or {}), stdout=log, stderr=log
        )
        server = Server(0, process)
        try:
            server.port = _port_of(process, log.fileno())
            yield server
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            log.seek(0)
            server.complaints = complaints(log.read().decode(errors="replace"))


def bot_environment(database_url: str, api_url: str = NOWHERE, **more: str) -> dict[str, str]:
    """Return the configuration of a bot."""
    return {
        "GITHUB_APP_ID": "1",
        "GITHUB_PRIVATE_KEY": Sandbox().private_key,
        "GITHUB_WEBHOOK_SECRET": SECRET,
        "GITHUB_API_URL": api_url,
        "DATABASE_URL": database_url,
        "HOST": "127.0.0.1",
        "PORT": "0",
        "LOG_FORMAT": "json",
    } | more


def _port_of(process: subprocess.Popen[bytes], log: int) -> int:
    """Wait until a server says where it listens; RuntimeError tells what it said instead."""
    deadline, said = time.monotonic() + 60, ""
    while time.monotonic() < deadline and process.poll() is None:
        said = os.pread(log, 100_000, 0).decode(errors="replace")
        if found := re.search(r'"port": ?(\d+)', said):
            return int(found[1])
        time.sleep(0.002)
    raise RuntimeError(f"the server did not start:\n{said[-2000:]}")


def complaints(log: str) -> list[str]:
    """Return the lines of a bot's log that nothing but a mistake of ours leads to."""

    def complains(line: str) -> bool:
        try:
            told = json.loads(line)
        except ValueError:
            return True
        return told["level"] in ("error", "critical") or told.get("logger") == "py.warnings" or "exception" in told

    return list(filter(complains, log.splitlines()))
