"""What can be measured of a running bot, for Prometheus: numbers only, no names of people or repositories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from bot.github.throttle import Kind
from bot.hooks import Hooks
from bot.store import Backlog
from bot.units import Seconds

DELIVERIES: Final = ("recorded", "ignored", "400", "401", "408", "411", "413", "415", "429", "500", "503")
CALLS: Final = ("ok", "unchanged", "moved", "limited", "refused", "failed", "unanswered")
TASKS: Final = (
    "app_wide_loop", "database_check", "group_commit", "live_updates", "postgresql_listener", "scheduler", "worker",
)  # fmt: skip
FINDINGS: Final = ("changed", "missing", "repaired", "doubtful")
MOMENTS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 8.0)
SIZES: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics(Hooks):
    """All measures of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        deliveries = _counter(registry, "deliveries", "Deliveries, by what became of them", "outcome")
        # Looked up once: in a storm they are counted by the thousand.
        self._deliveries = {outcome: deliveries.labels(outcome) for outcome in (*DELIVERIES, "other")}
        self._answering = Histogram(
            "undersigned_delivery_seconds", "From a delivery's headers to its answer",
            registry=registry, buckets=MOMENTS,
        )  # fmt: skip
        self._turned_away = _counter(registry, "turned_away", "Callers that were sent away, by why", "reason")
        self._group = Histogram(
            "undersigned_commit_facts", "Facts in one transaction", registry=registry, buckets=SIZES
        )
        self._committing = Histogram(
            "undersigned_commit_seconds", "Time of one transaction", registry=registry, buckets=MOMENTS
        )
        self._calls = _counter(registry, "api_calls", "Calls to GitHub, by what became of them", "kind", "outcome")
        self._pauses = _counter(registry, "api_pauses", "Calls put off, by what for", "reason")
        self._findings = _counter(registry, "resync_findings", "What reading comments again has found", "finding")
        self._asked = _counter(registry, "redeliveries_asked", "Deliveries asked for once more")
        failures = _counter(registry, "task_failures", "Unexpected ends of tasks, which are started again", "task")
        self._failures = {task: failures.labels(task) for task in (*TASKS, "other")}
        self._waiting = _gauge(registry, "queue_facts", "Facts that wait to be written")
        self._due = _gauge(registry, "unpublished_petitions", "Petitions whose body is out of date")
        self._oldest = _gauge(registry, "unpublished_age_seconds", "Age of the oldest unpublished change")
        self._looked = _gauge(registry, "loop_age_seconds", "Since the loop last looked at the database")
        self._tasks = _gauge(registry, "tasks", "Tasks of the event loop")
        self._budget = Gauge(
            "undersigned_api_budget", "Calls that whoever has the fewest may still make",
            ["resource"], registry=registry,
        )  # fmt: skip
        self._database = _gauge(registry, "database_up", "1 while the database answers and takes what it is given")
        self._github = _gauge(registry, "github_up", "1 while GitHub can be reached, as far as is known")
        self._github.set(1)
        self._begin()

    def delivered(self, outcome: str, seconds: float) -> None:
        """Count a delivery; `outcome` is `recorded`, `ignored` or the status that refuses it."""
        self._deliveries.get(outcome, self._deliveries["other"]).inc()
        self._answering.observe(seconds)

    def turned_away(self, reason: str) -> None:
        """Count a caller for whom there was no room, who came too often, or who spoke no HTTP."""
        self._turned_away.labels(reason).inc()

    def record_commit(self, facts: int, duration: Seconds) -> None:
        """Count a transaction."""
        self._group.observe(facts)
        self._committing.observe(duration)

    def record_listing(self, *, changed: int, missing: int, repaired: int, doubtful: int) -> None:
        """Count what a listing has found."""
        for finding, number in zip(FINDINGS, (changed, missing, repaired, doubtful), strict=True):
            self._findings.labels(finding).inc(number)

    def record_redelivery(self) -> None:
        """Count a delivery that was asked for once more."""
        self._asked.inc()

    def failed(self, task: str) -> None:
        """Count a task that failed, or a part of its work."""
        self._failures.get(task, self._failures["other"]).inc()

    def record_call(self, kind: str, outcome: str) -> None:
        """Count a call to GitHub."""
        self._calls.labels(kind, outcome).inc()

    def set_reachable(self, *, reachable: bool) -> None:
        """Show whether GitHub can be reached."""
        self._github.set(reachable)

    def record_pause(self, reason: str) -> None:
        """Count a call that was put off."""
        self._pauses.labels(reason).inc()

    def show(
        self,
        *,
        now: float,
        waiting: int,
        database_works: bool,
        backlog: Backlog | None,
        budget: Mapping[str, int],
        looked_at: float,
        tasks: int,
    ) -> bytes:
        """Return everything as Prometheus reads it; there is no `backlog` where the database does not answer."""
        self._waiting.set(waiting)
        self._tasks.set(tasks)
        self._looked.set(max(now - looked_at, 0.0))
        self._database.set(database_works)
        if backlog is not None:
            self._due.set(backlog.petitions)
            self._oldest.set(0.0 if backlog.since is None else max(now - backlog.since, 0.0))
        self._budget.clear()
        for resource, left in budget.items():
            self._budget.labels(resource if resource in ("core", "graphql") else "other").set(left)
        return generate_latest(self.registry)

    def _begin(self) -> None:
        """Show also what has not happened yet, as 0: an alert on what is not there never comes."""
        for kind in Kind:
            for outcome in CALLS:
                self._calls.labels(kind.value, outcome)
        for finding in FINDINGS:
            self._findings.labels(finding)


def _counter(registry: CollectorRegistry, name: str, help_: str, *labels: str) -> Counter:
    return Counter(f"undersigned_{name}", help_, labels, registry=registry)


def _gauge(registry: CollectorRegistry, name: str, help_: str) -> Gauge:
    return Gauge(f"undersigned_{name}", help_, registry=registry)
