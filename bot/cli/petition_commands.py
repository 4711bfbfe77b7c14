"""The commands about a petition: resync, export, hand over, audit the accounts of signers, forget a person."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from bot import config
from bot.cli.command_base import (
    FAILED,
    OK,
    CliCommand,
    complain,
    configured,
    for_reading,
    petition_argument,
    run,
    say,
    say_json,
    with_app,
)
from bot.export import handover_pack
from bot.export.badge_and_card import badge
from bot.export.chart import standalone_chart
from bot.export.json_csv_and_atom import (
    BYTE_ORDER_MARK,
    CSV_HEADER,
    csv_rows,
    feed,
    format_json,
    record_petition,
    record_roster,
    record_signatures,
)
from bot.github.petition_and_rules_reader import IssueName, PetitionRead, read_petition
from bot.links import Pages, Site, pages_of
from bot.petition.abuse_signals import assess
from bot.petition.tally import fold
from bot.reconcile.resync import ResyncReport, UnknownPetition, resync_by_hand
from bot.store import Forgotten, PetitionExport
from bot.store_and_github_from_config import addresses_of, open_github, open_installation, open_store
from bot.stored_app_credentials import find_app
from bot.terminal_escaping import harmless
from bot.time_types import EpochSeconds, WholeEpochSeconds


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


FORMATS: Final = ("atom", "badge", "csv", "json", "svg")


def export(source: PetitionExport, form: str, pages: Pages, site: Site, now: EpochSeconds) -> str:
    """Return a petition in one of `FORMATS`."""
    details = source.details
    match form:
        case "atom":
            newest = record_signatures(reversed(source.entries), details.letters, site)
            return feed(record_petition(details.snapshot, pages, site), newest, pages.of("/feed.atom"))
        case "badge":
            return badge(details.snapshot.count)
        case "csv":
            return CSV_HEADER + csv_rows(record_signatures(source.entries, details.letters, site))
        case "json":
            return format_json(record_roster(details, source.entries, pages, site))
        case "svg":
            return standalone_chart(details, now)
    raise ValueError(form)


def _export(options: argparse.Namespace) -> int:
    taken = _take(options)
    text = export(taken.whole, options.format, taken.pages, taken.site, taken.at)
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]  # it is a file
    print(harmless(text.removeprefix(BYTE_ORDER_MARK)) if sys.stdout.isatty() else text, end="")
    return OK


def _hand_over(options: argparse.Namespace) -> int:
    taken = _take(options)
    try:
        handover_pack.write(handover_pack.make_files(taken.whole, taken.pages, taken.site, taken.at), options.out)
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


def _audit(options: argparse.Namespace) -> int:
    read = run(_read_with_accounts(IssueName.read(options.petition), for_reading()))
    signatures = fold(read.all_comments, read.conditions)
    found = assess(signatures, read.accounts)
    if options.json:
        say_json({"petition": str(read.name), **msgspec.to_builtins(found)})
    else:
        first, *others = found.lines()
        say(f"{read.name}: {first}", *(f"  {line}" for line in (*others, *found.alike)))
    return OK


async def _read_with_accounts(name: IssueName, settings: config.Config) -> PetitionRead:
    async with open_installation(settings, name.repository) as client:
        return await read_petition(client, name, with_accounts=True)


def _forget_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("login", metavar="@LOGIN", help="the person to forget: a GitHub login or account number")


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    petition_argument(parser)
    parser.add_argument("--format", choices=FORMATS, default="csv", help="the format to print (default: csv)")


def _hand_over_arguments(parser: argparse.ArgumentParser) -> None:
    petition_argument(parser)
    parser.add_argument("--out", type=Path, metavar="DIR", required=True, help="a new or empty folder")


def _audit_arguments(parser: argparse.ArgumentParser) -> None:
    petition_argument(parser)
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


COMMANDS = {
    "resync": CliCommand(_resync, petition_argument, failures=(UnknownPetition,)),
    "export": CliCommand(_export, _export_arguments, failures=(UnknownPetition,)),
    "handover": CliCommand(
        _hand_over, _hand_over_arguments, misuses=(handover_pack.NotEmpty,), failures=(UnknownPetition,)
    ),
    "audit": CliCommand(_audit, _audit_arguments),
    "forget": CliCommand(_forget, _forget_arguments, failures=(UnknownPetition,)),
}
