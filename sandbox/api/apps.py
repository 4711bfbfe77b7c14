"""REST calls of the App about itself and its installations, and of anybody about the API itself."""

from __future__ import annotations

from sandbox import shapes
from sandbox.api.answer import Answer, page_of
from sandbox.api.call import REPOSITORY, Call, Route
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
    if user is None or user.spam:
        raise Refused(404, "Not Found")
    return Answer(_person(call, user))


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


def _person(call: Call, user: User) -> JsonObject:
    unsaid = dict.fromkeys(("company", "blog", "location", "email", "hireable", "bio", "twitter_username"))
    counts = dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0)
    since = shapes.timestamp(user.created_at)
    shown = {"name": user.name, "created_at": since, "updated_at": since, **unsaid, **counts}
    return shapes.user(call.world, user) | shown


def _named(call: Call) -> Installation:
    installation = call.world.installations.get(int(call.path["installation_id"]))
    if installation is None or installation.deleted:
        raise Refused(404, "Not Found")
    return installation
