"""The command that runs once and exits, as in a workflow of GitHub Actions."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final

from bot import config, logs
from bot.cli.command_base import (
    ENVIRONMENT,
    FAILED,
    OK,
    CliCommand,
    repository_argument,
    run,
    say,
    set_up_logs,
)
from bot.cli.workflow_commands import add_output, add_to_summary, annotate, is_workflow
from bot.config import ConfigError
from bot.github.errors import Forbidden, GitHubError, Gone, NotFound, Unauthorized
from bot.petition.i18n import counted
from bot.petition.machine_readable_lines import Counter
from bot.reconcile.resync import UnknownPetition
from bot.repository_sync import TO_MEND, SyncedPetition, SyncReport, sync
from bot.store import Damaged, State, StoreError, WrongDatabase


def _sync(options: argparse.Namespace) -> int:
    try:
        settings = config.read_for_reading(ENVIRONMENT)
        set_up_logs(settings)
        report = run(sync(options.repository, options.issue, settings, replaces_database=options.replace_database))
    except (ConfigError, GitHubError, StoreError, UnknownPetition) as error:
        _annotate_failure(error)
        raise
    say(*lines(report))
    _annotate(report)
    return FAILED if failures(report) or report.mistakes else OK


MISTAKE: Final = (
    "The bot made a mistake of its own, so not everything is counted. The log has where: please report it."
)


def lines(report: SyncReport) -> Iterator[str]:
    """Return a report's lines for people."""
    yield from map(_line, report.petitions)
    if not report.petitions and not report.left:
        yield f"{report.repository} has no petition yet: give an issue the label `{report.label}`."
    bodies, reactions = counted(report.written, "issue"), counted(report.reactions, "reaction")
    yield f"{bodies} updated, {reactions}, {counted(report.calls, 'call')} to GitHub."
    if report.left:
        yield f"Some work is left: {report.left}. The next run continues."
    if report.mistakes:
        yield MISTAKE


def failures(report: SyncReport) -> list[SyncedPetition]:
    """Return the petitions that somebody must mend something for."""
    return [one for one in report.petitions if one.state in TO_MEND]


def _line(one: SyncedPetition) -> str:
    was = "" if one.before in (None, one.count) else f" ({one.before:,} before)"
    advice = one.state.advice
    if one.by is Counter.WORKFLOW:
        advice = _FOR_WORKFLOWS.get(one.state, advice)
    return f"{one.name}: {counted(one.count, 'signature')}{was}." + (f" {advice}" if one.state else "")


_FOR_WORKFLOWS: Final = {
    State.NOT_ALLOWED: "The workflow cannot edit the issue. Add `issues: write` under `permissions:` in its file.",
    State.SETTINGS_UNREADABLE: "The workflow cannot read .github/petition.yml. The last settings that it read, or"
    " the defaults, stay in force. Add `contents: read` under `permissions:` in its file.",
}


def _is_complete(report: SyncReport) -> bool:
    """Return whether all is counted, and by the settings, which may hide people: then pages may be made."""
    not_counted = (State.SETTINGS_UNREADABLE, State.STUMBLED)
    return not report.left and not any(one.state in not_counted for one in report.petitions)


def _annotate(report: SyncReport) -> None:
    """Report failures to GitHub Actions, if it runs this, and write the run's summary."""
    if not is_workflow():
        return
    for one in failures(report):
        annotate("error", _line(one), one.name)
    if report.mistakes:
        annotate("error", MISTAKE, "sync")
    if report.left:
        annotate("notice", f"Some work is left: {report.left}. The next run continues.")
    add_output("complete", "true" if _is_complete(report) else "false")
    add_to_summary("".join(f"- {line}\n" for line in lines(report)))


def _annotate_failure(error: Exception) -> None:
    """Report to GitHub Actions, if it runs this, why a run has failed and what to do."""
    if is_workflow():
        said = str(error).rstrip(".")
        annotate("error", logs.concealed(f"{said}. {_remedy(error)}".strip()), "sync")


def _remedy(error: Exception) -> str:
    match error:
        case Forbidden() | NotFound():
            return (
                "The workflow has no access to the repository's issues. Add `issues: write` and `contents: read`"
                " under `permissions:` in its file."
            )
        case Gone():
            return State.ISSUES_DISABLED.advice
        case Unauthorized():
            return "GitHub does not accept the token. Leave `token:` out in the workflow, or give it another one."
        case Damaged() | WrongDatabase():
            return "Everything in it is on GitHub: `sync --replace-database` begins with a new one."
        case _:
            return ""


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10**9):
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of an issue")
    return int(text)


def _sync_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "repository", metavar="OWNER/REPO", type=repository_argument, help="for example lovelace/letters"
    )
    parser.add_argument("--issue", metavar="N", type=_number, help="sync only this petition")
    parser.add_argument(
        "--replace-database",
        action="store_true",
        help="with a token: delete a database that is damaged, of a newer version, or with petitions that have"
        " left the repository; everything is read from GitHub again",
    )


COMMANDS: Final = {
    "sync": CliCommand(_sync, _sync_arguments, misuses=(UnknownPetition,)),
}
