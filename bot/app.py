"""Wire the parts together and run them; nothing else does."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import Final

import aiohttp
import structlog
from aiohttp import web
from msgspec import Struct, field

from bot.config import Config
from bot.doctor.checks import examine
from bot.encryption_and_derived_tokens import operator_token
from bot.github.api_urls import web_url_of
from bot.github.circuit_breaker import CircuitBreaker, make_probe
from bot.github.sign_in import OAuthClient
from bot.github.throttle import Limits
from bot.metrics import Metrics
from bot.petition.facts_from_github import Fact
from bot.reconcile.app_wide_loop import AppWideLoop
from bot.reconcile.body_write_and_repair_limiters import WriteLimiter, WriteRate
from bot.reconcile.errors_and_retries import Intervals
from bot.reconcile.installation_scheduler import Scheduler
from bot.store import Busy, Damaged, DatabaseUnavailable, Store
from bot.store_and_github_from_config import SYSTEM_CLOCK, addresses_of, github_of
from bot.supervisor import SupervisedTask, Supervisor
from bot.time_types import Clock, Seconds
from bot.web.monitoring import Monitoring, OperatorDetails, WebMetrics
from bot.web.organizers.auth import OrganizerAuth
from bot.web.organizers.cached_signature_reviews import SignatureReviews
from bot.web.organizers.routes import OrganizerServices
from bot.web.petition_requests import PagesContext
from bot.web.request_limits import RequestLimits
from bot.web.server import create_app, listen
from bot.web.setup.installation import InstalledApp, SetupDonePage
from bot.web.setup.wizard import SetupAuth
from bot.web.webhook import Record

log = structlog.get_logger("app")

PATIENCE = 5.0
"""Seconds that work in flight gets at shutdown; the whole must end within 10.

Requests in flight get `bot.web.server.SHUTDOWN_TIMEOUT` meanwhile, and afterwards facts that still wait get
`bot.store.recording.group_commit.CLOSE_TIMEOUT`.
"""

DAY, HOUR, MINUTE = 86_400.0, 3_600.0, 60.0

FILL_PAUSE: Final = 0.05
"""Seconds between two portions of signatures of an earlier release, in which others write."""

GARBAGE: Final = 5_000
"""Objects after which the garbage collector runs; a cycle may hold all that a failed call had read.

A delivery leaves no cycle behind, so that in a storm the collector runs every few thousand of them; that takes a
millisecond.
"""

SWITCH_INTERVAL: Final[Seconds] = 0.0005
"""How long a thread may keep the interpreter from others that want it.

