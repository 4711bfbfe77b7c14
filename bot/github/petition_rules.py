"""Read from GitHub alone by which rules a petition counts: its settings and its organizers' commands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from bot.github.errors import Forbidden
from bot.github.installation import InstallationClient
from bot.petition.comments.comment import Author, Comment
from bot.petition.organizers.commands import GivenCommand, apply_commands, logins_in, standing_commands
from bot.petition.organizers.rules_in_force import Rules
from bot.petition.organizers.settings import DEFAULTS, PATH, Settings
from bot.petition.organizers.settings import read as read_text


@dataclass(frozen=True, slots=True)
class FoundRules:
    """The rules, and notes on what could not be checked."""

    rules: Rules
    notes: tuple[str, ...] = ()


async def find_rules(
    client: InstallationClient,
    repository: str,
    comments: Collection[Comment],
    *,
    associates: Collection[int],
    withheld: Mapping[int, Collection[int]],
) -> FoundRules:
    """Apply settings and commands as the bot does; raises `bot.github.errors`.

    `associates` are the people that GitHub shows as owner, member or collaborator. `withheld` has whom the block
    shows as removed, by the command's comment: logins change, and an old one cannot be looked up.
    """
    notes: list[str] = []
    settings = await _settings(client, repository, notes)
    commands = standing_commands(comments)
    organizers = await _organizers(client, repository, commands, associates, notes)
    named: dict[tuple[int, str], Author | None] = {}
    for one in commands:
        if organizers[one.author.id]:
            people = await _named(client, one, comments, withheld.get(one.comment_id, ()), notes)
            named.update({(one.comment_id, login): person for login, person in people.items()})
    return FoundRules(apply_commands(settings, commands, organizers=organizers, named=named).rules, tuple(notes))


async def _settings(client: InstallationClient, repository: str, notes: list[str]) -> Settings:
    try:
        text = await client.read_file(repository, PATH)
    except Forbidden:
        notes.append(f"{PATH} cannot be read with these credentials; counted without it")
        return DEFAULTS
    found = read_text(text or "")
    if isinstance(found, Settings):
        return found
    notes.append(f"{PATH} has mistakes; counted without it; the bot uses its last version without mistakes")
    return DEFAULTS


async def _organizers(
    client: InstallationClient,
    repository: str,
    commands: Iterable[GivenCommand],
    associates: Collection[int],
    notes: list[str],
) -> dict[int, bool]:
    organizers: dict[int, bool] = {}
    for person in {one.author.id: one.author for one in commands}.values():
        try:
            organizers[person.id] = await client.may_write(repository, person)
        except Forbidden:
            organizers[person.id] = person.id in associates
            word = "one" if organizers[person.id] else "none"
            notes.append(f"who is an organizer is shown only to organizers; {person.login} was counted as {word}")
    return organizers


async def _named(
    client: InstallationClient,
    one: GivenCommand,
    comments: Iterable[Comment],
    meant: Collection[int],
    notes: list[str],
) -> dict[str, Author | None]:
    """Return the account that a command means by each login; `meant` are those that the block shows as removed."""
    authors = {comment.author.login.lower(): comment.author for comment in comments if comment.author}
    people = {login: await client.find_user(login) or authors.get(login) for login in logins_in(one.command)}
    others = set(meant) - {person.id for person in people.values() if person is not None}
    for login, person in people.items():
        if others and (person is None or person.id not in meant):
            notes.append(f"a command names {login}, who has another name by now; the block shows whom it meant")
            people[login] = Author(others.pop(), login)
    return people
