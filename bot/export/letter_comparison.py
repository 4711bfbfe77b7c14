"""How one version of a letter differs from the one before, as people read it: both rendered, and changes marked.

Blocks are compared first (paragraphs, items, cells), then the words of those that resemble each other. The result
is the later letter's HTML, in which `<ins class="added">` and `<del class="removed">` surround nothing but text, so
that it is as well-formed as the letter alone. Words that are formatted or linked otherwise are other words.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby, takewhile
from typing import Final

from cachetools import LRUCache, cached
from markupsafe import Markup, escape
from msgspec import Struct

from bot.export.sanitized_html import render
from bot.petition.i18n import Translator, message

REMEMBERED: Final = 4 * 1024 * 1024
"""Characters of compared letters that are cached."""

DEEPEST: Final = 12
"""Blocks in one another that are compared; what lies deeper is the same or another one as a whole."""

ALIKE: Final = 0.3
"""The share of words that two blocks must have in common to be compared word by word."""

LOOKED_AHEAD: Final = 20
"""So many blocks of the earlier letter are looked at for one that resembles a new one."""


class Comparison(Struct, frozen=True):
    """The later letter with what was changed in it, and how many passages were added and removed."""

    html: Markup
    added: int
    removed: int
    is_same: bool
    """Whether both are shown alike."""


# Comparing takes a while, and anybody can ask for it again and again.
@cached(LRUCache[object, Comparison](REMEMBERED, getsizeof=lambda one: len(one.html)), lock=threading.Lock())
def compare(before: str, after: str) -> Comparison:
    """Return how a letter differs from the one before, both in Markdown."""
    formats: dict[tuple[int, str], int] = {}
    old, new = _Document(render(before), formats), _Document(render(after), formats)
    work = _Work(old, new)
    work.compare(_Span(0, len(old.pieces)), _Span(0, len(new.pieces)), DEEPEST)
    html = Markup("".join(work.written))  # noqa: S704 - it is made of pieces of what was sanitized
    return Comparison(html, work.added, work.removed, old.as_read() == new.as_read())


def with_labels(html: Markup, tr: Translator) -> Markup:
    """Translate what screen readers say before an added or removed passage."""
    text = str(html)
    for label in (_ADDED_LABEL, _REMOVED_LABEL):
        there = _LABEL.replace("ltr", tr.direction).format(escape(tr.translate(label)))
        text = text.replace(_LABEL.format(label), there)
    return Markup(text)  # noqa: S704 - what is new in it is escaped


_ALONE: Final = r"\u0e00-\u0eff\u3041-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Letters of scripts that put no blanks between words: each is one."""

# A tag, white space, or a word; the sanitizer quotes attributes and escapes every other `<`.
_PIECE: Final = re.compile(rf'<(?:[^<>"]|"[^"]*")*>|\s+|[{_ALONE}]|(?:&[^;\s<]*;|[^<\s&{_ALONE}])+|&')
_NAME: Final = re.compile(r"</?([a-z0-9]+)")
_VOID: Final = frozenset({"br", "hr", "wbr"})
_ELEMENTS: Final = """
    blockquote caption dd details div dl dt figcaption figure h2 h3 h4 h5 h6 hr li ol p pre summary
    table tbody td tfoot th thead tr ul
"""
_BLOCKS: Final = frozenset(_ELEMENTS.split())


class _Span(Struct, frozen=True):
    """A part of a document: a block with its tags, or what stands beside blocks."""

    start: int
    end: int
    is_block: bool = False


