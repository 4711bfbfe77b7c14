"""Play the story in a repository: look first, ask, play, and clean up whatever happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from msgspec import Struct

from bot import __version__
from bot.github.api_urls import web_url_of
from bot.github.errors import GitHubError, Unauthorized, Unavailable
from bot.github.models import graphql
from bot.rehearsal.assumptions import ASSUMPTIONS, DOCS, Finding, Verdict
from bot.rehearsal.paced_client import RehearsalClient
from bot.rehearsal.story import (
    DELETE_ISSUE,
    FIRST,
    LABEL,
    MOVED_LABEL,
    SECOND,
    STORY,
    TITLE,
    NotObserved,
    Observations,
    Request,
    Response,
    Step,
)
from bot.time_types import Clock, EpochSeconds, Seconds

MARK: Final = "undersigned-rehearsal"
"""In the query of every webhook's address; what a run leaves behind is found by it."""

WANTED: Final = ("issue_comment.edited", "issue_comment.deleted", "issues.transferred", "issues.opened")
"""The deliveries that the checks look at."""

DELIVERY_PAUSE: Final[Seconds] = 15.0
"""How long GitHub may take to deliver."""

Agree = Callable[[Sequence[str]], bool]
"""Show what will be done, and ask whether it may be."""


class Report(Struct, frozen=True):
    """What a rehearsal has found, where and when."""

    repository: str
    host: str
    at: EpochSeconds
    players: Sequence[str]
    """The logins of those who played."""
    calls: int
    findings: Sequence[Finding]
    cleaned: Sequence[str]
    """What has become of all that the rehearsal made."""
    broke_off: str = ""

    def found(self, verdict: Verdict) -> list[Finding]:
        """Return the findings of one kind."""
        return [one for one in self.findings if one.verdict is verdict]

    @property
    def total(self) -> str:
        """Return how many assumptions held, and how many did not."""
        order = (Verdict.HELD, Verdict.FAILED, Verdict.UNTRIED)
        return ", ".join(f"{len(self.found(verdict))} {verdict}" for verdict in order)

    def lines(self) -> Iterator[str]:
        """Return its lines for people."""
        for one in self.found(Verdict.FAILED):
            yield f"Did not hold: {one.assumption.sentence} Seen: {one.seen}"
        if self.broke_off:
            yield f"The story was not played to its end: {self.broke_off}"
        yield f"{self.total}. {self.calls} calls to GitHub."

    def markdown(self) -> str:
        """Return it as a page."""
        return "\n".join(self._page())

    def _page(self) -> Iterator[str]:
        day = datetime.fromtimestamp(self.at, UTC)
        yield f"# Rehearsal on {self.host}, {day:%Y-%m-%d}\n"
        yield f"- Played in {self.repository} at {day:%H:%M} UTC by {' and '.join(self.players)}"
        yield f"- Undersigned {__version__}, {self.calls} calls"
        yield f"- {self.total}"
        if self.broke_off:
            yield f"- **Not played to its end:** {self.broke_off}"
        for verdict in Verdict:
            if found := self.found(verdict):
                yield f"\n## {str(verdict).capitalize()}\n"
                yield f"| assumption | before | {'reason' if verdict is Verdict.UNTRIED else 'seen'} |"
                yield "| --- | --- | --- |"
                yield from map(_row, found)
        yield "\n## Cleaned up\n"
        yield from (f"- {line}" for line in self.cleaned)
        yield ""


def _row(one: Finding) -> str:
    assumption = one.assumption
    seen = " ".join(one.seen.split()).replace("|", "\\|")
    return f"| {assumption.sentence} | [{assumption.confidence}]({DOCS}{assumption.page}) | {seen} |"


