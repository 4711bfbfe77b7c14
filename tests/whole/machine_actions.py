"""Everything that can happen to a petition: what people, organizers, GitHub and the bot's host do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from sandbox.faults import Faults
from sandbox.models import Comment, Issue, Refused
from tests.whole import machine_letter as letters
from tests.whole.machine_steps import Choice, Impossible, action
from tests.whole.machine_truth import blocks
from tests.whole.machine_world import HOUR, World, newest

# What people do


@action(30)
def comment(world: World, choice: Choice) -> None:
    person = choice.of(world.present)
    world.sandbox.comments.create(
        choice.of(world.threads), person, world.book.phrase(choice.below(len(world.book)))
    )


@action(12)
def edit_own_comment(world: World, choice: Choice) -> None:
    said = choice.of(_comments_of_people(world))
    if said.edits[-1].editor is not said.user:
        _seen(world, said)
    world.sandbox.comments.edit(said, said.user, world.book.phrase(choice.below(len(world.book))))


@action(2)
def save_unchanged(world: World, choice: Choice) -> None:
    said = choice.of(_comments_of_people(world))
    world.sandbox.comments.edit(said, said.user, said.body)


@action(4)
def delete_own_comment(world: World, choice: Choice) -> None:
    said = choice.of(_comments_of_people(world))
    world.sandbox.comments.delete(said, said.user)


@action(2)
def rename_account(world: World, choice: Choice) -> None:
    person = choice.of(world.present)
    world.sandbox.accounts.rename(person, world.fresh(person.login.partition("-")[0]))


@action(1)
def take_over_a_login(world: World, choice: Choice) -> None:
    """Rename an account and let somebody else have the old login at once."""
    place = choice.below(len(world.people))
    leaving, login = world.people[place], world.people[place].login
    world.sandbox.accounts.rename(leaving, world.fresh("former"))
    world.people.append(world.sandbox.user(login))


@action(1)
def delete_account(world: World, choice: Choice) -> None:
    person = choice.of(world.people)
    world.sandbox.accounts.delete(person, ghost=choice.below(2) == 0)
    world.people.remove(person)
    world.people.append(world.sandbox.user(world.fresh("newcomer")))


@action(2)
def flag_as_spam(world: World, choice: Choice) -> None:
    world.sandbox.accounts.flag(choice.of([person for person in world.people if not person.spam]))


@action(2)
def take_the_flag_back(world: World, choice: Choice) -> None:
    world.sandbox.accounts.unflag(choice.of([person for person in world.people if person.spam]))


@action(1)
def flag_the_organizer(world: World, choice: Choice) -> None:
    """Make the petitions themselves invisible, since the organizer has opened them."""
    world.sandbox.accounts.flag(world.organizer)


@action(2)
def robot_comments(world: World, choice: Choice) -> None:
    world.sandbox.comments.create(
        choice.of(world.threads), world.robot, world.book.phrase(choice.below(len(world.book)))
    )


@action(4)
def fake_comments(world: World, choice: Choice) -> None:
    fake = choice.of(world.fakes)
    world.sandbox.comments.create(choice.of(world.threads), fake, world.book.phrase(choice.below(len(world.book))))


# What moderators do


@action(5)
def edit_somebody_elses_comment(world: World, choice: Choice) -> None:
    said = _seen(world, choice.of(world.comments))
    world.sandbox.comments.edit(said, world.organizer, world.book.phrase(choice.below(len(world.book))))


@action(1)
def edit_somebody_elses_comment_back(world: World, choice: Choice) -> None:
    said = _seen(world, choice.of([said for said in world.comments if len(said.edits) > 1]))
    world.sandbox.comments.edit(said, world.organizer, said.edits[-2].text)


@action(5)
def hide(world: World, choice: Choice) -> None:
    world.sandbox.comments.hide(choice.of(world.comments), world.organizer)


@action(4)
def unhide(world: World, choice: Choice) -> None:
    hidden = [said for said in world.comments if said.minimized is not None]
    world.sandbox.comments.unhide(choice.of(hidden), world.organizer)


@action(1)
def delete_somebody_elses_comment(world: World, choice: Choice) -> None:
    world.sandbox.comments.delete(choice.of(world.comments), world.organizer)


@action(1)
def pin(world: World, choice: Choice) -> None:
    world.sandbox.comments.pin(choice.of(world.comments), world.organizer)


# What organizers do to the letter and its block


@action(3)
def write_the_letter(world: World, choice: Choice) -> None:
    issue = choice.of(_taken_up(world))
    world.save(issue, letters.rewritten(issue.body or "", world.fresh("Dear all,\n\nplease")))


@action(1)
def write_a_long_letter(world: World, choice: Choice) -> None:
    issue = choice.of(_taken_up(world))
    spare = choice.of((0, 60, 400, 1_500, 5_000))
    world.save(issue, "x" * (letters.LIMIT - spare))


@action(1)
def write_below_the_block(world: World, choice: Choice) -> None:
    issue = choice.of(_with_their_letter(world))
    if len(issue.body or "") > letters.LIMIT // 2:
        raise Impossible
    world.save(issue, letters.extended(issue.body or "", world.fresh("PS")))


@action(2)
def move_the_block(world: World, choice: Choice) -> None:
    issue = choice.of(_with_their_letter(world))
    world.save(issue, letters.moved(issue.body or ""))


@action(2)
def delete_the_block(world: World, choice: Choice) -> None:
    issue = choice.of(_with_their_letter(world))
    world.save(issue, letters.without_block(issue.body or ""))


@action(2)
def write_into_the_block(world: World, choice: Choice) -> None:
    issue = choice.of(_with_their_letter(world))
    world.save(issue, letters.forged(issue.body or ""))


@action(3)
def damage_the_block(world: World, choice: Choice) -> None:
    # Damaged twice over, nothing may be left to tell our words from the letter's.
    issue = choice.of([one for one in _with_their_letter(world) if letters.has_sound_block(one.body or "")])
    world.save(issue, choice.of(letters.DAMAGES)(issue.body or ""), exact=False)


@action(1)
def empty_the_body(world: World, choice: Choice) -> None:
    world.save(choice.of(_taken_up(world)), "")


@action(2)
def save_right_before_the_bot_does(world: World, choice: Choice) -> None:
    issue, text = choice.of(_taken_up(world)), world.fresh("Dear all,\n\nhurry")

    def save() -> None:
        with suppress(Refused):
            world.save(issue, letters.rewritten(newest(issue).body or "", text))

    world.ambushes.append(save)


# What organizers do to the issue and its repository


@action(2)
def close(world: World, choice: Choice) -> None:
    world.sandbox.issues.close(choice.of(_which(world, lambda one: one.closed_at is None)), world.organizer)


@action(3)
def reopen(world: World, choice: Choice) -> None:
    world.sandbox.issues.reopen(choice.of(_which(world, lambda one: one.closed_at is not None)), world.organizer)


@action(1)
def lock(world: World, choice: Choice) -> None:
    world.sandbox.issues.lock(choice.of(_which(world, lambda one: not one.locked)), world.organizer)


@action(2)
def unlock(world: World, choice: Choice) -> None:
    world.sandbox.issues.unlock(choice.of(_which(world, lambda one: one.locked)), world.organizer)


@action(1)
def take_the_label_off(world: World, choice: Choice) -> None:
    world.sandbox.issues.unlabel(
        choice.of(_which(world, lambda one: bool(one.labels))), world.organizer, "petition"
    )


@action(2)
def put_the_label_back(world: World, choice: Choice) -> None:
    world.sandbox.issues.label(choice.of(_which(world, lambda one: not one.labels)), world.organizer, "petition")


@action(1)
def give_another_title(world: World, choice: Choice) -> None:
    world.sandbox.issues.edit(choice.of(world.threads), world.organizer, title=world.fresh("Letter"))


@action(1)
def transfer(world: World, choice: Choice) -> None:
    """Move an issue on, at most three times: the bot follows no longer chain of redirects."""
    issue = choice.of([one for one in _taken_up(world) if world.letters[one].moves < 3])
    (target,) = (one for one in world.repositories if one is not issue.repository)
    world.note_move(issue, world.sandbox.issues.transfer(issue, world.organizer, target))


@action(1)
def rename_repository(world: World, choice: Choice) -> None:
    world.sandbox.repositories.rename(choice.of(world.repositories), world.owner, world.fresh("letters"))


@action(1)
def make_private_or_public(world: World, choice: Choice) -> None:
    repository = choice.of(world.repositories)
    change = world.sandbox.repositories.publicize if repository.private else world.sandbox.repositories.privatize
    change(repository, world.owner)


@action(1)
def archive(world: World, choice: Choice) -> None:
    repository = choice.of(world.repositories)
    change = world.sandbox.repositories.unarchive if repository.archived else world.sandbox.repositories.archive
    change(repository, world.owner)


@action(1)
def switch_issues_off_or_on(world: World, choice: Choice) -> None:
    repository = choice.of(world.repositories)
    world.sandbox.repositories.set_issues_enabled(repository, not repository.has_issues)


@action(1)
def suspend(world: World, choice: Choice) -> None:
    change = (
        world.sandbox.installations.suspend
        if world.installation.suspended_at is None
        else world.sandbox.installations.unsuspend
    )
    change(world.installation)


@action(1)
def delete_the_issue(world: World, choice: Choice) -> None:
    world.delete(choice.of(world.threads))


# What GitHub, the host and the clock do


@action(4)
def go_wrong(world: World, choice: Choice) -> None:
    world.stage.sandbox.faults = choice.of(FAULTS)


@action(3)
def go_right(world: World, choice: Choice) -> None:
    world.stage.sandbox.faults = Faults()


@action(1)
async def restart(world: World, choice: Choice) -> None:
    await world.stage.stop_bot()
    await world.stage.start_bot()


@action(1)
async def stop(world: World, choice: Choice) -> None:
    await world.stage.stop_bot()


@action(2)
async def start(world: World, choice: Choice) -> None:
    if world.stage.bot is None:
        await world.stage.start_bot()


@action(12)
def a_second_passes(world: World, choice: Choice) -> None:
    world.let_pass(1.0)


@action(3)
def a_while_passes(world: World, choice: Choice) -> None:
    world.let_pass(choice.of((5.0, 60.0, 700.0, HOUR)))


@action(1)
def the_rounds_are_gone(world: World, choice: Choice) -> None:
    if world.stage.bot is None:
        raise Impossible
    world.bot.app_sync.request_sync()


@action(12)
async def the_bot_works_a_little(world: World, choice: Choice) -> None:
    await world.work_a_little(choice.below(64))


@action(6)
async def deliveries_arrive(world: World, choice: Choice) -> None:
    await world.stage.sandbox.settled()


def _comments_of_people(world: World) -> list[Comment]:
    return [said for said in world.comments if said.user in world.people and not said.user.spam]


def _seen(world: World, said: Comment) -> Comment:
    """Let somebody have read a comment: nobody edits somebody else's words within the second."""
    if said.updated_at >= world.sandbox.world.time():
        world.let_pass(1.0)
    return said


