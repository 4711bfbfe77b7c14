"""The simulated clock: a day passes in a second, and what happens is what would happen in a day."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.simulation import Replay, play
from sandbox.api.limits import Limits


async def test_a_day_passes_in_a_moment_and_everybody_is_counted_and_thanked() -> None:
    replay = await play(Replay([0.0, 40_000.0, 86_400.0]))
    assert (replay.lost, replay.refused, replay.acknowledged) == (0, 0, 3)
    assert [count for _, count in replay.writes[0]] == [1, 2, 3]
    assert all(0 < delay < 2 for delay in replay.delays())


async def test_people_who_come_together_are_shown_together() -> None:
    replay = await play(Replay([number / 100 for number in range(40)], petitions=2))
    assert replay.lost == 0
    assert len(replay.delays()) == 40
    assert replay.calls["write"] <= 6
    assert replay.most_writes() <= 8


async def test_petitions_that_share_few_calls_are_written_all_through_the_hour() -> None:
    few = replace(Limits.like_github(), primary=240)
    replay = await play(Replay([number * 10.0 for number in range(360)], petitions=3, limits=few))
    assert (replay.lost, replay.refused) == (0, 0)
    assert max(replay.delays()) < 300
