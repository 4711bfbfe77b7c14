"""A body is put right at once, and ever later where people change it again and again."""

from __future__ import annotations

from bot.reconcile.damping import EDIT, LONGEST, WIPED, Damper


def repairs(weight: float, pause: float, seconds: float) -> int:
    """Count how often a body is put right that somebody changes a moment after each time, or after a pause."""
    damper, now, count = Damper(), 1_000.0, 0
    while now < 1_000.0 + seconds:
        now = max(now, damper.ready_at(1, now))
        damper.spend(1, weight, now)
        count += 1
        now += pause
    return count


def test_who_wipes_a_body_all_the_time_has_it_written_a_few_times_only() -> None:
    assert repairs(WIPED, 0.1, 30) == 5
    assert repairs(WIPED, 0.1, 3_600) < 14
    assert repairs(WIPED, 0.1, 86_400) < 60


def test_who_edits_the_letter_now_and_then_never_waits() -> None:
    damper = Damper()
    for number in range(100):
        now = 1_000.0 + number * 1_200
        assert damper.ready_at(1, now) <= now
        damper.spend(1, EDIT, now)


def test_a_dozen_edits_in_a_row_wait_for_seconds() -> None:
    damper = Damper()
    for _ in range(12):
        damper.spend(1, EDIT, 1_000.0)
    assert damper.ready_at(1, 1_001.0) < 1_031.0
    assert damper.ready_at(2, 1_001.0) <= 1_001.0


def test_no_wait_is_longer_than_the_longest_and_peace_is_forgiveness() -> None:
    damper = Damper()
    for _ in range(1_000):
        damper.spend(1, WIPED, 1_000.0)
    assert damper.ready_at(1, 1_000.0) == 1_000.0 + LONGEST
    assert damper.ready_at(1, 1_000.0 + 43_200) == 0.0


def test_what_is_long_forgiven_takes_no_memory() -> None:
    damper = Damper()
    for body in range(10_000):
        damper.spend(body, WIPED, 1_000.0)
    damper.spend(20_000, WIPED, 9_000.0)
    assert len(damper._pasts) == 1
