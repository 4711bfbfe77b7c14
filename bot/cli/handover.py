"""The command that makes the pack of a petition; apart from `export`, which needs no templates and no Markdown."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot import operations
from bot.cli.command import FAILED, MISUSED, OK, CliCommand, complain, configured, run, say
from bot.cli.petitions import petition_argument
from bot.export import pack
from bot.github.petition_reader import IssueName, NotAName
from bot.reconcile.manual_resync import UnknownPetition


def _hand_over(options: argparse.Namespace) -> int:
    name = IssueName.read(options.petition)
    taken = run(operations.take(name.repository, name.number, configured(credentials=False)))
    try:
        pack.write(pack.make_files(taken.whole, taken.pages, taken.site, taken.at), options.out)
    except pack.NotEmpty as error:
        complain(str(error))
        return MISUSED
    except OSError as error:
        complain(f"{options.out} cannot be written: {error.strerror}")
        return FAILED
    say(f"{options.out} holds the pack. To check it: python -m bot verify --pack {options.out}")
    return OK


def _hand_over_arguments(parser: argparse.ArgumentParser) -> None:
    petition_argument(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="a new or empty folder")


COMMANDS = {
    "handover": CliCommand(_hand_over, _hand_over_arguments, misuses=(NotAName,), failures=(UnknownPetition,)),
}
