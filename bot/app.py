"""The one place that wires the parts together and runs them."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import aiohttp
import structlog
from aiohttp import web

from bot.config import Config
from bot.encryption import derive
from bot.github.circuit_breaker import CircuitBreaker
from bot.github.client import GitHub
from bot.github.meta import make_probe
from bot.github.oauth import OAuthClient
from bot.github.throttle import Limits
from bot.metrics import Metrics
from bot.operations import addresses_of, examine
from bot.petition.facts import Fact
from bot.reconcile.app_sync import AppSync
from bot.reconcile.intervals import Intervals
from bot.reconcile.scheduler import Scheduler
from bot.reconcile.write_limiter import WriteLimiter, WriteRate
from bot.store import Busy, Damaged, DatabaseUnavailable, Store
from bot.supervisor import SupervisedTask, Supervisor
from bot.web.application import create_app
from bot.web.context import PagesContext
from bot.web.monitoring import OperatorDetails, WebMetrics
from bot.web.organizers.service import OrganizerService
from bot.web.rate_limit import RateLimits
from bot.web.serving import listen
from bot.web.setup.auth import SetupAuth
from bot.web.setup.pages import SetupDonePage, SetupProgress
from bot.web.webhook.handler import Record

log = structlog.get_logger("app")

PATIENCE = 5.0
"""Seconds that work in flight gets at shutdown; the whole must end within 10.

Requests in flight get `bot.web.serving.PATIENCE` meanwhile, and afterwards facts that still wait get
`bot.store.recording.group_commit.CLOSE_TIMEOUT`.
"""

DAY, HOUR = 86_400.0, 3_600.0

GARBAGE: Final = 5_000
"""Objects that may pile up in cycles before they are looked for; on them may hang all that a failed call had read.

A delivery leaves no cycle behind, so that in a storm a look comes every few thousand of them; it takes a
millisecond.
"""


class CannotListen(Exception):
    """The listening address is taken or not ours."""


@dataclass(frozen=True, slots=True)
class Tempo:
    """How fast the bot may be: how often a body is written, how GitHub's limits are kept, how often it looks.

    Without `beats`, the configuration says how often GitHub is surveyed.
    """

    rate: WriteRate = field(default_factory=WriteRate)
    limits: Limits = field(default_factory=Limits)
    beats: Intervals | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Where the time comes from, in UTC epoch seconds, and how to let some pass."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot; `port` is the one it really listens on."""

    store: Store
    conductor: Scheduler
    rounds: AppSync
    port: int


@asynccontextmanager
async def running(
    config: Config, tempo: Tempo | None = None, clock: Clock | None = None, address: socket.socket | None = None
) -> AsyncIterator[Bot]:
    """Run the bot inside the `async with`; leaving it finishes what is in flight and closes everything.

    Raises CannotListen, and the store's own errors when the database cannot be opened.
    """
    tempo, clock = tempo or Tempo(), clock or Clock()
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        supervisor = Supervisor(metrics.failed)
        store = await Store.open(
            config.database_url, label=config.petition_label, now=clock.now, hooks=metrics, supervisor=supervisor
        )
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        beats = tempo.beats or Intervals(resync=config.resync_seconds)
        github = GitHub(
            session,
            app_id=config.app_id,
            private_key=config.private_key,
            api_url=config.api_url,
            now=clock.now,
            sleep=clock.sleep,
            limits=tempo.limits,
            lag=beats.lag,
            hooks=metrics,
            circuit_breaker=CircuitBreaker(make_probe(session, config.api_url), clock.now, metrics),
        )
        rounds = AppSync(store, github, beats, clock.now)
        conductor = Scheduler(
            store,
            github,
            config.petition_label,
            clock.now,
            WriteLimiter(tempo.rate),
            beats,
            rounds.alarm,
            supervisor=supervisor,
        )
        organizers = _organizers(config, conductor, session, clock) if config.lets_sign_in else None
        application = await _application(config, conductor, rounds, metrics, clock, organizers)
        server, loops = AsyncExitStack(), list[SupervisedTask]()
        stack.push_async_callback(_end, server, loops)
        port = await server.enter_async_context(_listening(application, config, metrics, address))
        # Only now: what is published links to the pages, and the rounds ask for deliveries, which must find us.
        conductor.addresses = addresses_of(config, port)
        loops += _start_loops(conductor, rounds)
        log.info("listening", host=config.host, port=port)
        yield Bot(store, conductor, rounds, port)
        log.info("stopping")


async def run(config: Config, stop: asyncio.Event, address: socket.socket | None = None) -> None:
    """Run the bot until `stop`; on an address that was taken before, if there is one."""
    async with running(config, address=address):
        _settle_in()
        await stop.wait()


def operator_token(config: Config) -> str | None:
    """Return what opens the details of `/readyz`; None without a SECRET_KEY, when nothing does."""
    return derive(config.secret_key, "operator") if config.secret_key else None


def cannot_listen(config: Config, error: OSError) -> CannotListen:
    """Return why nobody can be heard."""
    return CannotListen(f"cannot listen on {config.host} port {config.port}: {error.strerror}")


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


