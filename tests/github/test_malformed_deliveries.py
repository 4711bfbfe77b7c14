from __future__ import annotations

import contextlib
import copy
import functools
import json
import re
import urllib.parse
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from bot.github.webhooks import Malformed, UnsupportedMediaType, payload_of, read
from bot.petition.comments.commands import Unsign
from bot.petition.comments.comment import Author, Writer
from bot.petition.facts_from_github import CommentFact, Fact, IssueFact, SettingsFact, Unclear
from tests.chance import examples
from tests.github.deliveries import (
    ADA,
    EXAMPLES,
    ISSUE,
    NINE,
    Json,
    about_comment,
    about_installation,
    about_issue,
    about_push,
    about_repository,
    comment_fact,
    deliver,
    issue_fact,
)


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b'{"action":"created"', "not JSON"),
        (b"<html>", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"zen":"\\ud800"}', "not JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'"text"', "object"),
        (b'{"zen":"\xff"}', "UTF-8"),
        ("{}".encode("utf-16"), "UTF-8"),
        (b'{"zen":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
        (b"[" * 100_000, "object"),
        (b'{"action":NaN}', "not JSON"),
    ],
)
@pytest.mark.parametrize("event", ["issue_comment", "installation", "ping"])
def test_what_is_no_delivery_is_malformed(event: str, payload: bytes, complaint: str) -> None:
    with pytest.raises(Malformed, match=complaint):
        read(event, payload)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "5"}, r"\$\.comment\.id"),
        ({"id": 2**63}, r"\$\.comment\.id"),
        ({"id": -1}, r"\$\.comment\.id"),
        ({"id": 1.0}, r"\$\.comment\.id"),
        ({"id": True}, r"\$\.comment\.id"),
        ({"user": "ada"}, r"\$\.comment\.user"),
        ({"user": {"id": None, "login": "ada"}}, r"\$\.comment\.user\.id"),
        ({"body": ["/sign"]}, r"\$\.comment\.body"),
        ({"created_at": "yesterday"}, r"\$\.comment\.created_at"),
        ({"created_at": "2026-11-22T09:00:00"}, r"\$\.comment\.created_at"),
        ({"updated_at": "0000-00-00T00:00:00Z"}, r"\$\.comment\.updated_at"),
        ({"updated_at": 5}, r"\$\.comment\.updated_at"),
    ],
)
def test_a_comment_that_cannot_be_read_has_its_issue_looked_at(change: Json, field: str) -> None:
    delivery = deliver("issue_comment", about_comment("created", **change))
    assert delivery.facts == (Unclear(5, 70),)
    assert re.search(field, delivery.unread)


def test_a_hide_that_cannot_be_read_is_looked_up() -> None:
    payload = about_comment("edited", was="/sign", minimized=True)
    comment, issue = deliver("issue_comment", payload).facts
    assert comment == comment_fact(about_comment("edited", was="/sign"))
    assert isinstance(issue, IssueFact)
    assert issue.reread


@pytest.mark.parametrize("changes", [True, 5, [], "body", {"body": True}, {"body": []}, {"body": {"from": 5}}])
def test_what_an_edit_changed_may_be_unreadable(changes: object) -> None:
    """Who wrote it is asked for then, and the rest is taken."""
    payload = about_comment("edited", "/unsign", minimized=None) | {"changes": changes}
    delivery = deliver("issue_comment", payload)
    comment, issue = delivery.facts
    assert "$.changes" in delivery.unread
    assert isinstance(comment, CommentFact)
    (version,) = comment.comment.versions
    assert (version.command, version.writer, version.hidden) == (Unsign(), Writer.UNKNOWN, False)
    assert isinstance(issue, IssueFact)
    assert issue.reread


@pytest.mark.parametrize("changes", [True, {"body": True}, {"body": {"from": []}}])
def test_of_an_edited_issue_the_rest_is_taken(changes: object) -> None:
    sound = issue_fact(about_issue("edited", title="Keep them on"))
    told = issue_fact(about_issue("edited", title="Keep them on") | {"changes": changes, "sender": "ada"})
    assert told == replace(sound, reread=True)


