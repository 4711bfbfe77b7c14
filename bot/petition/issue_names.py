"""The names of issues, as people and GitHub write them: `owner/repo#number`."""

from __future__ import annotations

import re


def is_name(text: str) -> bool:
    """Return whether a text can be the name of an issue."""
    return _NAME.fullmatch(text) is not None


def split_name(name: str) -> tuple[str, int]:
    """Return `owner/repo` and the number of a name."""
    repository, _, number = name.rpartition("#")
    return repository, int(number)


_NAME = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}#[1-9][0-9]{0,8}", re.ASCII)
