"""What of the story shows whether an assumption holds, by the assumption's id; pure.

A check that looks at a step without a response raises NotObserved: it could not be tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final

from bot.rehearsal.observations import (
    NotObserved,
    Observations,
    Seen,
    compare_times,
    edits_of,
    first_node,
    ids_of,
    is_sorted,
    status_text,
)
from bot.rehearsal.story import BURST, LABEL, LETTER, SPACED_LETTER

Check = Callable[[Observations], Seen]

CHECKS: Final[dict[str, Check]] = {}
"""Those that look at more than how one step was answered."""


def answers(step: str, status: int, *, after: str = "") -> Check:
    """Return the check that a step is answered with a status, once another one was carried out."""

    def check(seen: Observations) -> Seen:
        if after:
            seen[after]
        return seen[step].status == status, status_text(seen[step])

    return check


def cannot(reason: str) -> Check:
    """Return the check of what a rehearsal cannot try."""

    def check(_seen: Observations) -> Seen:
        raise NotObserved(reason)

    return check


def _shows(assumption: str) -> Callable[[Check], Check]:
    """Add the function below as the check of an assumption."""

    def add(check: Check) -> Check:
        CHECKS[assumption] = check
        return check

    return add


def _require_person(seen: Observations) -> None:
    if seen["letter"].body["user"]["type"] == "Bot":
        raise NotObserved("the token is a workflow's, which is no collaborator")


# Who writes


@_shows("viewer-is-author")
def _viewer_is_author(seen: Observations) -> Seen:
    viewer, author = seen["viewer"].body["viewer"]["login"], seen["letter"].body["user"]["login"]
    return viewer == author, f"`{viewer}` and `{author}`"


@_shows("writes-as-actions")
def _writes_as_actions(seen: Observations) -> Seen:
    author = seen["letter"].body["user"]
    if author["type"] != "Bot":
        raise NotObserved("the token is a person's; run it in a workflow, with the workflow's GITHUB_TOKEN")
    return author["login"] == "github-actions[bot]", f"`{author['login']}`"


@_shows("writer-is-associated")
def _writer_is_associated(seen: Observations) -> Seen:
    _require_person(seen)
    shown = seen["sign"].body["author_association"]
    return shown in ("OWNER", "MEMBER", "COLLABORATOR"), f"`{shown}`"


@_shows("writer-has-permission")
def _writer_has_permission(seen: Observations) -> Seen:
    _require_person(seen)
    shown = seen["permission"].body["permission"]
    return shown in ("admin", "write"), f"`{shown}`"


# Texts


@_shows("body-is-kept")
def _body_is_kept(seen: Observations) -> Seen:
    same = seen["letter_read"].body["body"] == LETTER
    return same, "the same text" if same else repr(seen["letter_read"].body["body"])[:200]


@_shows("line-ends-are-kept")
def _line_ends_are_kept(seen: Observations) -> Seen:
    end = seen["body_again"].body["body"][-40:]
    return SPACED_LETTER.endswith(end) and len(end) == 40, repr(end)


@_shows("revisions-are-kept")
def _revisions_are_kept(seen: Observations) -> Seen:
    nodes = seen["revisions"].body["repository"]["issue"]["userContentEdits"]["nodes"]
    text = seen["revision"].body["nodes"][0]["diff"]
    newest_first = is_sorted([one["editedAt"] for one in nodes][::-1])
    whole = text in (LETTER, *(seen[step].body.get("body") for step in ("full_body", "longer_body")))
    return newest_first and whole and len(
        nodes
    ) >= 2, f"{len(nodes)} entries; a text of {len(text or '')} characters"


# Comments


@_shows("ids-are-long")
def _ids_are_long(seen: Observations) -> Seen:
    rest, graphql = seen["sign"].body["id"], first_node(seen["unedited"])["fullDatabaseId"]
    return rest > 2**31 and graphql == str(rest), f"{rest} and {graphql!r}"


@_shows("ids-ascend")
def _ids_ascend(seen: Observations) -> Seen:
    written = [seen[f"burst_{n}"].body["id"] for n in range(BURST)]
    listed = [one["id"] for one in seen["crowd"].body]
    in_order = is_sorted(written) and is_sorted(listed) and set(written) <= set(listed)
    return in_order, f"{len(listed)} listed, {'ascending' if is_sorted(listed) else 'not ascending'}"


@_shows("pages-lead-on")
def _pages_lead_on(seen: Observations) -> Seen:
    if not seen["page"].next_url:
        return False, "no link to a next page"
    found = [one["id"] for step in ("page", "next_page") for one in seen[step].body]
    return found == [one["id"] for one in seen["crowd"].body[:40]], f"{len(found)} on two pages"


@_shows("times-are-whole-seconds")
def _times_are_whole_seconds(seen: Observations) -> Seen:
    times = [seen[step].body[name] for step in ("sign", "edit") for name in ("created_at", "updated_at")]
    return all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one) for one in times), f"`{times[-1]}`"


@_shows("unedited-has-no-history")
def _unedited_has_no_history(seen: Observations) -> Seen:
    node = first_node(seen["unedited"])
    entries = edits_of(node)
    return node["lastEditedAt"] is None and not entries, f"{len(entries)} entries, `{node['lastEditedAt']}`"


@_shows("edit-moves-updated-at")
def _edit_moves_updated_at(seen: Observations) -> Seen:
    return compare_times(first_node(seen["before_edit"])["updatedAt"], seen["edit"].body["updated_at"])


@_shows("edits-are-in-the-history")
def _edits_are_in_the_history(seen: Observations) -> Seen:
    texts = [one["diff"] for one in edits_of(first_node(seen["edited"]))]
    return texts == [seen["edit"].body["body"], seen["sign"].body["body"]], repr(texts)


@_shows("other-editor-is-shown")
def _other_editor_is_shown(seen: Observations) -> Seen:
    node = first_node(seen["edited_by_other"])
    author, editor = node["author"]["login"], (node["editor"] or {}).get("login")
    wanted = (seen["second_sign"].body["user"]["login"], seen["letter"].body["user"]["login"].removesuffix("[bot]"))
    return (author, editor) == wanted, f"author `{author}`, editor `{editor}`"


@_shows("deleted-comment-is-gone")
def _deleted_comment_is_gone(seen: Observations) -> Seen:
    seen["deletion"]
    listed = seen["doomed"].body["id"] in ids_of(seen["without_it"])
    return seen[
        "gone"
    ].status == 404 and not listed, f"{status_text(seen['gone'])}, {'' if listed else 'not '}listed"


@_shows("others-may-not-comment-on-locked")
def _others_may_not_comment_on_locked(seen: Observations) -> Seen:
    answer, association = seen["second_locked_comment"], seen["second_sign"].body["author_association"]
    if association in ("OWNER", "MEMBER", "COLLABORATOR"):
        raise NotObserved(f"the second account may write ({association})")
    return answer.status == 403, status_text(answer)


# Hidden comments and reactions


@_shows("hidden-is-shown")
def _hidden_is_shown(seen: Observations) -> Seen:
    seen["hide"], seen["unhide"]
    states = [first_node(seen[step])["isMinimized"] for step in ("edited", "hidden_history", "unhidden_history")]
    return states == [False, True, False], f"{states}"


@_shows("hidden-is-shown-in-rest")
def _hidden_is_shown_in_rest(seen: Observations) -> Seen:
    seen["hide"], seen["unhide"]
    states = [seen[step].body.get("minimized", "absent") for step in ("hidden", "unhidden")]
    return isinstance(states[0], dict) and states[1] is None, f"`{states[0]}`, then `{states[1]}`"


@_shows("hiding-moves-updated-at")
def _hiding_moves_updated_at(seen: Observations) -> Seen:
    seen["hide"]
    return compare_times(seen["edit"].body["updated_at"], seen["hidden"].body["updated_at"])


@_shows("showing-moves-updated-at")
def _showing_moves_updated_at(seen: Observations) -> Seen:
    seen["unhide"]
    return compare_times(seen["hidden"].body["updated_at"], seen["unhidden"].body["updated_at"])


@_shows("hiding-is-no-edit")
def _hiding_is_no_edit(seen: Observations) -> Seen:
    seen["hide"]
    before, after = (first_node(seen[step]) for step in ("edited", "hidden_history"))
    same = before["lastEditedAt"] == after["lastEditedAt"] and len(edits_of(before)) == len(edits_of(after))
    return same, f"{len(edits_of(before))} entries before, {len(edits_of(after))} after"


@_shows("reaction-is-made-once")
def _reaction_is_made_once(seen: Observations) -> Seen:
    first, again = seen["reaction"], seen["reaction_again"]
    same = first.body["id"] == again.body["id"]
    return (first.status, again.status, same) == (201, 200, True), f"{first.status}, then {again.status}"


@_shows("own-reaction-is-shown")
def _own_reaction_is_shown(seen: Observations) -> Seen:
    seen["reaction"]
    wanted = str(seen["sign"].body["id"])
    nodes = seen["reactions"].body["repository"]["issue"]["comments"]["nodes"]
    (groups,) = [one["reactionGroups"] for one in nodes if one["fullDatabaseId"] == wanted]
    mine = [one["content"] for one in groups if one["viewerHasReacted"]]
    return mine == ["THUMBS_UP"], f"{mine}"


@_shows("reaction-leaves-updated-at")
def _reaction_leaves_updated_at(seen: Observations) -> Seen:
    seen["reaction"]
    before, after = seen["unhidden"].body["updated_at"], seen["liked"].body["updated_at"]
    return before == after, f"`{before}` before, `{after}` after"


# Lists


@_shows("since-is-inclusive")
def _since_is_inclusive(seen: Observations) -> Seen:
    found = seen["sign"].body["id"] in ids_of(seen["since_edit"])
    return found, f"{'' if found else 'not '}listed"


@_shows("since-is-by-update")
def _since_is_by_update(seen: Observations) -> Seen:
    found = seen["edit"].body["id"] in ids_of(seen["since_later"])
    return found, f"{'' if found else 'not '}listed"


@_shows("unchanged-list-is-304")
def _unchanged_list_is_304(seen: Observations) -> Seen:
    statuses = [seen[f"unchanged_{n}"].status for n in (1, 2, 3)]
    return statuses == [304] * 3, f"{statuses}"


@_shows("unchanged-list-is-free")
def _unchanged_list_is_free(seen: Observations) -> Seen:
    answers = [seen["listing"], *(seen[f"unchanged_{n}"] for n in (1, 2, 3))]
    used = [one.headers.get("x-ratelimit-used", "") for one in answers]
    return any(before == after != "" for before, after in pairwise(used)), f"used: {', '.join(used)}"


@_shows("limits-are-shown")
def _limits_are_shown(seen: Observations) -> Seen:
    seen["letter"]
    names = ("limit", "remaining", "used", "reset", "resource")
    lacking = {
        step
        for step, answer in seen.responses.items()
        if not all(f"x-ratelimit-{name}" in answer.headers for name in names)
    }
    return not lacking, f"on {len(seen.responses) - len(lacking)} of {len(seen.responses)} responses"


@_shows("label-is-listed")
def _label_is_listed(seen: Observations) -> Seen:
    found = [one["number"] for one in seen["labelled"].body]
    return found == [seen["letter"].body["number"]], f"{found}"


@_shows("label-moves")
def _label_moves(seen: Observations) -> Seen:
    seen["label_on"], seen["label_off"]
    found = [one["number"] for one in seen["relabelled"].body]
    return found == [seen["other"].body["number"]], f"{found}"


@_shows("repository-has-a-number")
def _repository_has_a_number(seen: Observations) -> Seen:
    answer = seen["by_number"]
    return answer.status == 200 and answer.body["id"] == seen["letter"].body["id"], status_text(answer)


# Moves


@_shows("old-address-leads-on")
def _old_address_leads_on(seen: Observations) -> Seen:
    seen["transfer"]
    answer = seen["old_address"]
    leads = answer.status == 301 and "/issues/" in answer.headers.get("location", "")
    return leads, f"{answer.status}, to `{answer.headers.get('location')}`"


@_shows("transfer-gives-another-id")
def _transfer_gives_another_id(seen: Observations) -> Seen:
    before, after = seen["letter"].body["id"], seen["moved"].body["id"]
    return before != after, f"{before} before, {after} after"


@_shows("transfer-keeps-comments")
def _transfer_keeps_comments(seen: Observations) -> Seen:
    before, after = (
        [(one["user"]["id"], one["created_at"], one["body"]) for one in seen[step].body]
        for step in ("before_transfer", "moved_comments")
    )
    return before == after, f"{len(before)} before, {len(after)} after"


@_shows("transfer-keeps-comment-ids")
def _transfer_keeps_comment_ids(seen: Observations) -> Seen:
    before, after = (set(ids_of(seen[step])) for step in ("before_transfer", "moved_comments"))
    return before == after, f"{len(before & after)} of {len(before)} are the same"


@_shows("transfer-keeps-labels")
def _transfer_keeps_labels(seen: Observations) -> Seen:
    names = [one["name"] for one in seen["moved"].body["labels"]]
    return LABEL in names, f"{names}"


@_shows("transfer-keeps-revisions")
def _transfer_keeps_revisions(seen: Observations) -> Seen:
    before, after = (
        len(seen[step].body["repository"]["issue"]["userContentEdits"]["nodes"])
        for step in ("revisions", "moved_revisions")
    )
    return 0 < before <= after, f"{before} entries before, {after} after"


# What is delivered


@_shows("hidden-comment-is-told")
def _hidden_comment_is_told(seen: Observations) -> Seen:
    seen["hide"]
    comment = seen["sign"].body["id"]
    edits = [one for one in _told(seen, "edited") if one["comment"]["id"] == comment]
    equal = [one for one in edits if one["changes"]["body"]["from"] == one["comment"]["body"]]
    return bool(equal), f"{len(edits)} deliveries of edits, {len(equal)} with an equal text"


@_shows("deletion-is-told")
def _deletion_is_told(seen: Observations) -> Seen:
    seen["deletion"]
    comment = seen["doomed"].body
    by = [one["sender"]["id"] for one in _told(seen, "deleted") if one["comment"]["id"] == comment["id"]]
    return by == [comment["user"]["id"]], f"{len(by)} deliveries"


@_shows("transfer-is-told")
def _transfer_is_told(seen: Observations) -> Seen:
    before, after = seen["letter"].body["id"], seen["moved"].body["id"]
    left = [one["changes"]["new_issue"]["id"] for one in _told(seen, "transferred") if one["issue"]["id"] == before]
    opened = [one for one in _told(seen, "opened") if one["issue"]["id"] == after]
    came = [one["changes"]["old_issue"]["id"] for one in opened]
    return (left, came) == ([after], [before]), f"{len(left)} deliveries from there, {len(came)} from here"


def _told(seen: Observations, action: str) -> list[Any]:
    return [one for one in seen["told"].body if one["action"] == action]
