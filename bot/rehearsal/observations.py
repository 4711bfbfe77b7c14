"""What GitHub has answered to each step of the story, or why it could not; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct

FIRST: Final = "first"
SECOND: Final = "second"
"""Who plays: the owner of the token, and somebody else."""


Seen = tuple[bool, str]
"""Whether something holds, and what was seen."""


class NotObserved(Exception):
    """Something could not be tried; the message is the reason."""


class Request(Struct, frozen=True):
    """One call; `url` is a path below the API's root or an address from a response, `query` is of GraphQL."""

    method: str
    url: str = ""
    data: Mapping[str, object] | None = None
    headers: Mapping[str, str] = {}
    by: str = FIRST
    query: str = ""

    @property
    def is_write(self) -> bool:
        """Return whether it changes something."""
        return self.query.startswith("mutation") if self.query else self.method != "GET"


class Response(Struct, frozen=True):
    """A response of GitHub's; of GraphQL, `body` is the data. The names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: Any = None
    refusal: str = ""
    """Why GitHub refuses, in its words; empty where it does not."""

    @property
    def next_url(self) -> str:
        """Return the address of the next page; empty where there is none."""
        found = re.search(r'<([^>]*)>; rel="next"', self.headers.get("link", ""))
        return found[1] if found else ""


@dataclass(slots=True)
class Observations:
    """The responses by the names of their steps, and the reasons of steps that have none."""

    responses: dict[str, Response] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    broke_off: str = ""
    """Why the story was not played to its end; empty where it was."""

    def __getitem__(self, name: str) -> Response:
        """Return what a step was answered; raises NotObserved with the reason where it was not."""
        if name in self.responses:
            return self.responses[name]
        raise NotObserved(self.reasons.get(name) or self.broke_off or "the story did not come to it")

    def fill(self, template: str) -> str:
        """Replace `{step.body[url]}` and the like by what the step was answered; raises NotObserved."""
        try:
            return template.format_map(self)
        except (AttributeError, KeyError, IndexError, TypeError):
            raise NotObserved(f"a response before it lacks what it needs: {template}") from None


def status_text(answer: Response) -> str:
    """Return how GitHub answered: its refusal, or the status."""
    return f"`{answer.refusal[:150]}`" if answer.refusal else f"{answer.status}"


def first_node(answer: Response) -> Mapping[str, Any]:
    """Return the one node of a GraphQL answer."""
    node: Mapping[str, Any] = answer.body["nodes"][0]
    return node


def edits_of(node: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the entries of a node's edit history."""
    return (node["userContentEdits"] or {}).get("nodes") or ()


def ids_of(answer: Response) -> list[int]:
    """Return the numbers in a list."""
    return [one["id"] for one in answer.body]


def is_sorted(values: Sequence[Any]) -> bool:
    """Return whether values ascend."""
    return all(before <= after for before, after in pairwise(values))


def compare_times(before: str, after: str) -> Seen:
    """Return whether a time has moved, and both times."""
    return after > before, f"`{before}` before, `{after}` after"
