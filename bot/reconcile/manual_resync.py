"""Resync petitions because somebody asked for it on the command line, and report what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from bot.counted_nouns import counted
from bot.github.app_client import GitHub
from bot.github.errors import Gone, NotFound
from bot.petition.reported_facts import IssueFact
from bot.reconcile.resync import ThreadRead, ThreadResync
from bot.store import Store
from bot.time_types import EpochSeconds


class UnknownPetition(Exception):
    """There is no petition of that name; the message says what is missing."""


class ResyncReport(Struct, frozen=True):
    """What was found under a name, and how many had signed before; None where the petition was not known."""

    name: str
    found: ThreadRead
    before: int | None

    @property
    def is_settled(self) -> bool:
        """Return whether nothing is left in doubt."""
        return not self.found.outcome.doubtful

    def lines(self) -> Iterator[str]:
        """Return the report, line by line."""
        outcome, listed = self.found.outcome, self.found.listed
        if self.before is None:
            yield f"{self.name} is new to this database."
        yield f"{self.name}: {counted(listed, 'comment')} read, {counted(outcome.changed, 'comment')} changed."
        if outcome.missing:
            were = "was" if outcome.missing == 1 else "were"
            yield f"  {counted(outcome.missing, 'known comment')} {were} deleted."
        if outcome.repaired:
            yield (
                f"  {counted(outcome.repaired, 'row')} did not match the comments, and"
                f" {'was' if outcome.repaired == 1 else 'were'} corrected. Please report it."
            )
        if outcome.doubtful:
            left = counted(len(outcome.doubtful), "comment")
            yield f"  {left} cannot be counted until GitHub says who wrote the text."
        was = "" if self.before in (None, outcome.count) else f" ({self.before:,} before)"
        yield f"  {counted(outcome.count, 'signature')}{was}."


async def resync_by_hand(
    repository: str, number: int, store: Store, github: GitHub, label: str, now: EpochSeconds
) -> ResyncReport:
    """Read all of a petition's comments again; raises UnknownPetition, `bot.github.errors`, the store's errors."""
    try:
        installation_id = await github.find_installation(repository)
    except NotFound:
        raise UnknownPetition(f"{repository} does not exist, or the App is not installed on it") from None
    client = github.installation(installation_id)
    try:
        read = await client.get_issue(repository, number)
    except (NotFound, Gone) as error:
        raise UnknownPetition(f"{repository}#{number} does not exist ({error})") from None
    name = f"{read.repository.full_name}#{read.issue.number}"
    if read.issue.is_pull_request or label.lower() not in read.issue.labels:
        raise UnknownPetition(f"{name} is not a petition: it does not have the label `{label}`")
    known = await store.threads.get(read.issue.id)
    before = None if known is None else (await store.petitions.get_snapshot(known.petition_id, newest=0)).count
    await store.record([IssueFact(installation_id, read.repository, read.issue, as_of=read.read_at)])
    thread = await store.threads.get(read.issue.id)
    if thread is None:
        raise UnknownPetition(f"{name} was deleted, according to an earlier delivery")
    found = await ThreadResync(thread, store, client, now).read_all(asks_at_once=True)
    # Not known any more, so that the bot asks again what the letter said before.
    await store.letters.postpone_history(thread.petition_id, 0)
    return ResyncReport(name, found, before)
