"""Say in an issue's body who and how many have signed: the block between our markers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import quote

from bot.petition.comment import unify_newlines
from bot.petition.splice import (
    BEGIN,
    BODY_LIMIT,
    END,
    NOTE,
    MachineLine,
    Place,
    letter,
    letter_digest,
    machine_line,
    place_of,
    splice,
)
from bot.petition.tally import Signature
from bot.petition.text import inline

__all__ = [
    "BODY_LIMIT",
    "BlockFacts",
    "MachineLine",
    "compose",
    "has_room",
    "letter",
    "letter_digest",
    "machine_line",
    "render",
    "same_but_for_time",
    "splice",
]


@dataclass(frozen=True, slots=True)
class BlockFacts:
    """Everything that the block shows. Times are UTC epoch seconds, `newest` comes newest first."""

    count: int
    digest: str
    as_of: int
    newest: Sequence[Signature] = ()
    goal: int | None = None
    labelled: bool = True
    label: str = "petition"
    closed_at: int | None = None
    deadline: int | None = None
    letter_changed: tuple[int, int] | None = None
    """When the letter was last changed, and how many had signed by then."""
    roster_url: str | None = None
    csv_url: str | None = None
    json_url: str | None = None
    verify_url: str | None = None
    """Where it is told how to recount."""
    site_url: str = "https://github.com"
    threads: tuple[str, ...] = ()
    """The names, `owner/repo#number`, of all issues of the petition where there is more than one, in order."""
    position: int = 1
    """Which of the threads this block stands in."""

    @property
    def ended_at(self) -> int | None:
        """Give the time from which on signing does not count, where that time has come."""
        deadline = self.deadline if self.deadline is not None and self.deadline <= self.as_of else None
        return min((end for end in (self.closed_at, deadline) if end is not None), default=None)


def compose(body: str | None, facts: BlockFacts) -> str | None:
    """Give the new body of an issue, or None where nothing but the time of counting would change.

    The letter always stays whole. Where it leaves no room for a block there will be none; see `has_room`.
    """
    place = place_of(body)
    block = _fit(place, facts)
    if place.block is not None and same_but_for_time(place.block, block):
        return None
    new_body = place.filled(block)
    return None if new_body == (body or "") else new_body


def has_room(body: str | None, facts: BlockFacts) -> bool:
    """Tell whether a letter leaves room for a block that says at least the count."""
    return bool(_fit(place_of(body), facts))


def render(facts: BlockFacts, budget: int = BODY_LIMIT) -> str:
    """Write the block, both markers included, in at most `budget` code points; empty where no count fits.

    When room is short the names go first, from the oldest on, then the instructions, and the count goes last.
    """
    rows = [_row(signature, facts) for signature in facts.newest]
    while rows and (sum(map(len, rows)) > budget or len(_assemble(_parts(facts, rows))) > budget):
        rows.pop()
    return next((block for block in _shorter_and_shorter(facts, rows) if len(block) <= budget), "")


def same_but_for_time(old_block: str, new_block: str) -> bool:
    """Tell whether two blocks say the same; when it was counted is no reason to write, nor are line ends."""
    return _timeless(old_block) == _timeless(new_block)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_BAR = 20
"""Characters of the progress bar."""

_EXPENDABLE = ("more", "how", "foot", "note", "goal", "changed", "state", "threads", "rule", "count")
"""What goes when room is short, in this order, after the names."""


def _fit(place: Place, facts: BlockFacts) -> str:
    """Write as much of the block as GitHub's limit leaves room for."""
    room = BODY_LIMIT - len(place.before) - len(place.after)
    block = render(facts, room)
    longer = len(place.with_line_ends(block)) - len(block)
    return block if len(block) + longer <= room else render(facts, room - longer)


def _shorter_and_shorter(facts: BlockFacts, rows: Sequence[str]) -> Iterator[str]:
    parts = _parts(facts, rows)
    yield _assemble(parts)
    for name in _EXPENDABLE:
        if parts.pop(name, None):
            yield _assemble(parts)
    # Where there is no room for the line for machines, the count for people may still have some.
    yield _assemble({"count": _heading(facts)})


def _assemble(parts: Mapping[str, str]) -> str:
    head = [BEGIN] + ([parts["tally"]] if "tally" in parts else [])
    foot = ([parts["note"]] if "note" in parts else []) + [END]
    middle = [text for name, text in parts.items() if name not in ("tally", "note") and text]
    return "\n\n".join(["\n".join(head), *middle, "\n".join(foot)]) if middle else "\n".join(head + foot)


def _parts(facts: BlockFacts, rows: Sequence[str]) -> dict[str, str]:
    """Write the parts of the block from top to bottom; one that has nothing to say is empty."""
    return {
        "tally": str(MachineLine(facts.count, facts.digest, facts.as_of, threads=facts.threads)),
        "rule": "---",
        "count": _heading(facts),
        "goal": _progress(facts),
        "state": _state(facts),
        "threads": _threads(facts),
        "how": _how(facts),
        "changed": _changed(facts),
        "newest": _table(rows),
        "more": _more(facts, shown=len(rows)),
        "foot": _foot(facts),
        "note": NOTE,
    }


