"""A disk that runs full: a small file system of the bot's own, or the system's limit on the size of its files."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

MEGABYTES: Final = 8
"""The size of the small file system."""

LARGEST: Final = 4096
"""Bytes that a file may have when files are limited; each of a database's has as many by then."""


@dataclass(frozen=True, slots=True)
class Disk:
    """Where a process keeps a folder, and runs out of room.

    `mounted` is a tmpfs in a mount namespace of the process's own, with which it ends, however that ends. Others
    reach it through the process: https://man7.org/linux/man-pages/man5/proc_pid_root.5.html

    Else no file may grow. That can be had where nobody may mount, but is told as `EFBIG` then, not as `ENOSPC`.
    """

    name: str
    says: str
    """How SQLite tells of it."""
    mounted: bool

    def under(self, folder: Path) -> Sequence[str]:
        """Return the words to put before a command, so that its process has this disk under an empty folder."""
        if not self.mounted:
            return []
        # Who is not root may mount in a namespace of users in which they are.
        users = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        mount = f'mount -t tmpfs -o size={MEGABYTES}m tmpfs "$0" && exec "$@"'
        return ["unshare", "--mount", *users, "sh", "-c", mount, str(folder)]

    def seen(self, folder: Path, process: int) -> Path:
        """Return where others find what a process sees as its folder."""
        return Path(f"/proc/{process}/root{folder.resolve()}") if self.mounted else folder

    @contextmanager
    def full(self, folder: Path, process: int) -> Iterator[None]:
        """Leave a process no room in its folder until the context ends."""
        if not self.mounted:
            # Only the soft limit, which may be raised again.
            before = resource.prlimit(process, resource.RLIMIT_FSIZE)
            resource.prlimit(process, resource.RLIMIT_FSIZE, (LARGEST, before[1]))
            try:
                yield
            finally:
                resource.prlimit(process, resource.RLIMIT_FSIZE, before)
            return
        ballast = self.seen(folder, process) / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        try:
            yield
        finally:
            ballast.unlink()


SMALL = Disk("file system full", "database or disk is full", mounted=True)
LIMITED = Disk("files at their limit", "disk I/O error", mounted=False)


@cache
def disks() -> Sequence[Disk]:
    """Return those that there are on this machine, the most real one first."""
    return [SMALL, LIMITED] if _may_mount() else [LIMITED]


def _may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        line = [*SMALL.under(Path(folder)), "true"]
        return subprocess.run(line, capture_output=True, check=False).returncode == 0
