"""The command that prepares a repository for petitions."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot import config
from bot.cli.common import (
    ENVIRONMENT,
    FAILED,
    OK,
    CliCommand,
    ask,
    configured,
    repository_argument,
    run,
    say,
    with_app,
)
from bot.init_repo import NotWritable, init_folder, init_repository


def _init_repo(options: argparse.Namespace) -> int:
    may_overwrite = (lambda _question: True) if options.yes else ask
    if options.dir is not None:
        label = config.read(ENVIRONMENT, credentials=False).petition_label
        done = init_folder(options.dir, label, may_overwrite)
    else:
        done = run(init_repository(options.repository, _with_token_or_app(), may_overwrite))
    say(*done.lines)
    return OK if done.is_complete else FAILED


def _with_token_or_app() -> config.Config:
    settings = configured(credentials=False)
    if settings.token:
        return settings
    if not settings.secret_key and not settings.has_credentials:
        raise config.ConfigError(["GITHUB_TOKEN is not set, and no App is configured"])
    return with_app()


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "repository",
        metavar="OWNER/REPO",
        nargs="?",
        type=repository_argument,
        help="the repository; uses your GITHUB_TOKEN, or the App, which can only create the label",
    )
    where.add_argument(
        "--dir", type=Path, metavar="PATH", help="write the files into a clone on this machine instead"
    )
    parser.add_argument("--yes", action="store_true", help="overwrite files that differ, without asking")


COMMANDS = {"init-repo": CliCommand(_init_repo, _init_arguments, failures=(NotWritable,))}
