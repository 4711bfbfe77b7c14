"""The arithmetic under the measurements: if it is wrong, every number is."""

from __future__ import annotations

import pytest

from benchmarks.report import Goal, Report, Table, markdown, number, paired_ratio, percentile, spread


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([5, 1, 4, 2, 3], 0.5) == 3
    assert percentile([2, 1], 0.5) == 1
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 101), 1) == 100
    assert percentile([7], 0) == 7


def test_a_round_that_was_slow_for_both_leaves_the_ratio_alone() -> None:
    assert paired_ratio([2, 20, 2], [1, 10, 1]) == 2


def test_one_odd_round_does_not_decide() -> None:
    assert paired_ratio([2, 9, 2], [1, 1, 1]) == 2
    assert spread([2, 9, 2, 2, 1], [1, 1, 1, 1, 1]) == "2.000 (2.000 to 2.000)"


def test_rounds_that_do_not_pair_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([1, 2], [1])


def test_a_limit_that_is_reached_exactly_is_kept() -> None:
    assert Goal("calls", 6, 6).is_met
    assert not Goal("calls", 6.1, 6).is_met
    assert Goal("share", 0.5, 0.5, at_least=True).is_met
    assert not Goal("share", 0.4, 0.5, at_least=True).is_met


def test_numbers_have_three_figures_unless_they_are_large() -> None:
    assert [number(one) for one in (0.00412, 0.5, 1.302, 12, 99.96, 1234.5)] == [
        "0.00412", "0.5", "1.3", "12", "100", "1,234",
    ]  # fmt: skip


def test_a_report_is_a_table_and_its_goals() -> None:
    goals = [Goal("time", 3, 2, " s"), Goal("share", 0.5, 0.5, at_least=True)]
    report = Report([Table(["bot", "a second"], [["ours", "900"]])], goals)
    assert markdown("accept", report).splitlines() == [
        "## accept", "",
        "| bot | a second |", "| --- | ---: |", "| ours | 900 |", "",
        "| goal | wanted | measured |  |", "| --- | ---: | ---: | ---: |",
        "| time | ≤ 2 s | 3 s | **missed** |", "| share | ≥ 0.5 | 0.5 | met |",
    ]  # fmt: skip
