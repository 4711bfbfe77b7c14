"""How organizers treat an issue's body, and what must be left of it afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sandbox.models import Issue
from tests.whole.machine_truth import blocks

BEGIN, END = "<!-- undersigned:begin -->", "<!-- undersigned:end -->"
LIMIT = 65_536


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person saved last, without our block; `exact` unless the person damaged the block as well."""

    before: str
    after: str = ""
    had_block: bool = False
    exact: bool = True
    moves: int = 0
    """How often its issue was transferred."""
    undone: Letter | None = None
    """The one before it, where that says the same: white space is no edit that the bot puts back if it undid it."""

    @classmethod
    def saved_as(cls, body: str) -> Letter:
        """Take a body apart that a person saved."""
        body = body.replace("\r\n", "\n").replace("\n", "\r\n")
        found = blocks(body)
        if len(found) != 1:
            return cls(body)
        before, after = body.split(found[0])
        return cls(before, after, had_block=True)

    def saved_over(self, known: Letter) -> Letter:
        """Note what stood there before."""
        says_the_same = _words(self.text) == _words(known.text)
        return replace(self, undone=known if says_the_same else None)

    def mistakes(self, body: str | None, *, needs_block: bool = True) -> str:
        """Say in what a body differs from the letter; empty where it holds it."""
        found = self._mistakes(body, needs_block=needs_block)
        if found and self.undone is not None:
            return self.undone.mistakes(body, needs_block=needs_block) and found
        return found

    def _mistakes(self, body: str | None, *, needs_block: bool) -> str:
        body = body or ""
        found = blocks(body)
        if len(body) > LIMIT or body.count(BEGIN) > 1 or body.count(END) > 1:
            return f"a body of {len(body)} code points with {body.count(BEGIN)} blocks"
        if not found:
            may_lack_it = self.leaves_no_room or not needs_block
            return "" if may_lack_it and _words(body) == _words(self.text) else "there is no block"
        before, after = body.split(found[0])
        if not self.exact:
            return (
                "" if _words(before + after) == _words(self.text) else f"the letter lost words: {before + after!r}"
            )
        if not self.had_block:
            before, after = before.rstrip("\r\n"), after.rstrip("\r\n")
            return "" if before + after == self.before.rstrip("\r\n") else f"not the letter: {before + after!r}"
        same = (before, after) == (self.before, self.after)
        return "" if same else f"{(before, after)!r}, not {(self.before, self.after)!r}"

    @property
    def text(self) -> str:
        """Give the letter."""
        return self.before + self.after

    @property
    def leaves_room(self) -> bool:
        """Tell whether the whole block fits beside it."""
        return len(self.text) < LIMIT - 12_000

    @property
    def leaves_no_room(self) -> bool:
        """Tell whether it may be that nothing fits beside it."""
        return len(self.text) > LIMIT - 400

    def stands_in(self, issue: Issue) -> bool:
        """Tell whether an issue shows it now; it does not where the bot has just written over it."""
        return not self.mistakes(issue.body)


def rewritten(body: str, text: str) -> str:
    """Write another letter around the block."""
    found = blocks(body)
    if len(found) != 1:
        return text
    _, after = body.split(found[0])
    return f"{text}\n\n{found[0]}{after}"


def extended(body: str, text: str) -> str:
    """Write something below the block."""
    return f"{body}\n\n{text}"


def moved(body: str) -> str:
    """Put the block above the letter."""
    (found,) = blocks(body)
    before, after = body.split(found)
    return f"{found}\n\n{before}{after}"


def has_sound_block(body: str) -> bool:
    """Tell whether nobody has damaged the block."""
    return len(blocks(body)) == body.count(BEGIN) == body.count(END) == body.count("<!-- undersigned {") == 1


def without_block(body: str) -> str:
    """Take the block out."""
    (found,) = blocks(body)
    return body.replace(found, "")


def forged(body: str) -> str:
    """Write into the block."""
    return re.sub(r"### ✍️.*", "### ✍️ A million people have signed", body)


def _without(pattern: str) -> Callable[[str], str]:
    return lambda body: re.sub(pattern, "", body)


def _doubled(body: str) -> str:
    (found,) = blocks(body)
    return f"{body}\n\n{found}"


def _swapped(body: str) -> str:
    return body.replace(BEGIN, "§").replace(END, BEGIN).replace("§", END)


DAMAGES: Sequence[Callable[[str], str]] = (
    _without(re.escape(BEGIN) + r"\r?\n"),
    _without(re.escape(END)),
    _without(r"<!-- undersigned \{.*\} -->\r?\n"),
    _doubled,
    _swapped,
    # Twice two spaces would make code of it, which is no block any more but part of the letter.
    lambda body: re.sub(rf" *{BEGIN}", f"  {BEGIN.upper()} ", body),
)
"""What people do to the block by mistake, without meaning anything for the letter."""


def _words(text: str) -> list[str]:
    return text.split()
