from __future__ import annotations

import pytest

from bot.petition.comments.comment import Author, Writer, body_digest
from bot.petition.facts_from_github import (
    BodyEdit,
    InstallationFact,
    Issue,
    IssueGone,
    Repository,
    RepositoryFact,
    SettingsFact,
)
from tests.github.deliveries import (
    ADA,
    AT_NINE,
    AT_TEN,
    EXAMPLES,
    GHOST,
    ISSUE,
    MALLORY,
    NINE,
    OTHER_REPOSITORY,
    OUR_BOT,
    TEN,
    Json,
    about_comment,
    about_installation,
    about_issue,
    about_push,
    about_repository,
    comment,
    comment_fact,
    deliver,
    issue_fact,
    version,
)

LETTER = Repository(7, "league", "letter")
ARCHIVE = Repository(8, "league", "archive")

# Comments


def test_a_new_comment_is_written_by_its_author() -> None:
    said = comment(about_comment("created", "/sign"))
    assert (said.id, said.created_at, said.author) == (5_000_000_001, AT_NINE, Author(101, "ada"))
    assert version(about_comment("created")).writer is Writer.AUTHOR


def test_an_authors_edit_is_written_by_the_author_and_names_what_it_replaced() -> None:
    edit = version(about_comment("edited", "/unsign", was="/sign", updated_at=TEN))
    assert (edit.writer, edit.previous, edit.at) == (Writer.AUTHOR, body_digest("/sign"), AT_TEN)


def test_another_persons_edit_is_not_written_by_the_author() -> None:
    edit = version(about_comment("edited", "/sign", was="hello", sender=MALLORY))
    assert (edit.writer, edit.previous) == (Writer.OTHER, body_digest("hello"))


def test_an_edit_that_changes_nothing_does_not_show_the_writer() -> None:
    edit = version(about_comment("edited", "/sign", was="/sign", sender=MALLORY, minimized={"reason": "spam"}))
    assert (edit.writer, edit.previous, edit.hidden) == (Writer.UNKNOWN, None, True)


def test_a_change_of_line_endings_alone_is_no_edit() -> None:
    assert version(about_comment("edited", "/sign\r\nyes", was="/sign\nyes")).writer is Writer.UNKNOWN


def test_an_unhide_is_shown_by_a_key_that_is_null() -> None:
    fact = comment_fact(about_comment("edited", "/sign", was="/sign", sender=MALLORY, minimized=None))
    assert (fact.comment.versions[0].hidden, fact.recheck) == (False, False)


def test_a_hide_that_is_not_shown_must_be_looked_up() -> None:
    fact = comment_fact(about_comment("edited", "/sign", was="/sign", sender=MALLORY))
    assert (fact.comment.versions[0].hidden, fact.recheck) == (None, True)


@pytest.mark.parametrize(
    "payload",
    [
        about_comment("created"),
        about_comment("edited", "/unsign", was="/sign"),
        about_comment("deleted"),
        about_comment("pinned"),
    ],
)
def test_what_cannot_be_a_hide_need_not_be_looked_up(payload: Json) -> None:
    assert not comment_fact(payload).recheck


def test_an_edit_without_its_changes_does_not_show_the_writer_and_must_be_looked_up() -> None:
    fact = comment_fact(about_comment("edited", "/sign"))
    assert (fact.comment.versions[0].writer, fact.recheck) == (Writer.UNKNOWN, True)


def test_an_edit_without_a_sender_does_not_show_the_writer() -> None:
    payload = about_comment("edited", "/sign", was="hello") | {"sender": None}
    assert version(payload).writer is Writer.UNKNOWN


@pytest.mark.parametrize("action", ["pinned", "unpinned"])
def test_pinning_does_not_show_the_writer(action: str) -> None:
    assert version(about_comment(action, sender=MALLORY)).writer is Writer.UNKNOWN


def test_a_deleted_comment_is_gone_with_its_text() -> None:
    gone = comment(about_comment("deleted", sender=MALLORY))
    assert (gone.deleted, gone.versions, gone.author) == (True, (), Author(101, "ada"))


def test_a_comment_of_a_deleted_account_does_not_sign() -> None:
    assert comment(about_comment("created", user=None)).author is None
    ghost = comment(about_comment("created", user=GHOST)).author
    assert ghost is not None
    assert not ghost.can_sign


def test_a_null_author_did_not_write_an_edit() -> None:
    assert version(about_comment("edited", "/sign", was="hello", user=None, sender=ADA)).writer is Writer.OTHER


def test_ids_beyond_32_bits_are_ids() -> None:
    assert comment(about_comment("created", id=2**63 - 1)).id == 2**63 - 1


def test_comments_on_pull_requests_are_not_ours() -> None:
    payload = about_comment("created")
    payload["issue"] = ISSUE | {"pull_request": {"url": "https://api.github.com/repos/league/letter/pulls/3"}}
    assert deliver("issue_comment", payload).facts == ()


