"""The calls to GitHub for the repositories of one installation."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

from bot.github.errors import Gone, NotFound, Unavailable
from bot.github.installation_requests import InstallationSession
from bot.github.models import graphql
from bot.github.models.rest import (
    CommentResponse,
    CommentsRead,
    IdModel,
    IssueRead,
    IssueResponse,
    PermissionResponse,
    RepositoriesResponse,
    RepositoryModel,
    UserModel,
    expect,
)
from bot.github.transport import MAX_COMMENT_PAGES, PAGE_SIZE, ApiResponse, endless_list
from bot.petition.abuse_signals import Account
from bot.petition.comments.comment import Author, Comment, KnownText
from bot.petition.facts_from_github import Repository
from bot.petition.machine_readable_lines import Continues, split_name
from bot.time_types import Seconds, WholeEpochSeconds, iso

Recall = Callable[[Sequence[int]], Awaitable[Mapping[int, KnownText]]]
"""Return what is known of the texts of comments, by the comments' ids."""

RESERVED_CALLS: Final = 200
"""Of the 1,000 calls that a workflow has in an hour, those that are left to tallies."""


@dataclass(slots=True, eq=False, repr=False)
class InstallationClient:
    """GitHub for one installation: one call at a time, within its limits. Raises only `bot.github.errors`."""

    id: int
    session: InstallationSession
    get_login: Callable[[], Awaitable[str]]
    """Return the login that GitHub shows as the author of what this App writes."""
    only: Repository | None = None
    """The one repository that is listed, as it was read before; None for all that the installation covers."""
    _repositories: dict[str, Repository] = field(default_factory=dict)

    def spacing(self, threads: int) -> Seconds:
        """Return the seconds to wait after publishing so many threads, so that calls last; each costs two."""
        return self.session.api.throttle.spacing(2 * threads, self.session.now())

    def low_priority_spacing(self, resource: str = "core") -> Seconds:
        """Return the seconds to leave after a call of low priority, such as a reaction."""
        return self.session.api.throttle.low_priority_spacing(self.session.now(), resource)

    def remaining_calls(self) -> dict[str, int]:
        """Return how many calls each of GitHub's buckets has left."""
        return self.session.api.throttle.remaining(self.session.now())

    def has_spare_calls(self) -> bool:
        """Return whether a workflow may still make calls for something else than tallies."""
        return self.remaining_calls().get("core", RESERVED_CALLS + 1) > RESERVED_CALLS

    async def get_issue(self, repo: str, number: int) -> IssueRead:
        """Read an issue with its body, wherever it has moved, and its repository; that makes two calls."""
        started_at = self.session.now()
        response = await self.session.request("GET", _ISSUE, named(repo) | {"number": number})
        # An issue has only the URL of its repository.
        issue = expect(IssueResponse, response.data)
        repository = self._repositories.get(issue.repository_url)
        if repository is None:
            about_repository = await self.session.request("GET", issue.repository_url, {})
            repository = expect(RepositoryModel, about_repository.data).fact()
        if self.only is not None:
            # A client of one repository lives for one run.
            self._repositories[issue.repository_url] = repository
        return issue.read(repository, self.session.dated(started_at))

    async def edit_body(self, repo: str, number: int, body: str) -> None:
        """Replace an issue's body, whatever it is now: GitHub has no compare-and-set for it."""
        where = named(repo) | {"number": number}
        expect(IssueResponse, (await self.session.request("PATCH", _ISSUE, where, data={"body": body})).data)

    async def create_issue(self, repository: Repository, title: str, body: str) -> IssueRead:
        """Open an issue; it notifies those who watch the repository. Unavailable may mean that it was opened."""
        started_at = self.session.now()
        where = named(repository.full_name)
        response = await self.session.request(
            "POST", "/repos/{owner}/{name}/issues", where, data={"title": title, "body": body}
        )
        return expect(IssueResponse, response.data).read(repository, self.session.dated(started_at))

    async def list_issues_after(self, repository: Repository, number: int) -> tuple[IssueRead, ...]:
        """List a repository's issues, open or closed, whose numbers are higher, newest first."""
        started_at = self.session.now()
        found: list[IssueRead] = []
        url = "/repos/{owner}/{name}/issues?state=all&sort=created&direction=desc&per_page=100"
        async with aclosing(self.session.pages(url, named(repository.full_name))) as pages:
            async for page in pages:
                answers = expect(list[IssueResponse], page.data)
                found += (
                    one.read(repository, self.session.dated(started_at)) for one in answers if one.number > number
                )
                if not answers or answers[-1].number <= number:
                    break
        return tuple(one for one in found if not one.issue.is_pull_request)

    async def is_same_issue(self, continues: Continues, issue_id: int) -> bool:
        """Return whether an issue is the one that another continues, also if it was transferred since."""
        if continues.issue_id == issue_id:
            return True
        try:
            return (await self.get_issue(*split_name(continues.name))).issue.id == issue_id
        except (NotFound, Gone):
            return False

    async def get_repository(self, repo: str) -> Repository:
        """Read a repository, also by an old name."""
        response = await self.session.request("GET", "/repos/{owner}/{name}", named(repo))
        return expect(RepositoryModel, response.data).fact()

    async def list_petitions(self, repository: Repository, label: str) -> tuple[IssueRead, ...]:
        """List a repository's issues, open or closed, that carry the label."""
        started_at = self.session.now()
        # By age, so that an issue opened meanwhile moves no other to another page.
        url = "/repos/{owner}/{name}/issues{?labels}&state=all&sort=created&direction=asc&per_page=100"
        found: list[IssueRead] = []
        async for page in self.session.pages(url, named(repository.full_name) | {"labels": label}):
            for answer in expect(list[IssueResponse], page.data):
                read = answer.read(repository, self.session.dated(started_at))
                if not read.issue.is_pull_request:
                    found.append(read)
        return tuple(found)

    async def list_repositories(self) -> tuple[Repository, ...]:
        """List the repositories that the installation covers."""
        if self.only is not None:
            return (self.only,)
        found: list[Repository] = []
        async for page in self.session.pages("/installation/repositories?per_page=100", {}):
            found += (one.fact() for one in expect(RepositoriesResponse, page.data).repositories)
        return tuple(found)

    async def has_label(self, repo: str, name: str) -> bool:
        """Return whether a repository has a label, in any letter case."""
        try:
            await self.session.request("GET", f"{_LABELS}/{{label}}", named(repo) | {"label": name})
        except NotFound:
            return False
        return True

    async def list_comments(
        self,
        repo: str,
        number: int,
        *,
        since: WholeEpochSeconds | None = None,
        count: int | None = None,
        recall: Recall | None = None,
    ) -> CommentsRead:
        """List an issue's comments: all of them, or those updated at or after `since`.

        `count` is how many there are, where it is known from the issue; it saves calls on long threads.
        Texts that `recall` returns are not read again.
        """
        started_at = self.session.now()
        where = named(repo) | {"number": number, "per_page": PAGE_SIZE}
        if since is None:
            pages = self._comment_pages(where, count)
        else:
            where |= {"since": iso(since)}
            pages = self.session.pages(f"{_ISSUE}/comments{{?per_page,since}}", where, MAX_COMMENT_PAGES)
        found: dict[int, CommentResponse] = {}
        async for page in pages:
            found |= {one.id: one for one in expect(list[CommentResponse], page.data)}
        read_at = self.session.dated(started_at)
        known = {} if recall is None else await recall(list(found))
        # Some texts are made to take long.
        in_order = [found[one] for one in sorted(found)]
        read = await asyncio.to_thread(lambda: [one.observed(read_at, known.get(one.id)) for one in in_order])
        return CommentsRead(
            started_at=read_at,
            comments=tuple(read),
            node_ids={comment_id: one.node_id for comment_id, one in found.items()},
            associates=frozenset(
                one.user.id
                for one in found.values()
                if one.user is not None and one.author_association in ("OWNER", "MEMBER", "COLLABORATOR")
            ),
        )

    async def get_comment_histories(
        self, node_ids: Sequence[str], known: Mapping[int, KnownText] | None = None
    ) -> tuple[Comment, ...]:
        """Read comments with their edit histories; a `known` text is not read again.

        Left out are deleted ones, and those whose history is longer than GitHub can return.
        """
        found: list[Comment] = []
        for start in range(0, len(node_ids), graphql.MAX_NODES):
            found += await self._histories(node_ids[start : start + graphql.MAX_NODES], known)
        return tuple(found)

    async def list_revisions(
        self, repo: str, number: int, issue_id: int, after: str | None = None
    ) -> graphql.RevisionPage | None:
        """List a page of an issue's body's revisions, newest first; None where the issue has another id by now."""
        variables = named(repo) | {"number": number, "isFirstPage": after is None}
        data = await self.session.graphql(graphql.BODY_REVISIONS, **variables, after=after)
        return graphql.read_revisions(data.get("repository"), issue_id)

    async def get_revision_texts(self, revisions: Sequence[str]) -> dict[str, str]:
        """Read the texts of revisions, by their ids; those that were removed are left out."""
        data = await self.session.graphql(graphql.REVISION_TEXTS, ids=list(revisions))
        return graphql.read_texts(data.get("nodes") or [])

    async def get_accounts(self, node_ids: Sequence[str]) -> dict[int, Account]:
        """Read the accounts of the authors of comments, by user id, without deleted ones."""
        found: dict[int, Account] = {}
        for start in range(0, len(node_ids), graphql.MAX_NODES):
            data = await self.session.graphql(
                graphql.COMMENT_AUTHORS, ids=list(node_ids[start : start + graphql.MAX_NODES])
            )
            found |= graphql.read_comment_authors(data.get("nodes") or [])
        return found

    async def get_accounts_by_login(self, logins: Sequence[str]) -> dict[int, Account]:
        """Read up to a hundred people's accounts, by user id; a login may belong to another account by now."""
        query, variables = graphql.accounts_by_login(logins)
        data = await self.session.graphql(query, **variables)
        return graphql.read_accounts(list(data.values()))

    async def may_write(self, repo: str, person: Author) -> bool:
        """Return whether a person may write to a repository now.

        https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        """
        url = "/repos/{owner}/{name}/collaborators/{login}/permission"
        try:
            response = await self.session.request("GET", url, named(repo) | {"login": person.login})
        except NotFound:
            return False
        found = expect(PermissionResponse, response.data)
        # The login may belong to another account by now.
        is_same = found.user is not None and found.user.id == person.id
        return is_same and found.permission in ("write", "admin")

    async def find_user(self, login: str) -> Author | None:
        """Find the account that has a login; None where there is none."""
        try:
            response = await self.session.request("GET", "/users/{login}", {"login": login})
        except NotFound:
            return None
        return expect(UserModel, response.data).author()

    async def list_our_reactions(self, repo: str, number: int) -> dict[int, frozenset[str]]:
        """List which reactions of ours the newest hundred comments of an issue bear, by the comments' ids."""
        data = await self.session.graphql(graphql.NEWEST_REACTIONS, **named(repo), number=number)
        return graphql.read_our_reactions(data.get("repository"))

    async def create_reaction(self, repo: str, comment_id: int, content: str) -> int:
        """React to a comment with `+1`, `confused`…; returns the reaction's id, also if it was there before."""
        response = await self.session.request(
            "POST", _REACTIONS, named(repo) | {"id": comment_id}, data={"content": content}
        )
        return expect(IdModel, response.data).id

    async def delete_reaction(self, repo: str, comment_id: int, reaction_id: int) -> None:
        """Delete a reaction, unless it is gone already."""
        where = named(repo) | {"id": comment_id, "reaction": reaction_id}
        try:
            await self.session.request("DELETE", f"{_REACTIONS}/{{reaction}}", where)
        except NotFound:
            return

    async def _histories(self, node_ids: Sequence[str], known: Mapping[int, KnownText] | None) -> list[Comment]:
        """Read some, in tenths where GitHub fails on all at once; raises Unavailable where it fails on each."""
        try:
            read_at = self.session.dated(self.session.now())
            data = await self.session.graphql(graphql.COMMENT_HISTORIES, ids=list(node_ids))
            return list(await asyncio.to_thread(graphql.read_comments, data.get("nodes") or [], read_at, known))
        except Unavailable:
            if len(node_ids) == 1:
                raise
        found: list[Comment] = []
        failures, size = 0, math.ceil(len(node_ids) / 10)
        for start in range(0, len(node_ids), size):
            try:
                found += await self._histories(node_ids[start : start + size], known)
            except Unavailable:
                failures += 1
                if not found and (failures == _MAX_FAILURES or start + size >= len(node_ids)):
                    raise
        return found

    async def _comment_pages(self, where: dict[str, str | int], count: int | None) -> AsyncGenerator[ApiResponse]:
        """Read from the last page to the first.

        When a comment is deleted meanwhile, all after it move up by one place. Read forwards, one of them would
        move to a page that is read already, and be taken for deleted. Read backwards, one is read twice.
        """
        url = f"{_ISSUE}/comments{{?per_page,page}}"

        async def read_page(number: int) -> ApiResponse:
            if number > MAX_COMMENT_PAGES:
                raise endless_list(_ISSUE.format_map(where), number)
            return await self.session.page(url, where | {"page": number})

        last = max(math.ceil((count or 0) / PAGE_SIZE), 1)
        page = await read_page(last)
        if page.next_url is not None and count is None:
            issue = expect(IssueResponse, (await self.session.request("GET", _ISSUE, where)).data)
            last = max(math.ceil(issue.comments / PAGE_SIZE), 2)
            page = await read_page(last)
        while page.next_url is not None:
            last += 1
            page = await read_page(last)
        yield page
        for number in range(last - 1, 0, -1):
            yield await read_page(number)


_MAX_FAILURES = 3
"""Failures in a row after which it is GitHub that fails, and not the length of a history."""

_ISSUE = "/repos/{owner}/{name}/issues/{number}"
_LABELS = "/repos/{owner}/{name}/labels"
_REACTIONS = "/repos/{owner}/{name}/issues/comments/{id}/reactions"


def named(repo: str) -> dict[str, str | int]:
    """Return the variables `owner` and `name` of a repository's URL."""
    owner, _, name = repo.partition("/")
    return {"owner": owner, "name": name}
