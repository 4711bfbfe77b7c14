"""The commands about a petition: recount, export, hand over, audit, forget a person."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec import Struct

from bot import config
from bot.cli.common import (
    ENVIRONMENT,
    FAILED,
    MISUSED,
    OK,
    CliCommand,
    complain,
    configured,
    run,
    say,
    say_json,
    with_app,
)
from bot.cli.github_actions import add_to_summary, annotate, is_workflow
from bot.connections import addresses_of, open_github, open_store
from bot.export import pack
from bot.export.formats import BYTE_ORDER_MARK, FORMATS, export
from bot.export.pack import NotAPack, check_pack
from bot.github.api_urls import web_url_of
from bot.github.errors import GitHubError
from bot.github.petition_reader import IssueName, NotAName
from bot.links import Pages, Site, pages_of
from bot.reconcile.resync import ResyncReport, UnknownPetition, resync_by_hand
from bot.store import Forgotten, Inspection, PetitionExport
from bot.stored_app import find_app
from bot.terminal_escaping import harmless
from bot.time_types import WholeEpochSeconds
from bot.verify_and_audit import Audited, DatabaseVerification, Verification, audit, verify


def _petition_argument(parser: argparse.ArgumentParser, nargs: str | None = None, more: str = "") -> None:
    """Add the argument that names the petition."""
    said = f"the petition's issue, for example lovelace/letters#12{more}"
    parser.add_argument("petition", metavar="OWNER/REPO#N", nargs=nargs, help=said)


def _resync(options: argparse.Namespace) -> int:
    name = IssueName.read(options.petition)
    settings = with_app()
    found = run(resync(name, settings))
    say(*found.lines())
    return OK if found.is_settled else FAILED


async def resync(name: IssueName, settings: config.Config) -> ResyncReport:
    """Read one petition's comments again and record them; a bot on the same database publishes what that changes.

    Raises UnknownPetition, `bot.github.errors` and the store's errors.
    """
    async with open_store(settings) as store, open_github(settings) as github:
        return await resync_by_hand(
            name.repository, name.number, store, github, settings.petition_label, time.time()
        )


def _audit(options: argparse.Namespace) -> int:
    name = IssueName.read(options.petition)
    settings = _for_reading()
    _show(run(audit(name, settings)), options)
    return OK


def _forget(options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    forgotten = run(_erase(options.login, settings))
    say(*forgotten.lines(options.login))
    return OK


async def _erase(who: str, settings: config.Config) -> Forgotten:
    """Erase somebody's details, by login or by account number; a bot on the same database publishes that."""
    async with open_store(settings) as store:
        login = who.strip().removeprefix("@")
        people = await store.privacy.find_people(login)
        if not people and login.isascii() and login.isdigit() and len(login) < 19:
            people = [int(login)]
        if not people:
            raise UnknownPetition(
                f"the database has nothing of @{login}. If the login has changed, give the account number instead"
            )
        return await store.privacy.forget(people)


def _verify(options: argparse.Namespace) -> int:
    if options.out is not None and (options.database or options.pack is not None):
        complain("--out goes with a recount from GitHub, not with --database or --pack.")
        return MISUSED
    if options.pack is not None:
        return _verify_pack(options.pack)
    if options.database:
        return _verify_database(None if options.petition is None else IssueName.read(options.petition), options)
    if options.out is not None:
        _delete_statement(options.out)
    try:
        return _recount(IssueName.read(options.petition or ""), options)
    except (GitHubError, NotAName) as error:
        if is_workflow(ENVIRONMENT):
            more = " Is the name right, and is the petition public?" if isinstance(error, GitHubError) else ""
            annotate("error", f"{error}{more}", "verify")
        raise


def _recount(name: IssueName, options: argparse.Namespace) -> int:
    settings = _for_reading()
    found = run(verify(name, settings))
    _show(found, options)
    if is_workflow(ENVIRONMENT):
        add_to_summary(found.markdown(), ENVIRONMENT)
        if not found.recount.agrees:
            annotate("error", "The block and the comments differ: the summary lists how.", str(name))
    if options.out is not None and not _write_statement(found, options.out):
        return FAILED
    return OK if found.recount.agrees else FAILED


