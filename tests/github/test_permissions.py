"""What the App needs and what it was granted."""

from __future__ import annotations

import pytest

from bot.github.required_permissions import VITAL, lacking


@pytest.mark.parametrize(
    ("permissions", "events", "lacks"),
    [
        ({"issues": "write", "metadata": "read"}, ("issues", "issue_comment"), []),
        ({"issues": "admin", "metadata": "write", "contents": "read"}, ("issues", "issue_comment", "push"), []),
        ({"issues": "read", "metadata": "read"}, ("issues", "issue_comment"), ["permission issues: write"]),
        ({"metadata": "read"}, ("issues",), ["permission issues: write", "event issue_comment"]),
        ({"issues": "new", "metadata": "read"}, ("issues", "issue_comment"), ["permission issues: write"]),
    ],
)
def test_what_was_not_granted_is_named(
    permissions: dict[str, str], events: tuple[str, ...], lacks: list[str]
) -> None:
    assert list(lacking(permissions, events, VITAL)) == lacks
