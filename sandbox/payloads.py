"""The JSON of deliveries: what every event carries, whatever it is about; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sandbox import shapes
from sandbox.nouns import GHOST, App, Comment, Installation, Issue, Json, JsonObject, Repository, User
from sandbox.repository_shape import repository as repository_shape
from sandbox.shapes import Urls

INSTALLATION_EVENTS = ("installation", "installation_repositories", "installation_target")
"""Events every App gets without subscribing; they carry the installation in full."""


def about_repository(urls: Urls, repository: Repository, installation: Installation, sender: User) -> JsonObject:
    """Give what every event of a repository carries."""
    payload: JsonObject = {
        "repository": repository_shape(urls, repository),
        "sender": shapes.user(urls, sender),
        "installation": {"id": installation.id, "node_id": installation.node_id},
    }
    return payload | organization(urls, repository.owner)


def about_installation(urls: Urls, installation: Installation, app: App, sender: User) -> JsonObject:
    """Give what every event of an installation carries."""
    in_full = shapes.installation(urls, installation, app)
    payload: JsonObject = {
        # Here, and only here, GitHub's samples have these two times as epoch seconds.
        "installation": in_full | {"created_at": installation.created_at, "updated_at": installation.updated_at},
        "sender": shapes.user(urls, sender),
    }
    return payload | organization(urls, installation.account)


def organization(urls: Urls, account: User) -> JsonObject:
    """Give the key `organization`, which events of organizations carry and those of people lack."""
    if account.type != "Organization":
        return {}
    api = f"{urls.api}/orgs/{account.login}"
    return {
        "organization": {
            "login": account.login,
            "id": account.id,
            "node_id": account.node_id,
            "url": api,
            "repos_url": f"{api}/repos",
            "events_url": f"{api}/events",
            "hooks_url": f"{api}/hooks",
            "issues_url": f"{api}/issues",
            "members_url": f"{api}/members{{/member}}",
            "public_members_url": f"{api}/public_members{{/member}}",
            "avatar_url": f"{urls.web}/avatars/u/{account.id}",
            "description": None,
        }
    }


def issue(urls: Urls, of: Issue, app: App) -> JsonObject:
    """Show an issue in a delivery, where a vanished author is always the ghost, never null."""
    shown = _with_ghost(urls, shapes.issue(urls, of, app))
    del shown["closed_by"]  # which REST has and deliveries lack
    return shown


def comment(urls: Urls, of: Comment, app: App) -> JsonObject:
    """Show a comment in a delivery, where a vanished author is always the ghost, never null."""
    return _with_ghost(urls, shapes.comment(urls, of, app))


def push(urls: Urls, repository: Repository, pusher: User, files: Mapping[str, list[Json]], at: int) -> JsonObject:
    """Give what only the event `push` has: one commit to the default branch that touches these files."""
    person: JsonObject = {"name": pusher.login, "email": f"{pusher.login}@users.noreply.localhost"}
    # The sandbox has no Git: something of the length of a commit's name, and another one for every push.
    before, after = (_hash(f"{repository.id} {at} {files} {one}") for one in ("before", "after"))
    page = f"{urls.web}/{repository.full_name}"
    commit: JsonObject = {
        "id": after,
        "tree_id": before,
        "distinct": True,
        "message": "Change a file",
        "timestamp": shapes.timestamp(at),
        "url": f"{page}/commit/{after}",
        "author": person | {"username": pusher.login},
        "committer": person | {"username": pusher.login},
        "added": files.get("added", []),
        "modified": files.get("modified", []),
        "removed": files.get("removed", []),
    }
    return {
        "ref": "refs/heads/main",
        "before": before,
        "after": after,
        "base_ref": None,
        "compare": f"{page}/compare/{before[:12]}...{after[:12]}",
        "created": False,
        "deleted": False,
        "forced": False,
        "commits": [commit],
        "head_commit": commit,
        "pusher": person,
    }


def ping(urls: Urls, app: App, hook: JsonObject) -> JsonObject:
    """Give what GitHub sends when the hook is made: no action, no installation."""
    return {
        "zen": "Sign what you have read.",
        "hook_id": app.hook_id,
        "hook": {
            "type": "App",
            "id": app.hook_id,
            "name": "web",
            "active": True,
            "events": list(app.events),
            "config": hook,
            "app_id": app.id,
            "created_at": shapes.timestamp(app.created_at),
            "updated_at": shapes.timestamp(app.created_at),
            "deliveries_url": f"{urls.api}/app/hook/deliveries",
        },
        "sender": shapes.user(urls, app.owner),
    }


def _hash(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _with_ghost(urls: Urls, shown: JsonObject) -> JsonObject:
    return shown if shown["user"] is not None else shown | {"user": shapes.user(urls, GHOST)}
