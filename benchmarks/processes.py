"""One, two and four bots on one PostgreSQL: what they accept together, and who does the work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.databases import Postgres, postgres_databases
from benchmarks.drawing import Chart, Line
from benchmarks.figures import paired_ratio
from benchmarks.generating import Generator, generator
from benchmarks.load import Order, Outcome
from benchmarks.report import Section, Table
from benchmarks.servers import Server, bot_environment, serving

NUMBERS = (1, 2, 4)
PETITIONS = (1, 64)
CONNECTIONS = 128
ROUNDS, QUICK_ROUNDS = 5, 2
REQUESTS, QUICK_REQUESTS = 4_000, 1_500
NOTES = f"""
The same deliveries as above, over {CONNECTIONS} connections, spread evenly over so many processes of `python -m bot
serve` on one PostgreSQL, all for one petition (whose row everybody wants) or for {PETITIONS[1]} petitions in turn.
Rounds are interleaved, the numbers are medians.

On two cores, one of which makes the load, more processes cannot accept more; what this shows is how much processor
time a delivery costs in the bots, which are many, and in the database, which is one. What follows
from that for more cores is in docs/SCALING.md.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One round: what came of it, and processor seconds per delivery of the bots and of PostgreSQL."""

    outcome: Outcome
    bots: float
    database: float


Results = Mapping[tuple[int, int], Sequence[Run]]


def measure(*, quick: bool = False) -> Section:
    """Let each number of processes have its turn, round after round."""
    results: defaultdict[tuple[int, int], list[Run]] = defaultdict(list)
    requests = QUICK_REQUESTS if quick else REQUESTS
    with ExitStack() as stack:
        postgres = stack.enter_context(postgres_databases())
        load = stack.enter_context(generator())
        environment = bot_environment(postgres.make())
        servers = [
            stack.enter_context(serving("-m", "bot", "serve", environment=environment)) for _ in range(max(NUMBERS))
        ]
        for petitions in PETITIONS:
            _run(load, servers, petitions, 500, postgres)
        for _ in range(QUICK_ROUNDS if quick else ROUNDS):
            for number in NUMBERS:
                for petitions in PETITIONS:
                    run = _run(load, servers[:number], petitions, requests, postgres)
                    results[number, petitions].append(run)
    return _section(results)


def _run(load: Generator, servers: Sequence[Server], petitions: int, requests: int, postgres: Postgres) -> Run:
    ports = tuple(server.port for server in servers)
    order = Order(ports, CONNECTIONS, requests, load.sent, petitions)
    load.sent += requests
    before = sum(server.cpu() for server in servers), postgres.cpu()
    outcome = load.carry_out(order)
    after = sum(server.cpu() for server in servers), postgres.cpu()
    bots, database = ((now - then) / requests for now, then in zip(after, before, strict=True))
    return Run(outcome, bots, database)


def _section(results: Results) -> Section:
    return Section(
        name="processes",
        title="More processes",
        notes=NOTES,
        tables=[
            Table(
                ["", *(f"{number} process{'es' if number > 1 else ''}" for number in NUMBERS)],
                [row for petitions in PETITIONS for row in _rows(results, petitions)],
                "Deliveries a second (ratio to one process), time to the answer, processor time per delivery",
            )
        ],
        charts=[
            Chart(
                "Deliveries accepted a second by processes on one PostgreSQL",
                "processes",
                "deliveries a second",
                [
                    Line(_petitions(p), [(n, median(r.outcome.per_second for r in results[n, p])) for n in NUMBERS])
                    for p in PETITIONS
                ],
            )
        ],
    )


def _rows(results: Results, petitions: int) -> list[list[str]]:
    runs = [results[number, petitions] for number in NUMBERS]
    rates = [[run.outcome.per_second for run in each] for each in runs]
    name = _petitions(petitions)
    return [
        [name, *(f"{median(rate):,.0f} ({paired_ratio(rate, rates[0]):.2f})" for rate in rates)],
        [
            "… p50 / p99, ms",
            *(f"{median(r.outcome.p50 for r in e):.0f} / {median(r.outcome.p99 for r in e):.0f}" for e in runs),
        ],
        ["… bots, µs", *(f"{median(run.bots for run in each) * 1e6:,.0f}" for each in runs)],
        ["… PostgreSQL, µs", *(f"{median(run.database for run in each) * 1e6:,.0f}" for each in runs)],
        ["… refused", *(f"{sum(run.outcome.refused for run in each):,}" for each in runs)],
    ]


def _petitions(number: int) -> str:
    return "one petition" if number == 1 else f"{number} petitions"