def test_a_comment_brings_its_issue_and_repository_along() -> None:
    fact = comment_fact(about_comment("created"))
    issue = Issue(
        id=70,
        number=3,
        title="Keep the lights on",
        labels=frozenset({"petition"}),
        comments=4,
        updated_at=AT_TEN,
    )
    assert (fact.installation_id, fact.repository, fact.issue) == (5, LETTER, issue)


# Issues


@pytest.mark.parametrize("action", ["labeled", "reopened", "unlocked"])
def test_what_may_have_happened_meanwhile_is_read_again(action: str) -> None:
    assert issue_fact(about_issue(action)).reread


@pytest.mark.parametrize("action", ["opened", "edited", "unlabeled", "closed", "locked"])
def test_other_news_of_an_issue_costs_no_reading(action: str) -> None:
    assert not issue_fact(about_issue(action)).reread


def test_a_closed_issue_knows_when() -> None:
    assert issue_fact(about_issue("closed", state="closed", closed_at=NINE)).issue.closed_at == AT_NINE


def test_an_issue_closed_at_an_unknown_time_was_closed_by_its_last_change() -> None:
    assert issue_fact(about_issue("closed", state="closed", closed_at=None)).issue.closed_at == AT_TEN


def test_a_reopened_issue_is_open() -> None:
    assert issue_fact(about_issue("reopened", state="open", closed_at=NINE)).issue.closed_at is None


def test_a_lock_is_seen() -> None:
    assert issue_fact(about_issue("locked", locked=True)).issue.locked


def test_labels_come_as_objects_or_as_names_and_their_case_does_not_count() -> None:
    issue = issue_fact(about_issue("labeled", labels=[{"name": "PETITION"}, "Bug", {"name": None}, None])).issue
    assert issue.labels == {"petition", "bug"}


def test_a_body_edit_has_the_replaced_text_and_the_editor() -> None:
    fact = issue_fact(about_issue("edited", changes={"body": {"from": "Dear mayor"}}, body="Dear council"))
    assert fact.edit == BodyEdit(previous="Dear mayor", body="Dear council", by_app=False)


def test_our_own_body_edit_is_known_as_an_apps() -> None:
    fact = issue_fact(about_issue("edited", sender=OUR_BOT, changes={"body": {"from": None}}, body=None))
    assert fact.edit == BodyEdit(previous="", body="", by_app=True)


def test_an_edited_title_is_no_edited_body() -> None:
    assert issue_fact(about_issue("edited", changes={"title": {"from": "Lights"}})).edit is None


def test_a_deleted_issue_is_gone() -> None:
    assert deliver("issues", about_issue("deleted")).facts == (IssueGone(5, LETTER, 70),)


MOVED = ISSUE | {"id": 71, "number": 1}


def test_a_transferred_issue_is_gone_and_has_its_new_place() -> None:
    changes = {"new_issue": MOVED, "new_repository": OTHER_REPOSITORY}
    (gone,) = deliver("issues", about_issue("transferred", changes=changes)).facts
    assert isinstance(gone, IssueGone)
    assert gone.moved_to is not None
    assert (gone.issue_id, gone.moved_to[0], gone.moved_to[1].id) == (70, ARCHIVE, 71)


def test_both_sides_of_a_transfer_give_the_same_move() -> None:
    left = about_issue("transferred", changes={"new_issue": MOVED, "new_repository": OTHER_REPOSITORY})
    arrived = about_issue("opened", changes={"old_issue": ISSUE, "old_repository": left["repository"]}) | {
        "issue": MOVED,
        "repository": OTHER_REPOSITORY,
    }
    arrival, move = deliver("issues", arrived).facts
    assert getattr(arrival, "reread", False)
    assert (move,) == deliver("issues", left).facts


def test_a_transfer_whose_other_side_has_no_owner_stays_with_the_owner() -> None:
    elsewhere = {key: value for key, value in OTHER_REPOSITORY.items() if key != "owner"}
    (gone,) = deliver(
        "issues", about_issue("transferred", changes={"new_issue": MOVED, "new_repository": elsewhere})
    ).facts
    assert isinstance(gone, IssueGone)
    assert gone.moved_to is not None
    assert gone.moved_to[0] == ARCHIVE


def test_an_arrival_from_nowhere_is_read_again_all_the_same() -> None:
    fact = issue_fact(about_issue("opened", changes={"old_issue": None, "old_repository": OTHER_REPOSITORY}))
    assert fact.reread


# Repositories and installations


def test_a_private_repository_is_known_as_such() -> None:
    (fact,) = deliver("repository", about_repository("privatized", private=True, updated_at=TEN)).facts
    assert fact == RepositoryFact(5, Repository(7, "league", "letter", private=True), as_of=AT_TEN)


SETTINGS = {"added": ["LICENSE"], "modified": [".github/petition.yml"]}
OTHERS = {"added": ["LICENSE"], "modified": ["docs/.github/petition.yml"], "removed": []}


