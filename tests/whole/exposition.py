"""The text in which metrics are exposed, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

Numbers = dict[tuple[str, frozenset[str]], float]


def read(text: str) -> Numbers:
    """Read an exposition as Prometheus does: the name of each number, and the values of its labels."""
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def number(numbers: Numbers, name: str, *labels: str) -> float:
    return numbers[f"undersigned_{name}", frozenset(labels)]
