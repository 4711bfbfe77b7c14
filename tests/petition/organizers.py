"""Organizers and the commands that they give, for the tests of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import OrganizerCommand
from bot.petition.comments.comment import Author, Comment, Version, Writer, body_digest
from bot.petition.organizer_commands import CommandResults, GivenCommand, apply_commands, logins_in
from bot.petition.settings import DEFAULTS, Settings

GRACE, HOPPER, MALLORY = Author(2, "grace"), Author(3, "hopper"), Author(9, "mallory")
ADA = Author(1, "ada")
ORGANIZERS = {GRACE.id: True, HOPPER.id: True, MALLORY.id: False}
DAY = int(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


def parsed(text: str) -> OrganizerCommand:
    command = parse(f"/petition {text}")
    assert isinstance(command, OrganizerCommand)
    return command


def ruled(
    *commands: str | tuple[Author, str],
    settings: Settings = DEFAULTS,
    organizers: Mapping[int, bool] = ORGANIZERS,
    named: Mapping[int, Author | None] | None = None,
) -> CommandResults:
    """Give commands, one a second from 101 on; a text alone is Grace's. Names mean Ada unless `named` says so."""
    told = [one if isinstance(one, tuple) else (GRACE, one) for one in commands]
    given = [GivenCommand(n, 100 + n, author, parsed(text)) for n, (author, text) in enumerate(told, 1)]
    everybody: Mapping[int, Author | None] = dict.fromkeys(range(1, len(given) + 1), ADA)
    return apply_commands(
        settings, given, organizers=organizers, named=meaning(given, everybody if named is None else named)
    )


def meaning(
    given: Iterable[GivenCommand], people: Mapping[int, Author | None]
) -> dict[tuple[int, str], Author | None]:
    """Return whom every login in the commands means, by who is given for each command."""
    return {
        (one.comment_id, login): people[one.comment_id]
        for one in given
        for login in logins_in(one.command)
        if one.comment_id in people
    }


def written(
    number: int, command: OrganizerCommand | None, at: int, *versions: Version, hidden: bool = False
) -> Comment:
    first = Version(at, body_digest(repr(command)), Writer.AUTHOR, command, hidden=hidden)
    return Comment(number, at, GRACE, at, (first, *versions))
