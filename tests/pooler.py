"""Debian's PgBouncer before the PostgreSQL of the tests.

Without it such tests are skipped, except where `CI` is `true`: there they fail.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

Pooler = Callable[..., str]
"""Starts PgBouncer with settings of its own, and gives the address of the database behind it."""


@pytest.fixture
def pooler(postgres_url: str) -> Iterator[Pooler]:
    """Start PgBouncer before the database, as often as asked."""
    program = find_pgbouncer()
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(_running(program, postgres_url, settings))


def find_pgbouncer() -> str:
    """Give its path, or end the test with what to install."""
    path = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None:
        missing = "there is no PgBouncer here; install the system's package: `apt-get install pgbouncer`"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return path


@contextmanager
def _running(program: str, url: str, settings: dict[str, object]) -> Iterator[str]:
    parts = urlsplit(url)
    (server,) = parse_qs(parts.query)["host"]
    with tempfile.TemporaryDirectory(prefix="pgbouncer", ignore_cleanup_errors=True) as folder:
        lines = {
            "unix_socket_dir": folder, "listen_port": 6432, "auth_type": "any", "logfile": f"{folder}/log",
            "query_wait_timeout": 30, **settings,
        }  # fmt: skip
        path = Path(folder, "pgbouncer.ini")
        path.write_text(
            f"[databases]\n* = host={server} user={parts.username}\n[pgbouncer]\n"
            + "".join(f"{name} = {value}\n" for name, value in lines.items()),
            encoding="utf-8",
        )
        command = [program, "-q", str(path)]
        if os.geteuid() == 0:
            # It does not run as root; whose the server is may also reach its socket.
            user = Path(server).stat()
            os.chown(folder, user.st_uid, user.st_gid)
            command = ["setpriv", f"--reuid={user.st_uid}", f"--regid={user.st_gid}", "--clear-groups", *command]
        process = subprocess.Popen(command)
        try:
            _await_socket(process, f"{folder}/.s.PGSQL.6432")
            yield f"postgresql://postgres@{parts.path}?host={folder}&port=6432"
        finally:
            process.terminate()
            process.wait(10)


def _await_socket(process: subprocess.Popen[bytes], path: str) -> None:
    end = time.monotonic() + 30
    while True:
        with closing(socket.socket(socket.AF_UNIX)) as client:
            if not client.connect_ex(path):
                return
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail("PgBouncer does not start")
        time.sleep(0.01)
