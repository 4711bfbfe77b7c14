"""The world in which the machine plays: a GitHub, the bot, people, and a clock that only the play moves."""

from __future__ import annotations

import asyncio
import dataclasses
import math
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec.structs import replace

from bot import app, time_types
from bot.petition.settings import PATH
from bot.reconcile import continuation_issues
from bot.reconcile.body_write_and_repair_limiters import WriteRate
from bot.reconcile.errors_and_retries import Intervals
from bot.store.recording import comment_and_issue_facts
from sandbox.faults import Faults
from sandbox.models import Comment, Installation, Issue, Repository, User
from sandbox.server import Sandbox
from tests.whole.machine_coverage import left_out
from tests.whole.machine_letter import BEGIN, Letter
from tests.whole.machine_truth import UNAPPLIED, Petition, PhraseBook, Wishes, is_petition
from tests.whole.scene import FAST, Scene

BEGINNING = 1_790_000_000.0
PATIENCE = 60.0
"""Real seconds in which the bot must come to rest."""

HOUR = 3600.0

RATES = replace(FAST, write_rate=WriteRate(burst=10_000, period=0.0, gap=0.0), intervals=Intervals(debounce=0.0))
"""As many writes as can be, and looks at GitHub as seldom as in earnest."""


DIARY: deque[str] = deque(maxlen=100)
"""What the bot and GitHub did last; a life that went wrong once may go well the next time."""


class Wrong(AssertionError):
    """The bot broke its promise."""

    def __init__(self, how: str) -> None:
        super().__init__("\n".join([*DIARY, how]))


@dataclass(slots=True)
class Clock:
    """Everybody's time; it stands still until somebody lets it pass."""

    time: float = BEGINNING

    def __call__(self) -> float:
        return self.time

    def pass_(self, seconds: float) -> None:
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


@dataclass(slots=True)
class Settings:
    """The settings files of one repository: the one that is there, and those that may be in force."""

    in_force: list[Wishes] = field(default_factory=lambda: [Wishes()])
    """What the bot may go by: it need not have read each file before there was another one."""
    is_file_wrong: bool = False
    least: int = Wishes().limit
    """The smallest number of comments on a thread that was ever asked for."""

    def saved(self, wishes: Wishes | None, restricted: Wishes) -> None:
        self.is_file_wrong = wishes is None
        if wishes is None and any(one in UNAPPLIED for one in self.in_force):
            self.in_force.append(restricted)
        if wishes is not None:
            self.in_force.append(wishes)
            self.least = min(self.least, wishes.limit)

    def were_read(self) -> None:
        """Note that the bot has read the file since it was last saved."""
        if not self.is_file_wrong:
            del self.in_force[:-1]

    def proved(self, possible: list[Wishes]) -> None:
        """Note what the bot goes by, as can be seen."""
        self.in_force = possible or self.in_force


