"""What is fuzzed by the million elsewhere: here the corpus once more, and a few inputs that Hypothesis makes up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.__main__ import CORPUS
from fuzz.targets import EVENTS, TARGETS
from tests.chance import examples

EVERYTHING = sorted(path for folder in CORPUS.iterdir() for path in folder.iterdir())
KEPT = [path for path in EVERYTHING if path.parent.name in TARGETS]

PIECES = [
    "/sign", "/unsign", "/petition ", "goal 100", "@ada", ", ", " – ", "\n", "\r\n", "> ", "```", "    ", "<!--",
    "-->", "<!-- undersigned:begin -->", "<!-- undersigned:end -->", '<!-- undersigned {"v":1,"count":', "\u202e",
    "👩‍👩‍👧", "a: [", "- ", "`", "|", "\\", "#1", "http://x",
]  # fmt: skip

TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), max_size=30).map("".join)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "action", "issue", "comment", "repository", "installation", "sender", "changes", "body", "from",
                    "id", "user", "login", "labels", "name", "owner", "created_at", "updated_at", "closed_at",
                    "number", "title",
                ]
            ),
            inner,
            max_size=8,
        ),
    ),
    max_leaves=30,
)  # fmt: skip


def test_each_target_has_a_corpus() -> None:
    assert {path.parent.name for path in EVERYTHING} == set(TARGETS)
    assert sum(path.stat().st_size for path in EVERYTHING) < 100_000


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_fed_once_still_ends_well(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@settings(max_examples=examples(150))
@given(TEXTS)
def test_any_comment_and_any_body_end_well(text: str) -> None:
    data = text.encode("utf-8", "replace")
    TARGETS["comment"](data)
    TARGETS["body"](data)


@settings(max_examples=examples(150))
@given(st.integers(0, 255), JSON, st.sampled_from(["created", "edited", "transferred", "added", "deleted"]))
def test_any_delivery_ends_well(choice: int, payload: object, action: str) -> None:
    told = {**payload, "action": action} if isinstance(payload, dict) else payload
    TARGETS["delivery"](bytes([choice]) + json.dumps(told).encode())


@settings(max_examples=examples(150))
@given(st.sampled_from(sorted(TARGETS)), st.binary(max_size=200))
def test_any_bytes_end_well(target: str, data: bytes) -> None:
    TARGETS[target](data)


def test_every_event_that_we_act_on_is_fed() -> None:
    fed = {EVENTS[path.read_bytes()[0] % len(EVENTS)] for path in KEPT if path.parent.name == "delivery"}
    assert fed >= {"issue_comment", "issues", "repository", "installation", "installation_repositories"}
