"""The command line: `python -m bot COMMAND`, also installed as `undersigned`."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bot.cli.command import Command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 for success, 1 for failure, 2 for wrong use or configuration."""
    words = sys.argv[1:] if arguments is None else arguments
    chosen = next((word for word in WORDS if word.name in words[:1]), None)
    parser = _parser(chosen)
    if not words:
        parser.print_help()
        return 0
    options = parser.parse_args(words)
    carry_out: Callable[[argparse.Namespace], int] = options.carry_out
    return carry_out(options)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the command line; the module of this package that knows the command is loaded when it is chosen."""

    name: str
    help: str
    module: str

    def load(self) -> Command:
        """Give the command."""
        # Nearly all that is made now is here to stay: to look for garbage in it would take a tenth of the time.
        gc.disable()
        try:
            commands: dict[str, Command] = import_module(f"bot.cli.{self.module}").COMMANDS
        finally:
            gc.freeze()
            gc.enable()
        return commands[self.name]


WORDS: Final = (
    Word("serve", "run the webhook server and the loops", "running"),
    Word(
        "import-app",
        "store the App that the environment names, encrypted with SECRET_KEY, so that only that key has to stay",
        "running",
    ),
    Word(
        "drop-app",
        "forget the stored App, for example when SECRET_KEY was lost; the next start leads through the set-up"
        " again",
        "running",
    ),
    Word(
        "init-repo",
        "give a repository its settings file, its issue form and the label, and ask before writing over anything",
        "tending",
    ),
    Word("demo", "run the bot against a GitHub on this machine; no account needed", "showing"),
    Word(
        "resync",
        "read a petition's comments again and correct what is kept of them; a running bot does so by itself",
        "petitions",
    ),
    Word(
        "verify",
        "count a petition again from GitHub alone and compare with its block, or check the database or a pack;"
        " 1 is the exit code where they differ",
        "petitions",
    ),
    Word("export", "print who has signed, or the chart or badge, from what the database keeps", "petitions"),
    Word(
        "handover",
        "make the pack for whoever the petition is addressed to: a paper for printing, JSON, a table, check sums",
        "handing_over",
    ),
    Word(
        "doctor",
        "check credentials, permissions, webhook, clock and database, and say what to do; 1 is the exit code if"
        " something is wrong",
        "tending",
    ),
    Word(
        "deliver",
        "send a stored payload, signed like GitHub's, to a running bot; 1 is the exit code if it is not taken",
        "tending",
    ),
    Word(
        "audit",
        "show young and empty accounts, bursts and logins alike among a petition's signatures; changes nothing",
        "petitions",
    ),
    Word(
        "forget",
        "erase somebody's name, affiliation, reason and login, in all petitions; what they wrote on GitHub stays"
        " theirs to delete",
        "petitions",
    ),
    Word("migrate", "bring the database to this version (serve does it too)", "running"),
    Word(
        "backup",
        "copy the SQLite database into a file, also while the bot runs (for PostgreSQL there is pg_dump)",
        "running",
    ),
    Word(
        "recover",
        "save what can be read from a damaged SQLite database into a new file; the bot reads the rest from GitHub",
        "recovering",
    ),
    Word("restore", "put what backup has made in the place of the database, while the bot does not run", "running"),
)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from bot.version import version  # noqa: PLC0415 - only who asks waits for it

        print(f"undersigned {version()}")
        parser.exit()


def _parser(chosen: Word | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        # Most people run it in a clone, where nothing of that name is installed.
        prog="undersigned" if Path(sys.argv[0]).stem == "undersigned" else "python -m bot",
        description="Count /sign comments on petition issues and keep the tally in the issue's body.",
        epilog="New here? Start with: python -m bot demo",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for word in WORDS:
        sentence = f"{word.help[0].upper()}{word.help[1:]}."
        added = commands.add_parser(word.name, help=word.help, description=sentence)
        if word is chosen:
            command = word.load()
            command.add_arguments(added)
            added.set_defaults(carry_out=command.carry_out)
    return parser
