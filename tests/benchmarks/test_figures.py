"""The arithmetic under the measurements: if it is wrong, every number is."""

from __future__ import annotations

import pytest

from benchmarks.figures import busiest, paired_ratio, percentile, stairs, thinned
from benchmarks.simulation import Replay
from benchmarks.storm import Storm


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


def test_rounds_that_do_not_pair_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([1, 2], [1])


def test_the_busiest_minute_is_half_open() -> None:
    assert busiest([0, 59.9, 60, 119.9], 60) == 2
    assert busiest([0, 0, 0, 100], 60) == 3
    assert busiest([], 60) == 0


def test_a_value_stays_until_the_next_one() -> None:
    assert stairs([(0, 1), (5, 2), (7, 3)]) == [(0, 1), (5, 1), (5, 2), (7, 2), (7, 3)]
    assert stairs([]) == []


@pytest.mark.parametrize("number", [1, 2, 3, 10, 200])
def test_thinning_keeps_both_ends_and_the_order(number: int) -> None:
    points = [(float(x), 0.0) for x in range(number)]
    kept = thinned(points, 3)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert kept == sorted(set(kept))
    assert len(kept) <= 5


def test_each_signature_waits_for_the_first_body_that_counts_it() -> None:
    assert Replay([0, 1, 2, 10], writes=[[(3, 2), (5, 3), (11, 4)]]).delays() == [3, 2, 3, 1]


def test_what_the_last_body_lacks_is_lost() -> None:
    storm = Storm(10, shown=[(0.0, 0), (1.5, 4), (2.0, 7)])
    assert (storm.lost, storm.first_shown) == (3, 1.5)


def test_acknowledgements_and_tokens_are_no_calls_of_the_storm() -> None:
    storm = Storm(10)
    storm.calls.update(read=4, write=2, acknowledgement=9, token=1)
    assert storm.api_calls == 6
