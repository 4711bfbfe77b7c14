"""`demo`: the bot with a simulated GitHub on this machine, and a page to write comments on."""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import tempfile
import time
import webbrowser
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.rule import Rule

from bot import app, config, logs
from bot.cli.command_base import CliCommand, run
from bot.config import Config
from bot.links import SIGNED_IN
from bot.petition import block
from bot.reconcile.body_write_and_repair_limiters import WriteRate
from bot.reconcile.errors_and_retries import Intervals
from bot.terminal_escaping import harmless
from bot.time_types import Clock, Seconds
from bot.web.server import CannotListen, cannot_listen
from sandbox import page
from sandbox.faults import Faults
from sandbox.models import Issue
from sandbox.server import Sandbox
from sandbox.signers import Calendar, arrivals, people

DEFAULT_PORT = 8000
MAX_PORT = 65_535

PACE = 0.25
"""Mean seconds between two signers of `--signers`; a front page brings about as many."""

RATES = app.Rates(write_rate=WriteRate(burst=10, period=2.0))
"""The simulated GitHub allows more edits than the real one, so that nobody waits in a demo."""

UNDER_FAULTS = replace(RATES, intervals=Intervals(resync=5.0))
"""With faults, the bot resyncs every few seconds, as a demo does not last ten minutes."""

DAY = 86_400.0

IN_A_REPLAY = replace(RATES, intervals=Intervals(resync=30 * DAY))
"""Days pass in seconds, so the bot resyncs only after many of them."""

LONGEST_QUIET = 0.5
"""Real seconds that a replay waits at most for the next signer."""

PATIENCE = 60.0
"""Real seconds after which the issue must show the expected count."""

TITLE = "An open letter: keep the machines in the service of people"

LETTER = """\
To everybody who builds and runs the machines of this world,

we, who write the programs, ask you to **keep the machines in the service of people**:

1. Let nobody be judged by a program that nobody can question.
2. Tell people when it is a machine that answers them.
3. Leave every machine a switch, and somebody who may use it.

We sign with our names because we mean it.
"""


class Scene(Struct, frozen=True):
    """The running demo: a sandbox, a bot, and one petition."""

    sandbox: Sandbox
    bot: app.Bot
    petition: Issue

    @property
    def url(self) -> str:
        """Return the address of the petition's page."""
        return f"{self.sandbox.web_url}/{self.petition.repository.full_name}/issues/{self.petition.number}"

    @property
    def roster_url(self) -> str:
        """Return the address of the bot's own page about the petition."""
        name = f"{self.petition.repository.full_name}/{self.petition.number}"
        return f"http://127.0.0.1:{self.bot.port}/petitions/{name}"


async def replay(letter: str, *, speed: float, port: int | None) -> int:
    """Replay a real letter: invented people sign when people signed it, `speed` times as fast, until it closes.

    Long pauses are shortened.
    """
    times = arrivals(letter)
    calendar = Calendar.opened_at(times[0] - DAY)
    stop, console = asyncio.Event(), Console()
    with app.stopping_on_signals(stop.set):
        async with stage(port, calendar=calendar) as scene:
            console.print(f"\nThe petition is at [bold]{scene.url}[/bold]")
            console.print(f"Who has signed it is at [bold]{scene.roster_url}[/bold]")
            with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console) as progress:
                task = progress.add_task("Signing", total=len(times))
                for person, moment in zip(people(len(times)), times, strict=True):
                    wait = min(max(moment - calendar(), 0.0) / speed, LONGEST_QUIET)
                    if await _is_over(stop, wait):
                        return 0
                    calendar.turn_to(moment)
                    scene.sandbox.comment(scene.petition, person.login, person.comment)
                    progress.update(task, advance=1, description=f"{datetime.fromtimestamp(moment, UTC):%d %b %Y}")
            calendar.turn_to(times[-1] + DAY)
            return 0 if await _end(scene, len(times), console, closes=True) else 1


async def demo(*, port: int | None, signers: int | None, browser: bool, faults: int | None = None) -> int:
    """Run the demo until it is interrupted, or until the invented signers have all been counted.

    `faults` is the seed of the simulated faults; None for none.
    """
    stop = asyncio.Event()
    console = Console()
    with app.stopping_on_signals(stop.set):
        async with stage(port, faults) as scene:
            console.print(f"\nThe petition:        [bold]{scene.url}[/bold]", soft_wrap=True)
            console.print(f"Who has signed it:   [bold]{scene.roster_url}[/bold]", soft_wrap=True)
            console.print(f"For its organizers:  [bold]{scene.roster_url}/organizers[/bold]\n", soft_wrap=True)
            if faults is not None:
                console.print(
                    "The simulated GitHub has faults: it loses deliveries and breaks off"
                    " responses. The count is still right."
                )
            if signers:
                return await _sign_up(scene, signers, stop, console)
            console.print("Comment [bold]/sign[/bold] on the petition and watch the count. Press Ctrl-C to stop.\n")
            if browser:
                await asyncio.to_thread(webbrowser.open, scene.url)
            await stop.wait()
    return 0


@asynccontextmanager
async def stage(
    port: int | None = None, faults: int | None = None, calendar: Calendar | None = None
) -> AsyncIterator[Scene]:
    """Set the scene: a sandbox with an installed App, the bot on a fresh SQLite file, and a petition."""
    rates = RATES if faults is None else UNDER_FAULTS
    rates, now = (rates, time.time) if calendar is None else (IN_A_REPLAY, calendar)
    sandbox = Sandbox(now=now)
    page.mount(sandbox)
    await _start(sandbox, port)
    try:
        with tempfile.TemporaryDirectory(prefix="undersigned-") as folder:
            async with app.running(_config(sandbox, Path(folder)), rates, Clock(now, asyncio.sleep)) as bot:
                sandbox.deliveries.url = f"http://127.0.0.1:{bot.port}/webhook"
                sandbox.registration.callback_urls = (f"http://127.0.0.1:{bot.port}{SIGNED_IN}",)
                petition = sandbox.petition(TITLE, LETTER, repository=sandbox.repository("analytical/letters"))
                await counted(Scene(sandbox, bot, petition))
                if faults is not None:
                    sandbox.faults = Faults.bad_day(faults)
                yield Scene(sandbox, bot, petition)
    finally:
        await sandbox.stop()


