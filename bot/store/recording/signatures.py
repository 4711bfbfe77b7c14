"""Derive from the comments that changed what their authors' signatures and acknowledgements are now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.petition.comments.commands import Command, OrganizerCommand, Phrase, Sign, Unsign
from bot.petition.comments.comment import standing
from bot.petition.counting.digest import Pair, Sum
from bot.petition.counting.tally import Signature, Verdict, as_signed, judge_standings
from bot.store import statements as sql
from bot.store.engine.database import Transaction
from bot.store.recording.rows import CommentRow
from bot.store.recording.totals import SECONDS_PER_DAY
from bot.store.recording.unit_of_work import Person, PetitionRow, UnitOfWork

ACKNOWLEDGED_WITHIN: Final = 3600
"""Seconds after which a first acknowledgement comes too late to be of use."""


def read(row: CommentRow) -> None:
    """Fill in what the comment says."""
    row.standing = stands = standing(row.comment)
    row.command = _kind(stands.command)
    row.made_at = row.comment.created_at if row.command is None else stands.made_at
    row.doubtful = stands.unverified or stands.ambiguous


def is_misread(row: CommentRow) -> bool:
    """Return whether something else is kept than what the comment says."""
    right = replace(row)
    read(right)
    row.standing = right.standing
    return (row.command, row.made_at, row.doubtful) != (right.command, right.made_at, right.doubtful)


def derive(row: CommentRow) -> None:
    """Fill in what follows from the comment alone."""
    was = row.command
    read(row)
    row.counted = False
    if not row.comment.present:
        # Its reactions went with it.
        row.given = row.reaction_id = None
    if row.command is None or (row.command == "order" and was != "order"):
        row.wanted = None
    row.ack_due = row.wanted != row.given


def judge_people(transaction: Transaction, world: UnitOfWork, now: int) -> dict[Person, Signature | None]:
    """Judge everybody again whom a change concerns; give the signatures they have now."""
    _involve_by_petition(transaction, world)
    if not world.people:
        return {}
    for petition in world.petitions.values():
        read_born(transaction, petition, [person for of, person in world.people if of == petition.id])
    comments = _by_person(world)
    changes = _Changes()
    signatures: dict[Person, Signature | None] = {}
    for person in world.people:
        petition, before = world.petitions[person[0]], world.signed.get(person)
        # Without the label counting stops, but nobody is kept in against their will.
        if petition.labelled or before is not None:
            verdict = verdict_of(petition, comments[person])
            signatures[person] = verdict.signature
            _note_signature(petition, before, verdict.signature, changes)
            _note_effects(world, comments[person], verdict, now)
    if changes.withdrawn:
        transaction.execute(sql.DROP_SIGNATURES, changes.withdrawn)
    transaction.put(sql.PUT_SIGNATURES, changes.signatures)
    transaction.put(sql.ADD_TO_DAYS, [(*day, change) for day, change in changes.days.items() if change])
    for petition in world.petitions.values():
        if gained := changes.gained[petition.id]:
            petition.digest_sum = Sum.from_bytes(petition.digest_sum).plus(gained).to_bytes()
        if lost := changes.lost[petition.id]:
            petition.digest_sum = Sum.from_bytes(petition.digest_sum).minus(lost).to_bytes()
    return signatures


def verdict_of(petition: PetitionRow, comments: Sequence[CommentRow]) -> Verdict:
    """Judge all comments of one person."""
    standings = ((row.comment, row.standing or standing(row.comment)) for row in comments)
    author = comments[0].comment.author if comments else None
    born = None if author is None else petition.born.get(author.id)
    return judge_standings(standings, closed_at=petition.closed_at, rules=petition.rules, born=born)


def read_born(transaction: Transaction, petition: PetitionRow, people: Sequence[int]) -> None:
    """Read when the accounts of people were opened, where a petition asks for their age."""
    if petition.rules.asks_for_age and people:
        petition.born.update((row.user_id, row.born) for row in transaction.fetch(sql.BORN, people))


def signature_row(petition_id: int, signature: Signature) -> tuple[object, ...]:
    """Return the columns of a signature."""
    return (
        signature.comment_id,
        petition_id,
        signature.user_id,
        signature.login,
        signature.name,
        signature.affiliation,
        signature.reason,
        signature.signed_at,
    )


@dataclass(slots=True)
class _Changes:
    signatures: list[tuple[object, ...]] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    days: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    gained: defaultdict[int, list[Pair]] = field(default_factory=lambda: defaultdict(list))
    lost: defaultdict[int, list[Pair]] = field(default_factory=lambda: defaultdict(list))
    """What is counted in and out, by petition."""

    def withdraw(self, petition: PetitionRow, signature: Signature) -> None:
        petition.count -= 1
        self.days[petition.id, signature.signed_at // SECONDS_PER_DAY] -= 1
        self.lost[petition.id].append(signature.pair)
        self.withdrawn.append(signature.comment_id)

    def sign(self, petition: PetitionRow, signature: Signature) -> None:
        petition.count += 1
        self.days[petition.id, signature.signed_at // SECONDS_PER_DAY] += 1
        self.gained[petition.id].append(signature.pair)
        self.signatures.append(signature_row(petition.id, signature))


def _involve_by_petition(transaction: Transaction, world: UnitOfWork) -> None:
    for petition in world.petitions.values():
        authors: set[int] = set()
        if petition.reconsider is not None:
            rows = transaction.fetch(sql.AUTHORS_OF_COMMANDS_AFTER, petition.id, petition.reconsider)
            authors.update(row.author_id for row in rows)
        if petition.regained:
            rows = transaction.fetch(sql.AUTHORS_WITHOUT_SIGNATURE, petition.id)
            authors.update(row.author_id for row in rows)
        world.read_authors(transaction, authors)
        world.people.update((petition.id, author) for author in authors)


def _note_signature(
    petition: PetitionRow, before: CommentRow | None, after: Signature | None, changes: _Changes
) -> None:
    known = as_signed(before.comment) if before else None
    if after == known:
        return
    petition.bumped = True
    if known is not None:
        changes.withdraw(petition, known)
    if after is not None:
        changes.sign(petition, after)


def _note_effects(world: UnitOfWork, rows: Sequence[CommentRow], verdict: Verdict, now: int) -> None:
    counted_id = verdict.signature.comment_id if verdict.signature else None
    for row in rows:
        # What becomes of an order, the rules decide.
        wanted = row.wanted if row.command == "order" else _wanted(row, verdict)
        counted = row.comment.id == counted_id
        # Who has waited for more than an hour is not waiting any more; what was given wrongly is always taken back.
        late = row.given is None and row.made_at < now - ACKNOWLEDGED_WITHIN
        due = wanted != row.given and not late
        if row.comment.id in world.changed:
            row.counted, row.wanted, row.ack_due = counted, wanted, due
        elif (row.counted, row.wanted, row.ack_due) != (counted, wanted, due):
            world.changed[row.comment.id] = replace(row, counted=counted, wanted=wanted, ack_due=due)


def _wanted(row: CommentRow, verdict: Verdict) -> str | None:
    if row.comment.id in verdict.effective:
        return "+1"
    return "confused" if row.comment.id in verdict.refused else None


def _kind(command: Command | None) -> str | None:
    match command:
        case Sign():
            return "sign"
        case Unsign():
            return "unsign"
        case OrganizerCommand():
            return "order"
        case Phrase():
            return "phrase"
        case None:
            return None


def _by_person(world: UnitOfWork) -> defaultdict[Person, list[CommentRow]]:
    comments: defaultdict[Person, list[CommentRow]] = defaultdict(list)
    for row in world.comments.values():
        if row.comment.author is not None:
            comments[row.petition_id, row.comment.author.id].append(row)
    return comments
