"""The cost of what is executed does not grow with the petition: each statement finds its rows by an index."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from msgspec.structs import replace

from bot.petition.abuse_signals import Account
from bot.petition.comments.commands import OrganizerCommand, Phrase, Sign
from bot.petition.comments.comment import Writer
from bot.petition.facts_from_github import BodyEdit, IssueFact, IssueGone
from bot.petition.organizer_commands import CommandResults, CommandStatus, Outcome
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Settings
from bot.store import Clarification, Cursor, LastBodies, PlannedBody, RosterQuery, SortOrder, State, Store
from bot.store.engine.database import Database, Row, Transaction
from bot.store.engine.sqlite import SqliteDatabase
from tests.store.scene import ADA, GRACE, INSTALLATION, LETTER, REPOSITORY, Scene, list_commands, record_write

T = TypeVar("T")

INDEXES_ONLY = "SET LOCAL enable_seqscan = off"
OF_WHAT_WAITS = {
    "petitions_due",
    "petitions_ending",
    "threads_to_read",
    "comments_to_acknowledge",
    "signatures_without_key",
}
"""Partial indexes, which hold only what is to be done."""
WITHOUT_INDEX = ("UPDATE threads SET moved_to = $2 WHERE moved_to = $1", "ORDER BY latest DESC")
"""What issues that move rarely execute, and the page that lists all petitions."""
GROWING = {"comments", "signatures", "threads", "petitions", "repositories"}


class Traced(Transaction):
    """A transaction that keeps what it executes."""

    def __init__(self, inner: Transaction, executed: set[str]) -> None:
        self.inner, self.executed = inner, executed

    def fetch(self, sql: str, *values: object) -> Sequence[Row]:
        self.executed.add(sql)
        return self.inner.fetch(sql, *values)

    def execute(self, sql: str, *values: object) -> int:
        self.executed.add(sql)
        return self.inner.execute(sql, *values)

    def put(self, sql: str, rows: Collection[tuple[object, ...]]) -> None:
        if rows:
            self.executed.add(sql)
        self.inner.put(sql, rows)

    def each(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            self.executed.add(sql)
        self.inner.each(sql, rows)

    def has_table(self, name: str) -> bool:
        return self.inner.has_table(name)


@dataclass
class Trace:
    """What a store has executed since it was last asked."""

    database: Database
    executed: set[str] = field(default_factory=set)

    async def read_whole_tables(self, *, at_least: int) -> dict[str, set[str]]:
        """Return which of the statements read growing tables from end to end; there must be so many statements."""
        executed, self.executed = self.executed, set()
        assert len(executed) >= at_least
        plans = {text: scanned(text, await explain(self.database, text)) for text in executed}
        found = {text: tables & GROWING for text, tables in plans.items() if tables & GROWING}
        return {text: tables for text, tables in found.items() if not any(part in text for part in WITHOUT_INDEX)}


@pytest.fixture
def trace(store: Store, monkeypatch: pytest.MonkeyPatch) -> Trace:
    return watch(store.database, monkeypatch)


def watch(database: Database, monkeypatch: pytest.MonkeyPatch) -> Trace:
    read, write, record, trace = database.read, database.write, database.record, Trace(database)

    async def traced_read(work: Callable[[Transaction], T]) -> T:
        return await read(lambda transaction: work(Traced(transaction, trace.executed)))

    async def traced_record(work: Callable[[Transaction], T]) -> T:
        return await record(lambda transaction: work(Traced(transaction, trace.executed)))

    async def traced_write(work: Callable[[Transaction], T], *patience: float) -> T:
        return await write(lambda transaction: work(Traced(transaction, trace.executed)), *patience)

    monkeypatch.setattr(database, "read", traced_read)
    monkeypatch.setattr(database, "write", traced_write)
    monkeypatch.setattr(database, "record", traced_record)
    return trace


async def test_a_delivery_finds_its_rows_by_an_index(trace: Trace, scene: Scene) -> None:
    signed = await scene.sign("ada", "Ada")
    await scene.sign("grace")
    await scene.edit(signed, Sign("Countess"))
    await scene.edit(signed, Sign("Nobody"), Writer.OTHER)
    await scene.store.doubtful_comments.request_clarification({signed: "IC_1"}, scene.clock)
    await scene.edit(signed, Sign("Somebody"), Writer.UNKNOWN)
    await scene.unsign("ada")
    await scene.delete(await scene.sign("alan"))
    await scene.store.commands.apply(LETTER.id, CommandResults(Rules(Settings(minimum_account_age=30))))
    await scene.sign("linus")
    assert await trace.read_whole_tables(at_least=20) == {}


async def test_a_change_of_the_issue_finds_its_rows_by_an_index(trace: Trace, scene: Scene) -> None:
    await scene.sign("ada")
    await scene.change_issue(replace(scene.issue, closed_at=scene.clock - 1))
    await scene.change_issue(replace(scene.issue, closed_at=None, labels=frozenset()))
    await scene.sign("grace")
    await scene.change_issue(replace(scene.issue, labels=LETTER.labels))
    edit = BodyEdit("Dear all,", "Dear everybody,", by_app=False)
    await scene.store.record([IssueFact(INSTALLATION, REPOSITORY, scene.issue, scene.clock, edit=edit)])
    moved = replace(scene.issue, id=2_000, number=1)
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, LETTER.id, (REPOSITORY, moved))])
    await scene.store.record([IssueGone(INSTALLATION, REPOSITORY, 2_000)])
    assert await trace.read_whole_tables(at_least=40) == {}


async def test_a_listing_finds_its_rows_by_an_index(trace: Trace, scene: Scene) -> None:
    await scene.sign("ada")
    await scene.sign("grace")
    store = scene.store
    (thread,) = await store.threads.list_to_read(INSTALLATION, 9e9)
    kept = list(scene.comments.values())[:1]
    outcome = await store.record_listing(LETTER.id, scene.clock + 1, kept, complete=True, reread=thread.reread)
    assert outcome.missing == 1
    await store.threads.get_known_texts(list(scene.comments))
    await store.threads.list_present(LETTER.id, scene.clock)
    await store.threads.mark_checked(LETTER.id, 1.0)
    await store.threads.mark_read(thread)
    await store.threads.postpone(thread, 1.0)
    await store.threads.get(LETTER.id)
    await store.petitions.list_in_repository(REPOSITORY.id)
    await store.signer_accounts.record_ages(LETTER.id, [Account(ADA.id, 1)])
    assert await trace.read_whole_tables(at_least=30) == {}


async def test_looking_at_accounts_finds_its_rows_by_an_index(trace: Trace, scene: Scene) -> None:
    accounts = scene.store.signer_accounts
    await scene.sign("ada")
    await accounts.request_review(LETTER.id)
    assert await accounts.get_due_review(INSTALLATION, 9e9) == LETTER.id
    (ada,) = await accounts.list_unreviewed(LETTER.id, None, 9, 9e9)
    await accounts.list_unreviewed(LETTER.id, ada, 9, 9e9)
    await accounts.record_reviewed([Account(ADA.id, 1)], [], 9e9)
    await accounts.postpone_review(LETTER.id, 1.0)
    await accounts.end_review(LETTER.id)
    await scene.store.signer_accounts.get_sample(LETTER.id, 9)
    await scene.store.rosters.get_uncounted(LETTER.id)
    assert await trace.read_whole_tables(at_least=10) == {}


async def test_looking_for_work_and_publishing_find_their_rows_by_an_index(trace: Trace, scene: Scene) -> None:
    store, signed = scene.store, await scene.sign("ada")
    for second, text in enumerate(("Dear all,", "Dear everybody,")):
        await store.letters.record(LETTER.id, LETTER.id, text, scene.clock + second)
    await store.letters.record(LETTER.id, LETTER.id, "Dear everybody,", scene.clock + 1)
    await scene.edit(signed, Sign("Nobody"), Writer.OTHER)
    await store.doubtful_comments.request_clarification({signed: "IC_1"}, 1.0)
    assert await store.petitions.list_installations_with_work(9e9) == [INSTALLATION]
    (due,) = await store.petitions.list_due(INSTALLATION, 9e9)
    assert await store.threads.list_to_read(INSTALLATION, 9e9)
    assert await store.doubtful_comments.get_doubtful_thread(INSTALLATION, 9e9)
    doubtful = await store.doubtful_comments.list_doubtful(LETTER.id, 9e9)
    await store.doubtful_comments.record_clarifications([Clarification(one, True, 1.0) for one in doubtful])
    for ack in await store.acknowledgements.drop_late_and_list(INSTALLATION, 10):
        await store.acknowledgements.record_given(ack.comment_id, ack.wanted, 1)
    await store.petitions.get_snapshot(LETTER.id, 10)
    await record_write(store, LETTER.id, "Dear people,", "Dear people,\n\n1 has signed.")
    await store.bodies.count_unconfirmed_writes(LETTER.id, 9_999)
    await store.bodies.record_history(LETTER.id, LastBodies("Dear people,", "Dear people,"), 9_999)
    await store.petitions.mark_published(LETTER.id, due.revision, 1)
    await store.petitions.postpone(LETTER.id, 1.0, State.UNAVAILABLE, 1)
    await store.letters.get_thread_without_history(INSTALLATION, 9e9)
    await store.letters.record_history(LETTER.id, [(2, "Dear us,")])
    assert await trace.read_whole_tables(at_least=40) == {}


async def test_commands_of_organizers_find_their_rows_by_an_index(trace: Trace, scene: Scene) -> None:
    store = scene.store
    await scene.say(GRACE, Phrase("0123"))
    await scene.say(ADA, OrganizerCommand("close", ""))
    await scene.say(GRACE, OrganizerCommand("close", ""))
    by_ada, by_grace = await list_commands(store, LETTER.id)
    rules = Rules(Settings(goals=(5,), also_accept=("I agree",)), closed_at=scene.clock)
    outcomes = (Outcome(by_ada, CommandStatus.APPLIED), Outcome(by_grace, CommandStatus.REFUSED))
    await store.commands.apply(LETTER.id, CommandResults(rules, outcomes))
    loaded = await store.petitions.load_publication(LETTER.id, 100)
    changes = [
        PlannedBody(one, known, "Dear all,", text="Dear all, and more") for one, known in loaded.bodies.items()
    ]
    assert await store.petitions.apply_publication(LETTER.id, [], CommandResults(rules, outcomes), changes)
    await store.commands.list_petitions(REPOSITORY.id)
    await store.commands.find_author(LETTER.id, "ada")
    await store.settings.record(REPOSITORY.id, "goal: 5", 1)
    assert await store.commands.list_audit_entries(LETTER.id)
    assert await store.commands.list_attempts(LETTER.id)
    assert await trace.read_whole_tables(at_least=30) == {}


async def test_pages_find_their_rows_by_an_index(trace: Trace, scene: Scene) -> None:
    rosters = scene.store.rosters
    await scene.sign("ada")
    await scene.hide(await scene.sign("grace"))
    trace.executed.clear()
    assert await rosters.find(REPOSITORY.owner, REPOSITORY.name, LETTER.number)
    for text in ("", "ada", "grace"):
        assert await rosters.get_details(LETTER.id, RosterQuery(text=text))
    assert (await rosters.list_public(20_000 * 86_400)).petitions
    assert await rosters.list_changed({LETTER.id: -1})
    await rosters.get_export(LETTER.id)
    await scene.store.signer_accounts.get_sample(LETTER.id, 10)
    assert [len(entries) async for entries in rosters.iterate_entries(LETTER.id)] == [1]
    assert await trace.read_whole_tables(at_least=15) == {}


async def test_filling_roster_keys_finds_its_rows_by_an_index(trace: Trace, scene: Scene) -> None:
    await scene.sign("ada")
    later = "UPDATE signatures SET sort_key = NULL WHERE comment_id > 0"
    await scene.store.database.write(lambda work: work.execute(later))
    trace.executed.clear()
    assert await scene.store.fill_roster_keys()
    assert not await scene.store.fill_roster_keys()
    assert await trace.read_whole_tables(at_least=4) == {}


@pytest.mark.parametrize(
    ("order", "key", "index"),
    [
        (SortOrder.NEWEST, 1, "signatures_by_time"),
        (SortOrder.OLDEST, 1, "signatures_by_time"),
        (SortOrder.NAME, b"key", "signatures_by_name"),
    ],
)
@pytest.mark.parametrize("back", [False, True])
async def test_a_page_of_a_roster_begins_where_the_index_says(
    sqlite_url: str, order: SortOrder, key: int | bytes, index: str, back: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await Store.open(sqlite_url)
    await Scene(store).label()
    trace = watch(store.database, monkeypatch)
    await store.rosters.get_details(LETTER.id, RosterQuery(order, cursor=Cursor(key, 1, back)))
    plans = [await explain(store.database, text) for text in trace.executed]
    await store.close()
    begins = re.compile(rf"USING INDEX {index} \(petition_id=\? AND \w+[<>]\?")
    (plan,) = (plan for plan in plans if any(map(begins.search, plan)))
    # The rows of the page are sorted once more, when all that goes with them has been joined.
    assert sum("TEMP B-TREE" in line for line in plan) <= 1


async def explain(database: Database, text: str) -> list[str]:
    """Return how rows will be found. An empty table is always read from end to end, unless that is forbidden."""
    values = [None] * max(map(int, re.findall(r"\$(\d+)", text)), default=0)

    def ask(transaction: Transaction) -> list[str]:
        if isinstance(database, SqliteDatabase):
            return [row["detail"] for row in transaction.fetch(f"EXPLAIN QUERY PLAN {text}", *values)]
        transaction.execute(INDEXES_ONLY)
        return [row[0] for row in transaction.fetch(f"EXPLAIN (GENERIC_PLAN) {text}", *values)]

    return await type(database).read(database, ask)


def scanned(text: str, plan: list[str]) -> set[str]:
    """Return which tables, or indexes that grow like them, a plan reads from end to end."""
    lines = "\n".join(plan)
    found = re.findall(r"^SCAN (\w+)$", lines, re.MULTILINE) + re.findall(r"Seq Scan on (\w+)", lines)
    walked = re.findall(r"^SCAN (\w+) USING (?:COVERING )?INDEX (\w+)", lines, re.MULTILINE)
    found += [name for name, index in walked if index not in OF_WHAT_WAITS]
    # What a part of the statement has found may be read as a whole, once.
    parts = re.findall(r"^(?:CO-ROUTINE|MATERIALIZE) (\w+)", lines, re.MULTILINE)
    tables = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN) (\w+) (\w+)", text)}
    return {tables.get(name, name) for name in Counter(found) - Counter(parts)}