@dataclass(slots=True)
class World:
    """Who and what there is to play with."""

    stage: Scene
    clock: Clock
    book: PhraseBook = field(default_factory=PhraseBook)
    people: list[User] = field(default_factory=list)
    fakes: list[User] = field(default_factory=list)
    """People whose signatures are withheld; they keep their names, so that it is certain whom an order meant."""
    robot: User = field(init=False)
    organizer: User = field(init=False)
    repositories: list[Repository] = field(default_factory=list)
    letters: dict[Issue, Letter] = field(default_factory=dict)
    """What was last written in each issue of the petition by somebody else than the bot, or when it was opened."""
    threads: list[Issue] = field(default_factory=list)
    """The petition's issues, in the order in which they were opened; the first one decides."""
    known_as: set[int] = field(default_factory=set)
    """The ids that the petition's first issue has had."""
    fullest: dict[Issue, int] = field(default_factory=dict)
    """How many comments each of them had at most."""
    untimely: list[str] = field(default_factory=list)
    """Issues that the bot has opened and should not have; it is told of at the end, the call is the bot's."""
    untrue: list[str] = field(default_factory=list)
    """Comments that the bot has not read, and has written that they were counted."""
    flagged: set[User] = field(default_factory=set)
    """Who was flagged as spam at some time."""
    settings: dict[Repository, Settings] = field(default_factory=dict)
    ambushes: list[Callable[[], None]] = field(default_factory=list)
    """What people do at the very moment before the bot's next write arrives."""
    requests: int = 0
    """Everything the bot asked of GitHub, and GitHub told the bot."""
    writes: int = 0
    """Attempts of the bot to write a body."""
    named: int = 0

    def __post_init__(self) -> None:
        self.sandbox.world.on_event.append(lambda _: self._count())
        self.sandbox.world.on_change.append(self._notice)
        self.repositories = [self.stage.sandbox.repository(f"lovelace/{name}") for name in ("letters", "archive")]
        self.organizer = self.sandbox.user("grace")
        for repository in self.repositories:
            self.sandbox.repositories.set_role(repository, self.organizer, "write")
            self.sandbox.repositories.create_label(repository, "petition")
            self.settings[repository] = Settings()
            self.write_settings(repository, "comments_per_thread: 50", Wishes(limit=5))
        self.fakes = [self.sandbox.user(login) for login in ("nobody-real", "somebody-else")]
        self.robot = self.sandbox.user("helper[bot]", "Bot")
        for login in ("ada", "alan", "edsger", "barbara", "donald", "margaret"):
            self.people.append(self.sandbox.user(login))

    @property
    def sandbox(self) -> Sandbox:
        return self.stage.sandbox

    @property
    def owner(self) -> User:
        return self.repositories[0].owner

    @property
    def installation(self) -> Installation:
        return next(one for one in self.sandbox.world.installations.values() if not one.deleted)

    @property
    def first(self) -> Issue:
        return self.threads[0]

    @property
    def comments(self) -> list[Comment]:
        return [comment for thread in self.threads for comment in thread.comments]

    @property
    def present(self) -> list[User]:
        return [person for person in (*self.people, self.organizer) if not person.spam]

    def fresh(self, word: str) -> str:
        """Make up a name or text that nobody has used."""
        self.named += 1
        return f"{word}-{self.named}"

    def open_petition(self) -> Issue:
        text = f"Dear all,\n\n{self.fresh('please')}."
        self.threads.clear()
        self.letters.clear()
        issue = self.sandbox.issues.open(
            self.repositories[0], self.organizer, self.fresh("Letter"), text, ["petition"]
        )
        self.threads.append(issue)
        self.letters[issue] = Letter.saved_as(text)
        self.known_as = {issue.id}
        return issue

    def _notice(self, issue: Issue | None) -> None:
        """See how full issues become, and when the bot opens another one."""
        self.flagged.update(person for person in self.sandbox.world.logins.values() if person.spam)
        if issue is None:
            return
        arrives = any(thread.moved_to is issue for thread in self.threads)
        if issue.user is self.sandbox.world.app.bot and issue not in self.fullest and not arrives:
            self._take_for_a_thread(issue)
        self.fullest[issue] = max(self.fullest.get(issue, 0), len(issue.comments))

    def _take_for_a_thread(self, issue: Issue) -> None:
        continued = re.search(r'"issue":(\d+)', issue.body or "")
        if continued is None or int(continued[1]) not in self.known_as:
            # The petition's first issue was deleted when the bot had just looked at it.
            return
        full = self.threads[-1]
        if self.fullest[full] < min(one.least for one in self.settings.values()):
            only = f"{full.title} has had only {self.fullest[full]} comments"
            self.untimely.append(f"{issue.title} was opened, and {only}")
        self.threads.append(issue)
        self.letters[issue] = Letter(issue.body or "")

    def is_taken_up(self, issue: Issue) -> bool:
        """Tell whether the bot knows an issue that it has opened; the answer to that call may have been lost.

        Until then it knows its own only by the first line and the place where it has opened them.
        """
        return issue is self.first or any(BEGIN in edit.text for edit in issue.edits)

    def delete(self, issue: Issue) -> None:
        """Delete an issue, and begin anew where that was the petition's first."""
        if issue is self.first:
            self.sandbox.issues.refuse_disabled(self.repositories[0])
        self.sandbox.issues.delete(issue, self.owner)
        if issue is self.first:
            self.open_petition()
        else:
            self.threads.remove(issue)
            del self.letters[issue]

    def save(self, issue: Issue, body: str, *, exact: bool = True) -> None:
        """Let the organizer save a body; with `exact=False` they mean to leave the letter alone."""
        here = newest(issue)
        known = self.letters.get(here)
        if known is None or body.replace("\r\n", "\n") == (here.body or "").replace("\r\n", "\n"):
            return
        self.sandbox.issues.edit(here, self.organizer, body)
        saved = Letter.saved_as(body).saved_over(known) if exact else Letter(known.before, known.after, exact=False)
        self.letters[here] = dataclasses.replace(saved, moves=known.moves)

    def note_move(self, old: Issue, new: Issue) -> None:
        """Note that one of the petition's issues is another issue now."""
        letter = self.letters.pop(old)
        self.letters[new] = dataclasses.replace(letter, moves=letter.moves + 1)
        self.threads[self.threads.index(old)] = new
        if new is self.first:
            self.known_as.add(new.id)
        self.fullest[new] = max(self.fullest[old], len(new.comments))

    def write_settings(
        self, repository: Repository, text: str, wishes: Wishes | None, restricted: Wishes | None = None
    ) -> None:
        """Save a settings file; without wishes it is one with a mistake, `restricted` where none was applied."""
        self.sandbox.repositories.write_file(repository, PATH, text)
        self.settings[repository].saved(wishes, restricted or Wishes())

    async def settle(self) -> None:
        """Let the dust settle, and see whether everything is as it must be."""
        self.calm()
        if self.stage.bot is None:
            await self.stage.start_bot()
        # First ends what was begun before, be it only after a pause; the resync shall be a whole one.
        self.clock.pass_(HOUR)
        await self.rest()
        await self.resync()
        if self.untimely or self.untrue:
            raise Wrong("; ".join(self.untimely + self.untrue))
        self._judge()
        if any(attempt.status_code == 500 for attempt in self.stage.sandbox.deliveries.log.attempts()):
            raise Wrong("the bot failed to answer a delivery")
        writes = self.writes
        await self.resync()
        if self.writes > writes:
            raise Wrong(f"nothing was to be written, and {self.writes - writes} writes were made")

    def _judge(self) -> None:
        """Look at each of the petition's issues; raise Wrong where one is not as it must be."""
        labelled = is_petition(self.first)
        for issue, letter in self.letters.items():
            self._refuse(issue, letter.mistakes(issue.body, needs_block=labelled))
        settings = self.settings[self.first.repository]
        if labelled:
            settings.were_read()
        found = {wishes: self._mistakes(wishes) for wishes in settings.in_force}
        if labelled:
            settings.proved([wishes for wishes in found if not found[wishes]])
        for issue, mistakes in min(found.values(), key=len):
            self._refuse(issue, mistakes)

    def _mistakes(self, wishes: Wishes) -> list[tuple[Issue, str]]:
        """Tell what is wrong with the petition's issues if these are the settings in force."""
        settings, now = self.settings[self.first.repository], int(self.clock())
        petition = Petition(self.threads, self.book, self._may_order, wishes, settings.is_file_wrong, now)
        found = [
            (issue, "; ".join(petition.mistakes(issue)))
            for issue in self.threads
            if self.letters[issue].leaves_room
        ]
        last, over = self.threads[-1], petition.is_over(petition.law())
        if is_petition(self.first) and not over and not last.locked and len(last.comments) >= wishes.limit:
            found.append((last, f"{len(last.comments)} comments, and it is not continued"))
        return [(issue, mistakes) for issue, mistakes in found if mistakes]

    def _refuse(self, issue: Issue, mistakes: str) -> None:
        if mistakes:
            edits = "".join(f"{edit.at} {edit.editor.login} {edit.text[:60]!r}\n" for edit in issue.edits[-9:])
            raise Wrong(f"{edits}{issue.repository.full_name}#{issue.number}: {mistakes}")

    def _may_order(self, person: User) -> bool:
        return self.sandbox.repositories.role(self.first.repository, person) in ("write", "maintain", "admin")

    def calm(self) -> None:
        """End everything that keeps the bot from its work."""
        self.stage.sandbox.faults = Faults()
        self.ambushes.clear()
        self.sandbox.accounts.unflag(self.organizer)
        if self.installation.suspended_at is not None:
            self.sandbox.installations.unsuspend(self.installation)
        for repository in self.repositories:
            if repository.archived:
                self.sandbox.repositories.unarchive(repository, self.owner)
            self.sandbox.repositories.set_issues_enabled(repository, enabled=True)

    async def rest(self) -> None:
        """Wait until the bot has nothing more to do; time passes where it waits for that."""
        async with asyncio.timeout(PATIENCE):
            for _ in range(100):
                await self.idle()
                if not await self._is_work_left():
                    return
                self.clock.pass_(HOUR)
        raise Wrong("the bot does not come to rest")

    async def idle(self) -> None:
        """Wait until all deliveries have been answered, and the bot does nothing more before time passes."""
        quiet = 0
        while quiet < 2:
            seen = self.requests
            await self.stage.sandbox.settled()
            await self._look()
            quiet = quiet + 1 if self.requests == seen else 0

    async def resync(self) -> None:
        """Have the bot look for everything that no delivery has told, at its usual time.

        It may put that off after an error; then time passes.
        """
        self.clock.pass_(HOUR)
        asked_at = self.clock()
        for _ in range(100):
            await self._sync_app()
            await self.rest()
            mark = await self.bot.store.installations.get_discovery(self.installation.id)
            if mark is not None and mark.began >= asked_at:
                return
            self.clock.pass_(HOUR)
        raise Wrong("the bot does not discover")

    async def _sync_app(self) -> None:
        app_sync = self.bot.app_sync
        app_sync.request_sync()
        async with asyncio.timeout(PATIENCE):
            while app_sync._requested or app_sync.busy:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.001)

    async def work_a_little(self, turns: int) -> None:
        """Let the bot and the deliveries go on for a few turns of the loop."""
        for _ in range(turns):
            await asyncio.sleep(0)

    def let_pass(self, seconds: float) -> None:
        """Let time pass, and the bot notice."""
        self.clock.pass_(seconds)
        if self.stage.bot is not None:
            self.bot.store.changed.set()

    async def _look(self) -> None:
        """Have the bot look for work, and wait until it has done what it found."""
        scheduler = self.bot.scheduler
        scheduler.polled_at = 0.0
        self.bot.store.changed.set()
        while not scheduler.polled_at or scheduler._tasks or self.bot.app_sync.busy:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)

    @property
    def bot(self) -> app.Bot:
        assert self.stage.bot is not None
        return self.stage.bot

    async def _is_work_left(self) -> bool:
        store, ever = self.bot.store, math.inf
        for installation in self.sandbox.world.installations:
            if await store.petitions.list_due(installation, ever) or await store.threads.list_to_read(
                installation, ever
            ):
                return True
        return False

    def _count(self) -> None:
        self.requests += 1

    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """See what the bot asks for; let people act right before it writes."""
        self._count()
        if request.method == "PATCH":
            self.writes += 1
            if self.stage.bot is not None:
                text = (await request.json()).get("body") or ""
                self.untrue += await left_out(text, self.threads, self.flagged, self.bot.store)
            while self.ambushes:
                self.ambushes.pop()()
        response = await handler(request)
        DIARY.append(f"{self.clock() - BEGINNING} {request.method} {request.path_qs} {response.status}")
        return response


