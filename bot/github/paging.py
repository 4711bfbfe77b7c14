"""Read a list of GitHub's page by page, to its end, and not beyond any end that it can have."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import structlog

from bot.github.errors import Unavailable
from bot.github.transport import Answer, Variables

log = structlog.get_logger("github")

PAGE: Final = 100
"""Things on one page, the most that GitHub allows."""

MOST_COMMENTS: Final = 100
"""Pages of comments on an issue: four times the 2,500 that GitHub takes, for there are issues older than that."""

MOST: Final = 1_000
"""Pages of any other list: an account is meant to have no more than 100,000 repositories.

https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
"""


async def pages_of(
    ask: Callable[[str, Variables], Awaitable[Answer]], url: str, variables: Variables, most: int = MOST
) -> AsyncGenerator[Answer]:
    """Read all pages, as the links lead; raises Unavailable where they lead back, or on and on."""
    answer = await ask(url, variables)
    yield answer
    asked: set[str] = set()
    while (more := answer.more) is not None:
        if more in asked or len(asked) + 1 >= most:
            raise endless(url, len(asked) + 1)
        asked.add(more)
        answer = await ask(more, {})
        yield answer


def endless(url: str, pages: int) -> Unavailable:
    """Log that a list does not end, and give the error to raise."""
    path = urlsplit(url).path
    log.warning("a list does not end, and nothing of it is used", list=path, pages=pages)
    return Unavailable(f"GET {path}: the list has more than {pages} pages, or they lead in a circle")
