"""The cost of a statement does not grow with the petition: each finds its rows by an index."""

from __future__ import annotations

import re

import pytest

from bot.petition.organizers.settings import Detail
from bot.store import Store
from bot.store import body_statements as bodies
from bot.store import roster_statements as roster
from bot.store import rule_statements as governing
from bot.store import statements as sql
from bot.store.engine.database import Transaction
from bot.store.engine.dialect import Statement, statement

PER_DELIVERY = [
    sql.LOCK_THREADS,
    sql.COMMENTS_AND_THEIR_AUTHORS,
    sql.COMMENTS_OF_AUTHORS,
    sql.FORGOTTEN,
    sql.BORN,
    sql.PUT_COMMENTS,
    sql.PUT_SIGNATURES,
    sql.DROP_SIGNATURES,
    sql.ADD_TO_DAYS,
    sql.SET_THREAD,
    sql.SET_PETITION,
]
PER_LOOK = [
    sql.INSTALLATIONS_WITH_WORK,
    sql.DUE,
    sql.THREADS_TO_READ,
    sql.DOUBTFUL_THREAD,
    sql.DOUBTS_TO_ASK,
    sql.REOPEN_DOUBT,
    sql.LETTER_TO_TRACE,
    sql.PETITIONS_TO_ACKNOWLEDGE,
    sql.DROP_LATE_ACKS,
    sql.ACKS_DUE,
    sql.ACKED,
    sql.PETITION,
    sql.THREADS,
    sql.NEWEST_SIGNATURES,
    bodies.LETTERS,
    bodies.SIGNED_BETWEEN,
    bodies.ADD_LETTER,
    sql.PUBLISHED,
    sql.POSTPONE,
]
PER_RULING = [
    governing.COMMENTS_OF_ORDERS,
    governing.THREADS_OF,
    governing.AUTHORS_OF_PHRASES,
    governing.GOVERNED_IN,
    governing.ENDED,
    governing.DAYS,
    governing.AUDIT,
    governing.ATTEMPTS,
]
PER_CHANGE = [
    sql.AUTHORS_OF_COMMANDS_AFTER,
    sql.AUTHORS_WITHOUT_SIGNATURE,
    sql.COMMENTS_OF_THREAD,
    sql.SIGNATURES_OF,
]
PER_PAGE = [
    roster.FIND_PETITION,
    roster.DAYS,
    roster.DAYS_SINCE,
    roster.REVISIONS,
    roster.CROWD,
    roster.WHAT_SOMEBODY_SAID,
]
NAMES = {
    id(value): name
    for file in (sql, bodies, governing)
    for name, value in vars(file).items()
    if isinstance(value, Statement)
}

INDEXES_ONLY = statement("SET LOCAL enable_seqscan = off")
ALIASES = {"c": "comments", "t": "threads", "p": "petitions", "r": "repositories", "s": "signatures"}
OF_WHAT_WAITS = {"petitions_due", "petitions_ending", "threads_to_read", "comments_to_acknowledge"}
GROWING = {"comments", "signatures", "threads", "petitions", "repositories"}


@pytest.mark.parametrize(
    "text", PER_DELIVERY + PER_LOOK + PER_RULING + PER_CHANGE, ids=lambda text: NAMES[id(text)]
)
async def test_rows_are_found_by_an_index(store: Store, text: Statement) -> None:
    assert scanned(await explain(store, text)) & GROWING == set()


@pytest.mark.parametrize("text", PER_PAGE, ids=range(len(PER_PAGE)))
async def test_what_a_page_shows_is_found_by_an_index(store: Store, text: Statement) -> None:
    assert scanned(await explain(store, text)) & GROWING == set()


@pytest.mark.parametrize("down", [True, False])
async def test_a_page_of_a_roster_begins_where_the_index_says(sqlite_url: str, down: bool) -> None:
    store = await Store.open(sqlite_url)
    text = roster.roster_statement(
        by_name=False, descending=down, patterns=0, following=True, show=frozenset(Detail)
    )
    try:
        plan = await explain(store, text)
    finally:
        await store.close()
    assert any("USING INDEX signatures_by_time (petition_id=? AND " in line for line in plan)


async def explain(store: Store, text: Statement) -> list[str]:
    """Ask how rows will be found. An empty table is always read from end to end, unless that is forbidden."""
    question = Statement(f"EXPLAIN QUERY PLAN {text.sqlite}", f"EXPLAIN (GENERIC_PLAN) {text.postgresql}")
    values = [None] * max(map(int, re.findall(r"\?(\d+)", text.sqlite)), default=0)

    def ask(transaction: Transaction) -> list[str]:
        if transaction.engine == "sqlite":
            return [row.detail for row in transaction.fetch(question, *values)]
        transaction.execute(INDEXES_ONLY)
        return [row[0] for row in transaction.fetch(question, *values)]

    return await store._database.read(ask)


def scanned(plan: list[str]) -> set[str]:
    """Tell which tables, or indexes that grow like them, a plan reads from end to end."""
    text = "\n".join(plan)
    found = re.findall(r"^SCAN (\w+)$", text, re.MULTILINE) + re.findall(r"Seq Scan on (\w+)", text)
    walked = re.findall(r"^SCAN (\w+) USING (?:COVERING )?INDEX (\w+)", text, re.MULTILINE)
    found += [name for name, index in walked if index not in OF_WHAT_WAITS]
    return {ALIASES.get(name, name) for name in found}
