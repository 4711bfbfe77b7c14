"""A signature as GitHub delivers it, signed."""

from __future__ import annotations

import hmac
import json

from tests.github.deliveries import ADA, INSTALLATION, ISSUE, NINE, REPOSITORY

SECRETS = ("new secret", "old secret")
COMMENT = {
    "id": 5_000_000_001,
    "node_id": "IC_1",
    "body": "/sign",
    "user": ADA,
    "created_at": NINE,
    "updated_at": NINE,
}
SIGNED = {
    "action": "created",
    "issue": ISSUE,
    "repository": REPOSITORY,
    "installation": INSTALLATION,
    "sender": ADA,
    "comment": COMMENT,
}
PAYLOAD = json.dumps(SIGNED).encode()


def sign(body: bytes, secret: str = SECRETS[0]) -> str:
    return f"sha256={hmac.new(secret.encode(), body, 'sha256').hexdigest()}"


def headers(body: bytes, **changes: str | None) -> dict[str, str]:
    """Give GitHub's headers for a body; `X_GitHub_Event=None` leaves one out."""
    usual: dict[str, str | None] = {
        "X-GitHub-Event": "issue_comment",
        "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "X-Hub-Signature-256": sign(body),
        "Content-Type": "application/json",
    }
    usual |= {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in usual.items() if value is not None}