class NotPossible(Exception):
    """The story cannot be played there; the message says why, and nothing was written."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the story is played, and by whose tokens; with `target` the issue is transferred there."""

    repository: str
    tokens: Mapping[str, str] = field(repr=False)
    api_url: str
    petition_label: str
    target: str | None = None
    webhook: str | None = None
    """An address to which GitHub can deliver."""

    @property
    def repositories(self) -> tuple[str, ...]:
        """Return all repositories that are written to."""
        return (self.repository,) if self.target is None else (self.repository, self.target)


async def rehearse(plan: Plan, agree: Agree, tell: Callable[[str], None], clock: Clock) -> Report | None:
    """Play the story and return what it shows; None where nobody agrees.

    Raises NotPossible, and `bot.github.errors` where GitHub does not answer at all.
    """
    async with aiohttp.ClientSession() as session:
        client = RehearsalClient(session, plan.api_url, plan.tokens, clock)
        rehearsal = Rehearsal(plan, client, Observations(), tell)
        await rehearsal.look()
        if not agree([*rehearsal.announcement()]):
            return None
        tell(f"Playing the story of {len(STORY)} steps; Ctrl-C ends it and cleans up.")
        began_at = clock.now()
        try:
            await rehearsal.set_up()
            await client.play(STORY, rehearsal.seen)
            await rehearsal.read_deliveries()
        finally:
            # After an error and after Ctrl-C too: nothing of a rehearsal is to stay.
            cleaned = await rehearsal.clean_up()
        return Report(
            plan.repository,
            web_url_of(plan.api_url).partition("://")[2],
            began_at,
            rehearsal.players,
            client.calls,
            [one.find(rehearsal.seen) for one in ASSUMPTIONS],
            cleaned,
            rehearsal.seen.broke_off,
        )


