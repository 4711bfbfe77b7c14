"""The command that saves what can be read from a damaged database."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from bot import operations
from bot.cli.command import OK, CliCommand, configured, run, say
from bot.encryption import WrongKey, decrypt
from bot.store import Recovered


def _recover(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    found = run(operations.recover(options.file, settings))
    say(f"{options.file} holds what could be read of {found.path}.")
    say(*_losses(found), _app(found, settings.secret_key), *_next_steps(found, options.file))
    return OK


def _losses(found: Recovered) -> Iterator[str]:
    if not found.lost:
        yield "Every row could be read."
    for table in found.lost:
        rows = "1 row" if table.rows == 1 else f"{table.rows:,} rows"
        yield f"  {table.name}: {rows}, a part of the table could not be read"
    lost = {table.name for table in found.lost}
    if "forgotten" in lost:
        yield "Who had asked to be forgotten may have to be forgotten again: python -m bot forget LOGIN"
    if "petitions" in lost:
        yield "Private petitions may have new addresses; they stand in the petitions' issues."


def _app(found: Recovered, secret_key: str) -> str:
    again = "Store it again: python -m bot import-app"
    if found.app is None:
        if any(table.name == "sealed" for table in found.lost):
            return f"The App's credentials could NOT be saved, if the set-up had stored them. {again}"
        return "No App is stored in it."
    if not secret_key:
        return "The App's credentials were saved."
    try:
        decrypt(found.app, secret_key)
    except WrongKey:
        return f"The App's credentials were saved, but this SECRET_KEY does not open them. {again} --replace"
    return "The App's credentials were saved, and SECRET_KEY opens them."


def _next_steps(found: Recovered, file: Path) -> Iterator[str]:
    yield f"Now stop the bot, and move {found.path} away with what is beside it (-wal, -shm). Then:"
    yield f"  python -m bot restore {file}"
    yield "Start the bot: it reads all petitions and comments on GitHub again, and brings back what was lost."


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the new file, which must not be there yet")


COMMANDS = {"recover": CliCommand(_recover, _file_argument)}
