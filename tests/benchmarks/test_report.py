"""What is written about measurements: goals that are met or missed, tables, and plots that show what was given."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from itertools import pairwise

from benchmarks.drawing import Chart, Line, draw
from benchmarks.machine import Circumstances
from benchmarks.report import Goal, Section, Table, at_least, at_most, document, none_of, number, show


def test_a_limit_that_is_reached_exactly_is_kept() -> None:
    assert at_most("calls", 6, 6).met
    assert at_least("share", 0.5, 0.5).met
    assert none_of("lost", 0).met


def test_a_missed_goal_says_by_how_much() -> None:
    assert at_most("time", 2, 3, " s") == Goal("time", "≤ 2 s", "3 s", met=False, off="50% over")
    assert at_least("share", 0.5, 0.4) == Goal("share", "≥ 0.5", "0.4", met=False, off="20% short")
    assert none_of("lost", 1200) == Goal("lost", "0", "1,200", met=False, off="1,200 too many")


def test_numbers_have_three_figures_unless_they_are_large() -> None:
    assert [number(one) for one in (0.00412, 0.5, 1.302, 12, 99.96, 1234.5)] == [
        "0.00412", "0.5", "1.3", "12", "100", "1,234",
    ]  # fmt: skip


def test_the_record_names_machine_commit_and_company() -> None:
    text = document([section()], circumstances(load=1.5), 600)
    assert "On 22 November 2026, 11:40 UTC, in 10 minutes, at commit `abc123`" in unwrapped(text)
    assert "on 2 cores of something" in unwrapped(text)
    assert "Other work ran on the same machine" in text


def test_an_idle_machine_is_not_said_to_be_busy() -> None:
    text = document([section()], circumstances(load=0.1), 600)
    assert "Other work" not in text
    assert "Nothing else of weight" in text


def test_the_record_lists_every_goal_and_tells_why_one_is_missed() -> None:
    reached, missed = at_most("calls", 6, 6), at_most("time", 2, 3, " s", why="The disk is slow.")
    text = document([section(goals=[reached]), section(goals=[missed])], circumstances(), 60)
    assert "| calls | ≤ 6 | 6 | met |" in text
    assert "| time | ≤ 2 s | 3 s | **missed**, 50% over |" in text
    assert "Missed: time. The disk is slow." in text


def test_a_goal_that_is_met_needs_no_excuse() -> None:
    text = document([section(goals=[at_most("time", 3, 2, why="The disk is slow.")])], circumstances(), 60)
    assert "The disk is slow." not in text


def test_a_terminal_gets_columns() -> None:
    shown = show(section(goals=[none_of("lost", 2)])).splitlines()
    assert shown[:2] == ["A measurement", "============="]
    assert "bot   a second" in shown
    assert "ours       900" in shown
    assert "missed, 2 too many: lost: 2 (goal 0)" in shown


def test_a_plot_puts_more_further_up_and_further_right() -> None:
    for log in (False, True):
        places = dots(draw(chart([(1, 10), (10, 100), (100, 1000)], log=log)))
        assert all(x < right and y > higher for (x, y), (right, higher) in pairwise(places))


def test_a_logarithmic_axis_gives_every_decade_the_same_room() -> None:
    (x0, y0), (x1, y1), (x2, y2) = dots(draw(chart([(1, 10), (10, 100), (100, 1000)], log=True)))
    assert abs((x1 - x0) - (x2 - x1)) < 0.2
    assert abs((y1 - y0) - (y2 - y1)) < 0.2


def test_a_plot_of_one_value_is_drawn() -> None:
    assert len(dots(draw(chart([(5, 5)], log=False)))) == 1


def test_names_in_a_plot_are_text() -> None:
    drawn = draw(Chart("a < b", "x & y", "y", [Line("<i>", [(0, 0), (1, 1)])]))
    texts = [unescape(text) for text in re.findall(r"<text [^>]*>([^<]*)</text>", drawn)]
    assert {"a < b", "x & y", "<i>"} <= set(texts)
    assert 'aria-label="a &lt; b"' in drawn


def section(goals: list[Goal] | None = None) -> Section:
    table = Table(["bot", "a second"], [["ours", "900"], ["bare", "1,000"]])
    return Section("measured", "A measurement", "How it was done.", [table], goals=goals or [])


def circumstances(load: float = 0.0) -> Circumstances:
    return Circumstances(datetime(2026, 11, 22, 11, 40, tzinfo=UTC), "abc123", "2 cores of something", 2, load)


def unwrapped(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def chart(points: list[tuple[float, float]], *, log: bool) -> Chart:
    return Chart("A chart", "x", "y", [Line("one", points)], log_x=log, log_y=log)


def dots(drawn: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn)]
