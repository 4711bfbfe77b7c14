"""The commands around a bot: prepare a repository for it, see what ails it, send it a delivery."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from bot import app, config, operations
from bot.cli.command import (
    ENVIRONMENT,
    FAILED,
    OK,
    CliCommand,
    ask,
    configured,
    run,
    say,
    say_json,
    set_up_logs,
    with_app,
)
from bot.doctor import are_fine
from bot.init_repo import NotWritable, init_folder, init_repository


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


def _init_repo(options: argparse.Namespace) -> int:
    may_overwrite = (lambda _question: True) if options.yes else ask
    if options.dir is not None:
        label = config.read(ENVIRONMENT, credentials=False).petition_label
        done = init_folder(options.dir, label, may_overwrite)
    else:
        done = run(init_repository(options.repository, _with_token_or_app(), may_overwrite))
    say(*done.lines)
    return OK if done.is_complete else FAILED


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


def _with_token_or_app() -> config.Config:
    settings = configured(credentials=False)
    if settings.token:
        return settings
    if not settings.secret_key and not settings.has_credentials:
        raise config.ConfigError(["GITHUB_TOKEN is not set, nor is anything that says which App this is"])
    return with_app()


def _deliver_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the payload, JSON as GitHub sends it; - for standard input")
    parser.add_argument(
        "--event", required=True, metavar="NAME", help="what it tells of, for example issue_comment"
    )
    parser.add_argument("--url", help="where to; default: /webhook on this machine, at the configured PORT")
    parser.add_argument("--guid", help="deliver under this GUID, as in a redelivery; default: a new one")


def _init_arguments(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "repository",
        metavar="OWNER/REPO",
        nargs="?",
        type=_repository,
        help="through GitHub's API, with your GITHUB_TOKEN or as the App, which may only make the label",
    )
    where.add_argument("--dir", type=Path, metavar="PATH", help="in a clone on this machine instead")
    parser.add_argument(
        "--yes", action="store_true", help="write over files that say something else without asking"
    )


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings for machines")
    parser.add_argument(
        "--bearer",
        action="store_true",
        help="print instead the token with which a running bot's /readyz gives the same findings"
        " (Authorization: Bearer TOKEN)",
    )


def _repository(text: str) -> str:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError("write OWNER/REPO, for example lovelace/letters")
    return text


COMMANDS = {
    "init-repo": CliCommand(_init_repo, _init_arguments, failures=(NotWritable,)),
    "doctor": CliCommand(_doctor, _doctor_arguments),
    "deliver": CliCommand(_deliver, _deliver_arguments, failures=(NotReadable,)),
}
