"""Our own bot with a twist that no user would want: a slow disk, or a transaction for each delivery.

`python -m benchmarks.ours [--sync-ms 2] [--one-by-one] COMMAND`
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from functools import partial
from typing import Any

from bot.cli import main
from bot.store.recording import group_commit


def slow_down_the_disk(seconds: float) -> None:
    """Let every transaction that wrote something take so much longer to commit.

    In WAL mode with `synchronous = FULL` a commit is one sync of the log. The thread sleeps without holding the
    interpreter, as it waits for a disk; what is left out are the two syncs of a checkpoint, every thousand pages.
    """

    class SlowConnection(sqlite3.Connection):
        """Takes its time to commit."""

        _changes = 0

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            """Run a statement; a COMMIT after changes waits."""
            if sql == "COMMIT" and self.total_changes != self._changes:
                self._changes = self.total_changes
                time.sleep(seconds)
            return super().execute(sql, *values)

    sqlite3.connect = partial(sqlite3.connect, factory=SlowConnection)  # type: ignore[assignment] # overloaded


def write_one_by_one() -> None:
    """Give every delivery a transaction of its own."""
    group_commit.LARGEST_GROUP = 1  # type: ignore[misc] # for everybody else it is final


def _main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sync-ms", type=float, default=0.0)
    parser.add_argument("--one-by-one", action="store_true")
    options, command = parser.parse_known_args()
    if options.sync_ms:
        slow_down_the_disk(options.sync_ms / 1000)
    if options.one_by_one:
        write_one_by_one()
    return main(command)


if __name__ == "__main__":
    raise SystemExit(_main())
