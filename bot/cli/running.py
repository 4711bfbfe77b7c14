"""The commands of those who run the bot: start it, set it up, look it over."""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

from bot import app, config, errands, logs, setting_up
from bot.cli.command import ENVIRONMENT, FAILED, OK, Command, configured, run, set_up_logs, with_app
from bot.deliver import deliver, read_payload
from bot.doctor.judging import are_fine
from bot.init_repo import init_folder, init_repository
from bot.store import backup, restore


def _serve(_options: argparse.Namespace) -> int:
    settings = configured(credentials=True)
    run(setting_up.serve(settings))
    return OK


def _import_app(options: argparse.Namespace) -> int:
    settings = config.read_for_storing(ENVIRONMENT)
    set_up_logs(settings)
    name = run(setting_up.import_app(settings, replacing=options.replace))
    print(f"{name} is stored. Its variables can be taken out of the environment now; SECRET_KEY has to stay.")
    return OK


def _drop_app(_options: argparse.Namespace) -> int:
    if run(setting_up.drop_app(configured(credentials=False))):
        print("The stored App is forgotten; on GitHub it is still there. The next start leads through the set-up.")
        return OK
    print("No App is stored.")
    return FAILED


def _demo(options: argparse.Namespace) -> int:
    from bot import demo  # noqa: PLC0415 - the sandbox takes long to load, and a serving bot has no use for it

    # In a replay every token expires within the second; that heals, and is no news.
    logs.configure(options.log_level or ("error" if options.replay else "warning"), None)
    if options.replay:
        return run(demo.replay(options.replay, speed=options.speed, port=options.port))
    return run(
        demo.demo(port=options.port, signers=options.signers, browser=options.browser, faults=options.faults)
    )


def _migrate(_options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    run(errands.migrate(settings))
    print("The database is up to date.")
    return OK


def _backup(options: argparse.Namespace) -> int:
    backup(configured(credentials=False).database_url, options.file)
    print(f"{options.file} is a copy of the database. It holds what people have signed with; keep it to yourself.")
    return OK


def _restore(options: argparse.Namespace) -> int:
    restore(configured(credentials=False).database_url, options.file)
    print(
        "The copy is in place. The bot reads the comments again when it starts, and puts right what is old in it."
    )
    return OK


def _file_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="the copy")


def _doctor(options: argparse.Namespace) -> int:
    settings = with_app()
    if options.bearer:
        return _bearer(settings)
    findings = run(errands.examine(settings))
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
        label = config.read(ENVIRONMENT, credentials=False).petition_label
        done = init_folder(options.dir, label, may_overwrite)
    else:
        done = run(init_repository(options.repository, _with_token_or_app(), may_overwrite))
    print(*done.lines, sep="\n")
    return OK if done.is_complete else FAILED


def _deliver(options: argparse.Namespace) -> int:
    payload = read_payload(options.file)
    settings = config.read_for_delivering(ENVIRONMENT)
    set_up_logs(settings)
    settings = settings if settings.webhook_secrets else with_app()
    reply = run(deliver(payload, options.event, options.url, settings, options.guid))
    print(f"{reply.status or 'no answer'}: {reply.text.strip()}")
    return OK if reply.is_good else FAILED


def _with_token_or_app() -> config.Config:
    settings = configured(credentials=False)
    if settings.token:
        return settings
    if not settings.secret_key and not settings.has_credentials:
        raise config.ConfigError(["GITHUB_TOKEN is not set, nor is anything that says which App this is"])
    return with_app()


def _ask(question: str) -> bool:
    if not sys.stdin.isatty():
        print(f"{question} Nobody is here to answer; --yes says yes to all.", file=sys.stderr)
        return False
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


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
    parser.add_argument(
        "--replay", choices=("2018",), metavar="LETTER",
        help="let invented people sign when people signed the letter of 2018, from label to closing, and end",
    )  # fmt: skip
    parser.add_argument(
        "--speed", type=_positive, default=10_000, metavar="N",
        help="replay N times as fast as it was; quiet stretches are cut short (default: 10000)",
    )  # fmt: skip
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open a browser")
    parser.add_argument(
        "--port", type=int, default=None, metavar="PORT", help="port of the page (default: 8000 or a free one)"
    )
    parser.add_argument("--log-level", choices=config.LOG_LEVELS, help="default: warning; error in a replay")


def _repository(text: str) -> str:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError("write OWNER/REPO, for example lovelace/letters")
    return text


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


SERVE = Command("serve", "run the webhook server and the loops", _serve)
IMPORT_APP = Command(
    "import-app",
    "store the App that the environment names, encrypted with SECRET_KEY, so that only that key has to stay",
    _import_app,
    _import_arguments,
)
DROP_APP = Command(
    "drop-app",
    "forget the stored App, for example when SECRET_KEY was lost; the next start leads through the set-up again",
    _drop_app,
)
INIT_REPO = Command(
    "init-repo",
    "give a repository its settings file, its issue form and the label, and ask before writing over anything",
    _init_repo,
    _init_arguments,
)
DEMO = Command("demo", "run the bot against a GitHub on this machine; no account needed", _demo, _demo_arguments)
DOCTOR = Command(
    "doctor",
    "check credentials, permissions, webhook, clock and database, and say what to do; 1 is the exit code if"
    " something is wrong",
    _doctor,
    _doctor_arguments,
)
DELIVER = Command(
    "deliver",
    "send a stored payload, signed like GitHub's, to a running bot; 1 is the exit code if it is not taken",
    _deliver,
    _deliver_arguments,
)
MIGRATE = Command("migrate", "bring the database to this version (serve does it too)", _migrate)
BACKUP = Command(
    "backup",
    "copy the SQLite database into a file, also while the bot runs (for PostgreSQL there is pg_dump)",
    _backup,
    _file_argument,
)
RESTORE = Command(
    "restore", "put such a copy in the place of the database, while the bot does not run", _restore, _file_argument
)
