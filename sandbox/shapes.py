"""GitHub's JSON for each noun, as its REST API and its webhooks share it; pure.

Field by field from GitHub's OpenAPI description; `tests/sandbox` parses every shape with models generated from it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.resources import files

from sandbox.models import REACTIONS, Comment, Installation, Issue, JsonObject, Label, Reaction, Repository, User
from sandbox.world import World

CONSTANTS: dict[str, JsonObject] = json.loads(files("sandbox").joinpath("constants.json").read_text("utf-8"))
"""What all things of a kind have here, and the paths of the addresses below a thing's own."""


def timestamp(at: float) -> str:
    """Write UTC epoch seconds as GitHub does."""
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def user(world: World, account: User) -> JsonObject:
    """Build an account's JSON; a deleted one as the ghost."""
    account = account.shown
    api = f"{world.urls.api}/users/{account.login}"
    web = f"{world.urls.web}/apps/{account.login.removesuffix('[bot]')}" if account.type == "Bot" else ""
    return {
        **CONSTANTS["account"],
        "login": account.login,
        "id": account.id,
        "node_id": account.node_id,
        "avatar_url": f"{world.urls.web}/avatars/u/{account.id}",
        "url": api,
        "html_url": web or f"{world.urls.web}/{account.login}",
        **{key: f"{api}/{path}" for key, path in CONSTANTS["account_addresses"].items()},
        "type": account.type,
    }


def author(world: World, account: User) -> JsonObject | None:
    """Build the author's JSON as REST does: a deleted account is the ghost, or null."""
    if account.deleted and not account.shown_when_deleted:
        return None
    return user(world, account)


def label(world: World, repository: Repository, of: Label) -> JsonObject:
    """Build a label's JSON."""
    return {
        "id": of.id,
        "node_id": of.node_id,
        "url": f"{repository_url(world, repository)}/labels/{of.name}",
        "name": of.name,
        "color": of.color,
        "default": of.default,
        "description": of.description,
        **CONSTANTS["label"],
    }


def commit(world: World, repository: Repository, path: str, at: int) -> JsonObject:
    """Build the JSON of the last commit that changed a file."""
    sha, tree = (hashlib.sha1(f"{one} {path} {at}".encode(), usedforsecurity=False).hexdigest() for one in "ct")
    api = repository_url(world, repository)
    login, owner = repository.owner.login, user(world, repository.owner)
    person: JsonObject = {"name": login, "email": f"{login}@users.noreply.localhost", "date": timestamp(at)}
    return {
        "sha": sha,
        "node_id": f"C_{sha}",
        "commit": {
            **CONSTANTS["commit"],
            "author": person,
            "committer": person,
            "tree": {"sha": tree, "url": f"{api}/git/trees/{tree}"},
            "url": f"{api}/git/commits/{sha}",
        },
        "url": f"{api}/commits/{sha}",
        "html_url": f"{world.urls.web}/{repository.full_name}/commit/{sha}",
        "comments_url": f"{api}/commits/{sha}/comments",
        "author": owner,
        "committer": owner,
        "parents": [],
    }


def reaction(world: World, of: Reaction) -> JsonObject:
    """Build a reaction's JSON."""
    return {
        "id": of.id,
        "node_id": of.node_id,
        "user": author(world, of.user),
        "content": of.content,
        "created_at": timestamp(of.created_at),
    }


def issue(world: World, of: Issue) -> JsonObject:
    """Build an issue's JSON with everything GitHub sends along, in REST answers and deliveries alike."""
    url = issue_url(world, of)
    repository = of.repository
    pinned = of.pinned_comment
    shown: JsonObject = {
        **CONSTANTS["issue"],
        "url": url,
        "repository_url": repository_url(world, repository),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": issue_page(world, of),
        "id": of.id,
        "node_id": of.node_id,
        "number": of.number,
        "title": of.title,
        "user": author(world, of.user),
        "labels": [label(world, repository, one) for one in of.labels],
        "state": of.state,
        "locked": of.locked,
        "comments": len(of.comments),
        "created_at": timestamp(of.created_at),
        "updated_at": timestamp(of.updated_at),
        "closed_at": None if of.closed_at is None else timestamp(of.closed_at),
        "author_association": association(repository, of.user),
        "body": of.body,
        "closed_by": None if of.closed_by is None else author(world, of.closed_by),
        "reactions": rollup(f"{url}/reactions", ()),
        "performed_via_github_app": integration(world) if of.user is world.app.bot else None,
        "state_reason": of.state_reason,
        "pinned_comment": None if pinned is None else comment(world, pinned),
    }
    if of.is_pull_request:
        page, api = issue_page(world, of), f"{repository_url(world, repository)}/pulls/{of.number}"
        urls = {"url": api, "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch"}
        shown |= {"draft": False, "pull_request": {**urls, "merged_at": None}}
    return shown


