"""Whatever comes in which order, how often and in what company: the rows are the same, and they add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.petition.comments.commands import Command, OrganizerCommand, Several, Sign, Unsign
from bot.petition.comments.comment import GHOST_ID, Author, Comment, Version, Writer, body_digest
from bot.petition.facts_from_github import CommentFact, Fact, Issue, IssueFact
from bot.petition.tally import Conditions, digest, explain, fold
from bot.store import RosterQuery, Store
from bot.store.comment_rows import CommentRow
from bot.store.recording import listings
from bot.store.recording.unit_of_work import read_comments_of
from tests.chance import examples
from tests.store.scene import INSTALLATION, REPOSITORY

AUTHORS = [Author(1, "ada"), Author(2, "grace"), Author(3, "alan"), Author(99, "helper[bot]", "Bot"), None]
COMMANDS: list[Command | None] = [
    None,
    Sign(),
    Sign("Ada", "Engines", "Because"),
    Sign("A."),
    Unsign(),
    OrganizerCommand("help"),
    Several((OrganizerCommand("help"),), Sign("Ada")),
    Several((OrganizerCommand("help"), OrganizerCommand("goal", "5")), Unsign()),
]
SHARED_STORE = settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

PER_DAY = "SELECT day, signatures FROM days WHERE petition_id = $1"
_issue_ids = count(10_000)
_comment_ids = count(6_000_000_000, 1_000)


@pytest.fixture(autouse=True, scope="module")
def small_portions() -> Iterator[None]:
    """Have listings recorded in parts."""
    with pytest.MonkeyPatch.context() as change:
        change.setattr(listings, "PORTION", 2)
        yield


@dataclass(frozen=True)
class Step:
    """Something somebody does; `which` chooses the comment or the person."""

    act: str
    which: int
    command: Command | None
    by: Writer
    pause: int


STEPS = st.builds(
    Step,
    st.sampled_from(
        ["write", "write", "write", "edit", "edit", "hide", "unhide", "delete", "ghost", "close", "reopen", "label"]
    ),
    st.integers(0, 4),
    st.sampled_from(COMMANDS),
    st.sampled_from([Writer.AUTHOR, Writer.AUTHOR, Writer.OTHER, Writer.UNKNOWN]),
    st.integers(0, 2),
)
HISTORIES = st.lists(STEPS, min_size=1, max_size=14)


def tell(history: Sequence[Step]) -> list[Fact]:
    """Tell a history as GitHub would, about an issue that nobody has heard of."""
    at = 1_000
    issue = Issue(next(_issue_ids), 1, "Open the archive", frozenset({"petition"}), updated_at=at)
    facts: list[Fact] = [IssueFact(INSTALLATION, REPOSITORY, issue, at)]
    comments: list[Comment] = []
    first_id = next(_comment_ids)
    for step in history:
        at += step.pause
        issue = replace(issue, updated_at=at)
        match step.act:
            case "close" | "reopen" | "label":
                issue = _change_issue(issue, step)
                facts.append(IssueFact(INSTALLATION, REPOSITORY, issue, at))
                continue
            case "write":
                version = Version(at, body_digest(repr(step.command)), Writer.AUTHOR, step.command)
                comments.append(Comment(first_id + len(comments), at, AUTHORS[step.which], at, (version,)))
                index = len(comments) - 1
            case _ if not comments or comments[step.which % len(comments)].deleted:
                continue
            case act:
                index = step.which % len(comments)
                comments[index] = _change(comments[index], act, step, at)
        facts.append(CommentFact(INSTALLATION, REPOSITORY, issue, comments[index]))
    # While the label is off, it does matter what we heard before; in the end it is on.
    issue = replace(issue, labels=frozenset({"petition"}), updated_at=at + 1)
    facts.append(IssueFact(INSTALLATION, REPOSITORY, issue, at + 1))
    return facts


def _change_issue(issue: Issue, step: Step) -> Issue:
    match step.act:
        case "close":
            return replace(issue, closed_at=issue.updated_at)
        case "reopen":
            return replace(issue, closed_at=None)
        case _:
            return replace(issue, labels=frozenset({"petition"} if step.which % 2 else {"bug"}))


def _change(comment: Comment, act: str, step: Step, at: int) -> Comment:
    last = comment.versions[-1]
    match act:
        case "delete":
            return replace(comment, deleted=True, versions=())
        case "ghost":
            return replace(comment, author=Author(GHOST_ID, "ghost"), author_at=at)
        case "edit":
            previous = None if step.by is Writer.UNKNOWN else last.digest
            version = Version(at, body_digest(repr(step.command)), step.by, step.command, previous)
        case _:
            version = Version(at, last.digest, Writer.UNKNOWN, last.command, hidden=act == "hide")
    return replace(comment, versions=(version,))


async def record(store: Store, groups: Sequence[Sequence[Fact]]) -> int:
    """Record groups of facts one after the other, each in one transaction; gives the petition's id."""
    for group in groups:
        await store._record(group)
    fact = groups[0][0]
    assert isinstance(fact, IssueFact)
    return fact.issue.id


