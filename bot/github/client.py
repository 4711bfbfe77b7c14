"""What the bot asks of GitHub: as an installation for its repositories, and as the App for itself."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from gidgethub.sansio import DOMAIN

from bot.github import accounts, history, shapes
from bot.github.answers import (
    AppAnswer,
    AppInfo,
    CommentAnswer,
    DeliveryPage,
    FileAnswer,
    GraphQLAnswer,
    HookConfig,
    HookConfigAnswer,
    HookDeliveryAnswer,
    Installation,
    InstallationAnswer,
    IssueAnswer,
    IssueRead,
    Listing,
    PermissionAnswer,
    RepositoriesAnswer,
    expect,
)
from bot.github.api import Answer, Api, Credentials, Line, Variables
from bot.github.errors import Forbidden, Gone, NotFound, Unauthorized, Unavailable
from bot.github.furnishing import Furnisher
from bot.github.memory import Memory, room
from bot.github.pacing import Limits, Pace
from bot.github.payloads import Identified
from bot.github.tokens import AppKey, PersonalToken, Token, Tokens
from bot.github.watching import Watch
from bot.petition.comment import Author, Comment
from bot.petition.facts import Repository
from bot.petition.plausibility import Account
from bot.petition.threads import Continues, split_name

PAGE = 100
"""Things on one page, the most that GitHub allows."""

LAGS = (1.0, 2.0, 4.0)
"""Seconds between tries with a token so young that not all of GitHub knows it.

https://github.com/octokit/auth-app.js/issues/65
"""

YOUNG = 5.0
"""Seconds for which a token counts as young."""

MEMORY = 32 * 1024 * 1024
"""Bytes of answers that are remembered, for all installations together."""


class GitHub:
    """GitHub for this App: one for each process, on the caller's HTTP session.

    `now` tells UTC epoch seconds. A read is dated `lag` seconds back: GitHub may answer with what was true a few
    seconds ago, and then what a delivery has told meanwhile must win.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        app_id: str,
        private_key: str,
        api_url: str = DOMAIN,
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeout: float = 10.0,
        limits: Limits | None = None,
        lag: float = 0.0,
        watch: Watch | None = None,
    ) -> None:
        self._line = Line(session, api_url.rstrip("/"), now, sleep, timeout, watch or Watch())
        self._limits = limits or Limits()
        self._lag = lag
        self._key = AppKey(app_id, private_key, now)
        self._paces = [Pace(self._limits)]
        self._api = Api(self._line, self._paces[0])
        self._tokens = Tokens(self._api, self._key, now)
        self._room = room(MEMORY)
        self._login: str | None = None
        self._installations: dict[int, InstallationClient] = {}

    def installation(self, installation_id: int) -> InstallationClient:
        """Give the one client that works for an installation."""
        client = self._installations.get(installation_id)
        if client is None:
            self._paces.append(Pace(self._limits))
            api = Api(self._line, self._paces[-1], Memory(self._room, installation_id))
            client = InstallationClient(
                installation_id, api, self._line, self._tokens, lag=self._lag, whoami=self.bot_login
            )
            self._installations[installation_id] = client
        return client

    def budget(self) -> dict[str, int]:
        """Give for each of GitHub's buckets how many calls whoever has the fewest may still make."""
        least: dict[str, int] = {}
        for pace in self._paces:
            for resource, left in pace.left(self._line.now()).items():
                least[resource] = min(left, least.get(resource, left))
        return least

    async def app(self) -> AppInfo:
        """Read the App itself."""
        return expect(AppAnswer, (await self._ask("GET", "/app")).data).info()

    async def bot_login(self) -> str:
        """Give the login of the account as which the App acts; it is asked for once."""
        if self._login is None:
            self._login = f"{(await self.app()).slug}[bot]"
        return self._login

    async def installations(self) -> tuple[Installation, ...]:
        """List the App's installations, suspended ones too."""
        found: list[Installation] = []
        more: str | None = f"/app/installations?per_page={PAGE}"
        while more is not None:
            answer = await self._ask("GET", more)
            found += (one.installation() for one in expect(list[InstallationAnswer], answer.data))
            more = answer.more
        return tuple(found)

    async def installation_of(self, repo: str) -> int:
        """Find the id of the installation that covers a repository; raises NotFound where there is none."""
        answer = await self._ask("GET", "/repos/{owner}/{name}/installation", _named(repo))
        return expect(Identified, answer.data).id

    async def hook_config(self) -> HookConfig:
        """Read where and how GitHub delivers."""
        return expect(HookConfigAnswer, (await self._ask("GET", "/app/hook/config")).data).config()

    async def hook_deliveries(self, cursor: str | None = None) -> DeliveryPage:
        """Read a page of the log of the last days' deliveries, newest first; `cursor` is the page before's."""
        variables = {"per_page": PAGE} | ({} if cursor is None else {"cursor": cursor})
        answer = await self._ask("GET", "/app/hook/deliveries{?per_page,cursor}", variables)
        following = parse_qs(urlsplit(answer.more or "").query).get("cursor")
        deliveries = tuple(one.delivery() for one in expect(list[HookDeliveryAnswer], answer.data))
        return DeliveryPage(deliveries, following[0] if following else None)

    async def redeliver(self, delivery_id: int) -> None:
        """Ask GitHub to deliver once more; it does so a little later, under the same GUID."""
        await self._ask("POST", "/app/hook/deliveries/{id}/attempts", {"id": delivery_id})

    async def furnisher(self, installation_id: int) -> Furnisher:
        """Give what prepares a repository in the name of the App, which may not be allowed all of it."""
        token = await self._tokens.token(installation_id)
        return Furnisher(self._api, Credentials(token=token.value))

    async def _ask(self, method: str, url: str, variables: Variables | None = None) -> Answer:
        return await self._api.ask(method, url, variables or {}, self._key.credentials())


