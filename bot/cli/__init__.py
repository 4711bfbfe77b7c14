"""The command line: `python -m bot COMMAND`, also installed as `undersigned`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

from bot import app, config
from bot.cli import petitions, running
from bot.cli.command import FAILED, MISUSED, OK, complain
from bot.deliver import NotReadable
from bot.github.errors import GitHubError
from bot.handover.checking import NoPack
from bot.init_repo import NotWritable
from bot.reconcile.by_hand import Unknown
from bot.sealing import WrongKey
from bot.setting_up import NotSetUp, SetUpAlready
from bot.store import StoreError
from bot.verify import NotAName


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 for success, 1 for failure, 2 for wrong use or configuration."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except config.ConfigError as error:
        complain("The configuration is not complete:", *error.problems, *_WAYS_OUT)
        return MISUSED
    except (NoPack, NotAName, NotSetUp, SetUpAlready, WrongKey) as error:
        complain(str(error))
        return MISUSED
    except GitHubError as error:
        complain(f"GitHub does not answer this: {error}", "Is the name right, and may this App or token see it?")
        return MISUSED
    except (StoreError, app.CannotListen, Unknown, NotReadable, NotWritable) as error:
        complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        return OK


COMMANDS = (
    running.SERVE,
    running.IMPORT_APP,
    running.DROP_APP,
    running.INIT_REPO,
    running.DEMO,
    petitions.RESYNC,
    petitions.VERIFY,
    petitions.EXPORT,
    petitions.HANDOVER,
    running.DOCTOR,
    running.DELIVER,
    petitions.AUDIT,
    petitions.FORGET,
    running.MIGRATE,
    running.BACKUP,
    running.RESTORE,
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="undersigned",
        description="Count /sign comments on petition issues and keep the tally in the issue's body.",
        epilog="New here? Start with: python -m bot demo",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.help, description=command.help.capitalize() + ".")
        command.add_arguments(added)
        added.set_defaults(run=command.run)
    return parser


_WAYS_OUT = (
    "The README lists every variable. With nothing but a SECRET_KEY, of 32 or more random characters,",
    "`serve` helps you in the browser to make the App.",
)
