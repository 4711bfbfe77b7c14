"""The threads of a petition: how issues are named, and how those that continue a petition are written and known.

GitHub takes 2,500 comments on an issue. A continuation says in its first line which petition it continues; that
counts only where the App itself has written the issue, which its reader has to check.
"""

from __future__ import annotations

import re

import msgspec
from msgspec import Struct, field

from bot.petition.untrusted_text import inline

COMMENT_LIMIT = 2_500
"""Comments that GitHub takes on one issue."""

UNRELATED_LIMIT = 5
"""Names in a block that may lead to no issue of the petition; then the others are not looked up any more.

Whoever may edit the letter can write thousands of them, and GitHub counts our calls.
"""


class Continues(Struct, frozen=True):
    """Which petition an issue continues: the id of its first issue, and that issue's name, `owner/repo#number`.

    Where the first issue was transferred, its name of then still leads to it.
    """

    issue_id: int = field(name="issue")
    name: str

    def __str__(self) -> str:
        return f"<!-- undersigned:continues {msgspec.json.encode(self).decode()} -->"


def is_name(text: str) -> bool:
    """Return whether a text can be the name of an issue, `owner/repo#number`."""
    return _NAME.fullmatch(text) is not None


def split_name(name: str) -> tuple[str, int]:
    """Return `owner/repo` and the number of a name."""
    repository, _, number = name.rpartition("#")
    return repository, int(number)


def is_full(comments: int, limit: int) -> bool:
    """Return whether an issue with so many comments is to be continued in another one."""
    return comments >= min(limit, COMMENT_LIMIT)


def continuation_title(title: str, position: int) -> str:
    """Name the issue that is a petition's thread of this position (from 2)."""
    ending = f" ({position})"
    return title[: _TITLE_LIMIT - len(ending)] + ending


def continuation_body(title: str, url: str, continues: Continues) -> str:
    """Write what stands in a continuation before the block is put there."""
    return (
        f"{continues}\n"
        f"This issue continues [{inline(title)}]({url}), because GitHub takes only so many comments on one.\n\n"
        "Read the letter there; below stands where one signs now. Everything is counted together: who has signed"
        " before need not do so again."
    )


def read_continues(body: str | None) -> Continues | None:
    """Read which petition an issue says it continues; None where its first line does not say so."""
    match = _MARKER.match(body or "")
    if match is None:
        return None
    try:
        continues = msgspec.json.decode(match["said"], type=Continues)
    except (ValueError, RecursionError):
        return None
    return continues if is_name(continues.name) else None


_NAME = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}#[1-9][0-9]{0,8}", re.ASCII)
_TITLE_LIMIT = 256
_MARKER = re.compile(r"\s*<!-- undersigned:continues (?P<said>\{[^\r\n]*\}) -->[ \t]*(?:\r?\n|$)")
