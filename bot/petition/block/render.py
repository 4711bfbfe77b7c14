"""Say in an issue's body who and how many have signed: the block between our markers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.petition.block import sections
from bot.petition.block.body import (
    BEGIN,
    BODY_LIMIT,
    END,
    NOTE,
    BlockLocation,
    MachineLine,
    machine_line,
    place_of,
)
from bot.petition.comments.comment import unify_newlines
from bot.petition.counting.tally import Signature
from bot.petition.i18n import wording
from bot.petition.organizers.goals import Milestone
from bot.petition.organizers.rules import Response, Withheld
from bot.petition.organizers.settings import LANGUAGES, Detail


@dataclass(frozen=True, slots=True)
class BlockContent:
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
    versions_url: str | None = None
    """Where the letter's versions are shown."""
    roster_url: str | None = None
    search_url: str | None = None
    """Where people find out whether they are counted, unless it is shown to nobody who has signed."""
    csv_url: str | None = None
    json_url: str | None = None
    verify_url: str | None = None
    """Where it is told how to recount."""
    site_url: str = "https://github.com"
    threads: tuple[str, ...] = ()
    """The names, `owner/repo#number`, of all issues of the petition where there is more than one, in order."""
    position: int = 1
    """Which of the threads this block stands in."""
    language: str = LANGUAGES[0]
    show: frozenset[Detail] = frozenset(Detail)
    days: Sequence[tuple[int, int]] = ()
    """How many signed on which day, in days since 1970, ascending, where a chart is wanted."""
    milestones: Sequence[Milestone] = ()
    """The goals that are reached."""
    final_count: int | None = None
    """How many had signed when signing ended."""
    response: Response | None = None
    remarks: Sequence[str] = ()
    """What the organizers are to be told."""
    anonymised_at: int | None = None
    """When names were erased because the petition had ended long ago."""
    withheld: Sequence[Withheld] = ()
    """Whose signatures orders withhold."""
    helps: bool = False
    """Whether the orders are explained."""

    @property
    def ended_at(self) -> int | None:
        """Return the time from which on signing does not count, where that time has come."""
        deadline = self.deadline if self.deadline is not None and self.deadline < self.as_of else None
        return min((end for end in (self.closed_at, deadline) if end is not None), default=None)


def compose(body: str | None, facts: BlockContent) -> str | None:
    """Return the new body of an issue, or None where nothing but the time of counting would change.

    The letter always stays whole. Where it leaves no room for a block there will be none; see `has_room`.
    """
    place = place_of(body)
    block = _fit(place, facts)
    if place.block is not None and same_but_for_time(place.block, block):
        return None
    new_body = place.filled(block)
    return None if new_body == (body or "") else new_body


def has_room(body: str | None, facts: BlockContent) -> bool:
    """Return whether a letter leaves room for a block that says at least the count."""
    return bool(_fit(place_of(body), facts))


def render(facts: BlockContent, budget: int = BODY_LIMIT) -> str:
    """Write the block, both markers included, in at most `budget` code points; empty where no count fits.

    When room is short the names go first, from the oldest on, then the instructions, and the count goes last.
    """
    rows = [sections.row(signature, facts) for signature in facts.newest]
    while rows and (sum(map(len, rows)) > budget or len(_assemble(_parts(facts, rows), facts)) > budget):
        rows.pop()
    return next((block for block in _shorter_and_shorter(facts, rows) if len(block) <= budget), "")


def same_but_for_time(old_block: str, new_block: str) -> bool:
    """Return whether two blocks say the same; when it was counted is no reason to write, nor are line ends."""
    return _timeless(old_block) == _timeless(new_block)


_EXPENDABLE = (
    *("chart", "help", "remarks", "more", "milestones", "how", "foot", "note", "goal", "response", "changed"),
    *("state", "anonymised", "threads", "rule", "count"),
)
"""What goes when room is short, in this order, after the names."""


def _fit(place: BlockLocation, facts: BlockContent) -> str:
    """Write as much of the block as GitHub's limit leaves room for."""
    room = BODY_LIMIT - len(place.before) - len(place.after)
    closing = len(place.closed(_LEAST)) - len(_LEAST)
    block = place.closed(render(facts, room - closing))
    longer = len(place.with_line_ends(block)) - len(block)
    if len(block) + longer > room:
        block = place.closed(render(facts, room - closing - longer))
    # In code that the letter leaves open, the block is known again by its line for machines.
    return block if not closing or machine_line(block) else ""


_LEAST = f"{BEGIN}\n{END}"


def _shorter_and_shorter(facts: BlockContent, rows: Sequence[str]) -> Iterator[str]:
    parts = _parts(facts, rows)
    yield _assemble(parts, facts)
    for name in _EXPENDABLE:
        if parts.pop(name, None):
            yield _assemble(parts, facts)
    # Where there is no room for the line for machines, the count for people may still have some.
    yield _assemble({"count": sections.heading(facts)}, facts)


def _assemble(parts: Mapping[str, str], facts: BlockContent) -> str:
    head = [BEGIN] + ([parts["tally"]] if "tally" in parts else [])
    foot = ([parts["note"]] if "note" in parts else []) + [END]
    middle = [text for name, text in parts.items() if name not in ("tally", "note") and text]
    if not middle:
        return "\n".join(head + foot)
    if wording(facts.language).is_rtl:
        middle = ['<div dir="rtl">', *middle, "</div>"]
    return "\n\n".join(["\n".join(head), *middle, "\n".join(foot)])


def _parts(facts: BlockContent, rows: Sequence[str]) -> dict[str, str]:
    """Write the parts of the block from top to bottom; one that has nothing to say is empty."""
    return {
        "tally": str(_tally(facts)),
        "rule": "---",
        "response": sections.response(facts),
        "count": sections.heading(facts),
        "goal": sections.progress(facts),
        "milestones": sections.passed(facts),
        "chart": sections.chart(facts),
        "state": sections.state(facts),
        "threads": sections.threads(facts),
        "anonymised": sections.anonymised(facts),
        "how": sections.how(facts),
        "changed": sections.changed(facts),
        "newest": sections.table(rows, facts),
        "more": sections.more(facts, shown=len(rows)),
        "remarks": sections.remarks(facts),
        "help": sections.help_on_orders(facts),
        "foot": sections.foot(facts),
        "note": NOTE,
    }


def _tally(facts: BlockContent) -> MachineLine:
    withheld = tuple((one.comment_id, one.user_id) for one in facts.withheld[:_MOST_WITHHELD])
    return MachineLine(
        facts.count,
        facts.digest,
        facts.as_of,
        threads=facts.threads,
        withheld=withheld,
        anonymised=facts.anonymised_at is not None,
    )


_MOST_WITHHELD = 500
"""Orders that the line for machines explains; it is there for those whose name has changed since."""


def _timeless(block: str) -> str:
    block = unify_newlines(block)
    told = machine_line(block)
    if told is None:
        return block
    block = block.replace(str(told), str(replace(told, as_of=0)), 1)
    for language in LANGUAGES:
        block = block.replace(sections.counted(told.as_of, language), sections.counted(0, language), 1)
    return block
