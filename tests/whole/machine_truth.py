"""What an issue's body must say: DESIGN's rules of counting, written a second time.

Nothing of the bot's own reading, folding or rendering is used here. The source is what the sandbox's GitHub really
holds, with the whole history of every comment; the texts that people write come from a phrase book, so that it is
known without a parser what they mean.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.sandbox.nouns import Comment, Issue, User


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text says: `sign`, `unsign`, an order or nothing, and the details that come with it.

    The number that comes with an order is a goal, a time, or whom it means.
    """

    verb: str = ""
    name: str = ""
    affiliation: str = ""
    number: int = 0


SILENCE = Meaning()

SHOWN = 20
"""Signers that a block names; the others are only counted."""

_PHRASES: Sequence[Callable[[int], tuple[str, Meaning]]] = (
    lambda n: (f"/sign Nym{n}", Meaning("sign", f"Nym{n}")),
    lambda _: ("/sign", Meaning("sign")),
    lambda _: ("/unsign", Meaning("unsign")),
    lambda n: (f"Hello {n}.", SILENCE),
    lambda n: (f"/SIGN: Nym{n}, Guild{n}", Meaning("sign", f"Nym{n}", f"Guild{n}")),
    lambda n: (f"I agree.\n\n/sign Nym{n} (Guild{n})\nfor reason {n}", Meaning("sign", f"Nym{n}", f"Guild{n}")),
    lambda n: (f"> /sign Nym{n}\n\nnot me", SILENCE),
    lambda n: (f"/sign Nym{n}\n\n/unsign", Meaning("unsign")),
    lambda n: (f"/unsign\n\n/sign Nym{n}", Meaning("sign", f"Nym{n}")),
    lambda n: (f"`/sign Nym{n}` is what one types; /sign is the word", SILENCE),
)


@dataclass(slots=True)
class PhraseBook:
    """Texts for comments, each with its meaning; names are never used twice."""

    _known: dict[str, Meaning] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(_PHRASES)

    def phrase(self, kind: int) -> str:
        """Give a text of a kind."""
        text, meaning = _PHRASES[kind](len(self._known))
        self._known[text] = meaning
        return text

    def order(self, verb: str, words: str, number: int = 0) -> str:
        """Give the text of an order."""
        text = f"/petition {words}"
        self._known[text] = Meaning(verb, number=number)
        return text

    def meaning(self, text: str) -> Meaning:
        """Say what a text means."""
        return self._known[text.replace("\r\n", "\n")]


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who stands under the letter."""

    user: User
    comment: Comment
    name: str
    affiliation: str
    restored: Meaning = SILENCE


@dataclass(frozen=True, slots=True)
class Word:
    """What a comment comes to after all its edits, and when that came to be.

    `restored` is what its author had said, where somebody else has put back those very words: whoever did not hear
    of the edits in between cannot tell, and shows the words of the author.
    """

    meaning: Meaning
    made_at: int
    restored: Meaning = SILENCE


@dataclass(slots=True)
class Law:
    """What the standing orders of those who may give some come to."""

    goal: int = 0
    shut_at: int | None = None
    deadline: int | None = None
    withheld: set[int] = field(default_factory=set)

    def end(self, issue: Issue) -> int | None:
        """Say when signing ends."""
        ends = [at for at in (issue.closed_at, self.shut_at, self.deadline) if at is not None]
        return min(ends) if ends else None

    def obey(self, said: Meaning, at: int) -> None:
        """Carry out an order."""
        match said.verb:
            case "goal":
                self.goal = said.number
            case "deadline" if said.number >= at:
                self.deadline = said.number
            case "close" if self.shut_at is None:
                self.shut_at = at
            case "reopen":
                self.shut_at = None
                self.deadline = None if self.deadline is not None and self.deadline < at else self.deadline
            case "remove":
                self.withheld.add(said.number)
            case "restore":
                self.withheld.discard(said.number)


def law_of(issue: Issue, book: PhraseBook, may_order: Callable[[User], bool]) -> Law:
    """Obey an issue's orders, one after the other."""
    law = Law()
    words = [(word_of(one, book), one) for one in issue.visible_comments if one.minimized is None]
    for word, comment in sorted(words, key=lambda each: (each[0].made_at, each[1].id)):
        if comment.user.type == "User" and not comment.user.deleted and may_order(comment.user):
            law.obey(word.meaning, word.made_at)
    return law


