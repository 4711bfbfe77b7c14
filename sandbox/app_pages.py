"""The App's own pages: the form that registers it from a manifest, and the page that installs it on an account."""

from __future__ import annotations

from aiohttp import web

from sandbox import shapes, views
from sandbox.api.answer import Answer
from sandbox.api.call import Call, Route
from sandbox.github import GitHub
from sandbox.models import JsonObject, Refused
from sandbox.registration import read_manifest


def mount(app: web.Application, github: GitHub) -> None:
    """Add the pages, and what their buttons do."""
    pages = _Pages(github)
    app.router.add_get("/apps/{slug}/installations/new", pages.show_installation)
    app.router.add_post("/apps/{slug}/installations/new", pages.install)
    app.router.add_post("/settings/apps/new", pages.register)
    app.router.add_post("/organizations/{organization}/settings/apps/new", pages.register)


@Route("POST", "/app-manifests/{code}/conversions")
def convert(call: Call) -> Answer:
    """Exchange a code for the App with its credentials; nobody needs to sign in for it."""
    github = call.github
    if not github.registration.redeem(call.path["code"]):
        raise Refused(404, "Not Found")
    secrets: JsonObject = {
        "client_secret": github.registration.client_secret,
        "webhook_secret": github.deliveries.secret,
        "pem": github.credentials.private_key,
    }
    return Answer(shapes.integration(call.world) | secrets, 201)


class _Pages:
    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._world = github.world

    async def register(self, request: web.Request) -> web.Response:
        """Register the App and send the browser back; unlike GitHub, without asking for confirmation first."""
        form = await request.post()
        try:
            manifest = read_manifest(str(form.get("manifest", "")))
        except Refused as refused:
            text = f"Invalid GitHub App configuration\n\n{refused.message}"
            return web.Response(status=refused.status, text=text)
        organization = request.match_info.get("organization", "")
        given = {"code": self._github.registration.register(manifest, organization)}
        raise views.sent_on(request, str(manifest.get("redirect_url") or manifest["url"]), given)

    async def show_installation(self, request: web.Request) -> web.Response:
        """Show the page on which an account's owner installs the App."""
        self._check(request)
        logins = sorted({one.owner.login for one in self._world.repositories.values() if not one.deleted})
        text = views.environment().get_template("install.html").render(app=self._world.app, logins=logins)
        return views.leading_away(text, self._github.registration.setup_url or self._world.urls.web)

    async def install(self, request: web.Request) -> web.Response:
        """Install the App, or find it installed, and send the browser to the App's setup page if it has one."""
        self._check(request)
        form = await request.post()
        account = self._github.accounts.find(str(form.get("account", "")))
        if account is None:
            raise web.HTTPUnprocessableEntity(text="There is no such account")
        installed = self._world.installation_on(account)
        found = installed or self._github.installations.create(account)
        setup_url = self._github.registration.setup_url
        if not setup_url:
            raise web.HTTPFound(f"{self._world.urls.web}/settings/installations/{found.id}")
        action = "update" if installed else "install"
        raise views.sent_on(request, setup_url, {"installation_id": str(found.id), "setup_action": action})

    def _check(self, request: web.Request) -> None:
        if request.match_info["slug"] != self._world.app.slug:
            raise web.HTTPNotFound
