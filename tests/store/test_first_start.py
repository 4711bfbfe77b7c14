"""Processes that begin at once on a database that is not there yet make one, together, and for its owner alone."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from bot.store import Store
from tests.store.scene import INSTALLATION, Scene

ROOT = Path(__file__).parents[2]
BEGINNERS = 10


async def begin(file: Path, number: int) -> str:
    """Let processes begin on a file, each with ten people who sign; give their complaints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.store.first_start",
        str(file),
        str(number),
        cwd=ROOT,
        stdout=PIPE,
        stderr=STDOUT,
    )
    said, _ = await process.communicate()
    return said.decode()


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


async def opened(file: Path) -> Store:
    return await Store.open(f"sqlite:///{file}")


async def count(file: Path) -> int:
    store = await opened(file)
    try:
        return await Scene(store).count()
    finally:
        await store.close()


async def test_ten_that_begin_at_once_work_on_one_file_that_is_theirs_alone(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    assert await begin(file, BEGINNERS) == ""
    assert await count(file) == 10 * BEGINNERS
    # Nobody leaves anything behind but the two databases.
    assert names(tmp_path) == {"new.db", "new.db-lease"}


async def test_a_new_database_behind_a_symbolic_link_is_its_owners_alone(tmp_path: Path) -> None:
    link = linked(tmp_path)
    assert await begin(link, 2) == ""
    assert await count(link) == 20
    assert link.is_symlink()
    assert (tmp_path / "volume" / "real.db").stat().st_mode & 0o777 == 0o600


async def test_two_that_call_one_database_by_two_names_have_one_lease(tmp_path: Path) -> None:
    link = linked(tmp_path)
    one, other = await opened(link), await opened(link.resolve())
    async with one.lease(INSTALLATION) as first, other.lease(INSTALLATION) as second:
        assert (bool(first), bool(second)) == (True, False)
    await one.close()
    await other.close()


def linked(folder: Path) -> Path:
    """Give a symbolic link to a database that is not there yet."""
    (folder / "volume").mkdir()
    link = folder / "new.db"
    link.symlink_to("volume/real.db")
    return link
