"""Lists of GitHub's, read page by page; none is read without end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

import structlog

from bot.github.errors import Unavailable
from bot.github.transport import ApiResponse, Variables

log = structlog.get_logger("github")

PAGE_SIZE: Final = 100
"""Items on one page, the most that GitHub allows."""


MAX_COMMENT_PAGES: Final = 100
"""Pages of comments on an issue: four times the 2,500 that GitHub takes, for there are issues older than that."""


MAX_PAGES: Final = 1_000
"""Pages of any other list: an account is meant to have no more than 100,000 repositories.

https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
"""


def endless_list(url: str, pages: int) -> Unavailable:
    """Log that a list does not end, and return the error to raise."""
    path = urlsplit(url).path
    log.warning("a list has no end and is ignored", list=path, pages=pages)
    return Unavailable(f"GET {path}: the list has more than {pages} pages, or they lead in a circle")


async def read_pages(
    read_page: Callable[[str, Variables], Awaitable[ApiResponse]],
    url: str,
    variables: Variables,
    limit: int = MAX_PAGES,
) -> AsyncGenerator[ApiResponse]:
    """Read all pages, as the links lead; raises Unavailable for more than `limit`, or where they lead back."""
    response = await read_page(url, variables)
    yield response
    read: set[str] = set()
    while (next_url := response.next_url) is not None:
        if next_url in read or len(read) + 1 >= limit:
            raise endless_list(url, len(read) + 1)
        read.add(next_url)
        response = await read_page(next_url, {})
        yield response
