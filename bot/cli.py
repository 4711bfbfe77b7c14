"""The command line: `python -m bot COMMAND`, also installed as `undersigned`."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from bot import app, config, logs, setting_up
from bot.deliver import NotReadable, deliver, read_payload
from bot.doctor.judging import are_fine
from bot.github.errors import GitHubError
from bot.github.site import site_of
from bot.handover.checking import NoPack, check
from bot.handover.exports import FORMS, export
from bot.init_repo import NotWritable, init_folder, init_repository
from bot.reconcile.by_hand import Unknown
from bot.sealing import WrongKey
from bot.setting_up import NotSetUp, SetUpAlready
from bot.store import StoreError
from bot.verify import DatabaseVerification, IssueName, NotAName, Verification, verify

T = TypeVar("T")

OK, FAILED, MISUSED = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 for success, 1 for failure, 2 for wrong use or configuration."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except config.ConfigError as error:
        _complain("The configuration is not complete:", *error.problems, *_WAYS_OUT)
        return MISUSED
    except (NoPack, NotAName, NotSetUp, SetUpAlready, WrongKey) as error:
        _complain(str(error))
        return MISUSED
    except GitHubError as error:
        _complain(f"GitHub does not answer this: {error}", "Is the name right, and may this App or token see it?")
        return MISUSED
    except (StoreError, app.CannotListen, Unknown, NotReadable, NotWritable) as error:
        _complain(str(error))
        return FAILED
    except KeyboardInterrupt:
        return OK


@dataclass(frozen=True, slots=True)
class _Command:
    name: str
    help: str
    run: Callable[[argparse.Namespace], int]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda _parser: None


def _serve(_options: argparse.Namespace) -> int:
    settings = _configured(credentials=True)
    _run(setting_up.serve(settings))
    return OK


def _import_app(options: argparse.Namespace) -> int:
    settings = config.read_for_storing(os.environ)
    _set_up_logs(settings)
    name = _run(setting_up.import_app(settings, replacing=options.replace))
    print(f"{name} is stored. Its variables can be taken out of the environment now; SECRET_KEY has to stay.")
    return OK


def _demo(options: argparse.Namespace) -> int:
    from bot import demo  # noqa: PLC0415 - the sandbox takes long to load, and a serving bot has no use for it

    logs.configure(options.log_level, None)
    return _run(
        demo.demo(port=options.port, signers=options.signers, browser=options.browser, faults=options.faults)
    )


def _migrate(_options: argparse.Namespace) -> int:
    settings = _configured(credentials=False)
    _run(app.migrate(settings))
    print("The database is up to date.")
    return OK


def _doctor(options: argparse.Namespace) -> int:
    settings = _with_app()
    if options.bearer:
        return _bearer(settings)
    findings = _run(app.examine(settings))
    if options.json:
        found = {"fine": are_fine(findings), "findings": [one.fields() for one in findings]}
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print(*findings, sep="\n")
    return OK if are_fine(findings) else FAILED


def _bearer(settings: config.Config) -> int:
    token = app.operator_token(settings)
    if token is None:
        raise config.ConfigError(["SECRET_KEY is not set; without it nothing opens the details of /readyz"])
    print(token)
    return OK


def _init_repo(options: argparse.Namespace) -> int:
    may_overwrite = (lambda _question: True) if options.yes else _ask
    if options.dir is not None:
        label = config.read(os.environ, credentials=False).petition_label
        done = init_folder(options.dir, label, may_overwrite)
    else:
        done = _run(init_repository(options.repository, _with_token_or_app(), may_overwrite))
    print(*done.lines, sep="\n")
    return OK if done.is_complete else FAILED


def _deliver(options: argparse.Namespace) -> int:
    payload = read_payload(options.file)
    settings = config.read_for_delivering(os.environ)
    _set_up_logs(settings)
    settings = settings if settings.webhook_secrets else _with_app()
    reply = _run(deliver(payload, options.event, options.url, settings, options.guid))
    print(f"{reply.status or 'no answer'}: {reply.text.strip()}")
    return OK if reply.is_good else FAILED


def _with_token_or_app() -> config.Config:
    settings = _configured(credentials=False)
    if settings.token:
        return settings
    if not settings.secret_key and not settings.has_credentials:
        raise config.ConfigError(["GITHUB_TOKEN is not set, nor is anything that says which App this is"])
    return _with_app()


def _ask(question: str) -> bool:
    if not sys.stdin.isatty():
        print(f"{question} Nobody is here to answer; --yes says yes to all.", file=sys.stderr)
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _resync(options: argparse.Namespace) -> int:
    name = IssueName.read(options.petition)
    settings = _with_app()
    found = _run(app.resync(name.repository, name.number, settings))
    print(*found.lines(), sep="\n")
    return OK if found.is_settled else FAILED


def _forget(options: argparse.Namespace) -> int:
    settings = _configured(credentials=False)
    forgotten = _run(app.forget(options.login, settings))
    print(*forgotten.lines(options.login), sep="\n")
    return OK


def _verify(options: argparse.Namespace) -> int:
    name = None if options.petition is None else IssueName.read(options.petition)
    if options.pack is not None:
        return _verify_pack(options.pack)
    if options.database:
        return _verify_database(name, options)
    if name is None:
        raise NotAName(NotAName.__doc__)
    settings = config.read_for_reading(os.environ)
    _set_up_logs(settings)
    found = _run(verify(name, settings))
    _show(found, options)
    return OK if found.recount.agrees else FAILED


def _verify_database(name: IssueName | None, options: argparse.Namespace) -> int:
    settings = _configured(credentials=False)
    audits = _run(app.audit(None if name is None else (name.repository, name.number), settings))
    if name is not None and not audits:
        _complain(f"{name}: there is no such petition in this database.")
        return MISUSED
    found = DatabaseVerification(audits, site_of(settings.api_url))
    _show(found, options)
    return OK if found.agrees else FAILED


def _verify_pack(folder: Path) -> int:
    found = check(folder)
    print(*found.lines(), sep="\n")
    return OK if found.agrees else FAILED


def _export(options: argparse.Namespace) -> int:
    name = IssueName.read(options.petition)
    taken = _run(app.take(name.repository, name.number, _configured(credentials=False)))
    text = export(taken.whole, options.format, taken.pages, taken.site, taken.at // 86_400)
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]  # it is a file
    print(text, end="")
    return OK


def _hand_over(options: argparse.Namespace) -> int:
    from bot.handover import pack  # noqa: PLC0415 - what sets the paper takes long to load

    name = IssueName.read(options.petition)
    taken = _run(app.take(name.repository, name.number, _configured(credentials=False)))
    try:
        pack.write(pack.make_files(taken.whole, taken.pages, taken.site, taken.at), options.out)
    except pack.NotEmpty as error:
        _complain(str(error))
        return MISUSED
    except OSError as error:
        _complain(f"{options.out} cannot be written: {error.strerror}")
        return FAILED
    print(f"{options.out} holds the pack. To check it: python -m bot verify --pack {options.out}")
    return OK


def _show(found: Verification | DatabaseVerification, options: argparse.Namespace) -> None:
    print(json.dumps(found.facts(), indent=2, ensure_ascii=False) if options.json else "\n".join(found.lines()))


def _petition_argument(parser: argparse.ArgumentParser, nargs: str | None = None, more: str = "") -> None:
    said = f"the petition's issue, for example lovelace/letters#12{more}"
    parser.add_argument("petition", metavar="OWNER/REPO#N", nargs=nargs, help=said)


def _forget_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("login", metavar="@LOGIN", help="who asked for it, by GitHub login or by account number")


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    _petition_argument(parser, "?", "; with --database, all petitions if none is named")
    parser.add_argument(
        "--database",
        action="store_true",
        help="check instead what is kept in the database, counts and signatures, against the comments in it",
    )
    parser.add_argument(
        "--pack", type=Path, metavar="DIR", help="check instead, offline, the pack that handover has made"
    )
    parser.add_argument("--json", action="store_true", help="print the result for machines")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _petition_argument(parser)
    parser.add_argument("--format", choices=sorted(FORMS), default="csv", help="default: csv")


def _hand_over_arguments(parser: argparse.ArgumentParser) -> None:
    _petition_argument(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="a new or empty folder")


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


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replace", action="store_true", help="put it in the place of an App that is stored already"
    )


def _doctor_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings for machines")
    parser.add_argument(
        "--bearer",
        action="store_true",
        help="print instead the token with which a running bot's /readyz gives the same findings"
        " (Authorization: Bearer TOKEN)",
    )


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--signers", type=_positive, metavar="N", help="sign up N invented people, print the resulting body and end"
    )
    parser.add_argument(
        "--faults", type=int, nargs="?", const=0, metavar="SEED",
        help="give GitHub a bad day: lost, late and doubled deliveries, errors, limits; a seed gives another day",
    )  # fmt: skip
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    parser.add_argument(
        "--port", type=int, default=None, metavar="PORT", help="port of the page (default: 8000 or a free one)"
    )
    parser.add_argument("--log-level", choices=config.LOG_LEVELS, default="warning", help="default: warning")


COMMANDS = (
    _Command("serve", "run the webhook server and the loops", _serve),
    _Command(
        "import-app",
        "store the App that the environment names, encrypted with SECRET_KEY, so that only that key has to stay",
        _import_app,
        _import_arguments,
    ),
    _Command(
        "init-repo",
        "give a repository its settings file, its issue form and the label, and ask before writing over anything",
        _init_repo,
        _init_arguments,
    ),
    _Command("demo", "run the bot against a GitHub on this machine; no account needed", _demo, _demo_arguments),
    _Command(
        "resync",
        "read a petition's comments again and correct what is kept of them; a running bot does so by itself",
        _resync,
        _petition_argument,
    ),
    _Command(
        "verify",
        "count a petition again from GitHub alone and compare with its block, or check the database or a pack;"
        " 1 is the exit code where they differ",
        _verify,
        _verify_arguments,
    ),
    _Command(
        "export",
        "print who has signed, or the chart or badge, from what the database keeps",
        _export,
        _export_arguments,
    ),
    _Command(
        "handover",
        "make the pack for whoever the petition is addressed to: a paper for printing, JSON, a table, check sums",
        _hand_over,
        _hand_over_arguments,
    ),
    _Command(
        "doctor",
        "check credentials, permissions, webhook, clock and database, and say what to do; 1 is the exit code if"
        " something is wrong",
        _doctor,
        _doctor_arguments,
    ),
    _Command(
        "deliver",
        "send a stored payload, signed like GitHub's, to a running bot; 1 is the exit code if it is not taken",
        _deliver,
        _deliver_arguments,
    ),
    _Command(
        "forget",
        "erase somebody's name, affiliation, reason and login, in all petitions; what they wrote on GitHub stays"
        " theirs to delete",
        _forget,
        _forget_arguments,
    ),
    _Command("migrate", "bring the database to this version (serve does it too)", _migrate),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="undersigned",
        description="Count /sign comments on petition issues and keep the tally in the issue's body.",
        epilog="New here? Start with: python -m bot demo",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        added = commands.add_parser(command.name, help=command.help, description=command.help.capitalize() + ".")
        command.add_arguments(added)
        added.set_defaults(run=command.run)
    return parser


def _repository(text: str) -> str:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError("write OWNER/REPO, for example lovelace/letters")
    return text


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _configured(*, credentials: bool) -> config.Config:
    settings = config.read(os.environ, credentials=credentials)
    _set_up_logs(settings)
    return settings


def _with_app() -> config.Config:
    return _run(setting_up.with_app(_configured(credentials=True)))


def _set_up_logs(settings: config.Config) -> None:
    secrets = [*settings.secrets(), app.operator_token(settings) or ""]
    logs.configure(settings.log_level, settings.log_format, secrets=secrets)
    logs.catch_crashes()


def _run(main: Coroutine[Any, Any, T]) -> T:
    if find_spec("uvloop"):
        import uvloop  # noqa: PLC0415 - there is none on Windows

        return uvloop.run(main)
    return asyncio.run(main)


_WAYS_OUT = (
    "The README lists every variable. With nothing but a SECRET_KEY, of 32 or more random characters,",
    "`serve` helps you in the browser to make the App.",
)


def _complain(*lines: str) -> None:
    print("\n  ".join(lines), file=sys.stderr)
