"""`site`: write the pages of the petitions in a database as plain files, for a web server of any kind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from bot.config import Config
from bot.counted_nouns import counted
from bot.export.site_folder import SiteFolder, open_folder
from bot.operations import addresses_of, open_store
from bot.store import MOST_LISTED, ListQuery, Store
from bot.time_types import EpochSeconds
from bot.web.pages.static_site import Files, front_page, petition_files, shared_files
from bot.web.petition_requests import PagesContext


class UnknownRepository(Exception):
    """The database knows no such repository."""


class SiteRequest(Struct, frozen=True):
    """Which petitions to write, and where to."""

    folder: Path
    repository: str = ""
    """The only one, `owner/name`; empty for all."""
    with_private: bool = False


class SiteReport(Struct, frozen=True):
    """What a run has written, and what it has left out."""

    folder: Path
    petitions: int
    files: int
    deleted: int
    private: int
    """Petitions of private repositories that are left out."""

    def lines(self) -> Iterator[str]:
        """Return its lines for people."""
        gone = f", {self.deleted:,} old ones deleted" if self.deleted else ""
        yield f"{self.folder}: {counted(self.petitions, 'petition')}, {self.files:,} files{gone}."
        if self.private:
            private = counted(self.private, "petition")
            yield f"{private} of private repositories left out; --include-private writes them too."
        if not self.petitions:
            yield "There is no public petition yet; the front page says how to begin one."


async def write_site(
    request: SiteRequest, config: Config, now: Callable[[], EpochSeconds] = time.time
) -> SiteReport:
    """Write the pages of petitions into a folder, in the place of what an earlier run wrote there.

    Raises UnknownRepository, NotOurs, OSError and the store's errors.
    """
    async with open_store(config, now=now) as store:
        if request.repository and not await store.rosters.knows(request.repository):
            raise UnknownRepository(
                f"{request.repository} has no petition in this database. Is the name right? If so, run `sync"
                f" {request.repository}` first, and see that an issue there carries the label"
            )
        folder = await asyncio.to_thread(open_folder, request.folder)
        return await _write(
            request,
            folder,
            store,
            PagesContext(store.rosters, addresses_of(config), now, label=config.petition_label),
        )


async def _write(request: SiteRequest, folder: SiteFolder, store: Store, context: PagesContext) -> SiteReport:
    written_at, private = int(context.now()), 0
    written: set[tuple[int, int]] = set()
    for one in await store.rosters.list_all(request.repository):
        # By now it may be gone, or private.
        whole = await store.rosters.get_export(one.petition_id)
        if whole is None or not whole.details.snapshot.threads:
            continue
        if whole.details.snapshot.private and not request.with_private:
            private += 1
            continue
        await asyncio.to_thread(_write_all, folder, petition_files(whole, context, written_at))
        written.add((whole.details.snapshot.repository.id, whole.details.snapshot.threads[0].number))
    wanted = ListQuery(size=MOST_LISTED, repository=request.repository, with_private=request.with_private)
    found = await store.rosters.list_public(context.now(), wanted)
    linked = [one for one in found.petitions if (one.repository.id, one.number) in written]
    await asyncio.to_thread(_write_all, folder, front_page(linked, context, written_at))
    await asyncio.to_thread(_write_all, folder, shared_files())
    deleted = await asyncio.to_thread(folder.finish)
    return SiteReport(request.folder, len(written), folder.written, deleted, private)


def _write_all(folder: SiteFolder, files: Files) -> None:
    for name, content in files:
        folder.write(name, content)
