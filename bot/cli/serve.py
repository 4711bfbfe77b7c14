"""The commands of those who run the bot: start it, store its App, look after its database."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot import app_setup, config, operations
from bot.cli.command import ENVIRONMENT, FAILED, OK, CliCommand, configured, run, say, set_up_logs
from bot.store import backup, restore


def _serve(_options: argparse.Namespace) -> int:
    settings = configured(credentials=True)
    run(app_setup.serve(settings))
    return OK


def _import_app(options: argparse.Namespace) -> int:
    settings = config.read_for_storing(ENVIRONMENT)
    set_up_logs(settings)
    name = run(app_setup.import_app(settings, replacing=options.replace))
    say(f"{name} is stored. Its variables can be taken out of the environment now; SECRET_KEY has to stay.")
    return OK


def _drop_app(_options: argparse.Namespace) -> int:
    if run(app_setup.drop_app(configured(credentials=False))):
        print("The stored App is forgotten; on GitHub it is still there. The next start leads through the set-up.")
        return OK
    print("No App is stored.")
    return FAILED


def _migrate(_options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    run(operations.migrate(settings))
    print("The database is up to date.")
    return OK


def _backup(options: argparse.Namespace) -> int:
    backup(configured(credentials=False).database_url, options.file)
    say(f"{options.file} is a copy of the database. It holds what people have signed with; keep it to yourself.")
    return OK


def _restore(options: argparse.Namespace) -> int:
    restore(configured(credentials=False).database_url, options.file)
    print(
        "The copy is in place. The bot reads the comments again when it starts, and puts right what is old in it."
    )
    return OK


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replace", action="store_true", help="put it in the place of an App that is stored already"
    )


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the copy")


COMMANDS = {
    "serve": CliCommand(_serve),
    "import-app": CliCommand(_import_app, _import_arguments),
    "drop-app": CliCommand(_drop_app),
    "migrate": CliCommand(_migrate),
    "backup": CliCommand(_backup, _file_argument),
    "restore": CliCommand(_restore, _file_argument),
}
