"""Find and replace our block in an issue's body, and leave everything else as people wrote it.

The block stands between two markers, each on a line of its own. Two more of its lines are known by their look: the
tally for machines at its head and the note for editors at its foot. When somebody deletes a marker, they still tell
where the block began or ended. Markers quoted in a fenced code block are not markers, unless the letter leaves the
code open and the block closes it: the lines that do so stand between the begin marker and the tally.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from bot.petition.block.unclosed_markdown import CLOSING_LINE, closing_lines
from bot.petition.github_markdown import BLOCKS, limit_nesting
from bot.petition.machine_readable_lines import MachineLine

BODY_LIMIT = 65_536
"""Code points that GitHub takes as an issue's body."""

BEGIN = "<!-- undersigned:begin -->"
END = "<!-- undersigned:end -->"
NOTE = "<!-- undersigned:note The bot keeps rewriting this part. Write your own text above or below it. -->"
"""The line before the end marker, for people who edit the issue."""
SHORT_NOTE = "<!-- undersigned:note -->"
"""What stands there where there is no room for the note: the block is known again when a marker is lost."""


class BlockLocation(Struct, frozen=True):
    """Where the block belongs in a body: what people wrote before it and after it, and the block that is there now.

    Before a new block stands a blank line. `block` is None where it is missing, damaged or doubled.
    """

    before: str
    after: str
    block: str | None = None

    @property
    def letter(self) -> str:
        """Return the text people sign, without the blank line that comes with a block at its end."""
        return self.before + self.after if self.after else _without_blank_line(self.before)

    def with_line_ends(self, block: str) -> str:
        """Return a block the line ends that the letter mostly has: browsers save CRLF, the API what it is given."""
        return _NEWLINE.sub(_newline(self.before + self.after), block)

    @property
    def closing(self) -> tuple[str, ...]:
        """Return the lines that close what is open before the block, and that nobody closes after it."""
        return _closing(self.before, self.after)

    def closed(self, block: str) -> str:
        """Return a block that first closes what is open before it."""
        if not block or not self.closing:
            return block
        return f"{BEGIN}\n" + "\n".join(self.closing) + "\n\n" + block.removeprefix(f"{BEGIN}\n")

    def filled(self, block: str) -> str:
        """Return the body with this block; an empty one takes ours out."""
        return self.before + self.with_line_ends(block) + self.after if block else self.letter


def splice(body: str | None, block: str) -> str:
    """Return an issue's body with this block, in the place of the one that is there or at the end.

    Outside of the markers not one byte changes; leftovers of damaged and doubled blocks go. The block takes on the
    line ends of the letter. An empty block takes ours out.
    """
    place = locate_block(body)
    return place.filled(place.closed(block))


# A body is looked at several times in a row: for its letter, its digest and its place.
@lru_cache(maxsize=8)
def locate_block(body: str | None) -> BlockLocation:
    """Find where the block belongs in a body."""
    place = _place_of(body or "")
    # A block put in, and leftovers taken out, may turn code around them into text, with more of our lines in it.
    for _ in range(_LOOKS):
        again = _place_of(place.filled(place.closed(_PROBE)))
        if (again.before, again.after) == (place.before, place.after):
            return place
        place = replace(again, block=None)
    # Somebody has made this one to go on for as long as it is. Without any line of ours, even a quoted one, only
    # the end is left, and nothing that is put there changes what stands before it.
    return _place_of(_MARK.sub("", place.letter))


def letter(body: str | None) -> str:
    """Return the body outside our block: the text people sign, without the blank line that `splice` put between."""
    return locate_block(body).letter


def letter_digest(body: str | None) -> str:
    """Identify the letter by its words: white space, line ends and where the block stands do not count."""
    words = " ".join(letter(body).split())
    return f"sha256:{hashlib.sha256(words.encode('utf-8', 'surrogatepass')).hexdigest()}"


def machine_line(body: str | None) -> MachineLine | None:
    """Read the tally back from the block in a body; None where there is no such line, or it makes no sense."""
    body = body or ""
    told = sorted((span for span in _spans(body) if "tally" in span.kinds), key=lambda span: not span.whole)
    inside = body[told[0].start : told[0].end] if told else ""
    said = next((mark["tally"] for mark in _MARK.finditer(inside) if mark["tally"]), None)
    return MachineLine.read(said) if said else None


_NEWLINE = re.compile(r"\r\n?|\n")

_MARK = re.compile(
    r"""
    (?<![^\r\n]) [ ]{0,3}               # on a line of its own, and not in indented code
    (?P<mark> <!-- [ \t]* undersigned [ \t]* (?:
        : [ \t]* (?P<edge> begin | end ) [ \t]*
      | : [ \t]* (?P<note> note ) \b [^\r\n]*?
      | (?P<tally> \{ [^\r\n]* \} ) [ \t]*
    ) --> )
    [ \t]* (?![^\r\n])
    """,
    re.IGNORECASE | re.VERBOSE,
)

# Between a begin marker and the tally: the lines that close what the letter left open.
_CLOSING = re.compile(rf"(?:[ \t]*(?:\r\n?|\n)[ ]{{0,3}}{CLOSING_LINE})+\s*", re.VERBOSE)

# Before a fence stand only the marks of the quotes and lists that it is in.
_FENCE = re.compile(r"(?<![^\r\n])[ \t>*+\-0-9.)]*(?:`{3}|~{3})")


