"""What can be measured, and that the dashboard and the alerts ask for nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bot.github.pacing import Kind
from bot.metrics import Metrics
from bot.store import Backlog, ListingOutcome
from tests.whole.scene import Scene

DOCS = Path(__file__).parents[2] / "docs"
Numbers = dict[tuple[str, frozenset[str]], float]


def shown(metrics: Metrics, backlog: Backlog | None = None, **budget: int) -> str:
    return metrics.show(now=1_000.0, waiting=7, backlog=backlog, budget=budget, looked_at=990.0, tasks=5).decode()


def read(text: str) -> Numbers:
    """Read an exposition as Prometheus does: the name of each number, and the values of its labels."""
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def number(numbers: Numbers, name: str, *labels: str) -> float:
    return numbers[f"undersigned_{name}", frozenset(labels)]


def test_what_happens_is_counted() -> None:
    metrics = Metrics()
    metrics.delivered("recorded", 0.004)
    metrics.delivered("401", 0.001)
    metrics.delivered("nothing known", 0.001)
    metrics.committed(12, 0.02)
    metrics.called(Kind.WRITE, "limited")
    metrics.paused("secondary rate limit")
    metrics.listed(ListingOutcome(changed=3, missing=1, repaired=0, count=9, doubtful=(5, 6), petition_id=1))
    metrics.asked_for_delivery()
    metrics.turned_away("too often")
    numbers = read(shown(metrics, Backlog(2, 400), core=4_321, search=3))
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
    assert number(numbers, "queue_facts") == 7
    assert number(numbers, "tasks") == 5
    assert number(numbers, "unpublished_petitions") == 2
    assert number(numbers, "unpublished_age_seconds") == 600
    assert number(numbers, "loop_age_seconds") == 10
    assert number(numbers, "api_budget", "core") == 4_321
    assert number(numbers, "api_budget", "other") == 3
    assert number(numbers, "database_up") == 1


def test_a_database_that_does_not_answer_is_shown_and_what_was_known_stays() -> None:
    metrics = Metrics()
    shown(metrics, Backlog(2, 400))
    numbers = read(shown(metrics, None))
    assert number(numbers, "database_up") == 0
    assert number(numbers, "unpublished_petitions") == 2


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yml"])
def test_dashboard_and_alerts_ask_for_what_there_is(file: str) -> None:
    metrics = Metrics()
    metrics.turned_away("too often")
    metrics.paused("primary rate limit")
    there = {name for name, _ in read(shown(metrics, Backlog(0, None), core=1))} | {"up"}
    values = {value for _, labels in read(shown(metrics, Backlog(0, None), core=1)) for value in labels}
    asked = questions(file)
    assert len(asked) > 8
    for question in asked:
        assert set(re.findall(r"\b(?:undersigned|process)_\w+|\bup\b", question)) <= there
        for wanted in re.findall(r'(?:outcome|finding|resource)=~?"([^"]*)"', question):
            assert set(wanted.split("|")) <= values


def questions(file: str) -> list[str]:
    text = (DOCS / file).read_text(encoding="utf-8")
    if file == "grafana.json":
        panels: list[dict[str, Any]] = json.loads(text)["panels"]
        return [target["expr"] for panel in panels for target in panel["targets"]]
    rules = [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert all(rule["annotations"]["summary"] and rule["annotations"]["advice"] for rule in rules)
    return [rule["expr"] for rule in rules]


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
