"""The command that writes the pages of petitions as plain files."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from bot.cli.common import FAILED, OK, CliCommand, complain, configured, repository_argument, run, say
from bot.export.site_folder import NotOurs
from bot.site import SiteRequest, UnknownRepository, write_site


def _site(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    request = SiteRequest(options.out, options.repository or "", options.include_private)
    try:
        report = run(write_site(request, settings))
    except OSError as error:
        complain(f"{options.out} cannot be written: {error.strerror}")
        return FAILED
    say(*report.lines())
    return OK


def _site_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "repository",
        metavar="OWNER/REPO",
        nargs="?",
        type=repository_argument,
        help="only the petitions of this repository; without it, all in the database",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        required=True,
        help="a new or empty folder, or one that this command has written; what is out of date in it is deleted",
    )
    parser.add_argument(
        "--include-private",
        action="store_true",
        help="write the petitions of private repositories too. WARNING: whoever can open the pages can read who has"
        " signed, and the pages of GitHub Pages are public on most plans",
    )


COMMANDS: Final = {"site": CliCommand(_site, _site_arguments, misuses=(NotOurs, UnknownRepository))}
