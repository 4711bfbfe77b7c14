"""Discover what an installation has that no delivery has reported, one step at a time.

What is known already comes first. It needs no list of repositories, which GitHub may fail to give for long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from bot.github.errors import GitHubError, Paused, Unavailable
from bot.github.installation_client import InstallationClient
from bot.github.models.rest import IssueRead
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import IssueFact, Repository, RepositoryFact
from bot.reconcile.errors_and_retries import (
    Intervals,
    NameReused,
    concerns_issue,
    ends_all,
    is_unwell,
    jittered,
    retry_at,
)
from bot.reconcile.letter_history_and_translations import read_translations
from bot.reconcile.resync import ThreadResync
from bot.reconcile.settings_and_commands import read_settings
from bot.store import DiscoveryMark, KnownPetition, State, Store, ThreadToRead
from bot.time_types import EpochSeconds, Seconds

log = structlog.get_logger("discovery")

PATIENCE: Final = 3
"""Times that a repository is tried while GitHub is unwell; then it waits for the next discovery."""


def is_due(mark: DiscoveryMark, *, now: EpochSeconds, began: EpochSeconds, interval: Seconds) -> bool:
    """Return whether discovery is due for an installation: on request, at start, and at intervals.

    At start one that began before does not do, whenever it ended.
    """
    is_time = mark.at + jittered(interval, mark.installation_id, int(mark.at)) <= now
    return mark.asked > mark.done or mark.began < began or is_time


@dataclass(slots=True)
class InstallationSync:
    """The discovery of one installation. It lives in memory: the next one makes up for one that was cut off."""

    mark: DiscoveryMark
    store: Store
    client: InstallationClient
    label: str
    intervals: Intervals
    now: Callable[[], EpochSeconds]
    failures: int = 0
    """How often in a row the list of repositories could not be had."""
    resumes_at: EpochSeconds = 0.0
    """Before then there is nothing to do: the list of repositories could not be had."""
    _began: EpochSeconds = field(init=False)
    _known: deque[Repository] | None = None
    _is_known_seen: bool = False
    _failures: int = 0
    """How often in a row a repository could not be read."""
    _others: deque[Repository] | None = None
    _seen: set[int] = field(default_factory=set)
    """The repositories that were read."""
    _counts: dict[int, tuple[int, int]] = field(default_factory=dict)
    """How many comments an issue has, as GitHub says, and when it said so."""

    def __post_init__(self) -> None:
        self._began = self.now()

    async def step(self) -> bool:
        """Do the next bit: a list of repositories, one repository or one thread; False when all is done.

        Raises what concerns the whole installation, and Unavailable; then discovery goes on where it was.
        """
        here = self.mark.installation_id
        if self._known is None:
            self._known = deque(await self.store.installations.list_repositories_with_petitions(here))
        elif self._known:
            await self._read_next(self._known, is_known=True)
        elif not self._is_known_seen:
            if not await self._check_thread():
                await self._end_with_known()
        elif self._others is None:
            await self._discover()
        elif self._others:
            await self._read_next(self._others)
        elif not await self._check_thread():
            await self.store.installations.mark_discovered(here, self.now(), self._began, asked=self.mark.asked)
            return False
        return True

    async def step_to_end(self, sleep: Callable[[Seconds], Awaitable[None]]) -> None:
        """Discover everything at once; raises what `step` raises, and Unavailable where GitHub fails too often."""
        failures, goes_on = 0, True
        while goes_on:
            try:
                goes_on, failures = await self.step(), 0
            except Unavailable:
                failures += 1
                if failures == PATIENCE:
                    raise
                await sleep(2.0**failures)

    async def _end_with_known(self) -> None:
        here = self.mark.installation_id
        for one in await self.store.privacy.anonymise(here):
            log.info("names are kept again" if one.goes_on else "names were erased", petition=one.petition_id)
        await self.store.installations.mark_discovered(here, self.now(), self._began, works=bool(self._seen))
        self._is_known_seen = True

    async def _discover(self) -> None:
        """List what there is beside what is known; what fails is tried again later, and keeps nothing waiting."""
        try:
            listed = await self._list_repositories()
        except GitHubError as error:
            if ends_all(error) or isinstance(error, Paused):
                raise
            self.resumes_at = retry_at(error, self.failures, self.now())
            self.failures += 1
            log.warning(
                "cannot list the repositories; checking the known petitions only",
                installation=self.mark.installation_id,
                until=self.resumes_at,
                error=str(error),
            )
        else:
            self._others = deque(one for one in listed if one.id not in self._seen)
            self.failures = 0

    async def _list_repositories(self) -> Sequence[Repository]:
        """List the repositories that the App may see, and record what has changed of those that are known."""
        here, as_of = self.mark.installation_id, int(self.now() - self.intervals.api_lag)
        listed = {one.id: one for one in await self.client.list_repositories()}
        known = await self.store.installations.get_repositories(here, list(listed))
        facts = [
            RepositoryFact(here, one, as_of)
            for one in listed.values()
            if (row := known.get(one.id))
            and (row.deleted, row.installation_id, row.repository) != (False, here, one)
        ]
        await self.store.record(facts)
        added = [one for one in listed if one in known and not known[one].accessible]
        # A run over one repository does not hear of the others.
        removed = [
            one
            for one, row in known.items()
            if self.client.only is None and one not in listed and row.accessible and row.installation_id == here
        ]
        if added or removed:
            await self.store.installations.record_access(added, removed, as_of)
        return list(listed.values())

    async def _read_next(self, repositories: deque[Repository], *, is_known: bool = False) -> None:
        try:
            await self._read_repository(repositories[0], is_known=is_known)
        except Unavailable:
            self._failures += 1
            if self._failures >= PATIENCE:
                repositories.popleft()
                self._failures = 0
            raise
        repositories.popleft()
        self._failures = 0

    async def _read_repository(self, repository: Repository, *, is_known: bool) -> None:
        """Record petitions that are not known, and request publishing for those that differ from what is known.

        A repository that is only known may have another name by now, and its name may be another's.
        """
        if repository.archived:
            return
        known = {one.issue_id: one for one in await self.store.petitions.list_in_repository(repository.id)}
        try:
            if is_known:
                shown = await self.client.get_repository(repository.full_name)
                if shown.id != repository.id or shown.archived:
                    return
                repository = shown
            reads = await self.client.list_petitions(repository, self.label)
        except GitHubError as error:
            if ends_all(error) or isinstance(error, Unavailable):
                raise
            # Publishing finds out for each of them what is the matter.
            await self.store.petitions.request_publishing([one.id for one in known.values() if one.labelled])
            return
        self._seen.add(repository.id)
        here = self.mark.installation_id
        await self.store.record([IssueFact(here, one.repository, one.issue, as_of=one.read_at) for one in reads])
        if reads:
            settings = await read_settings(repository, store=self.store, client=self.client, now=self.now)
            if settings.settings.translations:
                for one in await self.store.translations.list_in_repository(repository.id):
                    await read_translations(
                        one, repository, settings, store=self.store, client=self.client, is_news=True
                    )
            # Whoever gave commands may not be an organizer any more.
            await self.store.petitions.request_publishing(await self.store.commands.list_petitions(repository.id))
        self._counts |= {one.issue.id: (one.issue.comments, one.read_at) for one in reads}
        await self._compare({one.issue.id: one for one in reads}, known)

    async def _compare(self, reads: dict[int, IssueRead], known: dict[int, KnownPetition]) -> None:
        edited = [one.id for issue, one in known.items() if issue in reads and _is_edited(one, reads[issue])]
        absent = [one.id for issue, one in known.items() if issue not in reads and one.labelled]
        back = [one.id for issue, one in known.items() if issue in reads and one.state in _ENDED_BY_BEING_LISTED]
        await self.store.petitions.request_publishing(edited + absent)
        await self.store.petitions.retry_now(back)

    async def _check_thread(self) -> bool:
        """Check the thread that was checked the longest time ago; False where there is none."""
        now = self.now()
        thread = await self.store.threads.get_to_check(self.mark.installation_id, now, self._began)
        if thread is None:
            return False
        try:
            count = self._counts.get(thread.issue_id) or await self._read_issue(thread)
            await ThreadResync(thread, self.store, self.client, now).check(count)
        except GitHubError as error:
            if ends_all(error):
                raise
            await self.store.threads.postpone(thread, retry_at(error, thread.attempts, now))
            if is_unwell(error):
                raise
            if concerns_issue(error):
                # Publishing finds out what is the matter with the issue.
                await self.store.petitions.request_publishing([thread.petition_id])
        return True

    async def _read_issue(self, thread: ThreadToRead) -> tuple[int, int]:
        """Read an issue that no list has shown: those that continue a petition carry no label."""
        read = await self.client.get_issue(thread.repository.full_name, thread.number)
        if read.issue.id != thread.issue_id:
            raise NameReused(f"{thread.repository.full_name}#{thread.number} is another issue now")
        known = await self.store.bodies.get(thread.issue_id)
        if known.left_digest not in ("", body_digest(read.body or "")):
            await self.store.petitions.request_publishing([thread.petition_id])
        await self.store.record(
            [IssueFact(thread.installation_id, read.repository, read.issue, as_of=read.read_at)]
        )
        return read.issue.comments, read.read_at


_ENDED_BY_BEING_LISTED: Final = (State.NOT_FOUND, State.ISSUES_DISABLED, State.UNAVAILABLE, State.NAME_REUSED)


def _is_edited(petition: KnownPetition, read: IssueRead) -> bool:
    """Return whether a body is another one than we left; when we have left none yet, it is due anyway."""
    return petition.left_digest not in ("", body_digest(read.body or ""))
