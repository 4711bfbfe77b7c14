"""Hold the sandbox's JSON against models generated from GitHub's own description of its API and webhooks."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

with warnings.catch_warnings():  # some of the thousands of generated fields shadow names of pydantic's
    warnings.simplefilter("ignore")
    from githubkit.webhooks import parse
    from githubkit_schemas.v2026_03_10 import models

KNOWN_ELSEWHERE = {
    # of version 2022-11-28, which is what a caller gets who names none, while the models are of 2026-03-10
    "assignee", "has_downloads", "rate",
    # in GitHub's description of some labels, but not of all
    "archived_at", "archived_by",
    # in GitHub's description of `issues` deliveries, but not of `issue_comment` ones
    "pinned_comment",
    # in the body of validation errors too, although GitHub's description has it for other errors only
    "status",
}  # fmt: skip


def check_delivery(event: str, body: bytes, data: Any) -> None:
    """Parse a delivery as its model, and find no key that the model does not know."""
    parsed = parse(event, body)
    if event != "ping":  # which is described as a union of hooks of every kind
        strange = sorted(set(strange_keys(parsed, data, event)))
        assert not strange, strange


def check_answer(model: str, data: Any) -> None:
    """Parse an answer, or each line of a list, as the named model, and find no key that it does not know."""
    kind: type[BaseModel] = getattr(models, model)
    lines = data if isinstance(data, list) else [data]
    assert lines, "an empty list proves nothing"
    for line in lines:
        strange = sorted(set(strange_keys(kind.model_validate(line), line, model)))
        assert not strange, strange


def strange_keys(parsed: object, data: Any, path: str) -> Iterable[str]:
    """List the keys of JSON that its parsed model has no field for."""
    if isinstance(parsed, BaseModel) and isinstance(data, Mapping):
        fields = {field.alias or name: name for name, field in type(parsed).model_fields.items()}
        for key, value in data.items():
            if key in fields:
                yield from strange_keys(getattr(parsed, fields[key]), value, f"{path}.{key}")
            elif fields and key not in KNOWN_ELSEWHERE:
                yield f"{path}.{key}"
    elif isinstance(parsed, Sequence) and isinstance(data, list):
        for one, line in zip(parsed, data, strict=True):
            yield from strange_keys(one, line, f"{path}[]")