def recount(issue: Issue, book: PhraseBook, law: Law) -> list[Signer]:
    """Count an issue's comments; ascending by user id."""
    end = law.end(issue)
    last: dict[int, tuple[Comment, Word]] = {}
    for comment in sorted(issue.visible_comments, key=lambda one: (one.created_at, one.id)):
        author = comment.user
        if author.type != "User" or author.deleted or comment.minimized is not None:
            continue
        word = word_of(comment, book)
        in_vain = author.id in law.withheld or (end is not None and word.made_at > end)
        if word.meaning.verb == "unsign" or (word.meaning.verb == "sign" and not in_vain):
            last[author.id] = comment, word
    return [
        Signer(comment.user, comment, word.meaning.name, word.meaning.affiliation, word.restored)
        for _, (comment, word) in sorted(last.items())
        if word.meaning.verb == "sign"
    ]


def word_of(comment: Comment, book: PhraseBook) -> Word:
    """Read a comment's history: its author's own words count, somebody else can only take away from them."""
    own, now, made_at, own_text = SILENCE, SILENCE, comment.created_at, ""
    for edit in comment.edits:
        text = book.meaning(edit.text)
        if edit.editor is comment.user:
            if text.verb != now.verb and edit is not comment.edits[0]:
                made_at = edit.at
            own = now = text
            own_text = edit.text
        elif own.verb == "sign":
            now = Meaning("sign") if text.verb == "sign" else SILENCE
        else:
            now = own if own.verb == "unsign" else SILENCE
    return Word(now, made_at, own if comment.edits[-1].text == own_text else SILENCE)


def mistakes(
    issue: Issue, book: PhraseBook, may_order: Callable[[User], bool] = lambda _: False, now: int = 0
) -> Iterator[str]:
    """Name everything in which a petition's block differs from the truth."""
    (block,) = blocks(issue.body or "") or [""]
    law = law_of(issue, book, may_order)
    signers = recount(issue, book, law)
    tally = _tally(block)
    if not is_petition(issue):
        # Nothing is counted, and where the bot has never seen the label, nothing is said.
        if block and not _is_over(issue, law, now) and "paused" not in block:
            yield "the block does not say that counting is paused"
        return
    if tally != (len(signers), digest(signers)):
        yield f"the block says {tally}, the comments say {len(signers)}: {_names(signers)}"
    if _count(len(signers)) not in block:
        yield f"the heading does not say {_count(len(signers))!r}"
    if ("Closed on" in block) != _is_over(issue, law, now):
        yield "the block is wrong about being closed"
    if re.findall(r"goal of (\d+)", block) != ([str(law.goal)] if law.goal else []):
        yield f"the goal is {law.goal or 'none'}"
    yield from _wrong_names(block, signers)


def _is_over(issue: Issue, law: Law, now: int) -> bool:
    return issue.closed_at is not None or law.shut_at is not None or (law.deadline or now) < now


def is_petition(issue: Issue) -> bool:
    """Tell whether an issue carries the label."""
    return "petition" in (label.name for label in issue.labels)


def blocks(body: str) -> list[str]:
    """Give the blocks in a body; there should be one."""
    return re.findall(r"<!-- undersigned:begin -->.*?<!-- undersigned:end -->", body, re.DOTALL)


def digest(signers: Sequence[Signer]) -> str:
    """Identify a tally, as docs/RECOUNT.md says."""
    lines = [f"{one.user.id}:{one.comment.id}".encode() for one in signers]
    total = sum(int.from_bytes(hashlib.shake_256(line).digest(512), "little") for line in lines) % 2**4096
    return "adhash4096:" + hashlib.sha256(total.to_bytes(512, "little")).hexdigest()


def _wrong_names(block: str, signers: Sequence[Signer]) -> Iterator[str]:
    shown = set(re.findall(r"\]\(https?://[^/)]+/([\w-]+)\)", block))
    here = [signer for signer in signers if signer.user.login in shown]
    if len(here) != len(shown) or len(here) != min(len(signers), SHOWN):
        yield f"the block shows {sorted(shown)}, not {_names(signers)}"
    details = {text for signer in here for text in (signer.name, signer.affiliation) if text}
    restored = {text for signer in here for text in (signer.restored.name, signer.restored.affiliation) if text}
    if not details <= set(re.findall(r"(?:Nym|Guild)\d+", block)) <= details | restored:
        yield f"the details shown are not {sorted(details)}"


def _tally(block: str) -> tuple[int, str] | None:
    line = re.search(r"<!-- undersigned (\{.*\}) -->", block)
    said = json.loads(line[1]) if line else None
    return (said["count"], said["digest"]) if said else None


def _count(count: int) -> str:
    match count:
        case 0:
            return "### ✍️ "
        case 1:
            return "1 person has signed"
        case _:
            return f"{count} people have signed"


def _names(signers: Sequence[Signer]) -> list[str]:
    return sorted(signer.user.login for signer in signers)
