"""The calls of one installation: one at a time, each with a token that is good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from bot.github.errors import Forbidden, Unauthorized, Unavailable
from bot.github.models.rest import GraphQLAnswer, expect
from bot.github.paging import MOST, PAGE, pages_of
from bot.github.tokens import PersonalToken, Token, Tokens
from bot.github.transport import Answer, Api, Credentials, Transport, Variables

LAGS = (1.0, 2.0, 4.0)
"""Seconds between tries with a token so young that not all of GitHub knows it.

https://github.com/octokit/auth-app.js/issues/65
"""

YOUNG = 5.0
"""Seconds for which a token counts as young."""


class InstallationSession:
    """What an installation asks, at GitHub's pace; a read is dated `lag` seconds back."""

    def __init__(
        self, installation_id: int, api: Api, line: Transport, tokens: Tokens | PersonalToken, *, lag: float
    ) -> None:
        self._installation = installation_id
        self._api = api
        self._line = line
        self._tokens = tokens
        self._lag = lag
        self._turn = asyncio.Lock()

    def now(self) -> float:
        """Return the time, in UTC epoch seconds."""
        return self._line.now()

    def dated(self, moment: float) -> int:
        """Return the date of what was read at a moment, in UTC epoch seconds."""
        return int(moment - self._lag)

    async def ask(
        self, method: str, url: str, variables: Variables, *, data: object = b"", afresh: bool = False
    ) -> Answer:
        """Make one call in its turn; with another token, or the same one a little later, if GitHub wants that."""
        async with self._turn:
            lags, renewed = iter(LAGS), False
            while True:
                token = await self._tokens.token(self._installation)
                try:
                    credentials = Credentials(token=token.value)
                    return await self._api.ask(method, url, variables, credentials, data=data, afresh=afresh)
                except (Unauthorized, Forbidden) as error:
                    wait = next(lags, None) if self._is_lag(error, token) else None
                    if wait is not None:
                        await self._line.sleep(wait)
                        continue
                    # A token may only do what was permitted when it was minted; the next one may do more.
                    self._tokens.forget(self._installation, token)
                    if renewed or isinstance(error, Forbidden):
                        raise
                    renewed = True

    def pages(self, url: str, variables: Variables, most: int = MOST) -> AsyncGenerator[Answer]:
        """Read all pages of a list, as the links lead; `most` is how many there can be."""
        return pages_of(self.page, url, variables, most)

    async def page(self, url: str, variables: Variables) -> Answer:
        """Read one page of a list; the link to the next one may have come into being since it was read last."""
        answer = await self.ask("GET", url, variables)
        if answer.unchanged and answer.more is None and _length(answer.data) >= PAGE:
            # A full last page does not change when another page comes after it, and its ETag need not either.
            return await self.ask("GET", url, variables, afresh=True)
        return answer

    async def graphql(self, query: str, **variables: object) -> Mapping[str, Any]:
        """Ask a question in GraphQL; gives its data, which may lack what GitHub had errors about."""
        url = self._line.graphql_url
        answer = await self.ask("POST", url, {}, data={"query": query, "variables": variables})
        result = expect(GraphQLAnswer, answer.data)
        for error in result.errors:
            self._api.obey(url, 200, {}, f"{error.type} {error.message}")
        if result.data is None:
            said = "; ".join(error.message for error in result.errors)
            raise (
                Forbidden(said)
                if any(e.type == "FORBIDDEN" for e in result.errors)
                else Unavailable(f"GraphQL: {said}")
            )
        return result.data

    def _is_lag(self, error: Unauthorized | Forbidden, token: Token) -> bool:
        is_young = self._line.now() - token.minted_at < YOUNG
        return is_young and (isinstance(error, Unauthorized) or "not accessible by integration" in str(error))


def _length(data: Any) -> int:
    return len(data.get("repositories", ()) if isinstance(data, dict) else data)
