"""Play steps: calls to GitHub whose whole response is wanted, also a refusal, at the pace that GitHub asks for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import aiohttp

from bot.github.api_urls import graphql_url, own_url
from bot.github.errors import GitHubError, Paused, Unauthorized, Unavailable
from bot.github.http_exchange import HttpResponse, exchange
from bot.github.models.rest import refusal_message
from bot.github.throttle import Kind, Throttle, is_limit, kind_of, resource_of
from bot.github.transport import API_VERSION, MAX_BODY
from bot.rehearsal.story import NotObserved, Observations, Request, Response, Step
from bot.time_types import Clock, Seconds

SETTLE: Final[Seconds] = 2.0
"""How long after a write the first read waits: GitHub may read from a copy, and counts whole seconds."""

PATIENCE: Final[Seconds] = 900.0
"""The longest wait for a limit of GitHub's; beyond it the story ends early."""

FAILURES: Final = 3
"""How often GitHub may fail to answer before the story ends early."""

ATTEMPTS: Final = 3
TIMEOUT: Final[Seconds] = 60.0


class RehearsalClient:
    """Sends calls one after the other; follows no redirect and keeps no response."""

    def __init__(
        self, session: aiohttp.ClientSession, api_url: str, tokens: Mapping[str, str], clock: Clock
    ) -> None:
        self._session = session
        self._api_url = api_url.rstrip("/")
        self._tokens = tokens
        self._clock = clock
        self._throttles = {player: Throttle() for player in tokens}
        self._written_at = 0.0
        self.calls = 0

    def has(self, player: str) -> bool:
        """Return whether somebody's token is there."""
        return bool(self._tokens.get(player))

    async def pause(self, seconds: Seconds) -> None:
        """Wait."""
        await self._clock.sleep(seconds)

    async def play(self, steps: Iterable[Step], seen: Observations) -> None:
        """Make one call after the other and record each response, or why there is none."""
        failures = 0
        for step in steps:
            if not self.has(step.by):
                seen.reasons[step.name] = "there is no token of a second account (REHEARSAL_SECOND_TOKEN)"
                continue
            try:
                request = step.request(seen)
                await self.pause(step.pause)
                response = await self.send(request)
            except NotObserved as reason:
                seen.reasons[step.name] = str(reason)
            except Unavailable as error:
                seen.reasons[step.name] = str(error)
                failures += 1
                if failures == FAILURES:
                    seen.broke_off = f"GitHub does not answer: {error}"
                    return
            except GitHubError as error:
                seen.broke_off = str(error)
                return
            else:
                if response.status == 410 and step.name != "deleted_issue":
                    seen.broke_off = f"an issue is gone ({response.refusal}). Is another rehearsal running there?"
                    return
                if response.refusal and not step.refused:
                    seen.reasons[step.name] = f"GitHub refuses the step `{step.name}`: {response.refusal}"
                else:
                    seen.responses[step.name] = response

    async def send(self, request: Request) -> Response:
        """Make a call, again where GitHub fails to answer a read.

        Raises NotObserved for a call to no address of the API, Paused, Unauthorized and Unavailable.
        """
        url = self._url(request)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._send_once(request, url)
            except Unavailable:
                if request.is_write or attempt == ATTEMPTS:
                    raise
                await self._clock.sleep(5.0 * attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _send_once(self, request: Request, url: str) -> Response:
        path, throttle = url.partition("?")[0], self._throttles[request.by]
        call = f"{request.method} {path.removeprefix(self._api_url)}"
        while True:
            await self._wait_for_turn(request, path, throttle)
            self.calls += 1
            answer = await exchange(
                self._session, request.method, url, call=call, timeout=TIMEOUT, max_body=MAX_BODY,
                headers=self._headers(request), data=_encoded(request),
            )  # fmt: skip
            if request.is_write:
                self._written_at = self._clock.now()
            throttle.record_headers(answer.headers, self._clock.now())
            response = read(answer, call)
            if not is_limit(response.status, answer.headers, response.refusal):
                return response
            throttle.record_limit(resource_of(path), answer.headers, self._clock.now())

    async def _wait_for_turn(self, request: Request, path: str, throttle: Throttle) -> None:
        kind = Kind.WRITE if request.query and request.is_write else kind_of(request.method, path)
        while (wait := throttle.wait(kind, resource_of(path), self._clock.now())) is not None:
            seconds = wait.until - self._clock.now()
            if seconds > PATIENCE:
                raise Paused(wait.until, wait.reason)
            await self._clock.sleep(max(seconds, 0.0))
        settled = self._written_at + SETTLE - self._clock.now()
        if not request.is_write and settled > 0:
            await self._clock.sleep(settled)
        throttle.record_call(kind, self._clock.now())

    def _url(self, request: Request) -> str:
        if request.query:
            return graphql_url(self._api_url)
        if request.url.startswith("/"):
            return f"{self._api_url}{request.url}"
        # The token goes to no other host, whatever a response says.
        url = own_url(request.url, self._api_url)
        if url is None:
            raise NotObserved("a response leads to no address of GitHub's API")
        return url

    def _headers(self, request: Request) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self._tokens[request.by]}",
            "accept": "application/vnd.github+json",
            "x-github-api-version": API_VERSION,
            "content-type": "application/json",
            **request.headers,
        }


def read(answer: HttpResponse, call: str) -> Response:
    """Return what GitHub answers; raises Unauthorized and Unavailable."""
    if answer.status >= 500:
        raise Unavailable(f"{call}: {answer.status}")
    if answer.status == 401:
        raise Unauthorized(refusal_message(answer.body) or f"{call}: 401")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    try:
        body: Any = json.loads(answer.body) if answer.body else None
    except ValueError:
        raise Unavailable(f"{call}: the response cannot be read") from None
    refusal = ""
    if answer.status >= 300:
        refusal = f"{answer.status} {refusal_message(answer.body) or ''}".strip()
    elif isinstance(body, dict) and (body.keys() <= {"data", "errors", "extensions"}) and body:
        refusal = "; ".join(f"{one.get('type', '')} {one.get('message')}" for one in body.get("errors", ()))
        body = body.get("data")
    return Response(answer.status, headers, body, refusal)


def _encoded(request: Request) -> bytes | None:
    if request.query:
        data: object = {"query": request.query, "variables": request.data or {}}
    elif request.data is None:
        return None
    else:
        data = request.data
    return json.dumps(data, ensure_ascii=False).encode()
