"""Derive from comments that changed, and account ages, what their authors' signatures and reactions are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter
from typing import Final

from msgspec.structs import replace

from bot.petition.comments.comment import standing
from bot.petition.tally import Conditions, DigestSum, Evaluation, Pair, Signature, as_signed, evaluate
from bot.store.comment_rows import SIGNATURE_COLUMNS, CommentRow
from bot.store.engine.database import Transaction, upsert
from bot.store.recording.unit_of_work import Person, PetitionRow, UnitOfWork
from bot.store.sort_and_search_keys import roster_keys
from bot.time_types import WholeEpochSeconds

SECONDS_PER_DAY: Final = 86_400

ACKNOWLEDGED_WITHIN: Final = 3600
"""Seconds after which a first acknowledgement comes too late to be of use."""

REFUSED_WITHIN: Final = 86_400
"""The same for those that somebody has to act on: refusals, and answers to commands.

GitHub allows some 470 reactions an hour, and after a storm thousands may be due.
"""


_Counted = tuple[PetitionRow, Signature]


def read_command(row: CommentRow) -> None:
    """Set the command and its time from the comment."""
    stands = standing(row.comment)
    row.command = None if stands.command is None else stands.command.kind
    row.made_at = row.comment.created_at if row.command is None else stands.made_at
    row.doubtful = stands.doubtful


def is_outdated(row: CommentRow) -> bool:
    """Return whether what is stored differs from what follows from the comment."""
    right = replace(row)
    read_command(right)
    return (row.command, row.made_at, row.doubtful) != (right.command, right.made_at, right.doubtful)


def derive_comment(row: CommentRow) -> None:
    """Set what follows from the comment alone."""
    was = row.command
    read_command(row)
    row.counted = False
    if not row.comment.present:
        # Its reactions went with it.
        row.given = row.reaction_id = None
    if row.command is None or (row.command == "order" and was != "order"):
        row.wanted = None
    row.ack_due = row.wanted != row.given


def derive_signatures(unit: UnitOfWork, now: WholeEpochSeconds) -> dict[Person, Signature | None]:
    """Derive again what a change concerns: signatures, counts and reactions; return signatures by person."""
    _mark_people_by_petition(unit)
    if not unit.people:
        return {}
    for petition in unit.petitions.values():
        read_born(unit.transaction, petition, [person for of, person in unit.people if of == petition.id])
    comments = _by_person(unit)
    lost: list[_Counted] = []
    gained: list[_Counted] = []
    signatures: dict[Person, Signature | None] = {}
    for person in unit.people:
        petition, before = unit.petitions[person[0]], unit.signed.get(person)
        # Without the label counting stops, but everybody can still withdraw.
        if petition.labelled or before is not None:
            verdict = evaluate_comments(petition, comments[person])
            signatures[person] = verdict.signature
            known = as_signed(before.comment) if before else None
            if known != verdict.signature:
                petition.bumped = True
                lost += [(petition, known)] if known else []
                gained += [(petition, verdict.signature)] if verdict.signature else []
            _record_effects(unit, comments[person], verdict, now)
    _count(unit, lost, gained)
    return signatures


def evaluate_comments(petition: PetitionRow, comments: Sequence[CommentRow]) -> Evaluation:
    """Return the verdict on all comments of one person."""
    conditions = Conditions(petition.closed_at, petition.rules, petition.born)
    return evaluate((row.comment for row in comments), conditions)


def read_account_ages(transaction: Transaction, people: Sequence[int]) -> dict[int, WholeEpochSeconds]:
    """Return when the accounts of people were opened, by user id, as far as that is known."""
    sql = "SELECT user_id, born FROM accounts WHERE user_id = ANY($1::BIGINT[])"
    return {row["user_id"]: row["born"] for row in transaction.fetch(sql, people)}


def read_born(transaction: Transaction, petition: PetitionRow, people: Sequence[int]) -> None:
    """Read when the accounts of people were opened, where a petition asks for their age."""
    if petition.rules.asks_for_age and people:
        petition.born.update(read_account_ages(transaction, people))


_PUT_SIGNATURES: Final = upsert(
    "signatures",
    "comment_id",
    "petition_id BIGINT, user_id BIGINT, login TEXT, comment_id BIGINT, signed_at BIGINT, name TEXT,"
    " affiliation TEXT, reason TEXT, unlisted BOOLEAN, sort_key BYTEA, name_spellings TEXT,"
    " affiliation_spellings TEXT",
)


_COLUMNS: Final = attrgetter(*SIGNATURE_COLUMNS.split(", "))


def put_signatures(transaction: Transaction, signatures: Iterable[tuple[int, Signature]]) -> None:
    """Store signatures, each with its petition's id, and replace those that rest on the same comments."""
    rows = [
        (petition_id, *_COLUMNS(one), *roster_keys(one.login, one.name, one.affiliation))
        for petition_id, one in signatures
    ]
    transaction.put(_PUT_SIGNATURES, rows)