class Rehearsal(Struct):
    """One rehearsal: what was looked at before it, and what it leaves behind."""

    plan: Plan
    client: RehearsalClient
    seen: Observations
    tell: Callable[[str], None]
    leftovers: list[Any] = []
    """Issues of an earlier rehearsal that did not come to its end."""

    async def look(self) -> None:
        """Read who plays and where; raises NotPossible."""
        plan = self.plan
        await self.client.play([Step("viewer", "POST", query=graphql.VIEWER)], self.seen)
        if self.client.has(SECOND):
            await self._look_at_second()
        await self._look_at_repository("repository", plan.repository)
        if plan.target is None:
            self.seen.reasons["target"] = "there is no second repository (--transfer-to OWNER/REPO2)"
        else:
            await self._look_at_repository("target", plan.target)
            _check_transfer(self.seen["repository"].body, self.seen["target"].body)
        if plan.webhook is None:
            self.seen.reasons["told"] = "there is no address to which GitHub could deliver (--webhook URL)"
        for repository in plan.repositories:
            self.leftovers += await self._list_ours(repository)

    def announcement(self) -> Iterator[str]:
        """Return what will be done."""
        where = " and ".join(self.plan.repositories)
        yield f"This writes to {where} as {' and '.join(self.players)}: two issues, forty comments, two labels."
        yield f"It takes {len(STORY)} calls to GitHub, up to fifty more around them, and about three minutes."
        yield "Whoever watches the repository gets mail. No other issue is touched."
        yield "All of it is deleted at the end. Only an admin may delete issues; for anybody else they are closed."
        if self.plan.webhook is not None:
            yield f"Meanwhile GitHub delivers what happens to all issues of {where} to {self.plan.webhook} ."
        if self.leftovers:
            yield f"First, {len(self.leftovers)} issues are deleted that an earlier rehearsal has left behind."

    @property
    def players(self) -> list[str]:
        """Return the logins of those who play."""
        found = [self.seen.responses.get(step) for step in ("viewer", "second_viewer")]
        logins = [f"{one.body['viewer']['login']}" for one in found if one is not None]
        return logins or ["the token's owner"]

    async def set_up(self) -> None:
        """Delete what an earlier rehearsal has left, and make the labels; raises NotPossible."""
        for issue in self.leftovers:
            self.tell(await self._remove(issue))
        if self.leftovers:
            # One that could only be closed would be listed by its label as an issue of this rehearsal.
            await self._remove_labels([])
        for repository in self.plan.repositories:
            for label in (LABEL, MOVED_LABEL):
                made = await self._call("POST", f"/repos/{repository}/labels", {"name": label, "color": "ededed"})
                if made.refusal and made.status != 422:
                    raise NotPossible(
                        f"The token may not write to {repository}. It needs *Issues: read and write* there, and its"
                        f" owner must be able to write. GitHub says: {made.refusal}"
                    )
        if self.plan.webhook is not None:
            await self._make_webhooks(self.plan.webhook)

    async def _make_webhooks(self, url: str) -> None:
        """Make a webhook in each repository; the reason is recorded where that is refused.

        https://docs.github.com/en/rest/repos/webhooks
        """
        await self._remove_webhooks([])
        address = f"{url}{'&' if '?' in url else '?'}{MARK}"
        data = {"config": {"url": address, "content_type": "json"}, "events": ["issues", "issue_comment"]}
        for repository in self.plan.repositories:
            made = await self._call("POST", f"/repos/{repository}/hooks", data)
            if made.refusal:
                self.seen.reasons["told"] = f"the webhook in {repository} could not be made: {made.refusal}"

    async def read_deliveries(self) -> None:
        """Record what GitHub has delivered, if it did anywhere, as the step `told`."""
        if self.seen.broke_off or "told" in self.seen.reasons:
            return
        await self.client.pause(DELIVERY_PAUSE)
        payloads: list[Any] = []
        headers: Mapping[str, str] = {}
        try:
            async for hook in self._list_webhooks():
                listed = await self._call("GET", f"{hook}/deliveries?per_page=100")
                headers = listed.headers
                for one in listed.body if not listed.refusal else ():
                    if f"{one['event']}.{one['action']}" in WANTED:
                        whole = await self._call("GET", f"{hook}/deliveries/{one['id']}")
                        if whole.refusal:
                            self.seen.reasons["told"] = f"GitHub does not show a delivery: {whole.refusal}"
                            return
                        payloads.append(whole.body["request"]["payload"])
        except GitHubError as error:
            self.seen.broke_off = str(error)
        else:
            self.seen.responses["told"] = Response(200, headers, payloads)

    async def clean_up(self) -> list[str]:
        """Delete all that was made, and return what has become of it."""
        lines: list[str] = []
        for part in (self._remove_issues, self._remove_labels, self._remove_webhooks):
            try:
                await self._clean(part, lines)
            except (GitHubError, NotObserved) as error:
                lines.append(
                    f"Not everything could be deleted: {error}. The next rehearsal there does it, or delete the"
                    f" issues with the label `{LABEL}` by hand."
                )
        for line in lines:
            self.tell(line)
        return lines

    async def _clean(self, part: Callable[[list[str]], Awaitable[None]], lines: list[str]) -> None:
        """Delete what is there of one kind, once more where GitHub does not answer: no deletion does harm twice."""
        try:
            await part(lines)
        except Unavailable:
            await part(lines)

    async def _remove_issues(self, lines: list[str]) -> None:
        remembered = (self.seen.responses.get(step) for step in ("letter", "other", "moved"))
        made = {one.body["node_id"]: one.body for one in remembered if one is not None}
        for repository in self.plan.repositories:
            made |= {one["node_id"]: one for one in await self._list_ours(repository)}
        for issue in made.values():
            lines += [await self._remove(issue)]

    async def _remove_labels(self, lines: list[str]) -> None:
        for repository in self.plan.repositories:
            for label in (LABEL, MOVED_LABEL):
                gone = await self._call("DELETE", f"/repos/{repository}/labels/{label}")
                lines += [] if gone.refusal else [f"The label `{label}` in {repository} is deleted."]

    async def _remove_webhooks(self, lines: list[str]) -> None:
        async for hook in self._list_webhooks():
            gone = await self._call("DELETE", hook)
            repository = hook.removeprefix("/repos/").partition("/hooks/")[0]
            lines.append(f"The webhook in {repository} {'stays' if gone.refusal else 'is deleted'}.")

    async def _list_webhooks(self) -> AsyncGenerator[str]:
        """List the paths of our webhooks, one repository after the other; none where the token may see none."""
        for repository in self.plan.repositories:
            found = await self._call("GET", f"/repos/{repository}/hooks?per_page=100")
            ours = [] if found.refusal else [one for one in found.body if MARK in one["config"].get("url", "")]
            for one in ours:
                yield f"/repos/{repository}/hooks/{one['id']}"

    async def _remove(self, issue: Any) -> str:
        """Delete an issue, or close it where that is not allowed; return what was done."""
        name = f"{issue['repository_url'].rpartition('/repos/')[2]}#{issue['number']}"
        deleted = await self.client.send(Request("POST", data={"id": issue["node_id"]}, query=DELETE_ISSUE))
        if not deleted.refusal:
            return f"{name} is deleted."
        closed = await self._call("PATCH", issue["url"], {"state": "closed"})
        if closed.status in (301, 307, 308, 404, 410):
            return f"{name} is there no more."  # transferred, or deleted in the story
        if closed.refusal:
            return f"{name} could be neither deleted nor closed: {closed.refusal}"
        return f"{name} is closed; only an admin may delete it ({deleted.refusal})."

    async def _look_at_second(self) -> None:
        step = Step("second_viewer", "POST", query=graphql.VIEWER, by=SECOND)
        try:
            self.seen.responses[step.name] = await self.client.send(step.request(self.seen))
        except Unauthorized as error:
            raise NotPossible(f"REHEARSAL_SECOND_TOKEN is not accepted: {error}") from None
        if len(self.players) == 2 and len(set(self.players)) == 1:
            raise NotPossible("GITHUB_TOKEN and REHEARSAL_SECOND_TOKEN belong to the same account")

    async def _look_at_repository(self, step: str, name: str) -> None:
        """Check that issues can be opened there, and that no petition would be near them."""
        found = await self._call("GET", f"/repos/{name}")
        if found.refusal:
            raise NotPossible(f"{name} is not there, or the token may not see it. GitHub says: {found.refusal}")
        if found.body.get("archived") or not found.body.get("has_issues", True):
            raise NotPossible(f"{name} takes no issues: it is archived, or its issues are switched off")
        self.seen.responses[step] = found
        label = quote(self.plan.petition_label, safe="")
        petitions = await self._call("GET", f"/repos/{name}/issues?labels={label}&state=open&per_page=1")
        if petitions.refusal or petitions.body:
            raise NotPossible(
                f"{name} has open petitions. Rehearse in a repository that has none: people who watch it get mail,"
                " and nothing of a petition is to be at risk"
            )

    async def _list_ours(self, repository: str) -> list[Any]:
        found = await self._call("GET", f"/repos/{repository}/issues?labels={LABEL}&state=all&per_page=100")
        return [] if found.refusal else [one for one in found.body if one["title"] == TITLE]

    async def _call(self, method: str, url: str, data: Mapping[str, object] | None = None) -> Response:
        return await self.client.send(Request(method, url, data, by=FIRST))


def _check_transfer(source: Any, target: Any) -> None:
    """Raise NotPossible where GitHub would not transfer an issue.

    https://docs.github.com/en/issues/tracking-your-work-with-issues/administering-issues/transferring-an-issue-to-another-repository
    """
    if source["id"] == target["id"]:
        raise NotPossible("--transfer-to names the same repository")
    if source["owner"]["id"] != target["owner"]["id"] or (source["private"] and not target["private"]):
        raise NotPossible(
            "GitHub transfers issues only between repositories of one owner, and none from a private one"
        )