def _heading(facts: BlockFacts) -> str:
    match facts.count:
        case 0 if facts.ended_at is not None or not facts.labelled:
            return "### ✍️ Nobody has signed"
        case 0:
            return "### ✍️ Be the first to sign"
        case 1:
            return "### ✍️ 1 person has signed"
        case count:
            return f"### ✍️ {count:,} people have signed"


def _progress(facts: BlockFacts) -> str:
    if not facts.goal or facts.goal < 0:
        return ""
    if facts.count >= facts.goal:
        return f"`{'█' * _BAR}` **The goal of {facts.goal:,} is reached** 🎉"
    # Only a goal that is reached looks reached, and the first signature shows.
    full = max(facts.count * _BAR // facts.goal, 1 if facts.count else 0)
    percent = max(facts.count * 100 // facts.goal, 1 if facts.count else 0)
    return f"`{'█' * full}{'░' * (_BAR - full)}` **{percent}%** of the goal of {facts.goal:,}"


def _state(facts: BlockFacts) -> str:
    if facts.ended_at is not None:
        return f"🔒 **Closed on {_day_and_time(facts.ended_at)}.** New signatures do not count."
    if not facts.labelled:
        return (
            f"⏸️ **Counting is paused**, because the label {_code(facts.label)} was taken off this issue. "
            "What you write meanwhile will count when it is back."
        )
    if facts.deadline is not None:
        return f"⏳ Open until {_day_and_time(facts.deadline)}."
    return ""


def _threads(facts: BlockFacts) -> str:
    """Say where the petition goes on, or what this issue continues."""
    links = [f"[{name}]({facts.site_url}/{name.replace('#', '/issues/')})" for name in facts.threads]
    if facts.position < len(facts.threads):
        full = "This issue has as many comments as it can take."
        return full if facts.ended_at is not None else f"➡️ **{full} Please sign in {links[-1]}.**"
    if facts.position > 1:
        return f"This continues {' and '.join(links[:-1])}; all are counted together."
    return ""


def _how(facts: BlockFacts) -> str:
    withdraw = "To withdraw, comment `/unsign` or delete your comment."
    if facts.ended_at is not None or facts.position < len(facts.threads):
        return withdraw
    sign = "**To sign, comment `/sign`**, or with your name: `/sign Ada Lovelace, Analytical Engines`"
    return f"{sign}\n{withdraw}"


def _table(rows: Sequence[str]) -> str:
    return "\n".join(("| Newest signatures | UTC |", "| :-- | --: |", *rows)) if rows else ""


def _row(signature: Signature, facts: BlockFacts) -> str:
    # Two columns are what a phone has room for. The reason is left to comment and roster: twenty of them would
    # bury the letter.
    login, name, affiliation = (
        inline(text or "") for text in (signature.login, signature.name, signature.affiliation)
    )
    profile = f"[{login}]({facts.site_url}/{quote(signature.login)})"
    who = ", ".join(text for text in (f"**{name}**" if name else profile, affiliation) if text)
    # The space before the dot does not break, so that no line begins with the dot.
    who = f"{who}\N{NO-BREAK SPACE}· {profile}" if name else who
    return f"| {who} | {_moment(signature.signed_at, facts.as_of)} |"


def _more(facts: BlockFacts, shown: int) -> str:
    named = (("all signatures", facts.roster_url), ("CSV", facts.csv_url), ("JSON", facts.json_url))
    links = " · ".join(f"[{name}]({_address(url)})" for name, url in named if url)
    rest = facts.count - shown
    if rest <= 0 or not shown:
        return links if facts.count else ""
    return f"…and {rest:,} more: {links}" if links else f"…and {rest:,} more in the comments below."


def _changed(facts: BlockFacts) -> str:
    if facts.letter_changed is None:
        return ""
    at, signed = facts.letter_changed
    people = "1 person" if signed == 1 else f"{signed:,} people"
    return f"⚠️ The letter was changed on {_day_and_time(at)}, after {people} had signed."


def _foot(facts: BlockFacts) -> str:
    how = f" · [anybody can recount]({_address(facts.verify_url)})" if facts.verify_url else ""
    return f"{_counted(facts.as_of)} from the comments{how}</sub>"


def _counted(as_of: int) -> str:
    return f"<sub>Counted {_day_and_time(as_of)}"


def _timeless(block: str) -> str:
    block = unify_newlines(block)
    told = machine_line(block)
    if told is None:
        return block
    counted = _counted(told.as_of)
    return block.replace(str(told), str(replace(told, as_of=0)), 1).replace(counted, _counted(0), 1)


def _day_and_time(at: int) -> str:
    day = datetime.fromtimestamp(at, UTC)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}, {day:%H:%M} UTC"


def _moment(at: int, as_of: int) -> str:
    """Write a time shortly and unbreakably: with the hour this year, with the year before."""
    day, today = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(as_of, UTC)
    month = _MONTHS[day.month - 1]
    text = f"{day.day} {month}, {day:%H:%M}" if day.year == today.year else f"{day.day} {month} {day.year}"
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"


def _address(url: str) -> str:
    """Keep an address of ours in one piece inside a Markdown link."""
    return quote(url, safe="/:?&=#%@+,;~!$'*[]")
