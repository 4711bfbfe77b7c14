"""Organizers' commands: how they are read, and what rules they make together with the settings."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.petition.block import BlockContent, render_block
from bot.petition.comments.command_and_phrase_parser import parse, phrases
from bot.petition.comments.commands import OrganizerCommand, Phrase, Sign, Unsign
from bot.petition.comments.comment import Author, Comment, Version, Writer, body_digest
from bot.petition.organizer_commands import (
    INSTRUCTIONS,
    Close,
    CommandResults,
    CommandStatus,
    GivenCommand,
    Help,
    Instruction,
    NotUnderstood,
    Recount,
    Remove,
    Reopen,
    Respond,
    Restore,
    SetDeadline,
    SetGoal,
    apply_commands,
    logins_in,
    standing_commands,
    understand,
    write_removals,
)
from bot.petition.rules_in_force import Removal, Response, Rules
from bot.petition.settings import DEFAULTS, Settings
from bot.petition.tally import Conditions, evaluate
from tests.petition.organizers import (
    ADA,
    DAY,
    GRACE,
    HOPPER,
    MALLORY,
    ORGANIZERS,
    meaning,
    parsed,
    ruled,
    written,
)


def answers(ruling: CommandResults) -> list[CommandStatus]:
    return [outcome.status for outcome in ruling.outcomes]


# --- reading ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("goal 500", SetGoal((500,))),
        ("Goal: 1,000", SetGoal((1000,))),
        ("goal 100, 500, 1,000", SetGoal((100, 500, 1000))),
        ("goal 2 500", SetGoal((2500,))),
        ("goal [100, 500]", SetGoal((100, 500))),
        ("goal none", SetGoal(())),
        ("goal 500!", SetGoal((500,))),
        ("goal none.", SetGoal(())),
        ("deadline 2026-12-31", SetDeadline(DAY)),
        ("deadline 2026-12-31.", SetDeadline(DAY)),
        ("deadline none", SetDeadline(None)),
        ("remove @ada It is a fake, sorry.", Remove(("ada",), "It is a fake, sorry.")),
        ("remove @ada", Remove(("ada",), "")),
        ("remove @ada: spam", Remove(("ada",), "spam")),
        ("remove @dependent[bot] no", Remove(("dependent[bot]",), "no")),
        ("remove [ada @Grace; alan] socks", Remove(("ada", "grace", "alan"), "socks")),
        ("remove @nsmith- spam", Remove(("nsmith-",), "spam")),
        ("remove @-nsmith: spam", Remove(("-nsmith",), "spam")),
        ("remove @nsmith-", Remove(("nsmith-",), "")),
        ("remove @--n--.", Remove(("--n--",), "")),
        ("remove [ada, nsmith-, -bob, @a--b] socks", Remove(("ada", "nsmith-", "-bob", "a--b"), "socks")),
        ("restore [@nsmith- @ada]", Restore(("nsmith-", "ada"))),
        ("restore @nsmith-", Restore(("nsmith-",))),
        ("remove [ada, ADA]: socks", Remove(("ada",), "socks")),
        ("remove [dependent[bot], ada]", Remove(("dependent[bot]", "ada"), "")),
        ("remove @ada, @alan are one", Remove(("ada",), "@alan are one")),
        ("restore [ada, alan]", Restore(("ada", "alan"))),
        ("restore @Ada-L", Restore(("ada-l",))),
        ("close", Close()),
        ("close, please", Close()),
        ("REOPEN", Reopen()),
        ("recount", Recount()),
        ("respond We agree.", Respond("We agree.")),
        ("respond We agree.\nAll of us.\n\nThanks", Respond("We agree.\nAll of us.\n\nThanks")),
        ("respond none", Respond("")),
        ("respond from ACME: We agree.", Respond("We agree.", "ACME")),
        (
            "respond From  the Ministry of  Health :\n\nWe agree: yes.",
            Respond("We agree: yes.", "the Ministry of Health"),
        ),
        ("respond from وزارة الصحة: نعم", Respond("نعم", "وزارة الصحة")),
        ("respond from 卫生部：好", Respond("好", "卫生部")),
        ("respond from ACME: none", Respond("none", "ACME")),
        ("respond from Monday on it is so.", Respond("from Monday on it is so.")),
        ("respond from 10:30 on: no", Respond("from 10:30 on: no")),
        ("respond from https://e.org", Respond("from https://e.org")),
        ("respond from here\non: yes", Respond("from here\non: yes")),
        ("respond from --: yes", Respond("from --: yes")),
        (f"respond from {'a' * 61}: yes", Respond(f"from {'a' * 61}: yes")),
        (f"respond from {'a' * 60}: yes", Respond("yes", "a" * 60)),
        ("respond fromage: yes", Respond("fromage: yes")),
        ("help", Help()),
    ],
)
def test_a_command_is_read(typed: str, meant: Instruction) -> None:
    assert understand(parsed(typed)) == meant


@pytest.mark.parametrize(
    "typed",
    [
        *["", "gaol 500", "goal", "goal many", "goal 500, 100", "goal 0", "deadline", "deadline tomorrow"],
        *["remove []", "remove [ada, alan", "remove [ada, all others] x", "restore [,]"],
        *["remove @-", "remove @--- x", "remove [ada, -]", "goal 5 /sign"],
        *["close /petition goal 5", "reopen /sign Ada", "help /unsign", "recount, /petition close"],
        *["remove", "remove spam", "restore", "restore everybody!!@", "respond", "also_accept signed"],
        *["respond from ACME:", "respond from ACME:  "],
    ],
)
def test_a_command_that_says_nothing_is_told_what_would(typed: str) -> None:
    with pytest.raises(NotUnderstood) as error:
        understand(parsed(typed))
    assert str(error.value.allowed)


def test_what_help_shows_is_understood() -> None:
    assert [type(understand(parsed(one.usage))) for one in INSTRUCTIONS.values()] == list(INSTRUCTIONS.values())


def test_whom_a_command_names() -> None:
    assert logins_in(parsed("remove @Ada spam")) == ("ada",)
    assert logins_in(parsed("restore [Ada, @alan]")) == ("ada", "alan")
    assert logins_in(parsed("goal 5")) == ()


# --- obeying ----------------------------------------------------------------------------------------------------


def test_a_command_goes_before_the_settings() -> None:
    settings = Settings(goals=(50,), deadline=5_000, language="de")
    assert ruled("goal 500", settings=settings).rules.settings == replace(settings, goals=(500,))
    assert ruled("goal none", "deadline none", settings=settings).rules.settings == Settings(language="de")


def test_the_latest_command_decides() -> None:
    assert ruled("goal 500", "goal 800").rules.settings.goals == (800,)


def test_commands_by_others_change_nothing() -> None:
    ruling = ruled("goal 500", (MALLORY, "goal 1"), (MALLORY, "close"), (MALLORY, "nonsense"))
    assert ruling.rules == Rules(Settings(goals=(500,)))
    assert answers(ruling) == [
        CommandStatus.APPLIED,
        CommandStatus.REFUSED,
        CommandStatus.REFUSED,
        CommandStatus.REFUSED,
    ]


def test_a_command_waits_until_it_is_known_who_gave_it() -> None:
    ruling = ruled("goal 500", organizers={})
    assert ruling.rules == Rules()
    assert answers(ruling) == [CommandStatus.WAITING]


def test_a_person_is_removed_and_restored() -> None:
    ruling = ruled("remove @ada a fake")
    assert ruling.rules.removals == (Removal(ADA.id, "ada", 1, "a fake"),)
    assert ruled("remove @ada a fake", (HOPPER, "restore @ada")).rules.removals == ()
    assert ruled("restore @ada", "remove @ada again").rules.removed_ids == {ADA.id}


def test_who_nobody_is_called_is_told_to_the_organizers() -> None:
    ruling = ruled("remove @nobody spam", named={1: None})
    assert answers(ruling) == [CommandStatus.NOT_UNDERSTOOD]
    assert ruling.rules.remarks == (
        "grace commented “/petition remove @nobody spam”: GitHub has no account nobody",
    )


ALAN = Author(4, "alan")


def several(text: str, named: Mapping[tuple[int, str], Author | None]) -> CommandResults:
    return apply_commands(DEFAULTS, [GivenCommand(1, 101, GRACE, parsed(text))], organizers=ORGANIZERS, named=named)


def test_one_command_removes_several_and_another_restores_some_of_them() -> None:
    named = {(1, "ada"): ADA, (1, "alan"): ALAN, (2, "ada"): ADA}
    given = [
        GivenCommand(1, 101, GRACE, parsed("remove [ada, alan] socks")),
        GivenCommand(2, 102, GRACE, parsed("restore @ada")),
    ]
    both = apply_commands(DEFAULTS, given[:1], organizers=ORGANIZERS, named=named).rules.removals
    assert both == (Removal(ADA.id, "ada", 1, "socks"), Removal(ALAN.id, "alan", 1, "socks"))
    assert apply_commands(DEFAULTS, given, organizers=ORGANIZERS, named=named).rules.removals == both[1:]


def test_of_several_those_who_are_gone_do_not_keep_the_others() -> None:
    ruling = several("remove [ada, gone] socks", {(1, "ada"): ADA, (1, "gone"): None})
    assert ruling.rules.removed_ids == {ADA.id}
    assert [(one.status, one.note) for one in ruling.outcomes] == [
        (CommandStatus.APPLIED, "GitHub has no account gone")
    ]
    assert answers(several("remove [gone] socks", {(1, "gone"): None})) == [CommandStatus.NOT_UNDERSTOOD]
    assert answers(several("remove [ada, alan] socks", {(1, "ada"): ADA})) == [CommandStatus.WAITING]


def test_who_lists_people_without_brackets_finds_in_the_log_that_only_one_is_meant() -> None:
    ruling = ruled("remove @ada, @alan are socks")
    assert ruling.rules.removals == (Removal(ADA.id, "ada", 1, "@alan are socks"),)
    assert [one.note for one in ruling.outcomes] == [
        "only ada is meant; for several write remove [login, login] reason"
    ]
    assert [one.note for one in ruled("remove @ada is @alan").outcomes] == [""]


def test_commands_that_are_written_for_organizers_say_all_that_they_mean() -> None:
    socks = [f"dependably-long-sock-puppet-{number}[bot]" for number in range(300)]
    written = write_removals(socks)
    assert len(written) > 1
    read = [understand(parsed(text.removeprefix("/petition "))) for text in written]
    assert [login for one in read if isinstance(one, Remove) for login in one.logins] == socks
    assert {one.reason for one in read if isinstance(one, Remove)} == {"REASON"}
    assert not any("@" in text for text in written)
    assert write_removals([]) == []


def test_a_list_that_is_cut_off_removes_nobody() -> None:
    many = ", ".join(f"sock-{number}" for number in range(200))
    with pytest.raises(NotUnderstood):
        understand(parsed(f"remove [{many}] socks"))


def test_a_name_that_was_not_looked_up_yet_waits() -> None:
    assert answers(ruled("remove @ada spam", named={})) == [CommandStatus.WAITING]


def test_a_command_closes_the_petition_at_once_and_another_one_opens_it() -> None:
    assert ruled("close").rules.ends_at(None) == 101
    assert ruled("close", "close").rules.ends_at(None) == 101
    assert ruled("close", "reopen").rules.ends_at(None) is None
    assert ruled("close", "reopen", "close").rules.ends_at(None) == 103


def test_what_ends_first_ends_it() -> None:
    rules = ruled("close", settings=Settings(deadline=90)).rules
    assert (rules.ends_at(None), rules.ends_at(80), rules.ends_at(95)) == (90, 80, 90)


def test_reopening_lifts_a_deadline_that_has_passed_and_no_other() -> None:
    assert ruled("reopen", settings=Settings(deadline=100)).rules.ends_at(None) is None
    assert ruled("reopen", settings=Settings(deadline=101)).rules.ends_at(None) == 101


def test_a_deadline_in_the_past_is_taken_for_a_slip() -> None:
    given = GivenCommand(1, DAY + 1, GRACE, parsed("deadline 2026-12-31"))
    ruling = apply_commands(DEFAULTS, [given], organizers=ORGANIZERS, named={})
    assert ruling.rules.settings.deadline is None
    assert answers(ruling) == [CommandStatus.NOT_UNDERSTOOD]


def test_a_response_is_shown_until_it_is_taken_back() -> None:
    assert ruled("respond We agree.").rules.response == Response("We agree.", "grace", 101)
    assert ruled("respond We agree.", "respond none").rules.response is None
    assert ruled("respond from ACME: Yes.").rules.response == Response("Yes.", "grace", 101, "ACME")


def test_help_is_shown_and_a_recount_remembered() -> None:
    assert ruled("help").rules.helps
    assert ruled("recount", "goal 5").recount_at == 101


def test_an_organizer_is_told_what_was_not_understood_and_nobody_else() -> None:
    ruling = ruled("deadline tomorrow", (MALLORY, "deadline tomorrow"))
    (remark,) = ruling.rules.remarks
    assert remark.startswith("grace commented “/petition deadline tomorrow”: write a date such as 2026-12-31")
    assert answers(ruling) == [CommandStatus.NOT_UNDERSTOOD, CommandStatus.REFUSED]


def test_a_new_command_is_one_class_and_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unlist(Instruction, frozen=True):
        usage, purpose = "unlist", "hides `names`"

        def _change(self, rules: Rules, _given: GivenCommand, /) -> Rules:
            return Rules(replace(rules.settings, names=0))

    monkeypatch.setitem(INSTRUCTIONS, "unlist", Unlist)
    ruling = ruled("unlist", "list")
    assert ruling.rules.settings.names == 0
    assert ruling.outcomes[1].note.endswith("respond, help, unlist")
    assert "- `/petition unlist`: hides `names`" in render_block(BlockContent(0, "", 0, helps=True))


# --- standing ---------------------------------------------------------------------------------------------------


def edit(comment: Comment, command: OrganizerCommand | None, at: int, writer: Writer = Writer.AUTHOR) -> Comment:
    before = comment.versions[-1].digest
    return replace(
        comment,
        versions=(*comment.versions, Version(at, body_digest(repr(command)), writer, command, before)),
    )


def test_commands_stand_in_the_order_in_which_they_were_given_or_edited() -> None:
    early, late = written(1, parsed("goal 500"), 100), written(2, parsed("goal 600"), 200)
    assert [one.command.argument for one in standing_commands([late, early])] == ["500", "600"]
    again = edit(early, parsed("goal 700"), 300)
    assert [(one.command.argument, one.at) for one in standing_commands([again, late])] == [
        ("600", 200),
        ("700", 300),
    ]


def test_a_deleted_or_hidden_command_was_never_given() -> None:
    gone = replace(written(1, parsed("close"), 100), deleted=True)
    hidden = written(2, parsed("close"), 100, hidden=True)
    assert standing_commands([gone, hidden]) == []


def test_nobody_gives_a_command_by_editing_somebody_elses_comment() -> None:
    assert standing_commands([edit(written(1, None, 100), parsed("close"), 200, Writer.OTHER)]) == []
    assert standing_commands([edit(written(1, parsed("goal 5"), 100), parsed("goal 9"), 200, Writer.OTHER)]) == []


# --- what the rules do to signatures ----------------------------------------------------------------------------


def says(number: int, command: Sign | Unsign | Phrase, at: int) -> Comment:
    version = Version(at, body_digest(repr(command)), Writer.AUTHOR, command)
    return Comment(number, at, ADA, at, (version,))


def test_a_removed_person_does_not_count_and_sees_it() -> None:
    verdict = evaluate([says(1, Sign("Ada"), 100)], Conditions(rules=ruled("remove @ada spam").rules))
    assert verdict.signature is None
    assert verdict.refused == {1}


def test_a_phrase_signs_where_it_is_accepted() -> None:
    (digest,) = phrases(("Count me in",))
    accepting = Rules(Settings(also_accept=("count me in",)))
    conditions = Conditions(rules=accepting)
    assert evaluate([says(1, Phrase(digest), 100)], conditions).signature
    assert not evaluate([says(1, Phrase(digest), 100)]).signature
    assert not evaluate([says(1, Phrase(digest), 100), says(2, Unsign(), 200)], conditions).signature


def test_a_mistyped_command_is_refused_unless_it_is_accepted() -> None:
    attempt = parse("/sing")
    assert isinstance(attempt, Phrase)
    assert evaluate([says(1, attempt, 100)]).refused == {1}
    accepting = Conditions(rules=Rules(Settings(also_accept=("/sing",))))
    assert evaluate([says(1, attempt, 100)], accepting).effective == {1}


def test_a_phrase_edited_in_after_the_end_comes_too_late() -> None:
    phrase = parse("+1")
    early = Version(100, "a", Writer.AUTHOR, parse("nice"))
    late = Version(300, "b", Writer.AUTHOR, phrase, "a")
    rules = Rules(Settings(also_accept=("+1",), deadline=200))
    assert evaluate([Comment(1, 100, ADA, 100, (early, late))], Conditions(rules=rules)).refused == {1}


def test_signing_ends_with_the_last_second_of_the_deadline() -> None:
    rules = Rules(Settings(deadline=200))
    assert evaluate([says(1, Sign(), 200)], Conditions(rules=rules)).signature
    assert evaluate([says(1, Sign(), 201)], Conditions(rules=rules)).refused == {1}


# --- laws -------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "goal 5",
        "goal none",
        "deadline 2026-12-31",
        "close",
        "reopen",
        "remove @ada x",
        "restore @ada",
        "help",
        "what",
    ]
)
COMMANDS = st.lists(
    st.builds(
        GivenCommand,
        comment_id=st.integers(1, 99),
        at=st.integers(1, 99),
        author=st.sampled_from([GRACE, HOPPER, MALLORY]),
        command=WORDS.map(parsed),
    ),
    unique_by=lambda one: one.comment_id,
)
NAMED: Mapping[int, Author | None] = dict.fromkeys(range(1, 100), ADA)


def came_to(commands: list[GivenCommand]) -> CommandResults:
    in_order = sorted(commands, key=lambda one: (one.at, one.comment_id))
    return apply_commands(DEFAULTS, in_order, organizers=ORGANIZERS, named=meaning(in_order, NAMED))


@given(COMMANDS)
def test_strangers_commands_come_to_nothing(commands: list[GivenCommand]) -> None:
    theirs = [one for one in commands if one.author is not MALLORY]
    assert came_to(commands).rules == came_to(theirs).rules


@given(COMMANDS)
def test_every_command_has_an_outcome(commands: list[GivenCommand]) -> None:
    assert {outcome.command for outcome in came_to(commands).outcomes} == set(commands)


@given(COMMANDS, st.sampled_from(["close", "reopen"]))
def test_the_last_word_on_closing_decides(commands: list[GivenCommand], word: str) -> None:
    last = GivenCommand(100, 100, GRACE, parsed(word))
    assert (came_to([*commands, last]).rules.closed_at is not None) == (word == "close")
