"""The commands of those who run the bot: start it, store its App, look after its database."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from bot import config, operations, serve, stored_app
from bot.cli.command import (
    ENVIRONMENT,
    FAILED,
    MISUSED,
    OK,
    CliCommand,
    ask,
    configured,
    is_attended,
    run,
    say,
    set_up_logs,
)
from bot.secret_key import WrongKey, decrypt
from bot.store import Recovered, backup, is_backup, restore


def _serve(_options: argparse.Namespace) -> int:
    settings = configured(credentials=True)
    run(serve.serve(settings, _show_link if sys.stdout.isatty() else serve.log_link))
    return OK


def _show_link(link: serve.SetupLink) -> None:
    say("", "The bot has no GitHub App yet. Open this link to make one:", "", f"  {link.url}", "")
    if link.elsewhere:
        say(
            "On a server open it under the public address, which PUBLIC_URL sets:",
            "",
            f"  {link.elsewhere}",
            "",
        )


def _import_app(options: argparse.Namespace) -> int:
    settings = _to_store(replacing=options.replace)
    set_up_logs(settings)
    name = run(stored_app.import_app(settings, replacing=options.replace))
    say(f"{name} is stored. Its variables can be taken out of the environment now; SECRET_KEY has to stay.")
    return OK


def _to_store(*, replacing: bool) -> config.Config:
    """Read the App that is to be stored; where it replaces one, what the environment does not say stays."""
    settings = config.read(ENVIRONMENT, credentials=False)
    filled = run(stored_app.fill_in(settings)) if replacing and settings.secret_key else None
    return config.read_for_storing(ENVIRONMENT) if filled is None else filled


def _drop_app(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    if not run(stored_app.has_stored_app(settings)):
        print("No App is stored.")
        return FAILED
    if not (options.yes or ask(_DROP)):
        return FAILED if is_attended() else MISUSED
    run(stored_app.drop_app(settings))
    print("The stored App is forgotten; on GitHub it is still there. The next start leads through the set-up.")
    return OK


_DROP = (
    "The database may have the only copy of the App's private key and secrets. On GitHub you can generate new ones,"
    " in the App's settings. Forget what is stored?"
)


def _migrate(_options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    run(operations.migrate(settings))
    print("The database is up to date.")
    return OK


def _backup(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    # A nightly job replaces what it made the night before; anything else may be a slip.
    if not (options.yes or (not is_attended() and is_backup(options.file))) and os.path.lexists(options.file):
        what = "a copy that `backup` has made" if is_backup(options.file) else "not a copy that `backup` has made"
        if not ask(f"{options.file} is there, and is {what}. Write over it?"):
            return FAILED
    backup(settings.database_url, options.file)
    say(f"{options.file} is a copy of the database. It holds what people have signed with; keep it to yourself.")
    return OK


def _restore(options: argparse.Namespace) -> int:
    restore(configured(credentials=False).database_url, options.file)
    print(
        "The copy is in place. The bot reads the comments again when it starts, and puts right what is old in it."
    )
    return OK


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


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replace",
        action="store_true",
        help="put it in the place of an App that is stored already; what the environment does not name stays",
    )


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the copy")


def _backup_arguments(parser: argparse.ArgumentParser) -> None:
    _file_argument(parser)
    parser.add_argument(
        "--yes",
        action="store_true",
        help="write over a file that is there without asking; where nobody can be asked, only a copy that `backup`"
        " has made is replaced without it",
    )


def _drop_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask; necessary where nobody can be asked")


def _new_file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the new file, which must not be there yet")


COMMANDS = {
    "serve": CliCommand(_serve),
    "import-app": CliCommand(_import_app, _import_arguments),
    "drop-app": CliCommand(_drop_app, _drop_arguments),
    "migrate": CliCommand(_migrate),
    "backup": CliCommand(_backup, _backup_arguments),
    "recover": CliCommand(_recover, _new_file_argument),
    "restore": CliCommand(_restore, _file_argument),
}
