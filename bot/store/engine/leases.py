"""Coordination of processes on one database: notifications, and leases so that only one of them reconciles."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Lease:
    """The right to reconcile an installation; false where another process has it, and once it is lost."""

    __slots__ = ("_is_held",)

    def __init__(self, is_held: Callable[[], bool]) -> None:
        self._is_held = is_held

    def __bool__(self) -> bool:
        return self._is_held()


class Coordinator(ABC):
    """The other processes on the same database."""

    def __init__(self) -> None:
        self._leased: set[int] = set()

    @asynccontextmanager
    async def lease(self, installation_id: int) -> AsyncIterator[Lease]:
        """Try to lease an installation for as long as the context lasts; never waits for another holder."""
        if installation_id in self._leased:
            yield Lease(lambda: False)
            return
        self._leased.add(installation_id)
        try:
            is_held = await self.acquire(installation_id)
            try:
                yield Lease(is_held)
            finally:
                await self.release(installation_id)
        finally:
            self._leased.discard(installation_id)

    @abstractmethod
    async def open(self) -> None:
        """Connect to the others; raises DatabaseUnavailable."""

    @abstractmethod
    def notify(self) -> None:
        """Notify the others that something was recorded; returns at once."""

    @abstractmethod
    async def acquire(self, installation_id: int) -> Callable[[], bool]:
        """Try to lease an installation; return a function that checks whether the lease still holds."""

    @abstractmethod
    async def release(self, installation_id: int) -> None:
        """Release an installation, if it is leased."""

    @abstractmethod
    async def close(self) -> None:
        """Release everything."""