class _Document:
    """A letter's HTML in pieces: tags, words and white space."""

    def __init__(self, html: str, formats: dict[tuple[int, str], int]) -> None:
        self.pieces: list[str] = _PIECE.findall(html)
        self.words: list[tuple[str, int] | None] = []
        """Each word with a number for how it is formatted and linked; None for other pieces."""
        self._ends: dict[int, int] = {}
        """Behind which piece a block ends that begins with one; so do elements that have blocks in them."""
        self._counts: dict[_Span, Counter[tuple[str, int] | None]] = {}
        self._read(formats)

    def _read(self, formats: dict[tuple[int, str], int]) -> None:
        opened: list[tuple[int, int]] = []
        blocks: set[int] = set()
        form = 0
        for place, piece in enumerate(self.pieces):
            found = _NAME.match(piece)
            self.words.append(None if found or piece.isspace() else (piece, form))
            if found is None:
                continue
            name = found[1]
            if piece.startswith("</"):
                begun, form = opened.pop()
                if begun in blocks:
                    self._ends[begun] = place + 1
                continue
            if name in _BLOCKS:
                around = (one for one, _ in reversed(opened))
                blocks.update([place], takewhile(lambda one: one not in blocks, around))
                if name in _VOID:
                    self._ends[place] = place + 1
            if name not in _VOID:
                opened.append((place, form))
                form = form if name in _BLOCKS else formats.setdefault((form, piece), len(formats) + 1)

    def as_read(self) -> str:
        """Return it without what no browser shows: how much white space there is between words."""
        html = "".join(self.pieces)
        return html if "<pre" in html else " ".join(html.split())

    def split(self, span: _Span) -> list[_Span]:
        """Return the blocks of a part, and what stands between them unless it is blank."""
        found: list[_Span] = []
        place = begun = span.start
        while place < span.end:
            end = self._ends.get(place)
            if end is None:
                place += 1
                continue
            found += [_Span(begun, place), _Span(place, end, is_block=True)]
            place = begun = end
        found.append(_Span(begun, span.end))
        return [one for one in found if one.is_block or not all(map(str.isspace, self.pieces[one.start : one.end]))]

    def text(self, span: _Span) -> str:
        return "".join(self.pieces[span.start : span.end])

    def places(self, span: _Span) -> list[int]:
        """Return where the words of a part are."""
        return [place for place in range(span.start, span.end) if self.words[place]]

    def count(self, span: _Span) -> Counter[tuple[str, int] | None]:
        """Return how often a part has each word."""
        if span not in self._counts:
            self._counts[span] = Counter(filter(None, self.words[span.start : span.end]))
        return self._counts[span]

    def kind(self, span: _Span) -> str:
        """Return what two blocks must have in common to be compared: their tag."""
        return self.pieces[span.start] if span.is_block else ""


