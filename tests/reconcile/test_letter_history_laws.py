"""With its history the versions of a letter are the true ones, whatever else was told, in whichever order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.github.models.graphql import Revision
from bot.petition.block.body import letter_digest
from bot.petition.facts_from_github import BodyEdit, Issue, IssueFact, Repository
from bot.reconcile.letter_history_and_translations import select_revisions
from bot.store import Store
from tests.chance import examples
from tests.reconcile.scene import Scene
from tests.store.scene import list_letters

HERE = Repository(70, "acme", "letters")
OPENED = 1_000
_issue_ids = count(50_000)


@dataclass(frozen=True)
class Saved:
    """A body, when it was saved, and what it replaced."""

    at: int
    body: str
    previous: str = ""


BODIES = st.sampled_from(["A", "B", "C", "A ", "B\r\n"])


@st.composite
def lives(draw: st.DrawFn) -> tuple[list[Saved], list[tuple[str, int]]]:
    """A letter as it was saved again and again, and what we hear of it: each of `delivery`, `look` and `past`."""
    saved, at = [Saved(OPENED, draw(BODIES))], OPENED
    for pause, bodies in draw(
        st.lists(st.tuples(st.integers(2, 5), st.lists(BODIES, min_size=1, max_size=2)), max_size=5)
    ):
        at += pause
        for body in bodies:
            saved.append(Saved(at, body, saved[-1].body))
    heard = [("delivery", number) for number in range(1, len(saved)) if draw(st.booleans())]
    heard += draw(st.lists(st.sampled_from(heard), max_size=2)) if heard else []
    # Looks come in the order of time; what they show is what was there then.
    looks = sorted(draw(st.sets(st.integers(0, len(saved) - 1), max_size=3)))
    news = draw(st.permutations([*heard, ("past", 0), *[("look", -1)] * len(looks)]))
    order = iter(looks)
    return saved, [(kind, next(order) if kind == "look" else number) for kind, number in news]


def both(first: str, last: str) -> tuple[list[Saved], list[tuple[str, int]]]:
    """Let two bodies be saved in one second, and only the first one be told of by a delivery."""
    then = OPENED + 3
    saved = [Saved(OPENED, "C"), Saved(then, first, "C"), Saved(then, last, first), Saved(then + 5, "D", last)]
    return saved, [("past", 0), ("delivery", 1)]


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=lives())
@example(life=both("A", "B"))
@example(life=both("B", "A"))
async def test_with_its_history_a_letter_s_versions_are_the_true_ones(
    stage: Scene, life: tuple[list[Saved], list[tuple[str, int]]]
) -> None:
    saved, news = life
    issue = Issue(next(_issue_ids), 1, "A letter", frozenset({"petition"}), updated_at=OPENED)
    await stage.store.record([IssueFact(1, HERE, issue, OPENED)])
    for kind, number in news:
        match kind:
            case "delivery":
                await deliver(stage.store, issue, saved[number])
            case "look" if is_last_of_its_second(saved, number):
                await stage.store.letters.record(issue.id, issue.id, saved[number].body, saved[number].at)
            case "past":
                await tell_past(stage.store, issue, saved)
    versions = await list_letters(stage.store, issue.id)
    for at in range(OPENED, saved[-1].at + 3):
        if {at, at + 1}.isdisjoint(one.at for one, other in pairwise(saved) if one.at == other.at):
            (*_, true) = (one.body for one in saved if one.at <= at)
            (*_, told) = (one.digest for one in versions if one.seen_at <= at)
            assert told == letter_digest(true)


def is_last_of_its_second(saved: Sequence[Saved], number: int) -> bool:
    return number == len(saved) - 1 or saved[number + 1].at > saved[number].at


async def deliver(store: Store, issue: Issue, saved: Saved) -> None:
    edit = BodyEdit(saved.previous, saved.body, by_app=False)
    await store.record([IssueFact(1, HERE, replace(issue, updated_at=saved.at), saved.at, edit=edit)])


async def tell_past(store: Store, issue: Issue, saved: Sequence[Saved]) -> None:
    revisions = [Revision(f"{number}", one.at) for number, one in enumerate(saved)][::-1]
    told = select_revisions(revisions)
    await store.letters.record_history(
        issue.id, [(at, saved[int(one.id)].body) for one in told for at in one.stands_at]
    )
