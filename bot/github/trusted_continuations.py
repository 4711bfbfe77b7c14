"""Which issues continue a petition, by who wrote them and by which blocks name them; pure.

Only an App can write as a bot, and only one that the owner has let in. But every workflow of a repository writes
as `github-actions[bot]`, also one that opens issues with what strangers have written. So an issue by that author
counts only where the previous issue's block names it.
"""

from __future__ import annotations

from typing import Final

from bot.github.models.rest import IssueRead
from bot.petition import block, threads

ACTIONS: Final = "github-actions[bot]"
"""Who writes with the token of a workflow.

Not established on github.com; `rehearse` asks.
"""


def named_in(read: IssueRead) -> tuple[str, ...]:
    """Return the names of the petition's issues that an issue's block has; none where there is only one."""
    line = block.machine_line(read.body)
    return line.threads if line is not None else ()


def is_by_workflow(read: IssueRead) -> bool:
    """Return whether a workflow has opened an issue, whichever it was."""
    return read.author is not None and read.author.login.lower() == ACTIONS


def is_named(name: str, previous: IssueRead) -> bool:
    """Return whether the block of the previous issue has the name of an issue."""
    return name.lower() in map(str.lower, named_in(previous))


def continued_by(read: IssueRead) -> threads.Continues | None:
    """Return which petition an issue continues, where a bot has written so."""
    by_app = read.author is not None and read.author.type == "Bot"
    return threads.read_continues(read.body) if by_app else None
