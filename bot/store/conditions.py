"""The states of petitions, derived from everything known, and told once for each change."""

from __future__ import annotations

from dataclasses import dataclass

from bot.store import upkeep_statements as sql
from bot.store.engine.database import Transaction
from bot.store.states import State


@dataclass(frozen=True, slots=True)
class Condition:
    """A petition's state; `was` is the one last told, `detail` what GitHub said or what is lacking."""

    petition_id: int
    installation_id: int
    name: str
    state: State
    was: State
    detail: str


def read_conditions(transaction: Transaction) -> list[Condition]:
    """List the petitions that are not fine."""
    return [_condition(*row) for row in transaction.fetch(sql.CONDITIONS)]


def read_new_conditions(transaction: Transaction) -> list[Condition]:
    """List the petitions whose state is another one than was last told."""
    return [_condition(*row) for row in transaction.fetch(sql.NEW_CONDITIONS)]


def take_conditions(transaction: Transaction, conditions: list[Condition]) -> list[Condition]:
    """Note that states are told; give those that nobody else has told."""
    return [
        one
        for one in conditions
        if transaction.execute(sql.TELL_CONDITION, one.petition_id, one.was.value, one.state.value)
    ]


def _condition(
    petition_id: int, installation_id: int, owner: str, name: str, number: int, state: str, told: str, detail: str
) -> Condition:
    return Condition(petition_id, installation_id, f"{owner}/{name}#{number}", State(state), State(told), detail)
