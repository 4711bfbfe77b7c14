"""The routes of the web server."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bot.supervisor import Supervisor
from bot.web.asking import House
from bot.web.callers import Rules, limiting
from bot.web.data import DataRoutes
from bot.web.guard import seal_all
from bot.web.live import Live
from bot.web.metering import Meter, metrics
from bot.web.organizers import OrganizerRoutes, Reception
from bot.web.pages import PageRoutes
from bot.web.readiness import Details, Parts, Problem, readyz
from bot.web.webhook import BODY_LIMIT, Record, webhook


def make_application(
    *,
    record: Record,
    secrets: Sequence[str],
    readiness: Parts,
    problem: Problem = lambda: "",
    house: House,
    details: Details | None = None,
    meter: Meter | None = None,
    rules: Rules | None = None,
    reception: Reception | None = None,
    supervisor: Supervisor | None = None,
) -> web.Application:
    """Make the aiohttp application: the webhook, the pages and the health checks.

    Without a reception nobody can sign in as an organizer.
    """
    pages, meter, rules = PageRoutes(house), meter or Meter(), rules or Rules()
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
    rooms = (pages, DataRoutes(house), live, organizers)
    application.add_routes([route for room in rooms for route in room.routes()])
    application.on_startup.append(live.start)
    application.on_shutdown.append(live.close)
    return application


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