class _Work:
    """A comparison while it is made, and what is written of it."""

    def __init__(self, old: _Document, new: _Document) -> None:
        self.written: list[str] = []
        self.added = self.removed = 0
        self._old, self._new = old, new
        self._budget = Budget()

    def compare(self, old: _Span, new: _Span, depth: int) -> None:
        """Write a part of the later letter, with its differences from a part of the earlier one."""
        olds, news = self._old.split(old), self._new.split(new)
        runs = common_runs([*map(self._old.text, olds)], [*map(self._new.text, news)], self._budget)
        old_place = new_place = 0
        for run in [*runs, Common(len(olds), len(news), 0)]:
            self._replace(olds[old_place : run.old], news[new_place : run.new], depth)
            old_place, new_place = run.old + run.size, run.new + run.size
            for span in news[run.new : new_place]:
                self._write(self._new.pieces[span.start : span.end])

    def _replace(self, olds: Sequence[_Span], news: Sequence[_Span], depth: int) -> None:
        if self._budget.left < 0:
            self._remove([_Span(one[0].start, one[-1].end) for one in [olds] if one])
            self._add([_Span(one[0].start, one[-1].end) for one in [news] if one])
            return
        old_place = new_place = 0
        for old_end, new_end in [*self._pairs(olds, news), (len(olds), len(news))]:
            gone, come = olds[old_place:old_end], news[new_place:new_end]
            if [*map(self._old.kind, gone)] == [*map(self._new.kind, come)]:
                for old, new in zip(gone, come, strict=True):
                    self._compare_block(old, new, depth)
            else:
                self._remove(gone)
                self._add(come)
            if old_end < len(olds) and new_end < len(news):
                self._compare_block(olds[old_end], news[new_end], depth)
            old_place, new_place = old_end + 1, new_end + 1

    def _pairs(self, olds: Sequence[_Span], news: Sequence[_Span]) -> Iterator[tuple[int, int]]:
        """Return the places of those that resemble each other."""
        place = 0
        for number, new in enumerate(news):
            ahead = range(place, min(place + LOOKED_AHEAD, len(olds)))
            found = next((one for one in ahead if self._is_alike(olds[one], new)), None)
            if found is not None:
                yield found, number
                place = found + 1

    def _is_alike(self, old: _Span, new: _Span) -> bool:
        if self._old.kind(old) != self._new.kind(new):
            return False
        before, after = self._old.count(old), self._new.count(new)
        self._budget.left -= 1 + len(before)
        return (before & after).total() > ALIKE * max(before.total(), after.total())

    def _compare_block(self, old: _Span, new: _Span, depth: int) -> None:
        if not new.is_block:
            self._compare_words(old, new)
        elif depth == 0:
            self._remove([old])
            self._add([new])
        else:
            self._write(self._new.pieces[new.start : new.start + 1])
            self.compare(_Span(old.start + 1, old.end - 1), _Span(new.start + 1, new.end - 1), depth - 1)
            self._write(self._new.pieces[new.end - 1 : new.end])

    def _compare_words(self, old: _Span, new: _Span) -> None:
        olds, news = self._old.places(old), self._new.places(new)
        before, after = [self._old.words[one] for one in olds], [self._new.words[one] for one in news]
        runs = without_chance(common_runs(before, after, self._budget), len(olds), len(news))
        old_place, new_place, written = 0, 0, new.start
        for run in [*runs, Common(len(olds), len(news), 0)]:
            gone, come = olds[old_place : run.old], news[new_place : run.new]
            begin = (come or news[run.new :] or [new.end])[0]
            self._write(self._new.pieces[written:begin])
            if gone:
                self._write_removed(gone, is_last=begin == new.end)
            if come:
                self._mark(self._new.pieces[begin : come[-1] + 1], _ADDED)
                self.added += 1
            old_place, new_place = run.old + run.size, run.new + run.size
            written = come[-1] + 1 if come else begin
        self._write(self._new.pieces[written : new.end])

    def _write_removed(self, places: Sequence[int], *, is_last: bool) -> None:
        """Write removed words where others stand now, without the tags that may begin or end between them."""
        pieces, first, behind = self._old.pieces, places[0], places[-1] + 1
        if is_last and first and pieces[first - 1].isspace():
            self.written.append(" ")
        kept = [one for one in pieces[first:behind] if not one.startswith("<") or one == "<br>"]
        self.written += [_REMOVED.begin, _REMOVED.label, *kept, _REMOVED.end]
        if not is_last:
            self.written.append(" ")
        self.removed += 1

    def _add(self, spans: Sequence[_Span]) -> None:
        for span in spans:
            self._mark(self._new.pieces[span.start : span.end], _ADDED)
            self.added += bool(self._new.count(span))

    def _remove(self, spans: Sequence[_Span]) -> None:
        for span in spans:
            # What has no words, such as a line across, cannot be shown as something that went.
            if self._old.count(span):
                self._mark(self._old.pieces[span.start : span.end], _REMOVED)
                self.removed += 1

    def _mark(self, pieces: Sequence[str], mark: _Mark) -> None:
        """Write pieces, and mark the text between the tags."""
        label = mark.label
        for is_tag, group in groupby(pieces, key=lambda piece: piece.startswith("<")):
            between = list(group)
            if is_tag or all(map(str.isspace, between)):
                self._write(between)
            else:
                self.written += [mark.begin, label, *between, mark.end]
                label = ""

    def _write(self, pieces: Sequence[str]) -> None:
        # What was changed behind a summary would be overlooked.
        self.written += [
            f"<details open{one[8:]}" if one.startswith("<details") and " open" not in one else one
            for one in pieces
        ]


