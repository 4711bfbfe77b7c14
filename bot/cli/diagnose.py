"""The commands that tell what is wrong with a bot: check everything, or send it a delivery."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bot import app, config, operations
from bot.cli.command import (
    ENVIRONMENT,
    FAILED,
    OK,
    CliCommand,
    run,
    say,
    say_json,
    set_up_logs,
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
        raise config.ConfigError(["SECRET_KEY is not set; without it nothing opens the details of /readyz"])
    print(token)
    return OK


def _deliver(options: argparse.Namespace) -> int:
    payload = _read_payload(options.file)
    settings = config.read_for_delivering(ENVIRONMENT)
    set_up_logs(settings)
    settings = settings if settings.webhook_secrets else with_app()
    reply = run(operations.deliver(payload, options.event, options.url, settings, options.guid))
    say(f"{reply.status or 'no answer'}: {reply.text.strip()}")
    return OK if reply.is_good else FAILED


class NotReadable(Exception):
    """A payload cannot be read; the message says which and why."""


def _read_payload(file: str) -> bytes:
    """Read a payload from a file, or from standard input for `-`; raises NotReadable."""
    try:
        payload = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise NotReadable(f"{file}: {error.strerror}") from error
    if not payload.strip():
        raise NotReadable(f"{file} is empty; a payload is the JSON that GitHub shows under Recent Deliveries")
    return payload


def _deliver_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the payload, JSON as GitHub sends it; - for standard input")
    parser.add_argument(
        "--event", required=True, metavar="NAME", help="GitHub's name of the event, for example issue_comment"
    )
    parser.add_argument("--url", help="where to; default: /webhook on this machine, at the configured PORT")
    parser.add_argument("--guid", help="deliver under this GUID, as in a redelivery; default: a new one")


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings for machines")
    parser.add_argument(
        "--bearer",
        action="store_true",
        help="print instead the token with which a running bot's /readyz gives the same findings"
        " (Authorization: Bearer TOKEN)",
    )


COMMANDS = {
    "doctor": CliCommand(_doctor, _doctor_arguments),
    "deliver": CliCommand(_deliver, _deliver_arguments, failures=(NotReadable,)),
}
