"""What can be measured, and that the dashboard and the alerts ask for nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.github.throttle import Kind
from bot.metrics import Metrics
from bot.store import Backlog
from bot.web.request_limits import PAGES
from sandbox.faults import Faults
from tests.whole.exposition import Numbers, number, read
from tests.whole.scene import PATIENCE, WATCHFUL, Scene, scene

DOCS = Path(__file__).parents[2] / "docs"


def shown(metrics: Metrics, backlog: Backlog | None = None, **budget: int) -> str:
    works = backlog is not None
    return metrics.expose(
        now=1_000.0, waiting=7, database_works=works, backlog=backlog, budget=budget, looked_at=990.0, tasks=5
    ).decode()


def eventful() -> Metrics:
    """Give the measures of a process in which everything has happened."""
    metrics = Metrics()
    metrics.record_delivery("recorded", 0.004)
    metrics.record_delivery("401", 0.001)
    metrics.record_delivery("nothing known", 0.001)
    metrics.record_commit(12, 0.02)
    metrics.record_call(Kind.WRITE, "limited")
    metrics.record_pause("secondary rate limit")
    metrics.record_listing(changed=3, missing=1, repaired=0, doubtful=2)
    metrics.record_redelivery()
    metrics.record_rejected("too often")
    metrics.failed("scheduler")
    metrics.failed("of no name")
    return metrics


def test_what_happens_is_counted() -> None:
    numbers = read(shown(eventful(), Backlog(2, 400), core=4_321, search=3))
    assert number(numbers, "deliveries_total", "recorded") == 1
    assert number(numbers, "deliveries_total", "401") == 1
    assert number(numbers, "deliveries_total", "other") == 1
    assert number(numbers, "delivery_seconds_count") == 3
    assert number(numbers, "commit_facts_sum") == 12
    assert number(numbers, "commit_seconds_sum") == pytest.approx(0.02)
    assert number(numbers, "api_calls_total", "write", "limited") == 1
    assert number(numbers, "api_pauses_total", "secondary rate limit") == 1
    assert number(numbers, "resync_findings_total", "changed") == 3
    assert number(numbers, "resync_findings_total", "doubtful") == 2
    assert number(numbers, "redeliveries_asked_total") == 1
    assert number(numbers, "turned_away_total", "too often") == 1
    assert number(numbers, "task_failures_total", "scheduler") == 1
    assert number(numbers, "task_failures_total", "other") == 1
    assert number(numbers, "queue_facts") == 7
    assert number(numbers, "tasks") == 5
    assert number(numbers, "unpublished_petitions") == 2
    assert number(numbers, "unpublished_age_seconds") == 600
    assert number(numbers, "loop_age_seconds") == 10
    assert number(numbers, "api_budget", "core") == 4_321
    assert number(numbers, "api_budget", "other") == 3
    assert number(numbers, "database_up") == 1
    assert number(numbers, "github_up") == 1


def test_a_database_that_does_not_answer_is_shown_and_what_was_known_stays() -> None:
    metrics = Metrics()
    shown(metrics, Backlog(2, 400))
    numbers = read(shown(metrics, None))
    assert number(numbers, "database_up") == 0
    assert number(numbers, "unpublished_petitions") == 2


def test_every_measure_moves_and_is_on_the_dashboard() -> None:
    asked = " ".join(questions("grafana.json"))
    for family in text_string_to_metric_families(shown(eventful(), Backlog(2, 400), core=1)):
        if re.match(r"undersigned_\w+(?<!_created)$", family.name):
            assert any(sample.value for sample in family.samples), family.name
            assert re.search(rf"\b{family.name}(_total|_bucket)?\b", asked), family.name


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yml"])
def test_dashboard_and_alerts_ask_for_what_there_is(file: str) -> None:
    there = labels_by_name(shown(eventful(), Backlog(0, None), core=1)) | {"up": {"job": {"undersigned"}}}
    asked = questions(file)
    assert len(asked) > 8
    for question in asked:
        check(question, there)


@pytest.mark.parametrize(
    "question",
    [
        "undersigned_no_such_thing",
        "sum(undersigned_tasks",
        "summ(undersigned_tasks)",
        "undersigned_deliveries_total",
        "rate(undersigned_tasks[5m])",
        "rate(undersigned_deliveries_total)",
        "rate(undersigned_deliveries_total[5q])",
        'rate(undersigned_deliveries_total{result="503"}[5m])',
        'rate(undersigned_deliveries_total{outcome="504"}[5m])',
        "sum by (result) (rate(undersigned_deliveries_total[5m]))",
        "histogram_quantile(0.5, rate(undersigned_tasks[5m]))",
    ],
)
def test_a_question_that_makes_no_sense_is_found_out(question: str) -> None:
    with pytest.raises(AssertionError):
        check(question, labels_by_name(shown(eventful(), Backlog(0, None), core=1)))


Labels = dict[str, dict[str, set[str]]]

SELECTOR = re.compile(r"\b((?:undersigned|process)_\w+|up)\b(?:\{([^}]*)\})?(\[[^]]*\])?")
WORDS = {"sum", "by", "rate", "increase", "histogram_quantile", "and"}


def labels_by_name(text: str) -> Labels:
    """Give the labels of each number and the values they have."""
    found: Labels = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
    return found


def check(question: str, there: Labels) -> None:
    """See that a question in PromQL, as far as we use it, asks for numbers and labels that there are.

    https://prometheus.io/docs/prometheus/latest/querying/basics/
    """
    asked: set[str] = set()
    for name, matchers, span in SELECTOR.findall(question):
        assert name in there, name
        asked |= there[name].keys()
        counts = name.endswith(("_total", "_bucket"))
        assert counts == bool(re.fullmatch(r"\[\d+[mhd]\]", span)), f"{name} is a counter or not"
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
            assert set(values.split("|")) <= there[name].get(label, set()), label
    for labels in re.findall(r"\bby \(([^)]*)\)", question):
        assert set(labels.split(", ")) <= asked, labels
    for quantity in re.findall(r"histogram_quantile\((.*)\)", question):
        assert "by (le)" in quantity
        assert "_bucket" in quantity
    rest = re.sub(r"\bby \([^)]*\)", "by", SELECTOR.sub("", question))
    assert set(re.findall(r"[A-Za-z_]\w*", rest)) <= WORDS
    assert re.fullmatch(r"[()\w\s,./<>=]*", rest)
    assert rest.count("(") == rest.count(")")


def questions(file: str) -> list[str]:
    text = (DOCS / file).read_text(encoding="utf-8")
    if file == "grafana.json":
        panels: list[dict[str, Any]] = json.loads(text)["panels"]
        return [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert all(rule["annotations"]["summary"] and rule["annotations"]["advice"] for rule in rules)
    return [rule["expr"] for rule in rules]


async def test_a_bad_day_shows(sqlite_url: str) -> None:
    async with scene(sqlite_url, rates=WATCHFUL) as stage:
        assert stage.bot is not None
        petition = stage.petition()
        await stage.shows(petition, 0)
        await stage.sandbox.settled()
        stage.sandbox.faults = Faults(lost=1.0)
        stage.sign(petition, "ada")
        stage.sandbox.faults = Faults(vanished=1.0)
        stage.sign(petition, "grace")
        stage.sandbox.faults = Faults()
        await stage.shows(petition, 2)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{stage.bot.port}") as session:
            await counted(session, "redeliveries_asked_total")
            await counted(session, "resync_findings_total", "changed")
            stage.sandbox.faults = Faults(secondary=1.0)
            await counted(session, "api_pauses_total", "secondary rate limit")
            async with session.post("/webhook", data=b"{}") as refused:
                assert refused.status == 401
            await counted(session, "deliveries_total", "401")
            await counted(session, "tasks")
            for _ in range(PAGES.burst + 5):
                await (await session.get("/healthz")).read()
            await counted(session, "turned_away_total", "too often")
        stage.sandbox.faults = Faults()


async def counted(session: aiohttp.ClientSession, name: str, *labels: str) -> None:
    """Wait until a number is more than 0; who asks too often is told so."""
    numbers: Numbers = {}
    async with asyncio.timeout(PATIENCE):
        while not numbers.get((f"undersigned_{name}", frozenset(labels))):
            async with session.get("/metrics") as answer:
                numbers = read(await answer.text()) if answer.status == 200 else {}
            await asyncio.sleep(0.1)


async def test_a_running_bot_measures_itself_and_names_nobody(stage: Scene) -> None:
    stage.sandbox.repository("acme/secret-plans", private=True)
    petition = stage.petition()
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    assert stage.bot is not None
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{stage.bot.port}/metrics") as answer,
    ):
        text = await answer.text()
        assert answer.status == 200
    numbers = read(text)
    assert number(numbers, "deliveries_total", "recorded") >= 2
    assert number(numbers, "commit_facts_count") >= 2
    assert number(numbers, "api_calls_total", "write", "ok") >= 1
    assert number(numbers, "api_budget", "core") > 0
    assert number(numbers, "database_up") == 1
    assert not [word for word in ("ada", "secret-plans", petition.repository.name) if word in text]
