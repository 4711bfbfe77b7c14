"""The routes of the web server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aiohttp import web

from bot.supervisor import Supervisor
from bot.web.api.routes import ApiRoutes
from bot.web.context import PagesContext
from bot.web.middlewares import create_application
from bot.web.monitoring import MonitoringRoutes, OperatorDetails, Parts, Problem, WebMetrics
from bot.web.organizers.routes import OrganizerRoutes
from bot.web.organizers.service import OrganizerService
from bot.web.pages.routes import PageRoutes
from bot.web.pages.sse import LiveUpdates
from bot.web.rate_limit import RateLimits
from bot.web.route_policy import WEBHOOK, Route
from bot.web.setup.pages import SetupDonePage
from bot.web.webhook.handler import Record, make_webhook_handler


class Feature(Protocol):
    """A part of the server with routes of its own."""

    def routes(self) -> list[Route]:
        """List the routes."""


def create_app(
    *,
    record: Record,
    secrets: Sequence[str],
    readiness: Parts,
    problem: Problem = lambda: "",
    context: PagesContext,
    details: OperatorDetails | None = None,
    metrics: WebMetrics | None = None,
    limits: RateLimits | None = None,
    organizers: OrganizerService | None = None,
    setup_done: SetupDonePage | None = None,
    supervisor: Supervisor | None = None,
) -> web.Application:
    """Create the aiohttp application: the webhook, the pages and the health checks.

    Without `organizers` nobody can sign in as an organizer. `supervisor` runs the task of live updates.
    """
    metrics, limits = metrics or WebMetrics(), limits or RateLimits()
    live = LiveUpdates(context, supervisor=supervisor)
    features: list[Feature] = [
        MonitoringRoutes(readiness, problem, details, metrics),
        PageRoutes(context),
        ApiRoutes(context),
        live,
        OrganizerRoutes(context, organizers),
        *([] if setup_done is None else [setup_done]),
    ]
    webhook = make_webhook_handler(record, secrets, metrics, limits)
    routes = [
        Route("POST", "/webhook", webhook, WEBHOOK),
        *(route for feature in features for route in feature.routes()),
    ]
    application = create_application(routes, limits, metrics.record_rejected, context=context)
    application.on_startup.append(live.start)
    application.on_shutdown.append(live.close)
    return application
