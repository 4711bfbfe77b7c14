"""What the block shows of how the signatures grew: the bar towards the goal, milestones and the chart."""

from __future__ import annotations

from collections.abc import Sequence

from bot.petition.block.block_content import BlockContent
from bot.petition.i18n import Translator

_BAR = 20
"""Characters of the progress bar."""

_CHART_STEPS = 7
"""Steps of the chart; the days below it have to stand side by side."""


def progress(content: BlockContent, tr: Translator) -> str:
    """Format how far the count has come towards the goal."""
    if not content.goal or content.goal < 0:
        return ""
    goal = tr.number(content.goal)
    if content.count >= content.goal:
        reached = tr.translate("The goal of {goal} is reached", goal=goal)
        return f"`{'█' * _BAR}` **{reached}** 🎉"
    # Only a goal that is reached looks reached, and the first signature shows.
    full = max(content.count * _BAR // content.goal, 1 if content.count else 0)
    percent = tr.percent(max(content.count * 100 // content.goal, 1 if content.count else 0) / 100)
    share = tr.translate("{percent} of the goal of {goal}", percent=f"**{percent}**", goal=goal)
    return f"`{'█' * full}{'░' * (_BAR - full)}` {share}"


def milestones(content: BlockContent, tr: Translator) -> str:
    """Format the milestones that are reached, except the last of all goals, which the bar shows."""
    marks = " · ".join(
        tr.translate("**{goal}** on {day}", goal=tr.number(one.goal), day=tr.day_of_epoch(one.day))
        for one in content.milestones
        if one.goal != content.goal
    )
    return f"🎉 {marks}" if marks else ""


def chart(content: BlockContent, tr: Translator) -> str:
    """Draw how the signatures grew, as Mermaid; where that is not drawn, the count above says it all the same.

    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/creating-diagrams
    """
    if len(content.days) < 2:
        return ""
    totals = _totals(content.days)
    title = tr.translate("How the signatures grew")
    days = ", ".join(f'"{tr.day_of_epoch(day)}"' for day, _ in totals)
    counts = ", ".join(str(total) for _, total in totals)
    top = max(totals[-1][1], 1)
    return f"""```mermaid
xychart-beta
    title "{title}"
    x-axis [{days}]
    y-axis 0 --> {top}
    line [{counts}]
```"""


def _totals(days: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return how many had signed at the end of some days, evenly spread, the first and the last among them."""
    first, last = days[0][0], days[-1][0]
    steps = min(last - first, _CHART_STEPS)
    shown = [first + (last - first) * step // steps for step in range(steps + 1)]
    return [(day, sum(count for on, count in days if on <= day)) for day in shown]