def _write_statement(found: Verification, folder: Path) -> bool:
    """Write what an attestation is made of: what it is about, and what it says, as a whole or not at all."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "petition.txt").write_text(f"{found.name}\n", encoding="utf-8", newline="\n")
        (folder / "recount.json").write_text(found.statement(), encoding="utf-8", newline="\n")
    except OSError as error:
        complain(f"{folder} cannot be written: {error.strerror}")
        _delete_statement(folder)
        return False
    return True


def _delete_statement(folder: Path) -> None:
    """Delete what an earlier recount has written: where this one fails, nobody is to take that for its result."""
    with suppress(OSError):
        (folder / "recount.json").unlink(missing_ok=True)


def _verify_database(name: IssueName | None, options: argparse.Namespace) -> int:
    settings = configured(credentials=False)
    inspections = run(_inspect(name, settings))
    if name is not None and not inspections:
        complain(f"{name}: this database has no such petition.")
        return MISUSED
    found = DatabaseVerification(inspections, web_url_of(settings.api_url))
    _show(found, options)
    return OK if found.agrees else FAILED


async def _inspect(name: IssueName | None, settings: config.Config) -> list[Inspection]:
    """Check everything that is derived, of one petition or of all; changes nothing."""
    async with open_store(settings) as store:
        if name is None:
            ids = await store.consistency.list_petitions()
        else:
            ids = await store.consistency.find_petitions(name.repository, name.number)
        found = [await store.consistency.inspect(petition_id) for petition_id in ids]
    return [one for one in found if one is not None]


def _verify_pack(folder: Path) -> int:
    found = check_pack(folder)
    say(*found.lines())
    return OK if found.agrees else FAILED


def _export(options: argparse.Namespace) -> int:
    taken = _take(options)
    text = export(taken.whole, options.format, taken.pages, taken.site, taken.at)
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]  # it is a file
    print(harmless(text.removeprefix(BYTE_ORDER_MARK)) if sys.stdout.isatty() else text, end="")
    return OK


def _hand_over(options: argparse.Namespace) -> int:
    taken = _take(options)
    try:
        pack.write(pack.make_files(taken.whole, taken.pages, taken.site, taken.at), options.out)
    except OSError as error:
        complain(f"{options.out} cannot be written: {error.strerror}")
        return FAILED
    say(f"{options.out} contains the pack. To check it, run: python -m bot verify --pack {options.out}")
    return OK


class TakenPetition(Struct, frozen=True):
    """A whole petition as it stood `at`, and the addresses that belong to it."""

    whole: PetitionExport
    pages: Pages
    site: Site
    at: WholeEpochSeconds


async def take(name: IssueName, settings: config.Config) -> TakenPetition:
    """Read everything that the database keeps of a petition; raises UnknownPetition and the store's errors."""
    addresses = addresses_of(settings)
    async with open_store(settings) as store:
        owner, _, repository = name.repository.partition("/")
        found = await store.rosters.find(owner, repository, name.number)
        whole = None if found is None else await store.rosters.get_export(found.petition_id)
    if found is None or whole is None:
        raise UnknownPetition(f"{name}: this database has no such petition.")
    base = addresses.public_url or f"http://localhost:{settings.port}"
    pages = pages_of(base, found.repository, found.number, found.page_key)
    return TakenPetition(whole, pages, addresses.site, int(time.time()))


def _take(options: argparse.Namespace) -> TakenPetition:
    name = IssueName.read(options.petition)
    settings = configured(credentials=False)
    if settings.public_url is None and settings.secret_key:
        # The set-up has stored where the pages are.
        settings = run(find_app(settings)) or settings
    return run(take(name, settings))


def _for_reading() -> config.Config:
    """Read the configuration of a command that only reads from GitHub: with a token or as the App."""
    settings = configured(credentials=False)
    if settings.secret_key and not (settings.token or (settings.app_id and settings.private_key)):
        found = run(find_app(settings))
        if found is not None:
            return found
    return config.read_for_reading(ENVIRONMENT)


def _show(found: Verification | DatabaseVerification | Audited, options: argparse.Namespace) -> None:
    if options.json:
        say_json(found.facts())
    else:
        say(*found.lines())


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    _petition_argument(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _forget_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("login", metavar="@LOGIN", help="the person to forget: a GitHub login or account number")


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    _petition_argument(parser, "?", "; with --database, leave it out to check all petitions")
    parser.add_argument(
        "--database",
        action="store_true",
        help="check the counts and signatures in the database against its comments instead",
    )
    parser.add_argument("--pack", type=Path, metavar="DIR", help="check a pack from handover instead, offline")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="also write petition.txt and recount.json to this folder, for a signed statement of the result",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    _petition_argument(parser)
    parser.add_argument("--format", choices=FORMATS, default="csv", help="the format to print (default: csv)")


def _hand_over_arguments(parser: argparse.ArgumentParser) -> None:
    _petition_argument(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="a new or empty folder")


_command = partial(CliCommand, misuses=(NotAName, NotAPack, pack.NotEmpty), failures=(UnknownPetition,))

COMMANDS = {
    "resync": _command(_resync, _petition_argument),
    "verify": _command(_verify, _verify_arguments),
    "export": _command(_export, _export_arguments),
    "handover": _command(_hand_over, _hand_over_arguments),
    "audit": _command(_audit, _audit_arguments),
    "forget": _command(_forget, _forget_arguments),
}
