"""Read in one transaction what a publication needs, and record in one what it has come to before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from bot.petition.counting.tally import Signature
from bot.petition.organizers.commands import CommandResults, GivenCommand, logins_in
from bot.petition.reported_facts import IssueFact
from bot.store.body_writes import (
    KnownBody,
    OurWrite,
    mark_restored,
    mark_right,
    read_body,
    read_writes_since,
    record_write,
)
from bot.store.engine.database import Database, Records, Transaction, read_transaction
from bot.store.errors import NoSuchPetition
from bot.store.petition_queries import read_days
from bot.store.petition_snapshots import Snapshot, read_snapshot
from bot.store.publishing_queue import read_continuing_at
from bot.store.recording.observations import RecordContext, record_observations
from bot.store.recording.unit_of_work import UnitOfWork
from bot.store.resync_queue import read_issues_of
from bot.store.roster_pages import read_first
from bot.store.rules import (
    KnownSettings,
    Named,
    read_commands,
    read_named,
    read_organizers,
    read_settings,
    record_rules,
)
from bot.time_types import EpochSeconds, WholeEpochSeconds


class Publication(Struct, frozen=True):
    """All that is known of a petition that is to be published, at one moment; bodies and writes by issue id.

    `writes` are ours since the one that replaced an edit unread, of bodies to which that happened.
    """

    petition: Snapshot
    bodies: Mapping[int, KnownBody]
    writes: Mapping[int, tuple[OurWrite, ...]]
    settings: KnownSettings
    commands: tuple[GivenCommand, ...]
    organizers: Mapping[int, tuple[bool, WholeEpochSeconds]]
    """Whether those who gave commands may do so, and when GitHub was asked, by user id."""
    named: Mapping[tuple[int, str], Named]
    """Whom commands mean, by the id of the command's comment and the login in it."""
    days: tuple[tuple[int, int], ...]
    """Signatures by day (UTC, since 1970), where the block says something of it."""
    continuing_at: WholeEpochSeconds
    """When a continuation issue was asked for that is not known yet; 0 for never."""
    first: tuple[Signature, ...] = ()
    """The signatures of those whom the settings name first, in their order."""


class PlannedBody(Struct, frozen=True):
    """What is to be done with an issue's body, and what was `known` and `shown` when that was decided.

    Without a `text` nothing is written; the shown body `is_right`, or its turn is later. `settles_lost`: an edit
    that one of our writes had replaced is back, or is out of date.
    """

    issue_id: int
    known: KnownBody
    shown: str | None
    text: str | None = None
    is_right: bool = False
    settles_lost: bool = False


class Publications(Records):
    """What publishing reads and records."""

    def __init__(
        self, database: Database, now: Callable[[], EpochSeconds], announce: Callable[[], None], label: str
    ) -> None:
        super().__init__(database, now, announce)
        self._label = label

    @read_transaction
    def load(self, transaction: Transaction, petition_id: int, newest: int) -> Publication:
        """Read what is known of a petition, with its newest signatures; raises NoSuchPetition."""
        petition = read_snapshot(transaction, petition_id, newest)
        if petition is None:
            raise NoSuchPetition(petition_id)
        bodies = {thread.issue_id: read_body(transaction, thread.issue_id) for thread in petition.threads}
        commands = tuple(read_commands(transaction, petition_id))
        givers = {one.author.id for one in commands}
        rules = petition.rules.settings
        shows_days = rules.chart or (rules.milestones and rules.goals)
        return Publication(
            petition=petition,
            bodies=bodies,
            writes={
                issue_id: read_writes_since(transaction, issue_id, body.lost_by)
                for issue_id, body in bodies.items()
                if body.lost is not None
            },
            settings=read_settings(transaction, petition.repository.id)[0],
            commands=commands,
            organizers=read_organizers(transaction, petition.repository.id, givers),
            named=read_named(transaction, [one.comment_id for one in commands if logins_in(one.command)]),
            first=tuple(one.signature for one in read_first(transaction, petition_id, rules.first, rules.show)),
            days=tuple(read_days(transaction, petition_id)) if shows_days else (),
            continuing_at=read_continuing_at(transaction, petition_id),
        )

    async def apply(
        self, petition_id: int, facts: Sequence[IssueFact], ruling: CommandResults, bodies: Sequence[PlannedBody]
    ) -> bool:
        """Record what GitHub shows, what became of commands, and the writes that are about to be sent.

        Return False, without recording any write, where an edit, a command or the end of an issue came meanwhile:
        the petition is still due. A signature that came meanwhile is no reason, or in a storm nothing would be
        written; it is published next.
        """
        now = int(self._now())

        def apply(transaction: Transaction) -> tuple[bool, bool]:
            known = UnitOfWork(
                transaction, [*read_issues_of(transaction, petition_id), *(one.issue_id for one in bodies)]
            )
            recorded = record_observations(transaction, facts, RecordContext(self._label, now))
            changed = record_rules(transaction, petition_id, ruling, now) or recorded.changed
            threads = [known.threads.get(body.issue_id) for body in bodies]
            if (
                any(thread is None or thread.gone for thread in threads)
                or read_commands(transaction, petition_id) != [outcome.command for outcome in ruling.outcomes]
                or any(read_body(transaction, body.issue_id) != body.known for body in bodies)
            ):
                return changed, False
            for body in bodies:
                _record_body(transaction, body, now)
            return changed, True

        changed, is_applied = await self._database.write(apply)
        if changed:
            self._announce()
        return is_applied


def _record_body(transaction: Transaction, body: PlannedBody, now: WholeEpochSeconds) -> None:
    if body.settles_lost:
        mark_restored(transaction, body.issue_id, body.known.lost_by)
    if body.text is not None:
        record_write(transaction, body.issue_id, body.shown, body.text, now)
    elif body.is_right:
        mark_right(transaction, body.issue_id, body.shown)
