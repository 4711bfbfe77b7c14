"""What every command of the line has: its place in `--help`, the configuration, the loop, and its exit codes."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any, Final, TypeVar

from msgspec import Struct

from bot import app, config, logs, stored_app
from bot.github.errors import GitHubError, Paused, Unauthorized, Unavailable
from bot.secret_key import WrongKey
from bot.store import StoreError
from bot.stored_app import NotSetUp, SetUpAlready
from bot.terminal import harmless, one_line

T = TypeVar("T")

OK, FAILED, MISUSED = 0, 1, 2

ENVIRONMENT: Final = os.environ
"""Read here and nowhere else."""


class CliCommand(Struct, frozen=True):
    """What a word of the command line does; `run` gives the exit code.

    Besides what all commands have in common, `misuses` are errors of whoever typed it, and `failures` all others.
    """

    run: Callable[[argparse.Namespace], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _parser: None
    misuses: tuple[type[Exception], ...] = ()
    failures: tuple[type[Exception], ...] = ()

    def carry_out(self, options: argparse.Namespace) -> int:
        """Run it, say what went wrong, and give the exit code."""
        misuses: tuple[type[Exception], ...] = (NotSetUp, SetUpAlready, WrongKey, *self.misuses)
        failures: tuple[type[Exception], ...] = (StoreError, app.CannotListen, *self.failures)
        try:
            return self.run(options)
        except config.ConfigError as error:
            complain("Something is wrong with the configuration:", *error.problems, *_ways_out(error.problems))
            return MISUSED
        except misuses as error:
            complain(str(error))
            return MISUSED
        except GitHubError as error:
            complain(f"GitHub does not answer this: {error}", _what_to_do(error))
            return MISUSED
        except failures as error:
            complain(str(error))
            return FAILED
        except KeyboardInterrupt:
            return OK


def configured(*, credentials: bool) -> config.Config:
    """Read the configuration and begin to log; raises ConfigError."""
    settings = config.read(ENVIRONMENT, credentials=credentials)
    set_up_logs(settings)
    return settings


def with_app() -> config.Config:
    """Read the configuration with the App, from the environment or from where it is stored."""
    return run(stored_app.with_app(configured(credentials=True)))


def set_up_logs(settings: config.Config) -> None:
    """Log as configured, and nothing that is secret."""
    secrets = [*settings.secrets(), app.operator_token(settings) or ""]
    logs.configure(settings.log_level, settings.log_format, secrets=secrets)
    logs.catch_crashes()


def repository_argument(text: str) -> str:
    """Return an argument that names a repository; raises ArgumentTypeError for anything else."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError("write OWNER/REPO, for example lovelace/letters")
    return text


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, on the faster loop where there is one."""
    if find_spec("uvloop"):
        import uvloop  # noqa: PLC0415 - there is none on Windows

        return uvloop.run(main)
    return asyncio.run(main)


def say(*lines: object) -> None:
    """Print lines; what strangers wrote neither steers the terminal nor begins a line of its own."""
    for line in lines:
        print(one_line(str(line)))


def say_json(value: object) -> None:
    """Print what machines read, and people on a terminal."""
    print(harmless(json.dumps(value, indent=2, ensure_ascii=False)))


def complain(*lines: str) -> None:
    """Print what is wrong to standard error, without secrets."""
    print(logs.concealed("\n  ".join(map(one_line, lines))), file=sys.stderr)


def is_attended() -> bool:
    """Return whether somebody is there to answer a question."""
    return sys.stdin.isatty()


def ask(question: str) -> bool:
    """Ask whoever is at the terminal; False where nobody is, and unless the answer is yes."""
    if not is_attended():
        complain(f"{question} Nobody is here to answer; --yes answers yes.")
        return False
    return input(f"{one_line(question)} [y/N] ").strip().lower() in ("y", "yes")


def _what_to_do(error: GitHubError) -> str:
    match error:
        case Paused():
            return f"It wants no more calls before {datetime.fromtimestamp(error.until, UTC):%H:%M} UTC."
        case Unavailable():
            return "Try again later. GITHUB_API_URL says where GitHub is, https://www.githubstatus.com how it is."
        case Unauthorized():
            return "See that the token is right, or the App's id and private key are, and this computer's clock."
        case _:
            return "Is the name right, and may this App or token see it?"


def _ways_out(problems: Sequence[str]) -> Iterator[str]:
    yield "docs/REFERENCE.md lists every variable."
    if any(one.startswith("GITHUB_APP_ID ") for one in problems):
        yield "With nothing but a SECRET_KEY, of 32 or more random characters, `serve` helps you to make the App."
        if any(ENVIRONMENT.get(name) for name in config.CREDENTIALS):
            yield "Where an App is stored, set none of these here; `import-app --replace` changes single ones."
