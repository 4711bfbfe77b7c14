"""Until it is known whether a comment came by mail, nothing below a doubtful line counts; then it is settled."""

from __future__ import annotations

from itertools import permutations

import pytest
from msgspec.structs import replace

from bot.petition.comments.commands import (
    Command,
    Doubtful,
    OrganizerCommand,
    Phrase,
    Several,
    Sign,
    Unsign,
    restore,
)
from bot.petition.comments.comment import (
    Comment,
    Standing,
    Version,
    Writer,
    body_digest,
    merge,
    read_text,
    standing,
    without_details,
)
from bot.petition.organizer_commands import standing_commands
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Settings
from bot.petition.tally import Conditions, Reason, evaluate, explain
from tests.petition.simulation import ADA

DIVIDER = "-------- Teachtaireacht bhunúsach é --------"
BELOW = f"Yes.\n\n{DIVIDER}\n\n/sign Ada, Engines"
ABOVE = f"/sign Ada\n\n{DIVIDER}\n\n/unsign"


def wrote(body: str, by_mail: bool | None = None, at: int = 100, seen: int = 0) -> Comment:
    digest, command = read_text(body)
    return Comment(1, 100, ADA, at, (Version(at, digest, Writer.AUTHOR, command, seen=seen),), by_mail=by_mail)


@pytest.mark.parametrize(
    ("body", "unknown", "mailed", "typed"),
    [
        (BELOW, None, Phrase("", is_cut_off=True), Sign("Ada", "Engines")),
        (ABOVE, Sign("Ada"), Sign("Ada"), Unsign()),
        (f"/sign Ada\nYes.\n{DIVIDER}", Sign("Ada", reason="Yes."), None, None),
    ],
)
def test_what_a_doubtful_comment_means(
    body: str, unknown: Command | None, mailed: Command | None, typed: Command | None
) -> None:
    stands = standing(wrote(body))
    assert (_without_words(stands.command), stands.doubtful, stands.is_only_unclear) == (unknown, True, True)
    for by_mail, expected in ((True, mailed), (False, typed)):
        known = standing(wrote(body, by_mail))
        assert not known.doubtful
        assert expected is None or _without_words(known.command) == expected


def _without_words(command: Command | None) -> Command | None:
    if isinstance(command, Phrase):
        return Phrase("", is_cut_off=True) if command.is_cut_off else None
    return command


def test_what_is_known_once_stays_known_in_any_order() -> None:
    told = [wrote(BELOW), wrote(BELOW, by_mail=False, seen=500), wrote(BELOW, at=300), wrote(BELOW, seen=900)]
    stands = set[Standing]()
    for order in permutations(told):
        known = order[0]
        for one in order[1:]:
            known = merge(known, one)
        assert known.by_mail is False
        stands.add(standing(known))
    (only,) = stands
    assert (only.command, only.doubtful) == (Sign("Ada", "Engines"), False)


def test_the_command_was_made_with_the_comment_whenever_it_is_cleared_up() -> None:
    assert standing(merge(wrote(BELOW), wrote(BELOW, by_mail=False, seen=900))).made_at == 100


def test_a_deleted_comment_keeps_nothing() -> None:
    gone = merge(wrote(BELOW, by_mail=True), replace(wrote(BELOW), deleted=True))
    assert gone.by_mail is None
    assert gone.versions == ()


def test_erasing_takes_the_details_out_of_both_readings() -> None:
    erased = without_details(wrote(BELOW), until=100)
    assert erased.versions[0].command == Doubtful(Phrase(_digest("Yes."), is_cut_off=True), Sign())
    assert standing(replace(erased, by_mail=False)).command == Sign()


def _digest(words: str) -> str:
    command = read_text(words)[1]
    assert isinstance(command, Phrase)
    return command.digest


def test_who_is_cut_off_is_told_so_and_who_waits_waits() -> None:
    for body in (BELOW, f"On Mon, 2 Mar 2026 at 10:00, Ben <b@c.org> wrote:\n\n{'/sign Ben'}"):
        mailed = wrote(body, by_mail=True)
        assert evaluate([mailed]).refused == {1}
        found = explain([mailed])
        assert found is not None
        assert found.reason is Reason.CUT_OFF
    waiting = explain([wrote(BELOW)])
    assert waiting is not None
    assert waiting.reason is Reason.WAITING
    assert evaluate([wrote(BELOW)]).refused == set()
    assert evaluate([wrote(ABOVE)]).signature is not None


def test_a_phrase_that_the_organizers_accept_signs_above_a_quotation() -> None:
    rules = Rules(Settings(also_accept=("signed",)))
    for by_mail in (None, True, False):
        body = "Signed.\n\nOn Mon, 2 Mar 2026 at 10:00, Ben <b@c.org> wrote:\n\n/unsign"
        assert evaluate([wrote(body, by_mail)], Conditions(rules=rules)).signature is not None


DOUBT = "On Monday Ben wrote:"


@pytest.mark.parametrize(
    ("body", "by_mail", "signs"),
    [
        *[(f"I sign\n\n{DOUBT}\nPlease sign.", by_mail, by_mail is not False) for by_mail in (None, True, False)],
        *[(f"I sign\n\n{DOUBT}\n\n/unsign", by_mail, by_mail is not False) for by_mail in (None, True, False)],
        *[(f"I sign\n\n{DIVIDER}\n\n/unsign", by_mail, by_mail is not False) for by_mail in (None, True, False)],
        *[(f"Who says: I sign?\n\n{DOUBT}\nI sign", by_mail, False) for by_mail in (None, True, False)],
    ],
)
def test_words_sign_above_a_quotation(body: str, by_mail: bool | None, signs: bool) -> None:
    assert (evaluate([wrote(body, by_mail)]).signature is not None) is signs


def test_a_line_that_announces_a_quotation_is_no_name() -> None:
    stands = standing(wrote(f"/sign\n{DOUBT}\nhello", by_mail=False))
    assert stands.command == Sign(reason=f"{DOUBT}\nhello")


def test_erasing_leaves_what_organizers_said_in_both_readings() -> None:
    body = f"/petition respond Thanks.\n\n/sign Ada\n\n{DIVIDER}\n\n/unsign"
    erased = without_details(wrote(body), until=100)
    orders = (OrganizerCommand("respond", "Thanks."),)
    assert erased.versions[0].command == Doubtful(Several(orders, Sign()), Several(orders, Unsign()))
    assert restore(erased.versions[0].command.stored()) == erased.versions[0].command


@pytest.mark.parametrize("command", ["/petition close", "/sign Ada\n/petition close"])
def test_what_organizers_type_waits_below_a_doubtful_line(command: str) -> None:
    body = f"Yes.\n\n{DIVIDER}\n\n{command}"
    given = [bool(standing_commands([wrote(body, by_mail)])) for by_mail in (None, True, False)]
    assert given == [False, False, True]


def test_a_mistyped_command_of_organizers_in_a_quotation_is_not_answered() -> None:
    assert evaluate([wrote(f"Yes.\n\n{DIVIDER}\n\n/petiton close", by_mail=True)]).refused == set()


def test_digests_do_not_depend_on_how_a_comment_came() -> None:
    assert wrote(BELOW, by_mail=True).versions[0].digest == body_digest(BELOW)
