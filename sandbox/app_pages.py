"""The App's pages on GitHub: people register it from a manifest, install it, and sign in with it.

https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from aiohttp import web

from sandbox import shapes, views
from sandbox.api.call import Call, Route
from sandbox.api.responses import Answer
from sandbox.credentials import USER_TOKEN_LIFE
from sandbox.github import GitHub
from sandbox.models import JsonObject, Refused, User
from sandbox.registration import read_manifest
from sandbox.world import World

CODE_LIFE = 600
"""Seconds within which a code must be exchanged."""

ERRORS: Mapping[str, str] = {
    "access_denied": "The user has denied your application access.",
    "bad_verification_code": "The code passed is incorrect or expired.",
    "incorrect_client_credentials": "The client_id and/or client_secret passed are incorrect.",
    "redirect_uri_mismatch": "The redirect_uri MUST match the registered callback URL for this application.",
}
"""GitHub's words; of a wrong PKCE verifier it does not say what it answers, so a code is bad with it.

https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
"""


def mount(app: web.Application, github: GitHub, api: str) -> None:
    """Add the pages, what their buttons do, and below the root of the API the revocation of people's tokens."""
    installing, signing_in = _InstallationPages(github), _SignIn(github)
    app.add_routes(
        [
            web.post("/settings/apps/new", installing.register),
            web.post("/organizations/{organization}/settings/apps/new", installing.register),
            web.get("/apps/{slug}/installations/new", installing.ask),
            web.post("/apps/{slug}/installations/new", installing.install),
            web.get("/login/oauth/authorize", signing_in.ask),
            web.post("/login/oauth/authorize", signing_in.decide),
            web.post("/login/oauth/access_token", signing_in.exchange),
            web.delete(f"{api}/applications/{{client_id}}/token", signing_in.revoke),
        ]
    )


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


class _InstallationPages:
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

    async def ask(self, request: web.Request) -> web.Response:
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


@dataclass(frozen=True, slots=True)
class _Grant:
    """What somebody has agreed to."""

    user: User
    redirect_uri: str
    challenge: str
    made_at: float


class _SignIn:
    """Hands out codes, and exchanges each once."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._world = github.world
        self._grants: dict[str, _Grant] = {}

    async def ask(self, request: web.Request) -> web.Response:
        """Show who is acting, and ask; on GitHub whoever has agreed before is not asked again."""
        back = self._check(request)
        users = [one for one in self._world.users.values() if one.type == "User" and not one.deleted]
        acting = self._github.accounts.find(request.query.get("login", "")) or _organizer(self._world, users)
        people = [acting, *(one for one in users if one is not acting)][: views.CAST] if acting else []
        text = (
            views.environment()
            .get_template("authorize.html")
            .render(app=self._world.app, people=people, action=request.path_qs)
        )
        return views.leading_away(text, back)

    async def decide(self, request: web.Request) -> web.Response:
        """Send the browser back with a code, or with a refusal."""
        back, form = self._check(request), await request.post()
        user = self._github.accounts.find(str(form.get("as", "")))
        if form.get("decision") != "authorize" or user is None or user.type != "User":
            raise views.sent_on(request, back, _error("access_denied"))
        code = self._world.random.randbytes(10).hex()
        challenge = request.query.get("code_challenge", "")
        self._grants[code] = _Grant(user, back, challenge, self._world.now())
        raise views.sent_on(request, back, {"code": code})

    async def exchange(self, request: web.Request) -> web.Response:
        """Exchange a code for a token; errors have status 200, as on GitHub."""
        given: Mapping[str, object] = await (
            request.json() if request.content_type == "application/json" else request.post()
        )
        return web.json_response(self._token({name: str(value) for name, value in given.items()}))

    async def revoke(self, request: web.Request) -> web.Response:
        """Revoke a token.

        https://docs.github.com/en/rest/apps/oauth-applications#delete-an-app-token
        """
        credentials = f"{self._world.app.client_id}:{self._github.registration.client_secret}".encode()
        mine = f"Basic {b64encode(credentials).decode()}"
        if request.match_info["client_id"] != self._world.app.client_id:
            return web.json_response({"message": "Not Found", "status": "404"}, status=404)
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), mine.encode()):
            return web.json_response({"message": "Requires authentication", "status": "401"}, status=401)
        given = await request.json()
        if not self._github.credentials.revoke(str(given.get("access_token", ""))):
            return web.json_response({"message": "Validation Failed", "status": "422"}, status=422)
        return web.Response(status=204)

    def _token(self, given: Mapping[str, str]) -> Mapping[str, str | int]:
        secret = self._github.registration.client_secret
        known = given.get("client_id") == self._world.app.client_id
        if not known or not hmac.compare_digest(given.get("client_secret", "").encode(), secret.encode()):
            return _error("incorrect_client_credentials")
        grant = self._grants.pop(given.get("code", ""), None)
        if grant is None or self._world.now() >= grant.made_at + CODE_LIFE or not _is_proven(grant, given):
            return _error("bad_verification_code")
        if given.get("redirect_uri", grant.redirect_uri) != grant.redirect_uri:
            return _error("redirect_uri_mismatch")
        return {
            "access_token": self._github.credentials.user_token(grant.user),
            "expires_in": USER_TOKEN_LIFE,
            "refresh_token": f"ghr_{self._world.random.randbytes(38).hex()}",
            "refresh_token_expires_in": 15_811_200,
            "scope": "",
            "token_type": "bearer",
        }

    def _check(self, request: web.Request) -> str:
        """Return where the browser goes afterwards; that must be an address that the App has registered."""
        if request.query.get("client_id") != self._world.app.client_id:
            raise web.HTTPNotFound
        registered = self._github.registration.callback_urls
        wanted = request.query.get("redirect_uri") or next(iter(registered), "")
        if wanted in registered:
            return wanted
        if not registered:
            raise web.HTTPBadRequest(text=ERRORS["redirect_uri_mismatch"])
        raise views.sent_on(request, registered[0], _error("redirect_uri_mismatch"))


def _organizer(world: World, users: list[User]) -> User | None:
    """Find somebody who looks after a repository; who that is not can be chosen."""
    hosts = (views.organizer(one, users) for one in world.repositories.values() if not one.deleted)
    return next((one for one in hosts if one.type == "User"), next(iter(users), None))


def _is_proven(grant: _Grant, given: Mapping[str, str]) -> bool:
    """Check the PKCE verifier, which proves that whoever redeems a code asked for it.

    https://datatracker.ietf.org/doc/html/rfc7636
    """
    if not grant.challenge:
        return True
    hashed = urlsafe_b64encode(sha256(given.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
    return hmac.compare_digest(hashed.encode(), grant.challenge.encode())


def _error(name: str) -> dict[str, str]:
    page = "troubleshooting-oauth-app-access-token-request-errors"
    where = f"/apps/managing-oauth-apps/{page}/#{name.replace('_', '-')}"
    return {"error": name, "error_description": ERRORS[name], "error_uri": where}
