"""The curve says what the days say, and its words too."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from bot.export.chart import HOUR, Growth, chart, sparkline
from bot.petition.i18n import ENGLISH, translator

DAY = 20_000  # 4 Oct 2024
SVG = "{http://www.w3.org/2000/svg}"

ENGLISH_WORDS = translator(ENGLISH)


def drawn(growth: Growth, title: str = "A letter") -> ET.Element:
    return ET.fromstring(chart(growth, title, ENGLISH_WORDS, standalone=True))  # noqa: S314 - our own


def heights(picture: ET.Element) -> list[float]:
    (line,) = [each for each in picture.iter(f"{SVG}polyline") if each.get("class") == "line"]
    return [float(point.split(",")[1]) for point in line.attrib["points"].split()]


def test_a_curve_climbs_to_the_total_and_stays_there_until_today() -> None:
    growth = Growth([(DAY, 3), (DAY + 4, 2)], last=DAY + 9)
    assert growth.points == [(DAY, 0), (DAY + 1, 3), (DAY + 4, 3), (DAY + 5, 5), (DAY + 10, 5)]


def test_a_chart_says_in_words_what_it_shows() -> None:
    growth = Growth([(DAY, 3), (DAY + 4, 20), (DAY + 6, 1_000)], last=DAY + 9)
    assert (
        growth.in_words(ENGLISH_WORDS) == "1,023 signatures since 4 Oct 2024. Most on one day: 1,000 (10 Oct 2024)."
    )
    assert growth.in_words(ENGLISH_WORDS) in drawn(growth).attrib["aria-label"]
    assert Growth([(DAY, 1)], last=DAY).in_words(ENGLISH_WORDS) == "1 signature since 4 Oct 2024."


def test_a_young_curve_climbs_by_the_hour_and_says_so() -> None:
    hour = 24 * DAY + 14
    growth = Growth([(hour, 3), (hour + 2, 20)], last=hour + 30, length=HOUR)
    assert growth.points == [(hour, 0), (hour + 1, 3), (hour + 2, 3), (hour + 3, 23), (hour + 31, 23)]
    assert growth.in_words(ENGLISH_WORDS) == (
        "23 signatures since 4 Oct 2024, 14:00 UTC. Most in one hour: 20 (from 4 Oct 2024, 16:00 UTC on)."
    )
    ends = list(drawn(growth).itertext())[-2:]
    assert ends == ["4 Oct 2024, 14:00", "5 Oct 2024, 21:00 UTC"]
    assert (
        Growth([(hour, 1)], hour, length=HOUR).in_words(ENGLISH_WORDS) == "1 signature since 4 Oct 2024, 14:00 UTC."
    )


def test_where_nobody_has_signed_the_chart_says_so() -> None:
    assert "Nobody has signed yet." in "".join(drawn(Growth([], last=DAY)).itertext())


def test_a_goal_within_reach_is_a_line_and_a_far_one_does_not_flatten_the_curve() -> None:
    days = [(DAY, 50)]
    assert "goal 100" in "".join(drawn(Growth(days, DAY, goal=100)).itertext())
    assert "goal 100" not in "".join(drawn(Growth(days, DAY, goal=100_000)).itertext())


def test_large_numbers_stand_whole_beside_the_curve() -> None:
    for count in (9, 900, 9_000, 90_000, 2_000_000):
        picture = drawn(Growth([(DAY, count)], DAY, goal=count))
        numbers = [each for each in picture.iter(f"{SVG}text") if each.get("text-anchor") == "end"]
        assert all(float(each.attrib["x"]) >= 12 * len(each.text or "") for each in numbers)


def test_a_title_cannot_leave_its_attribute() -> None:
    picture = drawn(Growth([(DAY, 1)], DAY), '"><script>alert(1)</script>')
    assert picture.attrib["aria-label"].startswith('"><script>')
    assert not list(picture.iter(f"{SVG}script"))


def test_a_sparkline_has_a_bar_for_each_of_the_last_days_on_which_somebody_signed() -> None:
    line = ET.fromstring(sparkline([(DAY - 40, 9), (DAY - 1, 2), (DAY, 4)], today=DAY))  # noqa: S314 - our own
    assert [bar.attrib["height"] for bar in line.iter(f"{SVG}rect")] == ["14", "28"]


@given(
    days=st.dictionaries(st.integers(DAY, DAY + 3_000), st.integers(1, 100_000), min_size=1).map(
        lambda found: sorted(found.items())
    ),
    idle=st.integers(0, 500),
    goal=st.none() | st.integers(1, 10**9),
)
def test_every_curve_climbs_within_its_picture(days: list[tuple[int, int]], idle: int, goal: int | None) -> None:
    growth = Growth(days, days[-1][0] + idle, goal)
    assert growth.points[-1] == (days[-1][0] + idle + 1, sum(signed for _, signed in days))
    ys = heights(drawn(growth))
    assert ys == sorted(ys, reverse=True)
    assert all(0 <= y <= 240 for y in ys)


def test_days_are_written_as_people_do() -> None:
    assert Growth([(0, 1)], 0).name(0, translator(ENGLISH)) == "1 Jan 1970"
    assert Growth([(0, 1)], 0).name(0, translator("de")) == "1. Jan. 1970"
