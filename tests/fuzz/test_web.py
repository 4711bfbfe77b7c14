"""What is asked by the thousand elsewhere: here a few questions, and what is found if something is wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest
import requests
import schemathesis

from bot.github import webhooks
from bot.web.api import openapi_document
from fuzz import hooks, web
from tests.web.scene import serving

# They are for the processes that these tests start; in this one other tests ask schemathesis as well.
schemathesis.hooks.unregister_all()

NOSNIFF = "X-Content-Type-Options: nosniff"


def test_strangers_may_ask_anything() -> None:
    assert web.run(["--phases=fuzzing", "--max-examples=10", "--generation-database=none", "--seed=1"]) == 0


@pytest.mark.parametrize(
    ("status", "header", "body", "mistake"),
    [
        (404, NOSNIFF, "{}", "No mistake"),
        (500, NOSNIFF, "{}", "Server error"),
        (404, "X-Other: nosniff", "{}", "X-Content-Type-Options is missing"),
        (404, NOSNIFF, "Traceback (most recent call last)", "the answer has a traceback"),
        (429, NOSNIFF, "{}", "a limit is in the way"),
    ],
)
def test_a_bad_answer_is_noticed(
    capfd: pytest.CaptureFixture[str], status: int, header: str, body: str, mistake: str
) -> None:
    with answering(status, header, body) as base:
        code = web.ask(base, ["--phases=fuzzing", "--max-examples=1", "--include-path=/metrics"])
    said = capfd.readouterr().out
    assert code == (0 if mistake == "No mistake" else 1), said
    assert mistake == "No mistake" or mistake in said


async def test_everything_that_the_bot_answers_is_asked(sqlite_url: str) -> None:
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(openapi_document("http://x")))
    hooks.before_load_schema(None, document)
    asked = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    async with serving(sqlite_url) as scene:
        answered = {
            (route.method, route.resource.canonical)
            for route in scene.client.app.router.routes()
            if route.resource is not None and route.method != "HEAD"
        }
    # The first is what schemathesis reads; the answer to the second does not end.
    assert answered - asked == {("GET", "/openapi.json"), ("GET", "/petitions/{owner}/{repo}/{number}/events")}
    assert asked <= answered


def test_deliveries_are_signed_as_github_signs_them() -> None:
    request = requests.Request("POST", "http://x", data="€".encode(), auth=hooks.Signature("secret")).prepare()
    assert webhooks.verify("€".encode(), str(request.headers["X-Hub-Signature-256"]), ["secret"])


@contextmanager
def answering(status: int, header: str, body: str) -> Iterator[str]:
    """Serve the public document, and one and the same answer to everything else."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path == "/openapi.json"
            text = msgspec.json.encode(openapi_document(base)) if known else body.encode()
            self.send_response(200 if known else status)
            for line in (header, "Content-Type: application/json", f"Content-Length: {len(text)}"):
                self.send_header(*line.split(": "))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_given: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        base = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield base
        server.shutdown()
        thread.join()