def _which(world: World, holds: Callable[[Issue], bool]) -> list[Issue]:
    return [issue for issue in world.threads if holds(issue)]


def _taken_up(world: World) -> list[Issue]:
    return _which(world, world.is_taken_up)


def _with_their_letter(world: World) -> list[Issue]:
    """Give the issues that show a whole block and what was last written beside it."""
    return [
        issue
        for issue, letter in world.letters.items()
        if len(blocks(issue.body or "")) == 1 and letter.stands_in(issue)
    ]


FAULTS: Sequence[Faults] = (
    Faults(lost=0.3, vanished=0.1, unanswered=0.2, quiet_seconds=0.01),
    Faults(doubled=0.4, late=0.4, quiet_seconds=0.01),
    Faults(server_error=0.2, unavailable=0.1, truncated=0.1, hanging=0.1, hang_seconds=0.01, applied_anyway=0.5),
    Faults(where="PATCH", server_error=0.5, truncated=0.2, applied_anyway=0.7),
    Faults(where="POST", server_error=0.4, truncated=0.3, applied_anyway=0.8),
    Faults(primary=0.1, secondary=0.1),
    Faults(lag_seconds=3.0, token_lag_seconds=2.0, etag_by_token=True),
    Faults(graphql_error=0.5),
    Faults(reactions_failing=0.5),
    Faults(reactions_missing=True),
    Faults(
        lost=0.05,
        vanished=0.02,
        doubled=0.1,
        late=0.1,
        unanswered=0.03,
        quiet_seconds=0.01,
        lag_seconds=1.0,
        token_lag_seconds=1.0,
        server_error=0.03,
        unavailable=0.02,
        truncated=0.02,
        applied_anyway=0.5,
        primary=0.01,
        secondary=0.02,
        graphql_error=0.05,
        reactions_failing=0.05,
    ),
)
