"""`sync`: count the petitions of one repository once, publish what has changed, and end."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import aiohttp
import structlog
from msgspec import Struct

from bot.config import Config, ConfigError
from bot.github.app_client import with_token
from bot.github.errors import GitHubError, Paused, Unavailable
from bot.github.etag_cache import CachedResponse, EtagCache, make_response_store
from bot.github.installation_client import InstallationClient
from bot.github.throttle import Kind
from bot.metrics_hooks import Hooks
from bot.petition.facts_from_github import InstallationFact, IssueFact, Repository
from bot.petition.machine_readable_lines import Counter
from bot.reconcile.body_write_and_repair_limiters import WriteLimiter, WriteRate
from bot.reconcile.errors_and_retries import Intervals
from bot.reconcile.installation_discovery import InstallationSync
from bot.reconcile.installation_worker import Worker
from bot.reconcile.reactions import add_missing_reactions
from bot.reconcile.resync import UnknownPetition
from bot.store import (
    Damaged,
    DatabaseUnavailable,
    Lease,
    Snapshot,
    State,
    Store,
    WrongDatabase,
    delete_database,
)
from bot.store.failed_deliveries_and_cached_responses import KeptResponse
from bot.store_and_github_from_config import SYSTEM_CLOCK, addresses_of, github_of, open_store
from bot.time_types import Clock, Seconds

log = structlog.get_logger("sync")

WORKFLOW: Final = 1
"""The number by which the database knows the installation that a workflow's token stands for."""

MAX_REACTIONS: Final = 60
"""Reactions of one run: GitHub takes eighty writes of content a minute."""

HOUR: Final[Seconds] = 3600.0

PATIENCE: Final[Seconds] = 30.0
"""How long a run waits for what can soon be tried again; longer than that, the next run does it."""

LONGEST_RUN: Final[Seconds] = 900.0
"""How long a run works; then the next one goes on. A job that takes too long fails."""

MOST_MISTAKES: Final = 10
"""After how many mistakes of its own a run ends."""

CACHE_BYTES: Final = 32 * 1024 * 1024

RATES: Final = WriteRate(burst=10, period=1.0, gap=0.0)
"""A run writes each body once, or twice."""


@dataclass(slots=True)
class CallCounter(Hooks):
    """Counts the calls of a run that count for GitHub's limits."""

    calls: int = 0
    written: int = 0

    def record_call(self, kind: str, outcome: str) -> None:
        """Count a call."""
        self.calls += outcome != "unchanged"
        self.written += kind == Kind.WRITE and outcome == "ok"


TO_MEND: Final = (
    State.NOT_ALLOWED,
    State.ISSUES_DISABLED,
    State.NOT_GRANTED,
    State.SETTINGS_UNREADABLE,
    State.NO_ROOM,
    State.REFUSED,
    State.STUMBLED,
)
"""The states of a petition that somebody must mend something for: they do not pass by themselves."""


class SyncedPetition(Struct, frozen=True):
    """What a run has come to for one petition; `before` is the count of the run before, None for a new one."""

    name: str
    count: int
    state: State
    before: int | None
    by: Counter


class SyncReport(Struct, frozen=True):
    """What a run has done, and what is left to the next one."""

    repository: str
    label: str
    """The label that makes an issue a petition."""
    petitions: tuple[SyncedPetition, ...]
    calls: int
    written: int
    reactions: int
    mistakes: int
    """Of our own; the log has them."""
    left: str = ""
    """Why something is left to the next run; empty where nothing is."""


async def sync(
    repository: str,
    number: int | None,
    config: Config,
    clock: Clock = SYSTEM_CLOCK,
    *,
    replaces_database: bool = False,
) -> SyncReport:
    """Sync a repository's petitions, or the one of a number.

    With `replaces_database` and a token, a database is deleted that cannot be used or holds what has left the
    repository, because forks can read what a workflow keeps; then everything is read again. Raises UnknownPetition,
    ConfigError where a token is given and the database is an App's, the store's errors, and `bot.github.errors`.
    """
    replaces_database &= bool(config.token)
    try:
        return await _sync(repository, number, config, clock, replaces_database=replaces_database)
    except (Damaged, WrongDatabase) as error:
        if not replaces_database:
            raise
        log.warning("a new database replaces the old one", error=str(error))
    await asyncio.to_thread(delete_database, config.database_url)
    return await _sync(repository, number, config, clock, replaces_database=False)


