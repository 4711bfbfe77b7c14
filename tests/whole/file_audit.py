"""Write down what Python itself does to the files of a database, in every process that is told so.

Only SQLite may open them: when a process closes any descriptor of a file, all its locks on that file are gone
(https://www.sqlite.org/howtocorrupt.html, 2.2). And nobody may take a file away from those who have it open.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

DATABASE, REPORT = "WATCHED_DATABASE", "WATCHED_REPORT"

ENDS = ("", "-wal", "-shm", "-journal")
"""Of the names of the files that make up one database."""

CONNECT = "sqlite3.connect"
AWAY = ("os.remove", "os.rename", "os.rmdir", "os.truncate", "os.symlink")


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that a process did, by the name of its audit event.

    https://docs.python.org/3/library/audit_events.html
    """

    process: str
    event: str
    file: str
    place: str

    def __str__(self) -> str:
        return f"{self.process}: {self.event} {self.file} in {self.place}"


@dataclass(frozen=True, slots=True)
class Watching:
    """A folder from which every Python process begins to write down its deeds, and the file with these."""

    folder: Path
    database: Path

    @property
    def environment(self) -> dict[str, str]:
        """Give the variables that have a process watched, and all processes that it starts."""
        self.folder.mkdir(exist_ok=True)
        # Python imports this of itself, before anything of ours.
        (self.folder / "sitecustomize.py").write_text(f"from {__name__} import watch\n\nwatch()\n", "utf-8")
        return {
            "PYTHONPATH": os.pathsep.join((str(self.folder), str(Path(__file__).parents[2]))),
            DATABASE: str(self.database),
            REPORT: str(self._report),
        }

    def deeds(self) -> list[str]:
        """Give what was done that nobody but SQLite may do, each once."""
        return sorted({str(one) for one in self._read() if one.event != CONNECT})

    def connected(self) -> set[str]:
        """Give the commands that opened a database as they should."""
        return {one.process.partition(" ")[0] for one in self._read() if one.event == CONNECT}

    def _read(self) -> list[Deed]:
        lines = self._report.read_text("utf-8").splitlines() if self._report.exists() else []
        return [Deed(**json.loads(line)) for line in lines]

    @property
    def _report(self) -> Path:
        return self.folder / "deeds"


def watch() -> None:
    """Write down from now on what this process does to the database that the environment names."""
    report = os.open(os.environ[REPORT], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    names = Names(os.environ[DATABASE])

    def heard(event: str, values: tuple[object, ...]) -> None:
        if event == CONNECT or names.are_touched(event, values):
            process = " ".join(getattr(sys, "argv", [])[1:]) or sys.orig_argv[-1]
            deed = Deed(process, event, " ".join(_shown(values)), _place())
            os.write(report, f"{json.dumps(asdict(deed))}\n".encode())

    sys.addaudithook(heard)


class Names:
    """The names of a database's files and of its lease's, under which nobody but SQLite may do anything."""

    def __init__(self, database: str) -> None:
        base = Path(database).resolve()
        self._files = {Path(f"{base}{lease}{end}") for lease in ("", "-lease") for end in ENDS}

    def are_touched(self, event: str, values: tuple[object, ...]) -> bool:
        """Tell whether an event opens one of the files, takes it away, or puts something in its place."""
        paths = [Path(one) for one in _shown(values)]
        if event == "open":
            return any(self._is_one(path) or self._is_linked(path) for path in paths[:1])
        if event in AWAY or event.startswith("shutil."):
            return any(self._is_one(path) or self._is_above(path) for path in paths)
        return False

    def _is_one(self, path: Path) -> bool:
        return not self._files.isdisjoint((path.resolve(), path.parent.resolve() / path.name))

    def _is_linked(self, path: Path) -> bool:
        """Tell whether it is one of the files under another name."""
        known = _identity(path)
        return known is not None and any(known == _identity(file) for file in self._files)

    def _is_above(self, path: Path) -> bool:
        return any(path.resolve() in file.parents for file in self._files)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _shown(values: tuple[object, ...]) -> Iterator[str]:
    return (os.fsdecode(one) for one in values if isinstance(one, str | bytes | os.PathLike))


def _place() -> str:
    """Name the line of ours that leads to this."""
    frame = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if f"{os.sep}bot{os.sep}" in path:
            return f"{path.rpartition(f'{os.sep}bot{os.sep}')[2]}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment] # the outermost has none
    return "?"