def comment(world: World, of: Comment) -> JsonObject:
    """Build a comment's JSON, with the keys `pin` and `minimized` that REST has since 2026."""
    url = comment_url(world, of)
    pin: JsonObject | None = None
    if of.pinned is not None:
        at, by = of.pinned
        pin = {"pinned_at": timestamp(at), "pinned_by": author(world, by)}
    return {
        "url": url,
        "html_url": f"{issue_page(world, of.issue)}#issuecomment-{of.id}",
        "issue_url": issue_url(world, of.issue),
        "id": of.id,
        "node_id": of.node_id,
        "user": author(world, of.user),
        "created_at": timestamp(of.created_at),
        "updated_at": timestamp(of.updated_at),
        "body": of.body,
        "author_association": association(of.issue.repository, of.user),
        "reactions": rollup(f"{url}/reactions", of.reactions),
        "performed_via_github_app": integration(world) if of.user is world.app.bot else None,
        "pin": pin,
        "minimized": None if of.minimized is None else {"reason": of.minimized},
    }


def rollup(url: str, reactions: Iterable[Reaction]) -> JsonObject:
    """Count reactions by content."""
    counts = Counter(one.content for one in reactions)
    return {"url": url, "total_count": counts.total(), **{content: counts[content] for content in REACTIONS}}


def association(repository: Repository, account: User) -> str:
    """Return the author's relation to the repository."""
    if account.type == "Mannequin":
        return "MANNEQUIN"
    if account is repository.owner:
        return "OWNER"
    if repository.roles.get(account.id, "none") == "none":
        return "NONE"
    return "MEMBER" if repository.owner.type == "Organization" else "COLLABORATOR"


def integration(world: World) -> JsonObject:
    """Build the App's JSON as `performed_via_github_app` and `GET /app` do."""
    app = world.app
    return {
        "id": app.id,
        "slug": app.slug,
        "client_id": app.client_id,
        "node_id": app.node_id,
        "owner": user(world, app.owner),
        "name": app.name,
        "description": "",
        "external_url": app.homepage or world.urls.web,
        "html_url": f"{world.urls.web}/apps/{app.slug}",
        "created_at": timestamp(app.created_at),
        "updated_at": timestamp(app.created_at),
        "permissions": dict(app.permissions),
        "events": list(app.events),
    }


def installation(world: World, of: Installation) -> JsonObject:
    """Build an installation's JSON with what was granted."""
    return {
        **CONSTANTS["installation"],
        "id": of.id,
        "client_id": world.app.client_id,
        "account": user(world, of.account),
        "repository_selection": "all" if of.repositories is None else "selected",
        "access_tokens_url": f"{world.urls.api}/app/installations/{of.id}/access_tokens",
        "repositories_url": f"{world.urls.api}/installation/repositories",
        "html_url": f"{world.urls.web}/settings/installations/{of.id}",
        "app_id": world.app.id,
        "app_slug": world.app.slug,
        "target_id": of.account.id,
        "target_type": of.account.type,
        "permissions": dict(of.permissions),
        "events": list(of.events),
        "created_at": timestamp(of.created_at),
        "updated_at": timestamp(of.updated_at),
        "suspended_by": None if of.suspended_at is None else user(world, of.account),
        "suspended_at": None if of.suspended_at is None else timestamp(of.suspended_at),
    }


def short_repository(of: Repository) -> JsonObject:
    """Build a repository's JSON as the `installation` events list it."""
    return {"id": of.id, "node_id": of.node_id, "name": of.name, "full_name": of.full_name, "private": of.private}


def repository_url(world: World, of: Repository) -> str:
    """Return the repository's REST address."""
    return f"{world.urls.api}/repos/{of.full_name}"


def issue_url(world: World, of: Issue) -> str:
    """Return the issue's REST address."""
    return f"{repository_url(world, of.repository)}/issues/{of.number}"


def issue_page(world: World, of: Issue) -> str:
    """Return the issue's web page."""
    kind = "pull" if of.is_pull_request else "issues"
    return f"{world.urls.web}/{of.repository.full_name}/{kind}/{of.number}"


def comment_url(world: World, of: Comment) -> str:
    """Return the comment's REST address."""
    return f"{repository_url(world, of.issue.repository)}/issues/comments/{of.id}"


def repository(world: World, of: Repository) -> JsonObject:
    """Build a repository's JSON in full, as deliveries and `GET /repos/{owner}/{repo}` do."""
    url = repository_url(world, of)
    page = f"{world.urls.web}/{of.full_name}"
    open_issues = sum(
        1 for one in of.issues.values() if one.state == "open" and not one.deleted and not one.moved_to
    )
    return {
        **CONSTANTS["repository"],
        **short_repository(of),
        "owner": user(world, of.owner),
        "html_url": page,
        "url": url,
        **{key: f"{url}/{path}" for key, path in CONSTANTS["repository_addresses"].items()},
        "created_at": timestamp(of.created_at),
        "updated_at": timestamp(of.updated_at),
        "pushed_at": timestamp(of.created_at),
        "git_url": f"git://localhost/{of.full_name}.git",
        "ssh_url": f"git@localhost:{of.full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "has_issues": of.has_issues,
        "archived": of.archived,
        "open_issues_count": open_issues,
        "visibility": "private" if of.private else "public",
        "open_issues": open_issues,
    }