async def counted(scene: Scene, signatures: int = 0, *, patience: float = PATIENCE) -> None:
    """Wait until the petition's body shows this many signatures; raises TimeoutError."""

    def holds(body: str | None) -> bool:
        line = block.machine_line(body)
        return line is not None and line.count == signatures

    await _wait_for_body(scene, holds, patience)


async def _wait_for_body(scene: Scene, holds: Callable[[str | None], bool], patience: Seconds = PATIENCE) -> None:
    changed = asyncio.Event()
    changed.set()
    listeners = scene.sandbox.world.on_change
    listener = lambda _: changed.set()  # noqa: E731 - one name, to take it off the list again
    listeners.append(listener)
    try:
        async with asyncio.timeout(patience):
            while await changed.wait():
                changed.clear()
                if holds(scene.petition.body):
                    return
    finally:
        listeners.remove(listener)


async def _sign_up(scene: Scene, signers: int, stop: asyncio.Event, console: Console) -> int:
    """Add signatures of invented people at the pace of a busy hour, then print the body that came of it."""
    chance = random.Random(signers)  # noqa: S311 - reproducible, not secret
    started = time.monotonic()
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console) as progress:
        task = progress.add_task("Signing", total=signers)
        for person in people(signers):
            scene.sandbox.comment(scene.petition, person.login, person.comment)
            progress.advance(task)
            if await _is_over(stop, min(chance.expovariate(1 / PACE), 8 * PACE)):
                return 0
    if not await _end(scene, signers, console):
        return 1
    console.print(f"{signers} people signed, and the bot counted them in {time.monotonic() - started:.0f} seconds.")
    return 0


async def _end(scene: Scene, signers: int, console: Console, *, closes: bool = False) -> bool:
    """Wait until all are counted, close the petition if asked to, and print the body that stays."""
    petition = scene.petition
    try:
        await counted(scene, signers)
        if closes:
            scene.sandbox.issues.close(petition, petition.repository.owner)
            await _wait_for_body(scene, lambda body: "Closed on" in (body or ""))
    except TimeoutError:
        line = block.machine_line(petition.body)
        shown = "none" if line is None else line.count
        console.print(f"[red]The issue should show {signers} signatures, but shows {shown}.[/red]")
        return False
    console.print(Rule("the issue"))
    body = harmless((petition.body or "").replace("\r\n", "\n"))
    console.print(body, markup=False, highlight=False, soft_wrap=True)
    console.print(Rule())
    return True


async def _is_over(stop: asyncio.Event, seconds: Seconds) -> bool:
    """Wait, and return whether the demo must end."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
    return stop.is_set()


async def _start(sandbox: Sandbox, port: int | None) -> None:
    """Listen on the given port, or else on the default one or a free one."""
    try:
        await sandbox.start(port=DEFAULT_PORT if port is None else port)
    except OSError as error:
        if port is not None:
            raise cannot_listen("127.0.0.1", port, error, "choose another --port") from error
        await sandbox.start(port=0)


def _config(sandbox: Sandbox, folder: Path) -> Config:
    return Config(
        app_id=str(sandbox.app_id),
        private_key=sandbox.private_key,
        webhook_secrets=(sandbox.webhook_secret,),
        client_id=sandbox.client_id,
        client_secret=sandbox.client_secret,
        secret_key=secrets.token_hex(32),
        api_url=sandbox.api_url,
        database_url=f"sqlite:///{folder / 'demo.db'}",
        host="127.0.0.1",
        port=0,
        public_url="http://127.0.0.1:0",
    )


def _run_demo(options: argparse.Namespace) -> int:
    # In a replay every token expires within the second and is renewed; that is not worth a log line.
    logs.configure(options.log_level or ("error" if options.replay else "warning"), None)
    if options.replay:
        return run(replay(options.replay, speed=options.speed, port=options.port))
    return run(demo(port=options.port, signers=options.signers, browser=options.browser, faults=options.faults))


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--signers",
        type=_positive,
        metavar="N",
        help="let N invented people sign, print the resulting issue and exit",
    )
    parser.add_argument(
        "--faults", type=int, nargs="?", const=0, metavar="SEED",
        help="simulate faults: lost, late and repeated deliveries, errors, rate limits; another"
                " SEED gives other faults",
    )  # fmt: skip
    parser.add_argument(
        "--replay", choices=("2018",), metavar="LETTER",
        help="let invented people sign at the times at which people signed the letter of 2018, and exit",
    )  # fmt: skip
    parser.add_argument(
        "--speed", type=_positive, default=10_000, metavar="N",
        help="replay N times as fast; long pauses are shortened (default: 10000)",
    )  # fmt: skip
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    parser.add_argument(
        "--port",
        type=_port,
        default=None,
        metavar="PORT",
        help="the port of the page (default: 8000, or a free one)",
    )
    parser.add_argument(
        "--log-level", choices=config.LOG_LEVELS, help="the log level (default: warning; error in a replay)"
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_PORT):
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to {MAX_PORT}, not {text!r}")
    return int(text)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


COMMANDS = {"demo": CliCommand(_run_demo, _demo_arguments, failures=(CannotListen,))}