@pytest.mark.parametrize("changes", [True, {"new_issue": 5}, {"new_issue": ISSUE, "new_repository": {"id": "?"}}])
def test_a_transfer_to_an_unknown_place_deletes_nothing(changes: object) -> None:
    payload = about_issue("transferred") | {"changes": changes}
    assert deliver("issues", payload).facts == (Unclear(5, 70),)


@pytest.mark.parametrize(
    ("event", "payload", "facts"),
    [
        ("issues", about_issue("labeled", labels=None), (Unclear(5, 70),)),
        ("issues", about_issue("closed", state=7), (Unclear(5, 70),)),
        ("issues", about_issue("opened") | {"repository": []}, (Unclear(5, 70),)),
        ("issues", about_issue("opened") | {"action": []}, (Unclear(5, 70),)),
        ("issue_comment", about_comment("deleted") | {"comment": "?"}, (Unclear(5, 70),)),
        ("issue_comment", about_comment("created") | {"issue": {"id": 70, "pull_request": 1}}, ()),
        ("repository", about_repository("renamed", name=5), (Unclear(5),)),
        ("push", about_push() | {"commits": "many"}, (SettingsFact(5, 7),)),
        ("push", about_push() | {"ref": None, "forced": 3}, (SettingsFact(5, 7),)),
        ("installation", about_installation("suspend") | {"installation": {"id": 5}}, (Unclear(5),)),
        ("installation_repositories", about_installation("added", repositories_added=[{"id": ""}]), (Unclear(5),)),
    ],
)
def test_what_cannot_be_read_is_read_from_github(event: str, payload: Json, facts: tuple[Fact, ...]) -> None:
    delivery = deliver(event, payload)
    assert delivery.facts == facts
    assert "/sign" not in delivery.unread


@pytest.mark.parametrize(
    ("event", "payload", "field"),
    [
        ("issues", about_issue("opened", id="70"), r"\$\.issue\.id"),
        ("issue_comment", about_comment("created") | {"issue": 70, "comment": 5}, r"\$\.issue"),
        ("issue_comment", about_comment("created") | {"installation": {}}, r"\$\.installation"),
        ("installation", about_installation("created") | {"installation": {"id": -1}}, r"\$\.installation\.id"),
        ("push", about_push() | {"repository": {"id": 0}}, r"\$\.repository\.id"),
    ],
)
def test_what_makes_no_sense_is_refused_and_the_field_is_named(event: str, payload: Json, field: str) -> None:
    with pytest.raises(Malformed, match=field):
        deliver(event, payload)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_absurd_times_are_times(moment: str) -> None:
    fact = comment_fact(about_comment("created", updated_at=moment, created_at=moment))
    assert abs(fact.comment.created_at) < 2**63


def test_characters_that_no_database_takes_are_dropped() -> None:
    payload = about_comment("created", user=ADA | {"login": "a\0da"})
    payload["issue"] = ISSUE | {"title": "Keep\0 it"}
    fact = comment_fact(payload)
    assert fact.comment.author == Author(101, "ada")
    assert fact.issue.title == "Keep it"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for key, one in inner for place in places(one, (*path, key))]


def with_junk(payload: Json, place: tuple[Any, ...], junk: Any) -> Json:
    changed = copy.deepcopy(payload)
    container(changed, place)[place[-1]] = junk
    return changed


def without(payload: Json, place: tuple[Any, ...]) -> Json:
    changed = copy.deepcopy(payload)
    del container(changed, place)[place[-1]]
    return changed


def container(payload: Any, place: tuple[Any, ...]) -> Any:
    return functools.reduce(lambda inner, key: inner[key], place[:-1], payload)


Spot = tuple[str, Json, tuple[Any, ...]]


