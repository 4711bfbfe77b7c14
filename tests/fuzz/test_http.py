"""What is asked by the million elsewhere: here what was kept of it once more, and a thousand questions besides."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from benchmarks.servers import complaints
from bot.web.setup.auth import Guard
from bot.web.setup.pages import Wizard
from fuzz.__main__ import CORPUS
from fuzz.web.answer import Answer, Line
from fuzz.web.feeding import Asker
from fuzz.web.house import House, open_house, open_setup
from fuzz.web.judging import Judge
from fuzz.web.question import Question, read, write
from fuzz.web.running import PLACES, questions
from fuzz.web.variation import vary
from tests.chance import dice
from tests.web.scene import serving

ROSTER = Question(b"GET", b"/petitions/lovelace/letters/1.json")
HEADERS = (("Content-Type", "application/json; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))


@pytest.fixture(scope="module")
def judge() -> Judge:
    return PLACES["http"].judge()


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """A running bot; it must end as it should, with nothing in its log that is a mistake of ours."""
    with open_house() as house:
        yield house


def test_what_was_asked_once_is_still_answered_well(house: House, judge: Judge) -> None:
    asker = Asker(judge, dice(1), [])
    with Line(house.port) as line:
        asker.ask(line, questions(CORPUS / "http"))
    assert asker.tally.found == []


def test_strangers_may_ask_anything(house: House, judge: Judge) -> None:
    asker = Asker(judge, dice(2), questions(CORPUS / "http"), batch=1)
    asker.feed(house, 1_000)
    assert asker.tally.found == []
    assert (asker.tally.made, asker.tally.varied) == (50, 950)
    assert asker.tally.by_status().keys() >= {"200", "400", "404", "405"}


def test_a_bot_that_is_not_set_up_may_be_asked_anything() -> None:
    kept = questions(CORPUS / "setup")
    asker = Asker(PLACES["setup"].judge(), dice(3), kept, batch=1)
    with open_setup() as house:
        with Line(house.port) as line:
            asker.ask(line, kept)
        asker.feed(house, 500)
    assert asker.tally.found == []
    assert asker.tally.by_status().keys() >= {"200", "302", "400", "403", "404"}


def test_there_is_something_to_ask_about(house: House, judge: Judge) -> None:
    asker = Asker(judge, dice(4), [])
    with Line(house.port) as line:
        for known in house.known:
            path, _, key = known.target.partition(b"?")
            asker.ask(line, [replace(known, target=path + b".json?" + key)])
            asker.still_answers(line, known)
    assert asker.tally.answers == {("roster", "200"): 2}
    assert asker.tally.found == []


async def test_everything_that_the_bot_answers_is_asked(sqlite_url: str, judge: Judge) -> None:
    async with serving(sqlite_url) as scene:
        assert {(route.method, route.operation.path) for route in judge.routes} == answered(scene.client.app)


async def test_everything_of_the_set_up_is_asked() -> None:
    guard = Guard("k" * 32, lambda: 0.0)
    wizard = Wizard(guard, nobody, nobody, "https://api.github.com", None, asyncio.Event())
    asked = {(route.method, route.operation.path) for route in PLACES["setup"].judge().routes}
    assert asked == answered(wizard.application())


def answered(application: web.Application) -> set[tuple[str, str]]:
    return {
        (route.method, route.resource.canonical)
        for route in application.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


async def nobody(*_given: object) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (Answer(500, HEADERS, b""), "status 500"),
        (Answer(404, HEADERS, b'{"message": "Not here"}'), None),
        (Answer(404, HEADERS[:1], b'{"message": "Not here"}'), "not sealed"),
        (Answer(429, HEADERS, b""), "the limits stand in the way of the fuzzing"),
        (None, "it hung up"),
    ],
)
def test_a_bad_answer_is_noticed(judge: Judge, answer: Answer | None, mistake: str | None) -> None:
    assert judge.mistake(ROSTER, answer) == mistake


def test_an_answer_of_another_shape_is_noticed(judge: Judge) -> None:
    assert "message" in (judge.mistake(ROSTER, Answer(404, HEADERS, b"{}")) or "")
    assert judge.mistake(ROSTER, Answer(202, HEADERS, b"{}")) == "status 202 is not documented"
    page = Answer(200, (("Content-Type", "text/html"), HEADERS[1]), b"")
    assert judge.mistake(ROSTER, page) == "text/html is not documented"
    head = replace(ROSTER, method=b"HEAD")
    assert judge.mistake(head, Answer(200, HEADERS, b"{}")) == "HEAD with a body"


def test_what_is_not_http_need_not_be_answered(judge: Judge) -> None:
    assert judge.mistake(replace(ROSTER, headers=((b"Content-Length", b"9"),)), None) is None
    assert judge.mistake(replace(ROSTER, target=b"/ /"), None) is None


def test_an_answer_that_is_none_is_laid_to_who_asked_for_it(judge: Judge) -> None:
    """Here `HEAD` is answered with a body, which is where the next answer should begin."""
    asker, head = Asker(judge, dice(5), []), replace(ROSTER, method=b"HEAD")
    fields = "".join(f"{name}: {value}\r\n" for name, value in (*HEADERS, ("Content-Length", "3")))
    with answering(f"HTTP/1.1 200 OK\r\n{fields}\r\n{{}}\n".encode()) as port, Line(port) as line:
        asker.ask(line, [head, ROSTER])
    ((question, mistake),) = asker.tally.found
    assert question == ROSTER
    assert mistake.startswith("no HTTP: BadStatusLine")
    assert str(head) in mistake


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """Answer one connection."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)
            connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_mistakes_in_the_log_are_noticed() -> None:
    fine = json.dumps({"level": "warning", "event": "delivery refused"})
    bad = json.dumps({"level": "error", "event": "Error handling request", "exception": []})
    assert complaints(f"{fine}\n{bad}\nTraceback\n") == [bad, "Traceback"]


def test_what_is_written_down_is_read_back() -> None:
    thrown, question = dice(6), ROSTER
    for _ in range(300):
        question = vary(thrown, replace(question, target=question.target[:500], body=question.body[:500]), ROSTER)
        assert read(write(question)) == question


def test_a_question_goes_out_as_it_is_and_tells_who_asks() -> None:
    delivery = Question(b"POST", b"/webhook", ((b"X-GitHub-Event", b"ping"),), b"{}", signed=True)
    head, _, body = delivery.wire("secret", b"10.0.0.1").partition(b"\r\n\r\n")
    assert body == b"{}"
    assert head.splitlines()[0] == b"POST /webhook HTTP/1.1"
    assert head.splitlines()[-1] == b"X-Forwarded-For: 10.0.0.1"
    assert b"X-Hub-Signature-256: sha256=" in head
