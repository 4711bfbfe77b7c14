"""What all commands share: arguments, configuration, event loop, output, exit codes."""

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

from bot import config, logs, stored_app_credentials
from bot.encryption_and_derived_tokens import WrongKey, operator_token
from bot.github.errors import GitHubError, Paused, Unauthorized, Unavailable
from bot.github.petition_and_rules_reader import NotAName
from bot.store import StoreError
from bot.stored_app_credentials import NotSetUp, SetUpAlready
from bot.terminal_escaping import harmless, one_line

T = TypeVar("T")

OK, FAILED, MISUSED = 0, 1, 2

ENVIRONMENT: Final = os.environ
"""Read here and nowhere else."""


class CliCommand(Struct, frozen=True):
    """A command; `run` returns the exit code.

    Besides the errors that all commands share, `misuses` exit with 2 and `failures` with 1.
    """

    run: Callable[[argparse.Namespace], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _parser: None
    misuses: tuple[type[Exception], ...] = ()
    failures: tuple[type[Exception], ...] = ()

    def carry_out(self, options: argparse.Namespace) -> int:
        """Run the command, print what went wrong, and return the exit code."""
        misuses: tuple[type[Exception], ...] = (NotAName, NotSetUp, SetUpAlready, WrongKey, *self.misuses)
        failures: tuple[type[Exception], ...] = (StoreError, *self.failures)
        try:
            return self.run(options)
        except config.ConfigError as error:
            complain("The configuration is not valid:", *error.problems, *_ways_out(error.problems))
            return MISUSED
        except misuses as error:
            complain(str(error))
            return MISUSED
        except GitHubError as error:
            complain(f"GitHub did not complete the request: {error}", _what_to_do(error))
            return MISUSED
        except failures as error:
            complain(str(error))
            return FAILED
        except KeyboardInterrupt:
            return OK


def configured(*, credentials: bool) -> config.Config:
    """Read the configuration and set up logging; raises ConfigError."""
    settings = config.read(ENVIRONMENT, credentials=credentials)
    set_up_logs(settings)
    return settings


def with_app() -> config.Config:
    """Read the configuration with the App, from the environment or from where it is stored."""
    return run(stored_app_credentials.with_app(configured(credentials=True)))


def for_reading() -> config.Config:
    """Read the configuration of a command that only reads from GitHub: with a token or as the App."""
    settings = configured(credentials=False)
    if settings.secret_key and not (settings.token or (settings.app_id and settings.private_key)):
        found = run(stored_app_credentials.find_app(settings))
        if found is not None:
            return found
    return config.read_for_reading(ENVIRONMENT)


def set_up_logs(settings: config.Config) -> None:
    """Log as configured, without secrets."""
    secrets = [*settings.secrets(), operator_token(settings.secret_key) or ""]
    logs.configure(settings.log_level, settings.log_format, secrets=secrets)
    logs.catch_crashes()


def repository_argument(text: str) -> str:
    """Return an argument that names a repository; raises ArgumentTypeError for anything else."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError("write OWNER/REPO, for example lovelace/letters")
    return text


def petition_argument(parser: argparse.ArgumentParser, nargs: str | None = None, more: str = "") -> None:
    """Add the argument that names the petition."""
    said = f"the petition's issue, for example lovelace/letters#12{more}"
    parser.add_argument("petition", metavar="OWNER/REPO#N", nargs=nargs, help=said)


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, on uvloop where it is installed."""
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
    """Return whether there is a terminal to ask on."""
    return sys.stdin.isatty()


def ask(question: str) -> bool:
    """Ask at the terminal; return False without one, and unless the answer is yes."""
    if not is_attended():
        complain(f"{question} There is no terminal to ask on. Add --yes to answer yes.")
        return False
    return input(f"{one_line(question)} [y/N] ").strip().lower() in ("y", "yes")


def _what_to_do(error: GitHubError) -> str:
    match error:
        case Paused():
            return f"Try again after {datetime.fromtimestamp(error.until, UTC):%H:%M} UTC."
        case Unavailable():
            return "Try again later. Check GITHUB_API_URL, and GitHub's status at https://www.githubstatus.com ."
        case Unauthorized():
            return "Check the token, or the App's id and private key. Check this computer's clock, too."
        case _:
            return "Check the name, and that this App or token has access to it."


def _ways_out(problems: Sequence[str]) -> Iterator[str]:
    yield "docs/REFERENCE.md lists every variable."
    if any(one.startswith("GITHUB_APP_ID ") for one in problems):
        yield "To create an App, set only SECRET_KEY, to 32 or more random characters, and run `serve`."
        if any(ENVIRONMENT.get(name) for name in config.CREDENTIALS):
            yield (
                "If an App is stored, set none of these variables; to change one of them, use"
                " `import-app --replace`."
            )