class _Mark(Struct, frozen=True):
    begin: str
    label: str
    """What is read aloud, where browsers do not say that something is marked."""
    end: str


_LABEL: Final = '<span class="unseen" dir="ltr">{} </span>'
_ADDED_LABEL: Final = message("added:")
_REMOVED_LABEL: Final = message("removed:")

_ADDED: Final = _Mark('<ins class="added">', _LABEL.format(_ADDED_LABEL), "</ins>")
_REMOVED: Final = _Mark('<del class="removed">', _LABEL.format(_REMOVED_LABEL), "</del>")


class Budget(Struct):
    """The comparisons that are left; without any, what differs counts as different altogether."""

    left: int = 500_000


class Common(Struct, frozen=True):
    """A run that both sequences have: where it begins in each, and how long it is."""

    old: int
    new: int
    size: int


def common_runs(old: Sequence[Hashable], new: Sequence[Hashable], budget: Budget) -> list[Common]:
    """Return the runs that both sequences have, in order, so that as little as possible is left between them.

    This is Myers' algorithm, with a limit for how long it may look: https://doi.org/10.1007/BF01840446
    """
    shorter = min(len(old), len(new))
    start = next((place for place in range(shorter) if old[place] != new[place]), shorter)
    tail = next((place for place in range(shorter - start) if old[-1 - place] != new[-1 - place]), shorter - start)
    middle = _middle(old[start : len(old) - tail], new[start : len(new) - tail], budget)
    runs = [Common(start + one.old, start + one.new, one.size) for one in middle]
    whole = [Common(0, 0, start), *runs, Common(len(old) - tail, len(new) - tail, tail)]
    return [one for one in whole if one.size]


def without_chance(runs: Sequence[Common], old_length: int, new_length: int) -> Iterator[Common]:
    """Leave out short runs between long changes: such words are the same by chance, and make them hard to read."""
    end_old = end_new = 0
    for one, following in zip(runs, [*runs, Common(old_length, new_length, 0)][1:], strict=True):
        before = one.old - end_old + one.new - end_new
        behind = following.old - one.old - one.size + following.new - one.new - one.size
        if one.size * 3 >= min(before, behind):
            yield one
            end_old, end_new = one.old + one.size, one.new + one.size


def _middle(old: Sequence[Hashable], new: Sequence[Hashable], budget: Budget) -> list[Common]:
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    for edits in range(len(old) + len(new) + 1):
        trace.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            begin = x = (
                furthest[diagonal + 1] if _is_down(furthest, edits, diagonal) else furthest[diagonal - 1] + 1
            )
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            furthest[diagonal] = x
            budget.left -= 1 + x - begin
            if x >= len(old) and x - diagonal >= len(new):
                return list(_walk_back(trace, len(old), len(new)))[::-1]
        budget.left -= edits
        if budget.left < 0:
            break
    return []


def _is_down(furthest: dict[int, int], edits: int, diagonal: int) -> bool:
    """Return whether a path gets to a diagonal by an addition, and not by a removal."""
    return diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1])


def _walk_back(trace: Sequence[dict[int, int]], x: int, y: int) -> Iterator[Common]:
    for edits in range(len(trace) - 1, -1, -1):
        furthest, diagonal = trace[edits], x - y
        if edits == 0:
            before_x = before_y = 0
        else:
            before = diagonal + 1 if _is_down(furthest, edits, diagonal) else diagonal - 1
            before_x, before_y = furthest[before], furthest[before] - before
        size = min(x - before_x, y - before_y)
        if size > 0:
            yield Common(x - size, y - size, size)
        x, y = before_x, before_y
