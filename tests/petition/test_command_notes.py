"""What the audit log and the organizers are told of a command, word for word."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest
from msgspec.structs import replace

from bot.petition.comments.comment import Author
from bot.petition.organizer_commands import (
    CommandStatus,
    GivenCommand,
    NotUnderstood,
    SetGoal,
    apply_commands,
    standing_commands,
    understand,
)
from bot.petition.rules_in_force import Removal
from bot.petition.settings import DEFAULTS, Settings
from tests.petition.organizers import (
    ADA,
    DAY,
    GRACE,
    MALLORY,
    ORGANIZERS,
    meaning,
    parsed,
    ruled,
    written,
)


def told(
    text: str,
    by: Author = GRACE,
    organizers: Mapping[int, bool] = ORGANIZERS,
    named: Mapping[int, Author | None] = MappingProxyType({1: ADA}),
) -> str:
    """Give a command and return its note in the log."""
    given = GivenCommand(1, 100, by, parsed(text))
    (outcome,) = apply_commands(DEFAULTS, [given], organizers=organizers, named=meaning([given], named)).outcomes
    assert outcome.command == given
    return outcome.note


def test_each_answer_says_why() -> None:
    assert told("goal 5") == ""
    assert told("goal 5", organizers={}) == "GitHub was not asked yet who gave it"
    assert told("goal 5", MALLORY) == "whoever gave it may not write to the repository"
    assert told("remove @ada x", named={}) == "GitHub was not asked yet who ada is"
    assert told("remove @ada x", named={1: None}) == "GitHub has no account ada"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("remove", "write whom, and why: remove @login reason, or remove [login, login] reason"),
        ("restore", "write whom: restore @login"),
        ("respond", "write the response after the word respond"),
        ("open", "the commands are goal, deadline, remove, restore, close, reopen, recount, respond, help"),
    ],
)
def test_who_is_not_understood_is_told_what_would_be(text: str, advice: str) -> None:
    with pytest.raises(NotUnderstood) as error:
        understand(parsed(text))
    assert str(error.value.allowed) == advice
    assert told(text) == advice
    assert ruled(text).rules.remarks == (f"grace commented “/petition {text}”: {advice}",)


def test_a_deadline_that_does_not_lie_ahead_is_no_deadline() -> None:
    for at, note in ((DAY - 1, ""), (DAY, ""), (DAY + 1, "the deadline must be in the future")):
        ruling = apply_commands(
            DEFAULTS,
            [GivenCommand(1, at, GRACE, parsed("deadline 2026-12-31"))],
            organizers=ORGANIZERS,
            named={},
        )
        assert [outcome.note for outcome in ruling.outcomes] == [note]
        assert ruling.rules.settings.deadline == (None if note else DAY)


@pytest.mark.parametrize("text", ["goal 100, 100", "goal X100X"])
def test_a_ladder_of_goals_climbs(text: str) -> None:
    assert understand(parsed("goal [100, 200]")) == SetGoal((100, 200))
    with pytest.raises(NotUnderstood):
        understand(parsed(text))


def test_what_was_to_be_remarked_on_anyway_comes_first() -> None:
    ruling = apply_commands(
        Settings(goals=(5,)),
        [GivenCommand(1, 100, GRACE, parsed("open"))],
        organizers=ORGANIZERS,
        named={},
        remarks=["first"],
    )
    assert [remark[:5] for remark in ruling.rules.remarks] == ["first", "grace"]


def test_removals_are_listed_by_their_number() -> None:
    people: dict[int, Author | None] = {1: Author(7, "alan"), 2: Author(5, "ada")}
    ruling = ruled("remove @alan x", "remove @ada y", named=people)
    assert ruling.rules.removals == (Removal(5, "ada", 2, "y"), Removal(7, "alan", 1, "x"))


def test_a_standing_command_says_who_gave_it_and_where() -> None:
    comment = written(3, parsed("close"), 100)
    assert standing_commands([comment]) == [GivenCommand(3, 100, GRACE, parsed("close"))]
    assert standing_commands([replace(comment, author=None)]) == []


def test_a_recount_makes_no_rules() -> None:
    assert ruled("recount").rules == ruled().rules
    assert [outcome.status for outcome in ruled("recount", "goal 5", "recount").outcomes] == [
        CommandStatus.APPLIED
    ] * 3
    assert ruled("recount", "goal 5", "recount").recount_at == 103
