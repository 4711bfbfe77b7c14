"""REST calls on repositories: themselves, their files, their collaborators."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from sandbox import shapes
from sandbox.api.call import REPOSITORY, Call, Route
from sandbox.api.responses import Answer
from sandbox.models import ROLES, JsonObject, Refused, Repository, RepositoryHook, existing

_AS_PERMISSION = {"maintain": "write", "triage": "read"}


@Route("GET", REPOSITORY, "metadata:read")
def get_repository(call: Call) -> Answer:
    """Read a repository."""
    return Answer(shapes.repository(call.world, call.repository()) | {"subscribers_count": 0, "network_count": 0})


@Route("GET", f"{REPOSITORY}/contents/{{path:.*}}", "contents:read")
def get_contents(call: Call) -> Answer:
    """Read a file, as JSON with line-wrapped base64, or list what is in a folder."""
    repository = call.repository()
    path = call.path["path"].strip("/")
    if path not in repository.files and (listed := list(_list(call, repository, f"{path}/" if path else ""))):
        return Answer(listed)
    content = existing(repository.files.get(path))
    encoded: JsonObject = {"encoding": "base64", "content": base64.encodebytes(content).decode()}
    return Answer(_entry(call, repository, path, content) | encoded)


@Route("GET", f"{REPOSITORY}/commits", "contents:read")
def list_commits(call: Call) -> Answer:
    """List the last commit of a file; the sandbox has no Git and remembers no other."""
    repository = call.repository()
    path = str(call.query.get("path", ""))
    at = repository.committed.get(path)
    return Answer([] if at is None else [shapes.commit(call.world, repository, path, at)])


@Route("PUT", f"{REPOSITORY}/contents/{{path:.*}}", "contents:write")
def put_contents(call: Call) -> Answer:
    """Commit one file to the default branch; over an existing one only by its present hash."""
    repository, path = call.repository(), call.path["path"].strip("/")
    call.github.repositories.require(repository, call.actor, "write")
    call.github.repositories.refuse_archived(repository)
    message = call.required("message")
    content = base64.b64decode(call.required("content"))
    known = repository.files.get(path)
    if known is not None and call.text("sha") is None:
        raise Refused(422, 'Invalid request.\n\n"sha" wasn\'t supplied.')
    if known is not None and call.text("sha") != _sha(known):
        raise Refused(409, f"{path} does not match {call.text('sha')}")
    call.github.repositories.write_file(repository, path, content.decode(), call.actor)
    commit: JsonObject = {"sha": _sha(content), "message": message, "parents": []}
    shown = {"content": _entry(call, repository, path, content), "commit": commit}
    return Answer(shown, 201 if known is None else 200)


@Route("GET", f"{REPOSITORY}/collaborators/{{user}}/permission", "metadata:read")
def get_permission(call: Call) -> Answer:
    """Read what somebody may do: the four old permissions, and the exact role."""
    repository = call.repository()
    user = existing(call.github.accounts.find(call.path["user"]))
    repositories, asker = call.github.repositories, call.caller
    if asker.token is None and (asker.actor is None or not repositories.allows(repository, asker.actor, "write")):
        raise Refused(403, "Must have push access to view collaborator permission.")
    role = repositories.role(repository, user)
    rank = ROLES.index(role)
    names = ("pull", "triage", "push", "maintain", "admin")
    allowed: JsonObject = {name: rank > place for place, name in enumerate(names)}
    shown = shapes.user(call.world, user) | {"permissions": allowed, "role_name": role}
    return Answer({"permission": _AS_PERMISSION.get(role, role), "user": shown, "role_name": role})


_HOOK = REPOSITORY + r"/hooks/{hook_id:\d+}"
_MANAGES = "repository_hooks:write"


@Route("GET", f"{REPOSITORY}/hooks", _MANAGES)
def list_hooks(call: Call) -> Answer:
    """List a repository's webhooks."""
    return Answer([_shown(one) for one in _administered(call).hooks.values()])


@Route("POST", f"{REPOSITORY}/hooks", _MANAGES)
def create_hook(call: Call) -> Answer:
    """Make a webhook of a repository."""
    repository, config = _administered(call), call.body.get("config")
    events = call.body.get("events", ["push"])
    if (
        not isinstance(config, dict)
        or not isinstance(url := config.get("url"), str)
        or not isinstance(events, list)
    ):
        raise Refused(422, "Validation Failed")
    hook = RepositoryHook(call.world.next_id("hook"), url, [str(one) for one in events])
    repository.hooks[hook.id] = hook
    return Answer(_shown(hook), 201)


@Route("DELETE", _HOOK, _MANAGES)
def delete_hook(call: Call) -> Answer:
    """Delete a webhook of a repository."""
    del _administered(call).hooks[_hook(call).id]
    return Answer(status=204)


@Route("GET", f"{_HOOK}/deliveries", _MANAGES)
def list_hook_deliveries(call: Call) -> Answer:
    """List what a repository's webhook was sent, newest first, without the payloads."""
    return Answer([{key: one[key] for key in ("id", "event", "action")} for one in _hook(call).deliveries[::-1]])


@Route("GET", rf"{_HOOK}/deliveries/{{delivery_id:\d+}}", _MANAGES)
def get_hook_delivery(call: Call) -> Answer:
    """Read one delivery with its payload."""
    wanted = int(call.path["delivery_id"])
    return Answer(existing(next((one for one in _hook(call).deliveries if one["id"] == wanted), None)))


def _list(call: Call, repository: Repository, folder: str) -> Iterator[JsonObject]:
    names = {path.removeprefix(folder).split("/")[0] for path in repository.files if path.startswith(folder)}
    for name in sorted(names):
        content = repository.files.get(folder + name)
        entry = _entry(call, repository, folder + name, content or b"")
        yield entry if content is not None else entry | {"type": "dir", "size": 0, "download_url": None}


def _entry(call: Call, repository: Repository, path: str, content: bytes) -> JsonObject:
    urls = call.world.urls
    url = f"{shapes.repository_url(call.world, repository)}/contents/{path}?ref=main"
    sha = _sha(content)
    git = f"{shapes.repository_url(call.world, repository)}/git/blobs/{sha}"
    page = f"{urls.web}/{repository.full_name}/blob/main/{path}"
    return {
        "type": "file",
        "name": path.rsplit("/", 1)[-1],
        "path": path,
        "sha": sha,
        "size": len(content),
        "url": url,
        "html_url": page,
        "git_url": git,
        "download_url": f"{urls.web}/raw/{repository.full_name}/main/{path}",
        "_links": {"self": url, "git": git, "html": page},
    }


def _sha(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


def _administered(call: Call) -> Repository:
    repository = call.repository()
    call.github.repositories.require(repository, call.actor, "admin")
    return repository


def _hook(call: Call) -> RepositoryHook:
    return existing(_administered(call).hooks.get(int(call.path["hook_id"])))


def _shown(hook: RepositoryHook) -> JsonObject:
    return {"id": hook.id, "events": list(hook.events), "active": True, "config": {"url": hook.url}}
