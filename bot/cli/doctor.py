"""The command that checks everything about a bot."""

from __future__ import annotations

import argparse

from bot import app, config, operations
from bot.cli.common import (
    FAILED,
    OK,
    CliCommand,
    run,
    say,
    say_json,
    with_app,
)
from bot.doctor import are_fine


def _doctor(options: argparse.Namespace) -> int:
    settings = with_app()
    if options.bearer:
        return _bearer(settings)
    findings = run(operations.examine(settings))
    if options.json:
        found = {"fine": are_fine(findings), "findings": [one.fields() for one in findings]}
        say_json(found)
    else:
        say(*findings)
    return OK if are_fine(findings) else FAILED


def _bearer(settings: config.Config) -> int:
    token = app.operator_token(settings)
    if token is None:
        raise config.ConfigError(["SECRET_KEY is not set; the token for the details of /readyz is derived from it"])
    print(token)
    return OK


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--bearer",
        action="store_true",
        help="print the token that opens the same findings at a running bot's /readyz"
        " (Authorization: Bearer TOKEN)",
    )


COMMANDS = {
    "doctor": CliCommand(_doctor, _doctor_arguments),
}
