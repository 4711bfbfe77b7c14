"""Which sessions of organizers were ended before their time: one row for each person who signed out.

A session carries the number of the last sign-out before it, whoever's that was. So the order is the database's, for
all processes and without a clock: a session is good if it is not older than the last sign-out of its person.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from bot.store.engine.database import Records, Transaction, read_transaction, upsert, write_transaction
from bot.time_types import EpochSeconds

KEPT: Final = 24 * 3600
"""Seconds for which a sign-out is kept; every session from before has come to its own end long since."""

_MILLION: Final = 1_000_000

# GitHub's numbers of people begin with 1: of the others, 0 has the last number that was given, and -1 is everybody.
_EVERYBODY: Final = -1


class SignOuts(Records):
    """Asked by every page that is for organizers only."""

    @read_transaction
    def get_number(self, transaction: Transaction) -> int:
        """Return the number that a session made now has to carry."""
        return _number(transaction, "SELECT coalesce(max(not_before), 0) FROM sign_outs")

    @read_transaction
    def get_not_before(self, transaction: Transaction, user_id: int) -> int:
        """Return the least number of a session of somebody's that is good."""
        sql = "SELECT coalesce(max(not_before), 0) FROM sign_outs WHERE user_id IN (-1, $1::BIGINT)"
        return _number(transaction, sql, user_id)

    @write_transaction
    def end_sessions(self, transaction: Transaction, user_id: int, now: EpochSeconds) -> None:
        """End all sessions that somebody has at this moment, everywhere."""
        number = _sign_out(transaction, user_id, now)
        transaction.execute("DELETE FROM sign_outs WHERE user_id > 0 AND not_before < $1", number - KEPT * _MILLION)


def forget_sign_outs(transaction: Transaction, people: Collection[int]) -> None:
    """Drop the sign-outs of people. The sessions that they ended stay so, and all that began before."""
    sql = """
        INSERT INTO sign_outs (user_id, not_before)
        SELECT -1, max(not_before) FROM sign_outs WHERE user_id = ANY($1::BIGINT[]) HAVING count(*) > 0
        ON CONFLICT (user_id) DO UPDATE
            SET not_before = greatest(excluded.not_before, sign_outs.not_before)
    """
    transaction.execute(sql, list(people))
    transaction.execute("DELETE FROM sign_outs WHERE user_id = ANY($1::BIGINT[])", list(people))


def end_all_sessions(transaction: Transaction, now: EpochSeconds) -> None:
    """End everybody's sessions, where it is not known any more who has signed out."""
    _sign_out(transaction, _EVERYBODY, now)


def _sign_out(transaction: Transaction, user_id: int, now: EpochSeconds) -> int:
    # Numbers are microseconds where possible: a database that was put back from a copy goes on above all that it
    # has ever given.
    sql = """
        INSERT INTO sign_outs (user_id, not_before) VALUES (0, $1::BIGINT)
        ON CONFLICT (user_id) DO UPDATE
            SET not_before = greatest(excluded.not_before, sign_outs.not_before + 1)
        RETURNING not_before
    """
    number = _number(transaction, sql, int(now * _MILLION))
    sign_out = upsert("sign_outs", "user_id", "user_id BIGINT, not_before BIGINT")
    transaction.put(sign_out, [(user_id, number)])
    return number


def _number(transaction: Transaction, question: str, *values: object) -> int:
    number: int = transaction.fetch(question, *values)[0][0]
    return number
