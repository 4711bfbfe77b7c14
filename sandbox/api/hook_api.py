"""REST calls on the App's webhook: its configuration, its delivery log, redelivery."""

from __future__ import annotations

from urllib.parse import urlencode

from sandbox.api.answer import Answer
from sandbox.api.call import Call, Route
from sandbox.models import Refused, existing


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
