"""The story that is played, as data: one petition from its label to its end, each step with a name.

In a path or header `{sign.body[url]}` stands for what the step `sign` was answered; bodies are sent as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct

from bot.github.models import graphql
from bot.time_types import Seconds

TITLE: Final = "Rehearsal of Undersigned: this issue is deleted by itself"
LABEL: Final = "undersigned-rehearsal"
"""Of every issue that the story opens; what a run leaves behind is found by it."""

MOVED_LABEL: Final = "undersigned-rehearsal-petition"
"""Stands for the petition's label: the story moves it from one issue to the other."""

LETTER: Final = "Dear all,\n\nplease count.\n\n<!-- begin -->\n**1** signed · *ſ* ✍️ <!-- a b -->\n<!-- end -->"
SPACED_LETTER: Final = f"{LETTER}\r\nwith other line ends  \r\n"
BODY_LIMIT: Final = 65_536
COMMENT_BYTES: Final = 262_144
WIDE: Final = "🖋"
"""One code point of four bytes."""

BURST: Final = 30
MINIMIZE: Final = (
    "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OFF_TOPIC}) { clientMutationId } }"
)
UNMINIMIZE: Final = "mutation($id: ID!) { unminimizeComment(input: {subjectId: $id}) { clientMutationId } }"
DELETE_ISSUE: Final = "mutation($id: ID!) { deleteIssue(input: {issueId: $id}) { clientMutationId } }"
TRANSFER: Final = """mutation($id: ID!, $to: ID!) {
  transferIssue(input: {issueId: $id, repositoryId: $to}) { issue { number } }
}"""

FIRST: Final = "first"
SECOND: Final = "second"
"""Who plays: the owner of the token, and somebody else."""


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


class Observations(Struct):
    """The responses by the names of their steps, and the reasons of steps that have none."""

    responses: dict[str, Response] = {}
    reasons: dict[str, str] = {}
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


Variables = Callable[[Observations], Mapping[str, object]]


class Step(Struct, frozen=True):
    """One call to GitHub; where `refused` a refusal is what is to be seen, and not why nothing was seen."""

    name: str
    method: str
    path: str = ""
    data: Mapping[str, object] | None = None
    headers: Mapping[str, str] = {}
    by: str = FIRST
    refused: bool = False
    pause: Seconds = 0.0
    """How long to wait before it: GitHub carries out the step before in its own time."""
    query: str = ""
    """Of a call to GraphQL, with its variables."""
    variables: Variables = lambda _seen: {}

    def request(self, seen: Observations) -> Request:
        """Return the call, made of what was answered before; raises NotObserved where that is not there."""
        if self.query:
            return Request(self.method, data=_variables(self.variables, seen), by=self.by, query=self.query)
        headers = {name: seen.fill(value) for name, value in self.headers.items()}
        return Request(self.method, seen.fill(self.path), self.data, headers, self.by)


def _variables(of: Variables, seen: Observations) -> Mapping[str, object]:
    try:
        return of(seen)
    except (KeyError, IndexError, TypeError):
        raise NotObserved("a response before it lacks what it needs") from None


def _ask(name: str, query: str, variables: Variables) -> Step:
    return Step(name, "POST", query=query, variables=variables)


def _node(step: str) -> Variables:
    return lambda seen: {"id": seen[step].body["node_id"]}


def _histories(step: str) -> Variables:
    return lambda seen: {"ids": [seen[step].body["node_id"]]}


def _of_repository(which: str, number: Callable[[Observations], object]) -> Variables:
    def variables(seen: Observations) -> Mapping[str, object]:
        repository = seen[which].body
        named = {"owner": repository["owner"]["login"], "name": repository["name"], "number": number(seen)}
        return named | {"after": None, "isFirstPage": True}

    return variables


def _newest_reactions(seen: Observations) -> Mapping[str, object]:
    asked = _LETTER_OF(seen)
    return {name: asked[name] for name in ("owner", "name", "number")}


