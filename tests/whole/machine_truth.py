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
from typing import Any

from sandbox.models import Comment, Issue, User
from tests.whole.machine_coverage import wrong_words


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text says: `sign`, `unsign`, a `phrase`, an order or nothing, and the details that come with it.

    The number that comes with an order is a time or whom it means; `goals` and `text` are those that it sets.
    """

    verb: str = ""
    name: str = ""
    affiliation: str = ""
    number: int = 0
    goals: tuple[int, ...] = ()
    text: str = ""
    unlisted: bool = False
    """Whether who signs asks not to be listed; then no details come with it."""


SILENCE = Meaning()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a settings file asks for; where there is none, the defaults."""

    goals: tuple[int, ...] = ()
    deadline: int | None = None
    accepts_phrase: bool = False
    names: int = 20
    """Signers that a block names; the others are only counted."""
    first: tuple[str, ...] = ()
    """Logins of those whom it names above the newest."""
    show: str = "all"
    """`all`, `login` or `count`."""
    limit: int = 220
    """Comments on a thread before it is continued; in these lives one counts for ten."""


HIDDEN, THREE_NAMES = Wishes(show="count"), Wishes(names=3)

UNAPPLIED = (Wishes(), HIDDEN, THREE_NAMES)
"""What holds where no file was applied: the defaults, or what a first file with mistakes says of names."""

PHRASE = "I agree"

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
    lambda _: (PHRASE, Meaning("phrase")),
    lambda n: (f"/sign unlisted Nym{n}, Guild{n}", Meaning("sign", unlisted=True)),
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

    def order(self, words: str, meaning: Meaning) -> str:
        """Give the text of an order."""
        text = f"/petition {words}"
        self._known[text] = meaning
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
    unlisted: bool = False


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
    """What the settings come to with the standing orders of those who may give some."""

    wishes: Wishes
    goals: tuple[int, ...] = ()
    shut_at: int | None = None
    deadline: int | None = None
    withheld: set[int] = field(default_factory=set)
    response: tuple[str, str] = ("", "")
    """Whose answer it is, where that is not an organizer, and its text."""

    def __post_init__(self) -> None:
        self.goals, self.deadline = self.wishes.goals, self.wishes.deadline

    def end(self, first: Issue) -> int | None:
        """Say when signing ends."""
        ends = [at for at in (first.closed_at, self.shut_at, self.deadline) if at is not None]
        return min(ends) if ends else None

    def obey(self, said: Meaning, at: int) -> None:
        """Carry out an order."""
        match said.verb:
            case "goal":
                self.goals = said.goals
            case "deadline" if said.number >= at:
                self.deadline = said.number
            case "no deadline":
                self.deadline = None
            case "close" if self.shut_at is None:
                self.shut_at = at
            case "reopen":
                self.shut_at = None
                self.deadline = None if self.deadline is not None and self.deadline < at else self.deadline
            case "remove":
                self.withheld.add(said.number)
            case "restore":
                self.withheld.discard(said.number)
            case "respond":
                self.response = said.name, said.text


