"""Whoever is not counted is told why, and the reason is what the count goes by."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.petition.comments.command_and_phrase_parser import parse, phrases
from bot.petition.comments.commands import Command, OrganizerCommand, Phrase, Several, Sign, Unsign, restore
from bot.petition.comments.comment import Comment, Version, Writer, body_digest
from bot.petition.comments.mistyped_commands import Fault, fault_of
from bot.petition.rules_in_force import Removal, Rules
from bot.petition.settings import Settings
from bot.petition.tally import MISTYPED_ORDER, Conditions, Evaluation, Reason, Uncounted, evaluate, explain
from tests.petition.simulation import ADA, ROBOT

MORNING, NOON, EVENING, DAY = 100, 200, 300, 86_400
MISTYPED = Phrase("sing", is_attempt=True)
CUT_OFF = Phrase("", is_cut_off=True)
WITHOUT_ADA = Rules(removals=(Removal(ADA.id, ADA.login, 9, "a fake"),))
FOR_THE_OLD = Rules(Settings(minimum_account_age=30))
STRICT = Rules(
    Settings(minimum_account_age=30, deadline=NOON, also_accept=("hello",)), removals=WITHOUT_ADA.removals
)


def says(command: Command | None, at: int = MORNING, number: int = 1, *, hidden: bool = False) -> Comment:
    version = Version(at, body_digest(repr(command)), Writer.AUTHOR, command, hidden=hidden)
    return Comment(number, at, ADA, at, (version,))


def conditions(closed_at: int | None, rules: Rules, born: int | None) -> Conditions:
    return Conditions(closed_at, rules, {} if born is None else {ADA.id: born})


def reason(
    *comments: Comment, closed_at: int | None = None, rules: Rules | None = None, born: int | None = None
) -> Reason | None:
    found = explain(comments, conditions(closed_at, rules or Rules(), born))
    return found.reason if found else None


def test_who_is_counted_needs_no_reason_and_who_said_nothing_has_none() -> None:
    assert reason(says(Sign("Ada"))) is None
    assert reason() is None


def test_talking_is_not_signing() -> None:
    assert reason(says(None)) is Reason.SILENT
    assert reason(says(Phrase("i agree"))) is Reason.SILENT
    assert reason(says(OrganizerCommand("goal", "5")), says(None, NOON, 2)) is Reason.SILENT


@pytest.mark.parametrize(
    ("command", "fault"),
    [
        (OrganizerCommand("goal", "5"), ""),
        (Several((OrganizerCommand("goal", "5"), OrganizerCommand("close"))), ""),
        (OrganizerCommand.mistyped("/petiton", "goal 5"), MISTYPED_ORDER),
        (Several((OrganizerCommand("goal", "5"), OrganizerCommand.mistyped("/petiton", ""))), MISTYPED_ORDER),
    ],
)
def test_a_command_of_organizers_is_told_from_talking(command: Command, fault: str) -> None:
    assert explain([says(None), says(command, NOON, 2)]) == Uncounted(Reason.COMMAND, 2, NOON, fault)
    assert reason(says(command, hidden=True)) is Reason.SILENT
    assert reason(says(MISTYPED), says(command, NOON, 2)) is Reason.MISTYPED
    assert reason(says(Sign()), says(command, NOON, 2)) is None


@pytest.mark.parametrize(
    ("own", "why"), [(Unsign(), Reason.WITHDRAWN), (Sign(), Reason.LATE), (MISTYPED, Reason.MISTYPED)]
)
def test_beside_a_command_it_is_the_signature_that_is_explained(own: Command, why: Reason) -> None:
    said = says(Several((OrganizerCommand("goal", "5"),), own), EVENING)
    assert reason(said, closed_at=NOON) is why
    assert evaluate([said], Conditions(closed_at=NOON)).refused == (frozenset() if why is Reason.WITHDRAWN else {1})


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        *[(body, Fault.SPELLING) for body in ("/sing", "/sgin Ada", "/signed", "/sıgn", "/s1gn", "/ssign")],
        *[(body, Fault.SLASH) for body in ("sign", "\\sign", "sign/", "/ sign", "//sign", "|sign Ada", "／sign")],
        *[(body, Fault.CODE) for body in ("`/sign`", "```/sign```", "`/sign Ada`", "Hi, `/sign`", "`/sign` Ada")],
        *[
            (body, Fault.MARKS)
            for body in ("*/sign*", '"/sign"', "(/sign)", "**/sign** Ada", "«/sign»", "<p>/sign</p>")
        ],
        *[
            (body, Fault.PLACE)
            for body in ("- /sign", "1. /sign Ada", "@bot /sign", "Hi, /sign", "please /sign me")
        ],
        *[(body, Fault.PLACE) for body in ("> yes\n\nwell, /sign",)],
        *[(body, Fault.WORDS) for body in ("/sign No way!", "/sign不同意", "Dear all,\n/sign ?")],
        *[(body, Fault.CONDITION) for body in ("/sign only if you pay", "/sign Ada\nonly if you pay")],
        *[(body, Fault.GLUED) for body in ("> yes\n/sign Ada", "> yes\nno\n**/sign** Ada")],
        *[(body, Fault.JOINED) for body in ("/sign_me", "/sign@Ada", "/sign\u200bAda")],
        *[(body, Fault.WITHDRAWAL) for body in ("/unsing", "- /unsign", "\\unsign", "`/unsign`")],
    ],
)
def test_what_is_wrong_about_a_command_is_known_from_its_text(body: str, fault: Fault) -> None:
    assert fault_of(body) is fault


@pytest.mark.parametrize("body", ["/sing", "\\sign", "`/sign`", "*/sign*"])
def test_an_attempt_is_read_with_what_is_wrong_about_it(body: str) -> None:
    command = parse(body)
    assert isinstance(command, Phrase)
    assert (command.is_attempt, command.fault) == (True, fault_of(body))
    assert restore(command.stored()) == command
    assert explain([says(command)]) == Uncounted(Reason.MISTYPED, 1, MORNING, fault_of(body))
    assert restore(["a", command.digest]) == Phrase(command.digest, is_attempt=True)


@pytest.mark.parametrize(
    ("command", "why"),
    [(MISTYPED, Reason.MISTYPED), (CUT_OFF, Reason.CUT_OFF), (Unsign(), Reason.WITHDRAWN), (None, Reason.SILENT)],
)
def test_what_was_said_last_is_the_reason(command: Command | None, why: Reason) -> None:
    assert reason(says(command)) is why


def test_thanks_after_the_command_do_not_hide_what_became_of_it() -> None:
    found = explain([says(MISTYPED), says(None, NOON, 2)])
    assert found == Uncounted(Reason.MISTYPED, 1, MORNING)


def test_a_hidden_comment_is_named_and_a_hidden_withdrawal_is_not() -> None:
    assert reason(says(Sign(), hidden=True)) is Reason.HIDDEN
    assert reason(says(MISTYPED, hidden=True)) is Reason.SILENT
    assert reason(says(Sign(), hidden=True), says(Unsign(), NOON, 2, hidden=True)) is Reason.HIDDEN


def test_too_late_is_by_the_clock_of_the_command() -> None:
    assert reason(says(Sign(), EVENING), closed_at=NOON) is Reason.LATE
    assert reason(says(Sign(), MORNING), closed_at=NOON) is None
    assert reason(says(Sign()), says(Unsign(), EVENING, 2), closed_at=NOON) is Reason.WITHDRAWN


def test_the_organizers_command_goes_before_the_clock() -> None:
    assert reason(says(Sign(), EVENING), closed_at=NOON, rules=WITHOUT_ADA) is Reason.REMOVED


def test_an_account_is_too_young_or_not_known_yet() -> None:
    assert reason(says(Sign(), 10 * DAY), rules=FOR_THE_OLD, born=0) is Reason.YOUNG
    assert reason(says(Sign(), 40 * DAY), rules=FOR_THE_OLD, born=0) is None
    assert reason(says(Sign(), 10 * DAY), rules=FOR_THE_OLD) is Reason.WAITING


def test_an_edit_by_nobody_knows_whom_waits() -> None:
    edit = Version(NOON, body_digest("other"), Writer.UNKNOWN, Sign(), body_digest(repr(None)))
    known = says(None)
    assert reason(Comment(1, MORNING, ADA, NOON, (*known.versions, edit))) is Reason.WAITING


def test_an_accepted_phrase_is_as_good_as_a_command() -> None:
    accepting = Rules(Settings(also_accept=("signed",)))
    (signed,) = phrases(("signed",))
    assert reason(says(Phrase(signed), EVENING), closed_at=NOON, rules=accepting) is Reason.LATE


def test_machines_are_not_people() -> None:
    comment = says(Sign())
    assert reason(Comment(1, MORNING, ROBOT, MORNING, comment.versions)) is None


COMMANDS = st.sampled_from(
    [
        Sign(),
        Sign("Ada"),
        Unsign(),
        MISTYPED,
        CUT_OFF,
        Phrase(next(iter(phrases(("hello",))))),
        Phrase("hi"),
        OrganizerCommand("help"),
        Several((OrganizerCommand("help"),), Sign()),
        Several((OrganizerCommand("help"),), MISTYPED),
        None,
    ]
)
REFUSALS = {Reason.MISTYPED, Reason.CUT_OFF, Reason.LATE, Reason.REMOVED, Reason.YOUNG}


@given(
    said=st.lists(st.tuples(COMMANDS, st.integers(0, 400), st.booleans()), max_size=5),
    closed_at=st.one_of(st.none(), st.integers(0, 400)),
    rules=st.sampled_from([Rules(), WITHOUT_ADA, FOR_THE_OLD, STRICT]),
    born=st.sampled_from([None, 0, -30 * DAY + 200]),
)
@example(said=[(Sign(), 1, False)], closed_at=0, rules=FOR_THE_OLD, born=None)
@example(said=[(Sign(), 1, False)], closed_at=None, rules=STRICT, born=None)
def test_there_is_a_reason_exactly_where_there_is_no_signature(
    said: list[tuple[Command | None, int, bool]], closed_at: int | None, rules: Rules, born: int | None
) -> None:
    comments = [says(command, at, number, hidden=hidden) for number, (command, at, hidden) in enumerate(said)]
    verdict = evaluate(comments, conditions(closed_at, rules, born))
    found = explain(comments, conditions(closed_at, rules, born))
    assert (found is None) == (verdict.signature is not None or not comments)
    if found:
        assert (found.reason in REFUSALS) == (found.comment_id in verdict.refused)
        assert (found.reason is Reason.WITHDRAWN) == (found.comment_id in verdict.effective)
    if found and found.reason is Reason.SILENT:
        assert verdict == Evaluation(None, frozenset(), frozenset())
