"""Small deliveries for the tests of this room: only the fields that are read, in GitHub's own words.

`test_schema.py` checks them against the models generated from GitHub's description.
"""

from __future__ import annotations

import json
from typing import Any

from bot.github.webhooks import Delivery, read
from bot.petition.comments.comment import Comment, Version
from bot.petition.facts_from_github import CommentFact, IssueFact

Json = dict[str, Any]

ADA: Json = {"id": 101, "login": "ada", "type": "User"}
MALLORY: Json = {"id": 102, "login": "mallory", "type": "User"}
GHOST: Json = {"id": 10137, "login": "ghost", "type": "User"}
OUR_BOT: Json = {"id": 900, "login": "undersigned[bot]", "type": "Bot"}

NINE = "2026-11-22T09:00:00Z"
TEN = "2026-11-22T10:00:00Z"
AT_NINE = 1795338000
AT_TEN = AT_NINE + 3600

REPOSITORY: Json = {
    "id": 7,
    "name": "letter",
    "owner": {"login": "league"},
    "private": False,
    "archived": False,
    "updated_at": NINE,
}
OTHER_REPOSITORY: Json = REPOSITORY | {"id": 8, "name": "archive"}
ISSUE: Json = {
    "id": 70,
    "number": 3,
    "title": "Keep the lights on",
    "labels": [{"name": "Petition"}],
    "state": "open",
    "closed_at": None,
    "locked": False,
    "comments": 4,
    "updated_at": TEN,
    "body": "Dear council",
}
INSTALLATION: Json = {
    "id": 5,
    "account": {"login": "league"},
    "updated_at": AT_NINE,
    "suspended_at": None,
}


def deliver(event: str, payload: Json) -> Delivery:
    """Send a payload through the real reader."""
    return read(event, json.dumps(payload).encode())


def about_comment(
    action: str,
    body: str = "/sign",
    *,
    user: Json | None = ADA,
    sender: Json | None = None,
    updated_at: str = NINE,
    was: str | None = None,
    **comment: Any,
) -> Json:
    """Make an `issue_comment` payload; `was` is the text before an edit."""
    payload = {
        "action": action,
        "installation": {"id": 5},
        "repository": REPOSITORY,
        "issue": ISSUE,
        "comment": {"id": 5_000_000_001, "user": user, "body": body, "created_at": NINE, "updated_at": updated_at}
        | comment,
        "sender": sender or user or GHOST,
    }
    return payload if was is None else payload | {"changes": {"body": {"from": was}}}


def about_issue(action: str, *, sender: Json = ADA, changes: Json | None = None, **issue: Any) -> Json:
    """Make an `issues` payload."""
    payload = {
        "action": action,
        "installation": {"id": 5},
        "repository": REPOSITORY,
        "issue": ISSUE | issue,
        "sender": sender,
    }
    return payload if changes is None else payload | {"changes": changes}


def about_repository(action: str, **repository: Any) -> Json:
    """Make a `repository` payload."""
    return {
        "action": action,
        "installation": {"id": 5},
        "repository": REPOSITORY | repository,
        "sender": ADA,
    }


def about_push(*commits: Json, ref: str = "refs/heads/main", forced: bool = False) -> Json:
    """Make a `push` payload, to a repository whose default branch is `main`."""
    here = {"id": 7, "default_branch": "main"}
    return {"ref": ref, "forced": forced, "commits": list(commits), "installation": {"id": 5}, "repository": here}


def about_installation(action: str, **payload: Any) -> Json:
    """Make an `installation` or `installation_repositories` payload."""
    return {"action": action, "installation": INSTALLATION, **payload}


def comment_fact(payload: Json) -> CommentFact:
    """Read a payload that tells of one comment."""
    (fact,) = deliver("issue_comment", payload).facts
    assert isinstance(fact, CommentFact)
    return fact


def comment(payload: Json) -> Comment:
    """Read what a payload tells of its comment."""
    return comment_fact(payload).comment


def version(payload: Json) -> Version:
    """Read the one version that a payload tells of."""
    (one,) = comment(payload).versions
    return one


def issue_fact(payload: Json) -> IssueFact:
    """Read a payload that tells of one issue."""
    (fact,) = deliver("issues", payload).facts
    assert isinstance(fact, IssueFact)
    return fact


EXAMPLES: dict[str, list[Json]] = {
    "issue_comment": [
        about_comment("created"),
        about_comment("created", minimized=None),
        about_comment("edited", "/unsign", was="/sign", updated_at=TEN),
        about_comment("edited", "/sign", was="/sign", minimized={"reason": "spam"}, updated_at=TEN),
        about_comment("deleted"),
        about_comment("pinned"),
        about_comment("unpinned"),
    ],
    "issues": [
        about_issue("opened"),
        about_issue("opened", changes={"old_issue": ISSUE | {"id": 69}, "old_repository": OTHER_REPOSITORY}),
        about_issue("edited", changes={"body": {"from": "Dear mayor"}}),
        about_issue("labeled"),
        about_issue("unlabeled", labels=[]),
        about_issue("closed", state="closed", closed_at=TEN),
        about_issue("reopened"),
        about_issue("locked", locked=True),
        about_issue("unlocked"),
        about_issue("deleted"),
        about_issue("transferred", changes={"new_issue": ISSUE | {"id": 71}, "new_repository": OTHER_REPOSITORY}),
    ],
    "repository": [
        about_repository(action)
        for action in ("renamed", "transferred", "archived", "unarchived", "privatized", "publicized", "deleted")
    ],
    "push": [about_push({"added": ["README.md"], "modified": [".github/petition.yml"], "removed": []})],
    "installation": [
        about_installation("created", repositories=[{"id": 7}, {"id": 8}]),
        about_installation("deleted"),
        about_installation("suspend", installation=INSTALLATION | {"suspended_at": TEN}),
        about_installation("unsuspend"),
        about_installation("new_permissions_accepted"),
    ],
    "installation_repositories": [
        about_installation("added", repositories_added=[{"id": 8}], repositories_removed=[]),
        about_installation("removed", repositories_added=[], repositories_removed=[{"id": 7}]),
    ],
}
"""Every event and action that means something to us."""
