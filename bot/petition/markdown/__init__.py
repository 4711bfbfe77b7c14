"""Read Markdown as GitHub does, as far as we need it: blocks, lines of text, and what a letter leaves open."""

from __future__ import annotations

import re
from functools import cache

DEEPEST = 3
"""Quotes in one another that are told apart where it only matters what is quoted and what is not."""


def limit_nesting(text: str, deepest: int = DEEPEST) -> str:
    """Leave out the marks of quotes that lie deeper, and of lists between them; the lines stay as many.

    The Markdown parser reads what follows quotes in quotes once for each of them.
    """
    return _too_deep(deepest).sub(r"\1", text)


# What a line may begin with: a quote's mark, with those of the lists that it is in.
_MARK = r"[ \t]*(?:(?:[-+*]|[0-9]{1,9}[.)])[ \t]+)*>"


@cache
def _too_deep(deepest: int) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\r\n])((?:{_MARK}){{{deepest}}})(?:{_MARK})+")
