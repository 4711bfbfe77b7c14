"""`site`: write the pages of the petitions in a database as plain files, for a web server of any kind."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bot.cli.command_base import FAILED, OK, CliCommand, complain, configured, repository_argument, run, say
from bot.config import Config
from bot.export.site_folder import NotOurs, SiteFolder, open_folder
from bot.petition.i18n import counted
from bot.store import MOST_LISTED, ListQuery
from bot.store_and_github_from_config import addresses_of, open_store
from bot.web.pages.static_site_generator import Files, front_page, petition_files, shared_files
from bot.web.petition_requests import PagesContext


class UnknownRepository(Exception):
    """The database knows no such repository."""


def _site(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    repository: str = options.repository or ""
    try:
        say(*run(_write_site(options.out, repository, settings, with_private=options.include_private)))
    except OSError as error:
        complain(f"{options.out} cannot be written: {error.strerror}")
        return FAILED
    return OK


async def _write_site(out: Path, repository: str, settings: Config, *, with_private: bool) -> Iterator[str]:
    """Write the pages of petitions into a folder, in the place of what an earlier run wrote; returns a report.

    Raises UnknownRepository, NotOurs, OSError and the store's errors.
    """
    written: set[tuple[int, int]] = set()
    private = 0
    async with open_store(settings) as store:
        if repository and not await store.rosters.knows(repository):
            raise UnknownRepository(
                f"{repository} has no petition in this database. Is the name right? If so, run `sync {repository}`"
                " first, and see that an issue there carries the label"
            )
        folder = open_folder(out)
        context = PagesContext(store.rosters, addresses_of(settings), time.time, label=settings.petition_label)
        written_at = int(context.now())
        for one in await store.rosters.list_all(repository):
            # By now it may be gone, or private.
            whole = await store.rosters.get_export(one.petition_id)
            if whole is None or not whole.details.snapshot.threads:
                continue
            if whole.details.snapshot.private and not with_private:
                private += 1
                continue
            _write(folder, petition_files(whole, context, written_at))
            written.add((whole.details.snapshot.repository.id, whole.details.snapshot.threads[0].number))
        wanted = ListQuery(size=MOST_LISTED, repository=repository, with_private=with_private)
        found = await store.rosters.list_public(context.now(), wanted)
    linked = [one for one in found.petitions if (one.repository.id, one.number) in written]
    _write(folder, front_page(linked, context, written_at))
    _write(folder, shared_files())
    return _report(out, folder.written, deleted=folder.finish(), petitions=len(written), private=private)


def _write(folder: SiteFolder, files: Files) -> None:
    for name, content in files:
        folder.write(name, content)


def _report(out: Path, files: int, *, deleted: int, petitions: int, private: int) -> Iterator[str]:
    gone = f", {deleted:,} old ones deleted" if deleted else ""
    yield f"{out}: {counted(petitions, 'petition')}, {files:,} files{gone}."
    if private:
        left_out = counted(private, "petition")
        yield f"{left_out} of private repositories left out; --include-private writes them too."
    if not petitions:
        yield "There is no public petition yet; the front page says how to begin one."


def _site_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "repository",
        metavar="OWNER/REPO",
        nargs="?",
        type=repository_argument,
        help="only the petitions of this repository; without it, all in the database",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        required=True,
        help="a new or empty folder, or one that this command has written; what is out of date in it is deleted",
    )
    parser.add_argument(
        "--include-private",
        action="store_true",
        help="write the petitions of private repositories too. WARNING: whoever can open the pages can read who has"
        " signed, and the pages of GitHub Pages are public on most plans",
    )


COMMANDS: Final = {"site": CliCommand(_site, _site_arguments, misuses=(NotOurs, UnknownRepository))}
