"""Each route declares its limits and headers, and what is sent has them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

import pytest
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDictProxy

from bot.web import server
from bot.web.middlewares import create_application
from bot.web.monitoring import Monitoring
from bot.web.request_limits import RateLimiter
from bot.web.route_policies import BASE_HEADERS, PRIVATE_HEADERS, Pool, Route, RoutePolicy
from bot.web.server import create_app
from bot.web.setup.installation import SetupDonePage
from bot.web.setup.wizard import SetupAuth, SetupWizard
from tests.web.scene import PAGE, Scene, pages_context, ready

if TYPE_CHECKING:
    from bot.web.setup.installation import InstalledApp

KEY: Final = "a key of more than thirty-two characters"
AUTH: Final = SetupAuth(KEY, lambda: 0.0)
NOBODY_ASKS: Final = cast("InstalledApp", None)
CORS: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
PAGE_HEADERS: Final = {"Cache-Control": "no-cache"}
DATA_HEADERS: Final = {"Cache-Control": "no-cache, max-age=0", **CORS}

SENT: Final[Mapping[str, Mapping[str, str]]] = {
    "/": PAGE_HEADERS,
    PAGE: PAGE_HEADERS,
    f"{PAGE}/letter": PAGE_HEADERS,
    "/static/roster.css": {"Cache-Control": "public, max-age=300"},
    "/static/mark.svg": {"Cache-Control": "public, max-age=300"},
    f"{PAGE}.json": DATA_HEADERS,
    f"{PAGE}.csv": DATA_HEADERS,
    f"{PAGE}/badge.svg": DATA_HEADERS,
    f"{PAGE}/badge.json": DATA_HEADERS,
    f"{PAGE}/card.png": DATA_HEADERS,
    f"{PAGE}/chart.svg": DATA_HEADERS,
    f"{PAGE}/feed.atom": DATA_HEADERS,
    "/openapi.json": DATA_HEADERS,
    f"{PAGE}/events": {"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    f"{PAGE}/organizers": PRIVATE_HEADERS,
    f"{PAGE}/organizers/sign-in": PRIVATE_HEADERS,
    f"{PAGE}/organizers/pack.zip": PRIVATE_HEADERS,
    "/healthz": {"Cache-Control": "no-store"},
    "/readyz": {"Cache-Control": "no-store"},
    "/metrics": {"Cache-Control": "no-store"},
}
"""The headers of each kind of answer, besides those that all have."""

REFUSED: Final[Mapping[str, Mapping[str, str]]] = {
    "/nowhere": {"Cache-Control": "no-store"},
    "/static/secret.py": {"Cache-Control": "no-store"},
    "/petitions/acme/letters/8": {"Cache-Control": "no-store"},
    f"{PAGE}?sort=age": {"Cache-Control": "no-store"},
    f"{PAGE}.json?limit=0": {"Cache-Control": "no-store", **CORS},
    "/oembed": {"Cache-Control": "no-store", **CORS},
    "/organizers/signed-in": PRIVATE_HEADERS,
}
"""The headers of errors, which are never stored."""

ABOUT_PETITION: Final = [
    *(
        "",
        "/letter",
        ".json",
        ".csv",
        "/badge.svg",
        "/badge.json",
        "/card.png",
        "/chart.svg",
        "/feed.atom",
        "/events",
    ),
]


def has(headers: CIMultiDictProxy[str], expected: Mapping[str, str]) -> bool:
    return {name: headers.get(name) for name in expected} == dict(
        expected
    ) and BASE_HEADERS.keys() <= headers.keys()


async def test_every_route_has_a_policy(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    declared: list[Route] = []

    def create(routes: list[Route], *arguments: object, **options: object) -> object:
        declared.extend(routes)
        return create_application(routes, *arguments, **options)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(server, "create_application", create)
    store = scene.petition.store

    app = create_app(
        record=store.record,
        secrets=["s"],
        monitoring=Monitoring(ready),
        context=pages_context(store),
        setup_done=SetupDonePage(AUTH, store, NOBODY_ASKS, "https://github.com/apps/x", "https://github.com"),
    )
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    matching = {(route.method, canonical(route.path)) for route in declared}
    assert served == matching, "a route that was added without a policy"
    unlimited = [route.path for route in declared if route.policy.pool is None]
    assert unlimited == ["/webhook"]
    uncacheable = [route.path for route in declared if route.policy.cache_control is None]
    assert uncacheable == ["/webhook"]
    pools = {route.policy.pool for route in declared if route.policy.pool is not None}
    assert pools | {Pool.SEARCHES} == set(Pool)


@pytest.mark.parametrize(("path", "expected"), SENT.items())
async def test_an_answer_has_its_routes_headers(scene: Scene, path: str, expected: Mapping[str, str]) -> None:
    await scene.petition.sign("ada")
    for method in ("GET", "HEAD"):
        async with scene.client.request(method, path, allow_redirects=False) as answer:
            assert answer.status < 400
            assert has(answer.headers, expected), answer.headers


@pytest.mark.parametrize(("path", "expected"), REFUSED.items())
async def test_an_error_is_never_stored(scene: Scene, path: str, expected: Mapping[str, str]) -> None:
    for accept in ("text/html", "*/*"):
        async with scene.client.get(path, headers={"Accept": accept}) as answer:
            assert answer.status >= 400
            assert has(answer.headers, expected), answer.headers


@pytest.mark.parametrize("form", ABOUT_PETITION)
async def test_what_is_about_a_private_petition_is_private(scene: Scene, form: str) -> None:
    await scene.petition.sign("ada")
    key = await scene.make_private()
    async with scene.client.get(f"{PAGE}{form}?key={key}") as answer:
        assert answer.status == 200
        assert has(answer.headers, PRIVATE_HEADERS), answer.headers
    async with scene.client.get(f"{PAGE}{form}") as answer:
        absent = await scene.client.get(f"/petitions/acme/letters/8{form}")
        assert (answer.status, absent.status) == (404, 404)
        assert strip(answer.headers) == strip(absent.headers), "the headers tell that it is there"


async def test_a_redirect_to_a_private_petition_is_private(scene: Scene) -> None:
    key = await scene.make_private()
    async with scene.client.get(f"/petitions/ACME/letters/7?key={key}", allow_redirects=False) as answer:
        assert answer.status == 302
        assert has(answer.headers, PRIVATE_HEADERS)


@pytest.mark.parametrize("path", ["/", "/setup", "/setup/static/setup.css", "/setup/made", "/setup/review"])
async def test_the_set_up_is_never_stored_and_sends_no_referrer(path: str) -> None:
    async with (
        TestClient(TestServer(wizard().application())) as client,
        client.get(path, allow_redirects=False) as answer,
    ):
        assert has(answer.headers, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


async def test_a_form_of_the_set_up_goes_to_github_and_nowhere_else() -> None:
    async with TestClient(TestServer(wizard().application())) as client:
        cookie = {"Cookie": f"undersigned-setup={AUTH.create_session()}"}
        query = {"name": "Petitions", "public_url": "https://petitions.example.org"}
        async with client.get("/setup/review", params=query, headers=cookie) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "form-action 'self' https://github.com;" in policy
        async with client.get("/setup", headers=cookie) as answer:
            assert answer.headers["Content-Security-Policy"] == BASE_HEADERS["Content-Security-Policy"]


async def test_the_webhook_has_the_headers_of_all(scene: Scene) -> None:
    async with scene.client.post("/webhook", data=b"{}") as answer:
        assert answer.status == 401
        assert has(answer.headers, BASE_HEADERS)
        assert "Cache-Control" not in answer.headers


async def test_a_limit_refuses_with_the_headers_of_the_route(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RateLimiter, "acquire", lambda *_: 5.0)
    for path in (PAGE, f"{PAGE}.json", "/static/roster.css"):
        async with scene.client.get(path) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
            assert has(answer.headers, {"Cache-Control": "no-store"})


def test_a_policys_headers_take_precedence_over_those_of_all() -> None:
    policy = RoutePolicy(cache_control="no-cache", headers={"Referrer-Policy": "no-referrer"})
    assert policy.headers_for(200)["Referrer-Policy"] == "no-referrer"
    assert policy.headers_for(200).keys() >= BASE_HEADERS.keys()
    assert policy.headers_for(404)["Cache-Control"] == "no-store"


def wizard() -> SetupWizard:
    async def nobody(*_: object) -> object:
        raise AssertionError

    return SetupWizard(AUTH, nobody, nobody, "https://api.github.com", None, asyncio.Event())  # type: ignore[arg-type]


def canonical(path: str) -> str:
    """Return a path as aiohttp names it: without the patterns of its parts."""
    for part, name in (("owner:[A-Za-z0-9_.-]+", "owner"), ("repo:[A-Za-z0-9_.-]+", "repo")):
        path = path.replace(part, name)
    return path.replace("number:[1-9][0-9]{0,8}", "number")


def strip(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("Date", "Content-Length")}
