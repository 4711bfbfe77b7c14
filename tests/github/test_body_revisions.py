"""An issue's edit history, read from what GraphQL tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.github.errors import Unavailable
from bot.github.models.graphql import Revision, RevisionPage, read_revisions, read_texts
from tests.github.deliveries import AT_NINE, AT_TEN, NINE, TEN

Json = dict[str, Any]

ADA: Json = {"__typename": "User", "login": "ada", "databaseId": 101}
US: Json = {"__typename": "Bot", "login": "undersigned", "databaseId": 102}


def edit(number: int, by: Json | None = ADA, at: str = TEN) -> Json:
    return {"id": f"UCE_{number}", "editedAt": at, "editor": by}


def told(*edits: Json | None, more: str | None = None, **fields: Any) -> Json:
    history = {"nodes": list(edits), "pageInfo": {"hasNextPage": more is not None, "endCursor": more or "end"}}
    issue = {"fullDatabaseId": "7", "createdAt": NINE, "includesCreatedEdit": True, "userContentEdits": history}
    return {"issue": issue | fields}


def test_who_saved_it_is_called_as_rest_calls_them() -> None:
    page = read_revisions(told(edit(3, US), edit(2, None), edit(1), more="next"), 7)
    assert page == RevisionPage(
        (
            Revision("UCE_3", AT_TEN, "undersigned[bot]", by_person=False),
            Revision("UCE_2", AT_TEN),
            Revision("UCE_1", AT_TEN, "ada"),
        ),
        more="next",
    )


@pytest.mark.parametrize(("includes_created", "at"), [(True, AT_NINE), (False, AT_TEN)])
def test_the_text_as_first_written_is_as_old_as_the_issue(includes_created: bool, at: int) -> None:
    page = read_revisions(told(edit(2), edit(1), includesCreatedEdit=includes_created), 7)
    assert page is not None
    assert [one.at for one in page.revisions] == [AT_TEN, at]
    assert page.unedited is None


def test_a_body_that_nobody_edited_has_only_its_present_text() -> None:
    assert read_revisions(told(body="Dear all,"), 7) == RevisionPage((), unedited=(AT_NINE, "Dear all,"))
    assert read_revisions(told(body="Dear all,", userContentEdits=None), 7) == RevisionPage(
        (), unedited=(AT_NINE, "Dear all,")
    )
    assert read_revisions(told(), 7) == RevisionPage(())


def test_another_issue_or_none_is_not_read() -> None:
    for repository in (None, {"issue": None}, told(edit(1), fullDatabaseId="8")):
        assert read_revisions(repository, 7) is None


def test_what_was_removed_or_is_not_there_has_no_text() -> None:
    assert read_texts([{"id": "a", "diff": "A"}, {"id": "b", "diff": None}, None, {}]) == {"a": "A"}


def test_another_shape_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        read_revisions({"issue": {"fullDatabaseId": 7}}, 7)
    with pytest.raises(Unavailable):
        read_texts([{"id": 7}])
