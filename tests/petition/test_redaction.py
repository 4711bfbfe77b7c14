from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.petition.comments.commands import Command, OrganizerCommand, Several, Sign, Unsign
from bot.petition.comments.comment import (
    END_OF_TIME,
    Author,
    Comment,
    Version,
    Writer,
    body_digest,
    merge,
    standing,
    without_details,
)

ADA = Author(1, "ada")
SIGNED = Version(100, body_digest("a"), Writer.AUTHOR, Sign("Ada", "Engines", "Because"))
COMMENT = Comment(7, 100, ADA, 100, (SIGNED,))


def test_who_signed_is_forgotten_and_that_somebody_did_is_not() -> None:
    bare = without_details(COMMENT, 200)
    assert standing(bare).command == Sign()
    assert bare.author == Author(1, "")
    assert (bare.id, bare.versions[0].digest) == (COMMENT.id, SIGNED.digest)


def test_forgetting_again_and_reading_the_same_again_changes_nothing() -> None:
    bare = without_details(COMMENT, 200)
    assert without_details(bare, 200) == bare
    seen = replace(COMMENT, author_at=900, versions=(replace(SIGNED, seen=900),))
    again = without_details(merge(bare, seen), 200)
    assert (again.author, standing(again).command) == (Author(1, ""), Sign())


def test_the_same_words_hidden_and_shown_again_are_no_new_words() -> None:
    shown = Version(300, SIGNED.digest, Writer.UNKNOWN, SIGNED.command, hidden=False)
    again = without_details(merge(COMMENT, replace(COMMENT, versions=(shown,))), 200)
    assert (again.author, standing(again).command) == (Author(1, ""), Sign())


def test_what_somebody_else_makes_of_the_words_is_not_their_will() -> None:
    edit = Version(300, body_digest("b"), Writer.OTHER, Sign("Ada L."), previous=SIGNED.digest)
    again = without_details(merge(COMMENT, replace(COMMENT, versions=(edit,))), 200)
    assert (again.author, standing(again).command) == (Author(1, ""), Sign())


def test_nobody_is_listed_by_an_edit_of_somebody_else_nor_by_being_forgotten() -> None:
    unlisted = replace(COMMENT, versions=(replace(SIGNED, command=Sign(unlisted=True)),))
    edit = Version(300, body_digest("b"), Writer.OTHER, Sign("Ada L."), previous=SIGNED.digest)
    assert standing(merge(unlisted, replace(unlisted, versions=(edit,)))).command == Sign(unlisted=True)
    assert standing(without_details(unlisted, 200)).command == Sign(unlisted=True)


@pytest.mark.parametrize("writer", [Writer.OTHER, Writer.UNKNOWN])
def test_an_edit_that_asks_not_to_be_listed_is_believed_whoever_wrote_it(writer: Writer) -> None:
    edit = Version(300, body_digest("b"), writer, Sign(unlisted=True), previous=SIGNED.digest)
    assert standing(merge(COMMENT, replace(COMMENT, versions=(edit,)))).command == Sign(unlisted=True)


def test_what_is_written_later_is_their_will_again() -> None:
    edit = Version(300, body_digest("b"), Writer.AUTHOR, Sign("A. L."), previous=SIGNED.digest)
    again = without_details(merge(COMMENT, replace(COMMENT, versions=(edit,))), 200)
    assert (again.author, standing(again).command) == (ADA, Sign("A. L."))
    assert without_details(COMMENT, 99) == COMMENT


def test_withdrawals_and_commands_stay_what_they_are() -> None:
    for command in (Unsign(), OrganizerCommand("goal", "500"), None):
        comment = replace(COMMENT, versions=(replace(SIGNED, command=command),))
        assert without_details(comment, END_OF_TIME).versions == comment.versions


GOAL = OrganizerCommand("goal", "500")


def test_of_a_signature_beside_commands_the_details_go_and_the_commands_stay() -> None:
    comment = replace(COMMENT, versions=(replace(SIGNED, command=Several((GOAL,), Sign("Ada"))),))
    bare = without_details(comment, END_OF_TIME)
    assert standing(bare).command == Several((GOAL,), Sign())
    assert without_details(bare, END_OF_TIME) == bare


@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        (Several((GOAL,), Sign("Ada")), Several((GOAL,), Sign("Ben")), Sign()),
        (Several((GOAL,), Sign("Ada")), Sign("Ben"), Sign()),
        (Several((GOAL,), Sign("Ada")), GOAL, None),
        (Several((GOAL,), Sign("Ada")), Several((GOAL,), Unsign()), None),
        (Several((GOAL,), Unsign()), Sign(), Unsign()),
        (Several((GOAL, GOAL)), Several((GOAL, GOAL)), None),
        (Sign("Ada"), Several((GOAL,), Sign("Ben")), Sign()),
        (Sign("Ada"), Several((GOAL,), Unsign()), None),
        (GOAL, Several((GOAL,), Sign("Ben")), None),
        (None, Several((GOAL,), Sign("Ben")), None),
    ],
)
def test_what_somebody_else_makes_of_commands_gives_none_and_signs_nobody(
    before: Command | None, after: Command | None, left: Command | None
) -> None:
    edit = Version(300, body_digest("b"), Writer.OTHER, after, previous=SIGNED.digest)
    written = replace(COMMENT, versions=(replace(SIGNED, command=before),))
    assert standing(merge(written, replace(COMMENT, versions=(edit,)))).command == left


def test_a_withdrawal_beside_commands_is_believed_whoever_wrote_it() -> None:
    edit = Version(300, body_digest("b"), Writer.UNKNOWN, Several((GOAL,), Unsign()))
    assert standing(merge(COMMENT, replace(COMMENT, versions=(edit,)))).command == Unsign()


def test_of_a_comment_that_nobody_wrote_there_is_nothing_to_forget() -> None:
    nobodys = replace(COMMENT, author=None, versions=())
    assert without_details(nobodys, END_OF_TIME) == nobodys


def test_of_a_deleted_comment_only_its_number_is_kept() -> None:
    gone = merge(COMMENT, replace(COMMENT, deleted=True, versions=()))
    assert gone == Comment(7, 100, None, 0, (), deleted=True)
    assert merge(COMMENT, gone) == merge(gone, COMMENT) == gone
