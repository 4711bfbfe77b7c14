"""REST calls of the App about itself and its installations, and of anybody about the API itself."""

from __future__ import annotations

from urllib.parse import urlencode

from sandbox import shapes
from sandbox.api.call import REPOSITORY, Call, Route
from sandbox.api.responses import Answer, page_of, per_page_of
from sandbox.models import Installation, JsonObject, Refused, User, existing


@Route("GET", "/app", needs_app=True)
def get_app(call: Call) -> Answer:
    """Read the App."""
    count = sum(1 for one in call.world.installations.values() if not one.deleted)
    return Answer(shapes.integration(call.world) | {"installations_count": count})


@Route("GET", "/app/installations", needs_app=True)
def list_installations(call: Call) -> Answer:
    """List the App's installations."""
    found = [one for one in call.world.installations.values() if not one.deleted]
    page, links = page_of(found, call.query, f"{call.world.urls.api}/app/installations")
    return Answer([shapes.installation(call.world, one) for one in page], headers=links)


@Route("GET", f"{REPOSITORY}/installation", needs_app=True)
def get_repository_installation(call: Call) -> Answer:
    """Find the installation through which the App sees a repository."""
    installation = existing(call.world.installation_for(call.repository()))
    return Answer(shapes.installation(call.world, installation))


@Route("POST", r"/app/installations/{installation_id:\d+}/access_tokens", needs_app=True)
def create_token(call: Call) -> Answer:
    """Mint an installation token with all that was granted: 403 while suspended, 404 once removed."""
    installation = _named(call)
    if installation.suspended_at is not None:
        raise Refused(403, "This installation has been suspended")
    token = call.github.credentials.mint(installation)
    answer: JsonObject = {
        "token": token.value,
        "expires_at": shapes.timestamp(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": "all" if installation.repositories is None else "selected",
    }
    return Answer(answer, 201)


@Route("GET", "/installation/repositories")
def list_repositories(call: Call) -> Answer:
    """List the repositories that an installation token sees."""
    token = call.caller.token
    if token is None:
        raise Refused(403, "You must authenticate with an installation access token in order to list repositories.")
    seen = call.github.installations.repositories_of(token.installation)
    page, links = page_of(seen, call.query, f"{call.world.urls.api}/installation/repositories")
    body: JsonObject = {
        "total_count": len(seen),
        "repository_selection": "all" if token.installation.repositories is None else "selected",
        "repositories": [shapes.repository(call.world, one) for one in page],
    }
    return Answer(body, headers=links)


@Route("GET", "/users/{login}")
def get_user(call: Call) -> Answer:
    """Read an account by its present login."""
    user = call.github.accounts.find(call.path["login"])
    return Answer(_person(call, existing(None if user is None or user.spam else user)))


@Route("GET", "/user")
def get_me(call: Call) -> Answer:
    """Read the account of the person who calls; an installation is nobody."""
    if call.caller.token is not None:
        raise Refused(403, "Resource not accessible by integration")
    return Answer(_person(call, call.actor))


@Route("GET", "/meta")
def get_meta(_call: Call) -> Answer:
    """Read where deliveries come from."""
    return Answer({"verifiable_password_authentication": False, "hooks": ["127.0.0.1/32"], "web": [], "api": []})


@Route("GET", "/app/hook/config", needs_app=True)
def get_config(call: Call) -> Answer:
    """Read the hook's configuration; the secret is masked."""
    return Answer(call.github.deliveries.config())


@Route("GET", "/app/hook/deliveries", needs_app=True)
def list_deliveries(call: Call) -> Answer:
    """List attempts of the last three days, newest first, paged by an opaque cursor."""
    found, cursor = call.github.deliveries.log.attempts(), call.query.get("cursor")
    if cursor is not None:
        if not cursor.startswith("v1_") or not cursor[3:].isdecimal():
            raise Refused(400, "Invalid cursor")
        found = [one for one in found if one.id <= int(cursor[3:])]
    per_page = per_page_of(call.query)
    headers = {}
    if len(found) > per_page:
        kept = [(key, value) for key, value in call.query.items() if key != "cursor"]
        query = urlencode([*kept, ("cursor", f"v1_{found[per_page].id}")])
        headers["Link"] = f'<{call.world.urls.api}/app/hook/deliveries?{query}>; rel="next"'
    return Answer([one.shown() for one in found[:per_page]], headers=headers)


@Route("POST", r"/app/hook/deliveries/{delivery_id:\d+}/attempts", needs_app=True)
def redeliver(call: Call) -> Answer:
    """Deliver once more, later and under the same GUID."""
    wanted, attempts = int(call.path["delivery_id"]), call.github.deliveries.log.attempts()
    call.github.deliveries.redeliver(existing(next((one for one in attempts if one.id == wanted), None)))
    return Answer({}, 202)


def _person(call: Call, user: User) -> JsonObject:
    since = shapes.timestamp(user.created_at)
    shown = {"name": user.name, "created_at": since, "updated_at": since, **shapes.CONSTANTS["person"]}
    return shapes.user(call.world, user) | shown


def _named(call: Call) -> Installation:
    installation = call.world.installations.get(int(call.path["installation_id"]))
    return existing(None if installation is None or installation.deleted else installation)
