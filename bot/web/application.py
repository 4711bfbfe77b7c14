"""The routes of the web server."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bot.supervisor import Supervisor
from bot.web.api.routes import ApiRoutes
from bot.web.context import PagesContext
from bot.web.health import Details, Parts, Problem, readyz
from bot.web.metrics import Meter, metrics
from bot.web.organizers.routes import OrganizerRoutes, SignIn
from bot.web.pages.routes import PageRoutes
from bot.web.pages.sse import Live
from bot.web.rate_limit import RateLimits, limiting
from bot.web.security_headers import seal_all
from bot.web.webhook.handler import BODY_LIMIT, Record, webhook


def create_app(
    *,
    record: Record,
    secrets: Sequence[str],
    readiness: Parts,
    problem: Problem = lambda: "",
    house: PagesContext,
    details: Details | None = None,
    meter: Meter | None = None,
    rules: RateLimits | None = None,
    reception: SignIn | None = None,
    supervisor: Supervisor | None = None,
) -> web.Application:
    """Make the aiohttp application: the webhook, the pages and the health checks.

    Without a reception nobody can sign in as an organizer.
    """
    pages, meter, rules = PageRoutes(house), meter or Meter(), rules or RateLimits()
    # aiohttp refuses a body that reaches the limit, GitHub's limit may be reached.
    middlewares = [limiting(rules, meter.turned_away), pages.guard]
    application = web.Application(client_max_size=BODY_LIMIT + 1, middlewares=middlewares)
    application.on_response_prepare.append(seal_all)
    application.router.add_post("/webhook", webhook(record, secrets, meter, rules))
    application.router.add_get("/healthz", _healthz)
    application.router.add_get("/readyz", readyz(readiness, details, problem))
    application.router.add_get("/metrics", metrics(meter))
    live = Live(house, pages.tell, supervisor=supervisor)
    organizers = OrganizerRoutes(house, reception, pages.draw)
    rooms = (pages, ApiRoutes(house), live, organizers)
    application.add_routes([route for room in rooms for route in room.routes()])
    application.on_startup.append(live.start)
    application.on_shutdown.append(live.close)
    return application


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