async def _sync(
    repository: str, number: int | None, config: Config, clock: Clock, *, replaces_database: bool
) -> SyncReport:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(config, make=True, now=clock.now))
        if config.token and await _is_of_an_app(store):
            raise ConfigError([_OF_AN_APP])
        session = await stack.enter_async_context(aiohttp.ClientSession())
        calls = CallCounter()
        responses = KeptResponses()
        if config.token:
            client = with_token(
                session, config.token, config.api_url, clock, hooks=calls, cache=responses, installation_id=WORKFLOW
            )
        else:
            github = github_of(config, session, clock, hooks=calls)
            client = github.installation(await github.find_installation(repository))
        await responses.load(store)
        try:
            client.only = shown = await client.get_repository(repository)
        except (Paused, Unavailable) as error:
            return SyncReport(repository, config.petition_label, (), calls.calls, 0, 0, 0, _reason(error))
        if shown.private and config.token:
            await store.close()
            store = await stack.enter_async_context(_private_store(config, clock))
        run = SyncRun(store, client, shown, config, clock, calls)
        async with store.lease(client.id) as lease:
            report = await run.sync(number, lease)
        await responses.save(store)
        if replaces_database and await store.petitions.has_any_elsewhere(shown.id):
            raise WrongDatabase("it holds petitions that have left the repository")
        return report


_OF_AN_APP: Final = (
    "GITHUB_TOKEN is set, but the database belongs to an App. Set DATABASE_URL to a separate database for `sync`,"
    " or unset GITHUB_TOKEN to count as the App"
)


async def _is_of_an_app(store: Store) -> bool:
    """Return whether a database is an App's.

    With a token we stand for another installation: the App would lose its repository to us, or, where that is
    private, the database with its credentials.
    """
    return await store.credentials.get() is not None or await store.installations.has_others(WORKFLOW)


@asynccontextmanager
async def _private_store(config: Config, clock: Clock) -> AsyncIterator[Store]:
    """Open a database that is gone afterwards, and delete the one that a workflow would keep.

    Forks can read what a workflow keeps, and the repository may have been public before.
    """
    await asyncio.to_thread(delete_database, config.database_url)
    with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
        private = replace(config, database_url=f"sqlite:///{folder}/private.db")
        async with open_store(private, make=True, now=clock.now) as store:
            yield store


class KeptResponses(EtagCache):
    """The responses of the run before, and those that this one has asked for."""

    def __init__(self) -> None:
        super().__init__(make_response_store(CACHE_BYTES), WORKFLOW)
        self._used: set[str] = set()

    def get(self, url: str) -> CachedResponse | None:
        """Return the response that is kept, and keep it for the next run."""
        self._used.add(url)
        return super().get(url)

    async def load(self, store: Store) -> None:
        """Read what the run before has kept."""
        for one in await store.responses.list_all():
            self._store[self._id, one.url] = CachedResponse(one.etag, one.last_modified, one.data, one.next_url)

    async def save(self, store: Store) -> None:
        """Keep what this run has asked for, and nothing that was deleted since."""
        kept = [
            KeptResponse(url, one.etag, one.last_modified, one.next_url, one.data)
            for (_, url), one in self._store.items()
            if url in self._used
        ]
        await store.responses.replace_all(kept)