def fill_roster_keys(transaction: Transaction, most: int) -> bool:
    """Add what they are sorted and searched by to signatures of an earlier release; False where none lack it."""
    # Rows of the petition that has waited longest: a transaction locks the petitions whose rows it writes.
    sql = "SELECT petition_id FROM signatures WHERE sort_key IS NULL ORDER BY comment_id LIMIT 1"
    without_keys = """
        SELECT comment_id, login, name, affiliation FROM signatures
        WHERE petition_id = $1 AND sort_key IS NULL ORDER BY comment_id LIMIT $2
    """
    set_keys = """
        UPDATE signatures SET sort_key = $2, name_spellings = $3, affiliation_spellings = $4 WHERE comment_id = $1
    """
    for (petition_id,) in transaction.fetch(sql):
        transaction.fetch("SELECT id FROM petitions WHERE id = $1 FOR UPDATE", petition_id)
        found = transaction.fetch(without_keys, petition_id, most)
        transaction.each(set_keys, [(comment_id, *roster_keys(*names)) for comment_id, *names in found])
        return True
    return False


def drop_signatures(transaction: Transaction, comment_ids: Sequence[int]) -> None:
    """Drop the signatures that rest on comments."""
    if comment_ids:
        transaction.execute("DELETE FROM signatures WHERE comment_id = ANY($1::BIGINT[])", comment_ids)


def _mark_people_by_petition(unit: UnitOfWork) -> None:
    sql = """
        SELECT author_id FROM comments
        WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1) AND command IS NOT NULL
        GROUP BY author_id HAVING max(CASE WHEN counted THEN 1 ELSE 0 END) = 0
    """
    authors_of_commands_after = """
        SELECT DISTINCT author_id FROM comments
        WHERE issue_id IN (SELECT issue_id FROM threads WHERE petition_id = $1)
          AND made_at > $2 AND command IS NOT NULL
    """
    for petition in unit.petitions.values():
        authors: set[int] = set()
        if petition.reconsider is not None:
            rows = unit.transaction.fetch(authors_of_commands_after, petition.id, petition.reconsider)
            authors.update(row["author_id"] for row in rows)
        if petition.regained:
            rows = unit.transaction.fetch(sql, petition.id)
            authors.update(row["author_id"] for row in rows)
        unit.read_authors(authors)
        unit.people.update((petition.id, author) for author in authors)


def _count(unit: UnitOfWork, lost: Sequence[_Counted], gained: Sequence[_Counted]) -> None:
    """Count signatures out and in, and store them."""
    drop_signatures(unit.transaction, [signature.comment_id for _, signature in lost])
    put_signatures(unit.transaction, [(petition.id, signature) for petition, signature in gained])
    days = Counter[tuple[int, int]]()
    for change, signatures in ((-1, lost), (1, gained)):
        pairs = defaultdict[int, list[Pair]](list)
        for petition, signature in signatures:
            petition.count += change
            days[petition.id, signature.signed_at // SECONDS_PER_DAY] += change
            pairs[petition.id].append(signature.pair)
        for petition_id, found in pairs.items():
            petition = unit.petitions[petition_id]
            before = DigestSum.from_bytes(petition.digest_sum)
            petition.digest_sum = (before.minus(found) if change < 0 else before.plus(found)).to_bytes()
    add_to_days(unit.transaction, [(*day, change) for day, change in days.items() if change])


def add_to_days(transaction: Transaction, changes: Collection[tuple[int, int, int]]) -> None:
    """Add to how many signed a petition on a day; `changes` are its id, the day and the difference."""
    sql = """
        INSERT INTO days (petition_id, day, signatures)
        SELECT * FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[])
        ON CONFLICT (petition_id, day) DO UPDATE SET signatures = days.signatures + excluded.signatures
    """
    transaction.put(sql, changes)


def _record_effects(
    unit: UnitOfWork, rows: Sequence[CommentRow], verdict: Evaluation, now: WholeEpochSeconds
) -> None:
    counted_id = verdict.signature.comment_id if verdict.signature else None
    for row in rows:
        # What becomes of a command of organizers, the rules decide.
        wanted = row.wanted if row.command == "order" else _wanted(row, verdict)
        counted = row.comment.id == counted_id
        # Who has waited for so long is not waiting any more; what was given wrongly is always taken back.
        is_urgent = wanted == "confused" or row.command == "order"
        within = REFUSED_WITHIN if is_urgent else ACKNOWLEDGED_WITHIN
        late = row.given is None and row.made_at < now - within
        due = wanted != row.given and not late
        if row.comment.id in unit.changed:
            row.counted, row.wanted, row.ack_due = counted, wanted, due
        elif (row.counted, row.wanted, row.ack_due) != (counted, wanted, due):
            unit.changed[row.comment.id] = replace(row, counted=counted, wanted=wanted, ack_due=due)


def _wanted(row: CommentRow, verdict: Evaluation) -> str | None:
    if row.comment.id in verdict.effective:
        return "+1"
    return "confused" if row.comment.id in verdict.refused else None


def _by_person(unit: UnitOfWork) -> defaultdict[Person, list[CommentRow]]:
    comments: defaultdict[Person, list[CommentRow]] = defaultdict(list)
    for row in unit.comments.values():
        if row.comment.author is not None:
            comments[row.petition_id, row.comment.author.id].append(row)
    return comments


def request_ages(unit: UnitOfWork, people: Collection[Person]) -> None:
    """Request that threads are read on which somebody signs whose account's age is asked for and not known."""
    asking = {one.id: one for one in unit.petitions.values() if one.rules.asks_for_age}
    waiting = {person for person in people if person[0] in asking and person[1] not in asking[person[0]].born}
    for row in unit.changed.values() if waiting else ():
        author, thread = row.comment.author, unit.threads.get(row.issue_id)
        is_waiting = author is not None and (row.petition_id, author.id) in waiting
        if is_waiting and thread is not None and row.command in ("sign", "phrase"):
            thread.request_reread()
