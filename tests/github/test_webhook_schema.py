"""What we read is what GitHub's own description says it sends; githubkit's models are generated from it."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pytest
from githubkit.utils import UNSET
from githubkit_schemas.latest import models
from msgspec.structs import FieldInfo
from pydantic import BaseModel, TypeAdapter

from bot.github import webhooks as deliveries
from bot.github.models import webhooks
from tests.github.deliveries import EXAMPLES, Json

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "issue_comment": webhooks.IssueCommentEvent,
    "issues": webhooks.IssuesEvent,
    "repository": webhooks.RepositoryEvent,
    "push": webhooks.PushEvent,
    "installation": webhooks.InstallationEvent,
    "installation_repositories": webhooks.InstallationEvent,
}
ROUTES = deliveries._ROUTES
ACTIONS = [(event, action) for event, route in ROUTES.items() for action in sorted(route.actions) or [""]]
Model = type[BaseModel]


@pytest.mark.parametrize("event", STRUCTS)
def test_every_field_we_read_is_one_that_github_sends(event: str) -> None:
    described = [model(of, action) for of, action in ACTIONS if STRUCTS[of] is STRUCTS[event]]
    assert [path for path, _, notes in walk(STRUCTS[event], described) if not notes] == []


@pytest.mark.parametrize(("event", "action"), ACTIONS)
def test_we_insist_on_no_field_that_github_may_leave_out_or_empty(event: str, action: str) -> None:
    too_strict = {
        path
        for path, field, notes in walk(STRUCTS[event], [model(event, action)])
        if (field.required and any(may_be_absent(note) for note in notes))
        or (not takes_none(field.type) and any(takes_none(note) and not may_be_absent(note) for note in notes))
    }
    # By its description GitHub may leave labels out. Without them an issue is no petition: guessing would do harm.
    assert {path for path in too_strict if not path.endswith("labels")} == set()


@pytest.mark.parametrize(
    ("event", "payload"), [(event, payload) for event, examples in EXAMPLES.items() for payload in examples]
)
def test_our_examples_are_parts_of_real_deliveries(event: str, payload: Json) -> None:
    check_part(model(event, payload.get("action", "")), payload, event)


def test_our_examples_cover_every_action_that_means_something() -> None:
    assert {(event, p.get("action", "")) for event, examples in EXAMPLES.items() for p in examples} == set(ACTIONS)


def model(event: str, action: str) -> Model:
    name = "".join(word.capitalize() for word in f"{event}_{action}".split("_"))
    found: Model = getattr(models, f"Webhook{name}")
    return found


def walk(
    struct: type[msgspec.Struct], described: Iterable[Model], path: str = ""
) -> Iterator[tuple[str, FieldInfo, list[Any]]]:
    """Pair every field that we read, however deep, with what the description says of it."""
    for field in msgspec.structs.fields(struct):
        here = f"{path}.{field.encode_name}"
        notes = [note for one in described if (note := annotation(one, field.encode_name)) is not None]
        yield here, field, notes
        for inner in kinds(field.type, msgspec.Struct):
            yield from walk(inner, [one for note in notes for one in kinds(note, BaseModel)], here)


def check_part(described: Model, part: Json, path: str) -> None:
    """Hold every value of an example to the description, deep down, without asking for what is left out."""
    for key, value in part.items():
        here = f"{path}.{key}"
        note = annotation(described, key)
        assert note is not None, here
        nested = kinds(note, BaseModel)
        items = value if isinstance(value, list) else [value]
        for item in items:
            if isinstance(item, dict):
                assert nested, here
                check_part(nested[0], item, here)
        if not nested:
            TypeAdapter(note).validate_python(value)


def annotation(described: Model, name: str) -> Any:
    for key, field in described.model_fields.items():
        if name in (key, field.alias):
            return field.annotation
    return None


def kinds(note: Any, base: type) -> list[Any]:
    """Find the classes of one family in an annotation, within lists and unions too."""
    if isinstance(note, type) and issubclass(note, base):
        return [note]
    return [kind for inner in typing.get_args(note) for kind in kinds(inner, base)]


def may_be_absent(note: Any) -> bool:
    return any(UNSET in typing.get_args(inner) for inner in (note, *typing.get_args(note)))


def takes_none(note: Any) -> bool:
    return type(None) in typing.get_args(note)
