"""The command line: `python -m bot COMMAND`, also installed as `undersigned`."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot import __version__

if TYPE_CHECKING:
    from bot.cli.command_base import CliCommand


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 for success, 1 for failure, 2 for wrong use or configuration."""
    words = sys.argv[1:] if arguments is None else arguments
    _replace_unprintable()
    try:
        code = _run(words)
    except* ModuleNotFoundError as error:
        print(_explain(error, *words[:1]), file=sys.stderr)
        code = 2
    return code


def _replace_unprintable() -> None:
    """Print a question mark for what the output's encoding does not have, as in a container without a locale.

    Python itself sees to that for standard error.
    """
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.encoding.lower() not in ("utf-8", "utf8"):
        sys.stdout.reconfigure(errors="replace")


def _run(words: Sequence[str]) -> int:
    chosen = next((word for word in COMMANDS if word.name in words[:1]), None)
    parser = _parser(chosen)
    if not words:
        parser.print_help()
        return 0
    options = parser.parse_args(words)
    carry_out: Callable[[argparse.Namespace], int] = options.carry_out
    return carry_out(options)


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """A command; the module of this package that implements it is loaded when it is chosen."""

    name: str
    module: str
    help: str

    def load(self) -> CliCommand:
        """Return the command."""
        # Nearly all objects made now are kept: searching them for garbage would take a tenth of the time.
        gc.disable()
        try:
            commands: dict[str, CliCommand] = import_module(f"bot.cli.{self.module}").COMMANDS
        finally:
            gc.freeze()
            gc.enable()
        return commands[self.name]


# fmt: off
COMMANDS: Final = (
    CommandSpec("serve", "server_commands", "run the bot: the webhook server, the pages and the background work"),
    CommandSpec("import-app", "server_commands",
                "store the App from the environment, encrypted with SECRET_KEY; after that, the bot needs only"
                " SECRET_KEY"),
    CommandSpec("drop-app", "server_commands",
                "delete the stored App, for example when SECRET_KEY is lost; the next start begins the set-up"
                " again"),
    CommandSpec("init-repo", "init_repo",
                "add the settings file, the issue template and the label to a repository; asks before it"
                " overwrites a file"),
    CommandSpec("sync", "sync",
                "count a repository's petitions once, update what has changed, and exit: for a workflow or a"
                " timer"),
    CommandSpec("site", "site",
                "write the pages of public petitions as plain files, for GitHub Pages or any other web server"),
    CommandSpec("rehearse", "rehearse",
                "compare what the bot assumes of GitHub with what GitHub does, in a repository of yours; exits"
                " with 1 if something does not hold"),
    CommandSpec("demo", "demo", "run the bot with a simulated GitHub on this machine; no account needed"),
    CommandSpec("resync", "petition_commands",
                "read a petition's comments again and correct the stored data; a running bot does this regularly"),
    CommandSpec("verify", "verify",
                "recount a petition from GitHub and compare it with the issue, or check the database or a pack;"
                " exits with 1 if they differ"),
    CommandSpec("export", "petition_commands", "print a petition's signatures, chart or badge from the database"),
    CommandSpec("handover", "petition_commands",
                "create the pack to hand over a petition: a page to print, JSON, CSV and checksums"),
    CommandSpec("doctor", "server_commands",
                "check credentials, permissions, webhook, clock and database, and say what to do; exits with 1"
                " if it finds a problem"),
    CommandSpec("deliver", "server_commands",
                "send a saved payload to a running bot, signed as by GitHub; exits with 1 if the bot does not"
                " accept it"),
    CommandSpec("audit", "petition_commands",
                "list new and empty accounts, bursts and similar logins among a petition's signatures; changes"
                " nothing"),
    CommandSpec("forget", "petition_commands",
                "erase a person's name, affiliation, reason and login in all petitions; their comments on GitHub"
                " stay"),
    CommandSpec("migrate", "database_commands", "upgrade the database to this version; serve also does this"),
    CommandSpec("backup", "database_commands",
                "copy the SQLite database to a file, even while the bot runs; for PostgreSQL, use pg_dump"),
    CommandSpec("recover", "database_commands",
                "save what can be read from a damaged SQLite database to a new file; the bot reads the rest from"
                " GitHub"),
    CommandSpec("restore", "database_commands",
                "replace the SQLite database with a file from backup or recover; stop the bot first"),
)
# fmt: on


def _parser(chosen: CommandSpec | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        # Most people run it in a clone, where nothing of that name is installed.
        prog="undersigned" if Path(sys.argv[0]).stem == "undersigned" else "python -m bot",
        description="Count /sign comments on petition issues and keep the count in the issue.",
        epilog="New here? Start with: python -m bot demo",
    )
    parser.add_argument(
        "--version", action="version", version=f"undersigned {__version__}", help="print the version and exit"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for word in COMMANDS:
        sentence = f"{word.help[0].upper()}{word.help[1:]}."
        added = commands.add_parser(word.name, help=word.help, description=sentence)
        if word is chosen:
            command = word.load()
            command.add_arguments(added)
            added.set_defaults(carry_out=command.carry_out)
    return parser


POSTGRES: Final = frozenset({"asyncpg", "greenlet"})
"""What the extra of that name installs."""


def _explain(missing: BaseException, command: str) -> str:
    """Return what to install; raises the error again where the module is one of ours, or of Python itself."""
    while isinstance(missing, BaseExceptionGroup):
        missing = missing.exceptions[0]
    module = (getattr(missing, "name", None) or "").partition(".")[0]
    if command == "demo" and not find_spec("sandbox"):
        return (
            "`demo` needs the sandbox, which is in the project's repository and not in the package. Clone the"
            f" repository and run: {_install_lines(command)}"
        )
    if module in {"", "bot", "sandbox"} | sys.stdlib_module_names:
        raise missing
    needs, extra = ("PostgreSQL", "[postgres]") if module in POSTGRES else (f"`{command}`", "")
    lacking = f"{needs} needs {module}, which is not installed for {sys.executable}."
    if not Path(__file__).parents[2].joinpath("pyproject.toml").is_file():
        return f"{lacking} Install undersigned{extra} there."
    # Most often somebody has typed `python3` where the virtual environment's Python was meant.
    return f"{lacking} In the clone, run: {_install_lines(command)}"


def _install_lines(command: str) -> str:
    file = "sandbox/requirements.txt" if command == "demo" else "requirements.txt"
    return f"python3 -m venv .venv && .venv/bin/pip install -r {file} && .venv/bin/python -m bot {command}"
