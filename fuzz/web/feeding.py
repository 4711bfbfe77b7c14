"""Ask and ask: what schemathesis makes up from the documents, and what becomes of that when it is varied."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode

from benchmarks.deliveries import SECRET
from fuzz.web.answer import Answer, Line, Sent, Silent
from fuzz.web.document import EVENTS, Route
from fuzz.web.house import House
from fuzz.web.judging import Judge
from fuzz.web.question import Question, from_case
from fuzz.web.variation import vary

VARIATIONS: Final = 19
"""Of each case that schemathesis makes."""

BATCH: Final = 20
"""Cases of one operation in a row."""

KEPT: Final = 2_000
"""Questions that others are made from, of all that were asked."""


@dataclass
class Tally:
    """What was asked, how it was answered, and what was wrong."""

    made: int = 0
    """Questions as schemathesis made them."""
    varied: int = 0
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By what was asked for, and the status; “-” where the bot hung up."""
    found: list[tuple[Question, str]] = field(default_factory=list)
    new: list[Question] = field(default_factory=list)
    """Those that were answered as none before."""

    @property
    def asked(self) -> int:
        """Count all questions."""
        return self.made + self.varied

    def by_status(self) -> dict[str, int]:
        """Count the answers by their status."""
        statuses = Counter[str]()
        for (_, status), number in self.answers.items():
            statuses[status] += number
        return dict(sorted(statuses.items()))

    def by_route(self) -> dict[str, dict[str, int]]:
        """Count the answers by what was asked for, and by their status."""
        found: dict[str, dict[str, int]] = {}
        for (name, status), number in sorted(self.answers.items()):
            found.setdefault(name, {})[status] = number
        return found