async def picture(store: Store, petition_id: int) -> object:
    """Everything that must not depend on how it was told; comments are numbered anew."""
    snapshot = await store.petitions.get_snapshot(petition_id, 100)
    rows = sorted(await comment_rows(store, petition_id), key=lambda row: row.comment.id)
    numbers = {row.comment.id: number for number, row in enumerate(rows)}
    comments = [replace(row, comment=replace(row.comment, id=0), issue_id=0, petition_id=0) for row in rows]
    signatures = [replace(signature, comment_id=numbers[signature.comment_id]) for signature in snapshot.newest]
    threads = [(thread.title, thread.locked) for thread in snapshot.threads]
    return comments, signatures, snapshot.count, snapshot.closed_at, snapshot.labelled, threads


async def comment_rows(store: Store, petition_id: int) -> list[CommentRow]:
    return await store.database.read(lambda work: list(read_comments_of(work, petition_id)))


@st.composite
def tellings(draw: st.DrawFn) -> tuple[list[Step], list[list[int]]]:
    """A history, and an order, with repetitions and in groups, in which its facts arrive; the first stays first."""
    history = draw(HISTORIES)
    facts = len(tell(history))
    order = draw(st.permutations(range(1, facts)))
    order = [0, *order, *draw(st.lists(st.integers(0, facts - 1), max_size=5))]
    cuts = draw(st.lists(st.integers(1, len(order)), max_size=6))
    edges = [0, *sorted(set(cuts)), len(order)]
    return history, [order[start:end] for start, end in pairwise(edges) if start < end]


@SHARED_STORE
@given(telling=tellings())
async def test_any_order_repetition_and_grouping_gives_the_same_rows(
    store: Store, telling: tuple[list[Step], list[list[int]]]
) -> None:
    history, groups = telling
    in_order = await record(store, [[fact] for fact in tell(history)])
    facts = tell(history)
    shuffled = await record(store, [[facts[index] for index in group] for group in groups])
    assert await picture(store, shuffled) == await picture(store, in_order)


@SHARED_STORE
@given(history=HISTORIES)
async def test_kept_signatures_are_what_the_comments_say(store: Store, history: list[Step]) -> None:
    petition_id = await record(store, [[fact] for fact in tell(history)])
    snapshot = await store.petitions.get_snapshot(petition_id, 100)
    comments = [row.comment for row in await comment_rows(store, petition_id)]
    counted = fold(comments, Conditions(snapshot.closed_at))
    assert sorted(snapshot.newest, key=lambda signature: signature.user_id) == counted
    assert snapshot.count == len(counted)
    assert snapshot.digest == digest((signature.user_id, signature.comment_id) for signature in counted)
    per_day = sum(count for _, count in await store.database.read(lambda work: work.fetch(PER_DAY, petition_id)))
    assert per_day == len(counted)
    found = await store.consistency.inspect(petition_id)
    assert found is not None
    assert (found.count, found.digest, found.discrepancies) == (snapshot.count, snapshot.digest, ())


IN_DOUBT = [
    Step("write", 0, None, Writer.AUTHOR, 0),
    Step("edit", 0, Sign(), Writer.UNKNOWN, 1),
    Step("write", 0, None, Writer.AUTHOR, 1),
]
"""A comment waits to be looked up, and the same person has said something else since."""


@SHARED_STORE
@given(history=HISTORIES)
@example(history=IN_DOUBT)
async def test_whoever_is_not_counted_is_told_why_by_all_that_they_said(store: Store, history: list[Step]) -> None:
    petition_id = await record(store, [[fact] for fact in tell(history)])
    snapshot = await store.petitions.get_snapshot(petition_id, 100)
    comments = [row.comment for row in await comment_rows(store, petition_id)]
    for author in AUTHORS[:3]:
        assert author is not None
        details = await store.rosters.get_details(petition_id, RosterQuery(text=author.login))
        found = details and details.not_counted
        said = [one for one in comments if one.author == author]
        told = explain(said, Conditions(snapshot.closed_at))
        assert (found and (found.reason, found.comment_id)) == (told and (told.reason, told.comment_id))


@SHARED_STORE
@given(history=HISTORIES)
async def test_a_listing_of_what_is_there_brings_no_news(store: Store, history: list[Step]) -> None:
    petition_id = await record(store, [tell(history)])
    before = await store.petitions.get_snapshot(petition_id, 100)
    there = [row.comment for row in await comment_rows(store, petition_id) if row.comment.present]
    outcome = await store.record_listing(petition_id, 9_000, there, complete=True)
    after = await store.petitions.get_snapshot(petition_id, 100)
    assert (outcome.changed, outcome.repaired) == (0, 0)
    assert (after.count, after.revision, after.newest) == (before.count, before.revision, before.newest)