class _Span(Struct, frozen=True):
    """A part of a body that is ours: a block, or what is left of one, and which of our lines it holds."""

    start: int
    end: int
    kinds: frozenset[str]

    @property
    def whole(self) -> bool:
        """Return whether both its head and its foot are known, be it without a marker."""
        return not self.kinds.isdisjoint(_HEAD) and not self.kinds.isdisjoint(_FOOT)

    @property
    def intact(self) -> bool:
        return self.kinds >= {"begin", "end"}

    def takes(self, kind: str, *, near: bool) -> bool:
        """Return whether our next line belongs to this part; `near` if only white space stands between."""
        match kind:
            case "tally":
                return near and self.kinds == {"begin"}
            case "note" | "end" if self.kinds.isdisjoint(_FOOT):
                return True
            case "end":
                return near and "end" not in self.kinds
            case _:
                return False


_HEAD = frozenset({"begin", "tally"})
_FOOT = frozenset({"note", "end"})


def _spans(body: str) -> tuple[_Span, ...]:
    spans: list[_Span] = []
    for mark in _marks(body):
        start, end = mark.span("mark")
        kind = _kind(mark)
        last = spans[-1] if spans else None
        if last and last.takes(kind, near=_is_near(body, last.end, start)):
            spans[-1] = _Span(last.start, end, last.kinds | {kind})
        else:
            spans.append(_Span(start, end, frozenset({kind})))
    return tuple(spans)


def _is_near(body: str, end: int, start: int) -> bool:
    return not body[end:start].strip() or _CLOSING.fullmatch(body, end, start) is not None


def _marks(body: str) -> Iterator[re.Match[str]]:
    found = list(_MARK.finditer(body))
    quoted_lines = _quoted_lines(body, found[-1].start()) if found else frozenset()
    quoted: list[bool] = []
    line = seen = 0
    for mark in found:
        line += len(_NEWLINE.findall(body, seen, mark.start("mark")))
        seen = mark.start("mark")
        quoted.append(line in quoted_lines)
    for number, mark in enumerate(found):
        if quoted[number] and _ends_code(body, found[number : number + 3], quoted[number : number + 3]):
            # Code that the letter left open ends in the block: by what closes it, or, in 0.1.0, by a chart.
            quoted[number : number + 2] = False, False
        if not quoted[number]:
            yield mark


def _ends_code(body: str, marks: Sequence[re.Match[str]], quoted: Sequence[bool]) -> bool:
    """Check whether a begin marker in code, which comes first of `marks`, begins a block in which the code ends."""
    kinds = [_kind(mark) for mark in marks]
    if kinds[:2] != ["begin", "tally"] or not _is_near(body, marks[0].end("mark"), marks[1].start("mark")):
        return False
    return not quoted[1] or (kinds[2:] in (["note"], ["end"]) and not quoted[2])


def _kind(mark: re.Match[str]) -> str:
    return (mark["edge"] or mark["note"] or "tally").lower()


def _quoted_lines(body: str, until: int) -> frozenset[int]:
    """Return the numbers of the lines in fenced code blocks; of blocks that begin after a place they may miss.

    A fence that nobody closed reaches to the end and swallows the block that we append, so it quotes nothing.
    """
    if not _FENCE.search(body, 0, until):
        return frozenset()
    text = f"{body}\n\nthe end"
    the_end = len(_NEWLINE.findall(text))
    fences = (token.map for token in BLOCKS.parse(limit_nesting(text, 1)) if token.type == "fence" and token.map)
    return frozenset(line for lines in fences if lines[1] <= the_end for line in range(*lines))


_LOOKS = 4
"""How often a body is looked at again until its block has found its place; one time in nearly all bodies."""


@lru_cache(maxsize=8)
def _closing(before: str, after: str) -> tuple[str, ...]:
    lines = closing_lines(before, BEGIN)
    if not after.strip() or not any(line.startswith("</") and line != "</pre>" for line in lines):
        return lines
    # Whoever moves the block into an element of theirs, and ends that below it, wants it there.
    unclosed = closing_lines(before + after, BEGIN)
    return tuple(line for line in lines if line in unclosed or not line.startswith("</") or line == "</pre>")


def _place_of(body: str) -> BlockLocation:
    spans = _spans(body)
    if not spans:
        return BlockLocation(body + _newline(body) * 2 if body else "", "")
    at = next((span for span in spans if span.whole), spans[0])
    sole = len(spans) == 1 and at.intact
    return BlockLocation(
        before=_outside(body, 0, at.start, spans),
        after=_outside(body, at.end, len(body), spans),
        block=body[at.start : at.end] if sole else None,
    )


def _outside(body: str, start: int, end: int, spans: Sequence[_Span]) -> str:
    """Return a part of a body without what is ours in it."""
    kept: list[str] = []
    for span in spans:
        if start <= span.start < end:
            kept.append(body[start : span.start])
            start = span.end
    return "".join(kept) + body[start:end]


def _newline(text: str) -> str:
    crlf = text.count("\r\n")
    return "\r\n" if crlf > text.count("\n") - crlf else "\n"


def _without_blank_line(text: str) -> str:
    return text.removesuffix("\r\n\r\n") if text.endswith("\r\n\r\n") else text.removesuffix("\n\n")


_PROBE = f"{BEGIN}\n{MachineLine(0, '', 0)}\n\n{END}"
"""The shortest block that is known again wherever it stands."""