class Asker:
    """Asks one bot after the other, and remembers what was worth asking."""

    def __init__(self, judge: Judge, dice: random.Random, corpus: Sequence[Question], batch: int = BATCH) -> None:
        self.tally = Tally()
        self._batch = batch
        self._judge = judge
        self._dice = dice
        self._pool = list(corpus)
        self._seen: set[tuple[object, ...]] = set()

    def feed(self, house: House, runs: int, enough: Callable[[], bool] = lambda: False) -> None:
        """Ask a bot so many questions, or until it is enough, and whether it is still there."""
        end = self.tally.asked + runs
        with Line(house.port) as line:
            for made in self._made(house):
                number = min(VARIATIONS, end - self.tally.asked - 1)
                self.ask(line, [made, *(self._varied(made, house) for _ in range(number))])
                self.tally.made += 1
                self.tally.varied += number
                if self.tally.asked >= end or enough():
                    break
            for known in house.known:
                self.still_answers(line, known)

    def ask(self, line: Line, questions: Sequence[Question]) -> None:
        """Ask, and judge the answers."""
        questions = [self._for_a_moment(question) for question in questions]
        sent = [self._sent(question) for question in questions]
        done = 0
        while done < len(sent):
            try:
                for answer in line.ask_all(sent[done:]):
                    self._take(questions[done], answer)
                    done += 1
            except Silent as silence:
                for answer in silence.answers:
                    self._take(questions[done], answer)
                    done += 1
                before = f" (before it: {questions[done - 1]})" if done else ""
                self._note(questions[done], None, f"{silence}{before}")
                done += 1

    def still_answers(self, line: Line, known: Question) -> None:
        """Note it where a page is gone that was there."""
        answer = line.ask(self._sent(known))
        if answer is None or answer.status not in (200, 302):
            self.tally.found.append((known, f"afterwards it answers {answer and answer.status}"))

    def _take(self, question: Question, answer: Answer | None) -> None:
        self._note(question, answer, self._judge.mistake(question, answer))

    def _note(self, question: Question, answer: Answer | None, mistake: str | None) -> None:
        route = self._judge.route(question)
        name, status = route.name if route else "elsewhere", str(answer.status) if answer else "-"
        self.tally.answers[name, status] += 1
        if mistake is not None:
            self.tally.found.append((question, mistake))
        self._remember(question, name, answer)

    def _varied(self, made: Question, house: House) -> Question:
        others = (*house.known, made)
        first = made if self._dice.random() < _FRESH or not self._pool else self._dice.choice(self._pool)
        second = self._dice.choice(self._dice.choice((others, self._pool or others)))
        return vary(self._dice, first, second)

    def _for_a_moment(self, question: Question) -> Question:
        if question.is_lasting and self._dice.random() < _LEAVES:
            return replace(question, target=question.target.replace(b"/events", b"", 1))
        return question

    def _sent(self, question: Question) -> Sent:
        # Each comes from an address of its own, which has an allowance of its own.
        caller = b"10.%d.%d.%d" % tuple(self._dice.randrange(256) for _ in range(3))
        alone = question.odd or question.is_lasting
        return Sent(question.wire(SECRET, caller), question.method, alone, question.odd)

    def _made(self, house: House) -> Iterator[Question]:
        while True:
            for route in self._judge.routes:
                for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                    for case in _cases(route, mode, self._batch, self._dice.randrange(2**32)):
                        yield self._aimed(house, from_case(case, signed=self._is_signed(route)))

    def _is_signed(self, route: Route) -> bool:
        return (route.name in EVENTS or route.name == "other event") and self._dice.random() < _SIGNED

    def _aimed(self, house: House, question: Question) -> Question:
        """Ask about a petition that is there, mostly, and as somebody who may set up the bot."""
        path, _, query = question.target.partition(b"?")
        one = self._dice.choice(house.known)
        known, _, key = one.target.partition(b"?")
        if self._dice.random() > _AIMED:
            return question
        if path.startswith(b"/setup"):
            target = one.target if path == known else question.target
            return replace(question, target=target, headers=(*question.headers, *one.headers))
        if path == b"/oembed":
            return replace(question, target=b"/oembed?url=http://127.0.0.1" + known)
        if path.count(b"/") < 4 or not path.startswith(b"/petitions/"):
            return question
        form = path.split(b"/", 4)[4].lstrip(b"0123456789")
        queries = b"&".join(part for part in (key, query) if part)
        return replace(question, target=known + form + (b"?" + queries if queries else b""))

    def _remember(self, question: Question, name: str, answer: Answer | None) -> None:
        mark = _mark(question, name, answer)
        if mark not in self._seen:
            self._seen.add(mark)
            self.tally.new.append(question)
            self._pool.append(question)
        elif answer is None or answer.status >= HTTPStatus.BAD_REQUEST:
            # From a refusal comes another one, mostly.
            return
        elif len(self._pool) < KEPT:
            self._pool.append(question)
        elif self._dice.random() < _RENEWED:
            self._pool[self._dice.randrange(KEPT)] = question


_LEAVES: Final = 0.98
"""Of the questions for events, which the bot only notices to be gone when it has something to say to them."""

_FRESH: Final = 0.5
_AIMED: Final = 0.6
_SIGNED: Final = 0.8
_RENEWED: Final = 0.05


def _cases(route: Route, mode: GenerationMode, batch: int, number: int) -> list[Case[Any]]:
    cases: list[Case[Any]] = []

    @seed(number)
    @settings(
        max_examples=batch,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(route.operation.as_strategy(generation_mode=mode))
    def take(case: Case[Any]) -> None:
        cases.append(case)

    try:
        take()
    except Unsatisfiable:
        # Where nothing is asked for, nothing can be wrong.
        return []
    return cases


def _mark(question: Question, name: str, answer: Answer | None) -> tuple[object, ...]:
    """Name what is remarkable about an answer."""
    if answer is None:
        return (name, question.odd)
    headers = frozenset(header.lower() for header, _ in answer.headers) - {"content-length", "date"}
    told = answer.body[:60] if answer.kind == "application/json" and answer.status != 200 else b""
    return (question.method[:8], name, answer.status, answer.kind, headers, told)
