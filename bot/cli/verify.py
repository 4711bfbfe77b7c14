"""`verify`: recount a petition from GitHub, or check what the database or a pack has of it."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

from msgspec import Struct

from bot import __version__, config
from bot.cli.command_base import (
    FAILED,
    MISUSED,
    OK,
    CliCommand,
    complain,
    configured,
    for_reading,
    petition_argument,
    run,
    say,
    say_json,
)
from bot.cli.workflow_commands import add_to_summary, annotate, is_workflow
from bot.export.handover_pack import NotAPack, check_pack
from bot.github.api_urls import web_url_of
from bot.github.errors import GitHubError
from bot.github.petition_and_rules_reader import IssueName, NotAName, read_petition
from bot.petition import block
from bot.petition.comments.command_and_phrase_parser import GRAMMAR
from bot.petition.i18n import counted
from bot.petition.machine_readable_lines import MachineLine
from bot.petition.recount_comparison import Difference, Recount, recount
from bot.petition.untrusted_text import inline
from bot.store import Discrepancy, Inspection
from bot.store_and_github_from_config import SYSTEM_CLOCK, open_installation, open_store
from bot.time_types import iso


class Verification(Struct, frozen=True):
    """A recount, with where each comment can be read."""

    name: IssueName
    recount: Recount
    threads: tuple[IssueName, ...]
    """The issues whose comments were counted, the petition's first one first."""
    site_url: str
    thread_of: Mapping[int, IssueName]
    """By the comment's id."""
    read_at: float
    """When the comments were read."""
    notes: tuple[str, ...] = ()
    """What could not be checked."""

    def url_of(self, comment_id: int | None) -> str:
        """Return the address of a comment, or of the issue where no single comment is meant."""
        thread = self.threads[0] if comment_id is None else self.thread_of[comment_id]
        issue = f"{self.site_url}/{thread.repository}/issues/{thread.number}"
        return issue if comment_id is None else f"{issue}#issuecomment-{comment_id}"

    def _differences(self) -> list[tuple[str, str]]:
        """Return each difference in words, and the address where it can be seen."""
        return [(describe(one, self.recount), self.url_of(one.comment_id)) for one in self.recount.differences]

    def lines(self) -> list[str]:
        """Return its lines for people."""
        found, notes = self.recount, [f"  Note: {note}." for note in (*self.notes, *self._anonymity())]
        if found.agrees:
            more = f" This includes {' and '.join(map(str, self.threads[1:]))}." if self.threads[1:] else ""
            signatures = counted(found.count, "signature")
            agreed = f"{self.name}: the comments contain {signatures}, and the issue shows the same.{more}"
            return [agreed, *notes]
        differences = (f"  - {text}: {url}" for text, url in self._differences())
        return [f"{self.name}: the issue and its comments differ.", *differences, *notes]

    def _anonymity(self) -> Iterator[str]:
        if self.recount.line is not None and self.recount.line.anonymised:
            yield "the petition has ended, and the bot has erased who signed; only the comments still show it"

    def facts(self) -> dict[str, object]:
        """Return it as values for JSON."""
        found, line = self.recount, self.recount.line
        return {
            "petition": str(self.name),
            "threads": [str(thread) for thread in self.threads],
            "agrees": found.agrees,
            "comments": {"count": found.count, "digest": found.digest},
            "block": None if line is None else {"count": line.count, "digest": line.digest, "as_of": line.as_of},
            "differences": [{"text": text, "url": url} for text, url in self._differences()],
            "notes": list(self.notes),
        }

    def markdown(self) -> str:
        """Return it for the summary of a workflow's run."""
        found, line = self.recount, self.recount.line
        rows = [f"| the comments, read at {iso(int(self.read_at))} | {found.count:,} | `{found.digest}` |"]
        if line is not None:
            digest = _digest(line) or "not readable"
            rows.append(f"| the block, as of {iso(line.as_of)} | {line.count:,} | `{digest}` |")
        listed = [f"- {inline(text)}: <{url}>" for text, url in self._differences()[:_SHOWN]]
        if (more := len(found.differences) - len(listed)) > 0:
            listed.append(f"- … and {more:,} more; the log of the run has them all")
        notes = [f"- Note: {inline(note)}" for note in islice((*self.notes, *self._anonymity()), _SHOWN)]
        verdict = "The block and the comments agree." if found.agrees else "The block and the comments differ."
        head = [f"## {self.name}", "", verdict, "", "| | signatures | checksum |", "| --- | ---: | --- |"]
        return "\n".join([*head, *rows, "", *listed, *notes, ""])

    def statement(self) -> str:
        """Return it as the predicate of an attestation, in canonical JSON; docs/RECOUNT.md has its fields.

        It names nobody: what is signed stays, also when somebody deletes their comment.
        """
        found, line, facts = self.recount, self.recount.line, self.facts()
        said = {name: facts[name] for name in ("petition", "threads", "agrees", "comments")}
        said |= {
            "block": None
            if line is None
            else {"count": line.count, "digest": _digest(line), "as_of": iso(line.as_of)},
            "differences": [
                {"cause": one.cause.name.lower(), "url": self.url_of(one.comment_id)}
                for one in found.differences[:_STATED]
            ],
            "differences_total": len(found.differences),
            "notes_total": len(self.notes),
            "read_at": iso(int(self.read_at)),
            "grammar": GRAMMAR,
            "program": f"undersigned {__version__}",
        }
        return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_SHOWN: Final = 100