@dataclass(frozen=True, slots=True)
class Petition:
    """All of a petition's issues, the first one first, and by what it is judged.

    `may_order` tells who may write to the first issue's repository; `now` is in UTC epoch seconds.
    """

    threads: Sequence[Issue]
    book: PhraseBook
    may_order: Callable[[User], bool] = lambda _: False
    wishes: Wishes = Wishes()
    is_file_wrong: bool = False
    now: int = 0

    @property
    def first(self) -> Issue:
        return self.threads[0]

    @property
    def comments(self) -> list[Comment]:
        return [comment for thread in self.threads for comment in thread.visible_comments]

    def law(self) -> Law:
        """Obey the orders, in whichever issue they stand, one after the other."""
        law = Law(self.wishes)
        words = [(word_of(one, self.book), one) for one in self.comments if one.minimized is None]
        for word, comment in sorted(words, key=lambda each: (each[0].made_at, each[1].id)):
            if comment.user.type == "User" and not comment.user.deleted and self.may_order(comment.user):
                law.obey(word.meaning, word.made_at)
        return law

    def recount(self, law: Law) -> list[Signer]:
        """Count the comments of all issues together; ascending by user id."""
        end = law.end(self.first)
        last: dict[int, tuple[Comment, Word]] = {}
        for comment in sorted(self.comments, key=lambda one: (one.created_at, one.id)):
            author = comment.user
            if author.type != "User" or author.deleted or comment.minimized is not None:
                continue
            word = word_of(comment, self.book)
            signs = word.meaning.verb == "sign" or (word.meaning.verb == "phrase" and self.wishes.accepts_phrase)
            in_vain = author.id in law.withheld or (end is not None and word.made_at > end)
            if word.meaning.verb == "unsign" or (signs and not in_vain):
                last[author.id] = comment, word
        return [
            Signer(
                comment.user,
                comment,
                word.meaning.name,
                word.meaning.affiliation,
                word.restored,
                word.meaning.unlisted,
            )
            for _, (comment, word) in sorted(last.items())
            if word.meaning.verb != "unsign"
        ]

    def is_over(self, law: Law) -> bool:
        """Tell whether signing has ended."""
        return self.first.closed_at is not None or law.shut_at is not None or (law.deadline or self.now) < self.now

    def mistakes(self, thread: Issue) -> Iterator[str]:
        """Name everything in which the block of one of the issues differs from the truth."""
        (block,) = blocks((thread.body or "").replace("\r\n", "\n")) or [""]
        law = self.law()
        signers = self.recount(law)
        if not is_petition(self.first):
            # Nothing is counted, and where the bot has never seen the label, nothing is said.
            if block and not self.is_over(law) and "paused" not in block:
                yield "the block does not say that counting is paused"
            return
        if _tally(block) != (len(signers), digest(signers)):
            yield f"the block says {_tally(block)}, the comments say {len(signers)}: {_names(signers)}"
        if _count(len(signers)) not in block:
            yield f"the heading does not say {_count(len(signers))!r}"
        if ("Closed on" in block) != self.is_over(law):
            yield "the block is wrong about being closed"
        if ("petition.yml" in block) != self.is_file_wrong:
            yield f"the settings are {'wrong' if self.is_file_wrong else 'right'}, and the block does not say so"
        answers = re.findall(r"Official response by (?:\[.*\]\(.*\)|(.*)), .*\n>\n> (.*)", block)
        if (answers or [("", "")]) != [law.response]:
            yield f"the official response is {law.response!r}"
        yield from _wrong_goals(block, law.goals, len(signers))
        yield from _wrong_names(block, signers, self.wishes)
        yield from self._wrong_ways(block, thread, self.is_over(law))
        yield from wrong_words(block, law.end(self.first), self.now, len(signers))

    def _wrong_ways(self, block: str, thread: Issue, over: bool) -> Iterator[str]:
        """Look whether an issue sends people where they can sign."""
        names = [f"{one.repository.full_name}#{one.number}" for one in self.threads]
        said = _machine_line(block).get("threads", names[:1])
        if said != names:
            yield f"the block names {said}, and the issues are {names}"
        is_last = thread is self.threads[-1]
        if ("To sign, comment" in block) != (is_last and not over):
            yield "the block is wrong about where to sign"
        if (f"Please sign in [{names[-1]}](" in block) != (not is_last and not over):
            yield f"the block does not send signers to {names[-1]}, or should not"
        if ("This issue continues [" in block) != (is_last and len(names) > 1):
            yield "the block is wrong about continuing another issue"


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
            # Whoever asks that somebody is not listed is believed.
            bare = Meaning("sign", unlisted=own.unlisted or text.unlisted)
            now = bare if text.verb == "sign" else SILENCE
        else:
            now = own if own.verb == "unsign" or (own.verb == "phrase" and text == own) else SILENCE
    return Word(now, made_at, own if comment.edits[-1].text == own_text else SILENCE)


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


def _wrong_goals(block: str, goals: tuple[int, ...], count: int) -> Iterator[str]:
    ahead = next((goal for goal in goals if goal > count), goals[-1] if goals else None)
    if re.findall(r"goal of (\d+)", block) != ([] if ahead is None else [str(ahead)]):
        yield f"the goal is {ahead}"
    behind = [str(goal) for goal in goals if goal <= count and goal != ahead]
    if re.findall(r"\*\*(\d+)\*\* on ", block) != behind:
        yield f"the milestones reached are {behind}"


def _wrong_names(block: str, signers: Sequence[Signer], wishes: Wishes) -> Iterator[str]:
    unlisted = sum(signer.unlisted for signer in signers)
    said = re.findall(r"(\d+) \w+ who signed asked not to be listed", block)
    if said != ([str(unlisted)] if unlisted and wishes.show != "count" else []):
        yield f"the block says that {said} asked not to be listed, and {unlisted} did"
    signers = [signer for signer in signers if not signer.unlisted]
    most = 0 if wishes.show == "count" else wishes.names
    named = re.findall(r"^\| .*\]\(https?://[^/)]+/([\w-]+)\)", block, re.MULTILINE)
    logins = {signer.user.login for signer in signers}
    first = [login for login in wishes.first if login in logins and wishes.show != "count"]
    if named[: len(first)] != first or ("First signatories" in block) != bool(first):
        yield f"the block names {named}, and not first {first}"
    shown = set(named)
    here = [signer for signer in signers if signer.user.login in shown]
    if len(named) != len(shown) or len(here) != len(shown) or len(here) != min(len(signers), most + len(first)):
        yield f"the block shows {sorted(shown)}, not {_names(signers)}"
    if wishes.show != "all":
        if re.findall(r"(?:Nym|Guild)\d+", block):
            yield "the block shows what is not to be shown"
        return
    details = {text for signer in here for text in (signer.name, signer.affiliation) if text}
    restored = {text for signer in here for text in (signer.restored.name, signer.restored.affiliation) if text}
    if not details <= set(re.findall(r"(?:Nym|Guild)\d+", block)) <= details | restored:
        yield f"the details shown are not {sorted(details)}"


def _tally(block: str) -> tuple[int, str] | None:
    said = _machine_line(block)
    return (said["count"], said["digest"]) if said else None


def _machine_line(block: str) -> dict[str, Any]:
    line = re.search(r"<!-- undersigned (\{.*\}) -->", block)
    said: dict[str, Any] = json.loads(line[1]) if line else {}
    return said


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
