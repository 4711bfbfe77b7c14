"""The slope of the memory is that of what was measured, and of each stretch of it."""

from __future__ import annotations

from benchmarks.soak import LOOK, Look, slope, stretches


def looks(minutes: int, growth: float) -> list[Look]:
    """Look every few seconds at a bot that grows by so many kB a minute; it was warm after ten."""
    times = [600.0 + number * LOOK for number in range(int(minutes * 60 / LOOK))]
    return [Look(at, 100_000 + growth * at / 60, 10, 25, 3_000) for at in times]


def test_the_slope_is_in_kilobytes_a_minute() -> None:
    assert round(slope(looks(10, 90)), 6) == 90


def test_a_long_rain_is_cut_into_stretches_and_the_last_takes_what_is_left() -> None:
    seen = looks(25, 0)
    cut = stretches(seen, 10)
    assert [round(len(one) * LOOK / 60) for one in cut] == [10, 15]
    assert [look for one in cut for look in one] == seen


def test_a_short_rain_is_one_stretch() -> None:
    assert len(stretches(looks(3, 0), 10)) == 1
