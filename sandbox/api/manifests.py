"""The form that a setup page posts a manifest to, and the exchange of its code for credentials."""

from __future__ import annotations

from functools import partial
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from sandbox import shapes
from sandbox.api.answer import Answer
from sandbox.api.call import Call, Route
from sandbox.nouns import JsonObject, Refused
from sandbox.registration import Registration, read_manifest


def mount_form(app: web.Application, registration: Registration) -> None:
    """Add the form's two addresses, for people and for organizations."""
    take = partial(_take, registration)
    app.router.add_post("/settings/apps/new", take)
    app.router.add_post("/organizations/{organization}/settings/apps/new", take)


def convert(call: Call) -> Answer:
    """Exchange a code for the App with its credentials; nobody needs to sign in for it."""
    if not call.registration.spend(call.path["code"]):
        raise Refused(404, "Not Found")
    state = call.state
    secrets: JsonObject = {
        "client_secret": call.registration.client_secret,
        "webhook_secret": call.deliveries.secret,
        "pem": call.keychain.private_key,
    }
    return Answer(shapes.integration(state.urls, state.app) | secrets, 201)


ROUTES = (Route("POST", "/app-manifests/{code}/conversions", convert),)
"""Every call of this module, for `api.app`."""


async def _take(registration: Registration, request: web.Request) -> web.Response:
    """Make the App and send the browser back; unlike GitHub, without asking for confirmation first."""
    form = await request.post()
    try:
        manifest = read_manifest(str(form.get("manifest", "")))
    except Refused as refused:
        return web.Response(status=refused.status, text=f"Invalid GitHub App configuration\n\n{refused.message}")
    organization = request.match_info.get("organization", "")
    given = {"code": registration.register(manifest, organization)}
    if "state" in request.query:
        given["state"] = request.query["state"]
    back = str(manifest.get("redirect_url") or manifest["url"])
    separator = "&" if urlsplit(back).query else "?"
    return web.Response(status=302, headers={"Location": f"{back}{separator}{urlencode(given)}"})
