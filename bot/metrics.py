"""The metrics of a running bot, for Prometheus: numbers only, no names of people or repositories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from bot.github.throttle import Kind
from bot.metrics_hooks import Hooks
from bot.store import Backlog
from bot.time_types import EpochSeconds, Seconds

DELIVERIES: Final = ("recorded", "ignored", "400", "401", "408", "411", "413", "415", "429", "500", "503")
CALLS: Final = ("ok", "unchanged", "moved", "limited", "refused", "failed", "unanswered")
TASKS: Final = (
    "app_wide_loop", "database_check", "group_commit", "live_updates", "postgresql_listener", "roster_keys",
    "scheduler", "worker",
)  # fmt: skip
FINDINGS: Final = ("changed", "missing", "repaired", "doubtful")
DURATIONS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0)
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics(Hooks):
    """All metrics of one process, in their own registry."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        deliveries = _counter(registry, "deliveries", "Deliveries by outcome", "outcome")
        # Looked up once: there can be thousands a second.
        self._deliveries = {outcome: deliveries.labels(outcome) for outcome in (*DELIVERIES, "other")}
        self._delivery_seconds = Histogram(
            "undersigned_delivery_seconds", "Time from a delivery's headers to its answer",
            registry=registry, buckets=DURATIONS,
        )  # fmt: skip
        self._rejected = _counter(registry, "turned_away", "Rejected connections and requests by reason", "reason")
        self._commit_facts = Histogram(
            "undersigned_commit_facts", "Facts per transaction", registry=registry, buckets=SIZES
        )
        self._commit_seconds = Histogram(
            "undersigned_commit_seconds", "Duration of transactions", registry=registry, buckets=DURATIONS
        )
        self._calls = _counter(registry, "api_calls", "Calls to GitHub by outcome", "kind", "outcome")
        self._pauses = _counter(registry, "api_pauses", "Calls to GitHub that were delayed, by reason", "reason")
        self._findings = _counter(
            registry, "resync_findings", "Differences found by a resync of comments", "finding"
        )
        self._redeliveries = _counter(registry, "redeliveries_asked", "Redeliveries requested from GitHub")
        failures = _counter(registry, "task_failures", "Unexpected ends of tasks, which are restarted", "task")
        self._failures = {task: failures.labels(task) for task in (*TASKS, "other")}
        self._queued = _gauge(registry, "queue_facts", "Facts waiting to be written")
        self._due = _gauge(registry, "unpublished_petitions", "Petitions whose issue body is out of date")
        self._oldest = _gauge(registry, "unpublished_age_seconds", "Age of the oldest unpublished change")
        self._loop_age = _gauge(registry, "loop_age_seconds", "Time since the scheduler last queried the database")
        self._tasks = _gauge(registry, "tasks", "Tasks of the event loop")
        self._budget = Gauge(
            "undersigned_api_budget", "Remaining calls to GitHub of the installation with the fewest",
            ["resource"], registry=registry,
        )  # fmt: skip
        self._database = _gauge(registry, "database_up", "1 while the database can be read and written")
        self._github = _gauge(registry, "github_up", "1 while GitHub is reachable, as far as is known")
        self._github.set(1)
        self._initialise()

    def record_delivery(self, outcome: str, seconds: Seconds) -> None:
        """Count a delivery; `outcome` is `recorded`, `ignored` or the status that refuses it."""
        self._deliveries.get(outcome, self._deliveries["other"]).inc()
        self._delivery_seconds.observe(seconds)

    def record_rejected(self, reason: str) -> None:
        """Count a connection or request that was rejected: too many, too often, or no HTTP."""
        self._rejected.labels(reason).inc()

    def record_commit(self, facts: int, duration: Seconds) -> None:
        """Count a transaction."""
        self._commit_facts.observe(facts)
        self._commit_seconds.observe(duration)

    def record_listing(self, *, changed: int, missing: int, repaired: int, doubtful: int) -> None:
        """Count the differences that a listing has found."""
        for finding, number in zip(FINDINGS, (changed, missing, repaired, doubtful), strict=True):
            self._findings.labels(finding).inc(number)

    def record_redelivery(self) -> None:
        """Count a redelivery that was requested."""
        self._redeliveries.inc()

    def failed(self, task: str) -> None:
        """Count a task that failed, or a part of its work."""
        self._failures.get(task, self._failures["other"]).inc()

    def record_call(self, kind: str, outcome: str) -> None:
        """Count a call to GitHub."""
        self._calls.labels(kind, outcome).inc()

    def set_reachable(self, *, reachable: bool) -> None:
        """Set whether GitHub is reachable."""
        self._github.set(reachable)

    def record_pause(self, reason: str) -> None:
        """Count a call that was delayed."""
        self._pauses.labels(reason).inc()

    def expose(
        self,
        *,
        now: EpochSeconds,
        waiting: int,
        database_works: bool,
        backlog: Backlog | None,
        budget: Mapping[str, int],
        looked_at: EpochSeconds,
        tasks: int,
    ) -> bytes:
        """Return all metrics in the text format; `backlog` is None where the database does not answer."""
        self._queued.set(waiting)
        self._tasks.set(tasks)
        self._loop_age.set(max(now - looked_at, 0.0))
        self._database.set(database_works)
        if backlog is not None:
            self._due.set(backlog.petitions)
            self._oldest.set(0.0 if backlog.since is None else max(now - backlog.since, 0.0))
        self._budget.clear()
        for resource, left in budget.items():
            self._budget.labels(resource if resource in ("core", "graphql") else "other").set(left)
        return generate_latest(self.registry)

    def _initialise(self) -> None:
        """Create all labels with 0: an alert on a missing series never fires."""
        for kind in Kind:
            for outcome in CALLS:
                self._calls.labels(kind.value, outcome)
        for finding in FINDINGS:
            self._findings.labels(finding)


def _counter(registry: CollectorRegistry, name: str, help_: str, *labels: str) -> Counter:
    return Counter(f"undersigned_{name}", help_, labels, registry=registry)


def _gauge(registry: CollectorRegistry, name: str, help_: str) -> Gauge:
    return Gauge(f"undersigned_{name}", help_, registry=registry)
