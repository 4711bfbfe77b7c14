"""Say what is wrong with an answer: nothing of ours may break, and what is documented is as the document says."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import requests
from schemathesis import Response
from schemathesis.core.failures import Failure, FailureGroup

from fuzz.web.answer import Answer
from fuzz.web.document import Route, named
from fuzz.web.question import Question

SEALED: Final = "X-Content-Type-Options"
"""All our answers carry it."""


class Judge:
    """Knows what answers are allowed.

    A bot that is not `ready` may say so with a 5xx where its document does.
    """

    def __init__(self, known: tuple[Route, ...], *, ready: bool = True) -> None:
        self.routes = known
        self._ready = ready

    def route(self, question: Question) -> Route | None:
        """Tell what a question is for."""
        path, method = question.path, question.method.decode("latin-1")
        found = list(named(self.routes, "GET" if method == "HEAD" else method, path))
        event = question.header(b"X-GitHub-Event").decode("latin-1")
        return next((route for route in found if route.name == event), found[-1] if found else None)

    def mistake(self, question: Question, answer: Answer | None) -> str | None:
        """Say what is wrong with an answer; None where nothing is."""
        if answer is None:
            return None if question.odd else "it hung up"
        route = self.route(question)
        if _is_flaw_of_aiohttp(question):
            return None
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not self._may_fail(route, answer):
            return f"status {answer.status}"
        if not answer.header(SEALED):
            return "not sealed"
        if question.odd or (answer.status == HTTPStatus.BAD_REQUEST and _is_of_aiohttp(answer)):
            return None
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            return "the limits stand in the way of the fuzzing"
        if route is None:
            # No address of ours, or one that is written in another way.
            return None
        return _as_documented(route, question, answer)

    def _may_fail(self, route: Route | None, answer: Answer) -> bool:
        if self._ready:
            return False
        return answer.status == HTTPStatus.SERVICE_UNAVAILABLE or (
            route is not None and str(answer.status) in route.answers
        )


def _is_flaw_of_aiohttp(question: Question) -> bool:
    """Tell whether aiohttp stumbles before anything of ours is asked: over an `Expect` that is no text."""
    return any(byte > 127 for byte in question.header(b"Expect"))


def _is_of_aiohttp(answer: Answer) -> bool:
    """Tell whether it is aiohttp's own answer to what is no HTTP: then it speaks an older one itself."""
    return answer.kind == "text/plain" and answer.version == 10


def _as_documented(route: Route, question: Question, answer: Answer) -> str | None:
    if str(answer.status) not in route.answers:
        return f"status {answer.status} is not documented"
    if answer.status >= HTTPStatus.BAD_REQUEST and b"text/html" in question.header(b"Accept"):
        return (
            None
            if answer.kind in ("text/html", "application/json", *route.answers[str(answer.status)])
            else f"a refusal as {answer.kind}"
        )
    if question.method == b"HEAD":
        return None if not answer.body else "HEAD with a body"
    kinds = route.answers[str(answer.status)]
    if kinds and answer.kind not in kinds:
        return f"{answer.kind} is not documented"
    request = requests.PreparedRequest()
    request.prepare(method=route.method, url="http://127.0.0.1/")
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.lower(), []).append(value)
    try:
        route.operation.validate_response(Response(answer.status, headers, answer.body, request, 0.0, verify=False))
    except (Failure, FailureGroup) as failure:
        causes = failure.exceptions if isinstance(failure, FailureGroup) else (failure,)
        return "; ".join(" ".join(str(cause).split()) for cause in causes)
    return None