@dataclass(slots=True)
class SyncRun:
    """One run over the petitions of a repository."""

    store: Store
    client: InstallationClient
    repository: Repository
    config: Config
    clock: Clock
    calls: CallCounter
    left: str = ""
    _reactions: int = field(default=0, init=False)
    _mistakes: int = field(default=0, init=False)

    async def sync(self, number: int | None, lease: Lease) -> SyncReport:
        """Read, count and publish; a limit of GitHub's ends the run early, and the next one goes on."""
        before = {petition_id: found.count for petition_id, found in (await self._snapshots()).items()}
        worker = Worker(
            self.store, self.client, self.config.petition_label, WriteLimiter(RATES), _INTERVALS,
            self.clock.now, self.clock.now(), addresses_of(self.config), once=True, counter=self._counter,
        )  # fmt: skip
        try:
            if not lease:
                self.left = "another process is using this database"
            else:
                await self._begin(number)
                await self._discover(number)
                await self._work(worker, lease)
            if not self.left:
                self._reactions = await add_missing_reactions(
                    self.store, self.client, self.repository.id, lease, MAX_REACTIONS
                )
        except (Paused, Unavailable) as error:
            self.left = _reason(error)
        return SyncReport(
            self.repository.full_name,
            self.config.petition_label,
            await self._list_petitions(before),
            self.calls.calls,
            self.calls.written,
            self._reactions,
            self._mistakes,
            self.left,
        )

    @property
    def _counter(self) -> Counter:
        return Counter.WORKFLOW if self.config.token else Counter.APP

    async def _begin(self, number: int | None) -> None:
        """Record where we are, and the one petition that is wanted, if it is one."""
        now = int(self.clock.now())
        await self.store.record([InstallationFact(self.client.id, self.repository.owner, now)])
        if number is None:
            return
        read = await self.client.get_issue(self.repository.full_name, number)
        if self.config.petition_label.lower() not in read.issue.labels or read.issue.is_pull_request:
            raise UnknownPetition(
                f"{self.repository.full_name}#{number} is not a petition: it does not have the label"
                f" `{self.config.petition_label}`"
            )
        fact = IssueFact(self.client.id, read.repository, read.issue, as_of=read.read_at, reread=True)
        await self.store.record([fact])

    async def _discover(self, number: int | None) -> None:
        """Find the petitions and what has changed on them, unless it is one that is wanted."""
        mark = await self.store.installations.get_discovery(self.client.id)
        if mark is None:
            return
        if number is None:
            discovery = InstallationSync(
                mark, self.store, self.client, self.config.petition_label, _INTERVALS, self.clock.now
            )
            with self._going_on():
                await discovery.step_to_end(self.clock.sleep)
            if not await self.store.petitions.list_in_repository(self.repository.id):
                # Discovery passes over what it may not read; where nothing is known, somebody has to be told.
                await self.client.list_petitions(self.repository, self.config.petition_label)
        now = self.clock.now()
        await self.store.installations.mark_discovered(self.client.id, now, now, asked=mark.asked)

    async def _work(self, worker: Worker, lease: Lease) -> None:
        """Do all that is due, and what is due again soon."""
        ends_at = self.clock.now() + LONGEST_RUN
        while lease and self._mistakes < MOST_MISTAKES:
            until = 0.0
            with self._going_on():
                until = await worker.step(lease)
            if self.clock.now() > ends_at:
                self.left = "it took too long"
                break
            if until == 0.0:
                continue
            if not await self._is_due_within(PATIENCE):
                if await self._is_due_within(HOUR):
                    self.left = "some calls to GitHub failed"
                break
            await self.clock.sleep(max(until - self.clock.now(), 0.1))

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        """Log a mistake of our own and go on: it must keep no other petition from being counted."""
        try:
            yield
        except (GitHubError, DatabaseUnavailable):
            raise
        except Exception:
            # What went wrong is postponed, as where a server runs; a run that fails comes to nothing.
            log.exception("something went wrong; the run goes on with the rest")
            self._mistakes += 1

    async def _is_due_within(self, seconds: Seconds) -> bool:
        soon, here = self.clock.now() + seconds, self.client.id
        known = await self.store.petitions.list_in_repository(self.repository.id)
        hopeless = {one.id for one in known if one.state in TO_MEND}
        due = {one.petition_id for one in await self.store.petitions.list_due(here, soon)}
        due |= {one.petition_id for one in await self.store.threads.list_to_read(here, soon)}
        doubtful = await self.store.doubtful_comments.get_doubtful_thread(here, soon)
        return doubtful is not None or not due <= hopeless

    async def _list_petitions(self, before: Mapping[int, int]) -> tuple[SyncedPetition, ...]:
        listed: list[SyncedPetition] = []
        for petition_id, found in (await self._snapshots()).items():
            if found.threads:
                name = f"{found.threads[0].repository.full_name}#{found.threads[0].number}"
                count_before = before.get(petition_id)
                listed.append(SyncedPetition(name, found.count, found.state, count_before, self._counter))
        return tuple(listed)

    async def _snapshots(self) -> dict[int, Snapshot]:
        known = await self.store.petitions.list_in_repository(self.repository.id)
        return {one.id: await self.store.petitions.get_snapshot(one.id, 0) for one in known}


_INTERVALS: Final = Intervals(poll=1.0, debounce=0.0, api_lag=0.0)


def _reason(error: Paused | Unavailable) -> str:
    if isinstance(error, Paused):
        return (
            f"GitHub accepts no calls until {datetime.fromtimestamp(error.until, UTC):%H:%M} UTC ({error.reason})"
        )
    return f"GitHub did not respond as expected ({error})"
