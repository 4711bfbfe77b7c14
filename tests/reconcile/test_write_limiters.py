"""A body is written rarely in a storm, and restored at once at first, then ever later."""

from __future__ import annotations

from bot.reconcile.body_write_and_repair_limiters import (
    EDIT,
    LONGEST_WAIT,
    WIPED,
    RepairLimiter,
    WriteLimiter,
    WriteRate,
)


def test_a_storm_is_written_rarely_and_the_first_change_at_once() -> None:
    write_limiter, now, writes = WriteLimiter(WriteRate(burst=2, period=10.0, gap=0.5)), 1_000.0, []
    while now < 1_120.0:
        if write_limiter.ready_at(1) <= now:
            write_limiter.record_read(1, now)
            write_limiter.record_write(1, now)
            writes.append(now)
        now += 0.25
    assert writes[:3] == [1_000.0, 1_000.5, 1_010.0]
    assert all(sum(at <= each < at + 60 for each in writes) <= 8 for at in writes)


def test_two_reads_of_a_petition_lie_apart_and_others_do_not_wait() -> None:
    write_limiter = WriteLimiter(WriteRate(gap=0.5))
    write_limiter.record_read(1, 1_000.0)
    assert write_limiter.ready_at(1) == 1_000.5
    assert write_limiter.ready_at(2) <= 0.0


def test_what_is_over_is_forgotten() -> None:
    write_limiter = WriteLimiter()
    for petition in range(10_002):
        write_limiter.record_read(petition, 1_000.0 + petition)
        write_limiter.record_write(petition, 1_000.0 + petition)
    assert len(write_limiter._read_at) < 10
    assert len(write_limiter._full_at) < 50


def repairs(weight: float, pause: float, seconds: float) -> int:
    """Count how often a body is put right that somebody changes a moment after each time, or after a pause."""
    limiter, now, count = RepairLimiter(), 1_000.0, 0
    while now < 1_000.0 + seconds:
        now = max(now, limiter.ready_at(1, now))
        limiter.record_repair(1, weight, now)
        count += 1
        now += pause
    return count


def test_who_wipes_a_body_all_the_time_has_it_written_a_few_times_only() -> None:
    assert repairs(WIPED, 0.1, 30) == 5
    assert repairs(WIPED, 0.1, 3_600) < 14
    assert repairs(WIPED, 0.1, 86_400) < 60


def test_who_edits_the_letter_now_and_then_never_waits() -> None:
    limiter = RepairLimiter()
    for number in range(100):
        now = 1_000.0 + number * 1_200
        assert limiter.ready_at(1, now) <= now
        limiter.record_repair(1, EDIT, now)


def test_a_dozen_edits_in_a_row_wait_for_seconds() -> None:
    limiter = RepairLimiter()
    for _ in range(12):
        limiter.record_repair(1, EDIT, 1_000.0)
    assert limiter.ready_at(1, 1_001.0) < 1_031.0
    assert limiter.ready_at(2, 1_001.0) <= 1_001.0


def test_no_wait_is_longer_than_the_longest_and_time_without_edits_ends_it() -> None:
    limiter = RepairLimiter()
    for _ in range(1_000):
        limiter.record_repair(1, WIPED, 1_000.0)
    assert limiter.ready_at(1, 1_000.0) == 1_000.0 + LONGEST_WAIT
    assert limiter.ready_at(1, 1_000.0 + 43_200) == 0.0


def test_what_is_long_forgiven_takes_no_memory() -> None:
    limiter = RepairLimiter()
    for body in range(10_000):
        limiter.record_repair(body, WIPED, 1_000.0)
    limiter.record_repair(20_000, WIPED, 9_000.0)
    assert len(limiter._repairs) == 1