SPOTS: list[Spot] = [
    (event, payload, place)
    for event, payloads in EXAMPLES.items()
    for payload in payloads
    for place in places(payload)
]
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.sampled_from(["2026-11-22T09:00:00Z", "2026-02-30T00:00:00Z", "10000-01-01T00:00:00Z", "\0", "0", NINE]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name", "from"]), inner),
    max_leaves=4,
)


REQUIRED = {"issue_comment": "issue", "issues": "issue", "push": "repository"}
"""Without the number of these a delivery makes no sense, nor without that of the installation."""


@given(spot=st.sampled_from(SPOTS), junk=JUNK)
@settings(max_examples=examples(800), deadline=None)
def test_junk_in_any_field_costs_no_more_than_a_look(spot: Spot, junk: Any) -> None:
    check_understood(spot, with_junk(spot[1], spot[2], junk))


@given(spot=st.sampled_from(SPOTS))
@settings(max_examples=examples(400), deadline=None)
def test_a_missing_key_costs_no_more_than_a_look(spot: Spot) -> None:
    check_understood(spot, without(spot[1], spot[2]))


def check_understood(spot: Spot, payload: Json) -> None:
    """A delivery is refused for what it makes no sense without, and otherwise something is made of it."""
    event, _, place = spot
    try:
        delivery = deliver(event, payload)
    except Malformed:
        assert place[0] in ("installation", REQUIRED.get(event))
        assert place[1:] in ((), ("id",))
        return
    assert all(map(is_storable, delivery.facts))
    is_ours = payload.get("installation") is not None and delivery.action in (None, spot[1].get("action"))
    if event != "push" and is_ours and place != ("issue",):
        assert delivery.facts


@given(payload=st.binary(max_size=200), event=st.sampled_from([*EXAMPLES, "ping"]))
@settings(max_examples=examples(300), deadline=None)
def test_bytes_are_understood_or_malformed(payload: bytes, event: str) -> None:
    with contextlib.suppress(Malformed):
        assert read(event, payload).facts == ()


def is_storable(fact: Fact) -> bool:
    """Tell whether both databases can hold every number and text of a fact."""
    text = repr(fact)
    return "\\x00" not in text and all(abs(int(word)) < 2**63 for word in numbers(text))


def numbers(text: str) -> list[str]:
    return [word for word in "".join(c if c.isdigit() else " " for c in text).split() if word.isascii()]


def test_json_is_taken_as_it_is() -> None:
    body = json.dumps(about_comment("created", "/sign Zoë")).encode()
    for content_type in ("application/json", "application/json; charset=utf-8", 'APPLICATION/JSON;Charset="UTF-8"'):
        assert payload_of(content_type, body) == body


def test_a_form_carries_the_same_json() -> None:
    body = json.dumps(about_comment("created", "/sign Zoë + 1 & 2"), ensure_ascii=False).encode()
    form = urllib.parse.urlencode({"payload": body}).encode()
    assert payload_of("application/x-www-form-urlencoded", form) == body


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/xml; charset=utf-8", "json", "é"])
def test_other_media_types_are_unsupported(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType):
        payload_of(content_type, b"{}")


@pytest.mark.parametrize("charset", ["utf-16", "klingon", "hex", "", "idna", "\0", "utf-8\0", "é" * 1000])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_other_charsets_are_malformed(kind: str, charset: str) -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        payload_of(f"{kind}; charset={charset}", b"payload={}")


@pytest.mark.parametrize(
    "form", [b"", b"payload", b"payload=", b"pay=load", b"payload=%FF", b"\xff", b"a=1&" * 100, b"=&=&=", b"%"]
)
def test_a_form_without_a_payload_is_malformed(form: bytes) -> None:
    with pytest.raises(Malformed):
        payload_of("application/x-www-form-urlencoded", form)


@given(content_type=st.text(), body=st.binary(max_size=100))
@settings(max_examples=examples(150), deadline=None)
def test_any_request_body_is_understood_or_refused(content_type: str, body: bytes) -> None:
    with contextlib.suppress(Malformed, UnsupportedMediaType):
        assert isinstance(payload_of(content_type, body), bytes)
