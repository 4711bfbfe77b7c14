"""CONTRIBUTING's recipe for a new command, followed: the command here is `/support`, which signs with a reason."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bot.petition.block import BlockContent, render_block
from bot.petition.comments.command_and_phrase_parser import parse
from bot.petition.comments.commands import COMMANDS, Command, Doubtful, Phrase, Several, Sign, Unsign
from bot.petition.comments.comment import Author, Comment, Version, Writer, standing
from bot.petition.organizer_commands import INSTRUCTIONS, NotUnderstood
from bot.petition.tally import digest, fold
from bot.store.comment_rows import CommentRow, read_comment, write_comment
from bot.store.recording.signatures_and_reactions import read_command

ADA = Author(7, "ada")


class Support(Command, frozen=True):
    """`/support`, with the reason on its line."""

    kind, codes = "sign", "x"

    reason: str | None = None

    @classmethod
    def parse(cls, details: str, _following: Sequence[str], /) -> Support:
        return cls(details or None)

    @property
    def effect(self) -> Sign:
        return Sign(reason=self.reason)

    def without_details(self) -> Support:
        return Support()


@pytest.fixture(autouse=True)
def support(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(COMMANDS, "support", Support)


def commented(text: str, *later: tuple[Writer, str]) -> Comment:
    """Return a comment of Ada's with this text, edited once a minute into the later ones."""
    versions, previous = [Version(100, text, Writer.AUTHOR, parse(text))], text
    for number, (writer, edited) in enumerate(later, 1):
        versions.append(Version(100 + 60 * number, edited, writer, parse(edited), previous))
        previous = edited
    return Comment(5, 100, ADA, 100, tuple(versions))


def test_it_is_parsed_where_it_was_text_before() -> None:
    assert parse("/Support because it is right") == Support("because it is right")
    assert parse("Dear all,\n\n/support") == Support()
    assert not isinstance(parse("/supporters"), Support)
    assert parse("`/support`") is None


@pytest.mark.parametrize("text", ["/support? what does it do", "/support ? what does it do"])
def test_a_question_about_it_does_not_sign(text: str) -> None:
    asked = parse(text)
    assert isinstance(asked, Phrase)
    assert (asked.is_attempt, asked.effect) == (True, None)


def test_who_takes_it_back_on_the_same_line_does_not_sign() -> None:
    assert parse("/support me, no: /unsign") == Unsign()


def test_it_stands_in_no_line_of_an_organizers_command() -> None:
    with pytest.raises(NotUnderstood):
        INSTRUCTIONS["recount"].parse("/support me")


def test_no_two_commands_share_a_letter_in_the_database() -> None:
    commands: list[type[Command]] = [*COMMANDS.values(), Phrase, Several, Doubtful]
    letters = [letter for command in commands for letter in command.codes]
    assert len(letters) == len(set(letters))


def test_it_is_stored_and_restored() -> None:
    row = CommentRow(commented("/support me"), issue_id=1, petition_id=2)
    read_command(row)
    restored = read_comment(write_comment(row))
    assert restored.command == "sign"
    assert restored.comment == row.comment
    assert standing(restored.comment).command == Support("me")


def test_it_is_counted_and_shown() -> None:
    (signature,) = signatures = fold([commented("/support because")])
    assert (signature.login, signature.reason, signature.signed_at) == ("ada", "because", 100)
    block = render_block(BlockContent(1, digest([signature.pair]), 200, newest=signatures))
    assert "1 person has signed" in block
    assert "[ada](https://github.com/ada)" in block


def test_somebody_elses_edit_takes_its_details_and_never_makes_one() -> None:
    (left,) = fold([commented("/support me", (Writer.OTHER, "/support them"))])
    assert left.reason is None
    assert fold([commented("/support me", (Writer.OTHER, "nothing"))]) == []
    assert fold([commented("nothing", (Writer.OTHER, "/support them"))]) == []


def test_its_author_may_edit_and_withdraw_it() -> None:
    (kept,) = fold([commented("/support me", (Writer.AUTHOR, "/support us"))])
    assert (kept.reason, kept.signed_at) == ("us", 100)
    assert fold([commented("/support me", (Writer.AUTHOR, "/unsign"))]) == []
