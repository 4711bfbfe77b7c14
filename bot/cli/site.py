"""`site`: write the pages of the petitions in a database as plain files, for a web server of any kind."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.cli.command_base import FAILED, OK, CliCommand, complain, configured, repository_argument, run, say
from bot.config import Config
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


# A folder of plain files that one run after the other writes

LIST: Final = ".undersigned-site"
"""The list of files. What uploads a site for GitHub Pages leaves it out, as all names with a dot in front."""

_HEAD: Final = "These files were written by `python -m bot site`, which replaces and deletes them."


class NotOurs(Exception):
    """The folder holds what `site` has not written; name a new or empty one."""


class SiteFolder:
    """A folder that a run writes; use `open_folder`."""

    def __init__(self, folder: Path, known: frozenset[str]) -> None:
        self._folder = folder
        self._known = known
        self._written: set[str] = set()

    @property
    def written(self) -> int:
        """Return how many files were written."""
        return len(self._written)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, be it in folders, as a whole or not at all; raises NotOurs and OSError."""
        path = self._path(name)
        is_new = name not in self._known and name not in self._written
        if is_new and (path.exists() or path.is_symlink()):
            raise NotOurs(f"{path} is in the way: `site` has not written it. Take it away, or name another folder")
        path.parent.mkdir(parents=True, exist_ok=True)
        if is_new:
            # Before the file itself: a run that is ended here leaves nothing that the next one would not know.
            with (self._folder / LIST).open("a", encoding="utf-8") as listed:
                listed.write(f"{name}\n")
        self._written.add(name)
        _replace(path, content)

    def finish(self) -> int:
        """Delete what earlier runs wrote and this one did not; return how many files that were. Raises OSError."""
        stale = sorted(self._known - self._written)
        for name in stale:
            path = self._path(name)
            for one in (path, _unfinished(path)):
                one.unlink(missing_ok=True)
            for parent in path.parents:
                if parent == self._folder:
                    break
                # Somebody may keep something of theirs in it.
                with suppress(OSError):
                    parent.rmdir()
        _replace(self._folder / LIST, "\n".join([_HEAD, *sorted(self._written), ""]).encode())
        return len(stale)

    def _path(self, name: str) -> Path:
        """Return where a file is; raises NotOurs for a name that leads out of the folder."""
        path = self._folder / name
        is_plain = _NAME.fullmatch(name) and not {".", ".."} & {*name.split("/")}
        if not is_plain or not path.parent.resolve().is_relative_to(self._folder.resolve()):
            raise NotOurs(f"{name!r} leads out of {self._folder}")
        return path


def open_folder(folder: Path) -> SiteFolder:
    """Make a folder, or open one that is empty or that earlier runs wrote; raises NotOurs and OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder / LIST
    if listed.is_symlink():
        raise NotOurs(f"{listed} is a link to somewhere else: `site` has not made it. Take it away")
    if listed.is_file():
        text = listed.read_text("utf-8", "replace")
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            # A disk that was full has cut off the last name, and the next one would be added to it.
            _replace(listed, whole.encode())
        return SiteFolder(folder, frozenset(whole.splitlines()[1:]))
    if any(folder.iterdir()):
        raise NotOurs(
            f"{folder} holds files that `site` has not written. Name a new or empty folder: nothing of yours is"
            " written over"
        )
    listed.write_text(f"{_HEAD}\n", "utf-8")
    return SiteFolder(folder, frozenset())


_NAME: Final = re.compile(r"[\w.~-]+(?:/[\w.~-]+)*", re.ASCII)


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that whoever reads it meanwhile gets the old or the new one."""
    new = _unfinished(path)
    # It may be there from a run that was ended, or be a link that leads out of the folder.
    new.unlink(missing_ok=True)
    with new.open("xb") as file:
        file.write(content)
    new.replace(path)


def _unfinished(path: Path) -> Path:
    """Return where a file is written before it takes its place."""
    return path.with_name(f"{path.name}.undersigned-new")


COMMANDS: Final = {"site": CliCommand(_site, _site_arguments, misuses=(NotOurs, UnknownRepository))}
