"""Until it is known whether a comment came by mail, nothing below a doubtful line counts; then it is settled."""

from __future__ import annotations

from itertools import permutations

import pytest
from msgspec.structs import replace

from bot.petition.comments.commands import Command, Doubtful, Phrase, Sign, Unsign
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
from bot.petition.counting.tally import Reason, evaluate, explain
from bot.petition.organizers.rules_in_force import Rules
from bot.petition.organizers.settings import Settings
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
        assert evaluate([wrote(body, by_mail)], rules=rules).signature is not None


def test_digests_do_not_depend_on_how_a_comment_came() -> None:
    assert wrote(BELOW, by_mail=True).versions[0].digest == body_digest(BELOW)
