"""The calls of one installation, one at a time, each with a valid token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from bot.github.api_urls import graphql_url
from bot.github.authentication import PersonalToken, Token, Tokens
from bot.github.errors import Forbidden, Unauthorized, Unavailable
from bot.github.models.graphql import GraphQLResponse
from bot.github.models.rest import expect
from bot.github.transport import MAX_PAGES, PAGE_SIZE, Api, ApiResponse, Credentials, Variables, read_pages
from bot.time_types import EpochSeconds, Seconds, WholeEpochSeconds

log = structlog.get_logger("github")

RETRY_DELAYS: tuple[Seconds, ...] = (1.0, 2.0, 4.0)
"""The waits between tries with a token so new that not all of GitHub knows it.

https://github.com/octokit/auth-app.js/issues/65
"""

NEW_TOKEN: Final[Seconds] = 5.0
"""How long a token counts as new."""


@dataclass(slots=True, eq=False, repr=False)
class InstallationSession:
    """One installation's calls, within its limits; a read is dated `lag` seconds back."""

    installation_id: int
    api: Api
    tokens: Tokens | PersonalToken
    lag: Seconds
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def now(self) -> EpochSeconds:
        """Return the time."""
        return self.api.transport.clock.now()

    def dated(self, started_at: EpochSeconds) -> WholeEpochSeconds:
        """Return the date of a read that was started at a time."""
        return int(started_at - self.lag)

    async def request(
        self, method: str, url: str, variables: Variables, *, data: object = None, refresh: bool = False
    ) -> ApiResponse:
        """Make one call in its turn; with another token, or the same one a little later, if GitHub wants that."""
        async with self._turn:
            delays, renewed = iter(RETRY_DELAYS), False
            while True:
                token = await self.tokens.token(self.installation_id)
                try:
                    credentials = Credentials(token=token.value)
                    return await self.api.request(method, url, variables, credentials, data=data, refresh=refresh)
                except (Unauthorized, Forbidden) as error:
                    delay = next(delays, None) if self._is_token_too_new(error, token) else None
                    if delay is not None:
                        await self.api.transport.clock.sleep(delay)
                        continue
                    # A token may only do what was permitted when it was minted; the next one may do more.
                    self.tokens.drop(self.installation_id, token)
                    if renewed or isinstance(error, Forbidden):
                        raise
                    renewed = True

    def pages(self, url: str, variables: Variables, limit: int = MAX_PAGES) -> AsyncGenerator[ApiResponse]:
        """Read all pages of a list, as the links lead; `limit` is how many there can be."""
        return read_pages(self.page, url, variables, limit)

    async def page(self, url: str, variables: Variables) -> ApiResponse:
        """Read one page of a list; the link to the next one may be new since it was last read."""
        response = await self.request("GET", url, variables)
        listed = response.data.get("repositories", ()) if isinstance(response.data, dict) else response.data
        if response.unchanged and response.next_url is None and len(listed) >= PAGE_SIZE:
            # A full last page does not change when another page comes after it, and its ETag need not either.
            return await self.request("GET", url, variables, refresh=True)
        return response

    async def graphql(self, query: str, **variables: object) -> Mapping[str, Any]:
        """Send a GraphQL query; returns its data, which may lack what GitHub had errors about."""
        url = graphql_url(self.api.transport.base_url)
        response = await self.request("POST", url, {}, data={"query": query, "variables": variables})
        result = expect(GraphQLResponse, response.data)
        for error in result.errors:
            self.api.check_limits(url, 200, {}, f"{error.type} {error.message}")
        if result.data is not None:
            return result.data
        message = "; ".join(error.message for error in result.errors)
        if any(error.type == "FORBIDDEN" for error in result.errors):
            raise Forbidden(message)
        raise Unavailable(f"GraphQL: {message}")

    def _is_token_too_new(self, error: Unauthorized | Forbidden, token: Token) -> bool:
        is_new = self.now() - token.minted_at < NEW_TOKEN
        return is_new and (isinstance(error, Unauthorized) or "not accessible by integration" in str(error))
