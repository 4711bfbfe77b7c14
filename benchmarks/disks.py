"""A disk that runs full: a small file system of the bot's own, or the system's limit on the size of its files."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import ClassVar, Final

MEGABYTES: Final = 8
"""The size of the small file system."""

LARGEST: Final = 4096
"""Bytes that a file may have when files are limited; each of a database's has as many by then."""


class Disk(ABC):
    """Where a process keeps a folder, and how it runs out of room there."""

    name: ClassVar[str]
    says: ClassVar[str]
    """How SQLite tells of it."""

    @abstractmethod
    def under(self, folder: Path) -> Sequence[str]:
        """Give the words to put before a command, so that its process has this disk under an empty folder."""

    @abstractmethod
    def seen(self, folder: Path, process: int) -> Path:
        """Give where others find what a process sees as its folder."""

    @abstractmethod
    def full(self, folder: Path, process: int) -> AbstractContextManager[None]:
        """Leave a process no room in its folder until the context ends."""


class SmallFileSystem(Disk):
    """A tmpfs in a mount namespace of the process's own, with which it ends, however that ends.

    Nobody else has it mounted; others reach it through the process:
    https://man7.org/linux/man-pages/man5/proc_pid_root.5.html
    """

    name = "file system full"
    says = "database or disk is full"

    def under(self, folder: Path) -> Sequence[str]:
        """Mount it, and become the command."""
        # Who is not root may mount in a namespace of users in which they are.
        users = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        mount = f'mount -t tmpfs -o size={MEGABYTES}m tmpfs "$0" && exec "$@"'
        return ["unshare", "--mount", *users, "sh", "-c", mount, str(folder)]

    def seen(self, folder: Path, process: int) -> Path:
        """Look through the process."""
        return Path(f"/proc/{process}/root{folder.resolve()}")

    @contextmanager
    def full(self, folder: Path, process: int) -> Iterator[None]:
        """Let another file take all room there is."""
        ballast = self.seen(folder, process) / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        try:
            yield
        finally:
            ballast.unlink()


class FileSizeLimit(Disk):
    """No file may grow. It can be had where nobody may mount, but is told as `EFBIG` then, not as `ENOSPC`."""

    name = "files at their limit"
    says = "disk I/O error"

    def under(self, folder: Path) -> Sequence[str]:  # noqa: ARG002 - any disk will do
        """Leave the command as it is."""
        return []

    def seen(self, folder: Path, process: int) -> Path:  # noqa: ARG002 - all see the same
        """Look at it."""
        return folder

    @contextmanager
    def full(self, folder: Path, process: int) -> Iterator[None]:  # noqa: ARG002 - it holds for all files
        """Lower only the soft limit, which may be raised again."""
        before = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (LARGEST, before[1]))
        try:
            yield
        finally:
            resource.prlimit(process, resource.RLIMIT_FSIZE, before)


@cache
def disks() -> Sequence[Disk]:
    """Give those that there are on this machine, the most real one first."""
    return [SmallFileSystem(), FileSizeLimit()] if _may_mount() else [FileSizeLimit()]


def _may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        line = [*SmallFileSystem().under(Path(folder)), "true"]
        return subprocess.run(line, capture_output=True, check=False).returncode == 0  # noqa: S603 - our own words