def _settle_in() -> None:
    """Keep the garbage collector from looking, in a storm every few deliveries, at what is here to stay."""
    gc.collect()
    gc.freeze()
    # A whole collection waits until a quarter of what the last one left is new; that was all of the above.
    gc.collect()
    gc.set_threshold(GARBAGE, 10, 10)


def _start_loops(conductor: Scheduler, rounds: AppSync) -> list[SupervisedTask]:
    start = conductor.supervisor.start
    return [
        start("scheduler", conductor.run, ask_to_stop=conductor.stop),
        start("app_wide_loop", rounds.run, ask_to_stop=rounds.stop),
        start("database_check", partial(_check_daily, conductor.store), longest_pause=HOUR),
    ]


async def _end(server: AsyncExitStack, loops: Sequence[SupervisedTask]) -> None:
    """Stop all side by side: one after the other, they would take as long as all their patience together."""
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


async def _application(
    config: Config,
    conductor: Scheduler,
    rounds: AppSync,
    metrics: Metrics,
    clock: Clock,
    organizers: OrganizerService | None,
) -> web.Application:
    store = conductor.store

    async def readiness() -> dict[str, bool | str]:
        tasks: dict[str, str] = {**conductor.supervisor.states()}
        if tasks.get("scheduler") == "running" and clock.now() - conductor.looked_at >= 10 * conductor.beats.look:
            tasks["scheduler"] = "stalled"
        loops = "scheduler" in tasks and all(state == "running" for state in tasks.values())
        return {"database": await store.ping(), "loops": loops, **tasks}

    async def look() -> list[dict[str, str]]:
        return [one.fields() for one in await examine(config, clock.now, clock.sleep)]

    token = operator_token(config)
    details = None if token is None else OperatorDetails(look, token)
    setup_done = await _setup_done(config, store, clock)
    record = store.record if setup_done is None else _marking_first_delivery(store, clock)
    context = PagesContext(store.rosters, addresses_of(config), clock.now)
    return create_app(
        record=_made_up_for(record, rounds),
        secrets=config.webhook_secrets,
        readiness=readiness,
        problem=store.database.problem,
        context=context,
        details=details,
        metrics=_web_metrics(metrics, conductor, rounds, clock),
        limits=RateLimits(proxies=config.trusted_proxies),
        organizers=organizers,
        setup_done=setup_done,
        supervisor=conductor.supervisor,
    )


@asynccontextmanager
async def _listening(
    application: web.Application, config: Config, metrics: Metrics, address: socket.socket | None
) -> AsyncIterator[int]:
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(
                listen(application, config.host, config.port, address, on_rejected=metrics.record_rejected)
            )
        except OSError as error:
            raise cannot_listen(config, error) from error
        yield port


def _web_metrics(metrics: Metrics, conductor: Scheduler, rounds: AppSync, clock: Clock) -> WebMetrics:
    """Return hooks that count, have refused deliveries sent again, and format the metrics."""
    store = conductor.store

    def record_delivery(outcome: str, seconds: float) -> None:
        metrics.record_delivery(outcome, seconds)
        if outcome == "503":
            rounds.refused()

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
            budget=conductor.github.remaining_calls(),
            looked_at=conductor.looked_at,
            tasks=len(asyncio.all_tasks()),
        )

    return WebMetrics(record_delivery, metrics.record_rejected, expose)


def _organizers(
    config: Config, conductor: Scheduler, session: aiohttp.ClientSession, clock: Clock
) -> OrganizerService:
    client = OAuthClient(config.api_url, config.client_id, config.client_secret)
    return OrganizerService(conductor.store, conductor.github, session, client, config.secret_key, clock.now)


async def _setup_done(config: Config, store: Store, clock: Clock) -> SetupDonePage | None:
    """Return the last page of the set-up, unless that is over or never was."""
    if not config.app_page or await store.credentials.get_first_delivery_at() is not None:
        return None

    async def progress() -> SetupProgress:
        is_delivered = await store.credentials.get_first_delivery_at() is not None
        return SetupProgress(tuple(await store.installations.list_accounts()), is_delivered)

    return SetupDonePage(SetupAuth(config.secret_key, clock.now), progress, config.app_page, config.petition_label)


def _made_up_for(record: Record, rounds: AppSync) -> Record:
    """Record as always, and have GitHub asked for what cannot be taken, as soon as it can."""

    async def record_or_refuse(facts: Sequence[Fact]) -> None:
        try:
            await record(facts)
        except (Busy, DatabaseUnavailable):
            rounds.refused(facts)
            raise

    return record_or_refuse


def _marking_first_delivery(store: Store, clock: Clock) -> Record:
    """Return `store.record`, which also marks the first delivery."""
    heard = False

    async def record(facts: Sequence[Fact]) -> None:
        nonlocal heard
        await store.record(facts)
        if not heard:
            heard = True
            await store.credentials.record_delivery(int(clock.now()))

    return record
