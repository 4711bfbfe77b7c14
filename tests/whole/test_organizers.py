"""Organizers sign in with GitHub and see more of their petition; nobody else does."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zipfile import ZipFile

import aiohttp
import pytest
from msgspec.structs import replace

from bot import config, time_types
from bot.cli import petition_commands
from bot.export import handover_pack
from bot.github.petition_and_rules_reader import IssueName
from bot.reconcile import account_review
from bot.store import uncounted_people
from bot.time_types import iso
from bot.web.organizers import cached_signature_reviews, routes
from sandbox.faults import Faults
from sandbox.models import Issue
from sandbox.server import Sandbox
from tests.emissions import RUN
from tests.web.html import Read
from tests.whole.recorded_calls import Calls
from tests.whole.scene import PATIENCE, Clock, Scene, scene

KEY = "a key of more than thirty-two characters"
DAY = 86_400


@pytest.fixture
async def stage(sqlite_url: str, clock: Clock, calls: Calls) -> AsyncIterator[Scene]:
    sandbox = Sandbox(now=clock)
    sandbox.app.middlewares.append(calls.note)
    async with scene(sqlite_url, sandbox=sandbox, start=False) as found:
        found.clock, found.secret_key = time_types.Clock(clock, asyncio.sleep), KEY
        await found.start_bot()
        yield found


@dataclass
class Answer:
    status: int
    text: str
    headers: dict[str, str]


@dataclass
class Browser:
    """A browser in which somebody walks from the bot's pages to GitHub's and back."""

    stage: Scene
    session: aiohttp.ClientSession

    def address(self, petition: Issue) -> str:
        assert self.stage.bot is not None
        name = f"{petition.repository.full_name}/{petition.number}"
        return f"http://127.0.0.1:{self.stage.bot.port}/petitions/{name}"

    async def get(self, url: str) -> Answer:
        """Load a page; who is told to wait waits as long."""
        async with asyncio.timeout(PATIENCE):
            while True:
                async with self.session.get(url, headers={"Accept": "text/html"}, allow_redirects=False) as answer:
                    if answer.status != HTTPStatus.TOO_MANY_REQUESTS:
                        return Answer(answer.status, await answer.text(), dict(answer.headers))
                    await asyncio.sleep(int(answer.headers["Retry-After"]))

    async def show(self, petition: Issue, query: str = "") -> Answer:
        return await self.get(f"{self.address(petition)}/organizers{query}")

    async def text(self, petition: Issue, status: int = 200) -> str:
        shown = await self.show(petition)
        assert shown.status == status, shown.text
        return Read(shown.text).text

    async def text_with(self, petition: Issue, words: str, clock: Clock) -> str:
        """Load the page again until it says something, which is found out in the background."""
        text = ""
        try:
            async with asyncio.timeout(PATIENCE):
                while words not in (text := await self.text(petition)):
                    clock.ahead += cached_signature_reviews.UNFINISHED_TTL + 1
        except TimeoutError:
            raise AssertionError(f"the page does not say {words!r}:\n{text}") from None
        return text

    async def begin(self, petition: Issue) -> str:
        """Follow the button; gives where GitHub asks."""
        sent = await self.get(f"{self.address(petition)}/organizers/sign-in")
        assert sent.status == 302
        return sent.headers["Location"]

    async def agree(self, asked: str, login: str, decision: str = "authorize") -> str:
        """Answer GitHub's question; gives where it sends the browser."""
        form = {"as": login, "decision": decision}
        async with self.session.post(asked, data=form, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return answer.headers["Location"]

    async def sign_in(self, petition: Issue, login: str) -> Answer:
        back = await self.agree(await self.begin(petition), login)
        came = await self.get(back)
        assert came.status == 303, came.text
        assert came.headers["Location"] == f"{self.address(petition)}/organizers"
        return came


@pytest.fixture
async def browser(stage: Scene) -> AsyncIterator[Browser]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(stage, session)


@pytest.fixture
async def petition(stage: Scene) -> Issue:
    stage.organizer()
    found = stage.petition()
    await stage.shows(found, 0)
    return found


async def test_an_organizer_sees_what_may_be_worth_a_second_look(
    stage: Scene, browser: Browser, petition: Issue, clock: Clock
) -> None:
    for login in ("sock-1", "sock-2", "sock-3", "ada"):
        person = stage.sandbox.user(login)
        person.created_at = int(clock()) - (400 if login == "ada" else 2) * DAY
        person.followers = 7 * (login == "ada")
        stage.sign(petition, login)
    gone = stage.sign(petition, "gone")
    stage.sign(petition, "fickle")
    await stage.shows(petition, 6)
    # It looks at the comment no more, so it does not find out that nobody wrote it.
    await stage.reacted(gone, "+1")
    stage.sign(petition, "fickle", "/unsign")
    await stage.shows(petition, 5)
    stage.sandbox.accounts.delete(stage.sandbox.user("gone"))
    assert "For organizers" in (await browser.get(browser.address(petition))).text
    assert "Sign in with GitHub" in await browser.text(petition)
    await browser.sign_in(petition, "grace")
    text = await browser.text_with(petition, "GitHub shows nothing about 1 account.", clock)
    assert "so far" not in text
    assert "You are signed in as grace." in text
    assert "5 signatures. This is not proof of abuse, and no signature was removed." in text
    assert "Age of the account when signing, for the 4 accounts whose age is known Age Accounts Share" in text
    assert "up to 1 day 0 0% up to 7 days 3 75% up to 30 days 3 75%" in text
    assert "Accounts without followers, repositories, name and description: 3." in text
    assert "GitHub shows nothing about 1 account." in text
    assert "Similar logins: 3, such as sock-1, sock-2, sock-3 sock-1 sock-2 sock-3 To remove all" in text
    assert "/petition remove [sock-1, sock-2, sock-3] REASON" in text
    assert "minimum_account_age: 30" in text
    assert "5 people have signed, 1 person has withdrawn" in text
    assert "There are no commands yet." in text
    assert "This review is from " in text
    assert "Older signatures" not in text


async def test_the_page_begins_with_numbers_and_lists_who_tried_to_sign(
    stage: Scene, browser: Browser, petition: Issue, clock: Clock
) -> None:
    for login in ("ada", "eve", "mallory", "fickle"):
        stage.sign(petition, login)
    await stage.shows(petition, 4)
    clock.ahead += 3 * DAY
    stage.sign(petition, "sofia", "/sign unlisted")
    await stage.shows(petition, 5)
    stage.sign(petition, "fickle", "/unsign")
    stage.sandbox.comments.hide(petition.comments[1], stage.sandbox.organizer())
    await stage.reacted(stage.sandbox.comment(petition, "grace", "/petition remove @mallory a sock"), "+1")
    misspelt = stage.sign(petition, "alan", "/sing")
    quoted = stage.sign(petition, "emmy", "`/sign` Emmy")
    await stage.reacted(misspelt, "confused")
    await stage.reacted(quoted, "confused")
    stage.sign(petition, "chatty", "I like it")
    await stage.reacted(stage.sign(petition, "leaver", "/unsing"), "confused")
    tried_again = stage.sign(petition, "linus", "/sing")
    await stage.reacted(tried_again, "confused")
    stage.sign(petition, "linus")
    await stage.shows(petition, 3)
    await browser.sign_in(petition, "grace")
    page = Read((await browser.show(petition)).text)
    numbers = "3 signed 2 today 3 in the last 7 days 1 withdrawn 1 hidden 1 removed 1 not listed"
    assert f"In numbers {numbers} 2 attempts that did not count Days are in UTC. Signatures to review" in page.text
    where = f"{stage.sandbox.web_url}/lovelace/letters/issues/1#issuecomment"
    assert {f"{where}-{misspelt.id}", f"{where}-{quoted.id}"} <= set(page.links)
    listed = page.text.partition("Attempts that did not count")[2].partition("Mistakes")[0]
    assert re.search("emmy.*, .* UTC: the command is formatted as code", listed)
    assert re.search("alan.*, .* UTC: the command is misspelt", listed)
    assert not [login for login in ("linus", "chatty", "leaver", "eve", "mallory", "fickle") if login in listed]


async def test_of_a_crowd_that_is_too_large_to_be_looked_at_the_numbers_say_so(
    stage: Scene, browser: Browser, petition: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uncounted_people, "MOST_PEOPLE", 1)
    for login in ("ada", "alan"):
        await stage.reacted(stage.sign(petition, login, "/sing"), "confused")
    await browser.sign_in(petition, "grace")
    text = await browser.text(petition)
    assert "at least 0 hidden" in text
    assert "at least 1 attempt that did not count" in text
    assert "Only the latest comments were checked for attempts." in text


async def test_where_there_is_nothing_to_see_that_is_said(browser: Browser, petition: Issue) -> None:
    await browser.sign_in(petition, "grace")
    text = await browser.text(petition)
    assert "Nothing unusual." in text
    assert "There are no mistakes in the settings or in commands." in text
    assert "No signature was removed" in text
    assert "nobody has signed, nobody has withdrawn" in text


async def test_organizers_read_what_became_of_commands_what_counts_and_what_is_wrong(
    stage: Scene, browser: Browser, petition: Issue
) -> None:
    stage.sandbox.repositories.write_file(stage.sandbox.repository(), ".github/petition.yml", "gaol: 12\n")
    stage.sign(petition, "mallory")
    await stage.shows(petition, 1)
    refused = stage.sandbox.comment(petition, "mallory", "/petition goal 1")
    await stage.reacted(refused, "confused")
    obeyed = stage.sandbox.comment(petition, "grace", "/petition remove @mallory signed for a dog")
    await stage.reacted(obeyed, "+1")
    await stage.shows(petition, 0)
    await stage.reacted(stage.sandbox.comment(petition, "grace", "/petition recount"), "+1")
    await browser.sign_in(petition, "grace")
    text = await browser.text(petition)
    assert "/petition remove @mallory signed for a dog applied grace," in text
    assert "/petition goal 1" not in text
    assert "mallory: once, last /petition goal on" in text
    links = Read((await browser.show(petition)).text).links
    where = f"{stage.sandbox.web_url}/lovelace/letters/issues/1#issuecomment"
    assert {f"{where}-{obeyed.id}", f"{where}-{refused.id}"} <= set(links)
    assert "mallory: signed for a dog" in text
    assert ".github/petition.yml, line 1: found the key “gaol”; did you mean goal?" in text
    assert text.index("/petition recount") < text.index("/petition remove"), "the newest first"


async def test_who_may_not_write_is_told_kindly_and_sees_nothing(
    stage: Scene, browser: Browser, petition: Issue
) -> None:
    stage.sandbox.user("mallory")
    await browser.sign_in(petition, "mallory")
    text = await browser.text(petition, 403)
    assert "mallory has no write access to lovelace/letters" in text
    assert "Signatures to review" not in text
    assert browser.address(petition) in Read((await browser.show(petition)).text).links


async def test_whoever_is_no_organizer_any_more_loses_sight_within_minutes(
    stage: Scene, browser: Browser, petition: Issue, clock: Clock
) -> None:
    await browser.sign_in(petition, "grace")
    await browser.text(petition)
    stage.sandbox.repositories.set_role(petition.repository, stage.sandbox.user("grace"), "read")
    clock.ahead += 300
    await browser.text(petition, 403)


async def test_a_login_that_changed_hands_opens_nothing(stage: Scene, browser: Browser, petition: Issue) -> None:
    mallory = stage.sandbox.user("mallory")
    await browser.sign_in(petition, "mallory")
    stage.sandbox.accounts.rename(mallory, "mallory-of-old")
    stage.sandbox.accounts.rename(stage.sandbox.user("grace"), "mallory")
    await browser.text(petition, 403)


async def test_by_another_spelling_of_its_name_one_is_led_to_its_own(browser: Browser, petition: Issue) -> None:
    await browser.sign_in(petition, "grace")
    spelled = await browser.get(f"{browser.address(petition).replace('lovelace', 'LOVELACE')}/organizers")
    assert (spelled.status, spelled.headers["Location"]) == (302, f"{browser.address(petition)}/organizers")


async def test_one_is_signed_in_for_eight_hours_and_out_at_once(
    browser: Browser, petition: Issue, clock: Clock
) -> None:
    came = await browser.sign_in(petition, "grace")
    assert {"HttpOnly", "SameSite=Lax", "Path=/petitions", "Max-Age=28800"} <= set(
        came.headers["Set-Cookie"].split("; ")
    )
    clock.ahead += 7 * 3600
    assert "signed in as grace" in await browser.text(petition)
    clock.ahead += 3601
    assert "Sign in with GitHub" in await browser.text(petition)
    clock.ahead -= 3601
    async with browser.session.post(f"{browser.address(petition)}/organizers/sign-out") as answer:
        assert "Sign in with GitHub" in await answer.text()
    assert "Sign in with GitHub" in await browser.text(petition)


async def test_an_organizer_of_a_private_petition_gets_its_link_and_others_do_not_learn_of_it(
    stage: Scene, browser: Browser, petition: Issue
) -> None:
    stage.sign(petition, "ada")
    await stage.shows(petition, 1)
    stage.sandbox.repositories.privatize(petition.repository, petition.repository.owner)
    await stage.sandbox.settled()
    nowhere = f"{browser.address(petition).removesuffix('/1')}/77/organizers"
    asked = [
        Read((await browser.get(url)).text).text for url in (f"{browser.address(petition)}/organizers", nowhere)
    ]
    assert "lovelace/letters #77 For organizers" in asked[1]
    assert asked[0] == asked[1].replace("#77", "#1"), "strangers learn that it is there"
    assert "A letter" not in asked[0]
    stage.sandbox.user("mallory")
    await browser.sign_in(petition, "mallory")
    hidden, absent = await browser.show(petition), await browser.get(nowhere)
    assert (hidden.status, hidden.text) == (404, absent.text)
    browser.session.cookie_jar.clear()
    await browser.sign_in(petition, "grace")
    links = [one for one in Read((await browser.show(petition)).text).links if "?key=" in one]
    assert (await browser.get(links[0])).status == 200
    browser.session.cookie_jar.clear()
    with_key = Read((await browser.get(links[0].replace("?", "/organizers?"))).text)
    assert "A letter · lovelace/letters #1 For organizers" in with_key.text
    assert "Sign in with GitHub" in with_key.text
    assert with_key.links.count(links[0]) == 2, "the way back"


async def test_the_time_that_it_takes_tells_nobody_which_private_petitions_there_are(
    stage: Scene, browser: Browser, petition: Issue, calls: Calls
) -> None:
    stage.sandbox.user("mallory")
    await browser.sign_in(petition, "mallory")
    await browser.text(petition, 403)
    stage.sandbox.repositories.privatize(petition.repository, petition.repository.owner)
    await stage.sandbox.settled()
    stage.sandbox.user("eve")
    browser.session.cookie_jar.clear()
    await browser.sign_in(petition, "eve")
    asked: list[int] = []
    for path in ("lovelace/letters/1", "lovelace/diaries/1", "lovelace/letters/1", "lovelace/diaries/1"):
        calls.forget()
        await browser.get(f"{browser.address(petition).partition('lovelace')[0]}{path}/organizers")
        asked.append(len(calls.like("GET /repos/lovelace/.*/(installation|collaborators/eve/permission) ")))
    assert asked == [1, 1, 0, 0]


async def test_all_accounts_are_looked_at_in_the_background_and_no_visit_waits_for_it(
    stage: Scene,
    browser: Browser,
    petition: Issue,
    clock: Clock,
    calls: Calls,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(account_review, "MAX_NODES", 2)
    for number in range(9):
        stage.sign(petition, f"person-of-{chr(97 + number)}")
    await stage.shows(petition, 9)
    await browser.sign_in(petition, "grace")
    calls.forget()
    assert "Checked 0 of 9 accounts so far." in await browser.text(petition)
    assert "so far" not in await browser.text_with(petition, "for the 9 accounts whose age is known", clock)
    assert len(calls.like("POST /api/graphql")) == 5
    clock.ahead += cached_signature_reviews.REVIEW_TTL + 1
    await browser.text(petition)
    stage.sign(petition, "late")
    await stage.shows(petition, 10)
    assert len(calls.like("POST /api/graphql")) == 5, "nobody is asked about twice, or unless an organizer looks"
    clock.ahead += cached_signature_reviews.REVIEW_TTL + 1
    assert "Checked 9 of 10 accounts so far." in await browser.text(petition)
    await browser.text_with(petition, "for the 10 accounts whose age is known", clock)
    assert len(calls.like("POST /api/graphql")) == 6


async def test_of_very_many_only_the_newest_are_looked_at_and_that_is_said(
    stage: Scene, browser: Browser, petition: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached_signature_reviews, "MAX_SIGNATURES", 2)
    for login in ("ada", "emmy", "sofia"):
        stage.sign(petition, login)
    await stage.shows(petition, 3)
    await browser.sign_in(petition, "grace")
    text = await browser.text(petition)
    assert "2 signatures. This is not proof of abuse" in text
    assert "Older signatures were not reviewed." in text
    assert "3 people have signed" in text


async def test_while_github_is_down_nobody_gets_in_and_that_is_said(
    stage: Scene, browser: Browser, petition: Issue
) -> None:
    back = await browser.agree(await browser.begin(petition), "grace")
    stage.sandbox.faults = Faults(where="GET /user", server_error=1.0)
    assert "GitHub does not respond" in (await browser.get(back)).text
    stage.sandbox.faults = Faults()
    await browser.sign_in(petition, "grace")
    stage.sandbox.faults = Faults(where="/permission", server_error=1.0)
    shown = await browser.show(petition)
    assert (shown.status, shown.headers["Retry-After"]) == (503, "60")
    assert "GitHub does not respond" in shown.text
    stage.sandbox.faults = Faults()
    assert "Signatures to review" in await browser.text(petition)


async def test_who_does_not_agree_comes_back_and_is_asked_again(browser: Browser, petition: Issue) -> None:
    assert "You cancelled" not in await browser.text(petition)
    back = await browser.get(await browser.agree(await browser.begin(petition), "grace", "cancel"))
    assert back.status == 303
    page = Read((await browser.get(back.headers["Location"])).text)
    assert "You cancelled on GitHub. You are not signed in" in page.text
    assert "A letter · lovelace/letters #1" in page.text
    assert {browser.address(petition), f"{browser.address(petition)}/organizers/sign-in"} <= set(page.links)


async def test_nobody_is_signed_in_as_somebody_else_by_a_link(
    stage: Scene, browser: Browser, petition: Issue
) -> None:
    theirs = await browser.agree(await browser.begin(petition), "grace")
    browser.session.cookie_jar.clear()
    assert (await browser.get(theirs)).status == 403, "this browser did not begin"
    await browser.begin(petition)
    assert (await browser.get(theirs)).status == 403, "another browser's state"
    assert "Sign in with GitHub" in await browser.text(petition)


async def test_a_stolen_code_is_worth_nothing_elsewhere(stage: Scene, browser: Browser, petition: Issue) -> None:
    stolen = parse_qs(urlsplit(await browser.agree(await browser.begin(petition), "grace")).query)["code"][0]
    browser.session.cookie_jar.clear()
    asked = await browser.begin(petition)
    mine = parse_qs(urlsplit(asked).query)
    callback = f"{mine['redirect_uri'][0]}?code={stolen}&state={mine['state'][0]}"
    refused = await browser.get(callback)
    assert (refused.status, "This sign-in has expired" in refused.text) == (410, True)
    assert "Sign in with GitHub" in await browser.text(petition)


async def test_a_code_is_used_once_and_within_ten_minutes(browser: Browser, petition: Issue, clock: Clock) -> None:
    back = await browser.agree(await browser.begin(petition), "grace")
    await browser.get(back)
    assert (await browser.get(back)).status == 403, "the ticket was taken back"
    late = await browser.agree(await browser.begin(petition), "grace")
    clock.ahead += 601
    assert (await browser.get(late)).status == 403


@pytest.mark.parametrize(
    "made_up", ["", "1:grace", "1:grace.9999999999.x", "é.9999999999.x", "1:grace.99999999999999.x"]
)
async def test_nobody_makes_up_a_session(browser: Browser, petition: Issue, made_up: str) -> None:
    url = f"{browser.address(petition)}/organizers"
    cookies = {"Cookie": f"undersigned-organizer={made_up}"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=cookies) as answer:
        assert "Sign in with GitHub" in await answer.text()


async def test_a_ticket_on_the_way_is_no_session(browser: Browser, petition: Issue) -> None:
    sent = await browser.get(f"{browser.address(petition)}/organizers/sign-in")
    ticket = sent.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    assert ticket.startswith("lovelace:letters:1:")
    cookies = {"Cookie": f"undersigned-organizer={ticket}"}
    url = f"{browser.address(petition)}/organizers"
    async with aiohttp.ClientSession() as session, session.get(url, headers=cookies) as answer:
        assert "Sign in with GitHub" in await answer.text()


async def test_an_app_that_is_not_set_up_for_it_says_who_can_help(
    stage: Scene, browser: Browser, petition: Issue
) -> None:
    stage.sandbox.registration.client_secret = "another one since"
    refused = await browser.get(await browser.agree(await browser.begin(petition), "grace"))
    assert refused.status == 502
    assert "incorrect_client_credentials" in refused.text
    assert "/organizers/signed-in" in refused.text
    stage.sandbox.registration.callback_urls = ("http://127.0.0.1:1/elsewhere",)
    sent = await browser.get(await browser.begin(petition))
    assert sent.headers["Location"].startswith("http://127.0.0.1:1/elsewhere?error=redirect_uri_mismatch")


async def test_without_a_client_secret_the_page_says_what_the_operator_can_do(
    stage: Scene, browser: Browser, petition: Issue
) -> None:
    await stage.stop_bot()
    stage.secret_key = ""
    await stage.start_bot()
    text = await browser.text(petition)
    assert "GITHUB_CLIENT_SECRET" in text
    assert "python -m bot audit" in text
    assert (await browser.get(f"{browser.address(petition)}/organizers/sign-in")).status == 302
    assert (
        await browser.get(f"{browser.address(petition).partition('/pet')[0]}/organizers/signed-in")
    ).status == 403


async def test_what_github_gives_for_it_is_kept_nowhere(browser: Browser, petition: Issue, stage: Scene) -> None:
    await browser.sign_in(petition, "grace")
    await browser.text(petition)
    tokens = [secret for secret in RUN.known if secret.startswith("ghu_")]
    assert tokens
    assert stage.sandbox.client_secret in RUN.known
    await stage.stop_bot()
    database = Path(stage.database_url.removeprefix("sqlite:///"))
    stored = b"".join(path.read_bytes() for path in database.parent.glob(f"{database.name}*"))
    assert not [secret for secret in (*tokens, stage.sandbox.client_secret) if secret.encode() in stored]
    assert b"ghu_" not in stored


async def test_the_pack_is_what_the_command_makes(
    stage: Scene, browser: Browser, petition: Issue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.sign(petition, "ada", "/sign Ada Lovelace, Analytical Engines")
    stage.sign(petition, "mariam", "/sign مريم الحسيني")
    await stage.shows(petition, 2)
    await browser.sign_in(petition, "grace")
    page = f"{browser.address(petition)}/organizers"
    assert f"{page}/pack.zip" in Read((await browser.show(petition)).text).links
    assert stage.bot is not None
    settings = config.read(
        {"DATABASE_URL": stage.database_url, "GITHUB_API_URL": stage.sandbox.api_url}, credentials=False
    )
    folder = tmp_path / "lovelace-letters-1"
    async with asyncio.timeout(PATIENCE):
        while True:
            async with browser.session.get(f"{page}/pack.zip") as answer:
                assert (answer.status, answer.content_type) == (200, "application/zip")
                assert answer.headers["Content-Disposition"] == 'attachment; filename="lovelace-letters-1.zip"'
                assert answer.headers["Cache-Control"] == "private, no-store"
                ZipFile(BytesIO(await answer.read())).extractall(tmp_path)
            made = {path.name: path.read_bytes() for path in folder.iterdir()}
            told = json.loads(made["petition.json"])
            monkeypatch.setattr(
                "bot.cli.petition_commands.time.time", datetime.fromisoformat(told["made_at"]).timestamp
            )
            taken = await petition_commands.take(IssueName("lovelace/letters", 1), settings)
            covered = taken.whole.details.snapshot.coverage
            # The bot may have read the thread again since.
            if covered is not None and iso(covered.until) == told["petition"]["counted_to"]:
                break
    async with browser.session.head(f"{page}/pack.zip") as answer:
        assert (answer.status, answer.content_type) == (200, "application/zip")
    assert (
        handover_pack.check_pack(folder).lines()[0]
        == "A letter: 2 signatures. Files, count, digest and letter agree."
    )
    pages = replace(taken.pages, base=f"http://127.0.0.1:{stage.bot.port}")
    handover_pack.write(handover_pack.make_files(taken.whole, pages, taken.site, taken.at), tmp_path / "command")
    assert made == {path.name: path.read_bytes() for path in (tmp_path / "command").iterdir()}


async def test_a_pack_opens_no_private_petition_and_says_that_it_names_who_is_not_shown(
    stage: Scene, browser: Browser, petition: Issue
) -> None:
    stage.sign(petition, "ada", "/sign Ada Lovelace")
    await stage.shows(petition, 1)
    stage.sandbox.repositories.privatize(petition.repository, petition.repository.owner)
    await stage.sandbox.settled()
    await browser.sign_in(petition, "grace")
    shown = Read((await browser.show(petition)).text)
    warning = "The pack names everybody who signed and is listed, even though the page shows only the count."
    assert warning not in shown.text
    (link,) = {one for one in shown.links if "?key=" in one and "organizers" not in one}
    async with browser.session.get(f"{browser.address(petition)}/organizers/pack.zip") as answer:
        content = await answer.read()
    with ZipFile(BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert any(b"Ada Lovelace" in one for one in files.values())
    key = link.partition("?key=")[2].encode()
    assert not [name for name, one in files.items() if key in one], "whoever gets the pack could read on"
    stage.sandbox.repositories.write_file(
        petition.repository, ".github/petition.yml", "roster: private\nnames: 0\n"
    )
    await stage.until(lambda: "Ada Lovelace" not in (petition.body or ""))
    assert warning in await browser.text(petition)


async def test_the_pack_is_for_organizers_and_not_too_large(
    stage: Scene, browser: Browser, petition: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.sign(petition, "mallory")
    await stage.shows(petition, 1)
    page = f"{browser.address(petition)}/organizers"
    for login in ("", "mallory"):
        if login:
            await browser.sign_in(petition, login)
        answer = await browser.get(f"{page}/pack.zip")
        assert (answer.status, answer.headers["Location"]) == (302, page)
    assert (await browser.get(f"{page.replace('/1/', '/77/')}/pack.zip")).status == 404
    browser.session.cookie_jar.clear()
    await browser.sign_in(petition, "grace")
    monkeypatch.setattr(routes, "MAX_PACK_SIGNATURES", 0)
    assert (await browser.get(f"{page}/pack.zip")).status == 503
    text = await browser.text(petition)
    assert "python -m bot handover lovelace/letters#1 --out DIR" in text
    assert "Download the pack" not in text
