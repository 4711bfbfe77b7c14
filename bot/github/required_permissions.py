"""The permissions and events that the App needs, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RequiredAccess:
    """Permissions with their levels, and events; GitHub sends those of installations to every App."""

    permissions: Mapping[str, str]
    events: tuple[str, ...]


NEEDS: Final = RequiredAccess(
    {"issues": "write", "contents": "read", "metadata": "read"}, ("issues", "issue_comment", "repository", "push")
)
"""What the App asks for."""

VITAL: Final = RequiredAccess({"issues": "write", "metadata": "read"}, ("issues", "issue_comment"))
"""What no petition can be counted without."""

HANDY: Final = RequiredAccess({}, ("push",))
"""What only saves waiting; without it, the bot sees a change a few minutes later."""

REASONS: Final = {
    "issues": "to read petitions and their comments, to write the tally into the issue's body, and to react",
    "contents": "to read a repository's settings in .github/petition.yml, and nothing else",
    "metadata": "GitHub gives it to every App",
}
"""Why each permission is asked for."""


def lacking(
    permissions: Mapping[str, str], events: Collection[str], needs: RequiredAccess = NEEDS
) -> Iterator[str]:
    """Return the permissions and events that are needed and not among these.

    They are not granted by installing the App, if the App asked for them only later:
    https://docs.github.com/en/apps/maintaining-github-apps/modifying-a-github-app-registration
    """
    for name, level in needs.permissions.items():
        granted = permissions.get(name, "none")
        if _LEVELS.index(granted if granted in _LEVELS else "none") < _LEVELS.index(level):
            yield f"permission {name}: {level}"
    for event in needs.events:
        if event not in events:
            yield f"event {event}"


_LEVELS: Final = ("none", "read", "write", "admin")
