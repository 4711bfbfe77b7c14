"""What no delivery told is found by looking: at start, on the beat, and when somebody does something."""

from __future__ import annotations

import time

import pytest

from bot import app
from bot.petition import block
from sandbox.faults import Faults
from sandbox.models import Comment, Issue
from tests.whole.recorded_calls import a_second_later, at_rest, eventually, surveyed, unheard, watched
from tests.whole.scene import FAST, WATCHFUL, Scene, said

PETITIONS = "/repos/lovelace/letters/issues"


async def test_petitions_from_before_the_bot_are_adopted_at_start(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, _):
        open_, closed = stage.petition(), stage.petition()
        for petition in (open_, closed):
            stage.sign(petition, "ada")
            stage.sign(petition, "grace", "Well said.")
        stage.sandbox.issues.close(closed, stage.organizer())
        await stage.start_bot()
        await stage.shows(open_, 1)
        assert "Closed on" in await stage.shows(closed, 1)


async def test_what_happened_while_the_bot_was_away_is_found_at_start(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition = stage.petition()
        gone = stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await stage.stop_bot()
        # A comment so young may be too young for a list that lacks it.
        await a_second_later()
        with unheard(stage):
            stage.sandbox.comments.delete(gone, gone.user)
            stage.sign(petition, "grace")
            stage.sign(petition, "alan")
        await stage.start_bot()
        await stage.shows(petition, 2)


@pytest.mark.parametrize("rates", [FAST, WATCHFUL], ids=["at start", "on the beat"])
async def test_what_is_known_is_read_again_although_the_repositories_cannot_be_listed(
    sqlite_url: str, rates: app.Rates
) -> None:
    async with watched(sqlite_url, rates=rates) as (stage, calls):
        known, unknown = stage.petition(), stage.sandbox.repository("lovelace/notes")
        stage.sign(known, "ada")
        await stage.shows(known, 1)
        await stage.stop_bot()
        with unheard(stage):
            stage.sign(known, "grace")
            other = stage.sandbox.petition(repository=unknown)
        stage.sandbox.faults = Faults(where="/installation/repositories", unavailable=1.0)
        calls.forget()
        await stage.start_bot()
        await stage.shows(known, 2)
        await eventually(lambda: len(calls.like("GET /installation/repositories.* 503")) > 1, "a failing list")
        if rates is WATCHFUL:
            with unheard(stage):
                stage.sign(known, "alan")
            stage.sandbox.faults = Faults(where="/installation/repositories", unavailable=1.0)
            await stage.shows(known, 3)
        stage.sandbox.faults = Faults()
        await stage.shows(other, 0)


async def test_of_a_name_that_another_repository_has_by_now_nothing_is_taken_for_ours(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await stage.stop_bot()
        with unheard(stage):
            stage.sandbox.repositories.rename(petition.repository, petition.repository.owner, "epistles")
            taken = stage.sandbox.repository("lovelace/letters")
            newcomer = stage.sandbox.petition(repository=taken)
            stage.sign(newcomer, "grace")
            stage.sign(petition, "alan")
        await stage.start_bot()
        await stage.shows(petition, 2)
        await stage.shows(newcomer, 1)


async def test_an_installation_of_a_running_app_is_surveyed_at_once(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        sandbox = stage.sandbox
        letters = sandbox.repositories.get_or_create("curie/letters")
        petition = sandbox.issues.open(letters, letters.owner, "Radium", "Dear all,", labels=["petition"])
        stage.sign(petition, "ada")
        sandbox.installations.create(letters.owner)
        await stage.shows(petition, 1)


async def test_a_repository_that_is_added_is_surveyed_at_once(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        sandbox = stage.sandbox
        open_, other = (
            sandbox.repositories.get_or_create("curie/letters"),
            sandbox.repositories.get_or_create("curie/notes"),
        )
        installation = sandbox.installations.create(open_.owner, [other])
        petition = sandbox.issues.open(open_, open_.owner, "Radium", "Dear all,", labels=["petition"])
        stage.sign(petition, "ada")
        sandbox.installations.add_repositories(installation, open_)
        await stage.shows(petition, 1)


async def test_an_installation_that_no_delivery_told_of_is_found_on_the_beat(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        letters = stage.sandbox.repositories.get_or_create("curie/letters")
        with unheard(stage):
            petition = stage.sandbox.issues.open(letters, letters.owner, "Radium", "Dear all,", labels=["petition"])
            stage.sign(petition, "ada")
            stage.sandbox.installations.create(letters.owner)
        await stage.shows(petition, 1)


async def test_lost_deliveries_are_made_up_for_on_the_beat(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition = stage.petition()
        first = [stage.sign(petition, login) for login in ("ada", "grace", "alan")]
        later = stage.sign(petition, "barbara", "Hm.")
        await stage.shows(petition, 3)
        with unheard(stage):
            stage.sandbox.comments.delete(first[0], first[0].user)
            stage.sandbox.comments.hide(first[1], stage.organizer())
            stage.sign(petition, "edsger")
            stage.sandbox.comments.edit(later, later.user, "/sign Barbara")
        await stage.until(lambda: who(petition) == {"alan", "barbara", "edsger"})
        with unheard(stage):
            stage.sandbox.comments.unhide(first[1], stage.organizer())
        await stage.shows(petition, 4)


async def test_accounts_flagged_as_spam_vanish_and_return(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition = stage.petition()
        stage.sign(petition, "ada")
        stage.sign(petition, "grace")
        await stage.shows(petition, 2)
        stage.sandbox.accounts.flag(stage.sandbox.user("ada"))
        await stage.shows(petition, 1)
        stage.sandbox.accounts.unflag(stage.sandbox.user("ada"))
        await stage.shows(petition, 2)


async def test_lost_news_of_the_issue_are_made_up_for_on_the_beat(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition, organizer = stage.petition(), stage.organizer()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        with unheard(stage):
            stage.sandbox.issues.unlabel(petition, organizer, "petition")
        await stage.until(lambda: "paused" in (petition.body or ""))
        with unheard(stage):
            stage.sign(petition, "grace")
            stage.sandbox.issues.label(petition, organizer, "petition")
        await stage.shows(petition, 2)
        with unheard(stage):
            stage.sandbox.issues.close(petition, organizer)
        await stage.until(lambda: "Closed on" in (petition.body or ""))
        with unheard(stage):
            stage.sandbox.issues.reopen(petition, organizer)
            stage.sign(petition, "alan")
        assert "Closed on" not in await stage.shows(petition, 3)


async def test_a_body_that_was_damaged_unheard_is_mended_on_the_beat(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL) as (stage, _):
        petition = stage.petition()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        for damage in ("Dear people,", "", "<!-- undersigned:begin -->\r\nDear all,"):
            with unheard(stage):
                stage.sandbox.issues.edit(petition, stage.organizer(), damage)
            await stage.shows(petition, 1)
        assert block.letter(petition.body).strip() == "Dear all,"


@pytest.mark.parametrize("event", ["label", "reopen", "unlock"])
async def test_these_have_the_comments_read_at_once(sqlite_url: str, event: str) -> None:
    async with watched(sqlite_url) as (stage, _):
        petition, organizer = stage.petition(), stage.organizer()
        stage.sign(petition, "ada")
        await stage.shows(petition, 1)
        await a_second_later()
        with unheard(stage):
            if event == "label":
                stage.sandbox.issues.unlabel(petition, organizer, "petition")
            elif event == "reopen":
                stage.sandbox.issues.close(petition, organizer)
            else:
                stage.sandbox.issues.lock(petition, organizer)
            stage.sandbox.comments.create(petition, organizer, "/sign")
        if event == "label":
            stage.sandbox.issues.label(petition, organizer, "petition")
        elif event == "reopen":
            stage.sandbox.issues.reopen(petition, organizer)
        else:
            stage.sandbox.issues.unlock(petition, organizer)
        await stage.shows(petition, 2)


async def test_an_unchanged_thread_costs_one_call_without_content(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        with unheard(stage):
            stage.sandbox.repositories.write_file(stage.sandbox.repository(), "README.md", "Letters")
        petition = stage.petition()
        for number in range(30):
            stage.sign(petition, f"person-{number}")
        await stage.shows(petition, 30)
        await surveyed(stage)
        calls.forget()
        await surveyed(stage)
        assert calls.made == [
            "GET /repos/lovelace/letters 304",
            f"GET {PETITIONS}?labels=petition&state=all&sort=created&direction=asc&per_page=100 304",
            # The settings, once for the whole repository; of a file that is not there GitHub gives no ETag.
            "GET /repos/lovelace/letters/contents/ 304",
            f"GET {PETITIONS}/{petition.number}/comments?per_page=100&page=1 304",
            "GET /installation/repositories?per_page=100 304",
        ]


async def test_an_unchanged_long_thread_costs_one_call_too(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition, _ = await long_petition(stage, 130)
        await surveyed(stage)
        calls.forget()
        await surveyed(stage)
        (call,) = calls.like(f"GET {PETITIONS}/{petition.number}/comments")
        assert "since=" in call
        assert call.endswith(" 304")


async def test_a_long_thread_is_read_from_where_it_changed(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition, _ = await long_petition(stage, 130)
        await surveyed(stage)
        calls.forget()
        with unheard(stage):
            stage.sign(petition, "ada")
        await surveyed(stage)
        await stage.shows(petition, 131)
        assert len(calls.like(r"GET .*/comments")) == 1


async def test_a_comment_that_vanished_from_a_long_thread_is_missed_by_its_number(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition, comments = await long_petition(stage, 130)
        await surveyed(stage)
        calls.forget()
        with unheard(stage):
            stage.sandbox.comments.delete(comments[3], comments[3].user)
        await surveyed(stage)
        await stage.shows(petition, 129)
        assert len(calls.like(r"GET .*/comments")) == 3
        calls.forget()
        await surveyed(stage)
        assert len(calls.like(r"GET .*/comments")) == 1


async def test_comments_that_github_hides_are_not_looked_for_again_and_again(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition, comments = await long_petition(stage, 130)
        stage.sandbox.accounts.flag(comments[3].user)
        await reread(stage, petition)
        await stage.shows(petition, 129)
        await surveyed(stage)
        calls.forget()
        await surveyed(stage)
        assert len(calls.like(r"GET .*/comments")) == 1


async def test_a_listing_that_fails_half_way_deletes_nothing(sqlite_url: str) -> None:
    async with watched(sqlite_url, start=False) as (stage, calls):
        petition, comments = await long_petition(stage, 130)
        with unheard(stage):
            stage.sandbox.comments.delete(comments[3], comments[3].user)
        broken = Faults(where=f"{PETITIONS}/{petition.number}/comments", unavailable=1.0)
        calls.before("GET .*/comments.*page=1$", lambda: setattr(stage.sandbox, "faults", broken))
        calls.forget()
        await reread(stage, petition)
        await eventually(lambda: calls.like("GET .*/comments.*page=1 503"), "a failing page")
        assert calls.like("GET .*/comments.*page=2 200")
        assert said(petition) == 130
        stage.sandbox.faults = Faults()
        await stage.shows(petition, 129)


async def test_a_repository_that_fails_does_not_stop_the_survey(sqlite_url: str) -> None:
    async with watched(sqlite_url, rates=WATCHFUL, start=False) as (stage, _):
        sandbox = stage.sandbox
        broken, sound = stage.sandbox.repository("lovelace/broken"), stage.sandbox.repository("lovelace/sound")
        first = stage.sandbox.petition(repository=broken)
        second = stage.sandbox.petition(repository=sound)
        sandbox.comments.create(first, sandbox.user("ada"), "/sign")
        sandbox.comments.create(second, sandbox.user("ada"), "/sign")
        stage.sandbox.faults = Faults(where="/repos/lovelace/broken", unavailable=1.0)
        await stage.start_bot()
        await stage.shows(second, 1)
        stage.sandbox.faults = Faults()
        await stage.shows(first, 1)


async def test_a_tally_does_not_wait_for_a_survey(sqlite_url: str) -> None:
    async with watched(sqlite_url) as (stage, calls):
        petition = stage.petition()
        await stage.shows(petition, 0)
        for number in range(40):
            stage.sandbox.repository(f"lovelace/notes-{number}")
        await stage.sandbox.settled()
        await surveyed(stage)
        calls.forget()
        calls.before("GET /repos/lovelace/notes-1/issues", lambda: stage.sign(petition, "ada"))
        await surveyed(stage)
        await stage.shows(petition, 1)
        order = [call.split(" ")[0] for call in calls.made if call.startswith("PATCH") or "/notes-" in call]
        assert order.index("PATCH") < len(order) - 5


async def reread(stage: Scene, petition: Issue) -> None:
    """Have a thread read completely, as an organizer does by unlocking it."""
    with unheard(stage):
        stage.sandbox.issues.lock(petition, stage.organizer())
    stage.sandbox.issues.unlock(petition, stage.organizer())


async def long_petition(stage: Scene, signers: int) -> tuple[Issue, list[Comment]]:
    """Start the bot on a petition that has a long thread already."""
    stage.sandbox.world.now = lambda: time.time() - 3600
    petition = stage.petition()
    comments = [stage.sign(petition, f"person-{number}") for number in range(signers)]
    stage.sandbox.world.now = time.time
    await stage.start_bot()
    await stage.shows(petition, signers)
    await eventually(lambda: at_rest(stage), "the end of all work")
    return petition, comments


def who(petition: Issue) -> set[str]:
    """Give the logins that a short block names."""
    body = petition.body or ""
    return {login for login in ("ada", "grace", "alan", "barbara", "edsger") if f"/{login})" in body}
