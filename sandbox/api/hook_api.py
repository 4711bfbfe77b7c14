"""REST calls on webhooks: the App's with its delivery log and redelivery, and those of single repositories."""

from __future__ import annotations

from urllib.parse import urlencode

from sandbox.api.answer import Answer
from sandbox.api.call import REPOSITORY, Call, Route
from sandbox.models import JsonObject, Refused, Repository, RepositoryHook, existing


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
    asked = call.query.get("per_page", "30")
    per_page = min(int(asked) if asked.isdecimal() and int(asked) else 30, 100)
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


def _administered(call: Call) -> Repository:
    repository = call.repository()
    call.github.repositories.require(repository, call.actor, "admin")
    return repository


def _hook(call: Call) -> RepositoryHook:
    return existing(_administered(call).hooks.get(int(call.path["hook_id"])))


def _shown(hook: RepositoryHook) -> JsonObject:
    return {"id": hook.id, "events": list(hook.events), "active": True, "config": {"url": hook.url}}
