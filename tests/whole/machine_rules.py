"""What organizers order, what they set in a file, and what they do to the issues that continue a petition."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.models import Issue
from tests.whole.machine_letter import has_sound_block
from tests.whole.machine_steps import Choice, Impossible, action
from tests.whole.machine_truth import HIDDEN, PHRASE, THREE_NAMES, Meaning, Wishes
from tests.whole.machine_world import World

MOST_THREADS = 4
"""Issues of a petition after which no crowd comes any more."""

CROWD = 5

# Orders, by those who may give some and by those who may not


@action(16)
def order(world: World, choice: Choice) -> None:
    person = choice.of([*[world.organizer] * 15, *world.present])
    words, meaning = _order(world, choice)
    world.sandbox.comments.create(choice.of(world.threads), person, world.book.order(words, meaning))


def _order(world: World, choice: Choice) -> tuple[str, Meaning]:
    match choice.below(11):
        case 0:
            goals = _ladder(choice)
            return f"goal {', '.join(map(str, goals)) or 'none'}", Meaning("goal", goals=goals)
        case 1:
            return "close", Meaning("close")
        case 2 | 3:
            return "reopen", Meaning("reopen")
        case 4:
            at = int(world.clock()) + choice.of((5, 60, 3600, -60))
            return f"deadline {_written(at)}", Meaning("deadline", number=at)
        case 5:
            return "deadline none", Meaning("no deadline")
        case 6 | 7:
            fake = choice.of(world.fakes)
            return f"remove @{fake.login} as I say", Meaning("remove", number=fake.id)
        case 8:
            fake = choice.of(world.fakes)
            return f"restore @{fake.login.upper()}", Meaning("restore", number=fake.id)
        case 9:
            text = choice.of((world.fresh("Answer").replace("-", " "), ""))
            by = choice.of(("", "the Town Hall")) if text else ""
            named = f"from {by}: " if by else ""
            return f"respond {named}{text or 'none'}", Meaning("respond", text=text, name=by)
        case _:
            return choice.of(("recount", "help", "goal a hundred", "deadline soon", "celebrate", "")), Meaning(
                "order"
            )


# The settings file


@action(3)
def settle_things_in_a_file(world: World, choice: Choice) -> None:
    goals = _ladder(choice)
    wishes = Wishes(
        goals=goals,
        deadline=choice.of((None, None, None, int(world.clock()) + 60)),
        accepts_phrase=choice.below(2) == 0,
        names=choice.of((20, 3, 0)),
        first=choice.of(((), tuple(person.login for person in world.present[1::-1]))),
        show=choice.of(("all", "login", "count")),
        limit=choice.of((5, 7, 220)),
    )
    world.write_settings(choice.of(world.repositories), _file(wishes), wishes)


@action(1)
def empty_the_settings_file(world: World, choice: Choice) -> None:
    world.write_settings(choice.of(world.repositories), "", Wishes())


@action(2)
def make_a_mistake_in_the_settings_file(world: World, choice: Choice) -> None:
    mistake, restricted = choice.of(
        (
            ("goal: many", Wishes()),
            ("names: 3\ngoals: 5", THREE_NAMES),
            ("comments_per_thread: 5", Wishes()),
            ("- goal", HIDDEN),
            ("goal: [", HIDDEN),
            ("show: all", HIDDEN),
        )
    )
    world.write_settings(choice.of(world.repositories), mistake, None, restricted)


# Continuations


@action(3)
async def a_crowd_comes_and_the_bot_keeps_up(world: World, choice: Choice) -> None:
    last = world.threads[-1]
    if len(world.threads) == MOST_THREADS or len(last.comments) >= CROWD:
        raise Impossible
    for person in world.present[:CROWD]:
        world.sandbox.comments.create(last, person, world.book.phrase(choice.below(len(world.book))))
    await world.stage.sandbox.settled()
    await world.work_a_little(200)


@action(2)
def damage_the_line_that_tells_what_is_continued(world: World, choice: Choice) -> None:
    # What was done to the block before is forgiven; to take both together for a new letter would not be.
    sound = [one for one in _continuations(world) if has_sound_block(one.body or "")]
    issue = choice.of([one for one in sound if (one.body or "").startswith(_LINE)])
    world.save(issue, (issue.body or "").replace(_LINE, choice.of(("", "<!--", "<!-- undersigned:continues {}"))))


@action(1)
def label_a_continuation(world: World, choice: Choice) -> None:
    world.sandbox.issues.label(choice.of(_continuations(world)), world.organizer, "petition")


@action(1)
def delete_a_continuation(world: World, choice: Choice) -> None:
    world.delete(choice.of(world.threads[1:]))


def _continuations(world: World) -> list[Issue]:
    return [issue for issue in world.threads[1:] if world.is_taken_up(issue)]


def _ladder(choice: Choice) -> tuple[int, ...]:
    goal = choice.below(10)
    return (goal, goal + 2, goal + 9)[: 1 + choice.below(3)] if goal else ()


def _file(wishes: Wishes) -> str:
    lines = [
        f"goal: [{', '.join(map(str, wishes.goals))}]",
        f"also_accept: [{PHRASE.lower() if wishes.accepts_phrase else ''}]",
        f"names: {wishes.names}",
        f"first: [{', '.join(wishes.first)}]",
        f"show: {'[name, affiliation]' if wishes.show == 'all' else wishes.show}",
        f"comments_per_thread: {10 * wishes.limit}",
    ]
    if wishes.deadline is not None:
        lines.append(f"deadline: {_written(wishes.deadline)}")
    return "\n".join(lines)


def _written(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


_LINE = "<!-- undersigned:continues"
