"""The commands around the server: run it, store its App, examine it, deliver to it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from bot import app, config, store_and_github_from_config, stored_app_credentials
from bot.cli.command_base import (
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
    say_json,
    set_up_logs,
    with_app,
)
from bot.doctor.checks import examine
from bot.doctor.findings import are_fine
from bot.encryption_and_derived_tokens import operator_token
from bot.setup_server import Announce, SetupLink, log_link, set_up
from bot.store import migrate_ahead
from bot.web.server import CannotListen, bind


def _serve(_options: argparse.Namespace) -> int:
    settings = configured(credentials=True)
    run(_run_bot(settings, _show_link if sys.stdout.isatty() else log_link))
    return OK


async def _run_bot(settings: config.Config, announce: Announce) -> None:
    """Run until SIGTERM or SIGINT: the set-up while there is no App, and then the bot on the same socket."""
    stop = asyncio.Event()
    with app.stopping_on_signals(stop.set):
        await migrate_ahead(settings.database_url)
        found = await stored_app_credentials.find_app(settings)
        if found is not None:
            await app.run(found, stop)
            return
        with bind(settings.host, settings.port) as address:
            found = await set_up(settings, address, stop, announce)
            if found is not None:
                await app.run(found, stop, address)


def _show_link(link: SetupLink) -> None:
    say("", "The bot has no GitHub App yet. Open this link to create one:", "", f"  {link.url}", "")
    if link.elsewhere:
        say(
            "On a server, open it at the public address, which PUBLIC_URL sets:",
            "",
            f"  {link.elsewhere}",
            "",
        )


def _import_app(options: argparse.Namespace) -> int:
    settings = _to_store(replacing=options.replace)
    set_up_logs(settings)
    name = run(stored_app_credentials.import_app(settings, replacing=options.replace))
    say(f"{name} is stored. You can now remove its variables from the environment. Keep SECRET_KEY.")
    return OK


def _to_store(*, replacing: bool) -> config.Config:
    """Read the App that is to be stored; where it replaces one, what the environment does not say stays."""
    settings = config.read(ENVIRONMENT, credentials=False)
    filled = run(stored_app_credentials.fill_in(settings)) if replacing and settings.secret_key else None
    return config.read_for_storing(ENVIRONMENT) if filled is None else filled


def _drop_app(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    if not run(stored_app_credentials.has_stored_app(settings)):
        print("No App is stored.")
        return FAILED
    if not (options.yes or ask(_DROP)):
        return FAILED if is_attended() else MISUSED
    run(stored_app_credentials.drop_app(settings))
    print("The stored App is deleted. It still exists on GitHub. The next start begins the set-up.")
    return OK


_DROP = (
    "The database may hold the only copy of the App's private key and secrets. You can generate new ones on GitHub,"
    " in the App's settings. Delete the stored App?"
)


def _doctor(options: argparse.Namespace) -> int:
    settings = with_app()
    if options.bearer:
        return _bearer(settings)
    findings = run(examine(settings))
    if options.json:
        found = {"fine": are_fine(findings), "findings": [one.fields() for one in findings]}
        say_json(found)
    else:
        say(*findings)
    return OK if are_fine(findings) else FAILED


def _bearer(settings: config.Config) -> int:
    token = operator_token(settings.secret_key)
    if token is None:
        raise config.ConfigError(["SECRET_KEY is not set; the token for the details of /readyz is derived from it"])
    print(token)
    return OK


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replace",
        action="store_true",
        help="replace the stored App; values that the environment does not set stay",
    )


def _drop_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do not ask; required without a terminal")


def _deliver(options: argparse.Namespace) -> int:
    payload = _read_payload(options.file)
    settings = config.read_for_delivering(ENVIRONMENT)
    set_up_logs(settings)
    settings = settings if settings.webhook_secrets else with_app()
    reply = run(store_and_github_from_config.deliver(settings, options.event, payload, options.url, options.guid))
    say(f"{reply.status or 'no response'}: {reply.text.strip()}")
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
        raise NotReadable(f"{file} is empty; save the JSON payload that GitHub shows under Recent Deliveries")
    return payload


def _deliver_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the payload: JSON as GitHub sends it; - for standard input")
    parser.add_argument("--event", required=True, metavar="NAME", help="the event, for example issue_comment")
    parser.add_argument(
        "--url", help="the address to send it to (default: /webhook on this machine, at the configured PORT)"
    )
    parser.add_argument("--guid", help="the delivery's GUID, to repeat a delivery (default: a new one)")


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--bearer",
        action="store_true",
        help="print the token that opens the same findings at a running bot's /readyz"
        " (Authorization: Bearer TOKEN)",
    )


COMMANDS = {
    "serve": CliCommand(_serve, failures=(CannotListen,)),
    "import-app": CliCommand(_import_app, _import_arguments),
    "drop-app": CliCommand(_drop_app, _drop_arguments),
    "doctor": CliCommand(_doctor, _doctor_arguments),
    "deliver": CliCommand(_deliver, _deliver_arguments, failures=(NotReadable,)),
}
