from __future__ import annotations

from typing import Any

from bot.github.models.graphql import read_comments
from bot.petition.comments.commands import Sign
from bot.petition.comments.comment import Comment, Standing, Writer, merge, standing
from tests.github.deliveries import AT_NINE, AT_TEN, NINE, TEN, about_comment, comment

Json = dict[str, Any]

ADA: Json = {"__typename": "User", "login": "ada", "databaseId": 101}
MALLORY: Json = {"__typename": "User", "login": "mallory", "databaseId": 102}
ELEVEN = "2026-11-22T11:00:00Z"


def edit(text: str | None, at: str, by: Json | None = ADA) -> Json:
    return {"editedAt": at, "diff": text, "editor": by}


def node(body: str = "/sign", *edits: Json, author: Json | None = ADA, **fields: Any) -> Json:
    newest = edits[-1] if edits else None
    return {
        "fullDatabaseId": "5000000001",
        "body": body,
        "createdAt": NINE,
        "updatedAt": newest["editedAt"] if newest else NINE,
        "lastEditedAt": newest["editedAt"] if newest else None,
        "isMinimized": False,
        "author": author,
        "editor": newest["editor"] if newest else None,
        "userContentEdits": {"nodes": list(reversed(edits))},
        **fields,
    }


def known(told: Json) -> Comment:
    (one,) = read_comments([told], AT_TEN + 7200)
    return one


def stands(told: Json) -> Standing:
    return standing(known(told))


def test_a_comment_that_nobody_edited_is_written_by_its_author() -> None:
    assert stands(node("/sign Ada")) == Standing(Sign("Ada"), made_at=AT_NINE)


def test_hiding_moves_the_time_and_changes_no_text() -> None:
    assert stands(node("/sign", updatedAt=TEN, isMinimized=True)) == Standing(Sign(), made_at=AT_NINE, hidden=True)


def test_what_was_hidden_when_is_known_of_the_present_alone() -> None:
    told = known(node("/sign", edit("hello", NINE), edit("/sign", TEN), updatedAt=ELEVEN, isMinimized=True))
    assert [version.hidden for version in told.versions] == [None, None, True]


def test_an_edit_that_makes_a_command_makes_it_then() -> None:
    assert stands(node("/sign", edit("hello", NINE), edit("/sign", TEN))) == Standing(Sign(), made_at=AT_TEN)


def test_a_text_of_another_person_does_not_sign() -> None:
    assert stands(node("/sign", edit("hello", NINE), edit("/sign", TEN, MALLORY))).command is None


def test_a_text_shortened_by_another_person_still_signs_without_details() -> None:
    told = node("/sign", edit("/sign Ada, Engines", NINE), edit("/sign", TEN, MALLORY))
    assert stands(told) == Standing(Sign(), made_at=AT_NINE)


def test_the_authors_last_text_counts_whatever_another_person_wrote_before() -> None:
    told = node("/sign", edit("hello", NINE), edit("/sign Eve", TEN, MALLORY), edit("/sign", ELEVEN))
    assert stands(told).command == Sign()


def test_a_text_removed_from_the_history_was_no_command() -> None:
    told = node("/sign", edit("/sign", NINE), edit(None, TEN), edit("/sign", ELEVEN, MALLORY))
    assert stands(told).command is None


def test_the_newest_text_is_the_one_to_be_seen() -> None:
    assert stands(node("/sign", edit("hello", NINE), edit(None, TEN))).command == Sign()


def test_an_edited_comment_without_a_history_goes_by_its_last_editor() -> None:
    own = node("/sign", edit("/sign", TEN), userContentEdits=None)
    assert stands(own).command == Sign()
    others = node("/sign", edit("/sign", TEN, MALLORY), userContentEdits={"nodes": None})
    assert (stands(others).command, stands(others).unverified) == (None, True)


def test_a_deleted_editor_or_author_is_not_the_author() -> None:
    assert stands(node("/sign", author=None)).command is None
    assert stands(node("/sign", edit("hello", NINE, None), edit("/sign", TEN, None), author=None)).command is None
    assert stands(node("/sign", edit("hello", NINE), edit("/sign", TEN, None))).command is None
    nameless = {"__typename": "EnterpriseUserAccount", "login": "corp"}
    assert known(node("/sign", edit("/sign", NINE, nameless), author=nameless)).versions[0].writer is Writer.OTHER


def test_what_is_not_there_is_left_out() -> None:
    assert read_comments([None, {}, node()], 0)[0].id == 5_000_000_001
    assert len(read_comments([None, {}, node()], 0)) == 1


def test_history_and_deliveries_of_one_comment_agree() -> None:
    told = known(node("/sign", edit("hello", NINE), edit("/sign", TEN)))
    delivered = merge(
        comment(about_comment("created", "hello")),
        comment(about_comment("edited", "/sign", was="hello", updated_at=TEN)),
    )
    assert standing(merge(told, delivered)) == standing(told) == standing(delivered) == Standing(Sign(), AT_TEN)
