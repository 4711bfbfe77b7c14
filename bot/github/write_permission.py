"""Whether we may still write, asked right before a write is sent: its turn and its token may have taken long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from bot.github.errors import Withheld

_may_write: ContextVar[Callable[[], bool] | None] = ContextVar("may_write", default=None)


@contextmanager
def writing_while(may_write: Callable[[], bool]) -> Iterator[None]:
    """Let the writes inside, whoever makes them, only be sent while this holds; the others raise Withheld."""
    before = _may_write.set(may_write)
    try:
        yield
    finally:
        _may_write.reset(before)


def check_may_write(call: str) -> None:
    """Raise Withheld where a write may not be sent any more."""
    may_write = _may_write.get()
    if may_write is not None and not may_write():
        raise Withheld(f"{call} was not sent: another process may be doing it by now")
