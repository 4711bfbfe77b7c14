"""The events that the App's webhook is sent, with the JSON that each delivery carries."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sandbox import shapes
from sandbox.models import GHOST, Comment, Installation, Issue, Json, JsonObject, Repository, User
from sandbox.world import Event, World


def publish(
    world: World, name: str, action: str | None, sender: User, repository: Repository,
    more: JsonObject | None = None, *,
    issue: Issue | None = None, comment: Comment | None = None, comments: int | None = None,
) -> None:  # fmt: skip
    """Publish an event of a repository, to the webhook if the App is there, not suspended, and subscribed.

    `comments` is the number of comments to show where it is not the present one.
    """
    installation = world.installation_for(repository)
    hooks = [one for one in repository.hooks.values() if name in one.events]
    is_told = installation is not None and installation.usable and name in installation.events and world.on_event
    if hooks or is_told:
        payload: JsonObject = {} if action is None else {"action": action}
        if issue is not None:
            counted = {} if comments is None else {"comments": comments}
            payload["issue"] = issue_payload(world, issue) | counted
        if comment is not None:
            # A vanished author is always the ghost here, never null.
            payload["comment"] = _with_ghost(world, shapes.comment(world, comment))
        about = {"repository": shapes.repository(world, repository), "sender": shapes.user(world, sender)}
        payload |= (more or {}) | about | _organization(world, repository.owner)
        for hook in hooks:
            shown: JsonObject = {"event": name, "action": action, "request": {"payload": dict(payload)}}
            hook.deliveries.append({"id": world.next_id("attempt"), **shown})
        if is_told and installation is not None:
            payload["installation"] = {"id": installation.id, "node_id": installation.node_id}
            world.send(Event(name, action, payload, installation.id, repository.id, issue, comment))
    world.changed(issue)


def publish_installation(
    world: World, name: str, action: str, sender: User, installation: Installation, more: JsonObject
) -> None:
    """Publish an event of an installation; these cannot be unsubscribed."""
    # Here, and only here, GitHub's samples have these two times as epoch seconds.
    times = {"created_at": installation.created_at, "updated_at": installation.updated_at}
    payload: JsonObject = {
        "action": action,
        "installation": shapes.installation(world, installation) | times,
        "sender": shapes.user(world, sender),
    }
    payload |= _organization(world, installation.account) | more
    world.send(Event(name, action, payload, installation.id))
    world.changed()


def _organization(world: World, account: User) -> JsonObject:
    """Return the key `organization`, which events of organizations carry and those of people lack."""
    if account.type != "Organization":
        return {}
    api = f"{world.urls.api}/orgs/{account.login}"
    return {
        "organization": {
            "login": account.login,
            "id": account.id,
            "node_id": account.node_id,
            "url": api,
            **{key: f"{api}/{path}" for key, path in shapes.CONSTANTS["organization_addresses"].items()},
            "avatar_url": f"{world.urls.web}/avatars/u/{account.id}",
            "description": None,
        }
    }


def issue_payload(world: World, of: Issue) -> JsonObject:
    """Return an issue as in a delivery, where a vanished author is always the ghost, never null."""
    shown = _with_ghost(world, shapes.issue(world, of))
    del shown["closed_by"]  # which REST has and deliveries lack
    return shown


def push_payload(
    world: World, repository: Repository, pusher: User, files: Mapping[str, list[Json]], at: int
) -> JsonObject:
    """Return what only the event `push` has: one commit to the default branch that touches these files."""
    person: JsonObject = {"name": pusher.login, "email": f"{pusher.login}@users.noreply.localhost"}
    # The sandbox has no Git: something of the length of a commit's name, and another one for every push.
    before, after = (
        hashlib.sha1(f"{repository.id} {at} {files} {one}".encode(), usedforsecurity=False).hexdigest()
        for one in ("before", "after")
    )
    page = f"{world.urls.web}/{repository.full_name}"
    commit: JsonObject = {
        "id": after,
        "tree_id": before,
        "distinct": True,
        "message": "Change a file",
        "timestamp": shapes.timestamp(at),
        "url": f"{page}/commit/{after}",
        "author": person | {"username": pusher.login},
        "committer": person | {"username": pusher.login},
        **{change: files.get(change, []) for change in ("added", "modified", "removed")},
    }
    return {
        **shapes.CONSTANTS["push"],
        "before": before,
        "after": after,
        "compare": f"{page}/compare/{before[:12]}...{after[:12]}",
        "commits": [commit],
        "head_commit": commit,
        "pusher": person,
    }


def ping_payload(world: World, hook: JsonObject) -> JsonObject:
    """Return what GitHub sends when the hook is made: no action, no installation."""
    return {
        "zen": "Sign what you have read.",
        "hook_id": world.app.hook_id,
        "hook": {
            **shapes.CONSTANTS["ping"],
            "id": world.app.hook_id,
            "events": list(world.app.events),
            "config": hook,
            "app_id": world.app.id,
            "created_at": shapes.timestamp(world.app.created_at),
            "updated_at": shapes.timestamp(world.app.created_at),
            "deliveries_url": f"{world.urls.api}/app/hook/deliveries",
        },
        "sender": shapes.user(world, world.app.owner),
    }


def _with_ghost(world: World, shown: JsonObject) -> JsonObject:
    return shown if shown["user"] is not None else shown | {"user": shapes.user(world, GHOST)}