"""Differences in a summary, which may be 1 MiB long."""
_STATED: Final = 10_000
"""Differences in a statement; a predicate may be 16 MB long."""


def _digest(line: MachineLine) -> str | None:
    """Return the digest of a block, which anybody may have written; None where it is none."""
    return line.digest if re.fullmatch("adhash4096:[0-9a-f]{64}", line.digest) else None


def describe(difference: Difference, found: Recount) -> str:
    """Format in what block and comments differ."""
    return difference.cause.value.format(
        login=difference.login,
        block=counted(0 if found.line is None else found.line.count, "signature"),
        comments=counted(found.count, "signature"),
        count=f"{found.count:,}",
    )


class DatabaseVerification(Struct, frozen=True):
    """What checking the database came to, for one petition or for all; `site` is where the issues are."""

    inspections: Sequence[Inspection]
    site: str

    @property
    def agrees(self) -> bool:
        """Return whether all that is derived follows from the comments."""
        return not any(one.discrepancies for one in self.inspections)

    def lines(self) -> Iterator[str]:
        """Return its lines for people."""
        for one in self.inspections:
            if one.discrepancies:
                yield f"{one.name}: the stored data does not match the comments."
                yield from (f"  - {found.text}: {self._url(found)}" for found in one.discrepancies)
            else:
                yield f"{one.name}: {counted(one.count, 'signature')}. The stored data matches the comments."
        if not self.inspections:
            yield "The database has no petition yet."
        if not self.agrees:
            yield "A running bot corrects this, or you can run `resync OWNER/REPO#N`. Please report it."

    def facts(self) -> dict[str, object]:
        """Return it as values for JSON."""
        return {"agrees": self.agrees, "petitions": [self._facts(one) for one in self.inspections]}

    def _facts(self, one: Inspection) -> dict[str, object]:
        return {
            "petition": one.name,
            "agrees": not one.discrepancies,
            "comments": {"count": one.count, "digest": one.digest},
            "differences": [{"text": found.text, "url": self._url(found)} for found in one.discrepancies],
        }

    def _url(self, found: Discrepancy) -> str:
        issue = f"{self.site}/{found.issue.replace('#', '/issues/')}"
        return issue if found.comment_id is None else f"{issue}#issuecomment-{found.comment_id}"


async def verify(name: IssueName, settings: config.Config) -> Verification:
    """Count a petition again; raises `bot.github.errors`."""
    read_at = SYSTEM_CLOCK.now()
    async with open_installation(settings, name.repository) as client:
        read = await read_petition(client, name, with_accounts=False)
    found = recount(read.all_comments, block.machine_line(read.pages[0].body), read.conditions)
    thread_of = {comment.id: thread for thread, those in read.comments.items() for comment in those}
    threads, site = tuple(read.comments), web_url_of(settings.api_url)
    return Verification(read.name, found, threads, site, thread_of, read_at, read.notes)


def _verify(options: argparse.Namespace) -> int:
    if options.out is not None and (options.database or options.pack is not None):
        complain("--out goes with a recount from GitHub, not with --database or --pack.")
        return MISUSED
    if options.pack is not None:
        checked = check_pack(options.pack)
        say(*checked.lines())
        return OK if checked.agrees else FAILED
    if options.database:
        return _verify_database(None if options.petition is None else IssueName.read(options.petition), options)
    if options.out is not None:
        _delete_statement(options.out)
    try:
        return _recount(IssueName.read(options.petition or ""), options)
    except (GitHubError, NotAName) as error:
        if is_workflow():
            more = " Is the name right, and is the petition public?" if isinstance(error, GitHubError) else ""
            annotate("error", f"{error}{more}", "verify")
        raise


def _recount(name: IssueName, options: argparse.Namespace) -> int:
    settings = for_reading()
    found = run(verify(name, settings))
    _show(found, options)
    if is_workflow():
        add_to_summary(found.markdown())
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


def _show(found: Verification | DatabaseVerification, options: argparse.Namespace) -> None:
    if options.json:
        say_json(found.facts())
    else:
        say(*found.lines())


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    petition_argument(parser, "?", "; with --database, leave it out to check all petitions")
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


COMMANDS = {"verify": CliCommand(_verify, _verify_arguments, misuses=(NotAPack,))}
