"""Write the sections of the block, each from the facts alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from bot.petition.counting.tally import Signature
from bot.petition.i18n import Translator, wording
from bot.petition.organizers.commands import USAGE
from bot.petition.organizers.settings import Detail
from bot.petition.text import inline, links_apart

if TYPE_CHECKING:
    from bot.petition.block.render import BlockContent

BAR = 20
"""Characters of the progress bar."""

_CHART_STEPS = 7
"""Steps of the chart; the days below it have to stand side by side."""


def heading(facts: BlockContent) -> str:
    """Format how many have signed."""
    say = wording(facts.language)
    match facts.count:
        case 0 if facts.ended_at is not None or not facts.labelled:
            return "### ✍️ " + say.say("Nobody has signed")
        case 0:
            return "### ✍️ " + say.say("Be the first to sign")
        case count:
            return "### ✍️ " + say.count("{number} person has signed", "{number} people have signed", count)


def progress(facts: BlockContent) -> str:
    """Show how far the count has come towards the goal."""
    say = wording(facts.language)
    if not facts.goal or facts.goal < 0:
        return ""
    goal = say.number(facts.goal)
    if facts.count >= facts.goal:
        reached = say.say("The goal of {goal} is reached", goal=goal)
        return f"`{'█' * BAR}` **{reached}** 🎉"
    # Only a goal that is reached looks reached, and the first signature shows.
    full = max(facts.count * BAR // facts.goal, 1 if facts.count else 0)
    percent = say.percent(max(facts.count * 100 // facts.goal, 1 if facts.count else 0) / 100)
    share = say.say("{percent} of the goal of {goal}", percent=f"**{percent}**", goal=goal)
    return f"`{'█' * full}{'░' * (BAR - full)}` {share}"


def passed(facts: BlockContent) -> str:
    """Mark the milestones that are reached, except the last of all goals, which the bar shows."""
    say = wording(facts.language)
    behind = [one for one in facts.milestones if one.goal != facts.goal]
    marks = " · ".join(
        say.say("**{goal}** on {day}", goal=say.number(one.goal), day=say.day_of_epoch(one.day)) for one in behind
    )
    return f"🎉 {marks}" if marks else ""


def chart(facts: BlockContent) -> str:
    """Draw how the signatures grew, as Mermaid; where that is not drawn, the count above says it all the same.

    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/creating-diagrams
    """
    if len(facts.days) < 2:
        return ""
    say = wording(facts.language)
    totals = _totals(facts.days)
    labels = ", ".join(f'"{say.day_of_epoch(day)}"' for day, _ in totals)
    top = max(totals[-1][1], 1)
    title = say.say("How the signatures grew")
    return "\n".join(
        [
            "```mermaid",
            "xychart-beta",
            f'    title "{title}"',
            f"    x-axis [{labels}]",
            f"    y-axis 0 --> {top}",
            f"    line [{', '.join(str(total) for _, total in totals)}]",
            "```",
        ]
    )


def response(facts: BlockContent) -> str:
    """Show the official answer."""
    say, given = wording(facts.language), facts.response
    if given is None:
        return ""
    who = say.name(_profile(given.login, facts))
    title = say.say("Official response by {who}, {day}", who=who, day=say.day(given.at))
    return f"> **📣 {title}**\n>\n> {'<br>'.join(say.name(_with_links(line)) for line in given.text.splitlines())}"


def state(facts: BlockContent) -> str:
    """Format whether it is open, until when, and how it ended."""
    say = wording(facts.language)
    if facts.ended_at is not None:
        when = say.day_and_time(facts.ended_at)
        if facts.final_count is None:
            closed = say.say("**Closed on {time}.**", time=when)
        else:
            closed = say.count(
                "**Closed on {time} with {number} signature.**",
                "**Closed on {time} with {number} signatures.**",
                facts.final_count,
                time=when,
            )
        return " ".join(("🔒", closed, say.say("New signatures do not count.")))
    if not facts.labelled:
        return "⏸️ " + say.say(
            "**Counting is paused**, because the label {label} was taken off this issue."
            " What you write meanwhile will count when it is back.",
            label=say.code(facts.label),
        )
    if facts.deadline is not None:
        return "⏳ " + say.say("Open until {time}.", time=say.day_and_time(facts.deadline))
    return ""


def threads(facts: BlockContent) -> str:
    """Format where the petition goes on, or what this issue continues."""
    say = wording(facts.language)
    links = [say.name(f"[{name}]({facts.site_url}/{name.replace('#', '/issues/')})") for name in facts.threads]
    if facts.position < len(facts.threads):
        full = say.say("This issue has as many comments as it can take.")
        if facts.ended_at is not None:
            return full
        go_on = say.say("Please sign in {issue}.", issue=links[-1])
        return f"➡️ **{full} {go_on}**"
    if facts.position > 1:
        return say.say("This continues {issues}; all are counted together.", issues=say.all_of(links[:-1]))
    return ""


def anonymised(facts: BlockContent) -> str:
    """Format that names are not kept any more."""
    if facts.anonymised_at is None:
        return ""
    say = wording(facts.language)
    when = say.day_and_time(facts.anonymised_at)
    return say.say("Names were removed here on {time}; the count stays.", time=when)


def how(facts: BlockContent) -> str:
    """Format what to write, and how one knows what came of it."""
    say = wording(facts.language)
    withdraw = say.say("To withdraw, comment {unsign} or delete your comment.", unsign=say.code("/unsign"))
    if facts.ended_at is not None or facts.position < len(facts.threads):
        return withdraw
    return "\n".join([_how_to_sign(facts), withdraw, _how_one_knows(facts)])


def example_of(show: Collection[Detail]) -> str:
    """Return a signature with the details that are shown beside the login; empty where none are."""
    if Detail.NAME not in show:
        return ""
    return "/sign Ada Lovelace, Analytical Engines" if Detail.AFFILIATION in show else "/sign Ada Lovelace"


def table(rows: Sequence[str], facts: BlockContent) -> str:
    """Put the rows of the newest signatures under their heading."""
    say = wording(facts.language)
    heading = say.say("Newest signatures")
    columns = "| --: | :-- |" if say.is_rtl else "| :-- | --: |"
    return "\n".join((f"| {heading} | UTC |", columns, *rows)) if rows else ""


def row(signature: Signature, facts: BlockContent) -> str:
    """Write one signature, with the details that are shown."""
    # Two columns are what a phone has room for. The reason is left to comment and roster: twenty of them would
    # bury the letter.
    say = wording(facts.language)
    name = inline(signature.name or "") if Detail.NAME in facts.show else ""
    affiliation = inline(signature.affiliation or "") if Detail.AFFILIATION in facts.show else ""
    moment = say.moment(signature.signed_at, facts.as_of)
    if not signature.login:
        nobody = say.say("not named")
        return f"| *{nobody}* | {moment} |"
    profile = say.name(_profile(signature.login, facts))
    named = (f"**{say.name(name)}**" if name else profile, say.name(affiliation))
    who = ("، " if say.is_rtl else ", ").join(text for text in named if text)
    # The space before the dot does not break, so that no line begins with the dot.
    who = f"{who}\N{NO-BREAK SPACE}· {profile}" if name else who
    return f"| {who} | {moment} |"


def more(facts: BlockContent, shown: int) -> str:
    """Link to where all signatures are."""
    say = wording(facts.language)
    page = say.say("all signatures") if facts.csv_url else say.say("the petition's page")
    named = ((page, facts.roster_url), ("CSV", facts.csv_url), ("JSON", facts.json_url))
    links = " · ".join(f"[{name}]({address(url)})" for name, url in named if url)
    rest = facts.count - shown
    if rest <= 0 or not shown:
        return links if facts.count else ""
    if links:
        return say.count("…and {number} more: {links}", "…and {number} more: {links}", rest, links=links)
    return say.count("…and {number} more in the comments below.", "…and {number} more in the comments below.", rest)


def changed(facts: BlockContent) -> str:
    """Format that the letter is not what people have signed."""
    if facts.letter_changed is None:
        return ""
    say = wording(facts.language)
    at, signed = facts.letter_changed
    told = say.count(
        "The letter was changed on {time}, after {number} person had signed.",
        "The letter was changed on {time}, after {number} people had signed.",
        signed,
        time=say.day_and_time(at),
    )
    link = " " + _link(say.say("What was changed"), facts.versions_url) if facts.versions_url else ""
    return f"⚠️ {told}{link}"


def remarks(facts: BlockContent) -> str:
    """Tell the organizers what was not understood."""
    if not facts.remarks:
        return ""
    say = wording(facts.language)
    count = len(facts.remarks)
    title = say.count("For the organizers: {number} remark", "For the organizers: {number} remarks", count)
    items = [f"- {say.name(inline(remark))}" for remark in facts.remarks[:MOST_REMARKS]]
    if count > MOST_REMARKS:
        items.append("- " + say.count("…and {number} more", "…and {number} more", count - MOST_REMARKS))
    end = say.say(
        "Mend the file, or edit or delete the comment, and its remark goes."
        " Meanwhile, what held before still holds."
    )
    return "\n".join([f"<details><summary>{title}</summary>\n", *items, f"\n{end}\n\n</details>"])


def help_on_orders(facts: BlockContent) -> str:
    """Explain the orders, where an organizer asked for it."""
    if not facts.helps:
        return ""
    say = wording(facts.language)
    title = say.say("Orders for organizers, as comments")
    items = "\n".join(
        f"- {say.code(f'/petition {usage}')}: {_explained(what, say)}" for usage, what in USAGE.items()
    )
    return f"<details><summary>{title}</summary>\n\n{items}\n\n</details>"


def foot(facts: BlockContent) -> str:
    """Format when it was counted, and how anybody can count again."""
    say = wording(facts.language)
    again = " · " + _link(say.say("anybody can recount"), facts.verify_url) if facts.verify_url else ""
    return f"<sub>{counted(facts.as_of, facts.language)}{again}</sub>"


def counted(as_of: int, language: str) -> str:
    """Format when it was counted."""
    say = wording(language)
    return say.say("Counted {time} from the comments", time=say.day_and_time(as_of))


def address(url: str) -> str:
    """Keep an address in one piece inside a Markdown link."""
    return quote(url, safe="/:?&=#%@+,;~!$'*[]")


MOST_REMARKS = 10


def _how_to_sign(facts: BlockContent) -> str:
    say, example = wording(facts.language), example_of(facts.show)
    if not example:
        return say.say("**To sign, comment {sign}**", sign=say.code("/sign"))
    return say.say(
        "**To sign, comment {sign}**, or with your name: {example}",
        sign=say.code("/sign"),
        example=say.code(example),
    )


def _how_one_knows(facts: BlockContent) -> str:
    say = wording(facts.language)
    answer = say.say("The bot answers with 👍 when that counts, and with 😕 when it does not.")
    return answer + " " + _link(say.say("Was I counted?"), facts.search_url) if facts.search_url else answer


def _link(text: str, url: str) -> str:
    return f"[{text}]({address(url)})"


def _totals(days: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return how many had signed at the end of some days, evenly spread, the first and the last among them."""
    first, last = days[0][0], days[-1][0]
    steps = min(last - first, _CHART_STEPS)
    shown = [first + (last - first) * step // steps for step in range(steps + 1)]
    return [(day, sum(count for on, count in days if on <= day)) for day in shown]


def _with_links(line: str) -> str:
    """Write a line so that nothing in it is live but Markdown's links to web pages."""
    parts = links_apart(line)
    return "".join(f"[{inline(text)}]({address(url)})" if url else inline(text) for text, url in parts)


def _explained(what: str, say: Translator) -> str:
    """Translate an explanation, with its examples as code."""
    parts = say.say(what).split("`")
    return "".join(say.code(part) if number % 2 else part for number, part in enumerate(parts))


def _profile(login: str, facts: BlockContent) -> str:
    # In a link's text GitHub links nothing more; left alone, a login can be copied and searched for.
    shown = login if _LOGIN.fullmatch(login) else inline(login)
    return f"[{shown}]({facts.site_url}/{quote(login)})"


_LOGIN = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*", re.ASCII)