The thread that writes to SQLite wants it after each statement. With Python's 5 ms, a delivery would wait ten times
as long for its transaction while pages are read.
"""


class Rates(Struct, frozen=True):
    """How often a body is written, how GitHub's limits are kept, and how often the loops run.

    Without `intervals`, the configuration says how often a resync is due.
    """

    write_rate: WriteRate = field(default_factory=WriteRate)
    limits: Limits = field(default_factory=Limits)
    intervals: Intervals | None = None


class Bot(Struct, frozen=True):
    """A running bot; `port` is the one it really listens on."""

    store: Store
    scheduler: Scheduler
    app_sync: AppWideLoop
    port: int


@asynccontextmanager
async def running(
    config: Config, rates: Rates | None = None, clock: Clock = SYSTEM_CLOCK, address: socket.socket | None = None
) -> AsyncIterator[Bot]:
    """Run the bot inside the `async with`; leaving it finishes what is in flight and closes everything.

    Raises CannotListen, and the store's own errors when the database cannot be opened.
    """
    rates = rates or Rates()
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        supervisor = Supervisor(metrics.failed)
        store = await Store.open(
            config.database_url, label=config.petition_label, now=clock.now, hooks=metrics, supervisor=supervisor
        )
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        intervals = rates.intervals or Intervals(resync=config.resync_seconds)
        github = github_of(
            config, session, clock, limits=rates.limits, lag=intervals.api_lag, hooks=metrics,
            circuit_breaker=CircuitBreaker(make_probe(session, config.api_url), clock.now, metrics),
        )  # fmt: skip
        app_sync = AppWideLoop(store, github, intervals, clock.now)
        scheduler = Scheduler(
            store, github, config.petition_label, clock.now, WriteLimiter(rates.write_rate), intervals,
            app_sync.request_sync, supervisor=supervisor,
        )  # fmt: skip
        organizers = _organizers(config, scheduler, session, clock) if config.lets_sign_in else None
        application = await _make_application(config, scheduler, app_sync, metrics, clock, organizers)
        server, loops = AsyncExitStack(), list[SupervisedTask]()
        stack.push_async_callback(_stop, server, loops)
        port = await server.enter_async_context(
            listen(application, config.host, config.port, address, on_rejected=metrics.record_rejected)
        )
        # Only now: what is published links to the pages, and deliveries that the sync asks for must find us.
        scheduler.addresses = addresses_of(config, port)
        loops += _start_loops(scheduler, app_sync)
        log.info("listening", host=config.host, port=port)
        yield Bot(store, scheduler, app_sync, port)
        log.info("stopping")


async def run(config: Config, stop: asyncio.Event, address: socket.socket | None = None) -> None:
    """Run the bot until `stop`; on an address that was taken before, if there is one."""
    async with running(config, address=address):
        _tune_garbage_collector()
        sys.setswitchinterval(SWITCH_INTERVAL)
        await stop.wait()


def local_bases(config: Config) -> list[str]:
    """Return how addresses begin on this machine, where it is known beforehand on which port the server listens."""
    host = f"[{config.host}]" if ":" in config.host else config.host
    return [f"http://{name}:{config.port}" for name in (host, "localhost")] if config.port else []


@contextmanager
def stopping_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at SIGTERM and SIGINT while inside; a second signal does nothing more."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _tune_garbage_collector() -> None:
    """Keep the garbage collector from examining, in a storm every few deliveries, what is here to stay."""
    gc.collect()
    gc.freeze()
    # A whole collection waits until a quarter of what the last one left is new; that was all of the above.
    gc.collect()
    gc.set_threshold(GARBAGE, 10, 10)


def _start_loops(scheduler: Scheduler, app_sync: AppWideLoop) -> list[SupervisedTask]:
    start = scheduler.supervisor.start
    return [
        start("scheduler", scheduler.run, ask_to_stop=scheduler.stop),
        start("app_wide_loop", app_sync.run, ask_to_stop=app_sync.stop),
        start("database_check", partial(_check_daily, scheduler.store), longest_pause=HOUR),
        start("roster_keys", partial(_fill_roster_keys, scheduler.store)),
    ]


async def _stop(server: AsyncExitStack, loops: Sequence[SupervisedTask]) -> None:
    """Stop all at the same time: one after the other, they would take the sum of their grace periods."""
    async with asyncio.TaskGroup() as group:
        group.create_task(server.aclose())
        for task in loops:
            group.create_task(task.stop(PATIENCE))


async def _check_daily(store: Store) -> None:
    """Check the database file beside the work, at once and every day."""
    while True:
        pause = DAY
        try:
            await store.database.check_integrity()
        except Damaged as error:
            # The error says all; its traceback would say nothing more.
            log.error("database damaged, deliveries are refused", what=str(error))  # noqa: TRY400
        except DatabaseUnavailable as error:
            log.warning("database not checked", error=str(error))
            pause = HOUR
        await asyncio.sleep(pause)


async def _fill_roster_keys(store: Store) -> None:
    """Prepare signatures of an earlier release for sorting and searching, beside the work.

    Another process may still be one of that release.
    """
    while True:
        try:
            pause = FILL_PAUSE if await store.fill_roster_keys() else HOUR
        except DatabaseUnavailable as error:
            log.warning("signatures not prepared for sorting", error=str(error))
            pause = MINUTE
        await asyncio.sleep(pause)


async def _make_application(
    config: Config,
    scheduler: Scheduler,
    app_sync: AppWideLoop,
    metrics: Metrics,
    clock: Clock,
    organizers: OrganizerServices | None,
) -> web.Application:
    store = scheduler.store

    async def look() -> list[dict[str, str]]:
        # Monitoring asks again and again.
        return [one.fields() for one in await examine(config, clock, has_trials=False)]

    token = operator_token(config.secret_key)
    details = None if token is None else OperatorDetails(look, token)
    setup_done = await _setup_done(config, scheduler, clock)
    context = PagesContext(
        store.rosters, addresses_of(config), clock.now, local_bases(config), config.petition_label
    )
    return create_app(
        record=_recording(store, app_sync, clock, marks_first=setup_done is not None),
        secrets=config.webhook_secrets,
        monitoring=Monitoring(
            partial(_check_readiness, scheduler, clock),
            store.database.problem,
            details,
            _web_metrics(metrics, scheduler, app_sync, clock),
        ),
        context=context,
        limits=RequestLimits(proxies=config.trusted_proxies),
        organizers=organizers,
        setup_done=setup_done,
        supervisor=scheduler.supervisor,
    )


async def _check_readiness(scheduler: Scheduler, clock: Clock) -> dict[str, bool | str]:
    """Return whether the database answers and all loops run, and the state of each task."""
    tasks: dict[str, str] = {**scheduler.supervisor.states()}
    is_late = clock.now() - scheduler.polled_at >= 10 * scheduler.intervals.poll
    if tasks.get("scheduler") == "running" and is_late:
        tasks["scheduler"] = "stalled"
    loops = "scheduler" in tasks and all(state == "running" for state in tasks.values())
    return {"database": await scheduler.store.ping(), "loops": loops, **tasks}


def _web_metrics(metrics: Metrics, scheduler: Scheduler, app_sync: AppWideLoop, clock: Clock) -> WebMetrics:
    """Return hooks that count, have refused deliveries sent again, and format the metrics."""
    store = scheduler.store

    def record_delivery(outcome: str, seconds: Seconds) -> None:
        metrics.record_delivery(outcome, seconds)
        if outcome == "503":
            app_sync.record_refused()

    async def expose() -> bytes:
        try:
            backlog = await store.petitions.get_backlog()
        except DatabaseUnavailable:
            backlog = None
        return metrics.expose(
            now=clock.now(),
            waiting=store.writer.waiting,
            database_works=await store.ping(),
            backlog=backlog,
            budget=scheduler.github.remaining_calls(),
            looked_at=scheduler.polled_at,
            tasks=len(asyncio.all_tasks()),
        )

    return WebMetrics(record_delivery, metrics.record_rejected, expose)


def _organizers(
    config: Config, scheduler: Scheduler, session: aiohttp.ClientSession, clock: Clock
) -> OrganizerServices:
    store, client = scheduler.store, OAuthClient(config.api_url, config.client_id, config.client_secret)
    auth = OrganizerAuth(store.sign_outs, scheduler.github, session, client, config.secret_key, clock.now)
    return OrganizerServices(auth, SignatureReviews(store, clock.now))


async def _setup_done(config: Config, scheduler: Scheduler, clock: Clock) -> SetupDonePage | None:
    """Return the last page of the set-up, unless that is over or never was."""
    if not config.app_page or await scheduler.store.credentials.get_first_delivery_at() is not None:
        return None
    auth = SetupAuth(config.secret_key, clock.now)
    installed = InstalledApp(scheduler.github, config.petition_label, clock.now)
    return SetupDonePage(auth, scheduler.store, installed, config.app_page, web_url_of(config.api_url))


def _recording(store: Store, app_sync: AppWideLoop, clock: Clock, *, marks_first: bool) -> Record:
    """Return `store.record`, which has GitHub asked again for what it cannot record; may mark a first delivery."""

    async def record(facts: Sequence[Fact]) -> None:
        nonlocal marks_first
        try:
            await store.record(facts)
            if marks_first:
                marks_first = False
                await store.credentials.record_delivery(int(clock.now()))
        except (Busy, DatabaseUnavailable):
            app_sync.record_refused(facts)
            raise

    return record
