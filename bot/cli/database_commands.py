"""The commands that maintain the database: migrate, backup, recover, restore."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bot import config
from bot.cli.command_base import FAILED, OK, CliCommand, ask, configured, is_attended, run, say
from bot.encryption_and_derived_tokens import WrongKey, decrypt
from bot.petition.i18n import counted
from bot.store import Recovered, backup, is_backup, recover, restore
from bot.store_and_github_from_config import open_store


def _migrate(_options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    run(_upgrade(settings))
    print("The database is up to date.")
    return OK


async def _upgrade(settings: config.Config) -> None:
    async with open_store(settings, make=True):
        pass


def _backup(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    # A nightly job replaces what it made the night before; anything else may be a slip.
    if not (options.yes or (not is_attended() and is_backup(options.file))) and os.path.lexists(options.file):
        what = "a copy from `backup`" if is_backup(options.file) else "not a copy from `backup`"
        if not ask(f"{options.file} exists and is {what}. Overwrite it?"):
            return FAILED
    backup(settings.database_url, options.file)
    say(f"{options.file} is a copy of the database. It contains personal data: keep it private.")
    return OK


def _restore(options: argparse.Namespace) -> int:
    restore(configured(credentials=False).database_url, options.file)
    print(
        "The database is restored. When the bot starts, it reads the comments again and"
        " corrects what is out of date."
    )
    return OK


def _recover(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    found = run(recover(settings.database_url, options.file, int(time.time())))
    say(f"{options.file} contains what could be read from {found.path}.")
    say(*_losses(found), _app(found, settings.secret_key), *_next_steps(found, options.file))
    return OK


def _losses(found: Recovered) -> Iterator[str]:
    if not found.lost:
        yield "All rows could be read."
    for table in found.lost:
        rows = counted(table.rows, "row")
        yield f"  {table.name}: {rows}; part of the table could not be read"
    lost = {table.name for table in found.lost}
    if "forgotten" in lost:
        yield "Repeat earlier requests to forget people, if you know them: python -m bot forget LOGIN"
    if "petitions" in lost:
        yield "Private petitions may have new addresses. Their issues link to them."


def _app(found: Recovered, secret_key: str) -> str:
    again = "Store it again: python -m bot import-app"
    if found.app is None:
        if any(table.name == "sealed" for table in found.lost):
            return f"If the App's credentials were stored, they could NOT be saved. {again}"
        return "It contains no stored App."
    if not secret_key:
        return "The App's credentials were saved."
    try:
        decrypt(found.app, secret_key)
    except WrongKey:
        return f"The App's credentials were saved, but this SECRET_KEY cannot decrypt them. {again} --replace"
    return "The App's credentials were saved, and SECRET_KEY can decrypt them."


def _next_steps(found: Recovered, file: Path) -> Iterator[str]:
    yield f"Stop the bot. Move {found.path} and its -wal and -shm files to another folder. Then run:"
    yield f"  python -m bot restore {file}"
    yield "Then start the bot. It reads all petitions and comments from GitHub again, and restores what was lost."


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the file of the copy")


def _backup_arguments(parser: argparse.ArgumentParser) -> None:
    _file_argument(parser)
    parser.add_argument(
        "--yes",
        action="store_true",
        help="overwrite an existing file without asking; without a terminal, copies from `backup` are overwritten"
        " anyway",
    )


def _new_file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the new file, which must not exist yet")


COMMANDS = {
    "migrate": CliCommand(_migrate),
    "backup": CliCommand(_backup, _backup_arguments),
    "recover": CliCommand(_recover, _new_file_argument),
    "restore": CliCommand(_restore, _file_argument),
}