def newest(issue: Issue) -> Issue:
    """Give the issue that an issue has become."""
    while issue.moved_to is not None:
        issue = issue.moved_to
    return issue


@contextmanager
def _full_soon() -> Iterator[None]:
    """Let each comment fill an issue as ten do, so that a life sees several issues become full."""
    is_full = continuation_issues.is_full
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(continuation_issues, "is_full", lambda comments, limit: is_full(10 * comments, limit))
        patch.setattr(comment_and_issue_facts, "COMMENTS_PER_CHECK", 5)
        yield


@asynccontextmanager
async def world(database_url: str, seed: int) -> AsyncIterator[World]:
    """Make a world and clear it away."""
    clock = Clock()
    sandbox = Sandbox(now=clock, seed=seed)
    sandbox.world.rules.comment_ids_survive_transfer = seed % 2 == 0
    sandbox.deliveries.concurrency = 4
    time = time_types.Clock(clock, clock.sleep)
    found = World(Scene(sandbox, database_url, RATES, time), clock)

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await found.watch(request, handler)

    sandbox.app.middlewares.append(watch)
    await sandbox.start()
    with _full_soon():
        try:
            await found.stage.start_bot()
            found.open_petition()
            yield found
        finally:
            await found.stage.stop_bot()
            await sandbox.stop()