def with_token(
    session: aiohttp.ClientSession,
    token: str,
    *,
    api_url: str = DOMAIN,
    now: Callable[[], float],
) -> InstallationClient:
    """Give a client that acts as the person to whom a token belongs, and sees what that person may see."""
    line = Line(session, api_url.rstrip("/"), now, asyncio.sleep, timeout=30.0)
    api = Api(line, Pace(Limits()))
    return InstallationClient(0, api, line, PersonalToken(token), lag=0.0, whoami=_nobody)


class InstallationClient:
    """GitHub for one installation: one call at a time, at GitHub's pace. Raises only `bot.github.errors`."""

    def __init__(
        self,
        installation_id: int,
        api: Api,
        line: Line,
        tokens: Tokens | PersonalToken,
        *,
        lag: float,
        whoami: Callable[[], Awaitable[str]],
    ) -> None:
        self.id = installation_id
        self._api = api
        self._line = line
        self._tokens = tokens
        self._lag = lag
        self._whoami = whoami
        self._turn = asyncio.Lock()
        self._calls = 0
        self._repositories: dict[str, tuple[float, Repository]] = {}

    async def get_issue(self, repo: str, number: int) -> IssueRead:
        """Read an issue with its body, wherever it has moved, and its repository; that makes two calls."""
        began = self._line.now()
        answer = await self._ask("GET", _ISSUE, _named(repo) | {"number": number})
        # An issue only names its repository.
        issue = expect(IssueAnswer, answer.data)
        asked = await self._ask("GET", issue.repository_url, {})
        repository = expect(shapes.Repository, asked.data).fact()
        self._repositories[issue.repository_url] = began, repository
        unchanged = answer.unchanged and asked.unchanged
        return issue.read(repository, self._dated(began), unchanged=unchanged)

    async def edit_body(self, repo: str, number: int, body: str) -> IssueRead:
        """Replace an issue's body, whatever it is now: GitHub has no compare-and-set for it.

        What is told of the repository is what was read last, and the whole is dated then.
        """
        answer = await self._ask("PATCH", _ISSUE, _named(repo) | {"number": number}, data={"body": body})
        issue = expect(IssueAnswer, answer.data)
        if issue.repository_url not in self._repositories:
            began = self._line.now()
            asked = await self._ask("GET", issue.repository_url, {})
            self._repositories[issue.repository_url] = began, expect(shapes.Repository, asked.data).fact()
        read_at, repository = self._repositories[issue.repository_url]
        return issue.read(repository, self._dated(read_at))

    async def create_issue(self, repository: Repository, title: str, body: str) -> IssueRead:
        """Open an issue; it notifies those who watch the repository. Unavailable may mean that it was opened."""
        began = self._line.now()
        where = _named(repository.full_name)
        answer = await self._ask("POST", "/repos/{owner}/{name}/issues", where, data={"title": title, "body": body})
        return expect(IssueAnswer, answer.data).read(repository, self._dated(began))

    async def list_issues_after(self, repository: Repository, number: int) -> tuple[IssueRead, ...]:
        """List a repository's issues, open or closed, whose numbers are higher, newest first."""
        began = self._line.now()
        found: list[IssueRead] = []
        more: str | None = "/repos/{owner}/{name}/issues?state=all&sort=created&direction=desc&per_page=100"
        while more is not None:
            page = await self._page(more, _named(repository.full_name))
            answers = expect(list[IssueAnswer], page.data)
            found += (one.read(repository, self._dated(began)) for one in answers if one.number > number)
            more = page.more if answers and answers[-1].number > number else None
        return tuple(one for one in found if not one.issue.is_pull_request)

    async def leads_to(self, continues: Continues, issue_id: int) -> bool:
        """Tell whether an issue is what another one says to continue, be it that it was transferred since."""
        if continues.issue_id == issue_id:
            return True
        try:
            return (await self.get_issue(*split_name(continues.name))).issue.id == issue_id
        except (NotFound, Gone):
            return False

    async def me(self) -> str:
        """Give the login under which what this App writes is shown."""
        return await self._whoami()

    async def list_petitions(
        self, repo: str, label: str, *, known: Repository | None = None
    ) -> tuple[IssueRead, ...]:
        """List a repository's issues, open or closed, that carry the label; `known` is it, if just read."""
        began = self._line.now()
        repository = known
        if repository is None:
            asked = await self._ask("GET", "/repos/{owner}/{name}", _named(repo))
            repository = expect(shapes.Repository, asked.data).fact()
        # By age, so that what is opened meanwhile moves nothing from one page to another.
        url = "/repos/{owner}/{name}/issues{?labels,state,sort,direction,per_page}"
        query: dict[str, str | int] = {
            "labels": label,
            "state": "all",
            "sort": "created",
            "direction": "asc",
            "per_page": PAGE,
        }
        found: list[IssueRead] = []
        for page in await self._pages(url, _named(repository.full_name) | query):
            for answer in expect(list[IssueAnswer], page.data):
                issue = answer.fact()
                if not issue.is_pull_request:
                    found.append(answer.read(repository, self._dated(began), unchanged=page.unchanged))
        return tuple(found)

    async def repositories(self) -> tuple[Repository, ...]:
        """List the repositories that the installation covers."""
        pages = await self._pages("/installation/repositories{?per_page}", {"per_page": PAGE})
        return tuple(one.fact() for page in pages for one in expect(RepositoriesAnswer, page.data).repositories)

    async def has_label(self, repo: str, name: str) -> bool:
        """Tell whether a repository has a label, in any letter case."""
        try:
            await self._ask("GET", f"{_LABELS}/{{label}}", _named(repo) | {"label": name})
        except NotFound:
            return False
        return True

    async def list_comments(
        self, repo: str, number: int, *, since: int | None = None, count: int | None = None
    ) -> Listing:
        """List an issue's comments: all of them, or those updated at or after `since` (UTC epoch seconds).

        `count` is how many there are, where it is known from the issue; it saves calls on long threads.
        """
        began, calls = self._line.now(), self._calls
        where = _named(repo) | {"number": number, "per_page": PAGE}
        if since is None:
            pages = await self._comment_pages(where, count)
        else:
            moment = datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            pages = await self._pages(f"{_ISSUE}/comments{{?per_page,since}}", where | {"since": moment})
        read_at = self._dated(began)
        found = {one.id: one for page in pages for one in expect(list[CommentAnswer], page.data)}
        return Listing(
            started_at=read_at,
            comments=tuple(found[comment_id].observed(read_at) for comment_id in sorted(found)),
            unchanged=all(page.unchanged for page in pages),
            calls=self._calls - calls,
            node_ids={comment_id: one.node_id for comment_id, one in found.items()},
            associates=frozenset(
                one.user.id
                for one in found.values()
                if one.user is not None and one.author_association in ("OWNER", "MEMBER", "COLLABORATOR")
            ),
        )

    async def comment_histories(self, node_ids: Sequence[str]) -> tuple[Comment, ...]:
        """Read who wrote what in comments and when, by GraphQL; deleted ones are left out."""
        found: list[Comment] = []
        for start in range(0, len(node_ids), history.MOST):
            read_at = self._dated(self._line.now())
            data = await self._graphql(history.QUERY, ids=list(node_ids[start : start + history.MOST]))
            found += history.read(data.get("nodes") or [], read_at)
        return tuple(found)

    async def body_history(self, repo: str, number: int, issue_id: int) -> tuple[str | None, ...] | None:
        """Read the last texts of an issue's body, oldest first; None where the issue is another one by now."""
        owner, _, name = repo.partition("/")
        data = await self._graphql(history.BODY_QUERY, owner=owner, name=name, number=number)
        return history.read_body(data.get("repository"), issue_id)

    async def read_file(self, repo: str, path: str) -> str | None:
        """Read a text file of the default branch; None where there is none."""
        url = f"/repos/{{owner}}/{{name}}/contents/{path}"
        try:
            answer = await self._ask("GET", url, _named(repo))
        except NotFound:
            return None
        return None if isinstance(answer.data, list) else expect(FileAnswer, answer.data).text()

    async def accounts(self, node_ids: Sequence[str]) -> dict[int, Account]:
        """Read what GitHub shows of the authors of comments, by user id; of deleted accounts it shows nothing."""
        found: dict[int, Account] = {}
        for start in range(0, len(node_ids), history.MOST):
            data = await self._graphql(accounts.QUERY, ids=list(node_ids[start : start + history.MOST]))
            found |= {one.id: one for one in accounts.read(data.get("nodes") or [])}
        return found

    async def may_write(self, repo: str, person: Author) -> bool:
        """Tell whether somebody may write to a repository now.

        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        url = "/repos/{owner}/{name}/collaborators/{login}/permission"
        try:
            answer = await self._ask("GET", url, _named(repo) | {"login": person.login})
        except NotFound:
            return False
        told = expect(PermissionAnswer, answer.data)
        # The login may be somebody else's by now.
        is_same = told.user is not None and told.user.id == person.id
        return is_same and told.permission in ("write", "admin")

    async def person(self, login: str) -> Author | None:
        """Find who has a login; None for nobody."""
        try:
            answer = await self._ask("GET", "/users/{login}", {"login": login})
        except NotFound:
            return None
        return expect(shapes.User, answer.data).author()

    async def react(self, repo: str, comment_id: int, content: str) -> int:
        """React to a comment with `+1`, `confused`…; gives the reaction's id, also when it was there before."""
        answer = await self._ask("POST", _REACTIONS, _named(repo) | {"id": comment_id}, data={"content": content})
        return expect(Identified, answer.data).id

    async def unreact(self, repo: str, comment_id: int, reaction_id: int) -> None:
        """Take a reaction back; that it is not there any more is as good."""
        where = _named(repo) | {"id": comment_id, "reaction": reaction_id}
        try:
            await self._ask("DELETE", f"{_REACTIONS}/{{reaction}}", where)
        except NotFound:
            return

    async def _comment_pages(self, where: dict[str, str | int], count: int | None) -> list[Answer]:
        """Read from the last page to the first.

        When a comment is deleted meanwhile, all after it move up by one place. Read forwards, one of them would
        slip to a page that is read already, and be taken for deleted. Read backwards, one is seen twice.
        """
        url = f"{_ISSUE}/comments{{?per_page,page}}"
        last = max(math.ceil((count or 0) / PAGE), 1)
        page = await self._page(url, where | {"page": last})
        if page.more is not None and count is None:
            issue = expect(IssueAnswer, (await self._ask("GET", _ISSUE, where)).data)
            last = max(math.ceil(issue.comments / PAGE), 2)
            page = await self._page(url, where | {"page": last})
        while page.more is not None:
            last += 1
            page = await self._page(url, where | {"page": last})
        return [page, *[await self._page(url, where | {"page": number}) for number in range(last - 1, 0, -1)]]

    async def _pages(self, url: str, variables: Variables) -> list[Answer]:
        """Read all pages of a list, as the links lead."""
        pages = [await self._page(url, variables)]
        while (more := pages[-1].more) is not None:
            pages.append(await self._page(more, {}))
        return pages

    async def _page(self, url: str, variables: Variables) -> Answer:
        answer = await self._ask("GET", url, variables)
        if answer.unchanged and answer.more is None and _length(answer.data) >= PAGE:
            # A full last page does not change when another page comes after it, and its ETag need not either.
            return await self._ask("GET", url, variables, afresh=True)
        return answer

    async def _graphql(self, query: str, **variables: object) -> Mapping[str, Any]:
        url = self._line.graphql_url
        answer = await self._ask("POST", url, {}, data={"query": query, "variables": variables})
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

    async def _ask(
        self, method: str, url: str, variables: Variables, *, data: object = b"", afresh: bool = False
    ) -> Answer:
        """Make one call in its turn; with another token, or the same one a little later, if GitHub wants that."""
        async with self._turn:
            lags, renewed = iter(LAGS), False
            while True:
                token = await self._tokens.token(self.id)
                self._calls += 1
                try:
                    credentials = Credentials(token=token.value)
                    return await self._api.ask(method, url, variables, credentials, data=data, afresh=afresh)
                except (Unauthorized, Forbidden) as error:
                    wait = next(lags, None) if self._is_lag(error, token) else None
                    if wait is not None:
                        await self._line.sleep(wait)
                        continue
                    # A token may only do what was permitted when it was minted; the next one may do more.
                    self._tokens.forget(self.id, token)
                    if renewed or isinstance(error, Forbidden):
                        raise
                    renewed = True

    def _is_lag(self, error: Unauthorized | Forbidden, token: Token) -> bool:
        is_young = self._line.now() - token.minted_at < YOUNG
        return is_young and (isinstance(error, Unauthorized) or "not accessible by integration" in str(error))

    def _dated(self, moment: float) -> int:
        return int(moment - self._lag)


_ISSUE = "/repos/{owner}/{name}/issues/{number}"
_LABELS = "/repos/{owner}/{name}/labels"
_REACTIONS = "/repos/{owner}/{name}/issues/comments/{id}/reactions"


async def _nobody() -> str:
    raise Forbidden("a personal token belongs to no App")


def _named(repo: str) -> dict[str, str | int]:
    owner, _, name = repo.partition("/")
    return {"owner": owner, "name": name}


def _length(data: Any) -> int:
    return len(data.get("repositories", ()) if isinstance(data, dict) else data)