@pytest.mark.parametrize(
    "push",
    [
        about_push(SETTINGS),
        about_push(OTHERS, {"added": [".github/petition.yml"]}),
        about_push({"removed": [".github/petition.yml"]}),
        about_push(OTHERS, forced=True),
        about_push(),
        about_push(*[OTHERS] * 2_048),
        about_push({"added": [f"{number}.txt" for number in range(3_000)]}),
    ],
    ids=[
        "changed",
        "added",
        "removed",
        "forced",
        "no commits",
        "more than are listed",
        "more files than are listed",
    ],
)
def test_a_push_that_may_have_changed_the_settings_is_a_fact(push: Json) -> None:
    delivery = deliver("push", push)
    assert (delivery.action, delivery.facts) == (None, (SettingsFact(5, LETTER.id),))


def test_a_push_of_text_files_names_them_because_they_may_be_translations() -> None:
    push = about_push({"added": ["b/letter.de.MD", "code.py"]}, {"modified": ["a.txt", "b/letter.de.MD"]})
    assert deliver("push", push).facts == (SettingsFact(5, LETTER.id, ("a.txt", "b/letter.de.MD")),)


@pytest.mark.parametrize(
    "push",
    [
        about_push(OTHERS),
        about_push(*[OTHERS] * 2_047),
        about_push(SETTINGS, ref="refs/heads/draft"),
        about_push(SETTINGS, ref="refs/tags/main"),
        {key: value for key, value in about_push(SETTINGS).items() if key != "installation"},
    ],
    ids=["other files", "many other files", "another branch", "a tag", "no App"],
)
def test_a_push_of_something_else_means_nothing(push: Json) -> None:
    assert deliver("push", push).facts == ()


def test_a_renamed_repository_keeps_its_id() -> None:
    (fact,) = deliver("repository", about_repository("renamed", name="open-letter")).facts
    assert fact == RepositoryFact(5, Repository(7, "league", "open-letter"), as_of=AT_NINE)


def test_a_deleted_repository_is_deleted() -> None:
    (fact,) = deliver("repository", about_repository("deleted")).facts
    assert isinstance(fact, RepositoryFact)
    assert fact.deleted


def installation(event: str, payload: Json) -> InstallationFact:
    (fact,) = deliver(event, payload).facts
    assert isinstance(fact, InstallationFact)
    return fact


def test_a_new_installation_brings_its_repositories() -> None:
    fact = installation("installation", about_installation("created", repositories=[{"id": 7}, {"id": 8}]))
    assert fact == InstallationFact(5, "league", AT_NINE, repositories_added=(7, 8))


def test_a_removed_installation_has_nothing_to_add() -> None:
    fact = installation("installation", about_installation("deleted", repositories=[{"id": 7}]))
    assert (fact.deleted, fact.repositories_added) == (True, ())


def test_a_suspension_is_seen_in_either_way_of_writing_times() -> None:
    base = about_installation("suspend")["installation"]
    for moment in (TEN, "2026-11-22T06:00:00.000-04:00", AT_TEN):
        fact = installation(
            "installation", about_installation("suspend", installation=base | {"suspended_at": moment})
        )
        assert (fact.suspended, fact.as_of) == (True, AT_TEN)


def test_an_enterprise_has_a_slug_for_a_name() -> None:
    base = about_installation("created")["installation"]
    for account, name in (({"slug": "acme"}, "acme"), (None, ""), ({"login": "league"}, "league")):
        fact = installation("installation", about_installation("created", installation=base | {"account": account}))
        assert fact.account == name


def test_repositories_come_and_go() -> None:
    payload = about_installation("added", repositories_added=[{"id": 8}], repositories_removed=[{"id": 7}, {}])
    fact = installation("installation_repositories", payload)
    assert (fact.repositories_added, fact.repositories_removed) == ((8,), (7,))


# What is not ours


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("ping", {"zen": "Keep it simple.", "hook_id": 1, "hook": {"type": "App"}}),
        ("star", {"action": "created"}),
        ("github_app_authorization", {"action": "revoked", "sender": {"id": 7, "login": "grace"}}),
        ("", {}),
        ("issues", about_issue("pinned")),
        ("issues", {"action": "turned_into_a_newt", "issue": "?"}),
        ("issue_comment", about_comment("glued")),
        ("issue_comment", {}),
        ("repository", about_repository("edited", updated_at="yesterday")),
        ("installation", about_installation("pondered")),
        ("star", {"action": 7}),
    ],
)
def test_unknown_events_and_actions_are_ignored(event: str, payload: Json) -> None:
    assert deliver(event, payload).facts == ()


@pytest.mark.parametrize("event", ["issue_comment", "issues", "repository"])
def test_a_webhook_of_a_repository_without_the_app_is_ignored(event: str) -> None:
    for payload in EXAMPLES[event]:
        without = {key: value for key, value in payload.items() if key != "installation"}
        assert deliver(event, without).facts == ()


def test_a_delivery_has_its_event_action_and_repository() -> None:
    delivery = deliver("issue_comment", about_comment("created"))
    assert (delivery.event, delivery.action, delivery.repository_id) == ("issue_comment", "created", 7)
