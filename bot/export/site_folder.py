"""A folder of plain files that one run after the other writes: what it wrote before and not now is deleted.

A list in the folder says which files are of such a run. Nothing else there is written over or deleted.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Final

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
