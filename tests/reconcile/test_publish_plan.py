"""What a publication records, writes and waits for, as a plan says it; nothing is read or written here."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from bot.github.models.rest import IssueRead
from bot.links import Addresses
from bot.petition import block
from bot.petition.comments.comment import body_digest
from bot.petition.facts_from_github import Issue, Repository
from bot.petition.letter_versions_and_translations import Letter
from bot.petition.organizer_commands import CommandResults
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Settings
from bot.petition.settings_file import read as read_settings
from bot.petition.tally import DigestSum, Signature
from bot.reconcile.lost_edit_decision import EditDecision, guard_body
from bot.reconcile.publish_load import changes_rules, new_letter, unrecorded
from bot.reconcile.publish_plan import (
    PublishPlan,
    ShownIssue,
    block_content,
    make_plan,
)
from bot.store import KnownBody, KnownSettings, OurWrite, Publication, Snapshot, State, Thread, outside_digest

NOW = 10_000.0
REPOSITORY = Repository(70, "acme", "letters")
ISSUE = Issue(1_000, 7, "Open the archive", frozenset({"petition"}), updated_at=500)
THREAD = Thread(ISSUE.id, REPOSITORY, ISSUE.number, 1, ISSUE.title, False, 0, 400)
PETITION = Snapshot(
    petition_id=ISSUE.id, installation_id=700, repository=REPOSITORY, title=ISSUE.title, page_key="key",
    labelled=True, closed_at=None, count=3, unlisted=0, digest=DigestSum().digest, newest=(), threads=(THREAD,),
    letters=(Letter(block.letter_digest("Dear all,"), 100, 0),), letter_changed=None, revision=9,
    published_revision=8, published_at=None, state=State.FINE, rules=Rules(), ended_at=None, final_count=None,
    anonymised_at=None, doubtful=0,
)  # fmt: skip
KNOWN = Publication(
    petition=PETITION, bodies={ISSUE.id: KnownBody()}, writes={}, settings=KnownSettings(read_at=1), commands=(),
    organizers={}, named={}, days=(), continuing_at=0,
)  # fmt: skip


def knowing(body: KnownBody, *writes: OurWrite) -> Publication:
    return replace(KNOWN, bodies={ISSUE.id: body}, writes={ISSUE.id: writes})


def shown(body: str, issue: Issue = ISSUE, *, is_ours: bool = False, known: Publication = KNOWN) -> ShownIssue:
    read, writes = (
        IssueRead(REPOSITORY, issue, body, read_at=int(NOW), created_at=1),
        known.writes.get(ISSUE.id, ()),
    )
    before = known.bodies[ISSUE.id]
    return ShownIssue(THREAD, read, before, guard_body(before, writes, read), is_ours)


def plan(known: Publication, one: ShownIssue, *, ready_at: float = 0.0, attempts: int = 0) -> PublishPlan:
    content = block_content(known, label="petition", addresses=Addresses(), now=NOW)
    return make_plan(
        known, [one], CommandResults(Rules()), content, label="petition", attempts=attempts,
        ready_at=lambda _: ready_at, now=NOW,
    )  # fmt: skip


def text_of(one: PublishPlan) -> str:
    (body,) = one.bodies
    assert body.change.text is not None
    return body.change.text


def test_a_body_without_a_block_gets_one_and_is_published() -> None:
    found = plan(KNOWN, shown("Dear all,"))
    line = block.machine_line(text_of(found))
    assert line is not None
    assert (line.count, found.revision, found.state) == (3, 9, State.FINE)
    assert found.requeue(None, NOW) is None
    assert [fact.as_of for fact in found.facts] == [NOW]


def test_a_body_that_says_it_already_stays() -> None:
    written = text_of(plan(KNOWN, shown("Dear all,")))
    known = knowing(KnownBody(left_digest=body_digest(written)))
    (body,) = plan(known, shown(written, known=known)).bodies
    assert (body.change.text, body.change.is_right) == (None, True)


def test_a_body_that_people_change_again_and_again_waits() -> None:
    known = knowing(KnownBody(left_digest="of ours"))
    (body,) = plan(known, shown("Dear all,", known=known), ready_at=NOW).bodies
    assert (body.repairs > 0, body.not_before) == (True, None)
    waiting = plan(known, shown("Dear all,", known=known), ready_at=NOW + 60, attempts=2)
    (body,) = waiting.bodies
    assert (body.change.text, body.change.is_right, body.not_before) == (None, False, NOW + 60)
    requeue = waiting.requeue(None, NOW)
    assert requeue is not None
    assert (requeue.after, requeue.state, requeue.attempts) == (NOW + 60, State.OVERWRITTEN, 2)
    sooner = waiting.requeue(NOW + 5, NOW)
    assert sooner is not None
    assert sooner.after == NOW + 5
    # GitHub may still show an older body of ours: nobody has changed that.
    (body,) = plan(known, shown("Dear all,", is_ours=True, known=known), ready_at=NOW + 60).bodies
    assert (body.repairs, body.not_before) == (0, None)


def test_a_lost_edit_is_put_back_with_our_block_whoever_else_edits() -> None:
    ours = text_of(plan(KNOWN, shown("Dear all,")))
    write = OurWrite(4, body_digest(ours), outside_digest("Dear all,"), outside_digest(ours))
    known = knowing(KnownBody(left_digest="other", lost="Dear everybody,", lost_by=4), write)
    (body,) = plan(known, shown(ours, known=known), ready_at=NOW + 60).bodies
    assert body.shown.decision is EditDecision.PUT_BACK
    assert body.change.text is not None
    assert block.letter(body.change.text) == "Dear everybody,"
    assert not body.change.settles_lost
    letter = new_letter(PETITION, [shown(ours, known=known)], NOW)
    assert letter is not None
    assert (letter.body, letter.at) == ("Dear everybody,", NOW)
    (body,) = plan(known, shown("Dear nobody,", known=known)).bodies
    assert (body.shown.decision, body.change.settles_lost) == (EditDecision.GIVEN_UP, True)
    assert block.letter(body.change.text) == "Dear nobody,"


def test_only_what_github_shows_otherwise_is_recorded_before() -> None:
    assert unrecorded(PETITION, [shown("Dear all,")], "petition") == []
    for issue in (
        replace(ISSUE, title="Shut it"),
        replace(ISSUE, locked=True),
        replace(ISSUE, closed_at=450),
        replace(ISSUE, labels=frozenset()),
    ):
        (fact,) = unrecorded(PETITION, [shown("Dear all,", issue)], "petition")
        assert (fact.issue, fact.as_of) == (issue, NOW)
    more_comments = replace(ISSUE, comments=5)
    assert unrecorded(PETITION, [shown("Dear all,", more_comments)], "petition") == []
    assert [one.issue.comments for one in plan(KNOWN, shown("Dear all,", more_comments)).facts] == [5]


def test_what_github_shows_otherwise_all_the_same_is_read_again_later() -> None:
    found = plan(KNOWN, shown("Dear all,", replace(ISSUE, locked=True)), attempts=3)
    requeue = found.requeue(None, NOW)
    assert found.facts == ()
    assert requeue is not None
    assert (requeue.after, requeue.state, requeue.attempts) == (NOW + 8, State.FINE, 4)


def test_a_letter_that_is_known_of_its_time_is_not_recorded_again() -> None:
    assert new_letter(PETITION, [shown("Dear  all,\n")], NOW) is None
    letter = new_letter(PETITION, [shown("Dear everybody,")], NOW)
    assert letter is not None
    assert (letter.body, letter.at, letter.as_created) == ("Dear everybody,", ISSUE.updated_at, False)
    edited = shown("Dear everybody,", known=knowing(KnownBody(edited_at=501)))
    assert new_letter(PETITION, [edited], NOW) is None


def test_rules_are_put_into_force_where_they_differ_or_signing_has_ended() -> None:
    rules = Rules(Settings(deadline=9_999))
    assert not changes_rules(CommandResults(Rules()), PETITION, NOW)
    assert changes_rules(CommandResults(rules), PETITION, NOW)
    assert not changes_rules(CommandResults(rules), replace(PETITION, rules=rules), 9_999.9)
    assert changes_rules(CommandResults(rules), replace(PETITION, rules=rules), NOW)
    assert not changes_rules(CommandResults(rules), replace(PETITION, rules=rules, ended_at=9_999), NOW)


def test_a_letter_that_leaves_no_room_is_a_state() -> None:
    assert plan(KNOWN, shown("x" * block.BODY_LIMIT)).state is State.NO_ROOM


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 2), ("show: login", 2), ("names: 0", 2), ("roster: private", 2), ("show: count", 0),
        ("names: 0\nroster: private", 0),
    ],
)  # fmt: skip
def test_the_block_says_how_many_are_not_listed_where_others_are(text: str, said: int) -> None:
    settings = read_settings(text)
    assert isinstance(settings, Settings)
    petition = replace(PETITION, unlisted=2, rules=Rules(settings))
    for expected, one in ((said, petition), (0, replace(petition, anonymised_at=1))):
        known = replace(KNOWN, petition=one)
        content = block_content(known, label="petition", addresses=Addresses(), now=NOW)
        assert content.unlisted == expected


def test_a_first_signatory_is_named_once_whatever_is_shown_of_them() -> None:
    ada, grace = Signature(1, "ada", 11, 300), Signature(2, "grace", 12, 400)
    known = replace(
        KNOWN, petition=replace(PETITION, newest=(grace, ada)), first=(replace(ada, name="Ada Lovelace"),)
    )
    content = block_content(known, label="petition", addresses=Addresses(), now=NOW)
    assert [one.login for one in (*content.first, *content.newest)] == ["ada", "grace"]


SITE = "https://acme.github.io/letters"
OURS = "https://petitions.example.org"


@pytest.mark.parametrize(
    ("public_url", "site", "private", "roster"),
    [
        (None, None, False, None),
        (None, SITE, False, f"{SITE}/petitions/acme/letters/7/"),
        (None, SITE, True, None),
        (OURS, SITE, False, f"{OURS}/petitions/acme/letters/7"),
        (OURS, SITE, True, f"{OURS}/petitions/acme/letters/7?key=key"),
    ],
)
def test_the_block_links_to_the_servers_pages_or_else_to_the_site_which_has_nothing_private(
    public_url: str | None, site: str | None, private: bool, roster: str | None
) -> None:
    repository = replace(REPOSITORY, private=private)
    known = replace(KNOWN, petition=replace(PETITION, repository=repository, rules=Rules(Settings(site=site))))
    addresses = Addresses(public_url=public_url, lets_sign_in=True)
    content = block_content(known, label="petition", addresses=addresses, now=NOW)
    assert content.roster_url == roster
    # Nobody can sign in on a site.
    assert (content.organizers_url is not None) is (public_url is not None)


def test_the_block_links_to_no_file_of_a_site_that_tells_who_has_signed_where_nobody_may_see_it() -> None:
    settings = Settings(site=SITE, public_roster=False)
    known = replace(KNOWN, petition=replace(PETITION, rules=Rules(settings)))
    content = block_content(known, label="petition", addresses=Addresses(), now=NOW)
    assert (content.csv_url, content.search_url) == (None, None)
    assert content.json_url == f"{SITE}/petitions/acme/letters/7/petition.json"


def test_what_another_counter_keeps_is_recorded_and_not_written() -> None:
    content = block_content(KNOWN, label="petition", addresses=Addresses(), now=NOW)
    one = shown("Dear all,", replace(ISSUE, comments=5))
    found = make_plan(
        KNOWN, [one], CommandResults(Rules()), content, label="petition", attempts=0, ready_at=lambda _: 0.0,
        now=NOW, counted_elsewhere=True,
    )  # fmt: skip
    assert (found.bodies, found.state, found.requeue(None, NOW)) == ((), State.COUNTED_ELSEWHERE, None)
    assert [fact.issue.comments for fact in found.facts] == [5]