def _second_newest(seen: Observations) -> Mapping[str, object]:
    return {"ids": [seen["revisions"].body["repository"]["issue"]["userContentEdits"]["nodes"][1]["id"]]}


_LETTER_OF: Final = _of_repository("repository", lambda seen: seen["letter"].body["number"])
_MOVED_OF: Final = _of_repository("target", lambda seen: seen["transfer"].body["transferIssue"]["issue"]["number"])
_REPO: Final = "{repository.body[url]}"
_COMMENTS: Final = "{letter.body[url]}/comments"
_SHOWN: Final = {"if-none-match": "{shown_list.headers[etag]}"}
_KNOWN: Final = {"if-none-match": "{listing.headers[etag]}"}

STORY: Final = (
    # It begins, and is edited
    Step("letter", "POST", f"{_REPO}/issues", {"title": TITLE, "body": LETTER, "labels": [LABEL, MOVED_LABEL]}),
    Step("letter_read", "GET", "{letter.body[url]}"),
    Step("by_number", "GET", "/repositories/{repository.body[id]}/issues/{letter.body[number]}", refused=True),
    Step("permission", "GET", f"{_REPO}/collaborators/{{letter.body[user][login]}}/permission"),
    Step("sign", "POST", _COMMENTS, {"body": "/sign Ada Lovelace"}),
    _ask("unedited", graphql.COMMENT_HISTORIES, _histories("sign")),
    Step("later", "POST", _COMMENTS, {"body": "A comment after it"}),
    Step("second_sign", "POST", _COMMENTS, {"body": "/sign Grace Hopper"}, by=SECOND),
    _ask("before_edit", graphql.COMMENT_HISTORIES, _histories("sign")),
    Step("edit", "PATCH", "{sign.body[url]}", {"body": "/sign Ada Lovelace, Analytical Engines"}),
    _ask("edited", graphql.COMMENT_HISTORIES, _histories("sign")),
    Step("since_edit", "GET", f"{_COMMENTS}?since={{edit.body[updated_at]}}&per_page=100"),
    Step("since_later", "GET", f"{_COMMENTS}?since={{later.body[updated_at]}}&per_page=100"),
    Step("edit_of_second", "PATCH", "{second_sign.body[url]}", {"body": "/sign somebody else"}),
    _ask("edited_by_other", graphql.COMMENT_HISTORIES, _histories("second_sign")),
    Step("labelled", "GET", f"{_REPO}/issues?labels={MOVED_LABEL}&state=all&per_page=100"),
    # A comment is hidden, and gets a reaction
    Step("shown_list", "GET", f"{_COMMENTS}?per_page=100"),
    _ask("hide", MINIMIZE, _node("sign")),
    Step("hidden", "GET", "{sign.body[url]}"),
    Step("hidden_list", "GET", f"{_COMMENTS}?per_page=100", headers=_SHOWN, refused=True),
    _ask("hidden_history", graphql.COMMENT_HISTORIES, _histories("sign")),
    _ask("unhide", UNMINIMIZE, _node("sign")),
    Step("unhidden", "GET", "{sign.body[url]}"),
    _ask("unhidden_history", graphql.COMMENT_HISTORIES, _histories("sign")),
    Step("reaction", "POST", "{sign.body[url]}/reactions", {"content": "+1"}),
    Step("reaction_again", "POST", "{sign.body[url]}/reactions", {"content": "+1"}),
    Step("liked", "GET", "{sign.body[url]}"),
    _ask("reactions", graphql.NEWEST_REACTIONS, _newest_reactions),
    Step("unreaction", "DELETE", "{sign.body[url]}/reactions/{reaction.body[id]}"),
    # Comments are listed and deleted
    Step("listing", "GET", f"{_COMMENTS}?per_page=100"),
    *(Step(f"unchanged_{n}", "GET", f"{_COMMENTS}?per_page=100", headers=_KNOWN, refused=True) for n in (1, 2, 3)),
    Step("later_edit", "PATCH", "{later.body[url]}", {"body": "Something else"}),
    Step("changed", "GET", f"{_COMMENTS}?per_page=100", headers=_KNOWN, refused=True),
    Step("doomed", "POST", _COMMENTS, {"body": "/sign for a moment"}),
    Step("deletion", "DELETE", "{doomed.body[url]}"),
    Step("gone", "GET", "{doomed.body[url]}", refused=True),
    Step("without_it", "GET", f"{_COMMENTS}?per_page=100"),
    # Texts are as long as they may be
    Step("full_body", "PATCH", "{letter.body[url]}", {"body": WIDE * BODY_LIMIT}, refused=True),
    Step("longer_body", "PATCH", "{letter.body[url]}", {"body": WIDE * (BODY_LIMIT + 1)}, refused=True),
    Step("body_again", "PATCH", "{letter.body[url]}", {"body": SPACED_LETTER}),
    _ask("revisions", graphql.BODY_REVISIONS, _LETTER_OF),
    _ask("revision", graphql.REVISION_TEXTS, _second_newest),
    Step("conditional", "PATCH", "{letter.body[url]}", {"body": LETTER}, {"if-match": '"another"'}, refused=True),
    Step("full_comment", "POST", _COMMENTS, {"body": WIDE * (COMMENT_BYTES // 4)}, refused=True),
    Step("longer_comment", "POST", _COMMENTS, {"body": "x" * (COMMENT_BYTES + 1)}, refused=True),
    # Many sign
    *(Step(f"burst_{n}", "POST", _COMMENTS, {"body": f"/sign Signer {n}"}) for n in range(BURST)),
    Step("page", "GET", f"{_COMMENTS}?per_page=20&page=1"),
    Step("next_page", "GET", "{page.next_url}"),
    Step("crowd", "GET", f"{_COMMENTS}?per_page=100"),
    # It is locked, closed and deleted
    Step("lock", "PUT", "{letter.body[url]}/lock"),
    Step("locked_comment", "POST", _COMMENTS, {"body": "By whoever may write"}, refused=True),
    Step("second_locked_comment", "POST", _COMMENTS, {"body": "/sign late"}, by=SECOND, refused=True),
    Step("locked_body", "PATCH", "{letter.body[url]}", {"body": LETTER}, refused=True),
    Step("unlock", "DELETE", "{letter.body[url]}/lock"),
    Step("close", "PATCH", "{letter.body[url]}", {"state": "closed", "state_reason": "completed"}),
    Step("closed_comment", "POST", _COMMENTS, {"body": "/sign after the end"}, refused=True),
    Step("reopen", "PATCH", "{letter.body[url]}", {"state": "open"}),
    Step("other", "POST", f"{_REPO}/issues", {"title": TITLE, "body": "Another letter", "labels": [LABEL]}),
    Step("label_on", "POST", "{other.body[url]}/labels", {"labels": [MOVED_LABEL]}),
    Step("label_off", "DELETE", f"{{letter.body[url]}}/labels/{MOVED_LABEL}"),
    Step("relabelled", "GET", f"{_REPO}/issues?labels={MOVED_LABEL}&state=all&per_page=100"),
    _ask("delete_issue", DELETE_ISSUE, _node("other")),
    Step("deleted_issue", "GET", "{other.body[url]}", refused=True),
    # It is transferred
    Step("before_transfer", "GET", f"{_COMMENTS}?per_page=100"),
    _ask("transfer", TRANSFER, lambda seen: {"to": seen["target"].body["node_id"], **_node("letter")(seen)}),
    Step("old_address", "GET", "{letter.body[url]}", refused=True, pause=10.0),
    Step("moved", "GET", "{target.body[url]}/issues/{transfer.body[transferIssue][issue][number]}"),
    Step("moved_comments", "GET", "{moved.body[url]}/comments?per_page=100"),
    _ask("moved_revisions", graphql.BODY_REVISIONS, _MOVED_OF),
)
