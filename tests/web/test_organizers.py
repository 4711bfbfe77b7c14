"""What a browser is given when an organizer signs in, at whichever address it sees us."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import ClientResponse, ClientSession, DummyCookieJar
from aiohttp.test_utils import TestClient, TestServer
from msgspec.structs import replace

from bot.github.app_client import GitHub
from bot.github.sign_in import OAuthClient
from bot.links import Addresses, Pages
from bot.petition.abuse_signals import assess
from bot.petition.comments.comment import Author
from bot.petition.comments.mistyped_commands import Fault
from bot.petition.rules_in_force import Rules
from bot.petition.settings import Settings
from bot.petition.tally import Reason
from bot.store import Attempts, AuditEntry, KnownSettings, NotCounted, PetitionRef, RosterQuery, Store, sign_outs
from bot.web.monitoring import Monitoring
from bot.web.organizers import view_models
from bot.web.organizers.auth import COOKIE, LIFETIME, OrganizerAuth
from bot.web.organizers.cached_signature_reviews import PetitionRecords, SignatureReview, SignatureReviews
from bot.web.organizers.routes import OrganizerServices
from bot.web.organizers.view_models import view_organizers
from bot.web.petition_requests import PagesContext
from bot.web.server import create_app
from bot.web.sessions import SignedSessions
from tests.store.scene import LETTER, REPOSITORY
from tests.store.scene import Scene as Petition
from tests.web.html import Read
from tests.web.scene import NOW, PAGE, PUBLIC, Client, pages_context, ready

KEY = "a key of more than thirty-two characters"
NOBODY_ASKS = cast("GitHub", None)
NOBODY_CALLS = cast("ClientSession", None)


class Auth(OrganizerAuth):
    """Knows grace, who organizes everything, and asks nobody."""

    def __init__(self, store: Store) -> None:
        client = OAuthClient("https://api.github.com", "Iv23", "hush")
        super().__init__(store.sign_outs, NOBODY_ASKS, NOBODY_CALLS, client, KEY, lambda: NOW)

    async def identify(self, code: str, ticket: str, callback: str) -> Author:
        assert len(self._verifier(ticket)) >= 43, "https://datatracker.ietf.org/doc/html/rfc7636#section-4.1"
        return Author(7, "grace")

    async def is_organizer(self, ref: PetitionRef | None, name: str, person: Author) -> bool:
        return person == Author(7, "grace")


class Reviews(SignatureReviews):
    """Has more commands and attempts than the page shows."""

    async def review(self, ref: PetitionRef) -> SignatureReview:
        return SignatureReview(assess([], {}), 0)

    async def records(self, ref: PetitionRef) -> PetitionRecords:
        return PetitionRecords(
            audit=[
                AuditEntry(number, 1_794_000_000 + number, 1, 1, 7, "grace", "goal", f"{number}", "obeyed", "")
                for number in range(203)
            ],
            attempts=[Attempts(number, f"eve{number}", "goal", 3, 1, 61 + number, 1) for number in range(23)],
            settings=KnownSettings(readable=False),
        )


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[Store]:
    store = await Store.open(sqlite_url)
    yield store
    await store.close()


@pytest.fixture
def public_url() -> str | None:
    return None


@pytest.fixture
async def client(store: Store, public_url: str | None) -> AsyncIterator[Client]:
    async with serving(store, public_url) as found:
        yield found


def serving(store: Store, public_url: str | None = None) -> Client:
    application = create_app(
        record=store.record,
        secrets=["s"],
        monitoring=Monitoring(ready),
        context=PagesContext(store.rosters, Addresses(public_url=public_url), lambda: NOW),
        organizers=OrganizerServices(Auth(store), Reviews(store, lambda: NOW)),
    )
    return TestClient(TestServer(application), cookie_jar=DummyCookieJar())


async def sign_in(client: Client, **headers: str) -> tuple[ClientResponse, ClientResponse]:
    """Begin and come back; gives both answers."""
    sent = await client.get(f"{PAGE}/organizers/sign-in", headers=headers, allow_redirects=False)
    state = parse_qs(urlsplit(sent.headers["Location"]).query)["state"][0]
    # As the browser does, whatever of the path before ours a proxy takes away.
    cookie = {"Cookie": sent.headers["Set-Cookie"].partition(";")[0]}
    asked = {"code": "c0de", "state": state}
    back = await client.get("/organizers/signed-in", params=asked, headers=headers | cookie, allow_redirects=False)
    assert back.status == 303, await back.text()
    return sent, back


def parts(cookie: str) -> set[str]:
    return set(cookie.split("; "))


async def test_the_browser_is_sent_to_github_with_a_proof_and_no_secret(client: Client) -> None:
    sent, _ = await sign_in(client)
    url = urlsplit(sent.headers["Location"])
    asked = {name: value for name, (value,) in parse_qs(url.query).items()}
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://github.com/login/oauth/authorize"
    assert set(asked) == {"client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"}
    assert (asked["client_id"], asked["code_challenge_method"], len(asked["code_challenge"])) == (
        "Iv23",
        "S256",
        43,
    )
    assert "hush" not in sent.headers["Location"]
    assert sent.headers["Cache-Control"] == "private, no-store"


async def test_behind_https_the_cookies_travel_by_https_only(client: Client) -> None:
    for answer in await sign_in(client):
        assert "Secure" not in parts(answer.headers["Set-Cookie"])
    for answer in await sign_in(client, **{"X-Forwarded-Proto": "https", "Host": "petitions.example.org"}):
        assert "Secure" in parts(answer.headers.getall("Set-Cookie")[0])
        assert "https%3A%2F%2Fpetitions" in answer.headers["Location"] or answer.headers["Location"] == (
            f"https://petitions.example.org{PAGE}/organizers"
        )


@pytest.mark.parametrize("public_url", ["https://example.org/petitions-of-ours"])
async def test_below_a_path_the_cookies_are_for_that_path(client: Client) -> None:
    sent, back = await sign_in(client)
    assert {"Path=/petitions-of-ours/organizers/signed-in", "Secure"} <= parts(sent.headers["Set-Cookie"])
    session, ticket = back.headers.getall("Set-Cookie")
    assert {"Path=/petitions-of-ours/petitions", "Secure", "SameSite=Lax"} <= parts(session)
    assert {"Path=/petitions-of-ours/organizers/signed-in", "Max-Age=0"} <= parts(ticket)
    assert back.headers["Location"] == f"https://example.org/petitions-of-ours{PAGE}/organizers"


@pytest.mark.parametrize(
    "place", ["/petitions//evil.example/x/1", "/petitions/..%2F..%2Fevil.example/x/1", "/petitions/a:b/x/1"]
)
async def test_nobody_is_led_away_from_here(client: Client, place: str) -> None:
    sent = await client.get(f"{place}/organizers/sign-in", allow_redirects=False)
    assert (sent.status, "Set-Cookie" in sent.headers) == (404, False)


async def test_of_a_long_log_the_newest_is_shown_and_what_cannot_be_read_is_said(
    client: Client, store: Store
) -> None:
    await Petition(store, clock=int(NOW) - 1_000).label()
    _, back = await sign_in(client)
    cookie = {"Cookie": back.headers["Set-Cookie"].partition(";")[0]}
    shown = await client.get(f"{PAGE}/organizers", headers=cookie)
    text = Read(await shown.text()).text
    assert "3 older commands are not shown." in text
    assert text.index("/petition goal 202") < text.index("/petition goal 3 ")
    assert "/petition goal 2 " not in text
    assert "eve0: 3 times, last /petition goal on 1 Jan 1970, 00:01 UTC, first on 1 Jan 1970, 00:00 UTC" in text
    assert "eve19" in text
    assert "eve20" not in text
    assert "3 others are not shown." in text
    assert "the App lacks the permission Contents: read-only" in text
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert shown.headers["Referrer-Policy"] == "no-referrer"


async def test_what_counts_is_said_in_words(store: Store) -> None:
    petition = Petition(store, clock=int(NOW) - 1_000)
    await petition.label()
    await petition.sign("ada")
    details = await store.rosters.get_details(LETTER.id, RosterQuery(size=1))
    assert details is not None
    settings = Settings(
        goals=(100, 2_500),
        deadline=int(NOW) - 60,
        also_accept=("signed", "+1"),
        show=frozenset(),
        minimum_account_age=30,
    )
    snapshot = replace(details.snapshot, rules=Rules(settings), doubtful=2, unlisted=1, anonymised_at=int(NOW))
    shown = view_organizers(
        replace(details, snapshot=snapshot),
        Pages(PUBLIC, REPOSITORY, 7, "key"),
        pages_context(store),
        SignatureReview(assess([], {}), 3),
        PetitionRecords([], [], KnownSettings()),
    )
    counting = dict(shown["counting"])
    assert counting["Counted"] == (
        "1 person has signed, 1 of them not listed, 3 people have withdrawn;"
        " 2 undecided until GitHub says who wrote them"
    )
    assert counting["What signs"] == "/sign, or a comment that only says “I sign”, “signed”, “+1”"
    assert counting["Accounts"] == "30 days old or more when they sign"
    assert counting["Goal"] == "100, then 2,500"
    assert counting["Until"].endswith("UTC (ended)")
    assert counting["Shown"] == "only the count"
    assert shown["headline"].startswith("The names were erased on ")
    assert shown["findings"] == []
    assert shown["link"] == f"{PUBLIC}{PAGE}?key=key"


async def test_a_form_of_another_site_signs_nobody_out(client: Client) -> None:
    answer = await client.post(f"{PAGE}/organizers/sign-out", allow_redirects=False)
    assert (answer.status, "Set-Cookie" in answer.headers) == (303, False)


# Signing out


async def session_of(client: Client) -> str:
    """Sign in, and give the cookie, as somebody may have copied it."""
    _, back = await sign_in(client)
    return back.headers["Set-Cookie"].partition(";")[0]


async def opens(client: Client, cookie: str) -> bool:
    answer = await client.get(f"{PAGE}/organizers", headers={"Cookie": cookie})
    assert "Set-Cookie" not in answer.headers
    text = Read(await answer.text()).text
    assert answer.status == 200
    assert ("Sign in with GitHub" in text) is not ("signed in as grace" in text)
    return "signed in as grace" in text


async def sign_out(client: Client, cookie: str) -> None:
    answer = await client.post(f"{PAGE}/organizers/sign-out", headers={"Cookie": cookie}, allow_redirects=False)
    assert answer.status == 303
    assert "Max-Age=0" in answer.headers["Set-Cookie"]


async def test_whoever_signs_out_is_signed_out_everywhere_and_at_once(database_url: str) -> None:
    """All of it within one second of the clock, in two processes on one database."""
    stores = [await Store.open(database_url) for _ in range(2)]
    await Petition(stores[0], clock=int(NOW) - 1_000).label()
    async with serving(stores[0]) as here, serving(stores[1]) as there:
        at_home, at_work = await session_of(here), await session_of(there)
        assert [await opens(each, cookie) for each in (here, there) for cookie in (at_home, at_work)] == [True] * 4
        await sign_out(here, at_home)
        assert [await opens(each, cookie) for each in (here, there) for cookie in (at_home, at_work)] == [False] * 4
        again = await session_of(there)
        assert [await opens(each, again) for each in (here, there)] == [True, True]
        await sign_out(there, again)
        assert [await opens(each, again) for each in (here, there)] == [False, False]
    for store in stores:
        await store.close()


async def test_with_a_session_that_has_ended_nobody_is_signed_out(client: Client, store: Store) -> None:
    await Petition(store, clock=int(NOW) - 1_000).label()
    stolen = await session_of(client)
    await sign_out(client, stolen)
    mine = await session_of(client)
    await sign_out(client, stolen)
    assert await opens(client, mine)


async def test_another_persons_sessions_go_on(client: Client, store: Store) -> None:
    await Petition(store, clock=int(NOW) - 1_000).label()
    session = await session_of(client)
    await store.sign_outs.end_sessions(8, NOW)
    assert await opens(client, session)


async def test_a_session_of_an_earlier_version_is_good_no_more(client: Client, store: Store) -> None:
    await Petition(store, clock=int(NOW) - 1_000).label()
    sealed = SignedSessions(KEY, "organizer", LIFETIME, lambda: NOW).create("7:grace")
    assert not await opens(client, f"{COOKIE}={sealed}")


def test_a_sign_out_is_remembered_for_longer_than_a_session_lasts() -> None:
    assert sign_outs.KEPT > LIFETIME + 3600


@pytest.mark.parametrize("fault", [one for one in Fault if one is not Fault.WITHDRAWAL])
def test_every_fault_of_an_attempt_to_sign_has_words_of_its_own(fault: Fault) -> None:
    said = view_models.why_not_counted(NotCounted("ada", Reason.MISTYPED, 1, REPOSITORY, 1, 1, fault))
    assert said != view_models.why_not_counted(NotCounted("ada", Reason.MISTYPED, 1, REPOSITORY, 1, 1))
