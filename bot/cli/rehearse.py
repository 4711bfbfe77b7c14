"""The command that compares what the bot assumes of GitHub with what GitHub does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot import config
from bot.cli.command_base import (
    FAILED,
    MISUSED,
    OK,
    CliCommand,
    ask,
    complain,
    configured,
    is_attended,
    repository_argument,
    run,
    say,
)
from bot.rehearsal.assumptions import Verdict
from bot.rehearsal.rehearse import NotPossible, Plan, Report, rehearse
from bot.rehearsal.story import FIRST, SECOND
from bot.store_and_github_from_config import SYSTEM_CLOCK


def _rehearse(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    if not settings.token:
        raise config.ConfigError(["GITHUB_TOKEN is not set: a token of yours that may write issues there"])
    if not options.yes and not is_attended():
        complain("A rehearsal writes to the repository, and nobody is here to be asked; --yes answers yes.")
        return MISUSED
    tokens = {FIRST: settings.token, SECOND: settings.second_token}
    plan = Plan(options.repository, tokens, settings.api_url, settings.petition_label, options.transfer_to,
                options.webhook)  # fmt: skip

    def agree(lines: Sequence[str]) -> bool:
        say(*lines)
        return options.yes or ask("Go on?")

    try:
        report = run(rehearse(plan, agree, say, SYSTEM_CLOCK))
    except KeyboardInterrupt:
        complain("The rehearsal was interrupted, and what it made is cleaned up as said above. There is no report.")
        return MISUSED
    if report is None:
        say("Nothing was written.")
        return MISUSED
    say(*report.lines())
    _write(report, options.out)
    if report.found(Verdict.FAILED):
        return FAILED
    return MISUSED if report.broke_off else OK


def _write(report: Report, file: Path | None) -> None:
    """Write the report; where that fails, print it, because another one would take minutes."""
    file = file or Path(f"rehearsal-{datetime.fromtimestamp(report.at, UTC):%Y-%m-%d}.md")
    try:
        file.write_text(report.markdown(), encoding="utf-8")
    except OSError as error:
        say(*report.markdown().splitlines())
        complain(f"{file} cannot be written: {error.strerror}. The report is above.")
    else:
        say(f"The report is in {file}.")


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "repository",
        metavar="OWNER/REPO",
        type=repository_argument,
        help="a repository of yours without open petitions, best one that was made for it",
    )
    parser.add_argument(
        "--transfer-to",
        metavar="OWNER/REPO2",
        type=repository_argument,
        help="another repository of the same owner, to try what a transfer changes",
    )
    parser.add_argument(
        "--webhook",
        metavar="URL",
        help="an address to which GitHub can deliver, to try what it reports; the token must be an admin's",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="where the report goes; default: rehearsal-DATE.md in this folder"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before writing")


COMMANDS = {"rehearse": CliCommand(_rehearse, _arguments, misuses=(NotPossible,))}
