"""Making the App from a manifest, and the one-time codes that are exchanged for its credentials.

https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import json
import re

from sandbox.accounts import Accounts
from sandbox.deliveries import Deliveries
from sandbox.models import JsonObject, Refused
from sandbox.world import World

CODE_LIFE = 3600
"""Seconds within which a code must be exchanged."""
LONGEST_NAME = 34


class Registration:
    """The App as manifests make it; the sandbox has one App, so a second manifest changes the first."""

    def __init__(self, world: World, accounts: Accounts, deliveries: Deliveries) -> None:
        self._world = world
        self._accounts = accounts
        self._deliveries = deliveries
        self._codes: dict[str, float] = {}
        self.setup_url: str | None = None
        """Where GitHub sends whoever has installed the App."""
        self.callback_urls: tuple[str, ...] = ()
        """Where GitHub may send whoever has signed in."""
        self.client_secret = world.random.randbytes(20).hex()
        """With this and its client id the App signs people in."""

    def register(self, manifest: JsonObject, organization: str = "") -> str:
        """Set the App to what the manifest says, and return the code for its credentials.

        Without an organization it stays whose it was: nobody signs in to the sandbox.
        """
        world, app = self._world, self._world.app
        if organization:
            app.owner = self._accounts.get_or_create(organization, "Organization")
        self.setup_url = str(manifest["setup_url"]) if "setup_url" in manifest else None
        callbacks = manifest.get("callback_urls")
        self.callback_urls = tuple(map(str, callbacks)) if isinstance(callbacks, list) else ()
        self.client_secret = world.random.randbytes(20).hex()
        app.homepage = str(manifest["url"])
        app.name = str(manifest.get("name") or app.name)
        app.slug = re.sub(r"[^a-z0-9]+", "-", app.name.lower()).strip("-")
        self._accounts.rename(app.bot, f"{app.slug}[bot]")
        permissions, events = manifest.get("default_permissions"), manifest.get("default_events")
        if isinstance(permissions, dict):
            app.permissions = {name: str(level) for name, level in permissions.items()}
        if isinstance(events, list):
            app.events = [str(event) for event in events]
        self._switch_hook(manifest.get("hook_attributes"))
        code = world.random.randbytes(20).hex()
        self._codes[code] = world.now()
        return code

    def redeem(self, code: str) -> bool:
        """Check a code, which is good once and for an hour."""
        made_at = self._codes.pop(code, None)
        return made_at is not None and self._world.now() < made_at + CODE_LIFE

    def _switch_hook(self, hook: object) -> None:
        """Point deliveries at the App with a new secret; the ping goes out before the App can know it."""
        hooks = self._deliveries
        hooks.secret = self._world.random.randbytes(20).hex()
        hooks.url = str(hook["url"]) if isinstance(hook, dict) and hook.get("active", True) else None
        hooks.ping()


def read_manifest(text: str) -> JsonObject:
    """Read a manifest as it was posted; refused as GitHub refuses it."""
    try:
        manifest = json.loads(text)
    except ValueError as error:
        raise Refused(422, "Manifest is not valid JSON") from error
    if not isinstance(manifest, dict):
        raise Refused(422, "Manifest is not an object")
    hook = manifest.get("hook_attributes")
    if not manifest.get("url") or (isinstance(hook, dict) and not hook.get("url")):
        raise Refused(422, '"url" wasn\'t supplied.')
    if isinstance(hook, dict) and "secret" in hook:
        raise Refused(422, '"secret" is not a permitted key.')
    if len(str(manifest.get("name") or "")) > LONGEST_NAME:
        raise Refused(422, f"Name is too long (maximum is {LONGEST_NAME} characters)")
    return manifest
