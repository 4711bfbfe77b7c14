"""The world in which the machine plays: a GitHub, the bot, people, and a clock that only the play moves."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler

from bot import app
from bot.reconcile.beats import Beats
from bot.reconcile.coalesce import Rate
from bot.sandbox.faults import Faults
from bot.sandbox.nouns import Comment, Installation, Issue, Repository, User
from bot.sandbox.server import Sandbox
from bot.sandbox.state import State
from tests.whole.machine_letter import Letter
from tests.whole.machine_truth import PhraseBook, is_petition, mistakes
from tests.whole.scene import FAST, Scene

BEGINNING = 1_790_000_000.0
PATIENCE = 60.0
"""Real seconds in which the bot must come to rest."""

HOUR = 3600.0

TEMPO = replace(FAST, rate=Rate(burst=10_000, period=0.0, gap=0.0), beats=Beats(breath=0.0))
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
    """The petitions, and what a person wrote last in each."""
    ambushes: list[Callable[[], None]] = field(default_factory=list)
    """What people do at the very moment before the bot's next write arrives."""
    requests: int = 0
    """Everything the bot asked of GitHub, and GitHub told the bot."""
    writes: int = 0
    """Attempts of the bot to write a body."""
    named: int = 0

    def __post_init__(self) -> None:
        self.state.on_event.append(lambda _: self._count())
        self.repositories = [self.stage.sandbox.repository(f"lovelace/{name}") for name in ("letters", "archive")]
        self.organizer = self.state.user("grace")
        for repository in self.repositories:
            self.state.set_role(repository, self.organizer, "write")
            self.state.create_label(repository, "petition")
        self.fakes = [self.state.user(login) for login in ("nobody-real", "somebody-else")]
        self.robot = self.state.user("helper[bot]", "Bot")
        for login in ("ada", "alan", "edsger", "barbara", "donald", "margaret"):
            self.people.append(self.state.user(login))

    @property
    def state(self) -> State:
        return self.stage.state

    @property
    def owner(self) -> User:
        return self.repositories[0].owner

    @property
    def installation(self) -> Installation:
        return next(one for one in self.state.installations.values() if not one.deleted)

    @property
    def petitions(self) -> list[Issue]:
        return list(self.letters)

    @property
    def comments(self) -> list[Comment]:
        return [comment for petition in self.petitions for comment in petition.comments]

    def fresh(self, word: str) -> str:
        """Make up a name or text that nobody has used."""
        self.named += 1
        return f"{word}-{self.named}"

    def open_petition(self) -> Issue:
        text = f"Dear all,\n\n{self.fresh('please')}."
        issue = self.state.open_issue(
            self.repositories[0], self.organizer, self.fresh("Letter"), text, ["petition"]
        )
        self.letters[issue] = Letter.saved_as(text)
        return issue

    def save(self, issue: Issue, body: str, *, exact: bool = True) -> None:
        """Let the organizer save a body; with `exact=False` they mean to leave the letter alone."""
        here = newest(issue)
        known = self.letters.get(here)
        if known is None or body.replace("\r\n", "\n") == (here.body or "").replace("\r\n", "\n"):
            return
        self.state.edit_issue_body(here, self.organizer, body)
        saved = Letter.saved_as(body) if exact else Letter(known.before, known.after, exact=False)
        self.letters[here] = replace(saved, moves=known.moves)

    def note_move(self, old: Issue, new: Issue) -> None:
        """Note that a petition is another issue now."""
        letter = self.letters.pop(old)
        self.letters[new] = replace(letter, moves=letter.moves + 1)

    async def settle(self) -> None:
        """Let the dust settle, and see whether everything is as it must be."""
        self.calm()
        if self.stage.bot is None:
            await self.stage.start_bot()
        # First ends what was begun before, be it only after a pause; the resync shall be a whole one.
        self.clock.pass_(HOUR)
        await self.rest()
        await self.resync()
        for petition, letter in self.letters.items():
            found = [letter.mistakes(petition.body, needs_block=is_petition(petition))]
            if letter.leaves_room:
                found += mistakes(petition, self.book, partial(self._may_order, petition), int(self.clock()))
            if any(found):
                edits = "".join(
                    f"{edit.at} {edit.editor.login} {edit.text[:60]!r}\n" for edit in petition.edits[-9:]
                )
                where = f"{petition.repository.full_name}#{petition.number}"
                raise Wrong(f"{edits}{where}: {'; '.join(filter(None, found))}")
        if any(attempt.status_code == 500 for attempt in self.stage.sandbox.deliveries.log.attempts()):
            raise Wrong("the bot failed to answer a delivery")
        writes = self.writes
        await self.resync()
        if self.writes > writes:
            raise Wrong(f"nothing was to be written, and {self.writes - writes} writes were made")

    def _may_order(self, petition: Issue, person: User) -> bool:
        return self.state.role(petition.repository, person) in ("write", "maintain", "admin")

    def calm(self) -> None:
        """End everything that keeps the bot from its work."""
        self.stage.sandbox.faults = Faults()
        self.ambushes.clear()
        self.state.unflag_user(self.organizer)
        if self.installation.suspended_at is not None:
            self.state.unsuspend(self.installation)
        for repository in self.repositories:
            if repository.archived:
                self.state.unarchive(repository, self.owner)
            self.state.set_issues_enabled(repository, enabled=True)

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
        """Have the bot look for everything that no delivery has told, at its usual time."""
        self.clock.pass_(HOUR)
        rounds = self.bot.rounds
        rounds.alarm()
        async with asyncio.timeout(PATIENCE):
            while rounds._urgent or rounds.busy:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.001)
        await self.rest()

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
        conductor = self.bot.conductor
        conductor.looked_at = 0.0
        self.bot.store.changed.set()
        while not conductor.looked_at or conductor.busy or self.bot.rounds.busy:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.001)

    @property
    def bot(self) -> app.Bot:
        assert self.stage.bot is not None
        return self.stage.bot

    async def _is_work_left(self) -> bool:
        store, ever = self.bot.store, math.inf
        for installation in self.state.installations:
            if await store.due(installation, ever) or await store.threads_to_read(installation, ever):
                return True
        return False

    def _count(self) -> None:
        self.requests += 1

    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """See what the bot asks for; let people act right before it writes."""
        self._count()
        if request.method == "PATCH":
            self.writes += 1
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


@asynccontextmanager
async def world(database_url: str, seed: int) -> AsyncIterator[World]:
    """Make a world and clear it away."""
    clock = Clock()
    sandbox = Sandbox(now=clock, seed=seed)
    sandbox.state.rules.comment_ids_survive_transfer = seed % 2 == 0
    sandbox.deliveries.concurrency = 4
    time = app.Clock(now=clock, sleep=clock.sleep)
    found = World(Scene(sandbox, database_url, TEMPO, time), clock)

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await found.watch(request, handler)

    sandbox.app.middlewares.append(watch)
    await sandbox.start()
    try:
        await found.stage.start_bot()
        found.open_petition()
        yield found
    finally:
        await found.stage.stop_bot()
        await sandbox.stop()
